"""Second copies of clips that are met twice: which is padded, and by how much, nobody can know."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio.decoding import read_audio
from embeddings.audio.meter import integrated_loudness
from embeddings.listening.copies import make_copies

RATE = 44100


def test_chance_decides_which_of_two_copies_is_the_padded_one(tmp_path: Path) -> None:
    """That all of 24 fall alike happens once in eight million times."""
    times = np.arange(RATE) / RATE
    one = tmp_path / "one.wav"
    soundfile.write(one, 0.25 * np.sin(2 * np.pi * 997 * times), RATE)
    clips = [f"c{number}" for number in range(25)]
    made = make_copies(
        dict.fromkeys(clips, one), tmp_path / "out", level=True, loudness=-23.0, format="flac",
        workers=2, twice=set(clips[1:]),
    )  # fmt: skip
    assert set(made.again) == set(clips[1:])
    assert len(list((tmp_path / "out").iterdir())) == 49
    padded, silences = [], set()
    for clip, again in made.again.items():
        first, second = (
            read_audio(tmp_path / "out" / name)[0] for name in (made.files[clip], again)
        )
        padded.append(len(first) > len(second))
        silences.add(abs(len(first) - len(second)))
        loudness = [integrated_loudness(sound, RATE)[0] for sound in (first, second)]
        assert loudness == pytest.approx([-23.0, -23.0], abs=0.2)
    assert {True, False} == set(padded)
    assert len(silences) > 15
    assert all(0.001 * RATE <= silent <= 0.05 * RATE + 1 for silent in silences)
    assert [level.clip for level in made.levels] == clips
