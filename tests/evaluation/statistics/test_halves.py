"""How alike two halves of the raters order the systems."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kendalltau

from evaluation.analysis.system_scores import per_rater
from evaluation.statistics.split_halves import split_halves
from tests.support.studies.rated import simulated


def plain(scores: np.ndarray) -> list[float]:
    """Return tau of every way to halve the raters, one by one, of scores without gaps."""
    raters, found = scores.shape[1], []
    for half in combinations(range(raters), raters // 2):
        rest = [one for one in range(raters) if one not in half]
        levels = [scores[:, list(own)].mean(axis=(1, 2)) for own in (half, rest)]
        found.append(kendalltau(*levels).statistic)
    return found


def test_random_halves_agree_as_all_halves_do() -> None:
    rng = np.random.default_rng(5)
    scores = rng.normal(0, 1, (6, 6, 4)) + 0.5 * np.arange(6)[:, None, None]
    found, every = split_halves(scores, splits=4000), plain(scores)
    assert found.tau == pytest.approx(np.mean(every), abs=0.02)
    assert (found.low, found.high) == pytest.approx(np.quantile(every, (0.025, 0.975)))
    assert found.splits == 4000


def test_gaps_leave_the_queries_that_both_halves_judged() -> None:
    """A system that only lenient raters judged on an easy query gains nothing by it."""
    scores = np.zeros((2, 4, 3))
    scores[0], scores[1] = 2.0, 1.0
    scores[1, 1:, 2] = np.nan
    scores[1, 0, 2] = 100.0  # one rater alone: no two halves share it
    assert (split_halves(scores).tau, split_halves(scores).low) == (1.0, 1.0)


def test_raters_who_order_the_systems_at_random_do_not_agree() -> None:
    scores = np.random.default_rng(1).normal(0, 1, (14, 30, 40))
    found = split_halves(scores)
    assert abs(found.tau) < 0.2
    assert found.low < 0 < found.high
    sure = split_halves(per_rater(simulated(raters=20, queries=40), "mean_grade"))
    assert sure.tau > 0.95


def test_who_judged_nothing_is_in_no_half() -> None:
    scores = np.full((3, 6, 2), np.nan)
    scores[:, :3] = 1.0
    assert split_halves(scores).reason == "it needs 4 raters and two systems"
    scores[:, 3] = np.arange(3)[:, None]
    assert split_halves(scores).tau is None  # one half is always tied


def test_what_cannot_be_said() -> None:
    assert split_halves(np.ones((1, 9, 3))).reason == "it needs 4 raters and two systems"
    assert split_halves(np.full((3, 0, 0), np.nan)).reason == "it needs 4 raters and two systems"
    apart = np.full((3, 4, 4), np.nan)
    for rater in range(4):
        apart[:, rater, rater] = np.arange(3)
    assert split_halves(apart).reason == "the halves share no queries, or nothing varies in one"
