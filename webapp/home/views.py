"""The first page."""

from collections import Counter

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from embeddings.systems.store import PROVENANCES
from webapp.core import catalogue
from webapp.study import lifecycle

bp = Blueprint("home", __name__)


@bp.app_template_filter("keep")
def keep_dots(title: str) -> str:
    """Return a system's title so that a line never begins with the dot between its parts."""
    return title.replace(" · ", "\N{NO-BREAK SPACE}· ")


@bp.get("/")
def home() -> ResponseReturnValue:
    """Show the collections with their systems, and the studies."""
    collections, damaged = catalogue.collections()
    systems = {}
    for collection in collections:
        rankings, broken = catalogue.rankings(collection)
        damaged += broken
        kinds = Counter(ranking.provenance for ranking in rankings)
        scored = [catalogue.objective(collection, ranking.system) for ranking in rankings]
        systems[collection.name] = {
            "kinds": {kind: kinds[kind] for kind in PROVENANCES if kinds[kind]},
            "unscored": scored.count(None),
        }
    return render_template(
        "home/page.html",
        collections=collections,
        systems=systems,
        studies=[line for line in lifecycle.overview() if not line.study.archived],
        damaged=damaged,
    )
