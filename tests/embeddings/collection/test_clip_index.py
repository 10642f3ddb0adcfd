"""A large collection's clips are looked up on disk, and nothing else about it changes."""

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.collection import clips as clips_module
from embeddings.collection.clip_columns import ClipColumns, ClipLabels
from embeddings.collection.clip_index import IndexedClips
from embeddings.collection.clips import (
    Clip,
    Collection,
    collections_folder,
    open_collection,
    write_collection,
)
from embeddings.errors import InputError

ODD = [
    replace(clip, extra={"x": mark})
    for clip, mark in (
        (Clip("1", "1.wav", ("Dog", "Bark, of a dog"), 1.5, 44100, 1, -23.0, group="a",
              title='He said "go"'), ""),
        (Clip("a\tb", "2.wav", ("Dog",), 0.3, 8000, 2, None, "silent", title="two\nlines"), "1"),
        (Clip("犬", "3.wav", ("Bark, of a dog", "Dog"), 30.0, 48000, 1, -60.5, group="b",
              author="ø"), ""),
        (Clip("1.0", "4.wav", ("Rain_on_roof",), 2.0, 44100, 6, -12.25, group="a",
              licence="CC0"), "y,z"),
    )
]  # fmt: skip


def stored(data: Path, clips: list[Clip], name: str = "made") -> Collection:
    folder = collections_folder(data) / name
    info = {"name": name, "title": "Made", "convention": "corrected"}
    write_collection(folder, info, clips, {}, np.zeros((len(clips), 3)))
    return open_collection(data, name)


@pytest.fixture(autouse=True)
def _every_collection_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips_module, "LARGE", 1)


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Collection, Collection]:
    """The same collection, by its index and in memory."""
    large = stored(tmp_path, ODD)
    monkeypatch.setattr(clips_module, "LARGE", 100)
    return large, open_collection(tmp_path, "made")


def test_the_clips_are_the_same(both: tuple[Collection, Collection]) -> None:
    large, small = both
    assert isinstance(large.clips, IndexedClips)
    assert isinstance(small.clips, list)
    assert list(large.clips) == small.clips
    assert [large.clips[row] for row in range(len(large.clips))] == small.clips
    assert large.clips[-1] == small.clips[-1]
    assert large.clips[np.int64(1)] == small.clips[1]
    assert large.clips[1:3] == small.clips[1:3]
    with pytest.raises(IndexError):
        large.clips[len(ODD)]


def test_the_ids_are_found(both: tuple[Collection, Collection]) -> None:
    large, small = both
    assert dict(large.index) == small.index
    assert [large.index[clip.id] for clip in ODD] == [0, 1, 2, 3]
    assert "2" not in large.index
    assert large.index.get("") is None
    with pytest.raises(InputError, match="has no clip '2'"):
        large.clip("2")


def test_what_is_known_of_all_is_the_same(both: tuple[Collection, Collection]) -> None:
    large, small = both
    for name in ("ids_sha256", "class_counts", "leaf_classes"):
        assert getattr(large, name) == getattr(small, name)
    for name in ("seconds", "loudness", "channels", "groups"):
        one, other = (getattr(each.columns, name) for each in both)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert large.members("Dog") == small.members("Dog") == [0, 1, 2]
    np.testing.assert_array_equal(
        large.columns.labels.carries(), [[1, 1, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]]
    )


@pytest.mark.parametrize(
    ("words", "rows"),
    [(["dog"], [0, 1, 2]), (["OF", "dog"], [0, 2]), (["犬"], [2]), (["said"], [0]), (["roof"], [3]),
     (["lines"], [1]), (["dog", "rain"], []), (["1"], [0, 3]), (["o.w"], []), ([], [0, 1, 2, 3])],
)  # fmt: skip
def test_words_find_the_same(
    both: tuple[Collection, Collection], words: list[str], rows: list[int]
) -> None:
    assert [one.texts.rows_with(words).tolist() for one in both] == [rows, rows]


def test_an_index_of_another_table_is_made_anew(tmp_path: Path) -> None:
    stored(tmp_path, ODD)
    folder = collections_folder(tmp_path) / "made"
    shutil.copytree(folder / "clips.index", tmp_path / "old")
    changed = [replace(ODD[0], labels=("Cat", "Bark, of a cat")), *ODD[1:]]  # as long as before
    stored(tmp_path, changed)
    shutil.rmtree(folder / "clips.index")
    shutil.copytree(tmp_path / "old", folder / "clips.index")
    found = open_collection(tmp_path, "made")
    assert list(found.clips) == changed
    assert found.members("Cat") == [0]
    assert found.texts.rows_with(["cat"]).tolist() == [0]


@pytest.mark.parametrize("harm", ["gone", "cut", "not json"])
def test_an_index_that_is_damaged_is_made_anew(tmp_path: Path, harm: str) -> None:
    stored(tmp_path, ODD)
    index = collections_folder(tmp_path) / "made" / "clips.index"
    if harm == "gone":
        shutil.rmtree(index)
    elif harm == "cut":
        (index / "rows.npy").write_bytes((index / "rows.npy").read_bytes()[:20])
    else:
        (index / "meta.json").write_text("{", encoding="utf-8")
    assert list(open_collection(tmp_path, "made").clips) == ODD


def test_a_table_of_other_clips_than_the_collection_says_is_refused(tmp_path: Path) -> None:
    folder = stored(tmp_path, ODD).folder
    info = json.loads((folder / "collection.json").read_text(encoding="utf-8"))
    (folder / "collection.json").write_text(json.dumps(info | {"clips": 5}), encoding="utf-8")
    with pytest.raises(InputError, match=r"clips\.csv has 4 clips, not 5"):
        open_collection(tmp_path, "made")


def test_another_process_maps_the_same_files(both: tuple[Collection, Collection]) -> None:
    there = pickle.loads(pickle.dumps(both[0]))
    assert list(there.clips) == ODD
    assert there.index["犬"] == 2


def test_labels_of_some_clips_know_their_own_classes_alone() -> None:
    labels = ClipLabels.of([("b", "a"), (), ("c",), ("a",)])
    some = labels.at(np.array([3, 1, 2]))
    assert some.classes == ("a", "c")
    assert (some.starts.tolist(), some.codes.tolist()) == ([0, 1, 1, 2], [0, 1])
    assert some.counts.tolist() == [1, 1]
    none = labels.at(np.array([1]))
    assert (none.classes, none.codes.tolist(), len(none)) == ((), [], 1)


def test_of_classes_on_the_same_clips_the_first_named_is_the_leaf() -> None:
    labels = ClipLabels.of([("z", "a", "top"), ("a", "z", "top"), ("top",), ("own",)])
    assert dict(zip(labels.classes, labels.leaves().tolist(), strict=True)) == {
        "a": False, "own": True, "top": False, "z": True,
    }  # fmt: skip


def test_columns_of_no_clips_are_empty() -> None:
    empty = ClipColumns.of([])
    assert len(empty.labels) == 0
    assert empty.labels.classes == ()
    assert empty.seconds.shape == empty.groups.shape == (0,)


def test_envelopes_are_read_one_by_one_and_whole(tmp_path: Path) -> None:
    envelopes = np.random.default_rng(1).random((4, 3), dtype=np.float32)
    folder = stored(tmp_path, ODD).folder
    np.save(folder / "envelopes.npy", envelopes)
    large = open_collection(tmp_path, "made")
    np.testing.assert_array_equal([large.envelopes[row] for row in (3, 0)], envelopes[[3, 0]])
    np.testing.assert_array_equal(large.loudest(), envelopes.max(axis=1))
