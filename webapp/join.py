"""Where raters come in who have no personal link: /join/SLUG."""

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp import raters
from webapp.database import db, writes
from webapp.models import Rater, Study
from webapp.security import public

bp = Blueprint("join", __name__)


@bp.get("/join/<slug>")
@public
def join(slug: str) -> ResponseReturnValue:
    """Let a rater in; the same person, by id or by browser, comes to the same place again."""
    writes()
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug, Study.state != "draft"))
    if study is None:
        abort(404)
    key = f"joined-{study.id}"
    known = None if study.terms.joining.ids else db.session.get(Rater, session.get(key, 0))
    if study.state != "open":
        return _end(study, "closed")
    rater = known or raters.join(study, request.args)
    if rater is None:
        return _end(study, "full")
    session[key] = rater.id
    return redirect(url_for("rate.page", slug=slug, token=rater.token))


def _end(study: Study, why: str) -> ResponseReturnValue:
    return render_template(
        "rate_end.html", study=study, terms=study.terms, why=why, code="", redirect="", done=0,
        can_withdraw=False,
    )  # fmt: skip
