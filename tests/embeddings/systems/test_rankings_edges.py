"""Rankings at their edges: exclusion by group, what cannot be aggregated, what is made again."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems.rankings import (
    build_ranking,
    check_aggregation,
    default_system,
    find_embedding,
    groups_of,
    similarities,
)
from embeddings.systems.store import open_embedding, read_transform, write_embedding
from tests.support import oracle

META = {"provenance": "imported", "representation": "Mine"}
PLAIN = Recipe(normalise="none", pca=None)


@pytest.fixture
def vectors() -> np.ndarray:
    """A vector for each of the small collection's clips."""
    return np.random.default_rng(9).normal(size=(18, 4)).astype(np.float32)


@pytest.mark.parametrize("failed", [{}, {"hum-1": "broken"}])
def test_a_group_leaves_places_that_are_minus_one_and_nothing_else(
    small: Collection, vectors: np.ndarray, failed: dict[str, str]
) -> None:
    """Each pack has one clip of each of three classes: two others are left out."""
    kept = [row for row, clip in enumerate(small.clips) if clip.id not in failed]
    write_embedding(small, "mine", vectors[kept], META, failed=failed)
    embedding = open_embedding(small, "mine")
    ranking = build_ranking(small, embedding, PLAIN, "nns", exclude_same="group")
    width = ranking.neighbours.shape[1]
    assert ranking.meta["top"] == len(kept) - 1 == width
    for place, row in enumerate(kept):
        ordered = [kept[one] for one in oracle.ranking(vectors[kept].tolist(), place, "nns")]
        own = small.clips[row].group
        expected = [one for one in ordered if small.clips[one].group != own]
        padded = expected + [-1] * (width - len(expected))
        assert ranking.neighbours[row].tolist() == padded
        assert np.isnan(ranking.scores[row]).tolist() == [one < 0 for one in padded]
    for clip_id in failed:
        assert (ranking.neighbours[small.index[clip_id]] == -1).all()


@pytest.mark.parametrize("search", ["mcss", "mips", "nns"])
@pytest.mark.parametrize("exclude_same", [None, "group"])
def test_similarities_are_the_plain_ones(
    small: Collection, vectors: np.ndarray, search: str, exclude_same: str | None
) -> None:
    write_embedding(small, "mine", vectors[1:], META, failed={small.clips[0].id: "broken"})
    embedding = open_embedding(small, "mine")
    ranking = build_ranking(small, embedding, PLAIN, search, exclude_same=exclude_same)
    found = similarities(small, ranking, [5, 0, 3])
    assert found.shape == (3, 18)
    assert np.isnan(found[1]).all()  # the clip without a vector
    for place, query in ((0, 5), (2, 3)):
        for row in range(18):
            own = small.clips[row].group == small.clips[query].group and exclude_same
            if row in (0, query) or own:
                assert np.isnan(found[place, row])
                continue
            one, other = vectors[query].astype(float), vectors[row].astype(float)
            lengths = np.sqrt((one @ one) * (other @ other))
            plain = {
                "mcss": one @ other / lengths,
                "mips": one @ other,
                "nns": -np.sqrt(((one - other) ** 2).sum()),
            }
            assert found[place, row] == pytest.approx(plain[search], abs=1e-6)


def test_what_cannot_be_excluded_is_said(small: Collection, vectors: np.ndarray) -> None:
    rows = np.arange(18)
    assert groups_of(small, rows, None) is None
    assert groups_of(small, rows[:2], "group") == [small.clips[0].group, small.clips[1].group]
    with pytest.raises(InputError, match="What is excluded must be one of group, not 'class'"):
        groups_of(small, rows, "class")
    for clip in small.clips:
        object.__setattr__(clip, "group", "")
    with pytest.raises(InputError, match="No clip of 'small' has a group to exclude"):
        groups_of(small, rows, "group")


def test_frames_must_and_clips_cannot_be_aggregated(small: Collection, vectors: np.ndarray) -> None:
    write_embedding(small, "clips", vectors, META)
    frames = np.repeat(vectors, 2, axis=0)
    write_embedding(small, "frames", frames, META, frames=2 * np.arange(19))
    clips, framed = open_embedding(small, "clips"), open_embedding(small, "frames")
    for embedding, aggregation in ((clips, None), (clips, "none"), (framed, None), (framed, "max")):
        check_aggregation(embedding, aggregation)
    with pytest.raises(InputError, match=r"'clips' has one vector a clip: .* aggregate by max"):
        check_aggregation(clips, "max")
    with pytest.raises(InputError, match=r"'frames' has several vectors a clip: .* mean, median, "):
        check_aggregation(framed, "none")


def test_what_is_there_is_kept_and_what_differs_is_made_again(
    small: Collection, vectors: np.ndarray
) -> None:
    write_embedding(small, "mine", vectors, META)
    embedding = open_embedding(small, "mine")
    path = small.folder / "rankings" / "mine.raw.nns"
    build_ranking(small, embedding, PLAIN, "nns")
    marker = path / "kept"
    marker.touch()
    build_ranking(small, embedding, PLAIN, "nns")
    assert marker.exists()
    assert build_ranking(small, embedding, PLAIN, "nns", top=5).neighbours.shape == (18, 5)
    assert not marker.exists()
    (path / "neighbours.npy").write_bytes(b"damaged")
    assert build_ranking(small, embedding, PLAIN, "nns", top=5).neighbours.shape == (18, 5)


def test_what_is_usual(small: Collection, vectors: np.ndarray) -> None:
    write_embedding(small, "mine", vectors, META)
    embedding = open_embedding(small, "mine")
    assert default_system(embedding) == (Recipe("mean", "l2", 100), "mcss")
    recipe = build_ranking(small, embedding, Recipe(pca=2), None)
    assert (recipe.system, recipe.title) == ("mine.l2-pca2.mcss", "Mine · L2, PCA 2 · MCSS")
    assert recipe.meta["prepared_dim"] == 2
    assert read_transform(small, recipe.system)["components"].shape == (2, 4)
    write_random_embedding(small)
    assert find_embedding(small, "RANDOM").name == "random"
    assert find_embedding(small, "mine").name == "mine"
    with pytest.raises(InputError, match="no embedding 'random-2'; it has: mine, random "):
        find_embedding(small, "random-2")


def test_groups_count_although_some_clips_have_none(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.arange(3)
    own = small.clips[0].group
    monkeypatch.setattr(small, "clips", [replace(clip, group="") for clip in small.clips])
    with pytest.raises(InputError, match="No clip of 'small' has a group to exclude"):
        groups_of(small, rows, "group")
    small.clips[0] = replace(small.clips[0], group=own)
    assert groups_of(small, rows, "group") == [own, "", ""]
