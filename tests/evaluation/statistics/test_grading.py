"""Scores of graded lists: golden numbers, ir_measures as the judge, and what must hold always."""

import numpy as np
import pytest

from evaluation.statistics.graded_lists import (
    MIREX_WEIGHTS,
    average_precision,
    condensed,
    first_good_rank,
    graded_ap,
    graded_precision,
    ideal_dcg,
    judged,
    mean_there,
    mirex,
    ndcg,
    precision,
    rbp,
)

NO = np.nan
LIST, POOL = np.array([3, 0, NO, 2, NO]), np.array([3.0, 2, 1, 0])
"""The run a b u c v, with grades a 3, b 0, c 2, and e 1 which is not in it."""
THERE = np.ones(5, dtype=bool)


def test_golden_numbers() -> None:
    ideal = ideal_dcg(POOL, 5)
    assert ndcg(LIST, ideal) == pytest.approx(0.8108919, abs=1e-7)
    assert ndcg(condensed(LIST), ideal) == pytest.approx(0.8400080, abs=1e-7)
    assert precision(LIST, 2) == pytest.approx(0.4)
    assert judged(LIST, THERE) == pytest.approx(0.6)
    assert average_precision(LIST, POOL, 2) == pytest.approx(0.75)
    assert average_precision(condensed(LIST), POOL, 2) == pytest.approx(0.8333, abs=5e-5)
    base, residual = rbp(LIST, 0, 3)
    assert base == pytest.approx(0.2682667, abs=1e-7)
    assert base + residual == pytest.approx(0.8058667, abs=1e-7)


def test_the_mean_and_what_is_missing() -> None:
    assert mean_there(LIST) == pytest.approx(5 / 3)
    assert graded_precision(LIST, 0, 3) == pytest.approx(1 / 3)
    short = np.array([True, True, True, True, False])  # a list that ends before the depth
    assert judged(LIST, short) == 0.75


def test_a_scale_need_not_begin_at_zero() -> None:
    shifted, pool = LIST + 1, POOL + 1
    assert ndcg(shifted, ideal_dcg(pool, 5, 1), 1) == pytest.approx(ndcg(LIST, ideal_dcg(POOL, 5)))
    assert rbp(shifted, 1, 4)[0] == pytest.approx(rbp(LIST, 0, 3)[0])
    assert graded_precision(shifted, 1, 4) == pytest.approx(graded_precision(LIST, 0, 3))


def test_what_was_not_judged_at_all_has_no_score() -> None:
    nothing = np.full(5, NO)
    scores = [
        mean_there(nothing), graded_precision(nothing, 0, 3), precision(nothing, 2),
        ndcg(nothing, ideal_dcg(POOL, 5)), first_good_rank(nothing, 2),
    ]  # fmt: skip
    assert np.isnan(scores).all()
    assert np.isnan(mean_there(np.zeros((2, 0)))).all()
    zeros = np.zeros(5)
    assert np.isnan(ndcg(zeros, ideal_dcg(zeros, 5)))  # nothing good was to be found
    assert np.isnan(average_precision(zeros, zeros, 2))
    assert np.isnan(graded_ap(zeros, zeros, 0, 3))


def test_the_first_good_rank() -> None:
    assert first_good_rank(LIST, 2) == 1
    assert first_good_rank(np.array([0, NO, 2, 3]), 2) == 3
    assert first_good_rank(np.array([0.0, 0, 0]), 2) == 4  # more than the depth


def test_mirex_by_hand() -> None:
    grades = np.array([2, 1, 0, 2, NO])
    found = {measure: float(mirex(grades, measure)) for measure in MIREX_WEIGHTS}
    expected = {"psum": 5 / 8, "wcsum": 7 / 12, "sdsum": 9 / 16, "greater0": 3 / 4, "greater1": 0.5}
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(10))
def test_ir_measures_agrees(seed: int) -> None:
    measures = pytest.importorskip("ir_measures")
    from ir_measures import AP, Judged, P, nDCG

    rng = np.random.default_rng(seed)
    pool = rng.integers(0, 4, 12)
    run = rng.permutation(16)[:8]  # the documents 12 to 15 were not judged
    qrels = [measures.Qrel("q", f"d{one}", int(grade)) for one, grade in enumerate(pool)]
    found = [measures.ScoredDoc("q", f"d{one}", 8 - at) for at, one in enumerate(run)]
    wanted = [nDCG @ 8, P(rel=2) @ 8, Judged @ 8, AP(rel=2) @ 8]
    expected = measures.calc_aggregate(wanted, qrels, found)
    grades = np.array([pool[one] if one < 12 else NO for one in run])
    relevant = int((pool >= 2).sum())
    assert ndcg(grades, ideal_dcg(pool.astype(float), 8)) == pytest.approx(expected[wanted[0]])
    assert precision(grades, 2) == pytest.approx(expected[wanted[1]])
    assert judged(grades, np.ones(8, dtype=bool)) == pytest.approx(expected[wanted[2]])
    # trec_eval divides by all relevant ones
    own = average_precision(grades, pool.astype(float), 2) * min(8, relevant) / relevant
    assert own == pytest.approx(expected[wanted[3]])


def test_two_grades_make_graded_ap_the_plain_one() -> None:
    grades, pool = np.array([1.0, 0, 1, 0]), np.array([1.0, 1, 0, 0])
    assert graded_ap(grades, pool, 0, 1) == pytest.approx(average_precision(grades, pool, 1))


def test_graded_ap_is_the_mean_over_thresholds() -> None:
    rng = np.random.default_rng(0)
    pool = rng.integers(0, 11, 30).astype(float)
    grades = rng.permutation(pool)[:30]  # every result of the pool, so the depth cuts nothing
    parts = []
    for threshold in range(1, 11):
        relevant = (pool >= threshold).sum()
        parts.append((relevant, average_precision(grades, pool, threshold)))
    weighted = sum(count * value for count, value in parts) / sum(count for count, _ in parts)
    assert graded_ap(grades, pool, 0, 10) == pytest.approx(weighted)


def test_a_perfect_list_scores_one() -> None:
    best = np.sort(POOL)[::-1]
    assert ndcg(best, ideal_dcg(POOL, 4)) == pytest.approx(1)
    assert average_precision(best, POOL, 2) == pytest.approx(1)
    assert graded_ap(np.array([3.0, 3, 3]), np.array([3.0, 3, 3, 0]), 0, 3) == pytest.approx(1)


def test_a_better_grade_further_up_is_never_worse() -> None:
    worse, better = np.array([0.0, 3, 1, NO]), np.array([3.0, 0, 1, NO])
    for score in (
        lambda grades: ndcg(grades, ideal_dcg(POOL, 4)),
        lambda grades: average_precision(grades, POOL, 2),
        lambda grades: graded_ap(grades, POOL, 0, 3),
        lambda grades: rbp(grades, 0, 3)[0],
        lambda grades: -first_good_rank(grades, 2),
    ):
        assert score(better) > score(worse)


def test_a_tail_that_nobody_judged_leaves_the_condensed_list() -> None:
    longer = np.concatenate([LIST, [NO, NO]])
    own = ndcg(condensed(longer)[:5], ideal_dcg(POOL, 5))
    assert own == ndcg(condensed(LIST), ideal_dcg(POOL, 5))


def test_many_lists_at_once() -> None:
    rng = np.random.default_rng(1)
    many = np.where(rng.random((3, 4, 6)) < 0.2, NO, rng.integers(0, 4, (3, 4, 6)))
    pools = rng.integers(0, 4, (4, 9)).astype(float)
    together = graded_ap(many, pools, 0, 3)
    assert together[2, 1] == pytest.approx(graded_ap(many[2, 1], pools[1], 0, 3))
    assert ndcg(many, ideal_dcg(pools, 6))[1, 3] == pytest.approx(
        ndcg(many[1, 3], ideal_dcg(pools[3], 6)), nan_ok=True
    )
