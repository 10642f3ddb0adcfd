"""What a rater did, as a timeline of each sitting: so that a verdict is understood by looking."""

import sqlalchemy as sa
from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from webapp.core.database import db
from webapp.models import Rater, Study
from webapp.study.rater_lines import rater_lines
from webapp.study.sittings import controls, sittings

bp = Blueprint("rater", __name__, url_prefix="/studies/<slug>/raters")


@bp.get("/<int:number>")
def page(slug: str, number: int) -> ResponseReturnValue:
    """Show what a rater did in each sitting, beside the verdict."""
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    return timeline(study, number)


def timeline(study: Study | None, number: int, *, rehearsed: bool = False) -> str:
    """Return the page of a rater of a study, or of one who rehearsed it."""
    if study is None:
        abort(404)
    found = sa.select(Rater).where(Rater.study_id == study.id, Rater.number == number)
    rater = db.session.scalar(found)
    if rater is None:
        abort(404)
    done = sittings(rater)
    line = next(one for one in rater_lines(study) if one.rater.id == rater.id)
    return render_template(
        "manage/sittings.html",
        study=study,
        terms=study.terms,
        rater=rater,
        line=line,
        sittings=done,
        controls=controls(done),
        rehearsed=rehearsed,
    )
