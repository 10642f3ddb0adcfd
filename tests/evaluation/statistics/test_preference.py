"""Strengths from choices between lists: choix as the judge, ties, sides, and refusals."""

import numpy as np
import pytest

from evaluation.statistics.bradley_terry import NEITHER, A, B, Votes, connected, counts, fit


def votes(*rows: tuple[int, int, int]) -> Votes:
    """Return choices (system as A, system as B, choice), each of a rater and query of its own."""
    first, second, choice = np.array(rows).T
    number = np.arange(len(rows))
    return Votes(first, second, choice, number % 5, number % 7)


def drawn(strength: np.ndarray, ties: float, side: float, count: int, seed: int = 0) -> Votes:
    """Draw choices from the model."""
    rng = np.random.default_rng(seed)
    systems = len(strength)
    one = rng.integers(0, systems, count)
    other = (one + rng.integers(1, systems, count)) % systems
    a, b = strength[one], strength[other]
    scores = np.exp(np.stack([a + side / 2, b - side / 2, (a + b) / 2 + ties], axis=1))
    shares = (scores / scores.sum(axis=1, keepdims=True)).cumsum(axis=1)
    choice = (rng.random(count)[:, None] > shares).sum(axis=1)
    return Votes(one, other, choice, rng.integers(0, 20, count), rng.integers(0, 30, count))


def test_counting() -> None:
    table = counts(votes((0, 1, A), (0, 1, A), (1, 0, B), (0, 1, NEITHER)), 2)
    assert table[0, 1].tolist() == [2, 0, 1]
    assert table[1, 0].tolist() == [0, 1, 0]
    twice = counts(votes((0, 1, A)), 2, np.array([[2.0], [0.5]]))
    assert twice[:, 0, 1, A].tolist() == [2.0, 0.5]


def test_without_ties_and_sides_it_is_bradley_terrys() -> None:
    choix = pytest.importorskip("choix")
    own = drawn(np.array([-1.0, -0.2, 0.4, 0.8]), -30.0, 0.0, 4000)
    won = [(a, b) if c == A else (b, a) for a, b, c in
           zip(own.first, own.second, own.choice, strict=True)]  # fmt: skip
    expected = choix.ilsr_pairwise(4, won, alpha=0)
    # both sides of each pair alike, so that no side has an advantage
    mirrored = Votes(
        np.concatenate([own.first, own.second]),
        np.concatenate([own.second, own.first]),
        np.concatenate([own.choice, 1 - own.choice]),
        np.tile(own.rater, 2),
        np.tile(own.query, 2),
    )
    found = fit(mirrored, 4, replicates=0)
    assert found.first == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(found.strength, expected - expected.mean(), atol=1e-5)
    assert found.win[3, 0] == pytest.approx(1 / (1 + np.exp(expected[0] - expected[3])), abs=1e-5)


def test_ties_and_the_first_place_are_found() -> None:
    truth = np.array([-1.0, 0.0, 1.0])
    found = fit(drawn(truth, -0.3, 0.4, 20_000), 3, replicates=200)
    np.testing.assert_allclose(found.strength, truth, atol=0.08)
    assert found.ties == pytest.approx(-0.3, abs=0.08)
    assert found.first == pytest.approx(0.4, abs=0.08)
    assert (found.low < truth).all()
    assert (truth < found.high).all()
    assert found.reason == ""


def test_a_winner_without_defeat_rests_on_a_prior() -> None:
    """The golden case: 0 beats 1 twice, 1 beats 2."""
    own = votes((0, 1, A), (1, 0, B), (1, 2, A), (2, 1, B))
    assert not connected(counts(own, 3))
    found = fit(own, 3)
    assert "some systems won, or lost, every comparison" in found.reason
    assert (np.diff(found.strength) < 0).all()
    assert np.isfinite(found.high).all()
    assert "half a win, half a loss and half a tie" in found.reason


def test_a_tie_connects() -> None:
    assert connected(counts(votes((0, 1, A), (1, 0, NEITHER)), 2))
    assert not connected(counts(votes((0, 1, A)), 2))


def test_nothing_and_a_single_query() -> None:
    empty = np.array([], dtype=int)
    assert np.isnan(fit(Votes(*[empty] * 5), 3).strength).all()
    own = drawn(np.zeros(3), 0.0, 0.0, 300)
    single = fit(Votes(own.first, own.second, own.choice, own.rater, np.zeros(300, int)), 3)
    assert np.isnan(single.low).all()
    assert np.isfinite(single.strength).all()


def test_only_one_side_always_chosen() -> None:
    """Whoever always takes A says nothing of the systems."""
    own = votes(*[(a, b, A) for a in range(3) for b in range(3) if a != b] * 4)
    found = fit(own, 3, replicates=50)
    np.testing.assert_allclose(found.strength, 0, atol=1e-6)
    assert found.first > 2
    assert "whoever had a preference chose A" in found.reason


def test_the_same_seed_gives_the_same_interval() -> None:
    own = drawn(np.array([0.0, 0.5]), -1.0, 0.0, 200)
    assert fit(own, 2, replicates=50).low.tolist() == fit(own, 2, replicates=50).low.tolist()
    assert (
        fit(own, 2, replicates=50).low.tolist() != fit(own, 2, replicates=50, seed=2).low.tolist()
    )


def test_few_raters_are_not_sampled() -> None:
    """Copies of one rater say nothing of others: with few, how many there are changes nothing."""
    one = drawn(np.array([0.5, 0.0, -0.5]), -1.0, 0.0, 600)
    alone, four = (
        fit(Votes(one.first, one.second, one.choice, one.rater % raters, one.query), 3)
        for raters in (1, 4)
    )
    np.testing.assert_allclose(alone.low, four.low, atol=0.02)
    np.testing.assert_allclose(alone.high, four.high, atol=0.02)
