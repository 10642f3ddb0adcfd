"""Studies that are being written: where each begins, and how far it came."""

import json
import re
import secrets
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_login import current_user

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import read_toml
from embeddings.systems.store import system_names
from evaluation.protocol.reading import ready_protocols, template
from evaluation.protocol.terms import ALL, NONE, Protocol
from webapp.core import catalogue
from webapp.core.database import db
from webapp.manage import form
from webapp.models import Study, Unfinished
from webapp.study.extending import next_version

TEMPLATE = "template"
"""The starting point that explains every key."""
_KEY = re.compile("[0-9a-f]{12}")
_LEAST = 2  # systems of a study


def new_key() -> str:
    """Return a name for a study that nobody has begun to write."""
    return secrets.token_hex(6)


def stored(key: str) -> Unfinished | None:
    """Return what was written under a key, None where that is nothing yet; 404 for no key."""
    if not _KEY.fullmatch(key):
        abort(404)
    return db.session.get(Unfinished, key)


def of_draft(slug: str) -> Unfinished | None:
    """Return the changes of a draft that were begun and not stored in it."""
    found = sa.select(Unfinished).where(Unfinished.edited == slug)
    return db.session.scalar(found.order_by(Unfinished.changed_at.desc()))


def everything() -> list[Unfinished]:
    """Return all that is being written, what was changed last first."""
    return list(db.session.scalars(sa.select(Unfinished).order_by(Unfinished.changed_at.desc())))


def title(one: Unfinished) -> str:
    """Return the title that it has so far, or its short name; "" for neither."""
    try:
        table = form.read_toml(one.toml)
    except ValueError:
        return one.edited
    return str(table.get("title") or table.get("slug") or one.edited)


def store(key: str, text: str, edited: str = "") -> None:
    """Store what is written under a key; the draft that it changes is told at the first time."""
    found = db.session.get(Unfinished, key)
    if found is None:
        found = Unfinished(key=key, toml=text, edited=edited, who=current_user.name)
        db.session.add(found)
    elif found.toml != text:
        found.toml, found.who = text, current_user.name
    db.session.commit()


def forget(key: str) -> None:
    """Throw away what is written under a key."""
    db.session.execute(sa.delete(Unfinished).where(Unfinished.key == key))
    db.session.commit()


def follow(before: str, slug: str) -> None:
    """Let the changes of a draft that got another slug be that one's."""
    for one in db.session.scalars(sa.select(Unfinished).where(Unfinished.edited == before)):
        one.edited = slug
        try:
            table = form.read_toml(one.toml)
        except InputError:
            continue
        if table.get("slug") == before and one.toml == form.plain_toml(table):
            one.toml = form.plain_toml(table | {"slug": slug})
    db.session.commit()


def beginning(start: str, edit: str, collection: str = "") -> str:
    """Return the TOML that a new study begins with, or 404.

    `start` names a ready protocol, `TEMPLATE`, or a study that is duplicated under another slug;
    `edit` a draft that is changed. Neither: `collection`, or the first that has systems.
    """
    ready = ready_protocols()
    if edit or (start and start != TEMPLATE and start not in ready):
        return _of_study(edit or start, edit=bool(edit))
    if start == TEMPLATE:
        return template()
    if start:
        return form.plain_toml({"slug": start, **read_toml(ready[start])})
    return form.plain_toml(_of_collection(catalogue.collection(collection) if collection else None))


def _of_collection(chosen: Collection | None) -> dict[str, Any]:
    """Return what a study begins with that begins from nothing: so much has a plan already."""
    if chosen is None:
        found = catalogue.collections()[0]
        chosen = next((one for one in found if system_names(one)), next(iter(found), None))
    if chosen is None:
        return {}
    systems = system_names(chosen)
    return {
        "collection": chosen.name,
        "systems": systems if len(systems) == _LEAST else [],  # there is nothing to choose
        "queries": usual_draw(chosen),
    }


def usual_draw(collection: Collection) -> dict[str, int]:
    """Return how queries are drawn unless told: by families where most classes have one."""
    classes = collection.class_counts
    known = sum(label in collection.family_of for label in classes)
    by_family = len(collection.families) > 1 and 2 * known >= len(classes)
    return {"per_family": 2} if by_family else {"per_class": 1}


def _of_study(slug: str, *, edit: bool) -> str:
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if study is None or (edit and (study.state != "draft" or study.parent)):
        abort(404)
    terms = study.terms if edit else _of_today(study.terms)
    table = json.loads(terms.as_json())
    if not edit:
        table["slug"] = next_version(slug)
    return form.plain_toml(table)


def _of_today(terms: Protocol) -> Protocol:
    """Return terms that say what those of an older version left unsaid, and meant."""
    analysis = replace(
        terms.analysis,
        raters=terms.analysis.raters or ALL,
        comparisons=terms.analysis.comparisons or NONE,
    )
    screening = replace(terms.screening, heard=terms.screening.heard or 0.0)
    listening = replace(terms.listening, hearing=bool(terms.listening.hearing))
    return replace(terms, analysis=analysis, screening=screening, listening=listening)
