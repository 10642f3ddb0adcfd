"""What the process of a job does: wait for its turn, work, tell how far it is, hear of a cancel."""

import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask, current_app

from embeddings.errors import InputError
from embeddings.files import only_writer
from embeddings.progress import Step, watched_by
from webapp.core.database import db, now, reads, writing
from webapp.models import Job
from webapp.work import board
from webapp.work.kinds import Kind, find_kind, read

_PAUSE = 0.5  # seconds between two looks at the row
_PATIENCE = 1.0  # seconds between two looks whether it is a job's turn
_NICER = 10  # raters' requests go first
_STOPPED = "Stopped. What was finished is kept."
_BY_MACHINE = "Stopped by the machine. What was finished is kept."


def run(number: int) -> None:
    """Do a job in this process, which is there for nothing else."""
    os.nice(_NICER)
    pulse = Pulse(current_app._get_current_object(), number)  # type: ignore[attr-defined]
    pulse.hear()
    work(pulse)


def work(pulse: "Pulse") -> None:
    """Do a job, and store how it ended; the lock of its log says meanwhile that it lives."""
    reads()
    job = board.find(pulse.number)
    kind, arguments = find_kind(job.kind), read(job.arguments)
    db.session.rollback()
    outcome = _outcome(pulse, kind, arguments)
    # names of files may be no text, which no database stores
    outcome["message"] = outcome["message"].encode("utf-8", "backslashreplace").decode()
    click.echo(outcome["message"])
    with writing():
        own = sa.update(Job).where(Job.id == pulse.number)
        db.session.execute(own.values(**outcome, ended_at=now()))


def _outcome(pulse: "Pulse", kind: Kind, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be stored of how the job ended."""
    try:
        try:
            with pulse.beating(), _turn(pulse.number), watched_by(pulse.note):
                message, result = kind.run(arguments)
            return {"state": "done", "message": message, "result": json.dumps(result)}
        finally:
            pulse.deafen()  # what came of it is to be stored
            db.session.rollback()
    except KeyboardInterrupt:
        return {"state": "stopped", "message": _BY_MACHINE if pulse.by_machine else _STOPPED}
    except InputError as error:
        return {"state": "failed", "message": str(error)}
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return {"state": "failed", "message": f"{where}{error.strerror or error}."}
    except Exception as error:
        traceback.print_exc()
        return {"state": "failed", "message": f"An error of the program: {error!r}."}


@contextmanager
def _turn(number: int) -> Iterator[None]:
    """Wait until no older job works on the same place, and keep it from younger ones."""
    place = board.find(number).place
    while True:
        db.session.rollback()
        if not any(one.id < number for one in board.going(place)):
            with suppress(_Busy), _alone(place):
                with writing():
                    changed = {"state": "running", "started_at": now()}
                    db.session.execute(
                        sa.update(Job).where(Job.id == number, Job.state == "waiting")
                        .values(**changed)
                    )  # fmt: skip
                yield
                return
        db.session.rollback()
        time.sleep(_PATIENCE)


class _Busy(Exception):
    """Another process works on the place."""


@contextmanager
def _alone(place: str) -> Iterator[None]:
    """Keep a place for the block; `_Busy` where another process has it."""
    lock = current_app.config["DATA"] / "locks" / f"jobs-{place.replace(' ', '-')}"
    with ExitStack() as held:
        try:
            held.enter_context(only_writer(lock, f"a job of the {place}"))
        except InputError as error:
            raise _Busy from error
        yield


class Pulse:
    """Stores twice a second how far the job is, and hears whether it is to stop."""

    def __init__(self, app: Flask, number: int) -> None:
        self.app, self.number = app, number
        self.by_machine = False
        self._hears = False
        self._step: Step | None = None
        self._over = threading.Event()

    def note(self, step: Step) -> None:
        """Take down how far the job is."""
        self._step = step

    def hear(self) -> None:
        """Let Ctrl-C and the machine stop this process."""
        self._hears = True
        # a server that was started in the background has told its children to be deaf to it
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, self.end)

    def deafen(self) -> None:
        """Let nothing stop it any more."""
        if self._hears:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def end(self, signum: int, frame: FrameType | None) -> None:
        """Stop: the machine, or who looks after it, says so."""
        self.by_machine = True
        raise KeyboardInterrupt

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Store and listen, in a thread of its own, for the block."""
        thread = threading.Thread(target=self._beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _beat(self) -> None:
        told, asked = None, False
        with self.app.app_context():
            while not self._over.wait(_PAUSE):
                with suppress(sa.exc.SQLAlchemyError):  # away for a moment: the next beat tells
                    reads()
                    state = db.session.scalar(sa.select(Job.state).where(Job.id == self.number))
                    db.session.rollback()
                    if state == "cancelling" and not asked:
                        asked = True
                        main = threading.main_thread().ident
                        signal.pthread_kill(main or 0, signal.SIGINT)
                    if (step := self._step) is not told:
                        self._store(step)
                        told = step

    def _store(self, step: Step | None) -> None:
        if step is None:
            return
        values = {
            "doing": step.doing, "unit": step.unit, "done": float(step.done),
            "total": float(step.total or 0), "seconds_left": step.seconds_left,
        }  # fmt: skip
        with writing():
            db.session.execute(sa.update(Job).where(Job.id == self.number).values(**values))
