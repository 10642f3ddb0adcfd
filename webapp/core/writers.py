"""Who writes to SQLite's file next: those who wait stand in a queue.

SQLite lets one write at a time and leaves it to the others to ask again, after pauses that grow to
a tenth of a second. Among dozens of threads somebody then loses for seconds while the file is free
in between. Here they wait for a lock of their process, which wakes whoever waits at once, and then
for one among the processes of this machine, of each of which one waits. SQLite's own lock stays
what decides: who is not in the queue, or has lost patience with it, waits as SQLite does.
"""

import os
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

try:
    import fcntl
except ImportError:  # Windows: threads queue, processes wait as SQLite does
    fcntl = None  # type: ignore[assignment]

_PATIENCE = 5.0  # seconds in the queue; then SQLite's own begin
_PAUSE = 0.001  # seconds between two looks at whether another process has the turn
_TURN = "sounding_board_turn"


class _Queue:
    """The queue before one file, as this process sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.Lock()
        self._file: int | None = None  # open, and locked, during a turn

    def forked(self) -> None:
        """Begin anew: a turn of before stays with the process that its thread lives in."""
        self._threads = threading.Lock()
        self._unlock()

    def enter(self) -> "threading.Lock | None":
        """Wait for the turn; return what gives it back, or None where it did not come."""
        until = time.monotonic() + _PATIENCE
        turn = self._threads
        if not turn.acquire(timeout=_PATIENCE):
            return None
        try:
            self._lock(until)
        except BaseException:
            self._unlock()
            turn.release()
            raise
        return turn

    def leave(self, turn: threading.Lock) -> None:
        """Give the turn to whoever waits."""
        if turn is not self._threads:
            return  # a process was forked meanwhile, and this is it
        try:
            if fcntl and self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)  # whatever fork has the file open, too
            self._unlock()
        finally:
            turn.release()

    def _lock(self, until: float) -> None:
        if not fcntl:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            while not _locked(self._file):
                if time.monotonic() > until:  # who has it does not go on: SQLite may be free
                    return self._unlock()
                time.sleep(_PAUSE)
        except OSError:  # no place to write, or a file system without locks: as SQLite waits
            self._unlock()

    def _unlock(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_queues: "weakref.WeakKeyDictionary[Engine, _Queue]" = weakref.WeakKeyDictionary()


def queue_at(engine: Engine, path: Path) -> None:
    """Let those who write through an engine stand in the queue whose file is at `path`."""
    _queues[engine] = _Queue(path)
    event.listen(engine, "checkin", _leave)
    event.listen(engine, "invalidate", _leave)


def begin(connection: sa.Connection) -> None:
    """Wait until it is the turn of a connection; it has it until it goes back to its pool."""
    queue = _queues.get(connection.engine)
    if queue is None or _TURN in connection.info:
        return
    if (turn := queue.enter()) is not None:
        connection.info[_TURN] = queue, turn


def _leave(raw: Any, record: Any, *_: Any) -> None:
    queue, turn = record.info.pop(_TURN, (None, None))
    if queue is not None:
        queue.leave(turn)


def _forked() -> None:
    for queue in list(_queues.values()):
        queue.forked()


os.register_at_fork(after_in_child=_forked)
