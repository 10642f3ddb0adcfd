"""The loudness of sounds."""

import numpy as np
import pytest

from embeddings.audio.meter import integrated_loudness
from tests.support.tone import RATE, tone


def test_loudness_of_the_standard_tone() -> None:
    # BS.1770-4: 0 dBFS at 997 Hz in one front channel reads -3.01 LKFS; meters may err by 0.1.
    assert integrated_loudness(tone(3), RATE)[0] == pytest.approx(-3.01, abs=0.1)
    assert integrated_loudness(tone(3, channels=2), RATE)[0] == pytest.approx(0.0, abs=0.1)


def test_loudness_of_a_short_sound_is_measured_looped() -> None:
    loudness, note = integrated_loudness(tone(0.1), RATE)
    assert loudness == pytest.approx(-3.01, abs=0.1)
    assert note == "shorter than 0.4 s: measured looped"


def test_what_has_no_loudness_says_why() -> None:
    assert integrated_loudness(np.zeros((RATE, 1), np.float32), RATE) == (None, "silent")
    quiet = integrated_loudness(1e-6 * tone(1), RATE)
    assert quiet == (None, "quieter than the gate of -70 LUFS")
    many = integrated_loudness(tone(1, channels=6), RATE)
    assert many == (None, "loudness is defined for at most 5 channels")
