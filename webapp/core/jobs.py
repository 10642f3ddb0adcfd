"""Opening a study in a process of its own, so that no request waits while sounds are copied.

It is the command ``flask studies open``. Whether it runs is told by a lock that the process
inherits and holds to its end, however that comes; what it said last lies beside the lock. On
PostgreSQL a lock of the database tells it to other machines, too: who starts the process holds one
until the process, which takes some time to load, holds its own.
"""

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from webapp.core.config import ROOT
from webapp.core.machines import database_locks

HAND = "SOUNDING_BOARD_HAND"
"""The environment variable that tells such a process in whose name it works."""

OPENING, REHEARSING = "opening", "rehearsing"
_COMMANDS = {OPENING: "open", REHEARSING: "rehearse"}

_TRIES, _PAUSE = 10, 0.05  # seconds: somebody may just be asking whether it runs

_SILENT = "The process that opened the study ended without a word; the study is still a draft."


@dataclass(frozen=True, slots=True)
class Opening:
    """How far the opening of a study is.

    Attributes
    ----------
    running : whether it goes on now
    seconds : since when; 0 where it does not
    failed : the sentence that it ended with, where it left a draft; else ""
    """

    running: bool = False
    seconds: int = 0
    failed: str = ""


def start_opening(slug: str, hand: str, what: str = OPENING) -> None:
    """Begin to open the draft `slug` in somebody's name, unless that is going on already.

    `what` is `OPENING`, or `REHEARSING`: to make its rehearsal.
    """
    log = _log(slug, what)
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(current_app.config["DATA"]), HAND: hand}
    spawn(["flask", "--app", "webapp", "studies", _COMMANDS[what], slug], log, environment)


def spawn(module: Sequence[str], log: Path, environment: Mapping[str, str]) -> int | None:
    """Run a Python module with its arguments in a process group of its own; return its id.

    What it says goes to `log`; beside that lies the lock that it holds. Returns None where it runs
    already.
    """
    locks = database_locks.covering(log)
    with ExitStack() as held, log.with_suffix(".lock").open("ab") as lock:
        if not _locked(lock.fileno(), _TRIES):
            return None
        if locks:
            if locks.is_held(_runs(log)):
                return None
            try:
                held.enter_context(locks.hold(_starts(log), 0))
            except TimeoutError:
                return None
            module = ["webapp.core.machines.job_process", str(_runs(log)), *module]
            environment = {**environment, "SOUNDING_BOARD_DATA": str(locks.data)}
        os.utime(lock.fileno())  # says since when it runs
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", *module], cwd=ROOT, env=environment,
                pass_fds=[lock.fileno()], stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, start_new_session=True,  # it outlives the server
            )  # fmt: skip
        threading.Thread(target=_await, args=(process, held.pop_all()), daemon=True).start()
    return process.pid


def _await(process: subprocess.Popen[bytes], held: ExitStack) -> None:
    with held:
        process.wait()


def _starts(log: Path) -> Path:
    return log.with_suffix(".started")


def _runs(log: Path) -> Path:
    return log.with_suffix(".running")


def running_since(log: Path) -> float | None:
    """Return when the process of a log was started, in seconds since 1970; None if it is over.

    Raises InputError where the database is to tell whether it runs elsewhere, and cannot.
    """
    with log.with_suffix(".lock").open("ab") as lock:
        # shared: of two who ask at once, neither takes the other for the process
        over = _locked(lock.fileno(), kind=fcntl.LOCK_SH)
        locks = database_locks.covering(log) if over else None
        if locks:
            over = not (locks.is_held(_starts(log)) or locks.is_held(_runs(log)))
        return None if over else os.fstat(lock.fileno()).st_mtime


def last_words(log: Path) -> str:
    """Return the last line that a process said; "" where it said nothing."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else ""


def opening(slug: str, what: str = OPENING) -> Opening:
    """Return how far the opening of a draft is; who asks looks at the study's state afterwards."""
    log = _log(slug, what)
    if not log.is_file():
        return Opening()
    since = running_since(log)
    if since is not None:
        return Opening(running=True, seconds=round(time.time() - since))
    return Opening(failed=last_words(log).removeprefix("Error: ") or _SILENT)


def forget_opening(slug: str) -> None:
    """Forget what the last opening of a draft said: the draft is another one now."""
    for what in _COMMANDS:
        _log(slug, what).unlink(missing_ok=True)


def _locked(descriptor: int, tries: int = 1, kind: int = fcntl.LOCK_EX) -> bool:
    """Take the lock, which is held until the last process that has the file closes it."""
    for left in reversed(range(tries)):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE)
        else:
            return True
    return False


def _log(slug: str, what: str) -> Path:
    return current_app.config["DATA"] / "locks" / f"{what}-{slug}.log"
