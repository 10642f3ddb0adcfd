"""FSD50K's development set beside its evaluation set, and the two as one."""

import json
from pathlib import Path

import pytest

from embeddings.collection.readers import find_reader
from embeddings.collection.sources import Options, Source
from embeddings.errors import InputError
from tests.support.sources.tiny_sounds import write_lines, write_tiny


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """FSD50K of two clips in development and one in evaluation, as published."""
    truth = tmp_path / "FSD50K.ground_truth"
    write_lines(
        truth / "dev.csv", "fname,labels,mids,split", '1,"Bark,Dog",m,train', "2,Meow,m,val"
    )
    write_lines(truth / "eval.csv", "fname,labels,mids", "3,Meow,m")
    for name, ids in (("dev", "12"), ("eval", "3")):
        for one in ids:
            write_tiny(tmp_path / f"FSD50K.{name}_audio" / f"{one}.wav")
        facts = {one: {"title": f"t{one}", "uploader": f"u{one}", "license": "CC0"} for one in ids}
        info = tmp_path / "FSD50K.metadata" / f"{name}_clips_info_FSD50K.json"
        write_lines(info, json.dumps(facts))
    return tmp_path


def read(folder: Path, reader: str) -> Source:
    """Return what the reader finds."""
    return find_reader(reader).read(folder, Options())


def test_the_sets_come_alone_or_as_one(published: Path) -> None:
    dev, both = read(published, "fsd50k:dev"), read(published, "fsd50k:both")
    assert [(clip.id, clip.extra["split"]) for clip in dev.clips] == [("1", "train"), ("2", "val")]
    assert [(clip.id, clip.group, clip.author, clip.licence) for clip in both.clips] == [
        (one, f"u{one}", f"u{one}", "CC0") for one in "123"
    ]
    assert [clip.extra["split"] for clip in both.clips] == ["train", "val", "eval"]
    assert both.clips[0].path == published / "FSD50K.dev_audio" / "1.wav"
    assert both.families == {"Animal": ("Bark", "Dog", "Meow")}
    assert both.description == "FSD50K, development set and evaluation set"
    for reader in ("fsd50k", "fsd50k:eval"):
        alone = read(published, reader)
        assert [(clip.id, "split" in clip.extra) for clip in alone.clips] == [("3", False)]
        assert alone.description == "FSD50K, evaluation set"


def test_a_clip_in_both_sets_is_a_problem_and_another_set_an_error(published: Path) -> None:
    table = published / "FSD50K.ground_truth" / "eval.csv"
    write_lines(table, "fname,labels,mids", "3,Meow,m", "2,Meow,m")
    write_tiny(published / "FSD50K.eval_audio" / "2.wav")
    problems = [clip.problem for clip in read(published, "fsd50k:both").clips]
    first = published / "FSD50K.ground_truth" / "dev.csv"
    assert problems[:3] == ["", "", ""]
    assert problems[3] == f"the clip '2' is there twice (first: {first}, line 3)"
    with pytest.raises(InputError, match="fsd50k:all: behind the colon may stand eval, dev or bot"):
        read(published, "fsd50k:all")
    table.unlink()
    with pytest.raises(InputError, match=r"eval\.csv: there is no such file"):
        read(published, "fsd50k:both")
    assert len(read(published, "fsd50k:dev").clips) == 2
