"""What a rater did, as a timeline of each sitting: so that a verdict is understood by looking."""

import sqlalchemy as sa
from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from embeddings.errors import InputError
from webapp.core.database import db
from webapp.models import Study
from webapp.study.rater_lines import find_numbered, rater_lines
from webapp.study.sittings import controls, sittings

bp = Blueprint("rater", __name__, url_prefix="/studies/<slug>/raters")

_LONGEST = 40  # characters of a pseudonym


@bp.get("/<name>")
def page(slug: str, name: str) -> ResponseReturnValue:
    """Show what a rater did in each sitting, beside the verdict."""
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    return timeline(study, name) if study else abort(404)


def timeline(study: Study, name: str, *, rehearsed: bool = False) -> str:
    """Return the page of a rater of a study, or of one who rehearsed it; 404 where none is."""
    try:
        rater = find_numbered(study, name[:_LONGEST])
    except InputError:
        abort(404)
    done = sittings(rater)
    return render_template(
        "manage/sittings.html",
        study=study,
        terms=study.terms,
        rater=rater,
        line=next(one for one in rater_lines(study) if one.rater is rater),
        sittings=done,
        controls=controls(done),
        rehearsed=rehearsed,
    )
