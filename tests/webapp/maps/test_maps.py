"""Maps: two dimensions of what a system compares, stored, told by a command, shown on a page."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskCliRunner

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import read_json, write_json
from embeddings.maps import layouts, stored_maps
from embeddings.maps.stored_maps import (
    compared_vectors,
    make_map,
    make_maps,
    mapped_methods,
    open_map,
)
from embeddings.systems.store import Ranking, open_embedding, write_embedding
from embeddings.tasks import Failure
from tests.support.pages.mapped import embed


def folder(small: Collection, method: str, name: str = "made") -> Path:
    """Return where a map lies."""
    return small.folder / "embeddings" / name / "maps" / method


def plain_pca(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the principal components by the singular value decomposition, and their variances."""
    centred = vectors - vectors.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    return left * values, values**2


def test_pca_is_of_what_the_search_compares(small: Collection) -> None:
    embedding = embed(small)
    raw = np.asarray(embedding.vectors, dtype=np.float64)
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    prepared = plain_pca(unit)[0]  # all 8: there are not 100
    compared = prepared / np.linalg.norm(prepared, axis=1, keepdims=True)
    points, variances = plain_pca(compared)
    made = make_map(small, embedding)
    for axis in (0, 1):
        sign = np.sign(points[0, axis] * made.points[0, axis])
        np.testing.assert_allclose(made.points[:, axis], sign * points[:, axis], atol=1e-5)
    shares = variances[:2] / variances.sum()
    np.testing.assert_allclose(made.meta["explained_variance"], shares, atol=1e-5)
    assert (made.meta["prepared"], made.meta["metric"]) == ("L2, PCA 8, L2", "cosine")
    assert made.meta["seed"] is None


def test_a_built_system_gives_the_same_vectors(small: Collection, ranked: list[Ranking]) -> None:
    """Its fitted PCA is used again; a system of older vectors is not."""
    from embeddings.search.processing import Recipe
    from embeddings.systems.rankings import build_ranking

    rng = np.random.default_rng(1)
    meta = {"provenance": "imported", "representation": "Freesound"}
    for scale in (1, 2):
        write_embedding(small, "own", scale * rng.normal(size=(18, 120)), meta)
        embedding = open_embedding(small, "own")
        fitted = compared_vectors(small, embedding, np.arange(len(embedding.rows)))
        build_ranking(small, embedding, Recipe(normalise="minmax", pca=18), "nns")
        np.testing.assert_allclose(
            compared_vectors(small, embedding, np.arange(len(embedding.rows))), fitted, atol=1e-5
        )


def test_freesound_is_mapped_by_its_own_search(small: Collection) -> None:
    embedding = embed(small, representation="Freesound")
    made = make_map(small, embedding, "tsne")
    assert (made.meta["prepared"], made.meta["metric"]) == ("min-max, PCA 8", "euclidean")
    assert made.meta["search"] == "nns"


def test_clips_without_vectors_have_no_point(small: Collection) -> None:
    made = make_map(small, embed(small, failed={"hum-1": "silent", "hiss-0": "silent"}))
    missing = [small.clips[row].id for row in np.flatnonzero(np.isnan(made.points).any(axis=1))]
    assert sorted(missing) == ["hiss-0", "hum-1"]
    assert made.meta["clips"] == 16


def test_a_map_is_stored_and_found_again(small: Collection) -> None:
    embedding = embed(small)
    assert open_map(small, embedding, "pca") is None
    assert mapped_methods(small, embedding) == []
    made = make_map(small, embedding)
    make_map(small, embedding, "tsne", seed=5)
    found = open_map(small, embedding, "pca")
    assert found is not None
    np.testing.assert_array_equal(found.points, made.points)
    assert found.meta == made.meta == read_json(folder(small, "pca") / "meta.json")
    assert mapped_methods(small, embedding) == ["pca", "tsne"]
    assert sorted(path.name for path in folder(small, "pca").parent.iterdir()) == ["pca", "tsne"]


def test_a_map_of_older_vectors_is_never_shown(small: Collection) -> None:
    make_map(small, embed(small))
    kept = folder(small, "pca").rename(small.folder / "kept")
    other = embed(small, seed=4)
    folder(small, "pca").parent.mkdir()
    kept.rename(folder(small, "pca"))
    assert open_map(small, other, "pca") is None
    assert mapped_methods(small, other) == []
    again = make_map(small, other)
    assert again.meta["vectors_sha256"] == other.meta["vectors_sha256"]
    assert mapped_methods(small, other) == ["pca"]


def test_a_map_of_another_processing_is_never_shown(small: Collection) -> None:
    embedding = embed(small)
    meta = make_map(small, embedding).meta | {"prepared": "L2"}
    write_json(folder(small, "pca") / "meta.json", meta)
    assert open_map(small, embedding, "pca") is None


@pytest.mark.parametrize(
    ("name", "text"), [("meta.json", "{"), ("meta.json", "{}"), ("points.npy", "nothing")]
)
def test_a_damaged_map_is_made_again(small: Collection, name: str, text: str) -> None:
    embedding = embed(small)
    points = make_map(small, embedding).points
    (folder(small, "pca") / name).write_text(text)
    assert open_map(small, embedding, "pca") is None
    np.testing.assert_array_equal(make_map(small, embedding).points, points)
    assert open_map(small, embedding, "pca") is not None


def test_what_is_there_is_kept(small: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    embedding = embed(small)
    made = make_map(small, embedding, "tsne")

    def fail(*_: Any) -> None:
        raise AssertionError("laid out again")

    monkeypatch.setattr(stored_maps, "lay_out", fail)
    np.testing.assert_array_equal(make_map(small, embedding, "tsne").points, made.points)
    for change in ({"seed": 2}, {"parameters": {"perplexity": 3}}, {"again": True}):
        with pytest.raises(AssertionError, match="laid out again"):
            make_map(small, embedding, "tsne", **change)
    assert (
        open_map(small, embedding, "tsne") is not None
    )  # the old one stays until the new is whole


def test_nothing_is_written_beside_a_removed_embedding(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embeddings.systems.store import remove_embedding

    embedding = embed(small)
    compared = stored_maps.compared_vectors

    def slowly(*given: Any) -> np.ndarray:
        found = compared(*given)
        remove_embedding(small, "made")
        return found

    monkeypatch.setattr(stored_maps, "compared_vectors", slowly)
    with pytest.raises(InputError, match="'made' was removed while it was mapped"):
        make_map(small, embedding)
    assert not (small.folder / "embeddings" / "made").exists()


def same_class(small: Collection, points: np.ndarray) -> float:
    """Return the share of the clips whose nearest point is a clip of their class."""
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    own = np.array([clip.labels[0] for clip in small.clips])
    return float((own[distances.argmin(axis=1)] == own).mean())


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_maps_have_the_same_bytes_whoever_makes_them(
    small: Collection, ranked: list[Ranking], method: str
) -> None:
    """The last of three cannot be mapped: one vector for all has no direction."""
    names = ["good", "random", "flat"]
    flat = np.zeros((18, 4))
    write_embedding(small, "flat", flat, {"provenance": "imported", "representation": "Flat"})
    files = []
    for workers in (0, 2):
        found = dict(make_maps(small, names, method, workers=workers, seed=3, again=True))
        failed = found.pop("flat")
        assert isinstance(failed, Failure)
        assert "all zeros" in failed.reason
        assert sorted(found) == names[:2]
        parts = [folder(small, method, name) / "points.npy" for name in names[:2]]
        files.append([path.read_bytes() for path in parts])
        for name in names[:2]:
            np.testing.assert_array_equal(
                found[name][0].points, np.load(folder(small, method, name) / "points.npy")
            )
    assert files[0] == files[1]


@pytest.mark.parametrize(
    "method",
    ["tsne", pytest.param("umap", marks=pytest.mark.long)],  # which compiles itself for a minute
)
def test_a_seed_gives_a_map_again_and_neighbours_stay(small: Collection, method: str) -> None:
    if method == "umap":
        pytest.importorskip("umap", reason="umap-learn is not installed (requirements.txt)")
    embedding = embed(small)
    first = make_map(small, embedding, method, seed=7)
    again = make_map(small, embedding, method, seed=7, again=True)
    other = make_map(small, embedding, method, seed=8)
    np.testing.assert_array_equal(first.points, again.points)
    assert first.points.dtype == np.float32
    assert not np.array_equal(first.points, other.points)
    assert first.meta["seed"] == 7
    assert first.meta["explained_variance"] is None
    assert same_class(small, first.points) >= 0.9


@pytest.mark.parametrize(
    ("method", "parameters", "sentence"),
    [
        ("som", {}, "The map's method must be one of pca, umap, tsne, not 'som'."),
        ("pca", {"perplexity": 3}, "PCA has no parameter perplexity; it has none."),
        ("tsne", {"min_dist": 0.1}, "t-SNE has no parameter min_dist; it has perplexity."),
        ("tsne", {"perplexity": 18}, "perplexity must be a number from 1 to 17, not 18."),
        ("umap", {"neighbours": 1}, "neighbours must be a whole number from 2 to 17, not 1."),
        ("umap", {"neighbours": 2.5}, "neighbours must be a whole number from 2 to 17, not 2.5."),
        ("umap", {"min_dist": 1.5}, "min_dist must be a number from 0 to 0.99, not 1.5."),
        ("tsne", {"perplexity": float("nan")}, "perplexity must be a number from 1 to 17, not nan"),
    ],
)
def test_parameters_that_cannot_be(
    small: Collection, method: str, parameters: dict[str, float], sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_map(small, embed(small), method, parameters=parameters)
    assert sentence in str(caught.value)
    assert not folder(small, method).exists()


def test_usual_parameters_fit_small_collections() -> None:
    assert layouts.chosen("tsne", {}, 10231) == {"perplexity": 30}
    assert layouts.chosen("tsne", {}, 31) == {"perplexity": 10}
    assert layouts.chosen("umap", {"min_dist": 0.5}, 10) == {"neighbours": 9, "min_dist": 0.5}
    assert layouts.chosen("pca", {"perplexity": None}, 5) == {}


def test_too_little_to_map_and_wrong_seeds(small: Collection) -> None:
    failed = {clip.id: "silent" for clip in small.clips[3:]}
    with pytest.raises(InputError, match="at least 4 clips with vectors of at least 2"):
        make_map(small, embed(small, failed=failed))
    with pytest.raises(InputError, match="The seed must be from 0 to 4294967295, not -1"):
        make_map(small, embed(small), "tsne", seed=-1)


def test_vectors_that_are_all_the_same() -> None:
    for method, parameters in (("pca", {}), ("tsne", {"perplexity": 3.0})):
        points, facts = layouts.lay_out(np.ones((9, 3)), method, "euclidean", 1, parameters)
        assert np.isfinite(points).all()
        assert facts["explained_variance"] == ([0, 0] if method == "pca" else None)


def test_without_umap_one_sentence_says_what_to_install(
    runner: FlaskCliRunner, small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed(small)
    monkeypatch.setattr(layouts, "find_spec", lambda name: None)
    done = runner.invoke(args=["embeddings", "map", "small", "--all", "--method", "umap"])
    assert done.exit_code == 1
    assert done.output == (
        "Error: UMAP needs the package umap-learn, which is not installed; it is in "
        "requirements.txt (pip install umap-learn).\n"
    )
