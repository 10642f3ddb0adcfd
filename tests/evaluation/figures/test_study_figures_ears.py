"""The figures of agreement, of ears beside labels and of preferences show their tables' numbers."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.figures.figure import Figure
from evaluation.figures.study import agreement_figures, beside, preference_figures
from evaluation.figures.study.cast import study_cast
from evaluation.figures.study.sentences import one_test, worded
from evaluation.protocol.terms import Facet, Protocol, Queries, Scale
from tests.support.figures.ear_figures import (
    HOSTILE,
    OF_PANEL,
    cells,
    check,
    drawn,
    mixed,
    of_systems,
    points,
    study,
    traces,
)
from tests.support.studies.list_studies import LISTS, STUDY, preferences, rated
from tests.support.studies.made_study import tables
from tests.support.studies.rated import simulated


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
