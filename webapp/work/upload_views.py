"""Files that pages send in slices: no proxy stands in the way, and a lost slice comes again."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from embeddings.errors import InputError
from webapp.core.database import reading, reads
from webapp.models import Job
from webapp.work import board, uploads
from webapp.work.kinds import read

bp = Blueprint("uploads", __name__, url_prefix="/uploads")

WITHOUT_SCRIPT = 20_000_000
"""Bytes of a file that a form sends as a whole."""
_MOST_BYTES = 2**53  # what a browser counts


@bp.url_value_preprocessor
def _let_in(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Let an owner's slice in, and take it before the database is asked for anything else."""
    if endpoint != "uploads.take":
        return
    with reading():
        may_change = current_user.may_change
    reads()
    if may_change:
        request.max_content_length = uploads.SLICE
        request.get_data()


@bp.post("")
def begin() -> ResponseReturnValue:
    """Make room for a file; say what it is called here, and how large slices are."""
    given = request.get_json(silent=True)
    name, size = (given.get("name"), given.get("size")) if isinstance(given, dict) else ("", 0)
    if not isinstance(name, str) or type(size) is not int or size > _MOST_BYTES:
        raise InputError("A file has a name and a size in bytes.")
    sweep()
    upload = uploads.begin(name, size)
    return {"upload": upload.key, "slice": uploads.SLICE}


@bp.post("/<key>")
def take(key: str) -> ResponseReturnValue:
    """Take the slice that begins at the byte `at`; say how many bytes came."""
    upload = uploads.find(key)
    return {"came": uploads.take(upload, request.args.get("at", 0, type=int), request.get_data())}


def sent() -> dict[str, str]:
    """Return the form that a page sends; a file in it is kept, and stands as `upload` in it.

    Raises InputError where the file is larger than may come without a script.
    """
    given = {name: value for name, value in request.form.items() if name != "csrf_token"}
    file = request.files.get("given")
    if file is not None and file.filename:
        content = file.read(WITHOUT_SCRIPT + 1)
        if len(content) > WITHOUT_SCRIPT:
            raise InputError("Without JavaScript a file may have at most 20 MB.")
        sweep()
        upload = uploads.begin(file.filename, len(content))
        uploads.take(upload, 0, content)
        given["upload"] = upload.key
    return given


def allow_file(*endpoints: str) -> Any:
    """Return what lets a page's form come with a file, if an owner sends it."""

    def let_in(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if endpoint not in endpoints or request.method != "POST":
            return
        with reading():  # what is sent then takes its time, in which raters write
            may_change = current_user.may_change
        if may_change:
            request.max_content_length = WITHOUT_SCRIPT + 1_000_000

    return let_in


def sweep() -> None:
    """Remove what was sent and is of no use any more."""
    rows = Job.query.filter(Job.state.in_(board.GOING)).all()
    uploads.sweep({read(job.arguments).get("upload", "") for job in rows})
