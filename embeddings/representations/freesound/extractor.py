"""Essentia's FreesoundExtractor: what it is asked for, and whether its answer is whole."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.errors import InputError
from embeddings.representations.graphs import essentia_standard

STATISTICS = ("mean", "dmean", "dmean2", "var", "dvar", "dvar2")
"""Mean and variance over the frames, of the values, their first and their second derivatives."""

_MANY_BANDS = {
    "barkbands": 27,
    "erbbands": 18,
    "gfcc": 13,
    "melbands": 40,
    "melbands96": 96,
    "mfcc": 13,
    "spectral_contrast_coeffs": 6,
    "spectral_contrast_valleys": 6,
}
_SCALARS = (
    "barkbands_crest",
    "barkbands_flatness_db",
    "barkbands_kurtosis",
    "barkbands_skewness",
    "barkbands_spread",
    "dissonance",
    "erbbands_crest",
    "erbbands_flatness_db",
    "erbbands_kurtosis",
    "erbbands_skewness",
    "erbbands_spread",
    "hfc",
    "loudness_ebu128.momentary",
    "loudness_ebu128.short_term",
    "melbands_crest",
    "melbands_flatness_db",
    "melbands_kurtosis",
    "melbands_skewness",
    "melbands_spread",
    "pitch",
    "pitch_instantaneous_confidence",
    "pitch_salience",
    "silence_rate_20dB",
    "silence_rate_30dB",
    "silence_rate_60dB",
    "silence_rate_90dB",
    "spectral_centroid",
    "spectral_complexity",
    "spectral_crest",
    "spectral_decrease",
    "spectral_energy",
    "spectral_energyband_high",
    "spectral_energyband_low",
    "spectral_energyband_middle_high",
    "spectral_energyband_middle_low",
    "spectral_entropy",
    "spectral_flatness_db",
    "spectral_flux",
    "spectral_kurtosis",
    "spectral_rms",
    "spectral_rolloff",
    "spectral_skewness",
    "spectral_spread",
    "spectral_strongpeak",
    "zerocrossingrate",
)

DESCRIPTORS: dict[str, int] = dict(sorted((_MANY_BANDS | dict.fromkeys(_SCALARS, 1)).items()))
"""Each descriptor and its number of bands."""

SAMPLE_RATE = 44100


def describe_file(path: Path) -> Any:
    """Return Essentia's pool of one audio file: "lowlevel.DESCRIPTOR.STATISTIC" -> numbers.

    Raises
    ------
    InputError
        FreesoundExtractor refuses the file.
    """
    try:
        pool, _ = _extractor()(str(path))
    except RuntimeError as error:
        raise refusal(path, error) from error
    return pool


def refusal(path: Path, error: RuntimeError) -> InputError:
    """Return the sentence for a file that Essentia does not take."""
    return InputError(f"{path}: FreesoundExtractor refused it ({error}).")


def as_vector(parts: Sequence[np.ndarray], names: Sequence[str], path: Path) -> np.ndarray:
    """Return the numbers of one file, float32 [names].

    Raises
    ------
    InputError
        One of them is not finite; the sentence names it.
    RuntimeError
        There are more or fewer numbers than names: the extractor is another one.
    """
    vector = np.concatenate(parts).astype(np.float32)
    if vector.shape != (len(names),):
        raise RuntimeError(f"FreesoundExtractor gave {len(vector)} numbers, not {len(names)}")
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        raise InputError(f"{path}: FreesoundExtractor gave no finite number for {names[bad[0]]}.")
    return vector


@cache
def _extractor() -> Any:
    statistics = list(STATISTICS)
    return essentia_standard().FreesoundExtractor(
        lowlevelStats=statistics, mfccStats=statistics, gfccStats=statistics,
        rhythmStats=["mean"], tonalStats=["mean"],
    )  # fmt: skip
