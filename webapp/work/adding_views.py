"""Adding a collection: choose the sounds, see what an import would bring, import."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from embeddings.collection.label_cells import LABEL_SEPARATORS
from embeddings.collection.readers import READERS
from embeddings.errors import InputError
from webapp.core.security import owners_only
from webapp.work import board, uploads
from webapp.work.kinds import Arguments, read
from webapp.work.upload_views import allow_file, sent
from webapp.work.views import begun

bp = Blueprint("adding", __name__, url_prefix="/collections/new")
bp.url_value_preprocessor(allow_file("adding.look"))

_BOXES = ("skip_broken", "skip_suspicious", "copy")


@bp.get("")
@owners_only
def new() -> ResponseReturnValue:
    """Show the form, empty or as a job that looked had it."""
    number = request.args.get("job", type=int)
    if number is None:
        return _page({})
    try:
        given = read(board.find(number).arguments)
    except InputError:
        abort(404)
    return _page(given | {"name": given.get("collection", "")})


@bp.post("")
def look() -> ResponseReturnValue:
    """Begin to look at the sounds that were chosen; nothing is stored of them yet."""
    given: Arguments = {}
    try:
        given = dict(sent())
        return begun("look", given)
    except InputError as error:
        return _page(given or dict(request.form), str(error)), 400


@bp.post("/import")
def add() -> ResponseReturnValue:
    """Begin to import what a job has looked at."""
    try:
        job = board.find(request.form.get("job", 0, type=int))
    except InputError:
        abort(404)
    if job.kind not in ("look", "add"):
        abort(404)
    given = read(job.arguments)
    given |= {"name": given["collection"], "reader": _reader(given, read(job.result))}
    boxes = {box: request.form.get(box) == "yes" for box in _BOXES}
    if job.kind == "add":  # once more, and otherwise
        boxes = {box: boxes[box] or given[box] for box in _BOXES}
    return begun("add", given | boxes)


def _reader(given: Arguments, result: Arguments) -> str:
    return given["reader"] or result.get("reader", "")


def _page(given: Arguments, sentence: str = "") -> str:
    upload = None
    if given.get("upload"):
        try:
            upload = uploads.find(str(given["upload"]))
        except InputError as error:
            sentence = sentence or str(error)
    return render_template(
        "work/adding.html",
        given=given,
        upload=upload,
        sentence=sentence,
        readers=[(name, _reader_words(name), one.layout) for name, one in READERS.items()],
        separators=LABEL_SEPARATORS,
        roots=uploads.roots(),
    )


def _reader_words(name: str) -> str:
    words = {
        "csv": _("A table: clips.csv with the columns fname and labels, and the sounds in audio/"),
        "folders": _("A folder for each class"),
        "esc": _("ESC-50, as it is published"),
        "fsd50k": _("FSD50K, as it is published"),
        "hf": _("Hugging Face: a saved data set, or Parquet files"),
        "soundata": _("A data set by the package soundata"),
    }
    return words.get(name, name)
