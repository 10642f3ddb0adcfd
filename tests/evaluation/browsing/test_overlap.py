"""Rank-biased overlap, hubness, and the orders of interest, against plain computations."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from evaluation.browsing.hubness import hubness
from evaluation.browsing.overlap import overlap_by_query, places, rank_biased_overlap
from evaluation.browsing.query_order import in_order, in_random_order, lowest_first, precision_of
from evaluation.objective.averages import score_system
from evaluation.objective.per_query import score_queries


def slow_overlap(one: list[int], other: list[int], p: float) -> float:
    """Return the extrapolated RBO as the definition says it: depth by depth, set by set."""
    depth = min(len(one), len(other))
    if not depth:
        return math.nan
    shares = [len(set(one[:d]) & set(other[:d])) / d for d in range(1, depth + 1)]
    known = sum(share * p**d for d, share in enumerate(shares, 1))
    return shares[-1] * p**depth + (1 - p) / p * known


def lists(rng: np.random.Generator, clips: int, lengths: list[int]) -> list[np.ndarray]:
    """Return lists of different clips."""
    return [rng.permutation(clips)[:length] for length in lengths]


@pytest.mark.parametrize("p", [0.5, 0.9, 0.98])
def test_overlap_is_that_of_the_definition(p: float) -> None:
    rng = np.random.default_rng(4)
    made = [*lists(rng, 30, [12, 12, 7, 1, 25, 0]), np.arange(12), np.arange(12)[::-1]]
    overlaps = rank_biased_overlap(made, p)
    for i, one in enumerate(made):
        for j, other in enumerate(made):
            expected = slow_overlap(one.tolist(), other.tolist(), p)
            assert overlaps[i, j] == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert np.array_equal(overlaps, overlaps.T, equal_nan=True)
    assert np.nanmin(overlaps) >= 0
    assert np.nanmax(overlaps) == pytest.approx(1)


def test_overlap_has_the_values_that_are_known() -> None:
    same, other, swapped = np.array([3, 1, 2]), np.array([7, 8, 9]), np.array([1, 3])
    overlaps = rank_biased_overlap([same, other, swapped[:0], swapped, same[:2]])
    assert overlaps[0, 0] == pytest.approx(1)
    assert overlaps[0, 1] == 0
    assert np.isnan(overlaps[0, 2])
    # A_1 = 0 and A_2 = 1: 0.81 + (0.1 / 0.9) * 0.81
    assert overlaps[3, 4] == pytest.approx(0.9)
    assert rank_biased_overlap([]).shape == (0, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        rank_biased_overlap([same, other], 1.0)


def test_the_first_ten_ranks_have_86_percent_of_the_weight() -> None:
    """As the page says, after equation 21 of Webber, Moffat and Zobel."""
    p, d = 0.9, 10
    tail = math.log(1 / (1 - p)) - sum(p**i / i for i in range(1, d))
    assert round(1 - p ** (d - 1) + (1 - p) / p * d * tail, 2) == 0.86


def test_overlap_of_every_query_is_that_of_its_lists() -> None:
    rng = np.random.default_rng(5)
    one = np.stack([rng.permutation(40)[:20] for _ in range(300)]).astype(np.int32)
    other = np.stack([rng.permutation(40)[:15] for _ in range(300)]).astype(np.int32)
    other[3], one[4, 6:] = -1, -1  # no list, and a short one
    overlaps = overlap_by_query(one, other, 40)
    for query in range(300):
        pair = [each[query][each[query] >= 0].tolist() for each in (one[:, :15], other)]
        assert overlaps[query] == pytest.approx(slow_overlap(*pair, 0.9), nan_ok=True)
    assert np.isnan(overlaps[3])
    with pytest.raises(ValueError, match="2 queries and of 3"):
        overlap_by_query(one[:2], other[:3], 40)


def test_places_tell_every_list_and_rank() -> None:
    made = [np.array([5, 6, 7]), np.array([6, 9, 5]), np.array([9])]
    assert places(made, 2) == {5: [(0, 1)], 6: [(0, 2), (1, 1)], 9: [(1, 2), (2, 1)]}
    assert places(made, 9)[5] == [(0, 1), (1, 3)]


def test_hubness_is_the_skewness_of_how_often_clips_are_found() -> None:
    rng = np.random.default_rng(6)
    points = rng.normal(size=(200, 30))
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    neighbours = np.argsort(distances, axis=1)[:, :50].astype(np.int32)
    found = hubness(neighbours, 10)
    counts = np.array([(neighbours[:, :10] == clip).sum() for clip in range(200)])
    assert found.occurrences.tolist() == counts.tolist()
    assert counts.mean() == 10
    assert found.skewness == pytest.approx(scipy.stats.skew(counts))
    assert found.skewness > 1
    assert (found.occurrences == 0).sum() == (counts == 0).sum() > 0


def test_hubness_leaves_out_clips_that_the_system_does_not_know() -> None:
    neighbours = np.array([[1, 2], [0, 2], [-1, -1], [-1, -1]])  # 2 has no list but is in two
    found = hubness(neighbours)
    assert found.depth == 2
    assert found.occurrences.tolist() == [1, 1, 2, -1]
    assert found.skewness == pytest.approx(scipy.stats.skew([1, 1, 2]))
    even = hubness(np.array([[1], [0]]))
    assert even.skewness is None


def test_orders_are_stable_and_leave_what_is_undefined_for_the_end() -> None:
    values = np.array([0.5, np.nan, 0.1, 0.5, 0.9])
    assert in_order(values).tolist() == [2, 0, 3, 4, 1]
    assert in_order(values, largest=True).tolist() == [4, 0, 3, 2, 1]
    precision = np.array([[0.0, 0.2], [0.0, 0.1], [np.nan, np.nan], [0.0, 0.1]])
    assert lowest_first(precision).tolist() == [1, 3, 0, 2]
    rows = np.array([4, 9, 2, 7])
    drawn = in_random_order(rows, 3)
    assert sorted(drawn) == sorted(rows)
    assert drawn.tolist() == in_random_order(rows, 3).tolist()
    assert len({tuple(in_random_order(rows, seed)) for seed in range(20)}) > 5


@pytest.mark.parametrize("convention", ["cbmi2024", "corrected"])
def test_precision_of_queries_is_what_scoring_stored(convention: str) -> None:
    rng = np.random.default_rng(7)
    labels = [
        tuple(rng.choice(list("abc"), size=rng.integers(1, 3), replace=False)) for _ in "x" * 40
    ]
    labels[0] = ("alone",)
    vectors = rng.normal(size=(40, 5))
    scores = score_queries(vectors, labels, cutoffs=(3, 10))
    table = score_system(vectors, labels, cutoffs=(3, 10), convention=convention).by_query
    rows = [7, 0, 12, 12, 5]
    asked = [labels[7][0], "alone", labels[12][-1], None, "d"]
    found = precision_of(scores, convention, np.array(rows), asked)
    for row, label, values in zip(rows[:-1], asked[:-1], found[:-1], strict=True):
        own = table["class"].isna() if label is None else table["class"] == label
        expected = table[(table["query"] == row) & own][["ap@3", "ap@10"]].to_numpy()
        assert np.array_equal(values, expected[0], equal_nan=True)
    assert np.isnan(found[1]).all()  # alone in its class
    assert np.isnan(found[4]).all()  # no such class
    fewer = replace(scores, **{
        name: getattr(scores, name)[scores.query != 7]
        for name in ("query", "label", "precision_sum", "relevant", "first_rank", "censored")
    })  # fmt: skip
    assert np.isnan(precision_of(fewer, convention, np.array([7]), [None])).all()
