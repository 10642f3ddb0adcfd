"""What pages say of a job: its state, how far it is, how long it will take."""

from flask_babel import LazyString, gettext, lazy_gettext, ngettext

from webapp.models import Job
from webapp.work import board
from webapp.work.kinds import kinds, read

_MB = 1e6

STATES = {
    "waiting": lazy_gettext("waiting"),
    "running": lazy_gettext("running"),
    "cancelling": lazy_gettext("stopping"),
    "done": lazy_gettext("done"),
    "stopped": lazy_gettext("stopped"),
    "failed": lazy_gettext("failed"),
    board.LOST: lazy_gettext("stopped by the machine"),
}


def kind_words(job: Job) -> LazyString | str:
    """Return what a job does; its kind's name where only another version knows it."""
    kind = kinds().get(job.kind)
    return kind.words if kind else job.kind


def about(job: Job) -> str:
    """Return of whom or what; "" where only another version knows."""
    kind = kinds().get(job.kind)
    return kind.about(read(job.arguments)) if kind else ""


def how_far(job: Job, state: str) -> str:
    """Return how far a job is, in a sentence; how it ended where it is over."""
    if state == board.LOST:
        return gettext("Its process is gone. What was finished is kept: resume it.")
    if state == "waiting":
        return _waiting(job)
    if state not in board.GOING:
        return job.message
    if state == "cancelling":
        return gettext("Stops after what is in progress.")
    if not job.total:
        return job.doing or gettext("Begins.")
    return f"{job.doing}: {_counted(job)}{_left(job)}"


def _waiting(job: Job) -> str:
    before = [one for one in board.going(job.place) if one.id < job.id]
    if not before:
        return gettext("Begins in a moment.")
    return gettext("Waits for job %(number)d: one at a time.", number=before[-1].id)


def _counted(job: Job) -> str:
    if job.unit == "B":
        return gettext("%(done).0f of %(total).0f MB", done=job.done / _MB, total=job.total / _MB)
    return gettext("%(done)d of %(total)d", done=int(job.done), total=int(job.total))


def _left(job: Job) -> str:
    seconds = job.seconds_left
    if seconds is None or job.done >= job.total:
        return ""
    if seconds < 90:
        words = ngettext(
            "about %(num)d second left", "about %(num)d seconds left", max(round(seconds), 1)
        )
    elif seconds < 5400:
        words = gettext("about %(num)d minutes left", num=round(seconds / 60))
    else:
        words = gettext("about %(num).1f hours left", num=seconds / 3600)
    return f", {words}"
