"""Near-duplicates: copies at another level, rate, coding or with noise are found; takes are not."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from embeddings.collection.duplicates import correlation, near_duplicates
from embeddings.collection.importing import import_collection
from tests.support.small import RATE


def test_copies_are_found_and_other_takes_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    (tmp_path / "audio").mkdir()
    times = np.arange(RATE) / RATE
    sounds = {}
    for take in range(8):
        bursts = np.repeat(rng.random(20), RATE // 20)
        sounds[f"take-{take}.wav"] = (0.5 * bursts * rng.normal(size=RATE) * 0.3, RATE)
    first, rate = sounds["take-0.wav"]
    sounds["quieter.wav"] = 0.2 * first, rate
    sounds["slower.flac"] = resample_poly(sounds["take-1.wav"][0], 11025, RATE), 11025
    sounds["coded.ogg"] = sounds["take-2.wav"]
    shifted = np.roll(sounds["take-3.wav"][0], 100)
    sounds["shifted.wav"] = np.stack([shifted, 0.9 * shifted], axis=1), rate
    sounds["noisy.wav"] = sounds["take-4.wav"][0] + 0.004 * rng.normal(size=RATE), rate
    sounds["tone.wav"] = 0.5 * np.sin(2 * np.pi * 440 * times), rate
    for name, (samples, own_rate) in sounds.items():
        soundfile.write(tmp_path / "audio" / name, samples, own_rate)
    with (tmp_path / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["fname", "labels"], *([name, "X"] for name in sounds)])
    collection, _ = import_collection(tmp_path / "data", "many", tmp_path, "csv")
    pairs = near_duplicates(collection)
    assert {(pair.one, pair.other) for pair in pairs} == {
        ("take-0", "quieter"),
        ("take-1", "slower"),
        ("take-2", "coded"),
        ("take-3", "shifted"),
        ("take-4", "noisy"),
    }
    assert pairs[0].correlation == pytest.approx(1, abs=1e-3)
    assert all(0.9 <= pair.correlation <= 1 for pair in pairs)


def test_correlation() -> None:
    one = np.random.default_rng(2).normal(size=500)
    assert correlation(one, one) == pytest.approx(1)
    assert correlation(one, -2 * one) == pytest.approx(1)
    assert correlation(one, np.concatenate([np.zeros(40), one])) == pytest.approx(1)
    assert correlation(one, np.zeros(500)) == 0
    assert correlation(one, np.random.default_rng(3).normal(size=500)) < 0.3
