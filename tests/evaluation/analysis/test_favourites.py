"""The human reference: what favourites are worth to others, and how surely that is known."""

from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy.stats import t

from evaluation.analysis.favourites import human_reference
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.system_scores import score_systems
from evaluation.statistics.significance import BOTH, THESE
from tests.support.evidence import note
from tests.support.studies.rated import ratings, simulated
from tests.support.studies.tastes import DEPTH, Panel

NO = float("nan")

PANELS = {
    "6 raters, 30 queries": Panel(6, 30),
    "12 raters, 30 queries": Panel(12, 30),
    "8 raters, 20 queries, strong tastes": Panel(8, 20, taste=15.0, kindness=12.0),
    "3 of 12 raters a query, 30 queries": Panel(12, 30, each=3),
}


def test_the_human_reference_by_hand() -> None:
    study = ratings([[100, 50, 0], [80, 90, 10], [60, 40, 20]], [[[0, 1]]], [0, 0, 0])
    found = human_reference(study)
    # the first two prefer c0 and c1, and so does the third: what the others gave to these
    expected = np.mean([np.mean([70, 65]), np.mean([80, 45]), np.mean([90, 70])])
    assert found.estimate.value == pytest.approx(expected)
    assert (found.pairs, found.apart) == (6, 0)


def test_a_reference_of_ties_counts_in_part() -> None:
    study = ratings([[50, 50, 50, 90], [0, 30, 60, 100]], [[[0, 1]]], [0] * 4)
    # r0: c3 surely, and one third of each other; r1: c3 and c2
    expected = np.mean([(100 + (0 + 30 + 60) / 3) / 2, (90 + 50) / 2])
    assert human_reference(study).estimate.value == pytest.approx(expected)


def test_a_perfect_system_can_pass_the_reference() -> None:
    study = simulated(queries=30, raters=10)
    reference = human_reference(study).estimate
    best = score_systems(study).systems[0].estimate
    assert reference.low < reference.value < reference.high
    assert best.value > reference.value > score_systems(study).systems[3].estimate.value


def test_what_has_no_reference() -> None:
    assert human_reference(simulated(raters=1)).estimate.value is None
    alone = ratings([[NO, NO]], [[[0]]], [0, 0])
    assert human_reference(alone).estimate.reason == "no rater graded what another one liked"


def slow_pair(own: np.ndarray, other: np.ndarray, depth: int) -> float:
    """Return what one rater's favourites of a query are worth to another: over every order in which
    the first may have put them, each as likely as the others; NaN where nothing is known."""
    graded = [place for place, grade in enumerate(own) if grade == grade]
    orders = [
        order for order in permutations(graded)
        if all(own[one] >= own[after] for one, after in pairwise(order))
    ]  # fmt: skip
    told = [[other[one] for one in order[:depth] if other[one] == other[one]] for order in orders]
    every = [grade for one in told for grade in one]
    return sum(every) / len(every) if every else NO


def slow_value(of: Ratings) -> float:
    """Return the human reference, pair by pair."""
    by_query = []
    for query in range(len(of.queries)):
        grades = of.table[:, of.query_of == query]
        pairs = [
            slow_pair(grades[one], grades[other], of.depth)
            for one in range(len(of.raters)) for other in range(len(of.raters)) if one != other
        ]  # fmt: skip
        known = [one for one in pairs if one == one]
        if known:
            by_query.append(sum(known) / len(known))
    return sum(by_query) / len(by_query)


def jackknife(values: list[float]) -> float:
    """Return the squared error that follows from what is left when each is left out."""
    own = np.array(values)
    return (len(own) - 1) / len(own) * ((own - own.mean()) ** 2).sum()


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_it_is_that_of_a_slow_computation(missing: float) -> None:
    """Pair by pair, order by order; its error by leaving out raters and queries, one by one."""
    made = simulated(raters=6, queries=5, pool=5, depth=2, seed=3)
    rng = np.random.default_rng(5)
    grades = np.round(made.table / 25) * 25
    grades[rng.random(grades.shape) < missing] = NO
    study = ratings(grades.tolist(), made.lists[:1].tolist(), made.query_of.tolist())
    found = human_reference(study).estimate
    assert found.value == pytest.approx(slow_value(study))
    of_raters = jackknife(
        [slow_value(study.only_raters(set(study.raters) - {one})) for one in study.raters]
    )
    queries = np.arange(5)
    of_queries = jackknife([slow_value(study.only_queries(queries != one)) for one in queries])
    error = (of_raters + of_queries) ** 0.5
    freedom = error**4 / (of_raters**2 / 5 + of_queries**2 / 4)
    half = t.ppf(0.975, freedom) * error
    ends = max(found.value - half, 0), min(found.value + half, 100)
    assert (found.low, found.high) == pytest.approx(ends)
    assert (found.scope, found.reason) == (BOTH, "")


def test_an_interval_ends_with_the_scale() -> None:
    wild = np.random.default_rng(1).choice([0.0, 100.0], (5, 8), p=[0.1, 0.9])
    lists = [[[0], [2], [4], [6]]]
    found = human_reference(ratings(wild.tolist(), lists, [0, 0, 1, 1, 2, 2, 3, 3])).estimate
    assert found.high == 100
    assert found.low < found.value < 100


def test_few_raters_and_those_who_are_to_speak_for_themselves_do() -> None:
    few = human_reference(simulated(raters=4)).estimate
    assert (few.scope, few.reason) == (
        THESE, "it takes 5 raters to speak for others, and there are 4"
    )  # fmt: skip
    study = simulated(raters=8)
    told = human_reference(study).estimate
    alone = human_reference(replace(study, alone=True)).estimate
    assert (alone.scope, alone.reason) == (THESE, "")
    assert alone.value == told.value
    assert told.low < alone.low < alone.high < told.high


def test_pairs_of_raters_who_share_no_query_are_left_out_and_counted() -> None:
    study = simulated(raters=6, queries=12)
    for rater in (4, 5):  # the last two judge queries of their own, alone
        study.table[rater, (study.query_of < 8) | (study.query_of % 2 != rater % 2)] = NO
    study.table[:4, study.query_of >= 8] = NO
    found = human_reference(study)
    assert (found.pairs, found.apart) == (12, 18)
    first = human_reference(study.only_raters(study.raters[:4])).estimate
    assert (found.estimate.value, found.estimate.queries, found.estimate.raters) == (
        first.value, 8, 4
    )  # fmt: skip


def test_queries_count_alike_however_many_raters_judged_them() -> None:
    study = simulated(raters=9, queries=3)
    study.table[2:, study.query_of > 0] = NO
    parts = [
        human_reference(study.only_queries(np.arange(3) == one)).estimate.value for one in range(3)
    ]
    assert human_reference(study).estimate.value == pytest.approx(np.mean(parts))


def truth(panel: Panel, draws: int) -> float:
    """Return the reference of all raters and queries of a kind, from pairs of raters drawn anew.

    The standard error is 3 grades over the root of `draws`: small beside that of a study.
    """
    rng = np.random.default_rng(17)
    found = []
    for _ in range(draws):
        grades = panel.grades(rng, 50, 20)
        own, other = grades[:25].reshape(500, -1), grades[25:].reshape(500, -1)
        best = np.argsort(-(own + rng.random(own.shape)), axis=1)[:, :DEPTH]  # ties in any order
        found.append(np.take_along_axis(other, best, axis=1).mean())
    return float(np.mean(found))


def coverage(panel: Panel, runs: int) -> float:
    """Return the share of studies whose interval holds what is true of all raters and queries."""
    rng, true, hits = np.random.default_rng([panel.raters, panel.queries]), truth(panel, runs), 0
    for _ in range(runs):
        found = human_reference(panel.study(rng)).estimate
        assert found.scope == BOTH
        hits += found.low <= true <= found.high
    return hits / runs


@pytest.mark.slow
@pytest.mark.parametrize("name", PANELS)
def test_coverage(name: str) -> None:
    """95 % intervals hold the truth in 92 to 98 % of 500 simulated studies of each kind."""
    share = coverage(PANELS[name], 500)
    note("human_reference", name, share)
    assert 0.92 <= share <= 0.98


def test_coverage_of_few_studies() -> None:
    """As `test_coverage`, of 100 studies: its bounds and three standard errors of so few.

    Rows of means of the others, taken for independent, held it in 82 % (METRICS 0b)."""
    error = (0.95 * 0.05 / 100) ** 0.5
    share = coverage(PANELS["6 raters, 30 queries"], 100)
    assert 0.92 - 3 * error <= share <= 1
