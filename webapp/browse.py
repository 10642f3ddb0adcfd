"""Browsing a collection: a query and what every system returns for it."""

import difflib
import secrets
from typing import Any

import numpy as np
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from embeddings.collection import Collection
from evaluation.listing import listing
from webapp import catalogue

bp = Blueprint("browse", __name__)

_CLOSE = 5  # ids that are offered instead of one that is unknown
_LETTERS = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)


@bp.app_template_filter("envelope")
def envelope_letters(envelope: np.ndarray) -> str:
    """Return a peak envelope as the player reads it: one of 0-9a-z a point, the clip's peak z."""
    peak = float(envelope.max()) or 1.0
    steps = np.rint(envelope / peak * (len(_LETTERS) - 1)).astype(np.intp)
    return _LETTERS[steps].tobytes().decode("ascii")


@bp.get("/browse/<name>")
def browse(name: str) -> ResponseReturnValue:
    """Show a query's neighbours under each system; without a query, draw one of the class."""
    collection = catalogue.collection(name)
    family, label = request.args.get("family", ""), request.args.get("class", "")
    if label:
        collection.members(label)  # an unknown class is answered with a sentence
    if "query" not in request.args:
        chosen = _draw(collection, family, label)
        return redirect(url_for(".browse", name=name, family=family, query=chosen.pop("query"),
                                **{"class": label}, **chosen))  # fmt: skip
    wanted = request.args["query"].strip()
    if wanted not in collection.index:
        return _unknown_clip(collection, wanted)
    query = collection.index[wanted]
    clip = collection.clips[query]
    asked = label if label in clip.labels else None
    rankings, damaged = catalogue.rankings(collection)
    columns = [
        listing(
            collection, ranking, catalogue.query_scores(collection, ranking.system), query, asked
        )
        for ranking in rankings
    ]
    return render_template(
        "browse.html",
        collection=collection,
        clip=clip,
        row=query,
        asked=asked,
        columns=columns,
        family=family,
        label=label,
        picker=_picker(collection),
        damaged=damaged,
    )


def _unknown_clip(collection: Collection, wanted: str) -> ResponseReturnValue:
    """Answer a clip id that the collection does not have, with ids that are close to it."""
    close = [one for one in collection.index if wanted and wanted.lower() in one.lower()][:_CLOSE]
    close = close or difflib.get_close_matches(wanted, collection.index, _CLOSE, 0.5)
    sentence = _("The collection %(name)s has no clip %(clip)s.", name=collection.name, clip=wanted)
    return render_template(
        "browse_unknown.html", collection=collection, sentence=sentence, close=close
    ), 404


def _draw(collection: Collection, family: str, label: str) -> dict[str, Any]:
    """Return a random query of the class, or of the family, and the seed that draws it again."""
    seed = request.args.get("seed", type=int)
    seed = secrets.randbelow(10**6) if seed is None else abs(seed)
    rows = range(len(collection.clips))
    if label:
        rows = collection.members(label)
    elif family in collection.families:
        classes = set(collection.families[family])
        rows = [row for row in rows if classes.intersection(collection.clips[row].labels)]
    row = int(np.random.default_rng(seed).choice(rows))
    return {"query": collection.clips[row].id, "seed": seed}


def _picker(collection: Collection) -> dict[str, dict[str, int]]:
    """Return family -> class -> clips, the classes without a family under ""."""
    groups: dict[str, dict[str, int]] = {family: {} for family in sorted(collection.families)}
    for label, count in collection.class_counts.items():
        groups.setdefault(collection.family_of.get(label, ""), {})[label] = count
    return groups
