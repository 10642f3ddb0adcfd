"""Where raters come in who have no personal link: /join/SLUG."""

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.core.database import db, writes
from webapp.core.security import public
from webapp.models import Study
from webapp.rating import people

bp = Blueprint("join", __name__)


@bp.get("/join/<slug>")
@public
def join(slug: str) -> ResponseReturnValue:
    """Let a rater in; the same person, by id or by browser, comes to the same place again."""
    if request.method == "HEAD":
        return ""  # who only looks, as link checkers do, takes nobody's place
    writes()
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug, Study.state != "draft"))
    if study is None:
        abort(404)
    key = f"joined-{study.id}"
    rater = people.known(study, request.args)
    if rater is None and not study.terms.joining.ids:
        rater = people.find_rater(slug, session.get(key, ""))
    if rater is None and not people.is_open(study):
        return _end(study, "closed")
    rater = rater or people.join(study, request.args)
    if rater is None:
        return _end(study, "full")
    session[key] = rater.token
    return redirect(url_for("rate.page", slug=slug, token=rater.token))


def _end(study: Study, why: str) -> ResponseReturnValue:
    return render_template(
        "rating/end.html", study=study, terms=study.terms, why=why, code="", redirect="", done=0,
        can_withdraw=False,
    )  # fmt: skip
