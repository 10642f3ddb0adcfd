"""Sounds at another sample rate, for meters and ears; embeddings have their own way."""

import math

import numpy as np

_MOST_TAPS = 1 << 20  # of the filter that a ratio of whole numbers asks for, a twentieth of them


def resampled(samples: np.ndarray, rate: int, target: int) -> np.ndarray:
    """Return `samples` [frames, channels], taken at `rate` in Hz, as they are at `target`.

    The length is rounded up to a frame.
    """
    from scipy.signal import resample, resample_poly

    if rate == target:
        return samples
    common = math.gcd(target, rate)
    up, down = target // common, rate // common
    if max(up, down) <= _MOST_TAPS:
        return resample_poly(samples, up, down, axis=0)
    return resample(samples, math.ceil(len(samples) * target / rate), axis=0)
