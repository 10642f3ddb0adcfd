"""Whom an interval speaks for: how often alpha's holds what, and what a minority does to others."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import t

from evaluation.statistics.agreement import krippendorff_alpha
from evaluation.statistics.variance import spread
from tests.support.evidence import note

ITEMS = 8


@dataclass(frozen=True)
class Kind:
    """Raters of a kind: how many, how noisy, which share of them gives grades by chance."""

    raters: int
    queries: int
    noise: tuple[float, float] = (15.0, 15.0)
    careless: float = 0.0

    def people(self, rng: np.random.Generator, raters: int) -> np.ndarray:
        """Return what raters are like: kindness, noise, careless or not; float [3, raters, 1]."""
        noise = rng.uniform(*self.noise, raters)
        told = [rng.normal(0, 6, raters), noise, rng.random(raters) < self.careless]
        return np.array(told)[..., None]

    def table(self, rng: np.random.Generator, people: np.ndarray, queries: int) -> np.ndarray:
        """Return these raters' grades of new queries, float [raters, items], from 0 to 10."""
        kind, noise, careless = people
        worth = np.repeat(rng.normal(50, 9, queries), ITEMS) + rng.normal(0, 18, queries * ITEMS)
        grades = worth + kind + noise * rng.normal(size=(len(kind), len(worth)))
        grades = np.where(careless, rng.uniform(0, 100, grades.shape), grades)
        return np.clip(np.round(grades / 10), 0, 10)


KINDS = {
    "12 raters, 30 queries": Kind(12, 30),
    "5 raters, 10 queries": Kind(5, 10),
    "8 raters, 30 queries, 15 % careless": Kind(8, 30, careless=0.15),
    "6 raters, 30 queries, of unequal noise": Kind(6, 30, noise=(3.0, 45.0)),
}


def alpha_coverage(kind: Kind, runs: int, replicates: int) -> tuple[float, float]:
    """Return how often alpha's interval holds that of these raters for all queries, and that of
    all raters like these."""
    rng = np.random.default_rng([kind.raters, kind.queries, runs])
    every = kind.table(rng, kind.people(rng, 150), 150)
    of_all = krippendorff_alpha(every, replicates=0).value
    clusters = np.repeat(np.arange(kind.queries), ITEMS)
    hits = np.zeros(2)
    for run in range(runs):
        people = kind.people(rng, kind.raters)
        of_these = krippendorff_alpha(kind.table(rng, people, 400), replicates=0).value
        table = kind.table(rng, people, kind.queries)
        found = krippendorff_alpha(table, clusters=clusters, replicates=replicates, seed=run)
        hits += [found.low <= true <= found.high for true in (of_these, of_all)]
    these, others = hits / runs
    return float(these), float(others)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_coverage_of_alpha(name: str) -> None:
    """Its 95 % interval holds the alpha of these raters, and not that of others like them."""
    these, others = alpha_coverage(KINDS[name], 500, 1000)
    note("alpha", name, {"of these raters": these, "of all raters like these": others})
    assert 0.85 <= these <= 0.98


def test_alpha_of_unequal_raters_is_these_raters_own() -> None:
    """As `test_coverage_of_alpha`, of 40 studies, and three standard errors of so few."""
    these, others = alpha_coverage(KINDS["6 raters, 30 queries, of unequal noise"], 40, 200)
    assert these >= 0.95 - 3 * (0.95 * 0.05 / 40) ** 0.5
    assert others < 0.7


def minority_coverage(raters: int, runs: int, share: float = 0.2) -> float:
    """Return how often an interval of a difference holds the truth, with a minority of opposite
    taste: each rater's own difference is 1 or, of that share, -1."""
    rng, true, hits = np.random.default_rng([raters, runs]), 1 - 2 * share, 0
    for _ in range(runs):
        own = np.where(rng.random((raters, 1)) < share, -1, 1)
        found = spread(own + rng.normal(0, 0.4, 30) + rng.normal(0, 0.8, (raters, 30)))
        assert found
        hits += abs(found.mean - true) <= t.ppf(0.975, found.freedom) * found.error
    return hits / runs


@pytest.mark.slow
@pytest.mark.parametrize("raters", [5, 6, 8, 12, 20])
def test_coverage_with_a_minority(raters: int) -> None:
    """What the notice of few raters says: below 12 they hold the truth too seldom."""
    held = minority_coverage(raters, 2000)
    note("minority", f"{raters} raters, 20 % of opposite taste", held)
    assert (held >= 0.88) == (raters >= 12)


def test_a_minority_hides_among_five_raters_and_not_among_twelve() -> None:
    """As `test_coverage_with_a_minority`, of 200 studies."""
    assert minority_coverage(5, 200) < 0.85 < minority_coverage(12, 200)
