"""Freesound's representation: statistics of low-level descriptors by Essentia's FreesoundExtractor.

The vector holds six statistics of each of 54 descriptors, in this fixed order: descriptors as in
`extractor.DESCRIPTORS` (alphabetical), within it the statistics as in `extractor.STATISTICS`,
within a statistic its bands from the first to the last. With 264 bands in all that is 1584 numbers.

The paper's vectors have 846, from a legacy extractor: it had no mel bands (40 and 96 of them, with
their shape descriptors), no ERB and mel shape descriptors, no EBU R128 loudness, and 28
frequency bands that today's extractor no longer gives.

FreesoundExtractor adds unseeded noise of its own to silent frames, so the numbers of a clip with
digital silence differ from run to run (by up to half of their value). The extraction "dithered"
adds noise of our own first, far below hearing and seeded by the clip id, which leaves no frame
silent and makes the numbers exact; "as-published" gives the file to the extractor as it is.
"legacy-846" is dithered, too, and rebuilds the paper's layout (`legacy`).
"""

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from embeddings.audio.decoding import decode
from embeddings.errors import InputError
from embeddings.representations.card import Card
from embeddings.representations.freesound.extractor import (
    DESCRIPTORS,
    SAMPLE_RATE,
    STATISTICS,
    as_vector,
    describe_file,
)
from embeddings.search.processing import Recipe

__all__ = ["CARD", "DIM", "SAMPLE_RATE", "describe", "dim_of", "dither", "extract", "feature_names"]

CARD = Card(
    module=__name__,
    name="Freesound",
    description="Six statistics of 54 hand-made descriptors, as Freesound's own search uses them.",
    modality="A",
    objective="none: hand-made descriptors",
    parameters="",
    training_data="none",
    test_data="no training",
    kind="extractor",
    frame_level=False,
    dim=1584,
    recipe=Recipe(normalise="minmax", pca=100),
    search="nns",
    extractions={
        "dithered": "inaudible noise seeded by the clip id first: the same numbers on every run",
        "as-published": "the file as it is: clips with digital silence differ from run to run",
        "legacy-846": "the paper's 846 numbers, rebuilt from today's extractor; dithered",
    },
    packages=(("essentia", "essentia-tensorflow"),),
    code_licence="AGPL-3.0 (Essentia)",
    citation="Bogdanov et al., Essentia: an audio analysis library for MIR, ISMIR 2013",
)

DIM = len(STATISTICS) * sum(DESCRIPTORS.values())
DITHER_RMS = 3e-5
"""Of full scale, about one step of 16-bit audio (-90 dBFS)."""

_MOST_CHANNELS = 2


def feature_names() -> list[str]:
    """Return the name of each number of the vector, such as "barkbands.dmean[3]"."""
    return [
        f"{descriptor}.{statistic}" + (f"[{band}]" if bands > 1 else "")
        for descriptor, bands in DESCRIPTORS.items()
        for statistic in STATISTICS
        for band in range(bands)
    ]


def extract(path: Path, clip_id: str, extraction: str) -> np.ndarray:
    """Return the vector of one clip, float32 [dim_of(extraction)].

    Parameters
    ----------
    path : the audio file, any format, rate and number of channels
    clip_id : seeds the dither
    extraction : "dithered", "as-published", or "legacy-846", which is dithered, too

    Raises
    ------
    InputError
        The audio cannot be read, or is wholly silent, which the extractor does not describe.
    """
    sound = decode(path)
    samples, rate = sound.samples, sound.rate
    if extraction == "as-published":
        if not sound.by_ffmpeg:
            return describe(path)
        with tempfile.TemporaryDirectory(prefix="sounding-board-") as folder:
            decoded = Path(folder) / "decoded.wav"  # Essentia's own FFmpeg is of other years
            soundfile.write(decoded, samples, rate, subtype="FLOAT")
            return describe(decoded)
    if not samples.any():
        raise InputError(f"{path}: the audio is silent; FreesoundExtractor describes no silence.")
    if samples.shape[1] > _MOST_CHANNELS:
        samples = samples.mean(axis=1, keepdims=True)
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as folder:
        dithered = Path(folder) / "dithered.wav"
        soundfile.write(dithered, samples + dither(clip_id, samples.shape), rate, subtype="FLOAT")
        if extraction == "legacy-846":
            from embeddings.representations.freesound.legacy import describe_legacy

            return describe_legacy(dithered)
        return describe(dithered)


def dim_of(extraction: str) -> int:
    """Return how many numbers an extraction gives."""
    return 846 if extraction == "legacy-846" else DIM


def dither(clip_id: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return normal noise of `DITHER_RMS`, float32 of `shape`, that depends on the id alone."""
    seed = int.from_bytes(hashlib.sha256(clip_id.encode()).digest()[:8], "big")
    noise = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    return noise * np.float32(DITHER_RMS)


def describe(path: Path) -> np.ndarray:
    """Return the vector of one audio file as FreesoundExtractor hears it, float32 [DIM]."""
    pool = describe_file(path)
    numbers = [
        np.ravel(pool[f"lowlevel.{descriptor}.{statistic}"])
        for descriptor in DESCRIPTORS
        for statistic in STATISTICS
    ]
    return as_vector(numbers, feature_names(), path)
