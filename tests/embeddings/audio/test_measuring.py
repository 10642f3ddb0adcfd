"""What is measured of each sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio.measuring import ENVELOPE_POINTS, envelope, measure
from tests.support.sounds.tone import RATE, tone


def test_envelope_shows_where_the_sound_is() -> None:
    sound = np.zeros((1000, 2))
    sound[300:400, 1] = -0.5
    peaks = envelope(sound, points=10)
    assert peaks.tolist() == [0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0]
    assert envelope(np.array([[0.1], [3.0]]), points=4) == pytest.approx([0.1, 0.1, 1, 1])


def test_measure_tells_what_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, tone(1.5, channels=2), RATE)
    result = measure(path)
    assert (result.seconds, result.sample_rate, result.channels) == (1.5, RATE, 2)
    assert len(result.envelope) == ENVELOPE_POINTS


def test_the_envelope_is_rounded_as_decimals_are(tmp_path: Path) -> None:
    ties = np.arange(33, dtype=np.float32) / 32  # 312.5 ten-thousandths, and so on
    peaks = np.concatenate([ties, np.random.default_rng(1).random(167, dtype=np.float32)])
    soundfile.write(tmp_path / "a.wav", np.repeat(peaks, 50), 8000, subtype="FLOAT")
    assert measure(tmp_path / "a.wav").envelope == [round(float(peak), 4) for peak in peaks]
