"""Search against the plain oracle, with ties and duplicates, in blocks of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import InputError
from embeddings.search import SEARCHES, top_neighbours
from tests import oracle

small = st.integers(-2, 2)


@pytest.mark.parametrize("search", SEARCHES)
def test_search_is_what_the_definition_says(search: str) -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 7)).astype(np.float32)
    neighbours, scores = top_neighbours(vectors, search, 20)
    assert (neighbours.dtype, scores.dtype) == (np.int32, np.float32)
    for query in range(60):
        expected = oracle.ranking(vectors.tolist(), query, search)[:20]
        assert neighbours[query].tolist() == expected
        for clip, score in zip(expected, scores[query], strict=True):
            exact = oracle.similarity(vectors[query].tolist(), vectors[clip].tolist(), search)
            assert score == pytest.approx(exact, rel=1e-5, abs=1e-6)


@settings(deadline=None)
@given(
    st.lists(st.tuples(small, small, small).filter(any), min_size=2, max_size=14),
    st.sampled_from(SEARCHES),
    st.integers(1, 20),
    st.integers(1, 16),
)
def test_ties_go_by_clip_order_for_every_block_size(
    rows: list[tuple[int, int, int]], search: str, top: int, block: int
) -> None:
    vectors = np.array(rows, dtype=np.float32)
    neighbours, _ = top_neighbours(vectors, search, top, block=block)
    for query in range(len(rows)):
        assert neighbours[query].tolist() == oracle.ranking(rows, query, search)[:top]


@pytest.mark.parametrize("search", SEARCHES)
def test_the_query_is_left_out_by_identity_and_its_double_is_not(search: str) -> None:
    vectors = np.random.default_rng(3).normal(size=(30, 50)).astype(np.float32)
    vectors[20] = vectors[4]
    neighbours, _ = top_neighbours(vectors, search, 29)
    for query in range(30):
        assert sorted(neighbours[query]) == [clip for clip in range(30) if clip != query]
    if search != "mips":
        assert neighbours[4, 0] == 20
        assert neighbours[20, 0] == 4


@pytest.mark.parametrize("search", SEARCHES)
def test_one_very_long_vector_does_not_blur_the_others(search: str) -> None:
    vectors = np.random.default_rng(4).normal(size=(40, 8))
    vectors[0] *= 1e7
    neighbours, _ = top_neighbours(vectors, search, 10)
    for query in range(40):
        assert neighbours[query].tolist() == oracle.ranking(vectors, query, search)[:10]


def test_fewer_clips_than_asked_for() -> None:
    neighbours, scores = top_neighbours(np.eye(4), "mcss", 150)
    assert neighbours.shape == scores.shape == (4, 3)


@pytest.mark.parametrize(
    ("vectors", "search", "top", "sentence"),
    [
        (np.eye(3), "cosine", 5, "search must be one of mcss, mips, nns, not 'cosine'"),
        (np.eye(3), "mcss", 0, "at least 1 neighbour, not 0"),
        (np.eye(1), "mcss", 5, "at least 2 clips with vectors; there are 1"),
        (np.array([[1.0, 0], [0, 0]]), "mcss", 1, "Clip '1': the prepared vector is all zeros"),
        (np.array([[1.0, 0], [np.nan, 0]]), "nns", 1, "Clip '1': the vector has NaN"),
    ],
)
def test_what_cannot_be_searched(vectors: np.ndarray, search: str, top: int, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        top_neighbours(vectors, search, top)
