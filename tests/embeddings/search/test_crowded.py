"""Vectors that are nearly the same: chosen among in float64, and never otherwise than exactly."""

import numpy as np
import pytest

from embeddings.search import crowded
from embeddings.search.comparison import Comparison
from embeddings.search.neighbours import SEARCHES, search_corpus, top_neighbours

TOP = 20


def around_one(spread: float, clips: int = 300, dim: int = 24) -> np.ndarray:
    """Return vectors that are one and the same but for so much noise, float32 [clips, dim]."""
    rng = np.random.default_rng(20)
    one = rng.normal(size=dim)
    return (one / np.linalg.norm(one) + spread * rng.normal(size=(clips, dim))).astype(np.float32)


def without_the_second_choice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(crowded, "_MANY", 10**9)


@pytest.mark.parametrize("spread", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7])
@pytest.mark.parametrize("search", SEARCHES)
def test_neighbours_are_the_same_bytes_as_by_exact_sums_alone(
    search: str, spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = around_one(spread)
    vectors[7] *= 3  # one sticks out, whose rounding is worse than the others'
    asked = around_one(spread)[:40] + np.float32(spread)
    groups = [str(clip % 90) for clip in range(len(vectors))]

    def answers() -> list[np.ndarray]:
        return [
            *top_neighbours(vectors, search, TOP, groups=groups, block=33),
            *search_corpus(asked, vectors, search, TOP),
        ]

    found = answers()
    without_the_second_choice(monkeypatch)
    for one, other in zip(found, answers(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("search", SEARCHES)
def test_few_pairs_are_summed_exactly(search: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = around_one(1e-4)
    counted = []
    exact = Comparison.exact

    def counting(self: Comparison, queries: np.ndarray, clips: np.ndarray) -> np.ndarray:
        counted.append(len(clips))
        return exact(self, queries, clips)

    monkeypatch.setattr(Comparison, "exact", counting)
    top_neighbours(vectors, search, TOP)
    assert sum(counted) <= 2 * TOP * len(vectors)  # of 300 to each


def test_a_chain_of_ties_is_not_cut() -> None:
    steps = 0.4 * 2.0**-44 * np.arange(300)  # each but noise from the next, the ends far apart
    vectors = np.column_stack([1 - steps[::-1], np.zeros(300)])
    neighbours, _ = top_neighbours(vectors, "mips", TOP)
    for clip, found in enumerate(neighbours):
        assert found.tolist() == [other for other in range(TOP + 1) if other != clip][:TOP]
