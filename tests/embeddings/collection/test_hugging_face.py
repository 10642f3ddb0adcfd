"""The reader of what Hugging Face datasets saves: both forms, labels, ids, sounds inside."""

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

from embeddings.collection.arrow_tables import PYARROW
from embeddings.collection.importing import BrokenClips, import_collection
from embeddings.collection.readers import find_reader
from embeddings.collection.sources import Options, Source
from embeddings.errors import InputError
from tests.support.places import ROOT
from tests.support.sources.arrow_files import FEATURES, save_to_disk, sounds, table, write_parquet
from tests.support.sources.tiny_sounds import SECONDS, tiny_bytes, write_tiny

needs_pyarrow = pytest.mark.usefixtures("_pyarrow")


@pytest.fixture
def _pyarrow() -> None:
    pytest.importorskip("pyarrow", reason="PyArrow is not installed (requirements-test.txt)")


def read(path: Path, reader: str = "hf", **options: str) -> Source:
    """Return what the reader finds."""
    return find_reader(reader).read(path, Options(**options))  # type: ignore[arg-type]


def labels(source: Source) -> dict[str, tuple[str, ...]]:
    """Return the labels of each clip."""
    return {clip.id: clip.labels for clip in source.clips}


@needs_pyarrow
@pytest.mark.parametrize("form", ["parquet", "saved"])
def test_sounds_inside_tables_become_files_of_the_collection(tmp_path: Path, form: str) -> None:
    rows = {"audio": sounds(5), "label": [0, 1, 1, 0, -1], "take": [1, 2, 3, 4, 5]}
    made = table(rows, FEATURES)
    data, path = tmp_path / "data", tmp_path / "in"
    if form == "parquet":
        write_parquet(path / "data" / "train-00000-of-00001.parquet", made, rows=2)
    else:
        save_to_disk(path, made.slice(0, 3), made.slice(3))
    with pytest.raises(BrokenClips, match=r"row (4|1): there is no label\."):
        import_collection(data, "pets", path, "hf")
    assert sorted(one.name for one in (data / "collections").iterdir()) == [".pets.importing"]
    collection, left_out = import_collection(data, "pets", path, "hf", skip_broken=True)
    assert len(left_out) == 1
    assert [clip.id for clip in collection.clips] == [f"take {number}" for number in range(4)]
    for number, clip in enumerate(collection.clips):
        assert clip.path == f"audio/take {number}.wav"
        assert collection.audio_path(clip).read_bytes() == tiny_bytes(number)
        assert clip.seconds == SECONDS
        assert clip.extra["take"] == str(number + 1)
    assert [clip.labels[0] for clip in collection.clips[:2]] == ["Cat", "Chuckle, chortle"]
    assert [one.name for one in (data / "collections").iterdir()] == ["pets"]


@needs_pyarrow
def test_sounds_are_unpacked_one_by_one_and_the_same_the_next_time(tmp_path: Path) -> None:
    file = write_parquet(tmp_path / "a.parquet", table({"audio": sounds(40), "label": ["x"] * 40}))
    source = read(file)
    assert source.unpack is not None
    first = next(source.unpack(tmp_path / "one", None))
    assert [one.name for one in (tmp_path / "one").rglob("*.wav")] == ["0000000.wav"]
    assert first.path.stat().st_mtime_ns == file.stat().st_mtime_ns
    assert len(list(source.unpack(tmp_path / "some", 3))) == 3
    names = [
        clip.path.relative_to(tmp_path / "all") for clip in source.unpack(tmp_path / "all", None)
    ]
    again = read(file).unpack
    assert again is not None
    assert names == [
        clip.path.relative_to(tmp_path / "two") for clip in again(tmp_path / "two", None)
    ]
    assert len(names) == 40


@needs_pyarrow
def test_splits_come_together_or_alone(tmp_path: Path) -> None:
    made = table({"audio": sounds(2), "label": [0, 1]}, FEATURES)
    saved = tmp_path / "saved"
    save_to_disk(saved / "train", made)
    save_to_disk(saved / "test", made.slice(1))
    (saved / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    both = read(saved)
    assert list(labels(both)) == ["train/take 0", "train/take 1", "test/take 1"]
    assert [clip.extra["split"] for clip in both.clips] == ["train", "train", "test"]
    assert list(labels(read(saved, "hf:test"))) == ["take 1"]
    assert list(labels(read(saved / "train"))) == ["take 0", "take 1"]
    with pytest.raises(InputError, match="no split 'dev'; there is: train, test"):
        read(saved, "hf:dev")
    clone = tmp_path / "clone"
    write_parquet(clone / "data" / "validation-00000-of-00001-0a1b.parquet", made)
    write_parquet(clone / "data" / "train-00000-of-00002.parquet", made.slice(0, 1))
    write_parquet(clone / "data" / "train-00001-of-00002.parquet", made.slice(1))
    assert list(labels(read(clone))) == [
        "train/take 0", "train/take 1", "validation/take 0", "validation/take 1",
    ]  # fmt: skip


@needs_pyarrow
def test_labels_are_names_texts_or_lists(tmp_path: Path) -> None:
    listed = {"_type": "Sequence", "feature": FEATURES["label"]}
    for features, column, values, found in (
        (None, "category", ["dog, big", "cat "], [("dog, big",), ("cat",)]),
        (None, "labels", [["a", "b", "a"], ["c"]], [("a", "b"), ("c",)]),
        ({"sound": listed}, "sound", [[1, 0], [0]], [("Chuckle, chortle", "Cat"), ("Cat",)]),
        ({"sound": [FEATURES["label"]]}, "sound", [[1], []], [("Chuckle, chortle",), ()]),
        ({"kind": FEATURES["label"]}, "kind", [1, 7], [("Chuckle, chortle",), ()]),
    ):
        made = table({"audio": sounds(2), column: values, "fold": [1, 2]}, features)
        source = read(write_parquet(tmp_path / "one.parquet", made))
        assert [clip.labels for clip in source.clips] == found
    assert source.clips[1].problem == "the label 7 has no name; there are 2"
    assert {clip.extra["fold"] for clip in source.clips} == {"1", "2"}
    by_number = read(tmp_path / "one.parquet", label_column="fold", group_column="kind")
    assert [clip.labels for clip in by_number.clips] == [("1",), ("2",)]
    bars = table({"audio": sounds(2), "label": ["a|b", "['c', 'd']"]})
    source = read(write_parquet(tmp_path / "two.parquet", bars), label_separator="|")
    assert [clip.labels for clip in source.clips] == [("a", "b"), ("c", "d")]
    assert [clip.group for clip in by_number.clips] == ["Chuckle, chortle", "7"]


@needs_pyarrow
def test_ids_are_paths_or_a_column_or_rows(tmp_path: Path) -> None:
    file = tmp_path / "one.parquet"
    content = tiny_bytes()
    for paths, ids in (
        (["a/x.wav", "b/x.flac"], ["a/x", "b/x"]),
        (["/home/me/set/dog/1.wav", "/home/me/set/cat/1.wav"], ["dog/1", "cat/1"]),
        (["C:\\set\\dog 1.wav", "C:\\set\\cat.wav"], ["dog 1", "cat"]),
        (["x.wav", "x.flac"], ["row-0", "row-1"]),
        (["x.wav", None], ["row-0", "row-1"]),
        (["../x.wav", "y.wav"], ["row-0", "row-1"]),
    ):
        audio = [{"bytes": content, "path": path} for path in paths]
        write_parquet(file, table({"audio": audio, "label": ["a", "b"], "name": ["n1", "n/2"]}))
        assert list(labels(read(file))) == ids
        assert list(labels(read(file, id_column="name"))) == ["n1", "n/2"]
    write_parquet(file, table({"audio": audio, "label": ["a", "b"], "name": ["n1", "../n2"]}))
    with pytest.raises(InputError, match=r"row 1: the name '\.\./n2' cannot be an id"):
        read(file, id_column="name")
    write_parquet(file, table({"audio": audio, "label": ["a", "b"], "name": ["n1", "n1"]}))
    twice = read(file, id_column="name").clips[1]
    assert twice.problem == f"the clip 'n1' is there twice (first: {file}, row 0)"
    assert not twice.inside


@needs_pyarrow
@pytest.mark.parametrize("form", ["parquet", "saved"])
def test_sounds_given_by_path_are_pointed_to(tmp_path: Path, form: str) -> None:
    beside = write_tiny(tmp_path / "in" / "wavs" / "1.wav")
    away = write_tiny(tmp_path / "away" / "2.wav")
    audio = [
        {"bytes": None, "path": "wavs/1.wav"},
        {"bytes": None, "path": str(away)},
        {"bytes": None, "path": "wavs/3.wav"},
        {"bytes": tiny_bytes(4), "path": "4.ogg"},
        {"bytes": None, "path": None},
        {"bytes": b"", "path": "6.wav"},
        {"bytes": b"no sound", "path": "7.wav"},
    ]
    made = table({"audio": audio, "label": list("abcdefg")})
    folder = tmp_path / "in"
    if form == "parquet":
        write_parquet(folder / "all.parquet", made)
    else:
        save_to_disk(folder, made)
    collection, left_out = import_collection(
        tmp_path / "data", "mixed", folder, "hf", skip_broken=True
    )
    assert [collection.audio_path(clip) for clip in collection.clips] == [
        beside, away, collection.folder / "audio" / "row-3.wav",
    ]  # fmt: skip
    reasons = [line.partition(", row ")[2] for line in left_out]
    assert reasons[:3] == [
        "2: there is no audio file 'wavs/3.wav'.",
        "4: there is no audio in the row.",
        "5: the audio is empty (0 bytes).",
    ]
    assert reasons[3].startswith("6: ")
    assert ".unpacked" not in reasons[3]


@needs_pyarrow
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    good = table({"audio": sounds(1), "label": ["a"]})
    for name, columns in {
        "no audio": {"label": ["a"]},
        "two": {"a": sounds(1), "b": sounds(1), "label": ["a"]},
        "no label": {"audio": sounds(1), "x": [1]},
    }.items():
        write_parquet(tmp_path / f"{name}.parquet", table(columns))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "lfs.parquet").write_text("version https://git-lfs.github.com/spec/v1\noid x\n")
    write_parquet(tmp_path / "deep" / "x" / "0000.parquet", good)
    save_to_disk(tmp_path / "indexed", good)
    state = {"_data_files": [{"filename": "x"}], "_indices_data_files": [{"filename": "i"}]}
    (tmp_path / "indexed" / "state.json").write_text(json.dumps(state))
    write_parquet(tmp_path / "odd" / "a.parquet", good)
    write_parquet(tmp_path / "odd" / "b.parquet", table({"audio": sounds(1), "labels": ["a"]}))
    for name, sentence in {
        "no audio.parquet": "the column of audio (bytes and path) is missing; the columns are: lab",
        "two.parquet": "the column of audio (bytes and path) could be any of a, b; the columns",
        "no label.parquet": "the column of labels was not found (--label-column); the columns are:",
        "bad.parquet": "bad.parquet: the table cannot be read (",
        "lfs.parquet": "it is the pointer that Git LFS puts in a file's place; `git lfs pull`",
        "deep": f"its Parquet files are in {tmp_path / 'deep' / 'x'}; give one of them.",
        "indexed": "the rows are chosen by an index; save the data set once more",
        "odd": "b.parquet: there is no column 'label', as the first file has.",
        "none": "none: there is no such file or folder.",
    }.items():
        with pytest.raises(InputError) as told:
            read(tmp_path / name)
        assert sentence in str(told.value)
    with pytest.raises(InputError, match=r"no column 'x' \(--label-column\); the columns are: aud"):
        read(tmp_path / "odd" / "a.parquet", label_column="x")
    with pytest.raises(InputError, match=r"'audio' holds struct<.*>, which is no text"):
        read(tmp_path / "odd" / "a.parquet", id_column="audio")


def test_without_pyarrow_the_sentence_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    (tmp_path / "one.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=rf"is not installed \(pip install {PYARROW}\)\.$"):
        read(tmp_path)
    assert PYARROW in (ROOT / "requirements-test.txt").read_text(encoding="utf-8").split()


@needs_pyarrow
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    made = table({"audio": sounds(2), "label": ["x", "y"], "take": [1, 2]})
    file = write_parquet(tmp_path / "a.parquet", made.rename_columns(["audio", "label", "label"]))
    with pytest.raises(InputError, match=r"a\.parquet: the column 'label' is there twice; every"):
        read(file)
