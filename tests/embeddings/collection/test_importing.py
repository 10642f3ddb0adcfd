"""Importing collections: three layouts, and every way in which a source can be wrong."""

import csv
import json
from pathlib import Path

import pytest
import soundfile

from embeddings.collection.clips import collection_names, open_collection
from embeddings.collection.families import fsd50k_families
from embeddings.collection.importing import import_collection
from embeddings.collection.readers.esc import read_esc
from embeddings.collection.readers.own_table import read_csv
from embeddings.collection.sources import Options
from embeddings.errors import InputError
from tests.support.small import RATE, make_sound
from tests.support.source_tables import change, table, write_table


def test_csv_import_keeps_what_the_source_says(tmp_path: Path, source: Path) -> None:
    change(source, 2, 1, "Beep, Machine ,Beep")
    collection, left_out = import_collection(
        tmp_path, "small", source, "csv", options=Options(group_column="pack")
    )
    assert left_out == []
    assert collection_names(tmp_path) == ["small"]
    assert len(collection.clips) == 18
    clip = collection.clip("hum-0")
    assert clip.labels == ("Beep", "Machine")
    assert (clip.seconds, clip.sample_rate, clip.channels) == (0.6, RATE, 1)
    assert (clip.group, clip.title, clip.author, clip.licence) == ("p0", "Hum 0", "somebody", "CC0")
    assert clip.extra == {"pack": "p0"}
    assert clip.loudness_lufs is not None
    assert clip.loudness_lufs < 0
    assert collection.audio_path(clip) == source / "audio" / "hum-0.wav"
    assert collection.families == {
        "Things": ("Hum", "Beep", "Machine"),
        "Nature": ("Hiss", "Weather"),
    }
    assert collection.envelopes.shape == (18, 200)
    assert collection.envelopes.min() >= 0
    assert collection.envelopes.max() <= 1
    assert collection.convention == "corrected"
    assert collection.leaf_classes == ("Beep", "Hiss", "Hum")


def test_a_copied_collection_needs_its_source_no_more(tmp_path: Path, source: Path) -> None:
    collection, _ = import_collection(tmp_path, "own", source, "csv", copy=True)
    (source / "audio").rename(source / "elsewhere")
    assert all(collection.audio_path(clip).is_file() for clip in collection.clips)


def test_fnames_may_have_suffixes_folders_and_numbers(tmp_path: Path, source: Path) -> None:
    (source / "audio" / "sub").mkdir()
    soundfile.write(source / "audio" / "sub" / "007.flac", make_sound("Hum", 1), RATE)
    write_table(source, [["fname", "labels"], ["sub/007.flac", "Hum"], ["beep-0.wav", "Beep"]])
    collection, _ = import_collection(tmp_path, "small", source, "csv")
    assert [clip.id for clip in collection.clips] == ["sub/007", "beep-0"]


def test_columns_that_the_collection_uses_itself_do_not_collide(
    tmp_path: Path, source: Path
) -> None:
    head = ["fname", "labels", "seconds", "path", "source_path", "two\rlines"]
    write_table(source, [head, ["beep-0", "Beep", "99", "x", "y", "z"]])
    import_collection(tmp_path, "small", source, "csv")
    clip = open_collection(tmp_path, "small").clips[0]
    assert clip.seconds == 0.6
    assert clip.extra == {
        "source_seconds": "99", "source_source_path": "x", "source_path": "y", "two lines": "z",
    }  # fmt: skip


def test_a_second_title_or_author_is_kept(tmp_path: Path, source: Path) -> None:
    head = ["fname", "labels", "title", "name", "uploader", "artist", "license"]
    rows = [["hum-0", "Hum", "T", "N", "", "A", "L"], ["hum-1", "Hum", "", "N", "U", "", ""]]
    write_table(source, [head, *rows])
    first, second = import_collection(tmp_path, "small", source, "csv")[0].clips
    assert (first.title, first.author, first.licence) == ("T", "A", "L")
    assert first.extra == {"name": "N"}
    assert (second.title, second.author, second.extra) == ("N", "U", {"name": ""})


def test_labels_with_commas_are_stored_and_read_back(tmp_path: Path, source: Path) -> None:
    rows = table(source)
    rows[1][1] = '"Chuckle, chortle",Hum'
    rows[2][1] = '["Say \\"hi\\", twice"]'
    write_table(source, rows[:4])
    (source / "families.json").write_text('{"A": ["Chuckle,  chortle"], "B": ["Hum"]}')
    import_collection(tmp_path, "small", source, "csv")
    collection = open_collection(tmp_path, "small")
    assert collection.clip("hum-0").labels == ("Chuckle, chortle", "Hum")
    assert collection.clip("hum-1").labels == ('Say "hi", twice',)
    assert collection.family_of == {"Chuckle, chortle": "A", "Hum": "B"}
    write_table(source, [rows[0], ["hum-2", "Chuckle, chortle|Hum", *rows[3][2:]]])
    options = Options(label_separator="|")
    bars, _ = import_collection(tmp_path, "bars", source, "csv", options=options)
    assert bars.clip("hum-2").labels == ("Chuckle, chortle", "Hum")


def test_what_was_stored_before_labels_were_quoted_reads_as_it_did(data: Path) -> None:
    folder = data / "collections" / "small"
    info = json.loads((folder / "collection.json").read_text())
    assert info.pop("quoted_labels") is True
    (folder / "collection.json").write_text(json.dumps(info))
    text = (folder / "clips.csv").read_text()
    (folder / "clips.csv").write_text(text.replace('"Hum,Machine"', '"""Hum"",Machine,""a,b"""'))
    clip = open_collection(data, "small").clip("hum-0")
    assert clip.labels == ('"Hum"', "Machine", '"a', 'b"')


def test_control_characters_become_spaces(tmp_path: Path, source: Path) -> None:
    rows = table(source)
    rows[1][2] = "a\rb\n c\x07"
    rows[1][5] = "p\r0"
    rows[2][1] = "Hum\r,Machine"
    write_table(source, rows)
    import_collection(tmp_path, "small", source, "csv", options=Options(group_column="pack"))
    collection = open_collection(tmp_path, "small")
    assert (collection.clips[0].title, collection.clips[0].group) == ("a b c", "p 0")
    assert collection.clips[0].extra == {"pack": "p 0"}
    assert collection.clips[1].labels == ("Hum", "Machine")


def test_a_copy_that_fails_leaves_nothing_but_the_journal(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        import_collection(tmp_path, "small", source, "csv", copy=True)
    left = [path.name for path in (tmp_path / "collections").iterdir()]
    assert left == [".small.importing"]
    monkeypatch.undo()
    import_collection(tmp_path, "small", source, "csv")
    assert [path.name for path in (tmp_path / "collections").iterdir()] == ["small"]


def test_fsd50k_layout(tmp_path: Path) -> None:
    root = tmp_path / "FSD50K"
    (root / "FSD50K.eval_audio").mkdir(parents=True)
    (root / "FSD50K.ground_truth").mkdir()
    (root / "FSD50K.metadata").mkdir()
    for name, kind in (("37199", "Hum"), ("175151", "Hiss")):
        soundfile.write(root / "FSD50K.eval_audio" / f"{name}.wav", make_sound(kind, 0), RATE)
    (root / "FSD50K.ground_truth" / "eval.csv").write_text(
        "fname,labels,mids\n"
        '37199,"Electric_guitar,Guitar,Plucked_string_instrument,Musical_instrument,Music","/m/1"\n'
        '175151,"Crackle","/m/2"\n'
    )
    info = {"37199": {"title": "Guitar", "uploader": "ana", "license": "CC0", "tags": []}}
    path = root / "FSD50K.metadata" / "eval_clips_info_FSD50K.json"
    path.write_text(json.dumps(info))
    collection, _ = import_collection(tmp_path / "data", "fsd50k", root, "fsd50k")
    assert [clip.id for clip in collection.clips] == ["37199", "175151"]
    first, second = collection.clips
    assert (first.title, first.author, first.licence, first.group) == (
        "Guitar",
        "ana",
        "CC0",
        "ana",
    )
    assert (second.title, second.group) == ("", "")
    assert collection.convention == "cbmi2024"
    assert set(collection.families) == {"Music"}
    assert collection.leaf_classes == ("Crackle", "Electric_guitar")


def test_esc50_layout(tmp_path: Path) -> None:
    root = tmp_path / "ESC-50"
    (root / "audio").mkdir(parents=True)
    (root / "meta").mkdir()
    for name in ("1-100032-A-0", "1-17367-A-10"):
        soundfile.write(root / "audio" / f"{name}.wav", make_sound("Hiss", 0), RATE)
    (root / "meta" / "esc50.csv").write_text(
        "filename,fold,target,category,esc10,src_file,take\n"
        "1-100032-A-0.wav,1,0,dog,True,100032,A\n"
        "1-17367-A-10.wav,1,10,rain,True,17367,A\n"
    )
    collection, _ = import_collection(tmp_path / "data", "esc50", root, "esc")
    assert [clip.id for clip in collection.clips] == ["1-100032-A-0", "1-17367-A-10"]
    assert [clip.group for clip in collection.clips] == ["100032", "17367"]
    assert collection.families == {
        "Animals": ("dog",),
        "Natural soundscapes and water": ("rain",),
    }


def test_esc10_is_read_whole(shared: Path) -> None:
    source = read_csv(shared / "data" / "esc10", Options(group_column="freesound_id"))
    assert len(source.clips) == 400
    assert not [clip.problem for clip in source.clips if clip.problem]
    assert len({clip.group for clip in source.clips}) < 400
    assert set(source.families) == {
        "Animal", "Human_sounds", "Natural_sounds", "Sounds_of_things"
    }  # fmt: skip


def test_families_are_those_of_the_published_list(shared: Path) -> None:
    with (shared / "facts" / "fsd50k_classes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = {(row["family"], row["class"]) for row in rows if row["family"]}
    ours = {(family, label) for family, labels in fsd50k_families().items() for label in labels}
    assert ours == expected
    assert len(rows) - len(ours) == 22


def test_a_class_of_esc_stands_in_one_group_of_ten(tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    table = "filename,target,category\na.wav,0,dog\nb.wav,15,dog\n"
    (tmp_path / "meta" / "esc50.csv").write_text(table)
    (tmp_path / "audio").mkdir()
    with pytest.raises(InputError, match=r"esc50\.csv: the class 'dog' is in two families"):
        read_esc(tmp_path, Options())
