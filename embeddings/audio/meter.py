"""The loudness of a sound, as ITU-R BS.1770 measures it."""

import numpy as np

from embeddings.audio.rates import resampled
from embeddings.audio.speakers import Layout

_LOUDNESS_BLOCK_SECONDS = 0.4
_RATES = (8000, 384_000)  # between which the filters are those of BS.1770; else at _FINE_RATE
_FINE_RATE = 48_000
_LOWEST_RATE = 40  # half of it is the lowest tone that ears hear
_ORDER = ("FL", "FR", "FC", "LEFT", "RIGHT")  # of channels, as the meter weighs them
_SIDES = {"BL": "LEFT", "SL": "LEFT", "BR": "RIGHT", "SR": "RIGHT"}
BEYOND = "passes full scale"
"""How the note on a sound begins that was lowered by `within_full_scale`."""

_BEYOND_PEAK = 2.0  # 6 dB above full scale: more than codecs overshoot


def integrated_loudness(
    samples: np.ndarray, rate: int, layout: Layout = ()
) -> tuple[float | None, str]:
    """Return the integrated loudness of `samples` in LUFS and a note; see :class:`Measurement`.

    `samples` is float [frames, channels]. A sound shorter than one gating block of 0.4 s is
    repeated until it fills one. Silence has no loudness: None, never minus infinity.

    Of 5.1 the surrounds weigh 1.41 and the LFE channel does not count. Up to five channels of no
    known layout are taken as the standard orders them: left, right, centre, surrounds. At rates
    below 8 or above 384 kHz the standard's filters would have another shape: such sounds are
    measured at 48 kHz.
    """
    import pyloudnorm

    if reason := too_low(rate):
        return None, reason
    if not samples.any():
        return None, "silent"
    main = _main_channels(samples, layout)
    if main is None:
        channels = f"{samples.shape[1]} channels" + ("" if layout else " of no known layout")
        return None, f"loudness is defined for 5.1 and less, not for {channels}"
    if not main.any():
        return None, "silent but for its LFE channel"
    if rate > _RATES[1]:
        main, rate = resampled(main, rate, _FINE_RATE), _FINE_RATE
    main, note = _looped(main, rate)
    if rate < _RATES[0]:
        main, rate = resampled(main, rate, _FINE_RATE), _FINE_RATE
    meter = pyloudnorm.Meter(rate, block_size=_LOUDNESS_BLOCK_SECONDS)
    loudness = float(meter.integrated_loudness(main.astype(np.float64)))
    if not np.isfinite(loudness):
        return None, "quieter than the gate of -70 LUFS"
    return round(loudness, 2), note


def too_low(rate: int) -> str:
    """Return why a sound that was sampled at `rate` in Hz has no loudness; "" where it may."""
    return f"sampled at {rate} Hz: holds nothing that ears hear" if rate < _LOWEST_RATE else ""


def within_full_scale(samples: np.ndarray) -> tuple[np.ndarray, str]:
    """Return `samples`, lowered to full scale where they pass it by more than 6 dB, and a note.

    Recorders of 32-bit floats, and whoever stores integers as floats, write such files. A peak a
    little above full scale, as codecs leave, stays.
    """
    peak = max(float(samples.max()), -float(samples.min()))
    if peak <= _BEYOND_PEAK:
        return samples, ""
    lowered = (samples / np.float64(peak)).astype(samples.dtype)
    return lowered, f"{BEYOND} by {20 * np.log10(peak):.1f} dB: lowered to it"


def _main_channels(samples: np.ndarray, layout: Layout) -> np.ndarray | None:
    """Return the channels that count, in the meter's order; None where that has no place for them.

    What the layout does not name stays silent: a meter leaves it out of the sum.
    """
    channels = samples.shape[1]
    if not layout:
        return samples if channels <= len(_ORDER) else None
    places = {_SIDES.get(name, name): column for column, name in enumerate(layout)}
    places.pop("LFE", None)
    if len(places) < channels - ("LFE" in layout) or not set(places) <= set(_ORDER):
        return None
    ordered = np.zeros((len(samples), len(_ORDER)), samples.dtype)
    for name, column in places.items():
        ordered[:, _ORDER.index(name)] = samples[:, column]
    return ordered


def _looped(samples: np.ndarray, rate: int) -> tuple[np.ndarray, str]:
    """Return `samples`, repeated from the start where they fill no block, and a note of it."""
    block = int(np.ceil(_LOUDNESS_BLOCK_SECONDS * rate))
    if len(samples) >= block:
        return samples, ""
    note = f"shorter than {_LOUDNESS_BLOCK_SECONDS} s: measured looped"
    return np.resize(samples, (block, samples.shape[1])), note
