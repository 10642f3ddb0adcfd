"""What raters and players hear of sounds with many channels, odd rates, or far too high values."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio.decoding import read_audio
from embeddings.listening.audible import read_audible
from embeddings.listening.copies import make_copies
from embeddings.listening.levels import true_peak
from tests.support.loudness import read_loudness
from tests.support.sounds.sound_kinds import sound

RATE = 44100
NOTES = {
    "six": "6 channels: mixed to stereo by ITU-R BS.775",
    "sixteen": "16 channels of no known layout: mixed to mono",
    "huge": "passes full scale by 589.5 dB: lowered to it",
}


def write(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> Path:
    """Write a WAV and return where."""
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """Sounds that a study could not be opened with once, or that nobody could play."""
    return {
        "plain": write(tmp_path / "plain.wav", sound(RATE)),
        "six": write(tmp_path / "six.wav", sound(RATE, 6)),
        "sixteen": write(tmp_path / "sixteen.wav", sound(RATE, 16)),
        "slow": write(tmp_path / "slow.wav", sound(1000), 1000),
        "fast": write(tmp_path / "fast.wav", sound(700_000), 700_000),
        "huge": write(tmp_path / "huge.wav", sound(RATE, peak=3e29)),
        "unheard": write(tmp_path / "unheard.wav", sound(10, seconds=2), 10),
    }


@pytest.mark.usefixtures("serial")
@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_a_study_opens_with_all_of_them_at_one_level(
    tmp_path: Path, sources: dict[str, Path], format: str
) -> None:
    folder = tmp_path / "to"
    made = make_copies(sources, folder, level=True, loudness=-23.0, format=format, workers=2)
    assert made.common_level == -23.0
    assert made.channels == 2
    for one in made.levels:
        samples, rate = read_audio(folder / made.files[one.clip])
        assert samples.shape[1] <= 2
        assert 8000 <= rate <= 48000
        assert len(samples) / rate == pytest.approx(made.seconds[one.clip], abs=0.3)  # MP3 pads
        assert true_peak(samples) <= -1
        if one.clip != "unheard":
            assert read_loudness(folder, made.files[one.clip]) == pytest.approx(-23, abs=0.1)
            assert one.note == NOTES.get(one.clip, "")
    silent = made.levels[-1]
    assert silent.loudness_lufs is None
    assert silent.note.startswith("sampled at 10 Hz: holds nothing that ears hear: copied as it is")


@pytest.mark.usefixtures("serial")
def test_copies_without_levels_tell_what_was_mixed(
    tmp_path: Path, sources: dict[str, Path]
) -> None:
    folder = tmp_path / "to"
    made = make_copies(sources, folder, level=False, loudness=-23.0, format="flac", workers=2)
    assert {one.clip: one.note for one in made.levels} == NOTES
    loud = write(tmp_path / "loud.wav", sound(RATE, 6, peak=0.9))
    mixed = make_copies({"a": loud}, folder, level=False, loudness=-23.0, format="flac", workers=1)
    level = mixed.levels[0]
    assert level.note == f"{NOTES['six']}; passes full scale: lowered by {-level.gain_db:.1f} dB"
    assert level.gain_db == pytest.approx(-20 * np.log10(0.9 * (1 + 2 * 0.5**0.5)), abs=0.05)


def test_a_tone_keeps_its_pitch_at_another_rate(sources: dict[str, Path]) -> None:
    for clip, pitch in (("slow", 125), ("fast", 300)):
        heard = read_audible(sources[clip])
        spectrum = np.abs(np.fft.rfft(heard.samples[:, 0]))
        assert np.argmax(spectrum) * heard.rate / len(heard.samples) == pytest.approx(pitch, abs=1)
        assert np.abs(heard.samples).max() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize(("rate", "channels"), [(3000, 1), (44100, 2), (384_000, 1)])
def test_most_sounds_stay_the_same_samples(tmp_path: Path, rate: int, channels: int) -> None:
    samples = sound(rate, channels).astype(np.float32)
    heard = read_audible(write(tmp_path / "a.wav", samples, rate))
    assert np.array_equal(heard.samples, samples)
    assert heard[1:] == (rate, "", 0.5, "")
