"""Ears next to labels: orders of systems, single results, and what relabelling changes."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.errors import InputError
from evaluation.analysis.ears import (
    Agreement,
    StudyLabels,
    compare_orders,
    relevant,
    relevant_above,
    within_queries,
)
from evaluation.analysis.ears_tables import relabelled_table
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.relabelling import disagreements, ears_qrels, relabelled
from evaluation.analysis.replicates import panel_replicates
from evaluation.statistics.correlation import tau_b
from tests.support.studies.rated import ratings, simulated

NO = np.nan
HAND = ratings(
    [[100, 0, 80, 20], [100, 20, 60, 20]], [[[0, 1], [2, 3]], [[1, 0], [3, 2]]], [0, 0, 1, 1]
)
LABELS = StudyLabels(
    of={
        "q0": frozenset({"Bark", "Dog", "Animal"}), "q1": frozenset({"Bark", "Animal"}),
        "c0": frozenset({"Bark", "Animal"}), "c1": frozenset({"Meow", "Animal"}),
        "c2": frozenset({"Rain"}),
    },
    specific={
        "q0": frozenset({"Bark"}), "q1": frozenset({"Bark"}), "c0": frozenset({"Bark"}),
        "c1": frozenset({"Meow"}), "c2": frozenset({"Rain"}),
    },
)  # fmt: skip


def test_three_rules_of_relevance() -> None:
    assert relevant(HAND, LABELS).tolist() == [True, False, False, False]
    assert relevant(HAND, LABELS, "any").tolist() == [True, True, False, False]
    assert relevant(HAND, LABELS, "specific").tolist() == [True, False, False, False]
    with pytest.raises(InputError, match="one of class, any, specific, not 'all'"):
        relevant(HAND, LABELS, "all")


def orders(
    of: Ratings, objective: np.ndarray, *, higher: bool = True, replicates: int = 50
) -> Agreement:
    """Return how far the orders agree, in so many replicates."""
    heard = panel_replicates(of, ["mean_grade"], replicates=replicates)["mean_grade"]
    return compare_orders(of, objective, heard=heard, higher=higher)


def test_orders_that_agree() -> None:
    study = simulated(systems=6, queries=30)
    same = np.array([0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    found = orders(study, same, replicates=200)
    assert found.values == pytest.approx({"tau": 1.0, "tau_ap": 1.0, "rho": 1.0})
    for interval in found.intervals.values():
        assert 0.3 < interval.low <= interval.high == 1.0
    assert found.least == pytest.approx(0.867, abs=5e-4)
    assert found.above[0, 5] > 0.95 > 0.05 > found.above[5, 0]
    assert np.isnan(np.diag(found.above)).all()
    lower_is_better = orders(study, -same, higher=False, replicates=50)
    assert lower_is_better.tau == 1.0
    assert orders(study, -same, replicates=50).tau == -1.0


def test_scores_of_the_own_queries_move_with_the_replicates() -> None:
    study = simulated(systems=5, queries=25)
    rng = np.random.default_rng(1)
    own = np.linspace(0.9, 0.1, 5)[:, None] + rng.normal(0, 0.5, (5, 25))
    moving = orders(study, own, replicates=300)
    fixed = orders(study, own.mean(axis=1), replicates=300)
    assert moving.tau == fixed.tau
    width = [one.intervals["tau"].high - one.intervals["tau"].low for one in (moving, fixed)]
    assert width[0] > width[1]


def test_systems_without_a_score_are_left_out() -> None:
    study = simulated(systems=4)
    found = orders(study, np.array([0.4, NO, 0.3, 0.2]), replicates=50)
    assert (found.systems, found.tau, found.least) == (3, 1.0, None)
    assert np.isnan(found.above[1]).all()
    one = orders(study, np.array([0.4, NO, NO, NO]))
    assert (one.systems, one.tau, one.intervals["tau"]) == (1, None, None)
    flat = orders(study, np.ones(4), replicates=20)
    assert (flat.tau, flat.values["rho"]) == (None, None)
    nobody = ratings([[NO] * 4], HAND.lists.tolist(), [0, 0, 1, 1])
    assert np.isnan(orders(nobody, np.array([1.0, 2.0])).above).all()
    assert orders(nobody, np.array([1.0, 2.0])).tau is None


@pytest.mark.parametrize(("queries", "raters"), [(1, 6), (6, 1), (1, 1)])
def test_one_query_or_one_rater_gives_no_interval(queries: int, raters: int) -> None:
    study = simulated(systems=6, queries=queries, raters=raters)
    found = orders(study, np.linspace(0.9, 0.1, 6), replicates=30)
    assert found.tau is not None
    assert set(found.intervals.values()) == {None}
    assert np.isnan(found.above).all()


def test_who_and_what_gave_no_grade_does_not_count() -> None:
    study = simulated(systems=4, queries=2, raters=2)
    for gone in (np.array([[True], [False]]), study.query_of == 1):
        table = np.where(gone, NO, study.table)
        found = orders(replace(study, table=table), np.arange(4.0), replicates=30)
        assert found.intervals["tau"] is None
        assert np.isnan(found.above).all()


def test_scores_of_one_query_give_no_interval() -> None:
    own = np.full((4, 8), NO)
    own[:, 3] = [0.1, 0.4, 0.3, 0.2]
    found = orders(simulated(systems=4, queries=8), own, replicates=30)
    assert found.tau is not None
    assert found.intervals["tau"] is None
    assert found.above[0, 3] > 0.5  # the ears have eight


def test_within_queries_by_hand() -> None:
    study = ratings([[90, 60, 30, 10, 10, 10]], [[[0], [3]], [[1], [4]], [[2], [5]]],
                    [0, 0, 0, 1, 1, 1])  # fmt: skip
    own = np.array([[0.9, 1.0], [0.2, 0.5], [0.3, 0.1]])
    tau, queries = within_queries(study, own)
    assert queries == 1  # in the second query the ears hear no difference
    assert tau == pytest.approx(float(tau_b(np.array([90, 60, 30]), own[:, 0])))
    assert within_queries(study, np.full((3, 2), NO)) == (None, 0)


def test_relevant_results_are_graded_above_others() -> None:
    study = ratings([[90, 50, 50, 10]], [[[0, 1]]], [0, 0, 0, 0])
    share, queries = relevant_above(study, np.array([True, True, False, False]))
    assert (share, queries) == (pytest.approx((1 + 1 + 0.5 + 1) / 4), 1)
    assert relevant_above(study, np.ones(4, dtype=bool)) == (None, 0)


def test_disagreements_both_ways() -> None:
    told = np.array([False, True, False, True])
    found = disagreements(HAND, told, 60)
    assert [(one.clip, one.relevant, one.grade) for one in found] == [
        ("c1", True, 10.0), ("c0", False, 100.0), ("c3", True, 20.0), ("c2", False, 70.0),
    ]  # fmt: skip
    assert found[1].systems == {"s0": 1, "s1": 2}
    assert found[1].raters == 2
    assert ears_qrels(HAND, found).splitlines()[:2] == ["q0 0 c0 100", "q0 0 c1 10"]
    assert disagreements(HAND, HAND.mean >= 60, 60) == []


def test_relabelling_by_hand() -> None:
    told = np.array([True, False, False, True])  # ears: c0 and c2
    found, queries = relabelled(HAND, told, 60)
    assert queries.tolist() == [1, 1]  # by both, nothing is relevant in the second query
    for rule in ("labels", "ears", "both"):
        assert found[rule][0] == pytest.approx([1.0, 0.5])
        assert found[rule][1] == pytest.approx([1.0, 2.0])
    found, queries = relabelled(HAND, np.array([True, True, True, False]), 60)
    assert queries.tolist() == [2, 2]
    assert found["labels"][0] == pytest.approx([1.0, (1 + 0.5) / 2])
    assert found["ears"][0] == pytest.approx([1.0, 0.5])
    unheard = ratings([[NO] * 4], HAND.lists.tolist(), [0, 0, 1, 1])
    none, queries = relabelled(unheard, told, 60)
    assert np.isnan(none["labels"]).all()
    assert queries.tolist() == [0, 0]


def test_what_nobody_judged_is_passed_over_for_all_three() -> None:
    some = ratings([[NO, 90, 80, 20]], HAND.lists.tolist(), [0, 0, 1, 1])
    found, queries = relabelled(some, np.array([True, True, True, False]), 60)
    # of the first query c1 alone is known: it is first in both condensed lists
    assert found["labels"][0] == pytest.approx([1.0, (1 + 0.5) / 2])
    assert queries.tolist() == [2, 2]


def test_places_are_told_within_simulated_systems_and_within_others() -> None:
    study = simulated(systems=5, queries=12)
    told = study.mean >= 55
    kinds = ["simulated", "computed", "imported", "simulated", "computed"]
    table = relabelled_table(study, told, 60, kinds)
    for rule in ("labels", "ears", "both"):
        order = (-table[f"ap_{rule}"]).to_numpy()
        for places in ([0, 3], [1, 2, 4]):
            own = order[places].argsort().argsort() + 1
            assert table[f"rank_{rule}"].iloc[places].tolist() == own.tolist()
    assert (table["queries"] == 12).all()
