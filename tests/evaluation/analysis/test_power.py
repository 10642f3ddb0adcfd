"""Planning by simulation: power is what the design says, and grows with it."""

import numpy as np
import pytest
from scipy.stats import norm

from embeddings.errors import InputError
from evaluation.analysis.power import Assumptions, of_pilot, power, typical
from evaluation.analysis.power import _absent as absent
from evaluation.analysis.rater_effects import Generalizability


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


def test_everybody_judges_about_as_much() -> None:
    told = ~absent(7, 20, 3)
    assert (told.sum(axis=0) == 3).all()
    assert np.ptp(told.sum(axis=1)) <= 1
    assert not absent(4, 9, 4).any()


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
