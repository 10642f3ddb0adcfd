"""Planning by simulation: power is what the design says, and grows with it."""

import numpy as np
import pytest
from scipy.stats import norm

from embeddings.errors import InputError
from evaluation.analysis.power import Assumptions, of_pilot, power, powers, typical
from evaluation.analysis.power import _given as drawn
from evaluation.analysis.rater_effects import Generalizability
from evaluation.statistics.significance import estimate
from tests.support.evidence import note


def test_without_an_effect_it_is_the_level() -> None:
    found = power(Assumptions(0, 10, 3, 15), 8, 20, runs=1000)
    assert found.found <= 0.05 + 3 * 0.007
    assert found.error == pytest.approx((found.found * (1 - found.found) / 1000) ** 0.5)


def test_it_is_near_the_textbook() -> None:
    """With many raters and queries the t is a normal, and the error is known."""
    assumed = Assumptions(5, 10, 0, 15)
    error = (2 * (10**2 / 60 + 15**2 / (60 * 20))) ** 0.5
    expected = norm.sf(norm.ppf(0.975) - 5 / error)
    found = power(assumed, 20, 60, runs=600)
    assert found.found == pytest.approx(expected, abs=0.07)
    assert found.half_width == pytest.approx(1.96 * error, rel=0.1)


def test_it_grows_with_the_design() -> None:
    assumed = typical(8, 100)
    few, more = power(assumed, 6, 10, runs=200), power(assumed, 6, 40, runs=200)
    assert more.found > few.found + 0.2
    assert more.half_width < few.half_width
    among = power(assumed, 6, 40, comparisons=91, runs=200)
    assert among.found < more.found
    lapsing = power(typical(8, 100, lapses=0.5), 6, 40, runs=200)
    assert lapsing.found < more.found
    sparse = power(assumed, 6, 40, 2, runs=200)
    assert (sparse.per_query, sparse.found < more.found) == (2, True)


def test_the_same_seed_gives_the_same_power() -> None:
    one, other = (power(typical(8, 100), 5, 12, runs=50) for _ in range(2))
    assert one == other


def test_the_power_is_the_same_whoever_simulates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks have seeds of their own: of 600 studies there are three."""
    sizes = [(5, 12), (6, 10)]
    here, two = (powers(typical(8, 100), sizes, runs=600, workers=workers) for workers in (0, 2))
    assert here == two
    assert here == [power(typical(8, 100), *size, runs=600) for size in sizes]
    few = power(typical(8, 100), 5, 12, runs=250)  # the first chunk alone
    assert 0 < few.found < 1
    assert few.found != here[0].found
    monkeypatch.setattr("evaluation.analysis.power._CHUNK", 50)
    assert power(typical(8, 100), 5, 12, runs=600) != here[0]


def test_everybody_judges_about_as_much() -> None:
    rng = np.random.default_rng(0)
    told = drawn(7, 20, 3, 20, 30, rng)
    assert (told.sum(axis=1) == 3).all()
    assert (np.ptp(told.sum(axis=2), axis=1) <= 1).all()
    assert drawn(4, 9, 4, 9, 5, rng).all()


def test_a_sitting_bounds_what_a_rater_is_given() -> None:
    rng = np.random.default_rng(0)
    told = drawn(5, 40, 5, 10, 30, rng)
    assert (told.sum(axis=2) == 10).all()
    assert set(told.sum(axis=1).ravel()) == {1, 2}  # the least judged first
    three = drawn(3, 40, 3, 10, 30, rng)
    assert set(three.sum(axis=1).ravel()) == {0, 1}
    enough = drawn(12, 20, 3, 10, 30, rng)
    assert (enough.sum(axis=1) == 3).all()
    assert enough.sum(axis=2).max() <= 10


def test_a_design_that_cannot_be_filled_is_told() -> None:
    short = power(typical(10, 100), 5, 40, sitting=10, runs=20)
    assert (short.filled, short.per_query, short.each) == (False, 5, 1.25)
    whole = power(typical(10, 100), 5, 40, runs=20)
    assert (whole.filled, whole.each) == (True, 5)
    some = power(typical(10, 100), 12, 40, 3, sitting=10, runs=20)
    assert (some.filled, some.each) == (True, pytest.approx(3, abs=0.05))


def simulated(raters: int, queries: int, wanted: int, sitting: int, runs: int) -> float:
    """Return how often a difference of 10 grades is found, by a simulation of its own.

    Everyone opens the study at the same time and goes on from block to block, as people do; two
    systems are graded one by one, and their difference is analysed as a study's is.
    """
    rng = np.random.default_rng(99)
    found = 0
    for _ in range(runs):
        had: list[set[int]] = [set() for _ in range(raters)]
        judged = [0] * queries
        waiting = list(range(raters))
        while waiting:
            rater = waiting.pop(int(rng.integers(len(waiting))))
            left = [one for one in range(queries) if one not in had[rater] and judged[one] < wanted]
            if not left or len(had[rater]) == sitting:
                continue
            fewest = min(judged[one] for one in left)
            query = int(rng.choice([one for one in left if judged[one] == fewest]))
            had[rater].add(query)
            judged[query] += 1
            waiting.append(rater)
        scores = [one + np.zeros((raters, queries)) for one in (10.0, 0.0)]
        for score in scores:
            score += rng.normal(0, 12, (1, queries)) + rng.normal(0, 4, (raters, 1))
            score += rng.normal(0, 15, score.shape)
        apart = np.full((raters, queries), np.nan)
        for rater, own in enumerate(had):
            for query in own:
                apart[rater, query] = scores[0][rater, query] - scores[1][rater, query]
        p = estimate(apart).p
        found += p is not None and p <= 0.05
    return found / runs


DESIGNS = {
    "40 queries, 5 raters, sittings of 10": (5, 40, 5, 10),
    "40 queries, 12 raters, 3 a query, sittings of 10": (12, 40, 3, 10),
    "30 queries, 8 raters, 4 a query, sittings of 12": (8, 30, 4, 12),
}


def beside(design: tuple[int, int, int, int], runs: int) -> tuple[float, float, float]:
    """Return the power by the planner, in twice the runs, by the other simulation, and two errors
    of their difference."""
    raters, queries, wanted, sitting = design
    own = power(typical(10, 100), raters, queries, wanted, sitting=sitting, runs=2 * runs)
    other = simulated(raters, queries, wanted, sitting, runs)
    error = (own.found * (1 - own.found) / (2 * runs) + other * (1 - other) / runs) ** 0.5
    return own.found, other, 2 * error


def test_it_agrees_with_a_simulation_of_its_own() -> None:
    own, other, error = beside(DESIGNS["40 queries, 5 raters, sittings of 10"], 300)
    assert own == pytest.approx(other, abs=error)
    whole = power(typical(10, 100), 5, 40, 3, runs=300)
    assert own < whole.found - 0.1  # as if sittings had no end


@pytest.mark.slow
def test_it_agrees_with_a_simulation_of_its_own_in_three_designs() -> None:
    figures = {}
    for name, design in DESIGNS.items():
        own, other, error = beside(design, 8000)
        figures[name] = {"planner": own, "other simulation": other, "two errors": error}
        assert own == pytest.approx(other, abs=error), name
    note(
        "planner",
        "power to find 10 grades of 100; 8,000 studies each, 16,000 by the planner",
        figures,
    )


def test_a_pilot_gives_the_variances() -> None:
    parts = {"system": 4.0, "query+system": 100.0, "rater+system": 9.0, "query+rater+system": 225.0}
    found = of_pilot(5, Generalizability(parts, 20, 6), 100)
    assert (found.query_system, found.rater_system, found.noise) == (10, 3, 15)
    with pytest.raises(InputError, match="cannot be told: it needs two"):
        of_pilot(5, Generalizability({}, 1, 1, "it needs two systems"), 100)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"noise": -1.0}, "noise must be at least 0 grades, not -1"),
        ({"lapses": 1.0}, "lapses must be a share from 0 to below 1, not 1"),
    ],
)
def test_assumptions_that_cannot_be(change: dict[str, float], sentence: str) -> None:
    given = {"effect": 5.0, "query_system": 1.0, "rater_system": 1.0, "noise": 1.0} | change
    with pytest.raises(InputError, match=sentence):
        Assumptions(**given)


def test_sizes_that_cannot_be() -> None:
    with pytest.raises(InputError, match="queries must be at least 2, not 1"):
        power(typical(5, 100), 5, 1)
    with pytest.raises(InputError, match="raters must be at least 1, not 0"):
        power(typical(5, 100), 0, 5)
