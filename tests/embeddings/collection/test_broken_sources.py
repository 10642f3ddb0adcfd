"""Sources that cannot be read or are broken in part: one sentence, and nothing stays."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.collection.clips import collection_names, open_collection
from embeddings.collection.importing import BrokenClips, import_collection
from embeddings.collection.sources import Options
from embeddings.errors import InputError
from tests.support.places import ROOT, hear_ctrl_c
from tests.support.small import RATE, make_sound, write_source
from tests.support.source_tables import change, table, write_table
from tests.support.waiting import PATIENCE, wait_for


def structural(folder: Path) -> dict[str, tuple[Callable[[], object], str]]:
    """Return each way in which a source cannot be read: what breaks it, what is said."""
    clips, audio = folder / "clips.csv", folder / "audio"
    rows = table(folder)
    return {
        "no folder": (lambda: folder.rename(folder.with_name("gone")), "there is no such file"),
        "no csv": (clips.unlink, "must be a clips.csv or exactly one CSV file; found 0"),
        "no audio": (lambda: audio.rename(folder / "x"), "audio: there is no such folder"),
        "latin-1": (
            lambda: clips.write_bytes(clips.read_bytes().replace(b"Hum 3", b"H\xfcm 3")),
            "clips.csv, line 5: the text is not UTF-8 (byte 0xfc); "
            "save the file as UTF-8 (Excel: Save As, CSV UTF-8).",
        ),
        "half utf-16": (
            lambda: clips.write_bytes("fname,labels\na,b\n".encode("utf-16")[:-1]),
            "clips.csv, line 2: the text is not UTF-16 (byte 0x0a); save the file as UTF-8 (Excel",
        ),
        "utf-16 without its mark": (
            lambda: clips.write_bytes("fname,labels\na,b\n".encode("utf-16-le")),
            "clips.csv, line 1: there is a NUL, which no text has; save the file as UTF-8 (Excel",
        ),
        "columns": (
            lambda: write_table(folder, [["file", "labels"], ["a", "b"]]),
            "clips.csv, line 1: the column 'fname' is missing; the columns, separated by commas, "
            "are: file, labels.",
        ),
        "semicolons": (
            lambda: clips.write_text("file;labels\na;b\n"),
            "clips.csv, line 1: the column 'fname' is missing; the columns, separated by "
            "semicolons, are: file, labels.",
        ),
        "bars": (
            lambda: clips.write_text("fname|labels\na|b\n"),
            "clips.csv, line 1: the column 'fname' is missing; the columns are: fname|labels.",
        ),
        "two separators": (
            lambda: clips.write_text("fname,labels,x;fname;labels\na,b,c;d;e\n"),
            "clips.csv, line 1: the columns could be separated by commas or semicolons; a first "
            "line such as sep=; says by what.",
        ),
        "sep": (
            lambda: clips.write_text("sep=x\nfnamexlabels\n"),
            "clips.csv, line 1: sep= must name one of , ; | or a tab, not 'x'.",
        ),
        "below sep": (
            lambda: clips.write_text("sep=;\nfname;labels\na;b\na;b;c\n"),
            "clips.csv, line 4: the row has 3 cells, separated by semicolons; it must have 2",
        ),
        "column twice": (
            lambda: clips.write_text("fname,labels,x, labels\na,b,c,d\n"),
            "clips.csv, line 1: the column 'labels' is there twice (columns 2 and 4); every name",
        ),
        "column twice in other letters": (
            lambda: clips.write_text("fname,Labels,LABELS\na,b,c\n"),
            "clips.csv, line 1: the column 'labels' is there twice (columns 2 and 3); every name",
        ),
        "empty": (
            lambda: clips.write_text(""),
            "the column 'fname' is missing; the columns are: none",
        ),
        "header": (lambda: write_table(folder, rows[:1]), "there is no row below the first line"),
        "short row": (
            lambda: write_table(folder, [*rows[:3], rows[3][:2]]),
            "clips.csv, line 4: the row has 2 cells, separated by commas; it must have 6, as the "
            "line of column names has.",
        ),
        "long row": (
            lambda: write_table(folder, [*rows[:3], [*rows[3], "more"]]),
            "clips.csv, line 4: the row has 7 cells, separated by commas; it must have 6",
        ),
        "quote": (
            lambda: clips.write_text('fname,labels\n"a,b\n'),
            "clips.csv, line 2: not valid CSV",
        ),
        "families": (
            lambda: (folder / "families.json").write_text('{"A": ["Hum"], "B": ["Hum"]}'),
            "families.json: the class 'Hum' is in two families, 'A' and 'B'",
        ),
        "families alike": (
            lambda: (folder / "families.json").write_text('{"A": ["Hum"], "B": ["Hum "]}'),
            "families.json: the class 'Hum' is in two families, 'A' and 'B'",
        ),
        "family twice": (
            lambda: (folder / "families.json").write_text('{"A": ["Hum"], "A ": ["Beep"]}'),
            "families.json: the family 'A ' is there twice; each must have its own.",
        ),
        "half a character": (
            lambda: (folder / "families.json").write_text('{"\\ud800": ["Hum"]}'),
            r"families.json: the family '\ud800' has no name; each must have its own.",
        ),
        "families json": (
            lambda: (folder / "families.json").write_text("{"),
            "families.json, line 1: not valid JSON",
        ),
    }


STRUCTURAL = (
    "no folder", "no csv", "no audio", "latin-1", "half utf-16", "utf-16 without its mark",
    "columns", "semicolons", "bars", "two separators", "sep", "below sep", "column twice",
    "column twice in other letters", "empty", "header", "short row", "long row", "quote",
    "families", "families alike", "family twice", "half a character", "families json",
)  # fmt: skip


@pytest.mark.parametrize("kind", STRUCTURAL)
@pytest.mark.parametrize("skip_broken", [False, True])
def test_a_source_that_cannot_be_read_is_one_sentence_and_nothing_stays(
    tmp_path: Path, source: Path, kind: str, skip_broken: bool
) -> None:
    breaks, sentence = structural(source)[kind]
    breaks()
    data = tmp_path / "data"
    with pytest.raises(InputError) as caught:
        import_collection(data, "small", source, "csv", skip_broken=skip_broken)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in (data / "collections").glob("*")) == []


def test_every_structural_error_is_tried(source: Path) -> None:
    assert set(structural(source)) == set(STRUCTURAL)


def test_a_group_column_that_is_not_there(tmp_path: Path, source: Path) -> None:
    with pytest.raises(InputError, match=r"clips\.csv, line 1: there is no column 'uploader'"):
        import_collection(tmp_path, "a", source, "csv", options=Options(group_column="uploader"))


WRONG_NAMES = {
    5: " ", 6: "hum-0", 7: "hum-0.wav", 11: "../../secret", 12: "/etc/passwd",
    13: "C:\\sounds\\a", 16: "a\x1b.wav",
}  # fmt: skip


def break_clips(folder: Path) -> None:
    """Break fourteen of a source's 18 clips, each in its own way."""
    audio = folder / "audio"
    (audio / "hum-1.wav").unlink()
    (audio / "hum-2.wav").write_text("no sound")
    soundfile.write(audio / "beep-0.wav", np.zeros((0, 1)), RATE)
    soundfile.write(audio / "beep-1.wav", np.array([0.1, np.nan]), RATE, subtype="FLOAT")
    soundfile.write(audio / "beep-2.flac", make_sound("Beep", 2), RATE)
    for line, fname in WRONG_NAMES.items():
        change(folder, line, 0, fname)
    change(folder, 14, 1, " , ")
    change(folder, 15, 1, '"Hiss, Weather')


def test_broken_clips_stop_the_import_and_are_all_listed(tmp_path: Path, source: Path) -> None:
    break_clips(source)
    data = tmp_path / "data"
    with pytest.raises(BrokenClips) as caught:
        import_collection(data, "small", source, "csv")
    reasons = [
        ("line 3", "there is no audio file 'hum-1'"),
        ("line 4", "the audio cannot be read"),
        ("line 5", "the fname ' ' is empty; it must be a file name"),
        ("line 6", "the clip 'hum-0' is there twice (first: "),
        ("line 7", "the clip 'hum-0' is there twice (first: "),
        ("line 8", "the audio is empty"),
        ("line 9", "sample 1 is not a finite number"),
        ("line 10", "the fname 'beep-2' could mean 'beep-2.flac' and 'beep-2.wav'; write the suf"),
        ("line 11", "the fname '../../secret' leads out of"),
        ("line 12", "the fname '/etc/passwd' leads out of"),
        ("line 13", "the fname 'C:\\\\sounds\\\\a' leads out of"),
        ("line 14", "there is no label"),
        ("line 15", "the labels '\"Hiss, Weather' do not close"),
        ("line 16", "the fname 'a\\x1b.wav' has a control character ('\\x1b')"),
    ]
    assert len(caught.value.lines) == len(reasons)
    for line, (where, reason) in zip(caught.value.lines, reasons, strict=True):
        assert f"clips.csv, {where}: " in line
        assert reason in line
    assert str(caught.value).startswith("14 of the clips cannot be used, so nothing was imported")
    # what was measured is kept, so that --skip-broken need not measure it again
    assert [path.name for path in (data / "collections").iterdir()] == [".small.importing"]


def test_broken_clips_are_left_out_when_told(tmp_path: Path, source: Path) -> None:
    break_clips(source)
    collection, left_out = import_collection(tmp_path, "small", source, "csv", skip_broken=True)
    assert len(left_out) == 14
    assert len(collection.clips) == 4
    assert collection.envelopes.shape == (4, 200)
    assert list(collection.index) == ["hum-0", "hiss-3", "hiss-4", "hiss-5"]


def test_a_source_of_broken_clips_only_is_no_collection(tmp_path: Path, source: Path) -> None:
    for path in (source / "audio").iterdir():
        path.write_text("no sound")
    with pytest.raises(BrokenClips):
        import_collection(tmp_path, "small", source, "csv", skip_broken=True)
    assert collection_names(tmp_path) == []


def test_a_name_that_is_taken_or_unusable(data: Path, source: Path) -> None:
    with pytest.raises(InputError, match="There is a collection 'small' already"):
        import_collection(data, "small", source, "csv")
    with pytest.raises(InputError, match="must be 1 to 64 letters"):
        import_collection(data, "../small", source, "csv")


def test_silence_has_no_loudness_and_a_reason(tmp_path: Path, source: Path) -> None:
    soundfile.write(source / "audio" / "hum-0.wav", np.zeros(RATE), RATE)
    import_collection(tmp_path, "small", source, "csv")
    clip = open_collection(tmp_path, "small").clip("hum-0")
    assert (clip.loudness_lufs, clip.loudness_note) == (None, "silent")


@pytest.mark.serial
@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process group")
def test_ctrl_c_and_a_second_call_goes_on(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source", takes=120)
    data = tmp_path / "data"
    journal = data / "collections" / ".many.importing"
    command = [
        sys.executable, "-m", "flask", "collections", "import", "many", str(source),
        "--reader", "csv", "--workers", "1",
    ]  # fmt: skip
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(data)}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )

    def begun() -> bool:
        assert process.poll() is None, process.communicate()[1]
        return journal.exists() and journal.read_text().count("\n") >= 5

    wait_for(begun)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "Stopped. What was finished is kept" in said
    assert "Traceback" not in said
    assert collection_names(data) == []
    kept = journal.read_text().splitlines()
    assert 5 <= len(kept) < 360

    # The first kept measurement is marked: if it comes back, it was not made again.
    path, stamp, measurement = json.loads(kept[0])
    journal.write_text(
        "\n".join(
            [json.dumps([path, stamp, measurement | {"seconds": 9.0}]), *kept[1:], '["cut off']
        )
    )
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    collection = open_collection(data, "many")
    assert len(collection.clips) == 360
    assert [Path(clip.path).name for clip in collection.clips if clip.seconds == 9.0] == [
        Path(path).name
    ]
    assert not journal.exists()
