"""What is done to a study as it lies in the list: put it away, bring it back, rename a draft."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from embeddings.errors import InputError
from evaluation.keys import NAME_RULE, is_name
from webapp.core import jobs
from webapp.core.security import owners_only
from webapp.manage import unfinished
from webapp.manage.state import ListState
from webapp.models import Study
from webapp.study import lifecycle, preview

bp = Blueprint("shelf", __name__, url_prefix="/studies")


@bp.post("/<slug>/archive")
def archive(slug: str) -> ResponseReturnValue:
    """Put a study away, or bring it back, and show the list again as it was."""
    away = request.form.get("away") == "1"
    study = _study(slug)
    try:
        lifecycle.archive_study(study, away=away)
        words = _("%(title)s is archived.") if away else _("%(title)s is back from the archive.")
        flash(words % {"title": study.title})
    except InputError as error:
        flash(str(error))
    return redirect(url_for("manage.index", **ListState.of(request.args).address()))


@bp.get("/<slug>/rename")
@owners_only
def rename(slug: str) -> ResponseReturnValue:
    """Show the form that gives a draft another short name."""
    return _rename_page(_draft(slug), slug)


@bp.post("/<slug>/rename")
def store_name(slug: str) -> ResponseReturnValue:
    """Give a draft another short name."""
    study, name = _draft(slug), request.form.get("slug", "").strip()
    try:
        if not is_name(name):
            raise InputError(f"It must be {NAME_RULE}, not {name!r}.")
        preview.check_name_of(name)
        if name != slug:
            lifecycle.rename_study(study, name)
            unfinished.follow(slug, name)
            jobs.forget_opening(slug)
    except InputError as error:
        return _rename_page(study, name, str(error)), 400
    flash(_("The draft is called %(name)s now.", name=name))
    return redirect(url_for("manage.study", slug=name))


def _rename_page(study: Study, name: str, error: str = "") -> str:
    return render_template("manage/rename.html", study=study, name=name, error=error)


def _study(slug: str) -> Study:
    try:
        return lifecycle.find_study(slug)
    except InputError:
        abort(404)


def _draft(slug: str) -> Study:
    study = _study(slug)
    if study.state != "draft" or jobs.opening(slug).running:
        abort(404)
    return study
