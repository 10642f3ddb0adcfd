"""Bringing sounds to one loudness by gain alone.

The common level is the wanted one, or as far below it as the peakiest sound needs to peak at
`CEILING_DBTP`: all are lowered, none is limited. But they are lowered by `LOWERED_MOST` at most, so
that one sound of a few clicks does not make all others inaudible. A sound that would still pass the
ceiling gets the gain that reaches it, and a note by how much it falls short. A sound without a
loudness (silent, or quieter than the gate of the measure) is never raised.

Raters hear copies that are levelled (:mod:`embeddings.listening.copies`); where a collection is
browsed, the player brings its files to the same level as it plays them (:func:`playing_levels`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.listening.audible import TWO_SIDES_DB

CEILING_DBTP = -1.0
"""No levelled sound has a higher true peak."""
LOWERED_MOST = 12.0
"""By how many dB the common level may lie below the wanted one."""
SILENCE_DBTP = -120.0
"""Stands for the true peak of silence, in dBTP."""
AUDIBLE_DB = 0.05
"""What falls short by less is at the level."""
USUAL_LUFS = -23.0
"""The wanted level unless told, that of EBU R 128."""

_OVERSAMPLING = 4
_BLOCK = 1 << 18  # frames that are oversampled at a time
_EDGE = 16  # frames around a block, more than the interpolating filter reaches
_HALF_STEP = 5e-5  # envelopes are stored to four digits: a peak may be higher by this much


class Measured(NamedTuple):
    """A sound as it is played.

    Attributes
    ----------
    loudness_lufs : or None where it has none
    peak_dbtp : its true peak
    note : why it has no loudness, or how that was measured
    channels : 1 or more
    word : what was done to make it audible, see `embeddings.listening.audible`; "" for nothing
    """

    loudness_lufs: float | None
    peak_dbtp: float
    note: str
    channels: int = 1
    word: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """How one clip is brought to the common level.

    Attributes
    ----------
    clip : its id
    loudness_lufs : its integrated loudness in LUFS as it is played; None where it has none
    peak_dbtp : its true peak in dBTP before gain, rounded up to 0.01; at least `SILENCE_DBTP`
    gain_db : what is added
    note : why the copy is not at the common level, and what else was done to the sound, such as
        a mix of more than two channels; "" where nothing is to be said
    """

    clip: str
    loudness_lufs: float | None
    peak_dbtp: float
    gain_db: float
    note: str


@dataclass(frozen=True, slots=True)
class PlayingLevels:
    """How a collection's files are brought to the common level while they are played.

    Attributes
    ----------
    wanted_level, common_level : in LUFS
    gains_db : float32 [clips], in dB; a clip without a loudness is never raised
    off_level : number of clips that miss the level, for their peaks or for want of a loudness
    """

    wanted_level: float
    common_level: float
    gains_db: np.ndarray
    off_level: int


def true_peak(samples: np.ndarray) -> float:
    """Return the true peak of `samples`, float [frames, channels], in dBTP.

    It is the largest magnitude after fourfold oversampling (ITU-R BS.1770-4, annex 2), done a block
    at a time, so that a long sound needs little more memory than it has already.
    """
    from scipy.signal import resample_poly

    highest = 0.0
    for start in range(0, len(samples), _BLOCK):
        low = max(start - _EDGE, 0)
        finer = resample_poly(samples[low : start + _BLOCK + _EDGE], _OVERSAMPLING, 1, axis=0)
        begin = (start - low) * _OVERSAMPLING
        inner = finer[begin : begin + _BLOCK * _OVERSAMPLING]
        highest = max(highest, float(inner.max()), -float(inner.min()))
    return max(20 * math.log10(highest), SILENCE_DBTP) if highest else SILENCE_DBTP


def rounded_peak(samples: np.ndarray) -> float:
    """Return the true peak rounded up to 0.01 dB, and never so little that 16 bits undo it."""
    peak = true_peak(samples)
    return peak if peak == SILENCE_DBTP else math.ceil(100 * peak + 0.1) / 100


def as_played(measured: Mapping[str, Measured]) -> dict[str, Measured]:
    """Return the measures with mono sounds louder by 3.01 dB where others have more channels.

    Players give mono to both sides, which a meter counts once.
    """
    if max((one.channels for one in measured.values()), default=1) == 1:
        return dict(measured)
    return {clip: _on_two_sides(one) for clip, one in measured.items()}


def plan_levels(measured: Mapping[str, Measured], target: float) -> tuple[float, list[Level]]:
    """Return the common level in LUFS and the level of each clip, by this module's rule.

    `target` is the wanted level in LUFS.
    """
    reached = [
        one.loudness_lufs + CEILING_DBTP - one.peak_dbtp
        for one in measured.values()
        if one.loudness_lufs is not None
    ]
    common = common_level(min([target, *reached]), target)
    return common, [_planned(clip, one, common) for clip, one in measured.items()]


def playing_levels(collection: Collection, target: float = USUAL_LUFS) -> PlayingLevels | None:
    """Return the gain of each clip by this module's rule, or None where no clip has a loudness.

    `target` is the wanted level in LUFS. Peaks are the stored envelopes', those of the samples:
    a true peak may be higher, which the ceiling leaves 1 dB for. So a file is never raised above
    full scale, and nothing is decoded.
    """
    loudness, peaks = stored_levels(collection, slice(None))
    known = ~np.isnan(loudness)
    if not known.any():
        return None
    reached = float((loudness + CEILING_DBTP - peaks)[known].min())
    common = common_level(reached, target)
    wanted = np.where(known, common - loudness, 0.0)
    gains = _hundredths(np.minimum(wanted, CEILING_DBTP - peaks))
    off = ~known | (np.abs(wanted - gains) >= AUDIBLE_DB)
    return PlayingLevels(target, common, gains.astype(np.float32), int(off.sum()))


def stored_levels(collection: Collection, rows: slice | list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the loudness of clips as they are played together, and their peaks, as stored."""
    loudness, channels = collection.columns.loudness[rows], collection.columns.channels[rows]
    peaks = (20 * np.log10(collection.loudest()[rows] + _HALF_STEP)).astype(np.float64)
    if channels.size and channels.max() > 1:  # as `as_played` has it, for all clips at once
        loudness = np.where(channels > 1, loudness, _hundredths(loudness + TWO_SIDES_DB))
    return loudness, peaks


def common_level(reached: float, target: float) -> float:
    """Return the common level where the peakiest clip reaches so much (LUFS)."""
    return round(max(min(target, reached), target - LOWERED_MOST), 2)


def _hundredths(values: np.ndarray) -> np.ndarray:
    """Round as `round` does, to the nearest number of two digits; NumPy multiplies first."""
    return np.array([round(value, 2) for value in values.tolist()])


def level_of(clip: str, one: Measured, gain: float, short: float) -> Level:
    """Return the level of a clip that got `gain` and is `short` of the common level (dB each)."""
    if one.loudness_lufs is None:
        did = f"lowered by {-gain:.1f} dB to peak" if gain else "copied as it is, peaking"
        note = f"{one.note}: {did} at {one.peak_dbtp + gain:.1f} dBTP"
    elif abs(short) >= AUDIBLE_DB:
        misses = "falls short" if short > 0 else "is too loud"
        note = f"{misses} by {abs(short):.1f} dB, peaking at {one.peak_dbtp + gain:.1f} dBTP"
    else:
        note = ""
    note = "; ".join(filter(None, (one.word, note)))
    return Level(clip, one.loudness_lufs, one.peak_dbtp, gain, note)


def _planned(clip: str, one: Measured, common: float) -> Level:
    wanted = 0.0 if one.loudness_lufs is None else common - one.loudness_lufs
    gain = round(min(wanted, CEILING_DBTP - one.peak_dbtp), 2)
    return level_of(clip, one, gain, wanted - gain)


def _on_two_sides(one: Measured) -> Measured:
    if one.channels > 1 or one.loudness_lufs is None:
        return one
    return one._replace(loudness_lufs=round(one.loudness_lufs + TWO_SIDES_DB, 2))
