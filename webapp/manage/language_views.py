"""The words of a draft's scale in each of its languages, to be confirmed before it opens."""

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from evaluation.protocol.languages import LANGUAGES, unconfirmed
from webapp.core.database import db
from webapp.models import Study
from webapp.study import confirming

bp = Blueprint("languages", __name__, url_prefix="/studies/<slug>/languages")


@bp.get("")
def page(slug: str) -> ResponseReturnValue:
    """Show the words of the scale side by side."""
    study = _study(slug)
    return render_template(
        "manage/languages.html",
        study=study,
        terms=study.terms,
        scales=confirming.scales(study.terms),
        waiting=unconfirmed(study.terms) if study.state == "draft" else (),
        names=LANGUAGES,
    )


@bp.post("")
def confirm(slug: str) -> ResponseReturnValue:
    """Store that the words mean the same."""
    confirming.confirm(_study(slug))
    flash(_("The words of the scale are confirmed. The study can be opened."))
    return redirect(url_for("manage.study", slug=slug))


def _study(slug: str) -> Study:
    found = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if found is None:
        abort(404)
    return found
