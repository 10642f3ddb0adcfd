"""Aggregating, normalising, reducing; and the errors that name the clips."""

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.search.processing import Recipe, aggregate, fit, prepare
from embeddings.search.refitting import refit_bound
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import open_embedding, write_embedding

IDS = [f"clip-{number}" for number in range(12)]


@pytest.fixture
def vectors() -> np.ndarray:
    """Twelve vectors of five dimensions, the last one constant."""
    vectors = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
    vectors[:, 4] = 7
    return vectors


@pytest.mark.parametrize("how", ["mean", "median", "max"])
def test_aggregation_of_frames(how: str) -> None:
    frames = np.arange(24.0).reshape(6, 4) ** 2
    result = aggregate(frames, np.array([0, 1, 6]), how)
    assert result.dtype == np.float32
    expected = [frames[:1], frames[1:]]
    for clip, own in enumerate(expected):
        for column in range(4):
            values = sorted(own[:, column])
            plain = {
                "mean": sum(values) / len(values),
                "median": values[len(values) // 2],
                "max": values[-1],
            }
            assert result[clip, column] == pytest.approx(plain[how])


def test_l2_gives_unit_length(vectors: np.ndarray) -> None:
    recipe = Recipe(normalise="l2", pca=None)
    prepared = prepare(vectors, fit(vectors, recipe, IDS))
    assert np.linalg.norm(prepared, axis=1) == pytest.approx(np.ones(12), abs=1e-6)
    assert prepared[3] == pytest.approx(vectors[3] / np.sqrt((vectors[3] ** 2).sum()), abs=1e-6)


def test_minmax_goes_from_0_to_1_and_a_constant_becomes_0(vectors: np.ndarray) -> None:
    recipe = Recipe(normalise="minmax", pca=None)
    prepared = prepare(vectors, fit(vectors, recipe, IDS))
    assert prepared[:, :4].min(axis=0) == pytest.approx(np.zeros(4))
    assert prepared[:, :4].max(axis=0) == pytest.approx(np.ones(4))
    assert not prepared[:, 4].any()


@pytest.mark.parametrize(("clips", "dim"), [(12, 5), (12, 40)])
@pytest.mark.parametrize("normalise", ["l2", "minmax", "none"])
def test_pca_is_the_eigenbasis_of_the_covariance(clips: int, dim: int, normalise: str) -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(clips, dim)) * np.linspace(3, 1, dim)
    recipe = Recipe(normalise=normalise, pca=3)
    prepared = prepare(vectors, fit(vectors, recipe, IDS))
    before = Recipe(normalise=normalise, pca=None)
    scaled = prepare(vectors, fit(vectors, before, IDS)).astype(np.float64)
    centred = scaled - scaled.mean(axis=0)
    values, basis = np.linalg.eigh(centred.T @ centred)
    expected = centred @ basis[:, np.argsort(values)[::-1][:3]]
    for column in range(3):  # an eigenvector has no sign of its own
        sign = np.sign(prepared[:, column] @ expected[:, column])
        assert prepared[:, column] == pytest.approx(sign * expected[:, column], abs=1e-5)


def test_fitting_again_gives_the_same_numbers(vectors: np.ndarray) -> None:
    recipe = Recipe(normalise="minmax", pca=3)
    one, other = fit(vectors, recipe, IDS), fit(vectors.copy(), recipe, IDS)
    assert set(one) == {
        "normalise",
        "low",
        "span",
        "mean",
        "components",
        "explained_variance",
        "next_variance",
    }
    assert all(np.array_equal(one[key], other[key]) for key in one)


def test_after_the_last_component_no_variance_is_left(vectors: np.ndarray) -> None:
    assert fit(vectors, Recipe(pca=5), IDS)["next_variance"] == 0
    fewer = fit(vectors, Recipe(pca=4), IDS)
    assert fewer["next_variance"] == pytest.approx(
        fit(vectors, Recipe(pca=5), IDS)["explained_variance"][4]
    )


def test_new_vectors_go_through_the_stored_fit(vectors: np.ndarray) -> None:
    recipe = Recipe(normalise="minmax", pca=3)
    fitted = fit(vectors, recipe, IDS)
    assert np.array_equal(prepare(vectors[5:6], fitted), prepare(vectors, fitted)[5:6])
    with pytest.raises(InputError, match="have 4 dimensions; the fitted recipe needs 5"):
        prepare(vectors[:, :4], fitted)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vectors_that_are_not_numbers_are_named(vectors: np.ndarray, bad: float) -> None:
    vectors[[2, 7], 1] = bad
    with pytest.raises(
        InputError, match="Clips 'clip-2', 'clip-7': the vector has NaN or infinity"
    ):
        fit(vectors, Recipe(normalise="minmax", pca=None), IDS)


def test_a_vector_without_direction_is_named(vectors: np.ndarray) -> None:
    vectors[4] = 0
    with pytest.raises(InputError, match="Clip 'clip-4': the vector is all zeros"):
        fit(vectors, Recipe(normalise="l2", pca=None), IDS)


def test_pca_needs_as_many_clips_and_dimensions(vectors: np.ndarray) -> None:
    with pytest.raises(InputError, match="PCA to 6 needs at least 6 clips and as many dimensions"):
        fit(vectors, Recipe(pca=6), IDS)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"aggregation": "sum"}, "aggregation must be one of mean, median, max, not 'sum'"),
        ({"normalise": "l1"}, "normalisation must be one of l2, minmax, none, not 'l1'"),
        ({"pca": "many"}, "PCA must be a number of components or none, not 'many'"),
        ({"pca": "0"}, "PCA must keep at least 1 component, not 0"),
    ],
)
def test_recipes_that_are_not_known(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Recipe().changed(**change)


def test_a_recipe_has_a_name() -> None:
    recipe = Recipe("mean", "minmax", 100)
    assert recipe.slug(frame_level=True) == "mean-minmax-pca100"
    assert recipe.slug(frame_level=False) == "minmax-pca100"
    assert recipe.title(frame_level=True) == "mean, min-max, PCA 100"
    assert recipe.changed(normalise="none", pca="none").slug(frame_level=False) == "raw"


def test_a_recipe_is_not_fitted_again_where_only_the_neighbours_are(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(7)
    meta = {"provenance": "imported", "representation": "Mine"}
    write_embedding(small, "mine", rng.normal(size=(18, 6)), meta)
    embedding = open_embedding(small, "mine")
    build_ranking(small, embedding, Recipe(pca=3), "mcss", top=4)
    before = (small.folder / "rankings/mine.l2-pca3.mcss/transform.npz").read_bytes()
    monkeypatch.setattr("embeddings.systems.rankings.fit", None)  # cannot be called
    again = build_ranking(small, embedding, Recipe(pca=3), "mcss", top=9)
    assert again.neighbours.shape == (18, 9)
    assert (small.folder / "rankings/mine.l2-pca3.mcss/transform.npz").read_bytes() == before
    write_embedding(small, "mine", rng.normal(size=(18, 6)), meta)
    with pytest.raises(TypeError, match="not callable"):  # of other vectors it is fitted
        build_ranking(small, open_embedding(small, "mine"), Recipe(pca=3), "mcss", top=9)


@pytest.mark.parametrize("search", ["mcss", "mips", "nns"])
def test_by_how_much_a_new_fit_may_move_similarities(search: str) -> None:
    rng = np.random.default_rng(11)
    vectors = rng.normal(size=(80, 12)).astype(np.float32)
    ids = [str(row) for row in range(80)]

    def bound(pca: int | None, data: np.ndarray = vectors) -> float:
        fitted = fit(data, Recipe(normalise="none", pca=pca), ids)
        return refit_bound(data, fitted, prepare(data, fitted), search)

    assert bound(None) == 0
    assert 0 < bound(5) < 1e-4
    twins = np.concatenate([np.eye(12), -np.eye(12)])  # no direction is stronger than another
    assert not bound(5, twins) < 1e-3
    rounding = 8 * 2 * 2.0**-24 if search == "mcss" else 4 * 2 * 2.0**-24  # all are kept
    longest = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1).max()
    unit = {"mcss": 1, "nns": longest, "mips": longest**2}[search]
    assert bound(12) == pytest.approx(rounding * unit, rel=0.01)
