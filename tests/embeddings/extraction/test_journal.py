"""The journal of an extraction: what a killed run leaves, and what of it the next one takes."""

import json
from pathlib import Path

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.extraction.journal import open_journal
from embeddings.systems.store import open_embedding, write_embedding

CONDITIONS = ["three", {"version": 1}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journal is; nothing is there yet."""
    return tmp_path / "collections" / ".three.partial"


def vector(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=np.float32)


def fill(folder: Path) -> None:
    """Write a, b and c, which failed, in a first run."""
    with open_journal(folder, CONDITIONS, 3) as journal:
        journal.add("b", vector(1, 2, 3))
        journal.fail("c", "too quiet")
        journal.add("a", vector(4, 5, 6))


def test_vectors_come_in_the_order_that_is_asked_for(folder: Path) -> None:
    with open_journal(folder, CONDITIONS, 3) as journal:
        journal.add("b", vector(1, 2, 3))
        journal.fail("c", "too quiet")
        journal.add("a", vector(4, 5, 6).astype(np.float64))
        vectors, offsets, failed = journal.assemble(["a", "b", "c"])
        assert (vectors.tolist(), offsets, failed) == (
            [[4, 5, 6], [1, 2, 3]], None, {"c": "too quiet"},
        )  # fmt: skip
        assert vectors.dtype == np.float32
        assert journal.assemble(["b"])[0].tolist() == [[1, 2, 3]]
        nothing, offsets, failed = journal.assemble(["c"])
        assert (nothing.shape, offsets, list(failed)) == ((0, 3), None, ["c"])


def test_frames_have_offsets_also_beside_single_ones(folder: Path) -> None:
    with open_journal(folder, CONDITIONS, 2) as journal:
        journal.add("a", np.arange(6, dtype=np.float32).reshape(3, 2))
        journal.add("b", np.array([[6, 7]], dtype=np.float32))
        vectors, offsets, _ = journal.assemble(["b", "a"])
    assert vectors.tolist() == [[6, 7], [0, 1], [2, 3], [4, 5]]
    assert offsets is not None
    assert offsets.tolist() == [0, 1, 4]


def test_a_line_is_written_at_once_and_after_its_vectors(folder: Path) -> None:
    """A run that is killed now has lost nothing of what was added."""
    with open_journal(folder, CONDITIONS, 3) as journal:
        for number, clip in enumerate("abc", 1):
            journal.add(clip, vector(1, 2, 3))
            assert (folder / "vectors.f32").stat().st_size == 12 * number
            lines = (folder / "index.jsonl").read_text().splitlines()
            assert json.loads(lines[-1]) == [clip, {"at": 12 * (number - 1), "shape": [3]}]
        journal.fail("d", "gone")
        assert json.loads((folder / "index.jsonl").read_text().splitlines()[-1])[0] == "d"


def test_the_next_run_goes_on_and_tries_again_what_failed(folder: Path) -> None:
    fill(folder)
    with open_journal(folder, CONDITIONS, 3) as journal:
        assert list(journal.entries) == ["b", "a"]
        journal.add("c", vector(7, 8, 9))
        assert journal.assemble(["a", "b", "c"])[0].tolist() == [[4, 5, 6], [1, 2, 3], [7, 8, 9]]


def test_what_was_begun_under_other_conditions_is_dropped(folder: Path) -> None:
    fill(folder)
    (folder / "more").touch()
    with open_journal(folder, ["three", {"version": 2}], 3) as journal:
        assert journal.entries == {}
        assert sorted(path.name for path in folder.iterdir()) == ["index.jsonl", "vectors.f32"]
        assert (folder / "vectors.f32").stat().st_size == 0
        journal.add("a", vector(1, 1, 1))
    with open_journal(folder, ["three", {"version": 2}], 3) as journal:
        assert journal.assemble(["a"])[0].tolist() == [[1, 1, 1]]


@pytest.mark.parametrize(("cut", "kept"), [(0, ["b", "a"]), (1, ["b"]), (12, ["b"]), (13, [])])
def test_vectors_that_a_power_cut_left_unwritten_are_computed_again(
    folder: Path, cut: int, kept: list[str]
) -> None:
    fill(folder)
    stored = folder / "vectors.f32"
    stored.write_bytes(stored.read_bytes()[: 24 - cut])
    with open_journal(folder, CONDITIONS, 3) as journal:
        assert list(journal.entries) == kept
        assert stored.stat().st_size == 12 * len(kept)  # a half-written vector is cut off
        journal.add("c", vector(7, 8, 9))
        assert journal.assemble(["c"])[0].tolist() == [[7, 8, 9]]
        if kept:
            assert journal.assemble(["b"])[0].tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(
    "end", ['["d", {"at": 24, "sha', '["d", {"at"\n["e", {"at": 0, "shape": [3]}]\n']
)
def test_lines_are_read_up_to_the_first_that_is_not_whole(folder: Path, end: str) -> None:
    fill(folder)
    with (folder / "index.jsonl").open("a") as file:
        file.write(end)
    with open_journal(folder, CONDITIONS, 3) as journal:
        assert list(journal.entries) == ["b", "a"]
        assert (folder / "index.jsonl").read_text().count("\n") == 3


def test_an_empty_index_is_no_journal(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "index.jsonl").touch()
    (folder / "vectors.f32").write_bytes(b"12345678")
    with open_journal(folder, CONDITIONS, 3) as journal:
        assert journal.entries == {}
        assert (folder / "vectors.f32").stat().st_size == 0


def test_what_an_older_embedding_has_is_taken_over_and_what_is_new_stays(
    small: Collection, folder: Path
) -> None:
    meta = {"provenance": "imported", "representation": "Mine"}
    vectors = np.random.default_rng(2).normal(size=(17, 3)).astype(np.float32)
    ids = [clip.id for clip in small.clips]
    write_embedding(small, "mine", vectors, meta, failed={ids[4]: "broken"})
    with open_journal(folder, CONDITIONS, 3) as journal:
        journal.add(ids[2], vector(1, 2, 3))
        journal.take_over(open_embedding(small, "mine"), ids)
        assert set(journal.entries) == set(ids) - {ids[4]}
        found = journal.assemble([one for one in ids if one != ids[4]])[0]
    vectors[2] = [1, 2, 3]
    assert np.array_equal(found, vectors)
