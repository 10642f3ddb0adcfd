"""Choices without a finite best fit: told by a programme, held to brute force, given a prior."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import beta

from evaluation.statistics.bradley_terry import Strengths, Votes, counts, fit
from evaluation.statistics.separation import (
    NEITHER,
    A,
    B,
    connected,
    drawn_prior,
    prior,
    why_unlimited,
)
from evaluation.statistics.shares import share, wilson
from evaluation.statistics.significance import BOTH, THESE
from tests.support.evidence import note

Rows = list[tuple[int, int, int]]


def votes(rows: Rows, raters: int = 1) -> Votes:
    """Return choices (system as A, system as B, choice), each of a query of its own."""
    first, second, choice = np.array(rows).T
    number = np.arange(len(rows))
    return Votes(first, second, choice, number % raters, number)


def both_ways(choose: Callable[[int, int], int], systems: int = 3, times: int = 4) -> Rows:
    """Return every pair in both orders, several times; `choose` says what is chosen of two."""
    return [(a, b, choose(a, b)) for a, b in permutations(range(systems), 2)] * times


CASES: dict[str, tuple[int, Rows, str]] = {
    "3:1 in four": (2, [(0, 1, A), (0, 1, A), (1, 0, B), (1, 0, A)], "allowing for the side"),
    "3:1 one way round": (2, [(0, 1, A)] * 3 + [(0, 1, B)], "cannot be told apart"),
    "all wins": (2, [(0, 1, A), (1, 0, B)] * 2, "won, or lost, every comparison"),
    "one wins all": (
        3,
        both_ways(lambda a, b: NEITHER if a and b else (A if a == 0 else B)),
        "won, or lost, every comparison",
    ),
    "one loses all": (
        3,
        [*both_ways(lambda a, b: A if b == 2 else B), (0, 1, NEITHER)],
        "won, or lost, every comparison",
    ),
    "all ties": (3, both_ways(lambda a, b: NEITHER), "every choice is"),
    "always A": (3, both_ways(lambda a, b: A), "whoever had a preference chose A"),
    "always B or neither": (
        3,
        both_ways(lambda a, b: B if (a + b) % 2 else NEITHER),
        "whoever had a preference chose B",
    ),
    "two halves": (
        4,
        [(0, 1, A), (1, 0, A), (0, 1, B), (2, 3, A), (3, 2, B), (3, 2, A), (2, 3, NEITHER)],
        "not even by way of a third",
    ),
}
FINITE: dict[str, tuple[int, Rows]] = {
    "one pair never compared": (
        3, [(0, 1, A), (1, 0, A), (0, 1, NEITHER), (0, 1, B), (1, 0, B), (1, 0, A),
            (1, 2, A), (2, 1, A), (1, 2, B), (2, 1, B)],
    ),
    "no ties": (2, [(0, 1, A), (0, 1, B), (1, 0, A), (1, 0, B), (1, 0, B)]),
    "even": (3, both_ways(lambda a, b: A) + both_ways(lambda a, b: B)),
}  # fmt: skip


def likelihood(told: np.ndarray, table: np.ndarray) -> float:
    """Return the log likelihood of counts, choice by choice, as the module's text states it.

    `told` is the strengths, then the ties' parameter and the side's.
    """
    *strength, ties, side = told
    total = 0.0
    for a, b in permutations(range(len(strength)), 2):
        levels = np.array([strength[a] + side / 2, strength[b] - side / 2,
                           (strength[a] + strength[b]) / 2 + ties])  # fmt: skip
        total += float(table[a, b] @ (levels - np.logaddexp.reduce(levels)))
    return total


def brute(table: np.ndarray) -> np.ndarray:
    """Return the parameters that are best by a general optimiser, strengths adding up to 0."""
    start = np.zeros(len(table) + 2)
    found = minimize(lambda told: -likelihood(told, table), start, method="BFGS",
                     options={"gtol": 1e-9, "maxiter": 5000})  # fmt: skip
    told = found.x
    told[: len(table)] -= told[: len(table)].mean()
    return told


def is_sure(table: np.ndarray) -> bool:
    """Return whether the likelihood has one finite peak, by its curvature where it is climbed.

    A penalty of 1e-7 on squares lets a parameter without a limit go so far that nothing bends.
    """
    systems = len(table)
    ties = bool(table[..., NEITHER].any())
    basis = np.zeros((systems + 2, systems + ties))  # strengths from the first one, side, ties
    basis[1:systems, : systems - 1] = np.eye(systems - 1)
    basis[-1, systems - 1] = 1
    if ties:
        basis[-2, -1] = 1
    off = np.zeros(systems + 2)
    off[-2] = 0 if ties else -60  # without ties there is no such outcome

    def loss(free: np.ndarray) -> float:
        return 1e-7 * float(free @ free) / 2 - likelihood(basis @ free + off, table)

    free = minimize(loss, np.zeros(basis.shape[1]), method="BFGS", options={"gtol": 1e-7}).x
    step = 1e-3
    units = step * np.eye(len(free))
    bend = np.array([
        [loss(free + x + y) - loss(free + x - y) - loss(free - x + y) + loss(free - x - y)
         for y in units] for x in units
    ]) / (4 * step**2)  # fmt: skip
    return bool(np.linalg.eigvalsh(bend)[0] > 1e-3)


@pytest.mark.parametrize("case", CASES)
def test_what_has_no_finite_fit_is_said_and_bounded(case: str) -> None:
    systems, rows, words = CASES[case]
    own = votes(rows)
    table = counts(own, systems)
    assert words in why_unlimited(table)
    assert not is_sure(table)
    found = fit(own, systems)
    assert found.reason.startswith(f"strengths have no finite best fit: {why_unlimited(table)};")
    assert "Bayesian" in found.reason
    within(found)
    # as good as a general optimiser finds with the same prior
    np.testing.assert_allclose(found.strength, brute(table + prior(systems))[:systems], atol=1e-5)


def within(found: Strengths) -> None:
    """Check that all is finite and bounded, and each interval holds its estimate."""
    for one in (found.strength, found.low, found.high, found.win):
        assert np.isfinite(one).all()
        assert (np.abs(one) < 20).all()
    assert ((found.low <= found.strength) & (found.strength <= found.high)).all()
    assert found.strength.sum() == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("case", FINITE)
def test_what_has_a_finite_fit_is_left_alone(case: str) -> None:
    systems, rows = FINITE[case]
    table = counts(votes(rows), systems)
    assert why_unlimited(table) == ""
    assert is_sure(table)
    found = fit(votes(rows), systems)
    assert found.reason == ""
    within(found)
    np.testing.assert_allclose(found.strength, brute(table)[:systems], atol=1e-4)


def test_few_random_choices_are_told_as_brute_force_tells_them() -> None:
    rng = np.random.default_rng(0)
    said = []
    for _ in range(60):
        count = int(rng.integers(3, 14))
        first = rng.integers(0, 3, count)
        second = (first + rng.integers(1, 3, count)) % 3
        choice = rng.choice(3, count, p=[0.45, 0.35, 0.2])
        if len(np.union1d(first, second)) < 3:
            continue
        table = counts(Votes(first, second, choice, first * 0, np.arange(count)), 3)
        said.append(why_unlimited(table) == "")
        assert said[-1] == is_sure(table), table
    assert 8 < sum(said) < len(said) - 8


def test_the_prior_is_half_of_each_outcome_of_each_system() -> None:
    for systems in (2, 5):
        added = prior(systems)
        assert added[..., A].sum(axis=1) + added[..., B].sum(axis=0) == pytest.approx(0.5)  # won
        assert added[..., B].sum(axis=1) + added[..., A].sum(axis=0) == pytest.approx(0.5)  # lost
        ties = added[..., NEITHER]
        assert ties.sum(axis=1) + ties.sum(axis=0) == pytest.approx(0.5)
    drawn = drawn_prior(3, 20_000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), prior(3), atol=0.01)
    assert (drawn[..., A] == drawn.swapaxes(1, 2)[..., B]).all()
    assert connected(prior(4))
    assert why_unlimited(prior(4)) == ""


def test_all_wins_are_as_sure_as_jeffreys_says() -> None:
    """The interval of two systems without ties or sides is that of a share with Jeffreys' prior.

    As many choices each way round; what the prior has of ties and sides moves it little.
    """
    won = 20
    found = fit(votes([(0, 1, A), (1, 0, B)] * (won // 2)), 2, replicates=20_000)
    assert expit(2 * found.strength[0]) == pytest.approx((won + 0.5) / (won + 1), abs=1e-6)
    exact = beta.ppf((0.025, 0.975), won + 0.5, 0.5)
    assert expit(2 * found.low[0]) == pytest.approx(exact[0], abs=0.01)
    assert expit(2 * found.high[0]) == pytest.approx(exact[1], abs=0.001)


def test_more_wins_are_surer_and_one_side_alone_says_nothing() -> None:
    few, many = (fit(votes([(0, 1, A), (1, 0, B)] * pairs), 2) for pairs in (2, 40))
    assert many.low[0] > few.low[0] + 1
    assert many.strength[0] > few.strength[0]
    sided = fit(votes(both_ways(lambda a, b: A, times=50), raters=6), 3)
    assert sided.strength.tolist() == [0, 0, 0]
    assert (sided.low < -1).all()
    assert (sided.high > 1).all()


def test_a_system_that_was_never_compared_has_no_strength() -> None:
    own = votes([(0, 3, A), (0, 3, B), (3, 0, A), (3, 0, A)] * 2)
    found = fit(own, 4)
    assert np.isnan(found.strength[[1, 2]]).all()
    assert np.isnan(found.high[[1, 2]]).all()
    assert np.isnan(found.win[1]).all()
    two = fit(Votes(own.first // 3, own.second // 3, own.choice, own.rater, own.query), 2)
    assert found.strength[[0, 3]].tolist() == two.strength.tolist()
    assert found.low[[0, 3]].tolist() == two.low.tolist()


def test_wilsons_interval_of_independent_choices() -> None:
    """As binomtest has it."""
    from scipy.stats import binomtest

    for won, count in ((3, 4), (4, 4), (0, 7), (50, 60)):
        p = won / count
        known = binomtest(won, count).proportion_ci(method="wilson")
        z = 1.959963984540054
        found = wilson(p, z * (p * (1 - p) / count) ** 0.5, z**2 / count)
        assert found == pytest.approx((known.low, known.high), abs=1e-12)
        if 0 < p < 1:
            assert wilson(p, z * (p * (1 - p) / count) ** 0.5) == pytest.approx(found)


def test_shares_stay_within_what_a_share_can_be() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        raters, queries = rng.integers(1, 9), rng.integers(2, 7)
        table = (rng.random((raters, queries)) < rng.choice([0.05, 0.5, 0.95])) * 1.0
        found = share(table)
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.low < found.high


@pytest.mark.parametrize(
    ("table", "scope", "count", "what"),
    [
        (np.ones((1, 4)), THESE, 4, "queries"),
        (np.full((3, 9), 0.5), THESE, 9, "queries"),
        (np.ones((6, 24)), BOTH, 6, "raters"),
        (np.zeros((24, 6)), BOTH, 6, "queries"),
    ],
)
def test_where_nothing_varies_clusters_count(
    table: np.ndarray, scope: str, count: int, what: str
) -> None:
    from statsmodels.stats.proportion import proportion_confint

    found = share(table)
    known = proportion_confint(count * table[0, 0], count, method="wilson")
    assert (found.low, found.high) == pytest.approx(known, abs=1e-9)
    assert found.scope == scope
    assert found.reason == f"nothing varies; the interval is Wilson's of {count} {what}"


def test_a_single_query_has_no_interval() -> None:
    found = share(np.ones((5, 1)))
    assert (found.value, found.low, found.high) == (1, None, None)
    assert found.reason == "one query has no interval"


TIES, SIDE = -0.7, 0.3
"""What no difference, and the side, are worth in the studies below."""


def study(rng: np.random.Generator, apart: float, raters: int, queries: int) -> Votes:
    """Draw the choices of every rater for every query between two systems, by the model."""
    rater, query = (one.ravel() for one in np.indices((raters, queries)))
    first = (rater + query) % 2
    share_of = _shares(apart, first).cumsum(axis=1)
    choice = (rng.random(len(first))[:, None] > share_of).sum(axis=1)
    return Votes(first, 1 - first, choice, rater, query)


def _shares(apart: float, first: np.ndarray) -> np.ndarray:
    strength = np.array([apart / 2, -apart / 2])
    levels = [strength[first] + SIDE / 2, strength[1 - first] - SIDE / 2,
              np.full(len(first), TIES)]  # fmt: skip
    weight = np.exp(np.stack(levels, axis=1))
    return weight / weight.sum(axis=1, keepdims=True)


def covered(apart: float, raters: int, queries: int, studies: int) -> dict[str, float]:
    """Return how often the intervals of strengths and shares hold the truth."""
    sides = _shares(apart, np.array([0, 1]))
    truth = float((sides[0, A] + sides[1, B] + sides[:, NEITHER].mean()) / 2)
    found = {"strength": 0, "share": 0, "separated": 0}
    rng = np.random.default_rng([int(apart), raters, queries])
    for _ in range(studies):
        own = study(rng, apart, raters, queries)
        fitted = fit(own, 2, replicates=400)
        won = np.where(own.choice == A, own.first, 1 - own.first) == 0
        worth = np.where(own.choice == NEITHER, 0.5, won).reshape(raters, queries)
        told = share(worth)
        found["strength"] += fitted.low[0] <= apart / 2 <= fitted.high[0]
        found["share"] += told.low <= truth <= told.high
        found["separated"] += bool(fitted.reason)
    return {name: float(count / studies) for name, count in found.items()}


def test_four_choices_of_one_rater_are_not_too_sure() -> None:
    found = covered(3, 1, 4, 60)
    assert found["separated"] > 0.8
    assert found["strength"] > 0.93
    assert found["share"] > 0.93


@pytest.mark.slow
def test_intervals_of_preferences_hold_the_truth() -> None:
    """By 500 studies of each size. Strengths of few choices that do have a fit hold it less often,
    as bootstrap intervals do; shares hold it in all."""
    figures = {}
    for raters, queries in ((1, 4), (1, 10), (1, 30), (3, 8), (6, 12)):
        for apart in (0, 1, 3):
            found = covered(apart, raters, queries, 500)
            figures[f"{raters} raters, {queries} queries, {apart} apart"] = found
            assert found["share"] > 0.92
            assert found["strength"] > (0.92 if found["separated"] > 0.5 else 0.8)
    note("preferences", "coverage of 95 % intervals, 500 studies each", figures)
