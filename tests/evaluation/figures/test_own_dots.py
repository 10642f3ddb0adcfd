"""The figure of each rater's own differences: a dot is what the rater's grades say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.figures.study.cast import study_cast
from evaluation.figures.study.own_dots import MOST_ROWS, own_dots
from tests.support.figures.mean_figures import OF, check, known, named, primarily, rows_of
from tests.support.studies.list_studies import LISTS, rated
from tests.support.studies.made_study import tables
from tests.support.studies.rated import simulated


def own(of: Analysis, rater: str, first: str, second: str) -> float:
    """Return a rater's difference of two systems, from the grades themselves."""
    ratings = of.ratings
    grades = ratings.table[ratings.raters.index(rater)]
    scores = []
    for name in (first, second):
        lists = ratings.lists[ratings.systems.index(name)]
        scores.append([np.nanmean(grades[places[places >= 0]]) for places in lists])
    return float(np.mean(np.subtract(*scores)))


def test_a_dot_is_a_raters_own_difference(made: Analysis, cast: pd.DataFrame) -> None:
    figure = check(own_dots(made, cast))
    assert len(figure.table) == 15 * len(OF.raters)
    for row in figure.table.to_dict("records"):
        expected = own(made, row["rater"], row["system_a"], row["system_b"])
        assert row["value"] == pytest.approx(expected)
    assert figure.table["queries"].unique().tolist() == [24]
    means = figure.table.groupby(["system_a", "system_b"])["value"].mean()
    assert (means > 0).all()  # each pair the way round in which it is above zero
    dots = named(figure, "a rater")
    assert sorted(dots["x"]) == sorted(figure.table["value"])
    assert sorted(named(figure, "their mean")["x"]) == sorted(means)


def test_a_rater_has_a_height_and_a_pair_a_row(made: Analysis, cast: pd.DataFrame) -> None:
    figure = check(own_dots(made, cast))
    dots, rows = named(figure, "a rater"), rows_of(figure)
    assert len(rows) == 15
    assert all("<br>less " in one for one in rows)
    row = np.round(dots["y"]).astype(int)
    assert sorted(set(row)) == list(range(15))
    raters = [text.partition(":")[0] for text in dots["customdata"]]
    heights = pd.DataFrame({"rater": raters, "height": (dots["y"] - row).round(9)})
    assert heights.drop_duplicates().groupby("rater").size().tolist() == [1] * len(OF.raters)
    assert heights["height"].nunique() == len(OF.raters)
    assert heights["height"].abs().max() < 0.5
    for at, text in zip(row, dots["customdata"], strict=True):  # what is pointed at is its row's
        assert text.partition("<br>")[2].rpartition("<br>")[0] == rows[at]


def test_pairs_that_divide_the_raters_come_first() -> None:
    grades = OF.table.copy()
    turned = OF.lists[[0, 5]]  # one rater has the opposite taste of the best and the worst
    grades[0, turned.ravel()] = 100 - grades[0, turned.ravel()]
    of = Analysis(tables(replace(OF, table=grades)))
    figure = own_dots(of, study_cast(of.tables))
    assert figure
    dots = named(figure, "a rater")
    shares = pd.Series(dots["x"] < 0).groupby(np.round(dots["y"])).mean()
    assert shares.is_monotonic_decreasing
    assert shares.iloc[0] > 0
    divided = figure.table.assign(other=figure.table["value"] < 0)
    count = int(divided.groupby(["system_a", "system_b"])["other"].any().sum())
    assert f"In {count} of 15 pairs somebody says the opposite" in figure.caption


def test_many_pairs_are_in_the_table_and_the_divided_ones_drawn() -> None:
    of = Analysis(tables(simulated(systems=8, queries=6, raters=6)))
    figure = own_dots(of, study_cast(of.tables))
    assert figure
    assert len(figure.table) == 28 * 6
    assert len(rows_of(figure)) == MOST_ROWS
    assert f"and the {MOST_ROWS} first ones are drawn." in figure.caption


def test_what_the_protocol_fixed_comes_first() -> None:
    told = primarily("mean_grade", comparisons=(("s4", "s5"),))
    figure = own_dots(Analysis(told), study_cast(told))
    assert figure
    assert rows_of(figure)[0] in ("S4<br>less S5", "S5<br>less S4")


def test_a_measure_of_the_panel_is_shown_by_the_mean_grade() -> None:
    told = primarily("ndcg")
    of = Analysis(told)
    figure = check(own_dots(of, study_cast(told)))
    assert figure.plot["layout"]["xaxis"]["title"]["text"] == "Difference in mean grade"
    assert "nDCG, which the protocol reports first, is of the whole panel" in figure.caption
    precise = primarily("precision")
    figure = check(own_dots(Analysis(precise), study_cast(precise)))
    assert "whole panel" not in figure.caption
    assert figure.table["value"].abs().max() <= 1


def test_who_judged_little_has_dots_of_that_alone() -> None:
    grades = OF.table.copy()
    grades[2, OF.query_of >= 2] = np.nan
    grades[3] = np.nan
    of = Analysis(tables(replace(OF, table=grades)))
    figure = own_dots(of, study_cast(of.tables))
    assert figure
    assert figure.table.groupby("rater")["queries"].unique().map(list).to_dict() == {
        name: [2] if name == "r02" else [24] for name in OF.raters if name != "r03"
    }


def test_lists_are_shown_and_nothing_where_there_are_no_pairs() -> None:
    told = rated(LISTS)
    of = RatingAnalysis(replace(told, protocol=replace(told.protocol, method="rating")))
    figure = check(own_dots(of, study_cast(of.tables)))
    assert "Mean rating of the first system less the second's, by each rater's own ratings" in (
        figure.caption
    )
    alone = Analysis(tables(simulated(systems=1)))
    assert own_dots(alone, study_cast(alone.tables)) is None
    nobody = Analysis(known(judgements=known().judgements[:0]))
    assert own_dots(nobody, study_cast(nobody.tables)) is None
