"""The list of jobs, and a page for each, which says how far it is while it goes."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from embeddings.errors import InputError
from webapp.core import catalogue
from webapp.core.database import row_id
from webapp.core.downloads import download
from webapp.core.menus import Entry
from webapp.models import Job
from webapp.work import board, job_words
from webapp.work.kinds import kinds, read

bp = Blueprint("jobs", __name__, url_prefix="/jobs")
ENTRY = Entry("top", 2, "jobs.index", lazy_gettext("Jobs"))

SHOWN = 30
"""How many jobs the list has at once."""
_LINES = 100
"""Lines of the log that a job's page shows; the file has all."""


@bp.get("")
def index() -> ResponseReturnValue:
    """Show the newest jobs, or those older than one."""
    found = board.listed(SHOWN + 1, request.args.get("before", type=row_id))
    lines = [line(job) for job in found[:SHOWN]]
    older = found[SHOWN - 1].id if len(found) > SHOWN else None
    return render_template("work/index.html", lines=lines, older=older)


@bp.get("/status")
def status() -> ResponseReturnValue:
    """Say how far jobs are, those that `job` names, for pages that wait."""
    numbers = request.args.getlist("job")[:SHOWN]
    return {number: _facts(_find(number)) for number in numbers}


@bp.get("/<number>")
def job(number: str) -> ResponseReturnValue:
    """Show a job: how far it is, what came of it, where to go on, its log."""
    found = _find(number)
    lines = board.said(found.id).splitlines()
    arguments, result = read(found.arguments), read(found.result)
    return render_template(
        "work/job.html",
        one=line(found),
        arguments=arguments,
        result=result,
        family_of=_family_of(result),
        is_there=arguments.get("collection") in catalogue.names(),
        leads=_leads(found) if found.state == "done" else [],
        log=lines[-_LINES:],
        lines=len(lines),
    )


@bp.get("/<number>/log.txt")
def log(number: str) -> Response:
    """Send what a job's process said, of its last try."""
    found = _find(number)
    return download(board.said(found.id), "text/plain", f"job-{found.id}.txt")


@bp.post("/<number>/cancel")
def cancel(number: str) -> ResponseReturnValue:
    """Stop a job as Ctrl-C does."""
    return _do(number, board.cancel)


@bp.post("/<number>/resume")
def resume(number: str) -> ResponseReturnValue:
    """Go on with a job that was stopped, failed, or lost its process."""
    return _do(number, board.resume)


def begun(kind: str, given: dict[str, Any]) -> ResponseReturnValue:
    """Begin a job, and lead to its page. Raises InputError where it cannot be done."""
    return redirect(url_for("jobs.job", number=board.begin(kind, given).id), 303)


def line(job: Job) -> dict[str, Any]:
    """Return what a list says of a job."""
    state = board.state_of(job)
    return {
        "job": job,
        "state": state,
        "state_words": job_words.STATES[state],
        "words": job_words.kind_words(job),
        "about": job_words.about(job),
        "far": job_words.how_far(job, state),
        "is_going": state in board.GOING,
        "may_resume": state in (board.LOST, "stopped", "failed"),
    }


def _facts(job: Job) -> dict[str, Any]:
    told = line(job)
    return {
        "state": told["state"],
        "words": str(told["state_words"]),
        "far": told["far"],
        "done": job.done,
        "total": job.total,
        "going": told["is_going"],
    }


def _leads(job: Job) -> Sequence[tuple[Any, str]]:
    kind = kinds().get(job.kind)  # None where only another version knows it
    leads = kind.leads(read(job.arguments), read(job.result)) if kind else ()
    return [(one.words, url_for(one.endpoint, **one.values)) for one in leads]


def _family_of(result: dict[str, Any]) -> dict[str, str]:
    """Return the family of each class that a job has seen."""
    families = result.get("families", {})
    return {label: family for family, labels in families.items() for label in labels}


def _do(number: str, act: Any) -> ResponseReturnValue:
    found = _find(number)
    try:
        act(found)
    except InputError as error:
        flash(str(error))
    return redirect(url_for(".job", number=number), 303)


def _find(number: str) -> Job:
    try:
        return board.find(row_id(number))
    except (InputError, ValueError):
        abort(404)
