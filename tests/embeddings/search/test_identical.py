"""Vectors that are the same: found, known once, and left out where they can never be listed."""

import numpy as np
import pytest

from embeddings.search import identical
from embeddings.search.comparison import Comparison
from embeddings.search.identical import Identical
from embeddings.search.neighbours import SEARCHES, top_neighbours
from evaluation.objective.per_query import score_queries
from tests.support import oracle


def few(clips: int, kinds: int, seed: int = 1) -> np.ndarray:
    """Return vectors of whole numbers, of which so many are different."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-9, 10, size=(kinds, 5)) + np.eye(5, dtype=int)[0] * 20
    return values[rng.integers(0, kinds, clips)].astype(np.float32)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("kinds", [1, 7, 400])
def test_what_is_the_same_is_found(kinds: int, kind: type) -> None:
    vectors = few(400, kinds).astype(kind)
    vectors[3, 1], vectors[4] = 0.0, vectors[3]
    vectors[4, 1] = -0.0  # equals zero
    found = Identical(vectors)
    different, expected = np.unique(vectors + 0.0, axis=0, return_inverse=True)
    assert found.kinds == len(different)
    assert found.kind is not None
    pairs = {*zip(found.kind.tolist(), expected.ravel().tolist(), strict=True)}
    assert len(pairs) == len(different)
    for row, turn in enumerate(found.turn):
        assert turn == np.count_nonzero(expected.ravel()[:row] == expected.ravel()[row])


def test_where_all_are_different_nothing_is_kept() -> None:
    vectors = np.random.default_rng(2).normal(size=(50, 3))
    found = Identical(vectors)
    assert (found.kind, found.kinds) == (None, 50)
    assert found.beyond(1) is None


def test_different_vectors_of_one_fingerprint_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identical, "_fingerprints", lambda rows: np.zeros(len(rows), np.uint64))
    vectors = np.repeat(np.arange(10.0), 3)[:, None] + 1
    found = Identical(vectors)
    assert found.kind is not None
    assert [*found.kind] == [*np.repeat(np.arange(10), 3)]
    assert [*found.turn] == [0, 1, 2] * 10


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("kinds", [1, 3, 12])
@pytest.mark.parametrize("grouped", [False, True])
def test_lists_and_scores_are_the_definitions(search: str, kinds: int, grouped: bool) -> None:
    clips, top = 90, 8
    vectors = few(clips, kinds)
    groups = [f"g{row % 5}" if row % 2 else "" for row in range(clips)] if grouped else None
    labels = [("rare",) if row in (70, 80) else (f"class{row % 4}",) for row in range(clips)]
    neighbours, scores = top_neighbours(vectors, search, top, groups=groups, block=16)
    scored = score_queries(vectors, labels, search=search, cutoffs=(top,), groups=groups)
    order = [oracle.ranking(vectors.tolist(), one, search, groups) for one in range(clips)]
    assert neighbours.tolist() == [own[:top] for own in order]
    for query, own in enumerate(neighbours):
        for clip, score in zip(own, scores[query], strict=True):
            exact = oracle.similarity(vectors[query].tolist(), vectors[clip].tolist(), search)
            assert score == pytest.approx(exact, rel=1e-5, abs=1e-6)
    for query, label, first in zip(scored.query, scored.label, scored.first_rank, strict=True):
        wanted = {scored.classes[label]} if label >= 0 else set(labels[query])
        ranks = [rank for rank, clip in enumerate(order[query], 1) if wanted & set(labels[clip])]
        assert first == (ranks[0] if ranks else 0)


def test_the_same_pair_is_summed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    summed = []
    real = Comparison._summed
    monkeypatch.setattr(
        Comparison,
        "_summed",
        lambda self, queries, clips: summed.append(len(clips)) or real(self, queries, clips),
    )
    clips = 1200
    vectors = few(clips, 2)
    labels = [(f"class{row % 50}",) for row in range(clips)]
    score_queries(vectors, labels, cutoffs=(5,))
    assert sum(summed) < 20 * clips  # of 1.4 million


def test_pairs_of_one_query_are_put_together() -> None:
    found = Identical(few(300, 3))
    assert found.kind is not None
    queries = np.repeat([7, 2, 7], 200)
    clips = np.random.default_rng(4).integers(0, 300, 600)
    pairs, which = found.first_of(queries, clips)
    assert len(pairs) == 9
    assert np.array_equal(queries[pairs][which], queries)
    assert np.array_equal(found.kind[clips[pairs]][which], found.kind[clips])
    one, own = found.first_of(queries[:1], clips[:1])
    assert ([*one], [*own]) == ([0], [0])
