"""Reading sounds and measuring them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings import audio
from embeddings.audio import envelope, integrated_loudness, measure, read_audio
from embeddings.errors import InputError

RATE = 48000


def tone(seconds: float, channels: int = 1) -> np.ndarray:
    """A full-scale sine of 997 Hz, whose loudness ITU-R BS.1770 states."""
    times = np.arange(round(seconds * RATE)) / RATE
    return np.tile(np.sin(2 * np.pi * 997 * times)[:, None], (1, channels)).astype(np.float32)


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
    assert len(result.envelope) == audio.ENVELOPE_POINTS


@pytest.mark.parametrize("suffix", audio.SUFFIXES)
def test_every_format_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, 0.5 * tone(1), RATE)
    samples, rate = read_audio(path)
    assert rate == RATE
    assert len(samples) / rate == pytest.approx(1, abs=0.06)  # MP3 pads


def broken_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Make one file of each kind that cannot be used, with what is said of it."""
    (folder / "text.wav").write_text("this is no sound")
    (folder / "nothing.ogg").write_bytes(b"")
    soundfile.write(folder / "empty.wav", np.zeros((0, 1)), RATE)
    samples = tone(0.1)
    samples[7] = np.nan
    soundfile.write(folder / "nan.wav", samples, RATE, subtype="FLOAT")
    return {
        "missing": (folder / "missing.wav", "there is no such file"),
        "text": (folder / "text.wav", "the audio cannot be read"),
        "nothing": (folder / "nothing.ogg", "the audio cannot be read"),
        "empty": (folder / "empty.wav", "the audio is empty"),
        "nan": (folder / "nan.wav", "sample 7 is not a finite number"),
    }


@pytest.mark.parametrize("kind", ["missing", "text", "nothing", "empty", "nan"])
def test_broken_audio_is_one_sentence_with_the_file(tmp_path: Path, kind: str) -> None:
    path, reason = broken_files(tmp_path)[kind]
    with pytest.raises(InputError) as caught:
        read_audio(path)
    assert str(caught.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(caught.value)


def test_a_very_long_file_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, tone(2), RATE)
    monkeypatch.setattr(audio, "LONGEST_SECONDS", 1.0)
    with pytest.raises(InputError, match="is 2 s long; a clip may have at most 1 s"):
        read_audio(path)
