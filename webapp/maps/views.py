"""Maps of a collection's embeddings: two at a time, coloured, to listen to and to choose from."""

import zlib
from dataclasses import dataclass

import numpy as np
from flask import Blueprint, Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from embeddings.collection.clips import Collection
from embeddings.collection.label_cells import label_cell
from embeddings.errors import InputError
from embeddings.maps.layouts import METHODS, check_method
from embeddings.maps.stored_maps import (
    Map,
    is_light,
    make_map,
    mapped_methods,
    mapped_rows,
    open_map,
)
from embeddings.systems.store import PROVENANCES, Embedding
from evaluation.figures.charts import GREY, SYMBOLS
from evaluation.figures.figure import PALETTE, Figure
from webapp.core import catalogue
from webapp.core.clip_facts import class_picker, families_of
from webapp.core.figure_pages import map_page
from webapp.core.menus import Entry
from webapp.twins import TableFile, twins

bp = Blueprint("maps", __name__, url_prefix="/browse/<name>/map")
ENTRY = Entry("collection", 2, "maps.map", lazy_gettext("Map"))

COLOURS = tuple(colour for colour in PALETTE if colour != GREY)
"""Of families and chosen classes; the rest is grey."""
MOST_CLASSES = len(COLOURS)
LISTED = 50
_FIRST_CLASSES = 6  # that are coloured where there are no families and nothing is chosen


@dataclass(frozen=True, slots=True)
class Shown:
    """A map on the page: of which embedding, its name in addresses, and what people call it."""

    embedding: Embedding
    map: Map
    title: str

    @property
    def name(self) -> str:
        """What people call the embedding."""
        return self.title.rpartition(" · ")[0]

    @property
    def value(self) -> str:
        """The map's name in the page's address: "freesound.pca"."""
        return _value(self.embedding.name, self.map.method)

    @property
    def provenance(self) -> str:
        """Where the vectors come from."""
        return self.embedding.meta["provenance"]


@bp.get("")
@map_page
def map(name: str) -> ResponseReturnValue:
    """Show one map, or two side by side."""
    collection = catalogue.collection(name)
    embeddings, damaged = catalogue.embeddings(collection)
    titles = _titles(embeddings)
    choices = _choices(collection, embeddings, titles)
    wanted = [value for value in request.args.getlist("map") if value][:2]
    if not wanted:
        wanted = [value for group in choices.values() for value in group][:1]
    shown = [_asked(collection, embeddings, titles, value) for value in dict.fromkeys(wanted)]
    return render_template(
        "maps/page.html",
        collection=collection,
        shown=shown,
        choices=choices,
        damaged=damaged,
        colour=_colour(collection),
        chosen=_classes(collection),
        hidden=request.args.getlist("hide"),
        picker=class_picker(collection),
        look={"colours": COLOURS, "grey": GREY, "symbols": SYMBOLS[: len(SYMBOLS) - 1]},
        most=MOST_CLASSES,
        listed=LISTED,
        mapped=len(mapped_rows(len(collection.clips))),
    )


@bp.get("/clips.json")
def clip_facts(name: str) -> Response:
    """Send what the page knows of every clip that maps show."""
    facts = catalogue.map_clips(catalogue.collection(name))
    return _unchanging(make_response(facts.body), "application/json", facts.tag)


@bp.get("/points/<embedding>/<method>")
def points(name: str, embedding: str, method: str) -> Response:
    """Send a map's points, little-endian float32: x and y of each clip that maps show.

    They are NaN where it has none.
    """
    collection, found = _found(name, embedding, method)
    body = found.map.points[mapped_rows(len(collection.clips))].astype("<f4").tobytes()
    return _unchanging(make_response(body), "application/octet-stream", f"{zlib.crc32(body):08x}")


@twins(bp, "/points/<embedding>/<method>", "scores")
def table(name: str, embedding: str, method: str) -> TableFile:
    """Send a map's points, with the labels of their clips."""
    figure = _figure(*_found(name, embedding, method))
    about = {"title": figure.title, "collection": name}
    return TableFile(figure.table, figure.name, figure.simulated, about)


@bp.get("/clips")
def clips(name: str) -> str:
    """Send the list items of some clips, with their players, by their places on maps."""
    collection = catalogue.collection(name)
    shown = mapped_rows(len(collection.clips))
    places = request.args.getlist("row", type=int)
    known = [place for place in places if 0 <= place < len(shown)]
    if not places or len(known) < len(places) or len(places) > LISTED:
        abort(404)
    listed = [(place, int(shown[place])) for place in places]
    return render_template("maps/clips.html", collection=collection, listed=listed)


def _value(embedding: str, method: str) -> str:
    return f"{embedding}.{method}"


def _titles(embeddings: list[Embedding]) -> dict[str, str]:
    """Return what people call each embedding; its name is added where two are called the same."""
    titles = {one.name: one.meta.get("title", one.meta["representation"]) for one in embeddings}
    known = list(titles.values())
    return {
        name: title if known.count(title) == 1 else f"{title} ({name})"
        for name, title in titles.items()
    }


def _choices(
    collection: Collection, embeddings: list[Embedding], titles: dict[str, str]
) -> dict[str, dict[str, str]]:
    """Return provenance -> map's name in addresses -> what people call it."""
    groups: dict[str, dict[str, str]] = {}
    for provenance in PROVENANCES:
        for one in embeddings:
            if one.meta["provenance"] != provenance:
                continue
            there = mapped_methods(collection, one)
            methods = [m for m in METHODS if m in there or (m == "pca" and is_light(one))]
            group = groups.setdefault(provenance, {})
            group |= {_value(one.name, m): f"{titles[one.name]} · {METHODS[m]}" for m in methods}
    return groups


def _asked(
    collection: Collection, embeddings: list[Embedding], titles: dict[str, str], value: str
) -> Shown:
    """Return the map that the address names; raise InputError where there is none.

    The PCA map of an embedding is made when it is first looked at.
    """
    name, __, method = value.rpartition(".")
    embedding = next((one for one in embeddings if one.name == name), None)
    if embedding is None:
        raise InputError(
            f"The collection {collection.name!r} has no embedding {name!r} to map; it has: "
            f"{', '.join(titles) or 'none yet'}."
        )
    found = open_map(collection, embedding, check_method(method))
    if found is None and method == "pca" and is_light(embedding):
        found = make_map(collection, embedding)
    if found is None:
        raise InputError(
            f"There is no {METHODS[method]} map of {name!r} yet: flask embeddings map "
            f"{collection.name} {name} --method {method}"
        )
    return Shown(embedding, found, f"{titles[name]} · {METHODS[method]}")


def _found(name: str, embedding: str, method: str) -> tuple[Collection, Shown]:
    collection = catalogue.collection(name)
    embeddings = catalogue.embeddings(collection)[0]
    value = _value(embedding, method)
    return collection, _asked(collection, embeddings, _titles(embeddings), value)


def _colour(collection: Collection) -> str:
    """Return what the points are coloured by: "family" or "class"."""
    usual = "family" if collection.families else "class"
    colour = request.args.get("colour", usual)
    if colour not in ("family", "class"):
        raise InputError(f"The colour must be by family or class, not {colour!r}.")
    return colour


def _classes(collection: Collection) -> list[str]:
    """Return the classes to colour, those of the address or the largest where it says nothing."""
    if "colour" not in request.args and not collection.families:
        leaves = sorted(collection.leaf_classes, key=lambda one: -collection.class_counts[one])
        return leaves[:_FIRST_CLASSES]
    classes = list(dict.fromkeys(request.args.getlist("class")))
    for label in classes:
        if label not in collection.class_counts:
            raise InputError(f"The collection {collection.name!r} has no class {label!r}.")
    if len(classes) > MOST_CLASSES:
        raise InputError(f"At most {MOST_CLASSES} classes have a colour, not {len(classes)}.")
    return classes


def _figure(collection: Collection, shown: Shown) -> Figure:
    """Return a map with its numbers, as its CSV has them."""
    import pandas as pd

    meta, placed = shown.map.meta, shown.map.points
    rows = np.flatnonzero(~np.isnan(placed[:, 0]))
    clips = [collection.clips[row] for row in rows]
    columns = {
        "clip": [clip.id for clip in clips],
        "x": placed[rows, 0].astype(float),
        "y": placed[rows, 1].astype(float),
        "family": [label_cell(families_of(collection, clip)) for clip in clips],
        "labels": [label_cell(clip.labels) for clip in clips],
        "embedding": shown.embedding.name,
        "method": meta["method"],
        "seed": "" if meta["seed"] is None else meta["seed"],
        "provenance": shown.provenance,
    }
    return Figure(
        name=f"map-{collection.name}-{shown.embedding.name}-{meta['method']}",
        title=shown.title,
        caption="",  # the page's own
        table=pd.DataFrame(columns),
        plot={},  # drawn by static/js/maps/plot.js
        simulated=shown.provenance == "simulated",
    )


def _unchanging(response: Response, kind: str, tag: str) -> Response:
    """Let a browser keep an answer, and ask only whether it is still the same."""
    response.mimetype = kind
    response.set_etag(tag)
    return response.make_conditional(request)
