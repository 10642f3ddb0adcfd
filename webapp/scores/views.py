"""The scores of a collection's systems: tables, figures, two systems class by class."""

from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from embeddings.collection.clips import Collection
from evaluation.figures.figure import Figure
from evaluation.figures.scores.every import (
    NO_SWEEP,
    class_scatter,
    score_figures,
    systems_figure,
)
from evaluation.objective import published
from evaluation.objective.beside_published import has_published_sounds
from evaluation.objective.definitions import FIRST_RANK, METRICS, wording
from webapp.core import catalogue
from webapp.core.figure_pages import figure_page
from webapp.core.kept import of_app, stamps
from webapp.core.menus import Entry
from webapp.scores import classes, score_tables
from webapp.scores.csv_files import TABLES, csv_table, scores_file
from webapp.scores.lead_words import lead_sentences
from webapp.scores.score_tables import Board
from webapp.scores.state import State, read_state
from webapp.twins import TableFile, twins

bp = Blueprint("scores", __name__)
ENTRY = Entry("collection", 3, "scores.scores", lazy_gettext("Scores"))

Built = TypeVar("Built")

_KEPT = 64  # tables and figures in memory, of all collections and conventions together
_FILES = (
    "collection.json",
    "rankings/[!.]*/meta.json",
    "rankings/[!.]*/objective.json",
    "embeddings/[!.]*/meta.json",
    "sweeps/[!.]*/sweep.csv",
)


@bp.get("/scores/<name>")
@bp.get("/scores/<name>/<part>")
@figure_page
def scores(name: str, part: str = "") -> ResponseReturnValue:
    """Show a part of the page of a collection's scores."""
    if part not in _PARTS:
        abort(404)
    collection, found, state = _asked(name, part)
    return render_template(
        "scores/page.html",
        collection=collection,
        state=state,
        board=found,
        measures={one: wording(one, state.convention) for one in METRICS},
        averages=[one.wording(state.convention, state.average) for one in METRICS.values()],
        briefs=[one.brief.format(first=FIRST_RANK[state.convention]) for one in METRICS.values()],
        scored=score_tables.scored(found, state).to_dict("records"),
        published=published,
        **{"figures": [], **_PARTS[part](collection, found, state)},
    )


@twins(bp, "/scores/<name>/tables/<table>", "scores")
def table_csv(name: str, table: str) -> TableFile:
    """Send a table of the page, as it is sorted and searched."""
    collection, found, state = _asked(name)
    rows = csv_table(collection, found, state, table) if table in TABLES else None
    if rows is None:
        abort(404)
    return scores_file(state, rows, f"{table}-{state.convention}", whose=name)


@twins(bp, "/scores/<name>/<figure>", "scores")
def figure_csv(name: str, figure: str) -> TableFile:
    """Send the numbers of a figure of the page."""
    collection, found, state = _asked(name)
    parts = (_overview, _systems, _families, _compared, _modality, _size, _processing)
    shown = (part(collection, found, state).get("figures", ()) for part in parts)
    for one in chain.from_iterable(shown):  # the parts are asked one by one, until it is found
        if one.name == figure:
            return scores_file(state, one.table, one.name, title=one.title)
    abort(404)


def _overview(collection: Collection, found: Board, state: State) -> dict[str, Any]:
    """Return the one figure, the one table, and what is said above them."""
    figure = _kept(
        collection,
        ("systems", state.convention, state.measure, state.average),
        lambda: systems_figure(collection, state.convention, state.measure, state.average),
    )
    return {
        "sentences": lead_sentences(found, state),
        "figures": [figure] if figure else [],
        "rows": score_tables.overview_rows(found, state, collection.name),
        "columns": score_tables.measured(found, state),
    }


def _systems(collection: Collection, found: Board, state: State) -> dict[str, Any]:
    """Return the table of all that is known of the systems, beside what was published of them."""
    shown = score_tables.columns(found, state)
    return {
        "columns": shown,
        "sorting": score_tables.sorting(state, shown),
        "systems": score_tables.system_rows(found, state, collection.name),
        "shows_published": score_tables.shows_published(found, state),
        "same_sounds": has_published_sounds(collection),
        "tuning": _kept(collection, ("tuning",), lambda: score_tables.tuning(collection)),
        "figures": _figures(collection, state, "families-published"),
    }


def _families(collection: Collection, found: Board, state: State) -> dict[str, Any]:
    figures = _figures(collection, state, "families")
    return {"families": classes.family_rows(found, state), "figures": figures}


def _classes(_collection: Collection, found: Board, state: State) -> dict[str, Any]:
    return {"classes": classes.class_rows(found, state)}


def _modality(collection: Collection, _found: Board, state: State) -> dict[str, Any]:
    return {"figures": _figures(collection, state, "modalities")}


def _size(collection: Collection, _found: Board, state: State) -> dict[str, Any]:
    return {"figures": _figures(collection, state, "dimensions", "parameters")}


def _processing(collection: Collection, _found: Board, state: State) -> dict[str, Any]:
    no_sweep = NO_SWEEP.format(collection=collection.name)
    return {"figures": _figures(collection, state, "sweep"), "no_sweep": no_sweep}


def _compared(collection: Collection, found: Board, state: State) -> dict[str, Any]:
    """Return what the comparison of two systems is made of; a pair of None without two."""
    pair = classes.pair(found, state)
    if pair is None:
        return {"pair": None}
    table = _kept(
        collection,
        ("comparison", state.convention, state.measure, *pair),
        lambda: classes.comparison(collection, state, *pair),
    )
    return {
        "pair": pair,
        "facts_of": found.systems.set_index("system", drop=False).to_dict("index"),
        "moved": classes.moved_rows(table, state),
        "figures": [_scatter(collection, state, pair)],
    }


_PARTS: dict[str, Callable[[Collection, Board, State], dict[str, Any]]] = {
    "": _overview,
    "systems": _systems,
    "families": _families,
    "classes": _classes,
    "compare": _compared,
    "modality": _modality,
    "size": _size,
    "processing": _processing,
    "meaning": lambda *_: {},
}
"""Part -> what its template shows, of a collection, its numbers and the page's state."""


def _asked(name: str, part: str = "") -> tuple[Collection, Board, State]:
    """Return the collection, its numbers and the page's state, as the address asks for them."""
    collection = catalogue.collection(name)
    of_usual = _board(collection, collection.convention)
    known = of_usual.systems.loc[of_usual.systems["scored"], "system"]
    state = read_state(request.args, collection, known, part)
    return collection, _board(collection, state.convention), state


def _board(collection: Collection, convention: str) -> Board:
    return _kept(
        collection, ("board", convention), lambda: score_tables.board(collection, convention)
    )


def _figures(collection: Collection, state: State, *names: str) -> list[Figure]:
    """Return the figures of these names that there are."""
    every = _kept(
        collection,
        ("figures", state.convention),
        lambda: score_figures(collection, state.convention),
    )
    return [one for one in every if one.name in names]


def _scatter(collection: Collection, state: State, pair: tuple[str, str]) -> Figure:
    return _kept(
        collection,
        ("scatter", state.convention, state.measure, *pair),
        lambda: class_scatter(collection, state.convention, *pair, state.measure),
    )


def _kept(of: Collection, key: tuple[str, ...], build: Callable[[], Built]) -> Built:
    """Return what `build` gives, built again only when a ranking, score or sweep has changed."""
    files = (path for pattern in _FILES for path in sorted(of.folder.glob(pattern)))
    return of_app("sounding_board_scores", _KEPT).get((of.name, *key), stamps(files), build)
