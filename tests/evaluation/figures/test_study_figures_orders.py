"""The figures of orders and of preferences show their tables' numbers."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.figures.study import beside, preference_figures
from evaluation.figures.study.cast import study_cast
from evaluation.figures.study.slopes import spread
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
from tests.support.studies.list_studies import PREFERRED, RATED, STUDY, preferences
from tests.support.studies.made_study import tables
from tests.support.studies.rated import simulated

OF_CHOICES = (
    preference_figures.strengths,
    preference_figures.win_rates,
    preference_figures.win_matrix,
)


def named(system: str, provenance: str) -> str:
    return f"{system.upper()} (simulated)" if provenance == "simulated" else system.upper()


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


def test_a_prior_and_systems_without_lists_are_said() -> None:
    cases = {
        "one always wins": "half a win, half a loss and half a tie",
        "one was never shown": "no list of theirs was compared: S3 (simulated)",
    }
    for case, words in cases.items():
        of = PreferenceAnalysis(PREFERRED[case]())
        figure = preference_figures.strengths(of, study_cast(of.tables))
        assert figure
        assert words in figure.caption


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
