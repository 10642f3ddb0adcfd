"""The figures of agreement, of ears beside labels and of preferences show their tables' numbers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.analysis.ratings import Ratings
from evaluation.figures.figure import Figure
from evaluation.figures.study import agreement_figures, beside, preference_figures
from evaluation.figures.study.cast import study_cast
from evaluation.figures.study.sentences import one_test, worded
from evaluation.figures.study.slopes import spread
from evaluation.protocol.terms import Facet, Protocol, Queries, Scale
from evaluation.records.frames import StudyTables
from tests.support.studies.list_studies import LISTS, PREFERRED, RATED, STUDY, preferences, rated
from tests.support.studies.made_study import tables
from tests.support.studies.rated import simulated

OF_PANEL = (
    agreement_figures.grade_histogram, agreement_figures.rater_kappas,
    agreement_figures.reliability_curves, agreement_figures.variance_parts,
)  # fmt: skip
OF_SYSTEMS = (beside.ears_and_labels, beside.rank_slopes, beside.above_matrix)
OF_CHOICES = (
    preference_figures.strengths,
    preference_figures.win_rates,
    preference_figures.win_matrix,
)


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


def named(system: str, provenance: str) -> str:
    return f"{system.upper()} (simulated)" if provenance == "simulated" else system.upper()


def test_every_grade_has_its_bar() -> None:
    figure, of = drawn("grades"), study()
    bars, axis = figure.plot["data"][0], figure.plot["layout"]["yaxis"]
    assert (
        bars["x"].tolist() == figure.table["ratings"].tolist() == of.histogram["ratings"].tolist()
    )
    ends = [figure.table["grade"][place] for place in axis["tickvals"]]
    assert [f"{grade} {word}" for grade, word in zip(ends, ("no", "yes"), strict=True)] == (
        axis["ticktext"]
    )
    alpha = of.alpha["ordinal"]
    assert (
        f"{alpha.value:.2f} (95 % interval {alpha.low:.2f} to {alpha.high:.2f})" in figure.caption
    )
    assert f"{of.percent.equal * 100:.0f} % are equal" in figure.caption


def test_anchors_with_many_words_have_room() -> None:
    of = simulated(systems=2, queries=4, raters=3)
    protocol = Protocol("made", "A made study", "c", of.systems, Queries(clips=of.queries),
                        depth=of.depth, scale=Scale((Facet(),)))  # fmt: skip
    figure = agreement_figures.grade_histogram(Analysis(tables(of, protocol=protocol)))
    assert figure
    axis = figure.plot["layout"]["yaxis"]
    row = figure.plot["layout"]["height"] / (axis["range"][1] - axis["range"][0])
    for (low, high), text in zip(pairwise(axis["tickvals"]), axis["ticktext"], strict=False):
        assert (high - low) * row > 16 * (text.count("<br>") + 1)
    assert axis["ticktext"][-1] == "100 could be another take<br>of it"
    assert figure.plot["data"][0]["text"] == [str(one) for one in figure.table["ratings"]]


def test_kappas_are_written_up_to_fifteen_raters() -> None:
    figure, of = drawn("kappas"), study()
    table = figure.table.set_index(["rater_a", "rater_b"])["kappa"].to_dict()
    assert cells(figure) == table | {pair[::-1]: kappa for pair, kappa in table.items()}
    assert table["r00", "r03"] == of.kappas[0, 3]
    assert len(traces(figure, "text")[0]["text"]) == 6 * 5
    assert set(figure.table["shared"]) == {12 * 20}
    many = Analysis(tables(simulated(systems=2, queries=3, raters=16)))
    crowded = agreement_figures.rater_kappas(many)
    assert crowded
    check(crowded)
    assert not traces(crowded, "text")
    assert crowded.plot["data"][0]["showscale"]


def test_reliability_answers_what_more_would_bring() -> None:
    figure, study_of = drawn("reliability"), study().generalizability
    curves = figure.table[~figure.table["this_study"]]
    by_size = curves.set_index(["queries", "raters"])["reliability"]
    assert sorted(figure.table["queries"].unique()) == [6, 12, 24, 48]
    assert figure.table["raters"].max() == 20
    for trace, (queries, own) in zip(traces(figure, "lines"), by_size.groupby("queries"),
                                     strict=True):  # fmt: skip
        assert trace["name"].startswith(f"{queries} queries")
        assert trace["y"].tolist() == own.tolist()
    here = points_of_study(figure)
    assert here == (6, study_of.own) == (6, pytest.approx(by_size[12, 6]))
    assert figure.table[figure.table["this_study"]].to_numpy(float).tolist() == [
        [12, 6, study_of.own, 1]
    ]
    told = study_of.reliability(22, 6), study_of.reliability(12, 8)
    assert f"10 more queries would give {told[0]:.3f} and 2 more raters {told[1]:.3f}" in (
        figure.caption
    )
    more = "queries" if told[0] > told[1] else "raters"
    assert f"the {more} bring more" in figure.caption
    assert "complete designs, with so many raters for every query" in figure.caption
    assert f"with 12 queries and 6 raters: {study_of.own:.2f}." in figure.caption
    assert figure.simulated


def test_a_sparse_study_is_a_point_of_its_own() -> None:
    made = simulated(systems=7, queries=12, raters=12)
    absent = (np.arange(12)[:, None] - np.arange(12)) % 12 >= 3
    of = Analysis(
        tables(replace(made, table=np.where(absent[:, made.query_of], np.nan, made.table)))
    )
    figure, found = agreement_figures.reliability_curves(of), of.generalizability
    assert figure
    check(figure)
    assert points_of_study(figure) == (3, found.own)
    assert found.reliability(12, 3) < found.own < found.reliability(12, 12)
    assert f"12 raters, 3 of them for a query on average: {found.own:.2f}." in figure.caption
    told = [found.reliability(*size) for size in ((22, 3), (12, 5), (12, 3))]
    assert "In a complete design, where each rater judges every query, 10 more queries would give "\
        f"{told[0]:.3f} and 2 more raters {told[1]:.3f}, from {told[2]:.3f} with 12 queries and 3 "\
        "raters" in figure.caption  # fmt: skip


def points_of_study(figure: Figure) -> tuple[float, float]:
    (own,) = traces(figure)
    return own["x"][0], own["y"][0]


def test_shares_of_the_variance_add_up() -> None:
    figure, parts = drawn("variance"), study().generalizability.parts
    assert figure.table["share"].sum() == pytest.approx(1)
    assert figure.plot["data"][0]["x"].tolist() == figure.table["share"].tolist()
    assert figure.table.set_index("component")["variance"].to_dict() == parts


def test_ears_beside_labels_show_each_score_of_each_system() -> None:
    figure, of = drawn("ears-labels"), study()
    table = figure.table
    assert set(table["system"]) == set(of.ratings.systems)
    names = ("own_ap15", "collection_ap15", "collection_r1")
    known = [pair for name in names for pair in zip(table[name], table["value"], strict=True)]
    assert sorted(points(figure)) == sorted(known)
    stored = of.beside.set_index("system").loc[table["system"], [*names, "value"]]
    assert np.array_equal(stored.to_numpy(float), table[[*names, "value"]].to_numpy(float))
    first = traces(figure)[0]
    own = table[table["provenance"] == "computed"]
    assert np.allclose(first["error_y"]["array"] + first["y"], own["high"])
    assert np.allclose(first["x"] - first["error_x"]["arrayminus"], own["own_ap15_low"])
    hollow = [one["marker"]["symbol"].tolist() for one in traces(figure) if "customdata" in one]
    assert sum(one.count("circle-open") for one in hollow) == 3
    layout = figure.plot["layout"]
    for number in (3, 6):
        assert layout[f"xaxis{number}"]["range"][0] > layout[f"xaxis{number}"]["range"][1]
    assert layout["xaxis"]["range"][0] < layout["xaxis"]["range"][1]
    assert "Hollow: trained on sounds of this collection: S1 (made-dev)." in figure.caption
    tau = of.orders["own", "ap15"]
    assert tau.tau is not None
    assert f"tau-b {tau.tau:.2f} (95 % interval" in figure.caption
    assert f"is {tau.least:.3f} with k = 7 systems" in figure.caption


def test_of_few_systems_no_coefficient_is_told() -> None:
    of = Analysis(tables(simulated(systems=5, queries=6, raters=3)))
    figure = beside.ears_and_labels(of, study_cast(of.tables))
    assert figure
    assert "tau" not in figure.caption
    assert "k = 5" in figure.caption


def test_few_raters_are_not_sampled() -> None:
    alone = "over queries, for these raters alone"
    of = Analysis(tables(simulated(systems=7, queries=8, raters=4)))
    figures = {one.name: one.caption for one in of_systems(of) if one}
    assert f"Vertical lines are 95 % intervals {alone}." in figures["ears-labels"]
    assert f"reverse-percentile intervals {alone} (" in figures["ears-labels"]
    assert f"random weights, {alone}, seed 1." in figures["above"]
    assert "over these raters" not in "".join(figures.values())
    assert alone not in "".join(drawn(name).caption for name in ("ears-labels", "above"))
    given = preferences()
    of_few = PreferenceAnalysis(
        mixed(tables(STUDY, preferences=given[given["rater"].isin(["r00", "r01"])]))
    )
    rates = preference_figures.win_rates(of_few, study_cast(of_few.tables))
    assert rates
    assert f"Lines are 95 % intervals {alone}." in rates.caption
    strengths = preference_figures.strengths(of_few, study_cast(of_few.tables))
    assert strengths
    assert f"Lines are 95 % intervals {alone}, from random weights" in strengths.caption


@pytest.mark.parametrize(("queries", "raters"), [(1, 6), (6, 1)])
def test_one_query_or_one_rater_has_no_replicates(queries: int, raters: int) -> None:
    of = Analysis(tables(simulated(systems=7, queries=queries, raters=raters)))
    figures = {one.name: one.caption for one in of_systems(of) if one}
    assert "above" not in figures
    assert "reverse-percentile" not in figures["ears-labels"]
    assert "tau-b " in figures["ears-labels"]
    assert ("Horizontal ones" in figures["ears-labels"]) == (queries > 1)
    for caption in figures.values():
        assert not re.search(r"\b1 (queries|raters|systems)\b", caption)


def test_tests_of_simulated_systems_with_others_say_so() -> None:
    words = "Computed and simulated systems are in one test here."
    assert words in drawn("ears-labels").caption
    assert words in drawn("relabelled").caption
    of = Analysis(tables(simulated(systems=7, queries=8, raters=6)))
    assert not any(words[9:] in one.caption for one in of_systems(of) if one)
    rows = pd.DataFrame({"provenance": ["imported", "simulated", "computed"]})
    assert one_test(rows).startswith("Computed, imported and simulated systems")
    assert one_test(rows[::2]) == ""
    assert one_test(rows[1:2]) == ""


def test_studies_of_lists_speak_of_lists() -> None:
    told = rated(LISTS)
    of = RatingAnalysis(replace(told, protocol=replace(told.protocol, method="rating")))
    figures = [*(make(of) for make in OF_PANEL), *of_systems(of)]
    assert len([one for one in figures if one]) == 7
    for figure in figures:
        if figure:
            texts = [figure.title, figure.caption, *map(str, traces(figure))]
            found = [text for text in texts if re.search(r"\b([gG]rade[ds]?|sounds?)\b", text)]
            assert not found
    assert "mean rating of the row's system" in figures[6].caption
    assert figures[0].title == "Ratings that were given"
    assert worded(study(), "Grades of a sound") == "Grades of a sound"


def test_alpha_without_an_interval_names_no_method() -> None:
    figure = agreement_figures.grade_histogram(Analysis(HOSTILE["one query"]()))
    assert figure
    alpha = figure.caption.split("(ordinal): ")[1].split(". ")[0]
    assert "interval" not in alpha


def test_scores_that_are_not_there_have_no_panel() -> None:
    made = tables(simulated(systems=4, queries=6, raters=3))
    own = replace(made, objective=made.objective[made.objective["level"] == "query"])
    figures = {one.name: one for one in of_systems(Analysis(own)) if one}
    assert "xaxis2" not in figures["ears-labels"].plot["layout"]
    assert "collection_r1" not in figures["ears-labels"].table
    assert [one for one in figures["slopes"].table if one.startswith("place")] == [
        "place_own_ap15", "place_value",
    ]  # fmt: skip
    none = replace(made, objective=made.objective[:0])
    assert [one.name for one in of_systems(Analysis(none)) if one] == ["relabelled"]


def test_slopes_are_places_within_each_kind_and_the_far_ones_are_thick() -> None:
    figure = drawn("slopes")
    columns = [one for one in figure.table if one.startswith("place_")]
    pairs = [(number, value) for _, row in figure.table.iterrows()
             for number, value in enumerate(row[columns])]  # fmt: skip
    assert sorted(points(figure)) == sorted(pairs)
    for _, own in figure.table.groupby("provenance"):
        for column in columns:
            score = own[column.removeprefix("place_")]
            assert own[column].tolist() == score.rank(ascending=False).tolist()
    far = sum(
        int((own[columns].diff(axis=1).abs() >= 3).sum(axis=None))
        for _, own in figure.table.groupby("provenance")
    )
    thick = [one for one in traces(figure, "lines") if one["line"]["width"] == 4]
    assert sum(int((~np.isnan(one["y"])).sum()) for one in thick) == 2 * far


def test_a_system_that_moves_three_places_is_thick() -> None:
    made = tables(simulated(systems=4, queries=6, raters=3))
    scores = made.objective.copy()
    scores.loc[scores["system"] == "s0", "ap15"] = 0.0
    of = Analysis(replace(made, objective=scores))
    figure = beside.rank_slopes(of, study_cast(of.tables))
    assert figure
    assert figure.table.set_index("system").loc["s0", "place_own_ap15"] == 4
    (thick,) = [one for one in traces(figure, "lines") if one["line"]["width"] == 4]
    assert thick["y"][~np.isnan(thick["y"])].tolist() == [4, 1, 1, 4]


def test_above_is_a_share_and_the_rest_of_its_mirror() -> None:
    figure, of = drawn("above"), study()
    shown, table = cells(figure), figure.table
    expected = {
        (named(row["system_a"], row["provenance_a"]), named(row["system_b"], row["provenance_b"])):
        row["above"] for _, row in table.iterrows()
    }  # fmt: skip
    assert shown == expected
    assert len(shown) == 7 * 6
    assert all(shown[pair] + shown[pair[::-1]] == pytest.approx(1) for pair in shown)
    row = table.set_index(["system_a", "system_b"]).loc[("s0", "s3")]
    assert row["above"] == of.orders["own", "ap15"].above[0, 3]
    assert len(figure.plot["layout"]["shapes"]) == 2
    assert figure.plot["layout"]["shapes"][0]["y0"] == 4.5
    assert "2,000 replicates" in figure.caption
    assert "○ S1" in figure.plot["layout"]["yaxis"]["ticktext"]


def test_relabelled_says_whether_the_order_changes() -> None:
    figure, of = drawn("relabelled"), study()
    columns = ["ap_labels", "ap_ears", "ap_both"]
    pairs = [(number, value) for _, row in figure.table.iterrows()
             for number, value in enumerate(row[columns])]  # fmt: skip
    assert sorted(points(figure)) == sorted(pairs)
    count = of.relabelled["queries"].iloc[0]
    assert f"over the n = {count} queries with a relevant result by all three" in figure.caption
    assert figure.table["queries"].tolist() == [count] * 7
    stored = of.relabelled.set_index("system").loc[figure.table["system"], columns]
    assert np.array_equal(stored, figure.table[columns])
    one, other = (of.relabelled[name].to_numpy() for name in columns[:2])
    a, b = np.triu_indices(7, k=1)
    swaps = int(((one[a] - one[b]) * (other[a] - other[b]) < 0).sum())
    assert f"by ears {swaps} pair" in figure.caption
    assert f"by labels {'changes' if swaps else 'does not change'}" in figure.caption


def test_names_keep_apart_and_near_their_values() -> None:
    values = np.array([0.5, 0.5, 0.51, 0.9, 0.0])
    where = spread(values, 0.1, (0.0, 1.0))
    assert (np.diff(np.sort(where)) > 0.0999).all()
    assert where.min() >= 0.05
    assert where[3] == pytest.approx(0.9)
    assert where[[0, 1, 2]].mean() == pytest.approx(values[[0, 1, 2]].mean())
    assert spread(np.zeros(4), 1.0, (-0.5, 3.5)).tolist() == [0, 1, 2, 3]


@cache
def choices() -> PreferenceAnalysis:
    return PreferenceAnalysis(mixed(tables(STUDY, preferences=preferences())))


def test_strengths_and_win_rates_are_drawn_with_intervals_best_first() -> None:
    of = choices()
    cast = study_cast(of.tables)
    for make, value in (
        (preference_figures.strengths, "strength"),
        (preference_figures.win_rates, "value"),
    ):
        figure = make(of, cast)
        assert figure
        check(figure)
        table = figure.table
        assert table["system"].tolist() == ["s0", "s1", "s3", "s2"]
        dots = figure.plot["data"][0]
        assert dots["x"].tolist() == table[value].tolist()
        ends = ("strength_low", "strength_high") if value == "strength" else ("low", "high")
        assert np.allclose(dots["x"] - dots["error_x"]["arrayminus"], table[ends[0]])
        assert np.allclose(dots["x"] + dots["error_x"]["array"], table[ends[1]])
        stored = of.table.set_index("system").loc[table["system"], value]
        assert stored.tolist() == table[value].tolist()
        assert any(one["y0"] == one["y1"] == 2.5 for one in figure.plot["layout"]["shapes"])
        assert dots["marker"]["symbol"].tolist().index("circle-open") == 1
        assert "n = 864 choices by 6 raters for 24 queries." in figure.caption


def test_wins_are_counted_both_ways() -> None:
    of = choices()
    figure = preference_figures.win_matrix(of, study_cast(of.tables))
    assert figure
    check(figure)
    table, pair = figure.table, of.matrix.iloc[1]
    rows = table.set_index(["system_a", "system_b"])
    told = rows.loc[[("s0", "s2"), ("s2", "s0")]]
    assert (
        told["wins"].tolist() == [pair["wins_a"], pair["wins_b"]] == told["losses"][::-1].tolist()
    )
    assert told["ties"].tolist() == [pair["ties"]] * 2
    assert told["share"].sum() == pytest.approx(1)
    share = (pair["wins_a"] + pair["ties"] / 2) / pair["votes"]
    assert cells(figure)["S0", "S2 (simulated)"] == told["share"].iloc[0] == share
    said = figure.plot["data"][0]["hovertext"]
    assert said[0, 3].endswith(
        f"{pair['wins_a']} wins, {pair['ties']} without a difference, {pair['wins_b']} losses"
    )


def test_a_penalty_and_systems_without_lists_are_said() -> None:
    cases = {
        "one always wins": "a small penalty",
        "one was never shown": "no list of theirs was compared: S3 (simulated)",
    }
    for case, words in cases.items():
        of = PreferenceAnalysis(PREFERRED[case]())
        figure = preference_figures.strengths(of, study_cast(of.tables))
        assert figure
        assert words in figure.caption


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


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_studies_have_figures_or_none(case: str) -> None:
    of = Analysis(HOSTILE[case]())
    figures = [*(make(of) for make in OF_PANEL), *of_systems(of)]
    for figure in figures:
        if figure:
            check(figure)
    made = {one.name for one in figures if one}
    assert ("grades" in made) == (case != "nothing")
    assert ("kappas" in made) == (
        "one rater" not in case and case not in ("nothing", "all the same")
    )


@pytest.mark.parametrize("case", RATED)
def test_hostile_ratings_of_lists_have_figures_or_none(case: str) -> None:
    of = RatingAnalysis(RATED[case]())
    for figure in (*(make(of) for make in OF_PANEL), *of_systems(of)):
        if figure:
            check(figure)


@pytest.mark.parametrize("case", PREFERRED)
def test_hostile_choices_have_figures_or_none(case: str) -> None:
    of = PreferenceAnalysis(PREFERRED[case]())
    cast = study_cast(of.tables)
    for make in OF_CHOICES:
        figure = make(of, cast)
        assert (figure is None) == (case == "nothing")
        if figure:
            check(figure)


def test_every_figure_of_a_study_is_whole() -> None:
    for name in ("grades", "kappas", "reliability", "variance", "ears-labels", "slopes", "above",
                 "relabelled"):  # fmt: skip
        figure = drawn(name)
        check(figure)
        assert isinstance(figure.table, pd.DataFrame)
        assert "n = 1,440 grades by 6 raters for 12 queries." in figure.caption
