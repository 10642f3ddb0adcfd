"""The experimenter's pages of studies: list, design, open, watch, raters, close."""

import csv
import io

import sqlalchemy as sa
from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_login import current_user

from embeddings.errors import InputError
from evaluation.protocol.languages import unconfirmed
from evaluation.protocol.reading import protocol_toml
from evaluation.records.bundle import write_bundle
from webapp.bundles import export_import
from webapp.bundles.payments import payments_csv
from webapp.core import jobs
from webapp.core.database import db, now, row_id
from webapp.core.downloads import download
from webapp.core.hosting.addresses import public_address
from webapp.core.menus import Entry
from webapp.core.security import owners_only
from webapp.logbook import count, entries, exported, hand, record
from webapp.manage import study_progress, unfinished
from webapp.manage.next_step import next_step
from webapp.manage.state import STATES, ListState
from webapp.models import Assignment, Rater, Study
from webapp.rating import assigning, joining
from webapp.rating import people as raters
from webapp.study import lifecycle, preview, rater_lines, retention

bp = Blueprint("manage", __name__, url_prefix="/studies")
ENTRY = Entry("top", 1, "manage.index", lazy_gettext("Studies"))

_LOG = 8  # entries on a study's page


@bp.get("")
def index() -> ResponseReturnValue:
    """Show studies in a line each, and those that are being written."""
    asked, lines = ListState.of(request.args), study_progress.overview()
    written = unfinished.everything() if current_user.may_change else []
    return render_template(
        "manage/index.html",
        asked=asked,
        states=STATES,
        studies=asked.shown(lines),
        total=len(lines),
        away=sum(one.study.archived for one, _share in lines),
        unfinished=[(one, unfinished.title(one)) for one in written],
    )


@bp.get("/<slug>")
def study(slug: str) -> ResponseReturnValue:
    """Show a study: a draft's plan, or how far an open or closed one is."""
    opening = jobs.opening(slug)
    found = _study(slug)
    toml = protocol_toml(found.terms)
    if found.state == "draft":
        plan, problem = _plan(found)
        return render_template(
            "manage/draft.html", study=found, terms=found.terms, toml=toml, opening=opening,
            plan=plan, problem=problem, done=entries(slug, _LOG), count=count(slug),
        )  # fmt: skip
    far = study_progress.progress(found)
    return render_template(
        "manage/study.html", study=found, terms=found.terms, toml=toml,
        plan=preview.opened(found), progress=far, next=next_step(found, far),
        done=entries(slug, _LOG), count=count(slug),
        formulas=_formulas(found),
    )  # fmt: skip


@bp.get("/<slug>/protocol.toml")
def protocol(slug: str) -> Response:
    """Send the protocol as a TOML file."""
    return download(protocol_toml(_study(slug).terms), "application/toml", f"{slug}.toml")


@bp.post("/<slug>/open")
def open_study(slug: str) -> ResponseReturnValue:
    """Begin to open a draft, in a process of its own."""
    found = _study(slug)
    if found.state != "draft":
        flash(_("Only a draft can be opened."))
    elif unconfirmed(found.terms):
        flash(_("Before it opens, read the words of the scale in each language."))
        return redirect(url_for("languages.page", slug=slug))
    else:
        db.session.rollback()  # the process writes, and must not wait for this request
        jobs.start_opening(slug, hand())
    return _to(slug)


@bp.get("/<slug>/opening")
def opening(slug: str) -> ResponseReturnValue:
    """Say how far the opening is, for the page that waits."""
    found = jobs.opening(slug)
    return {
        "state": _study(slug).state,
        "running": found.running,
        "seconds": found.seconds,
        "failed": found.failed,
    }


@bp.post("/<slug>/close")
def close(slug: str) -> ResponseReturnValue:
    """Close an open study."""
    found = _study(slug)
    if not _is_sure():
        return _to(slug)
    try:
        lifecycle.close_study(found)
        flash(_("The study is closed."))
    except InputError as error:
        flash(str(error))
    return _to(slug)


@bp.post("/<slug>/remove")
def remove(slug: str) -> ResponseReturnValue:
    """Remove a draft."""
    found = _study(slug)
    if found.state != "draft" or jobs.opening(slug).running or not _is_sure():
        return _to(slug)
    lifecycle.remove_study(found)
    jobs.forget_opening(slug)
    flash(_("The draft is removed."))
    return redirect(url_for(".index"))


@bp.get("/<slug>/bundle.zip")
def bundle(slug: str) -> Response:
    """Send the study as one zip; a draft has none, which is said in a sentence."""
    content = io.BytesIO()
    write_bundle(content, export_import.bundle_files(_study(slug)))
    exported(slug, f"{slug}.zip")
    return download(content.getvalue(), "application/zip", f"{slug}.zip")


@bp.get("/<slug>/payments.csv")
@owners_only
def payments(slug: str) -> Response:
    """Send who came under other services' ids: the one table that ties pseudonyms to people."""
    text = payments_csv(_study(slug))
    exported(slug, "payments.csv")
    return download(text, "text/csv", f"{slug}-payments.csv")


@bp.get("/<slug>/raters")
def people(slug: str) -> ResponseReturnValue:
    """Show the raters, and the ways to invite more."""
    found = _study(slug)
    if found.state == "draft":
        return _to(slug)
    first = request.args.get("from", 0, type=int)
    return render_template(
        "manage/raters.html",
        study=found,
        terms=found.terms,
        lines=rater_lines.rater_lines(found),
        new=sum(1 for one in found.raters if first and one.number >= first),
        first=first,
        most=raters.MOST_INVITED,
        link=_link,
        join=public_address("join.join", slug=slug),
        ids_due=retention.due(found),
    )


@bp.post("/<slug>/invite")
def invite(slug: str) -> ResponseReturnValue:
    """Invite raters: a personal link for each."""
    found = _study(slug)
    try:
        new = raters.invite(found, request.form.get("count", 0, type=int))
    except InputError as error:
        flash(str(error))
        return redirect(url_for(".people", slug=slug))
    flash(ngettext("One rater is invited.", "%(num)d raters are invited.", len(new)))
    return redirect(url_for(".people", slug=slug, **{"from": new[0].number}))


@bp.get("/<slug>/links.csv")
@owners_only
def links(slug: str) -> Response:
    """Send the personal links as CSV, those of the raters from a number on."""
    first = request.args.get("from", 0, type=int)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rater", "link"])
    for rater in _study(slug).raters:
        if rater.number >= first:
            writer.writerow([rater.pseudonym, _link(rater)])
    exported(slug, "links.csv")
    return download(text.getvalue(), "text/csv", f"{slug}-links.csv")


@bp.post("/<slug>/reissue")
def reissue(slug: str) -> ResponseReturnValue:
    """Give a rater a new personal link; the old one is no more."""
    found = _study(slug)
    rater = db.session.get(Rater, request.form.get("rater", 0, type=row_id))
    if rater is None or rater.study is not found:
        abort(404)
    joining.reissue(rater)
    flash(
        _("%(name)s has a new link; the old one leads nowhere. Send it to them.",
          name=rater.pseudonym)
    )  # fmt: skip
    return redirect(url_for(".people", slug=slug))


@bp.post("/<slug>/recall")
def recall(slug: str) -> ResponseReturnValue:
    """Take an unfinished block back from a rater, so that others get it."""
    found = _study(slug)
    assignment = db.session.get(Assignment, request.form.get("assignment", 0, type=row_id))
    if assignment is None or assignment.rater.study is not found:
        abort(404)
    if rater_lines.kept_block(assignment.rater, now()) is not assignment:
        flash(_("There is nothing to recall any more."))
    else:
        record("recalled", slug)
        assigning.recall(assignment)
        flash(
            _(
                "The block of %(name)s is recalled: others can get it. What was judged stays.",
                name=assignment.rater.pseudonym,
            )
        )
    return redirect(url_for(".people", slug=slug))


def _study(slug: str) -> Study:
    found = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if found is None:
        abort(404)
    return found


def _plan(study: Study) -> tuple[preview.Preview | None, str]:
    """Return what opening a draft would make, or the sentence that says why it cannot be."""
    try:
        return preview.preview(study.terms), ""
    except InputError as error:
        return None, str(error)


def _formulas(study: Study) -> str:
    """Return what an export says of names that a spreadsheet would run; "" where it cannot tell."""
    try:
        return export_import.formulas(study)
    except InputError:
        return ""


def _is_sure() -> bool:
    """Return whether the box that says so was ticked; ask for it where it was not."""
    if request.form.get("sure") != "yes":
        flash(_("Nothing was done: please tick the box first."))
        return False
    return True


def _to(slug: str) -> ResponseReturnValue:
    return redirect(url_for(".study", slug=slug))


def _link(rater: Rater) -> str:
    """Return a rater's personal link."""
    return public_address("rate.page", slug=rater.study.slug, token=rater.token)
