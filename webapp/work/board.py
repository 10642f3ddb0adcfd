"""The list of jobs: beginning, cancelling and resuming them, and what state each is in."""

import json
import os
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from embeddings.errors import InputError
from webapp.core import jobs
from webapp.core.database import db, now
from webapp.logbook import hand, record
from webapp.models import Job
from webapp.work.kinds import Arguments, find_kind, kinds, read

GOING = ("waiting", "running", "cancelling")
"""The states of jobs that a process works on, or waits to."""
LOST = "lost"
"""The state, which no row has, of a job that should be going and has no process: its machine was
switched off, say."""
MOST_GOING = 50
_ENDING, _PAUSE = 10, 0.1  # seconds that a process may take to end, and between two looks
_STARTING = 15  # seconds in which a process that was just asked for may not be there yet


def begin(kind: str, given: Arguments) -> Job:
    """Store a job with what a page sends for it, checked, and start its process.

    Raises InputError where it cannot be done so, or too many jobs are going already.
    """
    db.session.rollback()  # to check may take a moment, in which others write
    found = find_kind(kind)
    arguments = found.check(given)
    going = sum(state_of(one) in GOING for one in _in_state_going())
    if going >= MOST_GOING:
        raise InputError(
            f"{going} jobs are waiting or running, which is the most there may be: wait for one, "
            "or cancel one."
        )
    job = Job(kind=kind, arguments=json.dumps(arguments), place=found.place(arguments), who=hand())
    db.session.add(job)
    db.session.flush()
    record("job started", note=title(job))
    db.session.commit()
    _start(job)
    return job


def find(number: int) -> Job:
    """Return the job of a number; InputError where there is none."""
    job = db.session.get(Job, number) if 0 < number < 2**31 else None
    if job is None:
        raise InputError(f"There is no job {number}.")
    return job


def listed(most: int, before: int | None = None) -> list[Job]:
    """Return the newest jobs, at most so many; those older than the job `before`."""
    found = sa.select(Job).order_by(Job.id.desc()).limit(most)
    return list(db.session.scalars(found.where(Job.id < before) if before else found))


def going(place: str) -> list[Job]:
    """Return the jobs that work on a place or wait to, the oldest first."""
    found = sa.select(Job).where(Job.place == place, Job.state.in_(GOING)).order_by(Job.id)
    return [job for job in db.session.scalars(found) if state_of(job) in GOING]


def _in_state_going() -> Sequence[Job]:
    """Return the jobs whose rows say that they go on, also those whose process is gone."""
    return db.session.scalars(sa.select(Job).where(Job.state.in_(GOING))).all()


def state_of(job: Job) -> str:
    """Return a job's state: the row's, or `LOST`."""
    if job.state not in GOING or lives(job) or _just_began(job):
        return job.state
    db.session.refresh(job)  # it may have ended between the two looks
    return LOST if job.state in GOING and not lives(job) else job.state


def lives(job: Job) -> bool:
    """Return whether a job has a process."""
    return jobs.running_since(log_of(job.id)) is not None


def _just_began(job: Job) -> bool:
    """Return whether a job's process may not be there yet, as its row is stored first."""
    since: datetime = job.started_at or job.created_at
    return job.state == "waiting" and not log_of(job.id).exists() and abs(_age(since)) < _STARTING


def _age(moment: datetime) -> float:
    return (now() - moment).total_seconds()


def cancel(job: Job) -> None:
    """Ask a job's process to stop as Ctrl-C does; without one, it is stopped.

    Raises InputError where it is over.
    """
    state = state_of(job)
    if state not in (*GOING, LOST):
        raise InputError(f"Job {job.id} is over: there is nothing to cancel.")
    if state == LOST:
        job.state, job.ended_at = "stopped", now()
    else:
        # the process may be about to store how it ended: that counts
        db.session.execute(
            sa.update(Job)
            .where(Job.id == job.id, Job.state.in_(GOING))
            .values(state="cancelling")
            .execution_options(synchronize_session=False)
        )
    record("job cancelled", note=title(job))
    db.session.commit()


def resume(job: Job) -> None:
    """Run a job again that was stopped or failed, or whose process is gone.

    Raises InputError where it is going, or done.
    """
    _check_over(job)
    if not _is_gone(job):
        raise InputError(f"Job {job.id} is going on already.")
    _check_over(job)  # somebody else may have been quicker; from here on, others wait
    job.state, job.message, job.result = "waiting", "", "{}"
    job.started_at, job.ended_at = None, None
    job.doing, job.unit, job.done, job.total, job.seconds_left = "", "", 0, 0, None
    record("job resumed", note=title(job))
    db.session.commit()
    _start(job)


def _check_over(job: Job) -> None:
    state = state_of(job)
    if state == "done":
        raise InputError(f"Job {job.id} is done: there is nothing to resume.")
    if state in GOING:
        raise InputError(f"Job {job.id} is going on already.")


def _is_gone(job: Job) -> bool:
    """Return whether a job has no process, having waited for one that is just ending."""
    number = job.id
    db.session.rollback()  # nobody else is to wait, too
    until = time.monotonic() + _ENDING
    while jobs.running_since(log_of(number)) is not None:
        if time.monotonic() > until:
            return False
        time.sleep(_PAUSE)
    return True


def title(job: Job) -> str:
    """Return what a job does, and of whom, in English: for the log and the command line."""
    kind = kinds().get(job.kind)  # None where only another version knows it
    return f"{job.id}: {job.kind} {kind.about(read(job.arguments)) if kind else ''}".rstrip()


def log_of(number: int) -> Path:
    """Return where what a job's process says is kept; of its last try."""
    return current_app.config["DATA"] / "locks" / f"job-{number}.log"


def said(number: int) -> str:
    """Return what a job's process said; "" where that is not here."""
    return jobs.words(log_of(number))


def _start(job: Job) -> None:
    log = log_of(job.id)
    log.parent.mkdir(parents=True, exist_ok=True)
    data = str(current_app.config["DATA"])
    environment = os.environ | {"SOUNDING_BOARD_DATA": data, jobs.HAND: job.who}
    jobs.spawn(["flask", "--app", "webapp", "jobs", "run", str(job.id)], log, environment)
