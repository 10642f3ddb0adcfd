"""The loudness of a sound, as ITU-R BS.1770 measures it."""

import numpy as np

_LOUDNESS_BLOCK_SECONDS = 0.4
_LOUDNESS_MOST_CHANNELS = 5


def integrated_loudness(samples: np.ndarray, rate: int) -> tuple[float | None, str]:
    """Return the integrated loudness of `samples` in LUFS and a note; see :class:`Measurement`.

    `samples` is float [frames, channels]. A sound shorter than one gating block of 0.4 s is
    repeated until it fills one. Silence has no loudness: None, never minus infinity.
    """
    import pyloudnorm

    frames, channels = samples.shape
    if channels > _LOUDNESS_MOST_CHANNELS:
        return None, f"loudness is defined for at most {_LOUDNESS_MOST_CHANNELS} channels"
    if not samples.any():
        return None, "silent"
    note = ""
    block = int(np.ceil(_LOUDNESS_BLOCK_SECONDS * rate))
    if frames < block:
        samples = np.resize(samples, (block, channels))  # repeats from the start
        note = f"shorter than {_LOUDNESS_BLOCK_SECONDS} s: measured looped"
    meter = pyloudnorm.Meter(rate, block_size=_LOUDNESS_BLOCK_SECONDS)
    loudness = float(meter.integrated_loudness(samples.astype(np.float64)))
    if not np.isfinite(loudness):
        return None, "quieter than the gate of -70 LUFS"
    return round(loudness, 2), note
