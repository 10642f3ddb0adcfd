"""The first page, and the health check."""

from collections import Counter

import sqlalchemy as sa
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from embeddings.systems.store import PROVENANCES
from webapp.core import catalogue
from webapp.core.database import db
from webapp.core.security import public
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
        studies=lifecycle.overview(),
        damaged=damaged,
    )


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Say that the app and its database answer."""
    db.session.execute(sa.text("SELECT 1"))
    return {"status": "ok"}
