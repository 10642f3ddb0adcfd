"""Rank correlations: golden numbers, scipy as the judge, and plain definitions."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from evaluation.statistics.correlation import (
    least_significant_tau,
    reversed_percentiles,
    spearman,
    tau_ap,
    tau_b,
)

TRUTH = np.array([0.67, 0.45, 0.29, 0.12, 0.57, 0.24, 0.94, 0.75, 0.08, 0.54])
ESTIMATE = np.array([0.48, 0.68, 0.32, 0.09, 0.06, 0.61, 0.87, 0.22, 0.44, 0.84])


def test_golden_tau_ap() -> None:
    """The value that the R package ircor documents."""
    assert tau_ap(TRUTH, ESTIMATE) == pytest.approx(0.3928571, abs=1e-7)
    assert tau_ap(ESTIMATE, TRUTH) == pytest.approx(0.2613, abs=5e-5)
    assert tau_ap(TRUTH, TRUTH) == 1
    assert tau_ap(TRUTH, -TRUTH) == -1


def test_golden_tau_b() -> None:
    assert tau_b(np.array([0.1, 0.2, 0.2, 0.4]), np.arange(4)) == pytest.approx(0.9128709)


def plain_tau_ap(truth: np.ndarray, order: tuple[int, ...]) -> float:
    """Return tau_AP of one order by its definition."""
    shares = [
        sum((truth[above] > truth[one]) + 0.5 * (truth[above] == truth[one])
            for above in order[:place]) / place
        for place, one in enumerate(order) if place
    ]  # fmt: skip
    return 2 * float(np.mean(shares)) - 1


@pytest.mark.parametrize("seed", range(40))
def test_ties_stand_for_all_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, estimate = rng.integers(0, 4, (2, 6)).astype(float)
    orders = [
        order
        for order in permutations(range(6))
        if all(estimate[order[at]] >= estimate[order[at + 1]] for at in range(5))
    ]
    expected = np.mean([plain_tau_ap(truth, order) for order in orders])
    assert tau_ap(truth, estimate) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(20))
def test_scipy_agrees(seed: int) -> None:
    one, other = np.random.default_rng(seed).integers(0, 6, (2, 9)).astype(float)
    assert tau_b(one, other) == pytest.approx(kendalltau(one, other).statistic)
    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic)


def test_many_at_once() -> None:
    many = np.random.default_rng(0).normal(size=(7, 10))
    assert tau_b(TRUTH, many) == pytest.approx([tau_b(TRUTH, one) for one in many])
    assert tau_ap(TRUTH, many) == pytest.approx([tau_ap(TRUTH, one) for one in many])


def test_what_is_constant_has_no_order() -> None:
    assert np.isnan(tau_b(np.ones(4), np.arange(4)))
    assert np.isnan(spearman(np.ones(4), np.arange(4.0)))
    assert np.isnan(tau_ap(np.ones(1), np.ones(1)))


def test_the_smallest_tau_that_can_be_significant() -> None:
    found = {systems: least_significant_tau(systems) for systems in (2, 4, 5, 6, 8, 10, 14)}
    assert found.pop(2) is None
    assert found.pop(4) is None  # p cannot be below 2 / 4! = 0.083
    assert [round(one, 3) for one in found.values()] == [1.0, 0.867, 0.643, 0.511, 0.407]


@pytest.mark.parametrize("systems", [5, 7])
def test_it_is_the_smallest_by_counting_orders(systems: int) -> None:
    taus = np.array([tau_b(np.arange(systems), np.array(o)) for o in permutations(range(systems))])
    least = least_significant_tau(systems)
    assert (np.abs(taus) >= least - 1e-9).mean() <= 0.05
    lower = taus[taus < least - 1e-9].max()
    assert (np.abs(taus) >= lower - 1e-9).mean() > 0.05


def test_intervals_are_mirrored_and_clipped() -> None:
    found = reversed_percentiles(0.8, np.linspace(0.5, 0.9, 401))
    assert found.low == pytest.approx(0.71)
    assert found.high == 1.0  # 2 * 0.8 - 0.51 would be more than a correlation can be
    assert found.bias == pytest.approx(-0.1)
    assert reversed_percentiles(0.8, np.array([np.nan])) is None


@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_order_that_replicates_disturb_has_an_interval(sign: int) -> None:
    drawn = sign * np.concatenate([np.linspace(0.6, 1, 401), np.ones(600)])
    found = reversed_percentiles(sign * (1 + 1e-15), drawn)
    inner, outer = (found.low, found.high) if sign == 1 else (found.high, found.low)
    assert outer == sign
    assert inner == pytest.approx(sign * 0.625)
    sure = reversed_percentiles(sign * 1.0, np.full(9, sign * 1.0))
    assert (sure.low, sure.high) == (sign, sign)


def test_an_interval_holds_its_estimate() -> None:
    below = reversed_percentiles(0.5, np.linspace(0.1, 0.3, 401))
    assert (below.low, below.high) == (pytest.approx(0.105), pytest.approx(0.895))
    above = reversed_percentiles(0.5, np.linspace(0.6, 0.8, 401))
    assert (above.low, above.high) == (pytest.approx(0.205), pytest.approx(0.795))
