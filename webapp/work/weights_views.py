"""The networks' weights: which are here, fetching others, adding a file that a card knows."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from embeddings.errors import InputError
from embeddings.extraction.weights import list_weights
from webapp.core import catalogue
from webapp.work import board, uploads
from webapp.work.kinds import Arguments
from webapp.work.upload_views import allow_file, sent
from webapp.work.views import begun, line

bp = Blueprint("weights", __name__, url_prefix="/weights")
bp.url_value_preprocessor(allow_file("weights.add"))


@bp.get("")
def page() -> ResponseReturnValue:
    """Show every checkpoint."""
    return _page()


@bp.post("/fetch")
def fetch() -> ResponseReturnValue:
    """Begin to download a checkpoint from where it is published."""
    return _begin("fetch")


@bp.post("/add")
def add() -> ResponseReturnValue:
    """Begin to add a file."""
    return _begin("deposit")


def _begin(kind: str) -> ResponseReturnValue:
    given: Arguments = {}
    try:
        given = dict(sent())
        return begun(kind, given)
    except InputError as error:
        return _page(str(error), given), 400


def _page(sentence: str = "", given: Arguments | None = None) -> str:
    found = list_weights(catalogue.data())
    return render_template(
        "work/weights.html",
        weights=found,
        known=[one for one in found if one.variation.sha256 and one.state != "there"],
        # a page that answers a form is not to load itself again
        going=[] if sentence else [line(job) for job in board.going("weights")],
        sentence=sentence,
        given=given or {},
        roots=uploads.roots(),
    )
