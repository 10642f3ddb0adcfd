"""What Essentia hears of files that FFmpeg alone reads: what was imported, not its own decoding."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio.decoding import read_audio
from embeddings.representations import freesound, graphs
from tests.support.sounds.encoded import vbr_without_tag

pytest.importorskip("av", reason="PyAV is not installed: pip install -r requirements-formats.txt")


def test_essentia_gets_the_whole_of_an_mp3_without_a_length_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []

    def hear(path: Path, *_: object) -> np.ndarray:
        heard.append(soundfile.read(path, dtype="float32", always_2d=True)[0])
        return heard[-1]

    monkeypatch.setattr(freesound, "describe", hear)
    monkeypatch.setattr(graphs, "_easy_load", hear)
    path = vbr_without_tag(tmp_path / "a.mp3", seconds=2.0)
    freesound.extract(path, "a", "as-published")
    graphs.load_audio(path, 16000, 0.0)
    samples, rate = read_audio(path)
    assert len(samples) > 2 * rate
    assert [one.tobytes() for one in heard] == 2 * [samples.tobytes()]
