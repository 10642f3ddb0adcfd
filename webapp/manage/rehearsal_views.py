"""Trying a draft as its raters would: a preview stores nothing, a rehearsal lies apart."""

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from embeddings.errors import InputError
from webapp.core import jobs
from webapp.core.database import db
from webapp.core.security import owners_only
from webapp.logbook import hand
from webapp.manage.rater_views import timeline
from webapp.models import Study
from webapp.rating import people, trying
from webapp.study import rehearsing
from webapp.study.rater_lines import rater_lines

bp = Blueprint("rehearsal", __name__, url_prefix="/studies/<slug>/rehearsal")


@bp.get("")
@owners_only
def page(slug: str) -> ResponseReturnValue:
    """Show whether a draft can be tried, and who rehearsed it."""
    making = jobs.opening(slug, jobs.REHEARSING)
    study = _draft(slug)
    ready = None if making.running else rehearsing.is_ready(study)
    lines, level = [], None
    if ready is not None:
        with rehearsing.rehearsing(slug) as found:
            level = found.level
            lines = [
                (one.rater.pseudonym, one.stage, one.finished, one.minutes)
                for one in rater_lines(found)
                if trying.kind_of(one.rater.token) == trying.REHEARSAL
            ]
    return render_template(
        "manage/rehearsal.html",
        study=study,
        making=making,
        ready=ready,
        lines=lines,
        lost=None if level is None else study.terms.listening.loudness - level,
        level=level,
    )


@bp.get("/making")
def making(slug: str) -> ResponseReturnValue:
    """Say how far the making is, for the page that waits."""
    found = jobs.opening(slug, jobs.REHEARSING)
    return {"running": found.running, "seconds": found.seconds, "failed": found.failed}


@bp.post("/make")
def make(slug: str) -> ResponseReturnValue:
    """Begin to make what a draft is tried in: its pools and sounds; an earlier one goes."""
    _draft(slug)
    db.session.rollback()  # the process writes, and must not wait for this request
    jobs.start_opening(slug, hand(), jobs.REHEARSING)
    return redirect(url_for(".page", slug=slug))


@bp.post("/preview")
def preview(slug: str) -> ResponseReturnValue:
    """Go the whole way of a rater with one query, of which no answer is stored."""
    return _begin(slug, trying.PREVIEW)


@bp.post("/rehearse")
def rehearse(slug: str) -> ResponseReturnValue:
    """Go a rater's way, whole, by a link of one's own."""
    return _begin(slug, trying.REHEARSAL)


def _begin(slug: str, kind: str) -> ResponseReturnValue:
    if not rehearsing.is_ready(_draft(slug)):
        flash(_("The draft was changed, or nothing is ready yet: prepare it first."))
        return redirect(url_for(".page", slug=slug))
    with rehearsing.rehearsing(slug) as study:
        rater = people.invite(study, 1)[0]
        rater.token = f"{kind}.{rater.token}"
        token = rater.token
        db.session.commit()
    return redirect(url_for("rate.page", slug=slug, token=token))


@bp.get("/raters/<name>")
@owners_only
def rater(slug: str, name: str) -> ResponseReturnValue:
    """Show what somebody did who rehearsed."""
    _draft(slug)
    try:
        with rehearsing.rehearsing(slug) as study:
            return timeline(study, name, rehearsed=True)
    except InputError:
        abort(404)


def _draft(slug: str) -> Study:
    found = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if found is None or found.state != "draft":
        abort(404)
    return found
