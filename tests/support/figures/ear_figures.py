"""Figures of agreement, ears and labels, preferences: made studies, and what is drawn."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.ratings import Ratings
from evaluation.figures.figure import Figure
from evaluation.figures.study import agreement_figures, beside
from evaluation.figures.study.cast import study_cast
from evaluation.records.frames import StudyTables
from tests.support.studies.made_study import tables
from tests.support.studies.rated import simulated

OF_PANEL = (
    agreement_figures.grade_histogram, agreement_figures.rater_kappas,
    agreement_figures.reliability_curves, agreement_figures.variance_parts,
)  # fmt: skip


OF_SYSTEMS = (beside.ears_and_labels, beside.rank_slopes, beside.above_matrix)


def mixed(of: StudyTables) -> StudyTables:
    """Return the study with every third system simulated, and the second trained on the clips."""
    systems = {
        name: one
        | {
            "title": name.upper() if place % 3 != 2 else f"{name.upper()} (simulated)",
            "provenance": "computed" if place % 3 != 2 else "simulated",
            "trained_on": "made-dev" if place == 1 else "",
        }
        for place, (name, one) in enumerate(of.systems.items())
    }
    return replace(of, systems=systems)


@cache
def study() -> Analysis:
    """Return a study of seven systems, two of them simulated."""
    return Analysis(mixed(tables(simulated(systems=7, queries=12, raters=6))))


@cache
def drawn(name: str) -> Figure:
    """Return a figure of `study`."""
    of = study()
    figures = (*(make(of) for make in OF_PANEL), *of_systems(of))
    return next(one for one in figures if one and one.name == name)


def of_systems(of: PanelResults) -> Iterator[Figure | None]:
    cast = study_cast(of.tables)
    yield from (make(of, cast) for make in OF_SYSTEMS)
    if isinstance(of, Analysis):
        yield beside.relabelled_slopes(of, cast)


def check(figure: Figure) -> None:
    """A figure is one that Plotly takes, without colours of the page; its table has provenances."""
    graph_objects = pytest.importorskip("plotly.graph_objects")
    graph_objects.Figure(figure.plot)
    figure.json()
    assert figure.caption.endswith(".")
    assert "n = " in figure.caption
    assert "nan" not in figure.caption + figure.title
    assert "None" not in figure.caption + figure.title
    assert "  " not in figure.caption
    layout = figure.plot["layout"]
    assert layout["meta"]["least_width"] <= layout["meta"]["most_width"]
    assert layout["height"] > 40
    for letter in ("", "_a", "_b"):
        assert (f"system{letter}" in figure.table) == (f"provenance{letter}" in figure.table)
    assert "name" not in figure.table
    provenances = [one for one in figure.table if one.startswith("provenance")]
    if provenances:
        assert figure.simulated == bool((figure.table[provenances] == "simulated").any(axis=None))


def traces(figure: Figure, mode: str = "markers") -> list[dict[str, Any]]:
    return [one for one in figure.plot["data"] if one.get("mode") == mode]


def points(figure: Figure) -> list[tuple[float, float]]:
    """Return all points that are drawn."""
    own = [one for one in traces(figure) if "customdata" in one]
    return [pair for one in own for pair in zip(one["x"], one["y"], strict=True)]


def cells(figure: Figure) -> dict[tuple[str, str], float]:
    """Return the cells of a heat map by the names of their row and column."""
    heat, layout = figure.plot["data"][0], figure.plot["layout"]
    rows, columns = (layout[f"{one}axis"]["ticktext"] for one in "yx")
    return {
        (rows[y].removeprefix("○ "), columns[x].removeprefix("○ ")): float(heat["z"][y][x])
        for y, x in zip(*np.nonzero(~np.isnan(heat["z"])), strict=True)
    }


def blank(of: Ratings, keep: Callable[[np.ndarray], np.ndarray]) -> StudyTables:
    return tables(replace(of, table=keep(of.table)))


def sparse(table: np.ndarray) -> np.ndarray:
    return np.where(np.random.default_rng(1).random(table.shape) < 0.9, np.nan, table)


HOSTILE: dict[str, Callable[[], StudyTables]] = {
    "one rater": lambda: tables(simulated(systems=3, queries=5, raters=1)),
    "one query": lambda: tables(simulated(systems=3, queries=1, raters=4)),
    "one rater, one query": lambda: tables(simulated(systems=3, queries=1, raters=1)),
    "one system": lambda: tables(simulated(systems=1, queries=5, raters=4)),
    "two systems": lambda: tables(simulated(systems=2, queries=5, raters=4)),
    "K = 1": lambda: tables(simulated(systems=3, queries=5, raters=4, depth=1)),
    "all the same": lambda: blank(simulated(3, 5, 4), lambda table: np.full(table.shape, 50.0)),
    "nothing from one": lambda: blank(
        simulated(3, 5, 4), lambda table: np.vstack([np.full_like(table[:1], np.nan), table[1:]])
    ),
    "nearly nothing": lambda: blank(simulated(3, 5, 4), sparse),
    "nothing": lambda: blank(simulated(3, 5, 4), lambda table: np.full(table.shape, np.nan)),
    "never returned": lambda: tables(never_returned()),
    "many": lambda: tables(simulated(systems=18, queries=4, raters=3)),
}  # fmt: skip


def never_returned() -> Ratings:
    of = simulated(3, 5, 4)
    lists = of.lists.copy()
    lists[1] = -1
    return replace(of, lists=lists)
