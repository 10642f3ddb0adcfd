"""Who writes to SQLite's file next: those who wait stand in a queue.

SQLite lets one write at a time and leaves it to the others to ask again, after pauses that grow to
a tenth of a second. Among dozens of threads somebody then loses for seconds while the file is free
in between. Here they wait for a lock of their process, and then for one among the processes of this
machine, each of which wakes whoever waits at once. SQLite's own lock stays what decides: who is not
in the queue, or has lost patience with it, waits as SQLite does.
"""

import os
import threading
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

_PATIENCE = 30.0  # seconds; as long as SQLite's own
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
        turn = self._threads
        if not turn.acquire(timeout=_PATIENCE):
            return None
        try:
            self._lock()
        except BaseException:
            turn.release()
            raise
        return turn

    def leave(self, turn: threading.Lock) -> None:
        """Give the turn to whoever waits."""
        if turn is not self._threads:
            return  # a process was forked meanwhile, and this is it
        try:
            self._unlock()
        finally:
            turn.release()

    def _lock(self) -> None:
        if not fcntl:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError:  # no place to write, or a file system without locks: as SQLite waits
            self._unlock()

    def _unlock(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


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
