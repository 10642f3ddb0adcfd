"""Search against the plain oracle, with ties and duplicates, in blocks of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import InputError
from embeddings.search import neighbours as neighbours_module
from embeddings.search.backends import NumpyBackend, TorchBackend
from embeddings.search.comparison import Comparison
from embeddings.search.neighbours import (
    SEARCHES,
    Block,
    ranked_blocks,
    search_corpus,
    top_neighbours,
)
from evaluation.objective.per_query import score_queries
from tests.support import oracle

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


names = st.sampled_from(["", "a", "b", "c"])


@settings(deadline=None)
@given(
    st.lists(st.tuples(small, small, small, names), min_size=2, max_size=14),
    st.sampled_from(["mips", "nns"]),
    st.integers(1, 20),
    st.integers(1, 16),
)
def test_a_group_is_left_out_whole(
    rows: list[tuple[int, int, int, str]], search: str, top: int, block: int
) -> None:
    vectors, groups = np.array([row[:3] for row in rows], dtype=float), [row[3] for row in rows]
    neighbours, scores = top_neighbours(vectors, search, top, groups=groups, block=block)
    for query, own in enumerate(neighbours.tolist()):
        expected = oracle.ranking(vectors.tolist(), query, search, groups)[:top]
        assert own == expected + [-1] * (len(own) - len(expected))
        assert np.isnan(scores[query]).tolist() == [clip < 0 for clip in own]


def brute_force(vectors: np.ndarray, search: str) -> np.ndarray:
    """Return all similarities in float64, rid of their last digits, minus infinity to oneself."""
    vectors = vectors.astype(np.float64)
    if search == "mcss":
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    if search == "nns":
        similarity = -np.sqrt(((vectors[:, None] - vectors) ** 2).sum(axis=2))
    else:
        similarity = np.einsum("id,jd->ij", vectors, vectors)
    similarity = np.round(similarity, 13)
    np.fill_diagonal(similarity, -np.inf)
    return similarity


def crowded(clips: int, dim: int, seed: int) -> np.ndarray:
    """Return vectors with doubles, and with clusters so tight that float32 blurs them."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(clips, dim)).astype(np.float32)
    vectors[clips // 2 : clips // 2 + 50] = vectors[:50]
    tight = vectors[60] + 1e-3 * rng.normal(size=(60, dim))
    vectors[100:160] = tight
    return vectors


@pytest.mark.parametrize("search", SEARCHES)
def test_near_ties_are_told_apart_and_ties_are_not(search: str) -> None:
    """1,500 clips of which many are closer than float32 can tell: as float64 orders them."""
    vectors = crowded(1500, 24, 5)
    neighbours, scores = top_neighbours(vectors, search, 30)
    similarity = brute_force(vectors, search)
    expected = np.argsort(-similarity, axis=1, kind="stable")[:, :30]
    assert np.array_equal(neighbours, expected)
    found = np.take_along_axis(similarity, expected, axis=1)
    assert np.abs(scores - found).max() < 2e-5
    assert (np.diff(scores, axis=1) <= 0).all()
    if search == "nns":
        assert (scores[:50, 0] == 0).all()  # doubles are at distance 0, not at a rounding error


@pytest.mark.parametrize("dim", [3, 100, 6144])
@pytest.mark.parametrize("kind", ["normal", "positive", "almost constant", "skewed", "far"])
@pytest.mark.parametrize("search", SEARCHES)
def test_a_product_is_not_wrong_by_more_than_is_allowed_for(
    search: str, kind: str, dim: int
) -> None:
    rng = np.random.default_rng(10)
    vectors = {
        "normal": rng.normal(size=(60, dim)),
        "positive": rng.random((60, dim)),
        "almost constant": 0.1 + 1e-3 * rng.random((60, dim)),
        "skewed": rng.lognormal(0, 2, (60, dim)),
        "far": 1e6 + rng.normal(size=(60, dim)),
    }[kind].astype(np.float32)
    compared = Comparison(vectors, vectors, search, "cpu")
    queries, clips = np.divmod(np.arange(3600), 60)
    exact = compared.exact(queries, clips)
    products = compared.products(queries, exact).reshape(60, 60)
    wrong = np.abs(compared.similarity(0, 60) - products)
    assert (wrong < compared.slack[:, None] / 2).all()
    everything = clips.reshape(60, 60)
    close = compared.close(np.arange(60), everything)
    wrong = np.abs(close - exact.reshape(60, 60))
    assert (wrong <= compared.blur(np.arange(60), everything)).all()


@pytest.mark.parametrize("search", SEARCHES)
def test_every_block_size_gives_the_same_bytes(search: str) -> None:
    vectors = crowded(700, 40, 6)
    groups = [f"g{row % 90}" if row % 3 else "" for row in range(700)]
    first = top_neighbours(vectors, search, 50, groups=groups, block=700)
    for block in (1, 3, 8, 64, 333):
        other = top_neighbours(vectors, search, 50, groups=groups, block=block)
        assert np.array_equal(first[0], other[0])
        assert np.array_equal(first[1], other[1], equal_nan=True)


@pytest.mark.parametrize("search", SEARCHES)
def test_the_order_of_the_clips_changes_nothing_but_ties(search: str) -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(300, 12)).astype(np.float32)
    shuffled = rng.permutation(300)
    one, _ = top_neighbours(vectors, search, 40)
    other, _ = top_neighbours(vectors[shuffled], search, 40)
    assert np.array_equal(shuffled[other], one[shuffled])


@pytest.mark.parametrize("search", SEARCHES)
def test_queries_outside_the_corpus(search: str) -> None:
    rng = np.random.default_rng(8)
    corpus = rng.normal(size=(90, 6)).astype(np.float32)
    queries = np.concatenate([rng.normal(size=(5, 6)), corpus[3:4]]).astype(np.float32)
    neighbours, scores = search_corpus(queries, corpus, search, 90)
    for query, own in zip(queries, neighbours.tolist(), strict=True):
        keys = [oracle.similarity(query.tolist(), clip.tolist(), search) for clip in corpus]
        assert own == sorted(range(90), key=lambda clip: (-keys[clip], clip))
    if search != "mips":
        assert neighbours[5, 0] == 3  # nothing is left out: a query is no clip of the corpus
    assert np.array_equal(search_corpus(queries, corpus, search, 7)[1], scores[:, :7])
    with pytest.raises(InputError, match="have 6 dimensions and the corpus 5"):
        search_corpus(queries, corpus[:, :5], search, 3)


@pytest.mark.parametrize("search", SEARCHES)
def test_pytorch_ranks_as_numpy_does(search: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    vectors = crowded(600, 30, 9)
    groups = [f"g{row % 50}" if row % 2 else "" for row in range(600)]
    labels = [["A"] if row % 97 else ["A", "B"] for row in range(600)]
    expected = top_neighbours(vectors, search, 20, groups=groups)
    scored = score_queries(vectors, labels, search=search, cutoffs=(5,), groups=groups)
    monkeypatch.setattr(
        "embeddings.search.comparison.find_backend",
        lambda corpus, device: TorchBackend(corpus, "cpu"),
    )
    found = top_neighbours(vectors, search, 20, groups=groups)
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1], equal_nan=True)
    again = score_queries(vectors, labels, search=search, cutoffs=(5,), groups=groups)
    assert np.array_equal(again.first_rank, scored.first_rank)
    assert np.array_equal(again.precision_sum, scored.precision_sum)


def test_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.search.backends.has_gpu", lambda: False)
    assert top_neighbours(np.eye(4), "mcss", 2, device="auto")[0].shape == (4, 2)
    with pytest.raises(InputError, match="cuda needs PyTorch and a GPU"):
        top_neighbours(np.eye(4), "mcss", 2, device="cuda")
    with pytest.raises(InputError, match="device must be one of auto, cpu, cuda, not 'tpu'"):
        top_neighbours(np.eye(4), "mcss", 2, device="tpu")


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    "kind", ["far from the origin", "near-doubles", "tiny", "huge", "some very long"]
)
def test_vectors_that_float32_alone_would_confuse(search: str, kind: str) -> None:
    rng = np.random.default_rng(13)
    vectors = rng.normal(size=(300, 20))
    if kind == "far from the origin":
        vectors[:, 1:] *= 1e-3
        vectors[:, 0] = 1e6
    elif kind == "near-doubles":
        vectors[:60] = vectors[0] + 1e-7 * rng.normal(size=(60, 20))
    elif kind == "some very long":
        vectors[5:9] *= 1e5
    else:
        vectors *= {"tiny": 1e-22, "huge": 1e15}[kind]
    vectors = vectors.astype(np.float32)
    neighbours, _ = top_neighbours(vectors, search, 6)
    exact = vectors.astype(np.longdouble)
    if search == "mcss":
        exact /= np.sqrt((exact**2).sum(axis=1, keepdims=True))
    for query in range(300):
        if search == "nns":
            keys = -((exact - exact[query]) ** 2).sum(axis=1)
        else:
            keys = (exact * exact[query]).sum(axis=1)
        keys[query] = -np.inf
        best = np.sort(keys)[::-1][:6]
        unit = 1 if search == "mcss" else float(np.abs(exact).max()) ** 2 * 20
        found = keys[neighbours[query]]
        noise = 1e-13 * (np.abs(best) if search == "nns" else unit)
        assert (np.abs(found - best) <= noise).all()


def test_a_long_vector_is_found_although_its_rough_product_falls_short() -> None:
    """It is the fourth best by less than float32 can tell, whose product is off by far more."""
    rng = np.random.default_rng(15)
    for _ in range(20):
        vectors = rng.normal(size=(300, 20))
        own = vectors[0]
        across = rng.normal(size=20)
        across -= own * (across @ own) / (own @ own)
        third, fourth = np.sort(vectors[2:] @ own)[::-1][2:4]
        vectors[1] = 1e5 * across + own * (0.9 * fourth + 0.1 * third) / (own @ own)
        exact = vectors[1:].astype(np.longdouble) @ own
        best = np.argsort(-exact, kind="stable")[:4] + 1
        assert best[3] == 1
        assert top_neighbours(vectors, "mips", 4)[0][0].tolist() == best.tolist()


@pytest.mark.parametrize("backend", [NumpyBackend, TorchBackend])
def test_what_is_always_reached_takes_nobodys_place(backend: type) -> None:
    if backend is TorchBackend:
        pytest.importorskip("torch", reason="PyTorch is not installed")
    corpus = np.arange(1, 41, dtype=np.float32)[:, None]
    one = backend(corpus) if backend is NumpyBackend else backend(corpus, "cpu")
    similarity = one.similarity(np.ones((1, 1), dtype=np.float32))
    always, never = np.array([39, 38, 37]), np.arange(40) == 34
    rows, columns = one.at_least(similarity, 2, np.zeros(1, dtype=np.float32), always, never)
    assert set(rows.tolist()) == {0}
    assert {35, 36, 37, 38, 39} <= set(columns.tolist()) < set(range(40)) - {34}


@pytest.mark.parametrize("search", SEARCHES)
def test_similarities_that_are_equal_but_for_noise_tie(search: str) -> None:
    """Thirty orders of one vector's numbers are all as similar to a vector of ones."""
    rng = np.random.default_rng(14)
    for _ in range(20):
        numbers = rng.normal(size=512)
        vectors = np.stack([np.ones(512), *(rng.permutation(numbers) for _ in range(30))])
        neighbours, _ = top_neighbours(vectors, search, 30)
        assert neighbours[0].tolist() == list(range(1, 31))


def test_a_long_vector_does_not_make_every_pair_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = []
    exact = Comparison.exact
    monkeypatch.setattr(
        Comparison,
        "exact",
        lambda self, queries, clips: pairs.append(len(clips)) or exact(self, queries, clips),
    )
    vectors = np.random.default_rng(15).normal(size=(2000, 30)).astype(np.float32)
    vectors[5] *= 1000
    neighbours, _ = top_neighbours(vectors, "nns", 10)
    assert sum(pairs) < 2000 * 20  # of 4 million
    assert np.array_equal(
        neighbours, np.argsort(-brute_force(vectors, "nns"), axis=1, kind="stable")[:, :10]
    )


@pytest.mark.parametrize("cores", [1, 3, 64])
def test_all_blocks_together_have_a_bound_whatever_the_cores(
    cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = np.random.default_rng(16).normal(size=(700, 5)).astype(np.float32)
    whole = top_neighbours(vectors, "mcss", 9)
    monkeypatch.setattr(neighbours_module, "default_workers", lambda: cores)
    monkeypatch.setattr(neighbours_module, "_VALUES", 700 * 100 * (cores + 1))
    sizes = [len(one.neighbours) for one in ranked_blocks(vectors, "mcss", 9)]
    assert (sum(sizes), max(sizes)) == (700, 100)
    monkeypatch.setattr(neighbours_module, "_VALUES", 1)  # a product of few rows would be slow
    assert max(len(one.neighbours) for one in ranked_blocks(vectors, "mcss", 9)) == 16
    again = top_neighbours(vectors, "mcss", 9)
    assert all(np.array_equal(one, other) for one, other in zip(again, whole, strict=True))


def test_a_block_has_queries() -> None:
    with pytest.raises(InputError, match="A block must have at least 1 query, not 0"):
        top_neighbours(np.eye(4), "mcss", 2, block=0)


def test_groups_are_of_all_clips() -> None:
    with pytest.raises(InputError, match="There are 3 vectors but groups of 2 clips"):
        top_neighbours(np.eye(3), "mcss", 1, groups=["one", "two"])


def test_similarities_are_used_again_only_when_the_next_block_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors = np.random.default_rng(3).normal(size=(100, 4)).astype(np.float32)
    received: list[Block] = []
    released: list[np.ndarray] = []
    real = NumpyBackend.release

    def release(backend: NumpyBackend, similarity: np.ndarray) -> None:
        assert received[len(released)]._similarity is similarity  # it was there to be looked at
        released.append(similarity)
        real(backend, similarity)

    monkeypatch.setattr(NumpyBackend, "release", release)
    for block in ranked_blocks(vectors, "mcss", 5, block=16):
        received.append(block)
    assert len(received) == len(released) == 7
    assert len({id(one.base) for one in released[:-1]}) < 6  # and used again they are
