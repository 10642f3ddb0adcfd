"""Figures of means, ranks and groups: made studies, and what is drawn."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.figures.figure import Figure
from evaluation.figures.study.critical import critical_difference
from evaluation.figures.study.group_figures import class_means, facet_scatter, family_means
from evaluation.figures.study.mean_figures import mean_grades, primary_scores
from evaluation.figures.study.own_dots import own_dots
from evaluation.figures.study.pairs import pair_matrix
from evaluation.figures.study.profile import rank_profile
from evaluation.records.frames import StudyTables
from tests.support.studies.made_study import tables
from tests.support.studies.rated import simulated

OF = simulated(systems=6, queries=24, raters=8)


def known(**changes: Any) -> StudyTables:
    """Return a study of six systems: the best two are simulated, the fourth one was trained."""
    kinds = {
        name: "simulated" if place < 2 else "computed" for place, name in enumerate(OF.systems)
    }
    systems = {
        name: {"title": f"{name.upper()} · L2", "provenance": kind, "anchor": False,
               "representation": "", "trained_on": "its sounds" if name == "s3" else ""}
        for name, kind in kinds.items()
    }  # fmt: skip
    return tables(OF, **({"systems": systems} | changes))


ORDER = ["s2", "s3", "s4", "s5", "s0", "s1"]
"""The systems as figures have them: by mean grade, and the simulated ones last."""


def primarily(measure: str, comparisons: tuple[tuple[str, str], ...] = ()) -> StudyTables:
    """Return the study with another primary measure and comparisons."""
    study = known()
    own = replace(study.protocol.analysis, primary_measure=measure, comparisons=comparisons)
    return replace(study, protocol=replace(study.protocol, analysis=own))


def check(figure: Figure | None) -> Figure:
    """A figure is one that Plotly takes; its provenance and its caption are whole."""
    graph_objects = pytest.importorskip("plotly.graph_objects")
    assert figure is not None
    graph_objects.Figure(figure.plot)
    figure.json()
    columns = [one for one in figure.table if one.startswith("provenance")]
    assert columns
    assert figure.simulated == bool((figure.table[columns] == "simulated").any(axis=None))
    assert "name" not in figure.table
    assert figure.caption.endswith(".")
    assert not {"nan", "None"} & set(figure.caption.replace("(", " ").replace(",", " ").split())
    assert "  " not in figure.caption
    assert figure.plot["layout"]["meta"]["least_width"] <= 1100
    return figure


def named(figure: Figure, name: str) -> dict[str, Any]:
    """Return the one trace of a name."""
    (found,) = [one for one in figure.plot["data"] if one.get("name") == name]
    return dict(found)


def rows_of(figure: Figure) -> list[str]:
    """Return what the rows are called."""
    return list(figure.plot["layout"]["yaxis"]["ticktext"])


def edge(figure: Figure) -> list[float]:
    """Return where lines divide rows."""
    lines = [one for one in figure.plot["layout"]["shapes"] if one["type"] == "line"]
    return [one["y0"] for one in lines if one["y0"] == one["y1"]]


def every(of: PanelResults, own: pd.DataFrame) -> list[Figure]:
    """Return all figures that there are of some results."""
    reference = of.reference if isinstance(of, Analysis) else None
    found = [
        mean_grades(of, own, of.mean_grades, reference), primary_scores(of, own),
        rank_profile(of, own), pair_matrix(of, own), own_dots(of, own),
        critical_difference(of, own), family_means(of, own), class_means(of, own),
        facet_scatter(of.facets, of, own) if isinstance(of, Analysis) else None,
    ]  # fmt: skip
    return [one for one in found if one is not None]
