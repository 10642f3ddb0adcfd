"""The log of who did what: a page, and the same as CSV."""

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString

from webapp import logbook
from webapp.core.downloads import download

bp = Blueprint("log", __name__)

SHOWN = 200
"""How many entries the page has."""


@bp.app_template_global()
def act_words(what: str) -> LazyString:
    """Return what was done in words."""
    return logbook.ACTS[what]


@bp.get("/log")
def page() -> ResponseReturnValue:
    """Show the newest entries, of a study or of all."""
    study = request.args.get("study", "")
    return render_template(
        "manage/log.html",
        study=study,
        entries=logbook.entries(study, SHOWN),
        count=logbook.count(study),
    )


@bp.get("/log.csv")
def table() -> Response:
    """Send the log as CSV, of a study or of all, the oldest first."""
    study = request.args.get("study", "")
    if study and not logbook.count(study):
        abort(404)  # that it was taken is logged under this name: no stranger's, which may run
    text = logbook.log_csv(reversed(logbook.entries(study)))
    logbook.exported(study, "log.csv")
    return download(text, "text/csv", f"{study}-log.csv" if study else "log.csv")
