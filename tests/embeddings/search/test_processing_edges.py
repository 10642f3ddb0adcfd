"""Processing at its edges: frames in steps, bounds of PCA, cut recipes, how many are named."""

from itertools import pairwise

import numpy as np
import pytest

from embeddings.errors import InputError
from embeddings.search import processing
from embeddings.search.processing import Recipe, aggregate, fit, narrowed, prepare

IDS = [f"clip-{number}" for number in range(12)]


@pytest.fixture
def vectors() -> np.ndarray:
    """Twelve vectors of five dimensions."""
    return np.random.default_rng(3).normal(size=(12, 5)).astype(np.float32)


@pytest.mark.parametrize("room", [1, 100, 300, 1000])
@pytest.mark.parametrize("how", ["mean", "max"])
def test_steps_of_any_size_give_the_same_clips(
    monkeypatch: pytest.MonkeyPatch, how: str, room: int
) -> None:
    rng = np.random.default_rng(4)
    counts = rng.integers(1, 4, 20)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    frames = rng.normal(size=(offsets[-1], 3))
    expected = [getattr(np, how)(frames[a:b], axis=0) for a, b in pairwise(offsets)]
    monkeypatch.setattr(processing, "_BYTES", room)
    assert aggregate(frames, offsets, how) == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.parametrize(("room", "sizes"), [(119, [1] * 5), (120, [1] * 5), (240, [2, 2, 1])])
def test_as_many_clips_are_read_at_a_time_as_fit(
    monkeypatch: pytest.MonkeyPatch, room: int, sizes: list[int]
) -> None:
    """A clip of 3 frames of 5 float64 numbers takes 120 bytes."""
    monkeypatch.setattr(processing, "_BYTES", room)
    found = list(processing._equally_long(np.array([3] * 5), 5))
    assert [len(clips) for clips in found] == sizes
    assert np.concatenate(found).tolist() == list(range(5))


def test_what_cannot_be_aggregated_and_what_need_not_be(vectors: np.ndarray) -> None:
    with pytest.raises(InputError, match="A clip has no frames"):
        aggregate(vectors, np.array([0, 5, 5, 12]), "mean")
    with pytest.raises(InputError, match="aggregation must be one of mean, median, max, not 'no'"):
        aggregate(vectors, None, "no")
    plain = aggregate(vectors.astype(np.float64), None, "mean")
    assert plain.dtype == np.float32
    assert np.array_equal(plain, vectors)


def test_a_dimension_that_was_constant_keeps_its_units(vectors: np.ndarray) -> None:
    """Its span stands as 1: a new sound that differs in it differs by as much."""
    vectors[:, 4] = 7
    fitted = fit(vectors, Recipe(normalise="minmax", pca=None), IDS)
    assert fitted["span"][4] == 1.0
    new = np.array([[0, 0, 0, 0, 9.5]], dtype=np.float32)
    assert prepare(new, fitted)[0, 4] == 2.5
    narrow = vectors * np.float32(1e-3)  # a span below 1 is none of a constant
    prepared = prepare(narrow, fit(narrow, Recipe(normalise="minmax", pca=None), IDS))
    assert prepared[:, :4].max(axis=0) == pytest.approx(np.ones(4))


@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (5, 5)])
def test_pca_may_keep_everything(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=shape)
    fitted = fit(vectors, Recipe(normalise="none", pca=5), IDS)
    assert prepare(vectors, fitted).shape == (shape[0], 5)
    with pytest.raises(InputError, match=r"\(--pca 5 or fewer, or --pca none\)"):
        fit(vectors, Recipe(normalise="none", pca=6), IDS)


def test_one_component_is_enough_to_keep(vectors: np.ndarray) -> None:
    fitted = fit(vectors, Recipe(pca=1), IDS)
    assert prepare(vectors, fitted).shape == (12, 1)


def test_a_narrowed_recipe_is_the_first_components(vectors: np.ndarray) -> None:
    fitted = fit(vectors, Recipe(pca=4), IDS)
    two = narrowed(fitted, 2)
    assert set(two) == set(fitted)
    assert two["explained_variance"].shape == (2,)
    assert prepare(vectors, two) == pytest.approx(prepare(vectors, fitted)[:, :2], abs=1e-6)
    assert fitted["components"].shape == (4, 5)  # the whole one is left as it is


def test_a_fit_of_principal_components_alone_knows_its_dimensions(vectors: np.ndarray) -> None:
    fitted = fit(vectors, Recipe(normalise="l2", pca=2), IDS)
    with pytest.raises(InputError, match="have 4 dimensions; the fitted recipe needs 5"):
        prepare(vectors[:, :4], fitted)
    free = fit(vectors, Recipe(normalise="l2", pca=None), IDS)
    assert prepare(vectors[:, :4], free).shape == (12, 4)  # nothing was learnt of dimensions


def test_a_vector_with_some_zeros_has_a_direction(vectors: np.ndarray) -> None:
    vectors[4] = [0, 0, 2, 0, 0]
    vectors[:, 0] = 0  # nor is a dimension of zeros a clip of zeros
    prepared = prepare(vectors, fit(vectors, Recipe(pca=None), IDS))
    assert prepared[4].tolist() == [0, 0, 1, 0, 0]


def test_zeros_are_no_matter_where_no_length_is_needed(vectors: np.ndarray) -> None:
    vectors[4] = 0
    for normalise in ("minmax", "none"):
        fit(vectors, Recipe(normalise=normalise, pca=None), IDS)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (1, "Clip 'clip-0': the"),
        (5, "Clips 'clip-0', 'clip-1', 'clip-2', 'clip-3', 'clip-4': the"),
        (6, "Clips 'clip-0', 'clip-1', 'clip-2', 'clip-3', 'clip-4' and 1 more: the"),
    ],
)
def test_five_clips_are_named_and_the_others_counted(
    vectors: np.ndarray, bad: int, words: str
) -> None:
    vectors[:bad, 2] = np.nan
    with pytest.raises(InputError, match=f"^{words} vector has NaN"):
        fit(vectors, Recipe(), IDS)


def test_what_is_not_told_of_a_recipe_stays() -> None:
    recipe = Recipe("max", "minmax", 20)
    assert recipe.changed() == recipe
    assert recipe.changed(aggregation="median") == Recipe("median", "minmax", 20)
    assert recipe.changed(normalise="none") == Recipe("max", "none", 20)
    assert recipe.changed(pca="7") == Recipe("max", "minmax", 7)
    assert recipe.changed(pca="none") == Recipe("max", "minmax", None)
    assert Recipe() == Recipe("mean", "l2", 100)


def test_every_part_of_a_recipe_is_in_its_names() -> None:
    assert Recipe("max", "none", None).slug(frame_level=True) == "max"
    assert Recipe("max", "none", None).title(frame_level=True) == "max"
    assert Recipe("max", "l2", None).title(frame_level=False) == "L2"
    raw = Recipe("max", "none", None)
    assert (raw.slug(frame_level=False), raw.title(frame_level=False)) == ("raw", "raw")
