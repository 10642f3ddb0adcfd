"""Recordings of beeps: as many as are said, and nothing but hearing tells how many."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.listening.beeps import BEEPS_SECONDS, COUNTS, padded, write_beeps
from tests.support.sounds.tone import beeps_in


@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_each_number_comes_once_and_no_length_tells_it(tmp_path: Path, format: str) -> None:
    found = write_beeps(tmp_path, format, -23.0, np.random.default_rng(5))
    assert sorted(count for _, count in found) == list(COUNTS)
    assert [count for _, count in found] != list(COUNTS)
    frames = set()
    for name, count in found:
        samples, rate = soundfile.read(tmp_path / name)
        frames.add(len(samples))
        assert beeps_in(samples, rate) == count
        assert np.abs(samples).max() == pytest.approx(0.1, abs=0.05)
    assert len(frames) == 1
    assert next(iter(frames)) >= BEEPS_SECONDS * rate
    assert len({(tmp_path / name).stat().st_size for name, _ in found}) == 1
    assert len({(tmp_path / name).read_bytes() for name, _ in found}) == len(COUNTS)


def test_padding_needs_room_for_its_header() -> None:
    for format in ("flac", "mp3"):
        with pytest.raises(ValueError, match="size must leave"):
            padded(b"fLaC" + bytes(60), format, 65)
