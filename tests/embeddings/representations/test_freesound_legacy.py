"""The paper's 846 numbers of Freesound against the parity kit."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.errors import InputError
from embeddings.representations import freesound
from embeddings.representations.freesound import legacy as freesound_legacy
from embeddings.representations.freesound.legacy import DIM, NAMES, describe_legacy
from tests.embeddings.representations import kit

pytestmark = pytest.mark.essentia

# These weigh frames by their power. The others do not, and FreesoundExtractor's unseeded noise in
# the silent frames of click0p3s moves them from run to run (measured: by up to 7.7 of their value).
LEVELS = (
    "barkbands", "erbbands", "frequency_bands", "gfcc", "hfc", "mfcc", "silence_rate_20dB",
    "silence_rate_30dB", "silence_rate_60dB", "spectral_complexity", "spectral_decrease",
    "spectral_energy", "spectral_energyband_high", "spectral_energyband_low",
    "spectral_energyband_middle_high", "spectral_energyband_middle_low", "spectral_flux",
    "spectral_rms", "spectral_strongpeak",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _essentia() -> None:
    pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")


def test_the_names_are_in_the_order_of_the_kit() -> None:
    facts = json.loads((kit.folder("freesound") / "summary.json").read_text())
    assert list(freesound.STATISTICS) == facts["stats"]
    named = [name.replace("[", "_").rstrip("]") for name in NAMES]
    expected = []
    for column in facts["order"]:
        descriptor, _, band = column.rpartition("_")
        for statistic in facts["stats"]:
            name = f"{column}.{statistic}"
            if band.isdigit():
                name = f"{descriptor}.{statistic}_{band}"
            expected.append(name)
    assert named == expected
    assert len(set(NAMES)) == DIM == 846


def wrong_numbers(kind: str) -> list[str]:
    """Return the names of the numbers of a clip that are not the kit's."""
    with np.load(kit.folder("freesound") / f"{kind}.npz") as stored:
        expected = stored["legacy846"]
    found = describe_legacy(kit.folder("wav44") / f"{kind}.wav")
    assert (found.dtype, found.shape) == (np.float32, (DIM,))
    groups = [name.partition("[")[0] for name in NAMES]
    largest = {
        group: np.abs(expected[[other == group for other in groups]]).max() for group in set(groups)
    }
    # A band with nearly no energy holds the float32 rounding (6e-8) of the fullest one's, which
    # another FFT rounds otherwise: the floor is 1e-7 of the largest band under the same statistic.
    floor = 1e-7 * np.array([largest[group] for group in groups])
    wrong = np.abs(found - expected) > 1e-4 * np.abs(expected) + floor
    if kind == "click0p3s":
        wrong &= [name.partition(".")[0] in LEVELS for name in NAMES]
    return [NAMES[column] for column in np.flatnonzero(wrong)]


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_vector_is_that_of_the_kit(kind: str) -> None:
    assert wrong_numbers(kind) == []


def test_a_hop_that_is_a_sample_short_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By most of the numbers that depend on it: 28 bands in six statistics."""
    monkeypatch.setattr(freesound_legacy, "_HOP", freesound_legacy._HOP - 1)
    wrong = wrong_numbers("sweep1s")
    assert {name.partition(".")[0] for name in wrong} == {"frequency_bands"}
    assert len(wrong) > 28 * 6 / 2


def test_what_both_layouts_hold_is_the_same() -> None:
    path = kit.folder("wav44") / "sweep1s.wav"
    whole = dict(zip(freesound.feature_names(), freesound.describe(path), strict=True))
    legacy = dict(zip(NAMES, describe_legacy(path), strict=True))
    own = {name for name in legacy if name.startswith("frequency_bands.")}
    assert legacy.keys() - whole.keys() == own
    assert len(own) == 6 * freesound_legacy.DESCRIPTORS["frequency_bands"]
    assert {name: whole[name] for name in legacy.keys() - own} == {
        name: legacy[name] for name in legacy.keys() - own
    }


def test_a_silent_clip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(44100), 44100)
    with pytest.raises(InputError, match=r"a\.wav: FreesoundExtractor refused it"):
        describe_legacy(path)
