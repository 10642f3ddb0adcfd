"""The made sounds: always the same, never two alike, and classes that can be told apart."""

import numpy as np
import pytest

from embeddings.collection.families import known_families
from embeddings.simulation.demo_collection import CLIPS_PER_CLASS, clip_id, make_clip
from embeddings.simulation.synthesis import CLASSES, MadeClass
from embeddings.simulation.synthesis.tools import RATE
from tests.support.chosen import chosen

NUMBERS = {made.name: number for number, made in enumerate(CLASSES)}


def test_six_families_with_four_classes_each() -> None:
    labels = [made.name for made in CLASSES]
    families = known_families(labels)
    assert len(families) == 6
    assert all(len(classes) >= 4 for classes in families.values())
    assert len(set(labels)) == len(labels)
    assert 220 <= len(CLASSES) * CLIPS_PER_CLASS <= 260
    assert len({clip_id(number, 0) for number in range(len(CLASSES))}) == len(CLASSES)


@pytest.mark.parametrize("name", chosen(NUMBERS, "Bark", "Organ", "Rain", "Church_bell", "Tearing"))
def test_a_class_makes_sounds_that_differ(name: str) -> None:
    number = NUMBERS[name]
    takes = [make_clip(number, take) for take in range(CLIPS_PER_CLASS)]
    for sound in takes:
        assert np.isfinite(sound).all()
        assert 1.0 <= len(sound) / RATE <= 4.0
        assert 0.3 < np.abs(sound).max() <= 0.9
    assert np.array_equal(takes[0], make_clip(number, 0))
    spectra = [log_bands(sound) for sound in takes]
    for one in range(len(takes)):
        for other in range(one):
            assert np.abs(spectra[one] - spectra[other]).max() > 0.1


def log_bands(sound: np.ndarray) -> np.ndarray:
    """Return 24 log band energies and how much each varies over time: 48 numbers."""
    size = 1024
    frames = sound[: len(sound) // size * size].reshape(-1, size) * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.unique(np.geomspace(2, power.shape[1], 25).astype(int))
    bands = np.log10(np.add.reduceat(power, edges[:-1], axis=1) + 1e-6)
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])


def test_classes_can_be_told_apart() -> None:
    """The nearest other clip by plain spectrum statistics is mostly of the same class."""
    features = np.array(
        [log_bands(make_clip(n, take)) for n in range(len(CLASSES)) for take in range(4)]
    )
    classes = np.repeat(np.arange(len(CLASSES)), 4)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    distance = np.linalg.norm(features[:, None] - features, axis=2)
    np.fill_diagonal(distance, np.inf)
    hits = classes[distance.argmin(axis=1)] == classes
    assert hits.mean() > 0.6  # by chance 3 in 123


def test_a_class_knows_its_name() -> None:
    assert MadeClass(("Bark", "Dog"), CLASSES[0].make).name == "Bark"
