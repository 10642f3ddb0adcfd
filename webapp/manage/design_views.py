"""The page on which a protocol is written: as a form, or as the TOML that the form writes."""

import json
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from embeddings.errors import InputError
from embeddings.files import read_toml
from evaluation.protocol.reading import parse_protocol, ready_protocols, template
from evaluation.protocol.template import HELP
from evaluation.protocol.terms import FORMATS, METHODS, PRIMARY_MEASURES, Protocol
from webapp.core import catalogue, jobs
from webapp.core.database import db, reads
from webapp.core.security import owners_only
from webapp.manage import form
from webapp.models import Study
from webapp.study import lifecycle, preview
from webapp.study.extending import next_version

bp = Blueprint("designing", __name__, url_prefix="/studies/new")

TEMPLATE = "template"
"""The starting point that explains every key."""


@bp.get("")
@owners_only
def new() -> ResponseReturnValue:
    """Show the form, empty or begun from something that is there."""
    start, edited = request.args.get("start", ""), request.args.get("edit", "")
    ready = ready_protocols()
    if start == TEMPLATE:
        return _page("toml", template())
    if start in ready:
        table = read_toml(ready[start])
        return _page("form", form.plain_toml({"slug": start, **table}))
    if start or edited:
        return _of_study(start or edited, edit=bool(edited))
    first = next(iter(catalogue.names()), "")
    return _page("form", form.plain_toml({"collection": first} if first else {}))


@bp.post("")
def write() -> ResponseReturnValue:
    """Check and plan what was typed, store it as a draft, or show it the other way."""
    mode = "toml" if request.form.get("mode") == "toml" else "form"
    action, text = request.form.get("action", "check"), request.form.get("toml", "")
    if action != "create":
        reads()  # computing the pools takes a while, and must not keep others from writing
    try:
        table = form.read_toml(text)
        if mode == "form":
            table = form.changed(table, request.form)
            text = form.plain_toml(table)
        if action in ("form", "toml"):
            return _page(action, form.full_toml(table) if action != mode == "form" else text)
        protocol = parse_protocol(table, form.SOURCE)
        preview.check_name(protocol)
        if action == "create":
            return _create(protocol)
        found = preview.preview(protocol)
        _check_free(protocol)
    except InputError as error:
        return _page(mode, text, error=str(error)), 400
    return _page(mode, text, plan=found, title=protocol.title)


def _create(protocol: Protocol) -> ResponseReturnValue:
    _check_free(protocol)
    db.session.rollback()  # drawing the queries takes a moment, and need not keep others waiting
    lifecycle.create_study(protocol)
    jobs.forget_opening(protocol.slug)
    flash(_("The draft is stored. Nothing is fixed before it is opened."))
    return redirect(url_for("manage.study", slug=protocol.slug))


def _check_free(protocol: Protocol) -> None:
    """Raise InputError where a study has the slug already, unless it is the draft in hand."""
    older = db.session.scalar(sa.select(Study).where(Study.slug == protocol.slug))
    edited = request.form.get("edited") == protocol.slug
    if older is not None and not (older.state == "draft" and edited):
        raise InputError(
            f"{form.SOURCE}: slug must be another one: there is a study {protocol.slug!r} already."
        )


def _of_study(slug: str, *, edit: bool) -> ResponseReturnValue:
    """Show the form with the protocol of a study: the draft to be changed, or as a new version."""
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if study is None or (edit and (study.state != "draft" or study.parent)):
        abort(404)
    table = json.loads(study.terms.as_json())
    if not edit:
        table["slug"] = next_version(slug)
    return _page("form", form.plain_toml(table), edited=slug if edit else "")


def _page(mode: str, text: str, **context: Any) -> str:
    """Return the page; `text` is the TOML that it shows, or that its form changes."""
    collections, damaged = catalogue.collections()
    systems = {one.name: catalogue.rankings(one)[0] for one in collections}
    error, edited = context.get("error", ""), request.form.get("edited", "")
    return render_template(
        "manage/design.html",
        mode=mode,
        text=text,
        fields=form.fields(form.read_toml(text)) if mode == "form" else {},
        wrong=form.wrong_key(error),
        collections=collections,
        systems=systems,
        damaged=damaged,
        help=HELP,
        methods=METHODS,
        formats=[(name, name.upper()) for name in FORMATS],
        measures=PRIMARY_MEASURES,
        starts=[TEMPLATE, *ready_protocols()],
        **{"edited": edited, **context},
    )
