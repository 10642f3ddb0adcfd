"""Stored embeddings and rankings: whole, tied to their clips, the same on every run."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import extract_embedding, find_card, plan
from embeddings.files import write_json
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems import rankings
from embeddings.systems.rankings import build_ranking, find_embedding, prepared_vectors
from embeddings.systems.store import (
    Ranking,
    embedding_names,
    open_embedding,
    open_ranking,
    read_transform,
    remove_embedding,
    remove_ranking,
    system_names,
    write_embedding,
)
from embeddings.tasks import Failure
from tests.support import oracle

META = {"provenance": "imported", "representation": "Mine"}


def test_a_ranking_has_the_same_bytes_whoever_searches(small: Collection) -> None:
    write_random_embedding(small)
    found = []
    for workers in (None, 0, 2):
        embedding = open_embedding(small, "random")
        made = build_ranking(small, embedding, Recipe(pca=4), "nns", workers=workers)
        assert list((small.folder / "rankings").glob(".*")) == []
        found.append(bytes_of(small.folder / "rankings" / made.system))
        remove_ranking(small, made.system)
    assert found[0] == found[1] == found[2]


def test_where_the_search_crashes_a_sentence_says_so(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_random_embedding(small)
    crashed = SimpleNamespace(
        run=lambda work, items: [(one, Failure("the process crashed")) for one in items]
    )
    monkeypatch.setattr("embeddings.systems.rankings.engine", lambda *_: crashed)
    with pytest.raises(InputError, match=r"^The process crashed\.$"):
        build_ranking(small, open_embedding(small, "random"), Recipe(pca=4), "nns")
    assert list((small.folder / "rankings").iterdir()) == []


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return every file's bytes below a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_ranking_is_what_search_gives_on_the_prepared_vectors(small: Collection) -> None:
    write_random_embedding(small)
    recipe = Recipe(normalise="l2", pca=None)
    ranking = build_ranking(small, open_embedding(small, "random"), recipe, "mcss", top=5)
    vectors, rows = prepared_vectors(small, ranking)
    assert rows.tolist() == list(range(18))
    for query in range(18):
        expected = oracle.ranking(vectors.tolist(), query, "mcss")[:5]
        assert ranking.neighbours[query].tolist() == expected
    assert ranking.system == "random.l2.mcss"
    assert ranking.title == "Random ranking · L2 · MCSS"
    assert ranking.provenance == "simulated"
    assert system_names(small) == ["random.l2.mcss"]


def test_a_ranking_knows_how_far_another_fit_would_move_it(small: Collection) -> None:
    write_random_embedding(small)
    embedding = open_embedding(small, "random")
    plain = build_ranking(small, embedding, Recipe(pca=None), "mcss")
    assert "refit_bound" not in plain.meta  # a fit without PCA moves nothing
    fitted = build_ranking(small, embedding, Recipe(pca=4), "mcss")
    assert 0 < fitted.meta["refit_bound"] < 1e-6
    transform = read_transform(small, fitted.system)
    del transform["next_variance"]  # as a version before it wrote
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rankings, "_fitted_before", lambda *_: transform)
        older = build_ranking(small, embedding, Recipe(pca=4), "mcss", top=3)
    assert "refit_bound" not in older.meta


def test_building_again_gives_the_same_bytes(small: Collection) -> None:
    folders = []
    for _ in range(2):
        folders.append(bytes_of(write_random_embedding(small)))
        build_ranking(small, open_embedding(small, "random"), Recipe(pca=4), "nns")
        folders.append(bytes_of(small.folder / "rankings" / "random.l2-pca4.nns"))
    assert folders[0] == folders[2]
    assert folders[1] == folders[3]


def test_frames_become_clips(small: Collection) -> None:
    rng = np.random.default_rng(5)
    counts = rng.integers(1, 5, 18)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    frames = rng.normal(size=(offsets[-1], 8)).astype(np.float32)
    write_embedding(small, "mine", frames, META, frames=offsets)
    embedding = find_embedding(small, "MINE")
    assert np.array_equal(embedding.of_clip(3), frames[offsets[3] : offsets[4]])
    ranking = build_ranking(small, embedding, Recipe("max", "l2", None), "mcss")
    assert ranking.system == "mine.max-l2.mcss"
    assert ranking.title == "Mine · max, L2 · MCSS"
    clips = np.stack([frames[a:b].max(axis=0) for a, b in pairwise(offsets)])
    expected = [oracle.ranking(clips.tolist(), query, "mcss") for query in range(18)]
    assert ranking.neighbours.tolist() == expected


def test_failed_clips_are_left_out_everywhere(small: Collection) -> None:
    failed = {"hum-0": "too quiet", "hiss-5": "too loud"}
    kept = [row for row, clip in enumerate(small.clips) if clip.id not in failed]
    vectors = np.random.default_rng(6).normal(size=(16, 3))
    write_embedding(small, "mine", vectors, META, failed=failed)
    embedding = open_embedding(small, "mine")
    assert embedding.rows.tolist() == kept
    ranking = build_ranking(small, embedding, Recipe(pca=None), "mcss")
    for clip_id in failed:
        row = small.index[clip_id]
        assert (ranking.neighbours[row] == -1).all()
        assert np.isnan(ranking.scores[row]).all()
        assert row not in ranking.neighbours
    expected = oracle.ranking(vectors.tolist(), 3, "mcss")
    assert ranking.neighbours[kept[3]].tolist() == [kept[clip] for clip in expected]


def test_the_clip_that_cannot_be_compared_is_named(small: Collection) -> None:
    vectors = np.ones((18, 3))
    vectors[7] = 0
    write_embedding(small, "mine", vectors, META)
    recipe = Recipe(normalise="none", pca=None)
    with pytest.raises(InputError, match=f"Clip '{small.clips[7].id}': the prepared vector is all"):
        build_ranking(small, open_embedding(small, "mine"), recipe, "mcss")
    assert system_names(small) == []


def test_what_is_not_there_or_of_other_clips_is_said(small: Collection) -> None:
    with pytest.raises(InputError, match="has no embedding 'freesound'; it has: none yet"):
        open_embedding(small, "freesound")
    with pytest.raises(InputError, match="has no embedding 'VGGish'; it has: none yet"):
        find_embedding(small, "VGGish")
    with pytest.raises(InputError, match="has no system 'x'; it has: none yet"):
        open_ranking(small, "x")
    write_random_embedding(small)
    path = small.folder / "embeddings" / "random" / "meta.json"
    write_json(path, open_embedding(small, "random").meta | {"clips_sha256": "0"})
    with pytest.raises(InputError, match="was made for other clips"):
        open_embedding(small, "random")


def test_vectors_made_anew_make_a_ranking_stale(small: Collection) -> None:
    write_random_embedding(small, seed=1)
    ranking = build_ranking(small, open_embedding(small, "random"), Recipe(pca=None), "mcss")
    prepared_vectors(small, ranking)
    write_random_embedding(small, seed=2)
    with pytest.raises(InputError, match="was built from older vectors than 'random' has now"):
        prepared_vectors(small, ranking)


def test_a_half_written_embedding_is_not_seen(small: Collection) -> None:
    half = small.folder / "embeddings" / ".mine.partial"
    half.mkdir(parents=True)
    (half / "meta.json").write_text("{}")
    assert embedding_names(small) == []


def test_provenance_is_one_of_three(small: Collection) -> None:
    with pytest.raises(ValueError, match="provenance must be one of"):
        write_embedding(small, "mine", np.ones((18, 2)), META | {"provenance": "guessed"})


def test_a_package_that_is_missing_is_named(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="Freesound needs the package essentia-tensorflow, which"):
        extract_embedding(small, plan(small.data, find_card("freesound")))
    assert list(small.folder.glob("embeddings/*")) == []
    monkeypatch.setattr("embeddings.packages.sys", SimpleNamespace(version_info=(3, 14, 0)))
    with pytest.raises(InputError) as raised:
        plan(small.data, find_card("freesound"))
    assert str(raised.value) == (
        "Freesound needs the package essentia-tensorflow, which has no wheel for Python 3.14 "
        "(3.11 to 3.13 have one)."
    )


def test_an_embedding_goes_with_its_sweeps_once_nothing_ranks_by_it(small: Collection) -> None:
    for name in ("random", "random-2"):
        write_random_embedding(small, name=name)
    system = build_ranking(small, open_embedding(small, "random"), Recipe(pca=None), "mcss").system
    sweeps = [small.folder / "sweeps" / name for name in ("random", "random.exclude-group")]
    for folder in (*sweeps, small.folder / "sweeps" / "random-2"):
        folder.mkdir(parents=True)
    with pytest.raises(
        InputError, match=r"'random' of 'small' is ranked by 'random\.l2\.mcss' and"
    ):
        remove_embedding(small, "random")
    assert embedding_names(small) == ["random", "random-2"]
    remove_ranking(small, system)
    remove_embedding(small, "random")
    assert embedding_names(small) == ["random-2"]
    assert [path.name for path in (small.folder / "embeddings").iterdir()] == ["random-2"]
    assert [path.name for path in (small.folder / "sweeps").iterdir()] == ["random-2"]
    with pytest.raises(InputError, match="has no embedding 'random'; it has: random-2"):
        remove_embedding(small, "random")


def test_a_longer_ranking_keeps_the_fit(
    small: Collection, ranked: list[Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fitted on another processor, it would not be the same to the last bit."""
    embedding, recipe = open_embedding(small, "good"), Recipe(pca=2)
    before = read_transform(small, build_ranking(small, embedding, recipe, "nns", top=3).system)

    def fail(*_: object) -> None:
        raise AssertionError("fitted again")

    with monkeypatch.context() as patch:
        patch.setattr(rankings, "fit", fail)
        longer = build_ranking(small, embedding, recipe, "nns", top=5)
    assert longer.neighbours.shape[1] == 5
    after = read_transform(small, longer.system)
    assert all(np.array_equal(before[key], after[key]) for key in before)
    other = build_ranking(small, embedding, Recipe(pca=3), "nns", top=3)  # is fitted
    assert len(read_transform(small, other.system)["components"]) == 3
