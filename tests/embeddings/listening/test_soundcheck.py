"""The sounds of a sound check: exact, in a drawn order, never clipping."""

from pathlib import Path

import numpy as np
import pytest

from embeddings.audio.decoding import read_audio
from embeddings.listening.levels import (
    true_peak,
)
from embeddings.listening.soundcheck import write_check_sounds
from tests.support.loudness import read_loudness


@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_check_sounds(tmp_path: Path, format: str) -> None:
    made = write_check_sounds(tmp_path, format, -30.0, seed=5)
    names = [made.tone, *(name for name, _ in (*made.beeps, *made.trials))]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    chord, rate = read_audio(tmp_path / made.tone)
    assert chord.shape == (5 * rate, 1)
    assert read_loudness(tmp_path, made.tone) == pytest.approx(-30.0, abs=0.1)
    assert max(np.abs(chord[:200]).max(), np.abs(chord[-200:]).max()) < 1e-3
    assert sorted(number for _, number in made.trials) == [1, 1, 2, 2, 3, 3]
    for name, number in made.trials:
        sound, rate = read_audio(tmp_path / name)
        left, right = (_tones(sound[:, side], rate) for side in (0, 1))
        strengths = [float(np.std(one)) for one in left]
        turned = [bool(np.dot(one, two) < 0) for one, two in zip(left, right, strict=True)]
        assert strengths.index(min(strengths)) + 1 == number
        assert min(strengths) / max(strengths) == pytest.approx(0.501, abs=0.01)
        assert sum(turned) == 1
        assert not turned[number - 1]
        # On loudspeakers the sides add up: now another tone is the quietest.
        summed = [float(np.std(one + two)) for one, two in zip(left, right, strict=True)]
        assert summed.index(min(summed)) == turned.index(True)


def _tones(side: np.ndarray, rate: int) -> list[np.ndarray]:
    """The middle of each of a trial's three tones of 1 s, with gaps of 0.5 s."""
    return [side[round(1.5 * at * rate) :][rate // 4 : rate * 3 // 4] for at in range(3)]


def test_check_sounds_come_in_an_order_drawn_by_the_seed(tmp_path: Path) -> None:
    orders = {
        seed: [number for _, number in write_check_sounds(tmp_path, "flac", -30.0, seed).trials]
        for seed in range(5)
    }
    again = write_check_sounds(tmp_path, "flac", -30.0, 3)
    assert [number for _, number in again.trials] == orders[3]
    assert len({tuple(order) for order in orders.values()}) > 1


def test_a_stereo_tone_for_stereo_copies_and_no_clipping(tmp_path: Path) -> None:
    made = write_check_sounds(tmp_path, "flac", 0.0, 1, channels=6)
    chord, _ = read_audio(tmp_path / made.tone)
    assert np.array_equal(chord[:, 0], chord[:, 1])
    for name in (made.tone, made.trials[0][0]):
        assert true_peak(read_audio(tmp_path / name)[0]) == pytest.approx(-1.0, abs=0.05)
