"""The systems' scores by what raters said, and what the panel is like."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.errors import InputError
from evaluation.analysis.rater_effects import generalizability, sway
from evaluation.analysis.replicates import panel_replicates
from evaluation.analysis.system_scores import of_panel, per_rater, score_systems
from evaluation.statistics.graded_measures import MEASURES
from evaluation.statistics.significance import BOTH, NO_SPREAD, THESE
from tests.support.studies.rated import ratings, simulated

NO = np.nan
HAND = ratings(
    [[100, 50, NO, 0], [80, 70, 20, NO]], [[[0, 1], [2, 3]], [[1, -1], [3, 2]]], [0, 0, 1, 1]
)
"""Two raters, two queries; s0 returns c0 c1 and c2 c3, s1 returns c1 alone and c3 c2."""


def test_mean_grades_by_hand() -> None:
    found = score_systems(HAND)
    one, other = found.systems
    # q0: (75 + 75) / 2; q1: the first rater judged 0, the second 20
    assert one.estimate.value == pytest.approx((75 + 10) / 2)
    assert other.estimate.value == pytest.approx((60 + 10) / 2)
    assert found.definition == "mean_grade@2/judged-only"
    assert (one.estimate.raters, one.estimate.queries, one.estimate.ratings) == (2, 2, 4)
    assert one.judged == 1.0
    assert found.difference(0, 1).value == pytest.approx(7.5)


def test_what_is_missing_makes_bounds_and_is_never_zero() -> None:
    nobody = ratings([[100, 50, NO, 0], [80, 70, NO, NO]], [[[0, 1], [2, 3]]], [0, 0, 1, 1])
    (found,) = score_systems(nobody).systems
    assert found.judged == 0.75
    assert found.estimate.value == pytest.approx((75 + 0) / 2)
    assert (found.low, found.high) == (pytest.approx(37.5), pytest.approx((75 + 50) / 2))


def test_scores_of_the_panel_by_hand() -> None:
    found = of_panel(HAND, "ndcg")
    # q0: mean grades 90 and 60; s0 has both in order, s1 the second alone
    ideal = 90 + 60 / np.log2(3)
    assert found[:, 0] == pytest.approx([1, 60 / ideal])
    assert of_panel(HAND, "first_relevant", 70).tolist() == [[1, 3], [3, 3]]
    assert per_rater(HAND, "precision", 70)[:, :, 0].tolist() == [[0.5, 1.0], [0.0, 0.5]]


@pytest.mark.parametrize("measure", [name for name, one in MEASURES.items() if not one.only_grades])
@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_a_study_of_known_quality_is_recovered(measure: str, missing: float) -> None:
    study = simulated(queries=40, missing=missing)
    found = score_systems(study, measure, 60, replicates=300)
    values = [one.estimate.value for one in found.systems]
    best_first = sorted(values, reverse=MEASURES[measure].higher)
    assert values == best_first
    for one in found.systems:
        assert one.estimate.low <= one.estimate.value <= one.estimate.high
        assert one.estimate.low < one.estimate.high
        assert one.estimate.scope == BOTH
    apart = found.difference(0, 3)
    assert apart.p < 0.05
    assert apart.value == pytest.approx(values[0] - values[3])


def test_a_list_that_a_system_lacks_does_not_make_it_differ() -> None:
    """Two systems with the same lists are the same, though one of them lacks the best queries."""
    study = simulated(systems=2, queries=12)
    lists = study.lists.copy()
    lists[1] = lists[0]
    best = score_systems(study, "ndcg", replicates=20).table[0].argsort()[-4:]
    lists[1, best] = -1
    found = score_systems(replace(study, lists=lists), "ndcg", replicates=200)
    assert found.systems[0].estimate.value > found.systems[1].estimate.value
    apart = found.difference(0, 1)
    assert (apart.value, apart.low, apart.reason) == (0.0, None, NO_SPREAD)
    assert apart.queries == 8


@pytest.mark.parametrize("measure", ["mean_grade", "ndcg"])
def test_intervals_for_these_raters_alone_are_over_queries(measure: str) -> None:
    """Raters of whom some are lenient: what is said of these alone is surer."""
    study = simulated(queries=40, raters=8)
    lenient = np.random.default_rng(2).normal(0, 8, (8, 1))
    study = replace(study, table=np.clip(study.table + lenient, 0, 100))
    wide, these = (
        score_systems(replace(study, alone=alone), measure, replicates=500)
        for alone in (False, True)
    )
    for one, other in zip(wide.systems, these.systems, strict=True):
        assert one.estimate.value == pytest.approx(other.estimate.value)
        assert (one.estimate.scope, other.estimate.scope) == (BOTH, THESE)
        assert other.estimate.high - other.estimate.low < one.estimate.high - one.estimate.low
    assert these.difference(0, 1).scope == THESE
    assert these.difference(0, 1).p != wide.difference(0, 1).p


def test_a_measure_of_the_panel_has_the_interval_of_its_like() -> None:
    """Graded precision could be made both ways; its replicates have about the same error."""
    study = simulated(queries=40, raters=12)
    spreads = score_systems(study).systems[0].estimate
    drawn = panel_replicates(study, ["mean_grade"], replicates=1000)["mean_grade"][:, 0]
    half = (spreads.high - spreads.low) / 2
    assert drawn.mean() == pytest.approx(spreads.value, abs=half / 4)
    assert 0.7 * half < 2 * drawn.std() < 1.5 * half


def test_mirex_measures_need_their_scale() -> None:
    broad = ratings([[2, 1, 0, 2], [1, 1, 0, 2]], [[[0, 1], [2, 3]]], [0, 0, 1, 1], top=2)
    assert score_systems(broad, "psum").systems[0].estimate.value == pytest.approx(
        ((0.75 + 0.5) / 2 + 0.5) / 2
    )
    with pytest.raises(InputError, match="PSum needs the grades 0, 1 and 2 alone; this scale goes"):
        score_systems(HAND, "psum")


def test_hostile_studies_say_what_cannot_be_said() -> None:
    one_rater = score_systems(simulated(raters=1)).systems[0].estimate
    assert (one_rater.scope, one_rater.low is not None) == (THESE, True)
    assert one_rater.reason == "it takes 5 raters to speak for others, and there is 1"
    one_query = score_systems(simulated(queries=1)).systems[0].estimate
    assert (one_query.low, one_query.reason) == (None, "one query has no interval")
    nothing = ratings([[NO] * 4], HAND.lists.tolist(), [0, 0, 1, 1])
    for measure in ("mean_grade", "ndcg", "first_relevant"):
        found = score_systems(nothing, measure, 50, replicates=20).systems[0]
        assert found.estimate.value is None
        assert found.judged == 0.0
    never = ratings([[100, 50]], [[[0, 1]], [[-1, -1]]], [0, 0])
    assert score_systems(never).systems[1].estimate.value is None
    assert score_systems(never).systems[1].judged is None
    equal = ratings([[50.0] * 4] * 6, HAND.lists.tolist(), [0, 0, 1, 1])
    assert score_systems(equal).systems[0].estimate.low is None
    zero = ratings([[0.0] * 4] * 6, HAND.lists.tolist(), [0, 0, 1, 1])
    found = score_systems(zero, "ndcg", replicates=20).systems[0].estimate
    assert (found.value, found.reason) == (None, "undefined in every query")
    shallow = ratings([[100, 50]] * 6, [[[0], [1]]], [0, 1])
    assert score_systems(shallow, "ndcg", replicates=20).systems[0].estimate.value == 1
    mostly = simulated(missing=0.9, raters=10, queries=30)
    assert score_systems(mostly).systems[0].estimate.value is not None


def test_measures_that_cannot_be_had() -> None:
    with pytest.raises(InputError, match=r"must be one of mean_grade, .*, not 'map'"):
        score_systems(HAND, "map")
    with pytest.raises(InputError, match="precision needs the grade that counts as good"):
        score_systems(HAND, "precision")
    with pytest.raises(InputError, match="nDCG is of the whole panel"):
        per_rater(HAND, "ndcg")


def test_a_sway_that_was_made_is_found() -> None:
    study = simulated(raters=12)
    rng = np.random.default_rng(0)
    place = rng.permuted(np.tile(np.arange(study.table.shape[1]), (12, 1)), axis=1) / 399
    swayed = np.where(True, study.table - 20 * place, NO)
    found = sway(ratings(swayed.tolist(), study.lists.tolist(), study.query_of.tolist()), place)
    assert found.value == pytest.approx(-20, abs=2)
    assert found.high < 0
    assert found.p < 0.001
    plain = sway(study, place)
    assert plain.low < 0 < plain.high
    assert sway(simulated(raters=1), place[:1]).value is None


def test_a_g_study_finds_what_the_scores_vary_by() -> None:
    rng = np.random.default_rng(0)
    scores = (
        rng.normal(0, 10, (12, 1, 1)) + rng.normal(0, 5, (1, 1, 60)) + rng.normal(0, 6, (12, 1, 60))
        + rng.normal(0, 3, (12, 20, 1)) + rng.normal(0, 8, (12, 20, 60))
    )  # fmt: skip
    found = generalizability(scores)
    assert found.parts["query+system"] ** 0.5 == pytest.approx(6, abs=0.7)
    assert found.parts["rater+system"] ** 0.5 == pytest.approx(3, abs=0.7)
    assert (found.queries, found.raters) == (60, 20)
    more_queries, more_raters = found.reliability(20, 3), found.reliability(10, 5)
    assert found.reliability(10, 3) < min(more_queries, more_raters) < found.reliability(20, 5) < 1
    one = generalizability(scores[:, :1])
    assert one.parts == {}
    assert one.reason == "it needs two systems, two raters and two queries"
    assert one.reliability(10, 3) is None
    apart = np.full((3, 4, 4), NO)
    for rater in range(4):
        apart[:, rater, rater] = rng.normal(size=3)
    assert generalizability(apart).reason.startswith("too few raters share queries")


@pytest.mark.parametrize("seed", range(5))
def test_bounds_hold_the_score_however_grades_are_missing(seed: int) -> None:
    study = simulated(systems=3, queries=6, raters=4, seed=seed)
    holes = study.table.copy()
    rng = np.random.default_rng(seed)
    holes[rng.random(holes.shape) < 0.6] = NO
    holes[:, rng.random(holes.shape[1]) < 0.3] = NO  # nobody graded these
    for measure in ("mean_grade", "rbp"):
        for one in score_systems(replace(study, table=holes), measure).systems:
            assert one.low <= one.estimate.value <= one.high
            assert one.high - one.low > 0.01
    whole = score_systems(study).systems[0]
    assert whole.low == pytest.approx(whole.estimate.value) == pytest.approx(whole.high)


def test_intervals_end_where_scores_do() -> None:
    study = simulated(systems=3, queries=12, raters=6)
    for measure, ends in (("first_relevant", (1, 6)), ("ndcg", (0, 1)), ("mean_grade", (0, 100))):
        for one in score_systems(study, measure, 60, replicates=200).systems:
            assert ends[0] <= one.estimate.low <= one.estimate.high <= ends[1], measure
