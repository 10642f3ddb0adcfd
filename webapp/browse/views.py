"""Browsing a collection: a query and what every system returns for it, side by side."""

import difflib
import re
import secrets
from dataclasses import replace
from itertools import islice

import numpy as np
from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from embeddings.collection.clips import Clip, Collection
from embeddings.systems.store import Ranking
from evaluation.objective.per_query import CUTOFFS, MICRO
from webapp.browse import own_views
from webapp.browse.columns import chooser, in_order, short_names, side_by_side
from webapp.browse.nothing import why_nothing
from webapp.browse.state import State, read_state
from webapp.browse.surprise import surprises
from webapp.browse.walk import walk
from webapp.core import catalogue
from webapp.core.clip_facts import class_picker
from webapp.core.envelopes import envelope_letters
from webapp.core.menus import Entry

bp = Blueprint("browse", __name__)
ENTRY = Entry("collection", 1, "browse.browse", lazy_gettext("Browse"))

_CLOSE = 5  # ids that are offered instead of one that is unknown
_LOOKED_AT = 10_000  # clips that have the words somewhere, whose ids are looked at
_COMPARED = 20_000  # clips whose ids are compared letter by letter while a page waits
_FOUND = 60  # clips that a search lists
_COMMONS = re.compile(r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z+-]+)")


bp.add_app_template_filter(envelope_letters, "envelope")


@bp.app_template_filter("licence")
def licence_name(licence: str) -> str:
    """Return a licence as people call it: "CC BY-NC" where the source has the address of it."""
    known = _COMMONS.match(licence)
    if not known:
        return licence
    return "CC0" if known[1] == "publicdomain" else f"CC {known[2].upper()}"


@bp.get("/browse/<name>")
def browse(name: str) -> ResponseReturnValue:
    """Show a query's results under each system; without a query, go to the first of the order."""
    collection = catalogue.collection(name)
    rankings, damaged = catalogue.rankings(collection)
    systems = in_order(collection, rankings)
    state = read_state(request.args, collection, systems)
    text = request.args.get("find", "").strip()
    if text:
        return _found(collection, state, text)
    if not state.query:
        return _first(collection, systems, state, damaged)
    if state.query not in collection.index:
        return _unknown_clip(collection, state)
    return _page(collection, systems, state, damaged)


def _first(
    collection: Collection, systems: list[Ranking], state: State, damaged: list[str]
) -> ResponseReturnValue:
    """Go to the first query of the order, at random unless told otherwise."""
    seed = state.seed
    if state.order == "random" and seed is None:
        seed = secrets.randbelow(10**6)
    row = walk(collection, replace(state, seed=seed), None).next
    if row is None:
        return _page(collection, systems, state, damaged)
    return redirect(state.address(query=collection.clips[row].id, seed=seed))


def _page(
    collection: Collection, systems: list[Ranking], state: State, damaged: list[str]
) -> ResponseReturnValue:
    """Show the query, or that no clip fits the choice."""
    own_views.allow_microphone()
    labels = catalogue.labels(collection)
    row = collection.index[state.query] if state.query else None
    columns, asked = None, None
    if row is not None:
        column = int(labels.asked(np.array([row]), state.preferred)[0])
        asked = None if column == MICRO else labels.classes[column]
        columns = side_by_side(collection, systems, state, row, asked)
    steps = walk(collection, state, row)
    return render_template(
        "browse/page.html",
        collection=collection,
        state=state,
        systems=systems,
        names=short_names(systems),
        chooser=chooser(systems, state),
        row=row,
        clip=None if row is None else collection.clips[row],
        asked=asked,
        columns=columns,
        walk=steps,
        surprises=surprises(collection, state, columns, systems, steps) if columns else [],
        titles=catalogue.titles(),
        nothing=why_nothing(labels, state) if row is None else None,
        families=labels.family_counts,
        cutoffs=CUTOFFS,
        picker=class_picker(collection),
        damaged=damaged,
    )


def _found(collection: Collection, state: State, text: str) -> ResponseReturnValue:
    """Go to the clip that a search finds, or list those that it finds."""
    rows = catalogue.labels(collection).find(text)
    if len(rows) == 1:
        return redirect(state.address(query=collection.clips[rows[0]].id, page=1))
    clips = [collection.clips[row] for row in rows[:_FOUND]]
    if not rows:
        sentence = _("No clip has “%(text)s” in its id, title or labels.", text=text)
        clips = _close(collection, text)
    else:
        sentence = _(
            "%(all)d clips have “%(text)s” in their id, title or labels.", all=len(rows), text=text
        )
    return _listed(collection, state, sentence, clips, text, len(rows))


def _unknown_clip(collection: Collection, state: State) -> ResponseReturnValue:
    """Answer a clip id that the collection does not have, with ids that are close to it."""
    sentence = _(
        "The collection %(name)s has no clip %(clip)s.", name=collection.name, clip=state.query
    )
    close = _close(collection, state.query)
    return _listed(collection, replace(state, query=""), sentence, close, state.query, 0), 404


def _listed(
    collection: Collection, state: State, sentence: str, clips: list[Clip], text: str, found: int
) -> str:
    """Show clips that a search found, or, where it found none, those that are close to it."""
    return render_template(
        "browse/found.html",
        collection=collection,
        state=state,
        sentence=sentence,
        clips=clips,
        text=text,
        found=found,
    )


def _close(collection: Collection, wanted: str) -> list[Clip]:
    """Return clips whose ids have the wanted text in them, or else, where it is soon told, resemble
    it."""
    words = wanted.lower().replace("_", " ").split()
    rows = collection.texts.rows_with(words)[:_LOOKED_AT] if words else ()
    named = (collection.clips[row] for row in rows)
    close = list(islice((clip for clip in named if wanted.lower() in clip.id.lower()), _CLOSE))
    if close or len(collection.clips) > _COMPARED:
        return close
    alike = difflib.get_close_matches(wanted, collection.index, _CLOSE, 0.5)
    return [collection.clip(one) for one in alike]
