"""Sounds that are not what they should be: told where they are stored, left out on demand."""

from pathlib import Path

import pytest
import soundfile

from embeddings.collection.clips import open_collection
from embeddings.collection.importing import import_collection
from embeddings.errors import InputError
from tests.support.small import RATE, make_sound
from tests.support.source_tables import write_table

CUT = "shorter than its header says: 0.300 s, not 0.600 s"
NAMED = "it is named .wav, but its bytes are AIFF"


def spoil(source: Path) -> None:
    """Cut one of a source's sounds off, and give another the name of another format."""
    cut = source / "audio" / "hum-0.wav"
    content = cut.read_bytes()
    cut.write_bytes(content[: 44 + (len(content) - 44) // 2])
    soundfile.write(source / "audio" / "hum-1.wav", make_sound("Hum", 1), RATE, format="AIFF")


def test_suspicious_sounds_are_kept_and_told_or_left_out(tmp_path: Path, source: Path) -> None:
    spoil(source)
    collection, left_out = import_collection(tmp_path, "all", source, "csv", workers=1)
    assert left_out == []
    found = {clip.id: clip.suspicion for clip in collection.clips if clip.suspicion}
    assert found == {"hum-0": CUT, "hum-1": NAMED}
    assert collection.clip("hum-0").seconds == pytest.approx(0.3)
    again = open_collection(tmp_path, "all")
    assert again.clips == collection.clips
    assert "suspicion" not in again.clips[0].extra
    fewer, lines = import_collection(
        tmp_path, "fewer", source, "csv", workers=1, skip_suspicious=True
    )
    assert len(fewer.clips) == 16
    assert {clip.suspicion for clip in fewer.clips} == {""}
    assert [line.rpartition(".wav: ")[2] for line in lines] == [f"{CUT}.", f"{NAMED}."]
    assert all(line.startswith(f"{source / 'clips.csv'}, line ") for line in lines)
    columns = (fewer.folder / "clips.csv").read_text().splitlines()[0]
    assert "suspicion" not in columns  # a table without any is as it always was


def test_a_source_of_suspicious_sounds_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    soundfile.write(tmp_path / "audio" / "a.wav", make_sound("Hum", 1), RATE, format="AIFF")
    write_table(tmp_path, [["fname", "labels"], ["a.wav", "Hum"]])
    with pytest.raises(InputError, match="All 1 clips are suspicious"):
        import_collection(tmp_path / "data", "a", tmp_path, "csv", workers=1, skip_suspicious=True)
    assert not (tmp_path / "data" / "collections" / "a").exists()
