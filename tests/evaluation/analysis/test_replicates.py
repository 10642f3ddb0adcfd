"""Replicates of the systems' scores: the plain definition with random weights, only faster."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from evaluation.analysis.ratings import Ratings
from evaluation.analysis.replicates import (
    DRAWN,
    common_replicates,
    panel_replicates,
    weighs_raters,
    weighted,
    weights,
)
from evaluation.analysis.system_scores import of_panel
from evaluation.statistics import graded_lists
from evaluation.statistics.significance import FEW_RATERS
from tests.support.studies.rated import simulated

GOOD = 60


def with_gaps() -> Ratings:
    """Return a study in which about everything is missing somewhere."""
    study = simulated(systems=4, queries=12, raters=6, missing=0.4)
    table, lists = study.table.copy(), study.lists.copy()
    table[:, 3:6] = np.nan
    table[:, study.query_of == 5] = 0
    table[:, study.query_of == 7] = np.nan
    lists[0, 2], lists[1, 3, 3:], lists[2, 4, 0] = -1, -1, -1
    return replace(study, table=table, lists=lists, lowest=0.0)


def plain_scores(
    study: Ratings, measure: str, replicates: int, good: float = GOOD
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the replicates one by one, by the functions that score a study.

    Scores are float [systems, queries], weights of queries float [1, queries].
    """
    there = ~np.isnan(study.table)
    of_rater, of_query = weights(len(study.raters), len(study.queries), replicates)
    for rater, query in zip(of_rater, of_query, strict=True):
        total = np.where(there.any(axis=0), rater @ there, np.nan)
        mean = (rater @ np.nan_to_num(study.table)) / total
        if measure == "mean_grade":
            yield graded_lists.mean_there(study.along(mean, study.lists)), query[None]
        else:
            yield of_panel(study, measure, good, mean), query[None]


def plain(study: Ratings, measure: str, replicates: int, good: float = GOOD) -> np.ndarray:
    """Return the systems' scores in the replicates of `plain_scores`."""
    drawn = plain_scores(study, measure, replicates, good)
    return np.array([weighted(*each)[0] for each in drawn])


@pytest.mark.parametrize("measure", DRAWN)
def test_they_are_what_the_definition_says(measure: str) -> None:
    study = with_gaps()
    found = panel_replicates(study, [measure], GOOD, replicates=130)[measure]
    np.testing.assert_allclose(found, plain(study, measure, 130), rtol=1e-5)


@pytest.mark.parametrize("measure", DRAWN)
def test_differences_are_of_the_queries_that_both_systems_have(measure: str) -> None:
    study = with_gaps()
    study.lists[3, :4] = -1
    found = common_replicates(study, measure, GOOD, replicates=130)
    for place, (scores, query) in enumerate(plain_scores(study, measure, 130)):
        apart = scores[:, None] - scores
        expected = np.array([weighted(row, query)[0] for row in apart])
        np.testing.assert_allclose(found[place], expected, rtol=1e-4, atol=1e-4)


def test_what_is_missing_is_not_good_even_where_every_grade_is() -> None:
    study, measure = with_gaps(), "first_relevant"
    study.table[:, study.lists[1, 0, 0]] = np.nan
    found = panel_replicates(study, [measure], 0, replicates=20)[measure]
    np.testing.assert_allclose(found, plain(study, measure, 20, good=0), rtol=1e-5)
    assert (found[:, 1] > 1).any()


def test_pools_of_fewer_results_than_lists_have_places() -> None:
    study = simulated(systems=1, queries=6, raters=5)
    places = np.full((1, 6, study.table.shape[1]), -1)
    places[..., : study.depth] = study.lists
    study = replace(study, lists=places)
    for measure in DRAWN:
        found = panel_replicates(study, [measure], GOOD, replicates=7)[measure]
        np.testing.assert_allclose(found, plain(study, measure, 7), rtol=1e-5)


def test_a_scale_that_does_not_begin_at_zero() -> None:
    study = replace(with_gaps(), table=with_gaps().table / 25 + 1, lowest=1.0, highest=5.0)
    for measure in DRAWN:
        if measure != "first_relevant":
            found = panel_replicates(study, [measure], replicates=20)[measure]
            np.testing.assert_allclose(found, plain(study, measure, 20), rtol=1e-5)


def test_several_at_once_are_those_of_one() -> None:
    study = simulated()
    both = panel_replicates(study, ["ndcg", "mean_grade"], replicates=150, seed=3)
    alone = panel_replicates(study, ["ndcg"], replicates=150, seed=3)["ndcg"]
    np.testing.assert_array_equal(both["ndcg"], alone)
    assert alone.shape == (150, 4)
    other = panel_replicates(study, ["ndcg"], replicates=150, seed=4)["ndcg"]
    assert not np.array_equal(alone, other)


def test_replicates_have_the_same_bytes_whoever_makes_them() -> None:
    study = with_gaps()
    made = []
    for workers in (None, 0, 2):
        panel = panel_replicates(study, DRAWN, GOOD, replicates=230, workers=workers)
        common = common_replicates(study, "ndcg", GOOD, replicates=230, workers=workers)
        made.append([*(panel[name].tobytes() for name in DRAWN), common.tobytes()])
    assert made[0] == made[1] == made[2]
    assert len(set(made[0])) == len(DRAWN) + 1


def test_queries_have_the_same_weights_whoever_the_raters_are() -> None:
    np.testing.assert_array_equal(weights(2, 5, 30)[1], weights(9, 5, 30)[1])
    assert weights(2, 5)[0].shape == (2000, 2)


def test_few_raters_weigh_the_same() -> None:
    assert (weights(FEW_RATERS - 1, 5, 30)[0] == 1).all()
    assert weights(FEW_RATERS - 1, 5, 30)[1].std() > 0.5
    assert weights(FEW_RATERS, 5, 30)[0].std() > 0.5


def test_raters_who_are_to_speak_for_themselves_weigh_the_same() -> None:
    study = simulated(raters=8)
    alone = replace(study, alone=True)
    assert weighs_raters(study)
    assert not weighs_raters(alone)
    found = panel_replicates(alone, ["mean_grade"], replicates=20)["mean_grade"]
    queries = graded_lists.mean_there(study.mean_by_rank)
    np.testing.assert_allclose(found, weighted(queries, weights(8, 20, 20)[1]), rtol=1e-5)


def test_who_judged_nothing_is_no_rater_to_speak_for_others() -> None:
    study = simulated(raters=6, queries=8)
    silent = replace(study, table=np.where(np.arange(6)[:, None] < 2, np.nan, study.table))
    assert weighs_raters(study)
    assert not weighs_raters(silent)
    own = silent.only_raters(silent.raters[2:])
    both = (panel_replicates(one, ["mean_grade"], replicates=20) for one in (silent, own))
    np.testing.assert_array_equal(*(one["mean_grade"] for one in both))
    queries = graded_lists.mean_there(own.mean_by_rank)
    found = panel_replicates(own, ["mean_grade"], replicates=20)["mean_grade"]
    np.testing.assert_allclose(found, weighted(queries, weights(4, 8, 20)[1]), rtol=1e-5)


@pytest.mark.parametrize("measure", DRAWN)
def test_what_nobody_judged_or_nobody_returned(measure: str) -> None:
    nobody = simulated(raters=1, queries=3)
    nobody = replace(nobody, table=np.full(nobody.table.shape, np.nan))
    assert np.isnan(panel_replicates(nobody, [measure], 50, replicates=9)[measure]).all()
    none = nobody.only_raters(())
    assert np.isnan(panel_replicates(none, [measure], 50, replicates=9)[measure]).all()
    never = simulated(systems=2, queries=3)
    lists = never.lists.copy()
    lists[1] = -1
    found = panel_replicates(replace(never, lists=lists), [measure], 50, replicates=9)[measure]
    assert np.isnan(found).tolist() == [[False, True]] * 9


def test_where_a_scale_begins_is_no_matter_to_what_counts_as_good() -> None:
    """The same study on a scale that begins at 10; no grade lies on the bound itself."""
    study, measure = with_gaps(), "first_relevant"
    moved = replace(study, table=study.table + 10, lowest=10.0, highest=study.highest + 10)
    expected = panel_replicates(study, [measure], 60.3, replicates=60)[measure]
    found = panel_replicates(moved, [measure], 70.3, replicates=60)[measure]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.unique(expected[~np.isnan(expected)]).size > 60  # and not all the same
