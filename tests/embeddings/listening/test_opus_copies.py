"""Copies in Opus, and sounds that a codec has had already."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.errors import InputError
from embeddings.listening.copies import Delivered, is_lossy, make_copies, plain_copy
from embeddings.listening.levels import CEILING_DBTP, true_peak
from tests.support.loudness import left, read_loudness

RATE = 44100


def noise(path: Path, channels: int = 1, subtype: str | None = None) -> Path:
    """Write two seconds of noise and return where."""
    samples = 0.1 * np.random.default_rng(1).standard_normal((2 * RATE, channels))
    soundfile.write(path, samples, RATE, subtype=subtype)
    return path


def copies(
    sources: dict[str, Path], folder: Path, twice: frozenset[str] = frozenset()
) -> Delivered:
    """Make levelled copies in Opus."""
    return make_copies(
        sources, folder, level=True, loudness=-23.0, format="opus", workers=2, twice=twice
    )


@pytest.mark.usefixtures("serial")
def test_opus_has_its_samples_beside_it_as_flac(tmp_path: Path) -> None:
    source = noise(tmp_path / "a.wav", channels=2)
    made = copies({"a": source}, tmp_path / "to", frozenset({"a"}))
    assert {path.suffix for path in (tmp_path / "to").iterdir()} == {".opus", ".flac"}
    for name in (made.files["a"], made.again["a"]):
        path = tmp_path / "to" / name
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.samplerate) == ("OGG", "OPUS", 48000)
        plain = plain_copy(path)
        assert path.stat().st_size < plain.stat().st_size / 4
        opus, flac = (soundfile.read(one, always_2d=True)[0] for one in (path, plain))
        assert np.abs(opus - flac).max() <= 1 / 32768
        assert read_loudness(tmp_path / "to", name) == pytest.approx(-23, abs=0.1)
        assert true_peak(opus) <= CEILING_DBTP


@pytest.mark.usefixtures("serial")
def test_no_opus_stays_where_a_clip_cannot_be_copied(tmp_path: Path) -> None:
    source = noise(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match="the clip 'b'"):
        copies({"a": source, "b": tmp_path / "b.wav"}, tmp_path / "to")
    assert left(tmp_path / "to") == []


def test_what_is_lossy_is_told_by_the_header(tmp_path: Path) -> None:
    for name, subtype, expected in (
        ("a.wav", "PCM_16", False), ("b.wav", "ULAW", True), ("c.flac", None, False),
        ("d.ogg", None, True), ("e.mp3", None, True),
    ):  # fmt: skip
        assert is_lossy(noise(tmp_path / name, subtype=subtype)) == expected
    (tmp_path / "f.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    assert is_lossy(tmp_path / "f.m4a")
