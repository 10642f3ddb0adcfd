"""The pages on which a study is written: a step each, or the TOML that the steps write."""

from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from embeddings.errors import InputError
from evaluation.protocol.reading import ready_protocols
from webapp.core import catalogue, jobs
from webapp.core.database import db, reading
from webapp.core.security import owners_only
from webapp.manage import form, language_form, questionnaire_form, step_choices, steps, unfinished
from webapp.manage.side_plan import SidePlan, side_plan
from webapp.study import lifecycle

bp = Blueprint("designing", __name__, url_prefix="/studies/new")

_BEGINNING = ("start", "edit", "collection")
"""What an address says of where a study begins, until something of it is stored."""


@bp.get("")
@owners_only
def new() -> ResponseReturnValue:
    """Lead to the first step of a study that is new, or goes on where it was left."""
    begun = {name: request.args[name] for name in _BEGINNING if request.args.get(name)}
    unfinished.beginning(*(begun.get(name, "") for name in _BEGINNING))  # or 404
    older = unfinished.of_draft(begun["edit"]) if "edit" in begun else None
    step = steps.TOML if begun.get("start") == unfinished.TEMPLATE else next(iter(steps.STEPS))
    if older:
        return redirect(url_for(".page", key=older.key, step=step))
    return redirect(url_for(".page", key=unfinished.new_key(), step=step, **begun))


@bp.get("/<key>/<step>")
@owners_only
def page(key: str, step: str) -> ResponseReturnValue:
    """Show a step with what was typed in it; with ?check=1, with what is wrong there, too."""
    text, edited = _written(key, step)
    if step == steps.TOML:
        return _toml_page(key, text, edited)
    try:
        table = form.read_toml(text)
    except InputError:
        return redirect(_address(key, steps.TOML))
    found = steps.problems(table, edited)[1]
    if step != "review":
        own = [one for one in found if one.step == step and "check" in request.args]
        return _rendered(key, step, edited, table=table, problems=own)
    plan = side_plan(table)
    if plan.problem and not found:
        found = [steps.refused(plan.problem, table)]
    return _rendered(
        key, step, edited, table=table, problems=found, plan=plan,
        **step_choices.of_plan(plan, table),
    )  # fmt: skip


@bp.post("/<key>/<step>")
def keep(key: str, step: str) -> ResponseReturnValue:
    """Keep what was typed in a step, and go where the button leads that was pressed."""
    action = request.form.get("action", "save")
    db.session.rollback()  # who is there was looked up; a collection may be opened now
    try:
        with reading():
            before, edited = _written(key, step)
            text, anchor = _typed(before, step, action)
        stored = unfinished.stored(key)
        if stored is not None and stored.toml != before:  # by another tab, just now
            text, anchor = _typed(stored.toml, step, action)
    except InputError:
        return redirect(_address(key, steps.TOML))
    if action == "create":
        return _create(key, text, edited)
    unfinished.store(key, text, edited)
    if action == "save":
        return jsonify(stored=True)
    return _onward(key, step, action, anchor)


@bp.get("/<key>/plan")
@owners_only
def plan(key: str) -> ResponseReturnValue:
    """Send what the study comes to so far: a piece of the page, and whether there is more soon."""
    text, _edited = _written(key, "review")
    try:
        table = form.read_toml(text)
        found = side_plan(table)
    except InputError as error:
        table, found = {}, SidePlan(problem=str(error))
    html = render_template("manage/_plan.html", plan=found, **step_choices.of_plan(found, table))
    return jsonify(html=html, waits=found.waits)


@bp.post("/<key>/remove")
def remove(key: str) -> ResponseReturnValue:
    """Throw away what was written and not stored as a draft."""
    if unfinished.stored(key):
        unfinished.forget(key)
        flash(_("What was written is thrown away."))
    return redirect(url_for("manage.index"))


def _written(key: str, step: str) -> tuple[str, str]:
    """Return the TOML that is written under a key, or begins it, and the slug of its draft."""
    if step not in (*steps.STEPS, steps.TOML):
        abort(404)
    found = unfinished.stored(key)
    if found is not None:
        return found.toml, found.edited
    begun = {name: request.args.get(name, "") for name in _BEGINNING}
    return unfinished.beginning(*begun.values()), begun["edit"]


def _typed(before: str, step: str, action: str) -> tuple[str, str | None]:
    """Return the TOML with what was typed in a step, and what the page goes on from."""
    if step == steps.TOML:
        return _typed_toml(before), None
    table = form.changed(form.read_toml(before), request.form)
    step_choices.keep_ranked(table, request.form)
    anchor = questionnaire_form.act(table, action) or None
    language_form.tidy(table)
    return form.plain_toml(table), anchor


def _typed_toml(before: str) -> str:
    """Return the text of the TOML's page; what was only shown in full stays as it was written."""
    text = request.form.get("toml", "").replace("\r\n", "\n")
    return before if text.strip() == _shown_toml(before).strip() else text


def _shown_toml(text: str) -> str:
    """Return TOML as its page shows it: with every key where the steps wrote it."""
    try:
        table = form.read_toml(text)
    except InputError:
        return text
    return form.full_toml(table) if text == form.plain_toml(table) else text


def _onward(key: str, step: str, action: str, anchor: str | None) -> ResponseReturnValue:
    """Lead to the step that a button names; not to the next one while this one has errors."""
    where, check = step, None
    if action.startswith("to:"):
        where = action.removeprefix("to:")
    elif action == "next":
        with reading():  # a collection may be opened for it
            found = _problems(key, step)
        where = steps.step_after(step)
        if any(one.step == step for one in found):
            where, check = step, 1
    if where not in (*steps.STEPS, steps.TOML):
        abort(404)
    return redirect(url_for(".page", key=key, step=where, check=check, _anchor=anchor))


def _problems(key: str, step: str) -> list[steps.Problem]:
    text, edited = _written(key, step)
    try:
        return steps.problems(form.read_toml(text), edited)[1]
    except InputError as error:
        return [steps.Problem(str(error), steps.TOML)]


def _create(key: str, text: str, edited: str) -> ResponseReturnValue:
    """Store the draft; where it cannot be, what was typed is kept, and the review says why."""
    unfinished.store(key, text, edited)
    with reading():
        try:
            protocol, _found = steps.problems(form.read_toml(text), edited)
        except InputError:
            return redirect(_address(key, steps.TOML))
    if protocol is None:
        return redirect(_address(key, "review"))
    # drawing the queries takes a moment, and need not keep others waiting
    try:
        lifecycle.create_study(protocol, instead_of=edited)
    except InputError:
        return redirect(_address(key, "review"))
    jobs.forget_opening(protocol.slug)
    unfinished.forget(key)
    if edited not in ("", protocol.slug):
        unfinished.follow(edited, protocol.slug)
    flash(_("The draft is stored. Nothing is fixed before it is opened."))
    return redirect(url_for("manage.study", slug=protocol.slug))


def _address(key: str, step: str) -> str:
    return url_for(".page", key=key, step=step)


def _toml_page(key: str, text: str, edited: str) -> str:
    """Return the page of the TOML, with the reason where it is none."""
    found: list[steps.Problem] = []
    try:
        form.read_toml(text)
    except InputError as error:
        sentence = str(error).removeprefix(f"{form.SOURCE}: ")
        found = [steps.Problem(sentence, steps.TOML, "toml")]
    return _rendered(key, steps.TOML, edited, text=_shown_toml(text), problems=found)


def _rendered(key: str, step: str, edited: str, **context: Any) -> str:
    """Return the page of a step."""
    table = context.get("table", {})
    begun = {name: request.args[name] for name in _BEGINNING if request.args.get(name)}
    wrong = {one.field: one.sentence for one in context["problems"] if one.field}
    return render_template(
        "manage/design.html",
        key=key,
        step=step,
        edited=edited,
        begun=begun,
        is_stored=unfinished.stored(key) is not None,
        wrong=wrong,
        damaged=catalogue.collections()[1] if step == "compare" else [],
        starts=[unfinished.TEMPLATE, *ready_protocols()],
        **step_choices.of_step(step, table),
        **context,
    )
