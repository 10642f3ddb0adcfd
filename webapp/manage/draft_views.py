"""What a draft will ask about, to be heard before it is opened, and to be changed by the draw."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from embeddings.errors import InputError
from webapp.core import catalogue, jobs
from webapp.core.database import db
from webapp.manage import unfinished
from webapp.models import Study
from webapp.study import preview, redrawing

bp = Blueprint("draft", __name__, url_prefix="/studies/<slug>/draft")

_PAGE = 10  # queries on a page


@bp.get("")
def sounds(slug: str) -> ResponseReturnValue:
    """Show the queries of a draft, or the pool of one of them, without a word of what they are."""
    study = _draft(slug)
    try:
        found = preview.preview(study.terms)
        collection = catalogue.collection(study.terms.collection)
    except InputError as error:
        flash(str(error))
        return redirect(url_for("manage.study", slug=slug))
    shown, last = request.args.get("query", 0, type=int), len(found.asked)
    if not 0 <= shown <= last:
        abort(404)
    pages = -(-last // _PAGE)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    first = (page - 1) * _PAGE
    return render_template(
        "manage/sounds.html",
        study=study,
        terms=study.terms,
        heard_of=collection,  # not its name to the menus, which show its labels
        asked=found.asked,
        pool=_mixed(*found.asked[shown - 1]) if shown else [],
        shown=shown,
        page=page,
        pages=pages,
        listed=range(first, min(first + _PAGE, last)),
    )


@bp.post("/replace")
def replace(slug: str) -> ResponseReturnValue:
    """Replace a query by the one that the seed draws next."""
    number = request.form.get("number", 1, type=int)
    if _changed(slug, lambda study: redrawing.replace_query(
        study, request.form.get("clip", ""), request.form.get("reason", "")
    )):  # fmt: skip
        flash(_("Query %(number)d is another one now, as the seed draws it.", number=number))
    page = max(number - 1, 0) // _PAGE + 1
    return redirect(url_for(".sounds", slug=slug, page=page, _anchor=f"query-{number}"))


@bp.post("/leave-out")
def leave_out(slug: str) -> ResponseReturnValue:
    """Leave clips out of a draft's queries and lists."""
    clips = request.form.getlist("clip")
    if _changed(slug, lambda study: redrawing.leave_out(study, clips)):
        flash(ngettext("One clip is left out.", "%(num)d clips are left out.", len(clips)))
    return redirect(url_for("manage.study", slug=slug, _anchor="loudness"))


def _mixed(query: int, pool: Sequence[int]) -> list[int]:
    """Return a pool in an order that tells nothing: in the collection, classes lie together."""
    return [int(row) for row in np.random.default_rng(query).permutation(pool)]


def _changed(slug: str, change: Callable[[Study], Any]) -> bool:
    """Change a draft, and return whether that was possible; if not, it is said why."""
    study = _draft(slug)
    if jobs.opening(slug).running:
        flash(_("The draft is being opened, and stays as it is."))
        return False
    if unfinished.of_draft(slug):  # which would undo it
        flash(_("Changes of this draft are begun: store them in it first, or throw them away."))
        return False
    try:
        change(study)
    except InputError as error:
        db.session.rollback()
        flash(str(error))
        return False
    jobs.forget_opening(slug)
    return True


def _draft(slug: str) -> Study:
    found = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if found is None or found.state != "draft":
        abort(404)
    return found
