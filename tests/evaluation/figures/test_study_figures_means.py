"""The figures of means, ranks and groups: what is drawn is what the tables say, for any data."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evaluation.analysis.graded import Analysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.figures.study.cast import study_cast
from evaluation.figures.study.critical import critical_difference
from evaluation.figures.study.dots import scale_axis
from evaluation.figures.study.group_figures import class_means, family_means
from evaluation.figures.study.mean_figures import mean_grades, primary_scores
from evaluation.figures.study.pairs import pair_matrix
from evaluation.figures.study.profile import rank_profile
from evaluation.protocol.terms import Facet
from evaluation.records.frames import StudyTables
from tests.support.figures.mean_figures import (
    OF,
    ORDER,
    check,
    edge,
    known,
    named,
    primarily,
    rows_of,
)
from tests.support.studies.list_studies import LISTS, rated
from tests.support.studies.made_study import judgements, raters, tables
from tests.support.studies.rated import simulated

FIRST_RANK = "first_relevant"


def sparse() -> StudyTables:
    """Return the study with 70 % of the grades missing, here and there."""
    table = OF.table.copy()
    table[np.random.default_rng(0).random(table.shape) < 0.7] = np.nan
    part = replace(OF, table=table)
    return known(judgements=judgements(part, known().protocol))


def ends(trace: dict[str, Any]) -> np.ndarray:
    """Return the ends of a trace of segments, [segments, 2]."""
    return np.reshape(trace["x"], (-1, 3))[:, :2]


def test_dots_are_the_mean_grades_of_the_table(made: Analysis, cast: pd.DataFrame) -> None:
    figure = check(mean_grades(made, cast))
    assert figure.name == "means"
    table = figure.table
    assert table["system"].tolist() == ORDER
    assert rows_of(figure) == ["S2", "S3", "S4", "S5", "S0 (simulated)", "S1 (simulated)"]
    assert edge(figure) == [3.5]
    estimates = {one.system: one.estimate for one in made.mean_grades.systems}
    expected = [
        [getattr(estimates[name], one) for one in ("value", "low", "high")] for name in ORDER
    ]
    np.testing.assert_array_equal(table[["value", "low", "high"]], expected)
    whiskers, interval, dots = figure.plot["data"]
    assert whiskers["x"] == []  # all was judged
    np.testing.assert_array_equal(dots["x"], table["value"])
    np.testing.assert_array_equal(ends(interval), table[["low", "high"]])
    assert "24 queries" in figure.caption
    assert "8 raters" in figure.caption
    assert "human reference" not in figure.caption


def test_what_was_trained_on_the_collection_is_hollow(made: Analysis, cast: pd.DataFrame) -> None:
    for make in (mean_grades, rank_profile, critical_difference):
        figure = check(make(made, cast))
        fills = [
            fill for trace in figure.plot["data"] if isinstance(trace.get("marker"), dict)
            for fill in np.atleast_1d(trace["marker"].get("color", []))
            if "customdata" in trace
        ]  # fmt: skip
        hollow = {"means": 1, "profile": OF.depth, "critical-difference": 1}[figure.name]
        assert fills.count("#fff") == hollow
        assert "Hollow: trained on sounds of the collection: S3 (its sounds)." in figure.caption
    for make in (pair_matrix, family_means):
        figure = check(make(made, cast))
        assert "○: trained on sounds of the collection: S3 (its sounds)." in figure.caption
        assert "○ S3" in rows_of(figure)


def test_bounds_are_drawn_where_something_was_not_judged(cast: pd.DataFrame) -> None:
    of = Analysis(sparse())
    figure = check(mean_grades(of, cast))
    own = figure.table[figure.table["judged"] < 1]
    assert len(own) > 0
    whiskers = figure.plot["data"][0]
    drawn = np.reshape(whiskers["x"], (-1, 3))[:, :2]
    np.testing.assert_array_equal(drawn, own[["lower_bound", "upper_bound"]])
    assert (drawn[:, 0] < own["value"]).all()
    assert f"{len(own)} of 6 systems" in figure.caption


def test_the_reference_and_who_passed_are_drawn_with_their_intervals(cast: pd.DataFrame) -> None:
    people = raters(OF.raters)
    people.loc[2:, "passed"] = np.arange(6) % 2
    told = known(raters=people)
    everybody, passed = Analysis(told), Analysis(told, screened=True)
    reference = everybody.reference
    figure = check(mean_grades(everybody, cast, passed.mean_grades, reference))
    line = named(figure, f"human reference {reference.value:.1f}")
    assert set(line["x"]) == {reference.value}
    (band,) = [one for one in figure.plot["layout"]["shapes"] if one["type"] == "rect"]
    assert (band["x0"], band["x1"]) == (reference.low, reference.high)
    own = {one.system: one.estimate for one in passed.mean_grades.systems}
    dots = named(figure, "raters who passed")
    assert dots["x"].tolist() == [own[name].value for name in ORDER]
    assert (dots["y"] > named(figure, "all raters")["y"]).all()
    assert figure.table["passed_low"].tolist() == [own[name].low for name in ORDER]
    assert "Diamonds are of the 5 who passed" in figure.caption
    assert figure.table["reference"].unique().tolist() == [reference.value]
    assert "95 % interval over queries and raters: " in figure.caption


def test_what_few_raters_say_is_for_these_alone() -> None:
    few = Analysis(tables(simulated(systems=3, queries=8, raters=4)))
    own = study_cast(few.tables)
    figure = mean_grades(few, own, None, few.reference)
    assert figure
    assert "95 % interval over queries, for these raters alone: " in figure.caption
    of = primarily("ndcg")
    table = of.judgements
    four = replace(of, judgements=table[table["rater"].isin(OF.raters[:4])])
    for told, words in (
        (of, "queries and raters have random weights (seed 1)."),
        (four, "queries have random weights (seed 1); they speak for these raters alone."),
    ):
        every = primary_scores(Analysis(told), study_cast(told))
        assert every
        assert words in every.caption


def test_the_axis_is_the_whole_scale_with_the_words_that_fit() -> None:
    wordy = Facet(anchors=((0, "not at all"), (3, "x" * 30), (50, "half"), (100, "yes")), step=1)
    axis = scale_axis(wordy)
    texts = dict(zip(axis["tickvals"], axis["ticktext"], strict=True))
    assert texts == {0: "0<br>not at all", 50: "50<br>half", 100: "100<br>yes"}
    low, high = axis["range"]
    assert low < 0 < 100 < high
    few = scale_axis(Facet(anchors=((1, "no"), (5, "<b>yes")), step=1))
    assert sorted(few["tickvals"]) == [1, 2, 3, 4, 5]
    assert "5<br>&lt;b&gt;yes" in few["ticktext"]


def test_the_primary_measure_has_a_figure_of_its_own(cast: pd.DataFrame) -> None:
    assert primary_scores(Analysis(known()), cast) is None
    of = Analysis(primarily(FIRST_RANK))
    figure = check(primary_scores(of, cast))
    values = figure.table["value"]
    assert values[:4].is_monotonic_increasing
    assert values[4:].is_monotonic_increasing
    expected = {one.system: one.estimate.value for one in of.primary.systems}
    assert values.tolist() == [expected[name] for name in figure.table["system"]]
    assert "lower is better" in figure.caption
    assert "2,000 replicates" in figure.caption
    assert "seed 1" in figure.caption
    assert figure.plot["layout"]["xaxis"]["title"]["text"] == "First good rank"
    low, high = figure.plot["layout"]["xaxis"]["range"]
    assert low < figure.table["low"].min() < figure.table["high"].max() < high
    assert "higher is better" in check(primary_scores(Analysis(primarily("ndcg")), cast)).caption


def test_lists_are_called_lists() -> None:
    of = RatingAnalysis(rated(LISTS))
    own = study_cast(of.tables)
    figure = check(mean_grades(of, own))
    assert figure.title == "Mean rating"
    assert "Mean rating of its lists" in figure.caption
    assert primary_scores(of, own) is None
    assert rank_profile(of, own) is None
    for make in (pair_matrix, critical_difference, family_means, class_means):
        check(make(of, own))


def test_a_panel_a_system_shows_its_ranks(made: Analysis, cast: pd.DataFrame) -> None:
    figure = check(rank_profile(made, cast))
    assert figure.table["system"].tolist() == [name for name in ORDER for _ in range(5)]
    stored = made.profile.set_index(["system", "rank"])["value"]
    drawn = figure.table.set_index(["system", "rank"])["value"]
    assert drawn.to_dict() == stored.to_dict()
    layout = figure.plot["layout"]
    lines = [one for one in figure.plot["data"] if "customdata" in one]
    names = [one["text"] for one in layout["annotations"] if one["text"] != "Rank"]
    assert names[4:] == ["S0 (simulated)", "S1 (simulated)"]
    for place, (name, line) in enumerate(zip(ORDER, lines, strict=True)):
        own = figure.table[figure.table["system"] == name]
        np.testing.assert_array_equal(line["y"], own["value"])
        traces = [one for one in figure.plot["data"] if one["xaxis"] == line["xaxis"]]
        others, band = traces[:2]
        assert band["y"] == own["low"].tolist() + own["high"].tolist()[::-1]
        # Computed systems and simulated ones are not compared by one panel.
        assert np.isnan(others["y"]).sum() == (1 if place > 3 else 3)
        assert not set(own["value"]) & set(others["y"])
        # Each of the others is a line of its own: whole, with a gap behind it.
        behind = [one for one in (ORDER[4:] if place > 3 else ORDER[:4]) if one != name]
        ranks = np.reshape(others["x"], (len(behind), 6))
        np.testing.assert_array_equal(ranks, [[1, 2, 3, 4, 5, np.nan]] * len(behind))
    bottoms = [layout[f"yaxis{one or ''}"]["domain"][0] for one in ("", 5)]
    (line,) = layout["shapes"]
    assert layout["yaxis5"]["domain"][1] < line["y0"] < bottoms[0]
    assert bottoms[1] >= 0
