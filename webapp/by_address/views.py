"""Tables that a script asks for first, the description of all addresses, and the client."""

import sqlalchemy as sa
from flask import Blueprint, Response, abort, current_app, g, request, send_file
from flask.typing import ResponseReturnValue

from embeddings.errors import InputError
from webapp.browse.columns import in_order
from webapp.browse.state import RANKS
from webapp.by_address import first_tables
from webapp.by_address.described import description
from webapp.core import catalogue
from webapp.core.config import ROOT
from webapp.core.database import db
from webapp.core.security import opened_by
from webapp.models import Study
from webapp.models.signin import SCOPES
from webapp.results.asked import read_asked
from webapp.study import lifecycle
from webapp.twins import TableFile, json_twin, twins

bp = Blueprint("by_address", __name__)
bp.add_app_template_filter(json_twin)

USUAL_RANKS = 15
CLIENT = ROOT / "sounding_board.py"


@twins(bp, "/collections", "scores")
def collections() -> TableFile:
    """Send the list of the collections."""
    table = first_tables.collections_table(catalogue.collections()[0])
    return TableFile(table, "collections", bool(table["systems_simulated"].any()))


@twins(bp, "/browse/<name>/clips", "scores")
def clips(name: str) -> TableFile:
    """Send a collection's clips."""
    collection = catalogue.collection(name)
    first = _whole("first", None, len(collection.clips))
    table = first_tables.clips_table(collection, first)
    about = {"collection": name, "first": first or 1, "of": len(collection.clips)}
    return TableFile(table, "clips", False, about, whose=name)


@twins(bp, "/browse/<name>/rankings", "scores")
def rankings(name: str) -> TableFile:
    """Send what systems find for a query."""
    collection = catalogue.collection(name)
    known = {one.system: one for one in in_order(collection, catalogue.rankings(collection)[0])}
    wanted = list(dict.fromkeys(request.args.getlist("system"))) or list(known)
    for one in wanted:
        if one not in known:
            raise InputError(
                f"The collection {name!r} has no system {one!r}; it has: "
                f"{', '.join(known) or 'none yet'}."
            )
    query = request.args.get("query", "")
    if not query:
        raise InputError("query must be the id of a clip.")
    ranks = _whole("ranks", USUAL_RANKS, RANKS) or USUAL_RANKS
    chosen = [known[one] for one in wanted]
    table = first_tables.rankings_table(collection, chosen, query, ranks)
    simulated = bool((table["provenance"] == "simulated").any())
    return TableFile(table, "rankings", simulated, {"collection": name}, whose=name)


@twins(bp, "/studies", "results")
def studies() -> TableFile:
    """Send the list of the studies: to a token of one study that one alone."""
    own = g.bearer.study if g.get("bearer") else ""
    found = [one for one in lifecycle.overview() if own in ("", one.study.slug)]
    table = first_tables.studies_table(found)
    return TableFile(table, "studies", bool(table["simulated"].any()))


@twins(bp, "/studies/<slug>/results/parts", "results")
def parts(slug: str) -> TableFile:
    """Send the list of the tables and figures that a study's results have."""
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if study is None:
        abort(404)
    asked = read_asked(study, request.args)
    table = first_tables.parts_table(asked.sections())
    return TableFile(table, "parts", asked.study.simulated, {"study": slug}, whose=asked.name)


@bp.get("/openapi.json")
@opened_by(*SCOPES)
def openapi() -> ResponseReturnValue:
    """Send the OpenAPI description of every address that gives data."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return description(app, request.script_root)


@bp.get("/sounding_board.py")
@opened_by(*SCOPES)
def client() -> Response:
    """Send the module by which a notebook reads this server."""
    return send_file(CLIENT, mimetype="text/x-python", as_attachment=True)


def _whole(name: str, usual: int | None, most: int) -> int | None:
    """Return a whole number from 1 to `most` that the address holds; InputError for another."""
    text = request.args.get(name)
    if text is None:
        return usual
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not (digits and 1 <= int(text) <= most):
        raise InputError(f"{name} must be a whole number from 1 to {most}, not {text!r}.")
    return int(text)
