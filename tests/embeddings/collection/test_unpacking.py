"""Sounds inside tables are written one by one, for as long as an import lasts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.collection.sources import Source, SourceClip
from embeddings.collection.unpacking import at_hand
from tests.support.sources.tiny_sounds import write_tiny

INSIDE = SourceClip("a", Path("a.wav"), ("Dog",), "table, row 0", inside=True)
BESIDE = SourceClip("b", Path("/b.wav"), ("Dog",), "table, row 1")


def source(written: list[str]) -> Source:
    """Return a source of one clip inside its table and one beside it."""

    def unpack(folder: Path, most: int | None) -> Iterator[SourceClip]:
        written.append(f"{folder.name} {most}")
        yield replace(INSIDE, path=write_tiny(folder / "a.wav"))

    return Source([INSIDE, BESIDE], {}, "made", unpack=unpack)


def test_files_are_there_until_the_block_ends_however_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / ".pets.unpacked"
    left = write_tiny(folder / "left by an import that was killed.wav")
    written: list[str] = []
    with at_hand(source(written), folder) as found:
        assert [clip.path for clip in found.clips] == [folder / "a.wav", Path("/b.wav")]
        assert found.clips[0].path.is_file()
        assert not left.exists()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), at_hand(source(written), folder):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    assert written == [".pets.unpacked None"] * 2


def test_where_nothing_lies_inside_nothing_is_written(tmp_path: Path) -> None:
    plain = Source([BESIDE], {}, "made")
    with at_hand(plain, tmp_path / ".pets.unpacked") as found:
        assert found is plain
        assert list(tmp_path.iterdir()) == []
