"""A worked example of a representation of one's own: the energy of a sound in each octave.

flask embeddings own COLLECTION Octaves docs/examples/octave_energies.py
flask rankings build COLLECTION Octaves --normalise minmax --pca none
"""

from itertools import pairwise

import numpy as np

sample_rate = 16000
_OCTAVES = 8


def load(weights: str | None, device: str) -> None:
    """Load nothing: there are no weights."""


def embed(samples: np.ndarray) -> np.ndarray:
    """Return the log energy of each octave below half the sample rate, float32 [8]."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    edges = sample_rate / 2 / 2.0 ** np.arange(_OCTAVES + 1)
    bands = [
        power[(frequencies > low) & (frequencies <= high)].sum() for high, low in pairwise(edges)
    ]
    return np.log10(np.array(bands) + 1e-10).astype(np.float32)
