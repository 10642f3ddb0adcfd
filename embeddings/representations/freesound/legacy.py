"""Freesound's representation in the layout of the paper: 846 numbers.

The paper's vectors came from a legacy FreesoundExtractor, which gave 141 descriptor bands. Today's
extractor computes the same ones under other names, but for the frequency bands, which it no longer
has. This module takes what is there and computes the frequency bands beside it: frames of 2048
samples every 1024 at 44.1 kHz, Blackman-Harris window, energy in the 28 bands of Essentia's
FrequencyBands. That the legacy vectors held just these 141 is deduced (they add up to 846), and the
numbers need not equal the legacy extractor's.

Renamed since: erb_bands (now erbbands), scvalleys (spectral_contrast_valleys), spectral_contrast
(spectral_contrast_coeffs). Descriptors of many bands come first, then the single ones; within a
descriptor its bands, within a band the six statistics of `extractor.STATISTICS`.

Here, too, the extractor's unseeded noise moves the numbers of clips with silent frames.
"""

from pathlib import Path
from typing import Any

import numpy as np

from embeddings.representations.freesound.extractor import (
    DESCRIPTORS as OF_TODAY,
)
from embeddings.representations.freesound.extractor import (
    SAMPLE_RATE,
    STATISTICS,
    as_vector,
    describe_file,
    refusal,
)
from embeddings.representations.graphs import essentia_standard

_FREQUENCY_BANDS = "frequency_bands"

_MANY_BANDS = {
    "barkbands": 27,
    "erbbands": 18,
    _FREQUENCY_BANDS: 28,
    "gfcc": 13,
    "mfcc": 13,
    "spectral_contrast_valleys": 6,
    "spectral_contrast_coeffs": 6,
}
_SINCE_ADDED = (
    "barkbands_crest",
    "barkbands_flatness_db",
    "erbbands_",
    "loudness_",
    "melbands_",
    "silence_rate_90dB",
)

DESCRIPTORS: dict[str, int] = _MANY_BANDS | {
    name: 1 for name, bands in OF_TODAY.items() if bands == 1 and not name.startswith(_SINCE_ADDED)
}
"""Each descriptor and its number of bands, in the order of the vector."""

NAMES = [
    f"{descriptor}.{statistic}" + (f"[{band}]" if bands > 1 else "")
    for descriptor, bands in DESCRIPTORS.items()
    for band in range(bands)
    for statistic in STATISTICS
]
"""The name of each number of the vector, such as "barkbands.dmean[3]"."""

DIM = 846

_FRAME, _HOP = 2048, 1024


def describe_legacy(path: Path) -> np.ndarray:
    """Return the vector of one audio file in the layout of the paper, float32 [846].

    Raises
    ------
    InputError
        FreesoundExtractor refuses the file, or gives a number that is not finite.
    """
    pool = describe_file(path)
    try:
        bands = _frequency_bands(path)
    except RuntimeError as error:
        raise refusal(path, error) from error
    columns = []
    for descriptor in DESCRIPTORS:
        source = bands if descriptor == _FREQUENCY_BANDS else pool
        values = [source[f"lowlevel.{descriptor}.{name}"] for name in STATISTICS]
        columns.append(np.transpose(values).ravel())
    return as_vector(columns, NAMES, path)


def _frequency_bands(path: Path) -> Any:
    standard = essentia_standard()
    from essentia import Pool

    samples = standard.MonoLoader(filename=str(path), sampleRate=SAMPLE_RATE)()
    window = standard.Windowing(type="blackmanharris62")
    spectrum = standard.Spectrum()
    bands = standard.FrequencyBands(sampleRate=SAMPLE_RATE)
    frames = Pool()
    for frame in standard.FrameGenerator(samples, frameSize=_FRAME, hopSize=_HOP):
        frames.add(f"lowlevel.{_FREQUENCY_BANDS}", bands(spectrum(window(frame))))
    return standard.PoolAggregator(defaultStats=list(STATISTICS))(frames)
