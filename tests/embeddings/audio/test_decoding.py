"""Reading sounds."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio import decoding
from embeddings.audio.decoding import read_audio
from embeddings.errors import InputError
from tests.support.tone import RATE, tone


@pytest.mark.parametrize(
    "suffix", [".wav", ".flac", ".ogg", ".mp3", ".aiff", ".au", ".caf", ".w64"]
)
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
    monkeypatch.setattr(decoding, "LONGEST_SECONDS", 1.0)
    with pytest.raises(InputError, match="is 2 s long; a clip may have at most 1 s"):
        read_audio(path)
