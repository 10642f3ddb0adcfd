"""What a preview says, what it looks at, and that it stores nothing."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio import decoding
from embeddings.collection import previewing
from embeddings.collection.previewing import preview_collection
from embeddings.collection.sources import Options
from embeddings.errors import InputError
from tests.support.source_tables import change
from tests.support.sources.arrow_files import FEATURES, sounds, table, write_parquet
from tests.support.sources.tiny_sounds import SECONDS, write_tiny


def test_a_table_is_shown_with_its_classes_families_and_what_is_broken(source: Path) -> None:
    (source / "audio" / "beep-0.wav").write_bytes(b"no sound")
    (source / "audio" / "hiss-5.wav").unlink()
    before = sorted(source.rglob("*"))
    found = preview_collection(source, "csv")
    assert found.clips == 18
    assert [clip.id for clip in found.first] == [f"hum-{n}" for n in range(6)] + [
        f"beep-{n}" for n in range(4)
    ]
    assert found.first[0].labels == ("Hum", "Machine")
    assert found.first[0].seconds == pytest.approx(0.6)
    assert found.first[0].file == str(source / "audio" / "hum-0.wav")
    assert found.class_counts == {"Beep": 5, "Hiss": 5, "Hum": 6, "Machine": 11, "Weather": 5}
    assert found.families["Things"] == ("Hum", "Beep", "Machine")
    assert len(found.broken) == 2
    assert f"{source / 'clips.csv'}, line 8: " in found.broken[0]
    assert "there is no audio file 'hiss-5'" in found.broken[1]
    assert (found.decoded, found.unseen) == (17, 0)
    assert sorted(source.rglob("*")) == before


def test_of_many_sounds_the_first_and_some_over_the_rest_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        write_tiny(tmp_path / f"class {number // 20}" / f"{number:02}.wav")
    looked: list[str] = []

    def decode(path: Path, most_seconds: float) -> decoding.Decoded:
        looked.append(path.stem)
        return decoding.decode(path, most_seconds)

    monkeypatch.setattr(previewing, "decode", decode)
    found = preview_collection(tmp_path, "folders", looked=15)
    assert looked == [f"{n:02}" for n in (*range(10), 10, 20, 30, 40, 50)]
    assert (found.clips, found.decoded, found.unseen) == (60, 15, 45)
    assert [clip.seconds for clip in found.first] == [SECONDS] * 10
    assert found.broken == found.suspicious == []


def test_what_is_suspicious_and_what_is_too_long_is_told(tmp_path: Path) -> None:
    cut = write_tiny(tmp_path / "Dog" / "cut.wav")
    cut.write_bytes(cut.read_bytes()[:-800])
    write_tiny(tmp_path / "Dog" / "whole.wav").rename(tmp_path / "Dog" / "whole.mp3")
    long = tmp_path / "Dog" / "long.wav"
    soundfile.write(long, np.zeros(8 * 1801, dtype=np.int16), 8)
    found = preview_collection(tmp_path, "folders")
    assert [line.partition(": ")[0] for line in found.suspicious] == [
        str(tmp_path / "Dog" / name) for name in ("cut.wav", "whole.mp3")
    ]
    assert "it is named .mp3, but its bytes are WAV" in found.suspicious[1]
    assert found.broken == [f"{long}: the audio is 1801 s long; a clip may have at most 1800 s."]


def test_sounds_inside_a_table_are_looked_at_from_its_beginning(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="PyArrow is not installed (requirements-test.txt)")
    audio = sounds(30)
    audio[1]["bytes"] = b"no sound"
    audio[25]["bytes"] = b"no sound, and nobody looks"
    made = table({"audio": audio, "label": [0, 1] * 14 + [-1, 0]}, FEATURES)
    file = write_parquet(tmp_path / "all.parquet", made)
    found = preview_collection(file, "hf", looked=12)
    assert (found.clips, found.decoded, found.unseen) == (30, 12, 17)
    assert [line.partition(", row ")[2][:2] for line in found.broken] == ["1:", "28"]
    assert found.first[0].file == "take 0.wav"
    assert found.first[1].seconds is None
    assert sum(found.class_counts.values()) == 28
    assert [one.name for one in tmp_path.iterdir()] == ["all.parquet"]


def test_what_an_import_refuses_a_preview_refuses(source: Path) -> None:
    with pytest.raises(InputError, match="There is no reader 'xml'"):
        preview_collection(source, "xml")
    with pytest.raises(InputError, match="no column 'x' to group by"):
        preview_collection(source, "csv", options=Options(group_column="x"))
    change(source, 2, 1, "")
    assert "there is no label" in preview_collection(source, "csv").broken[0]
