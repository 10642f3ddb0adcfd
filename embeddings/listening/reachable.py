"""The level that a study's sounds will be brought to, told before they are copied.

Of all clips the stored loudness and peaks are known. A true peak is higher than a stored one, so
those that may decide about the level are decoded and measured, as if they were copied: the peakiest
first, until the next one cannot be lower any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.listening.audible import TWO_SIDES_DB
from embeddings.listening.copies import measure_level
from embeddings.listening.levels import (
    AUDIBLE_DB,
    CEILING_DBTP,
    LOWERED_MOST,
    common_level,
    stored_levels,
)

_MARGIN_DB = 1.5
"""By more than this, no true peak is taken to be above the stored one."""
_MOST = 16  # clips that are decoded


@dataclass(frozen=True, slots=True)
class Reachable:
    """The level that some clips can be brought to.

    Attributes
    ----------
    wanted_level, common_level : in LUFS
    lowering : (clip, the highest level in LUFS that it lets all reach) of those that let it be no
        higher than below the wanted one; the lowest first
    """

    wanted_level: float
    common_level: float
    lowering: list[tuple[str, float]]

    @property
    def lost_db(self) -> float:
        """By how much the common level lies below the wanted one, in dB."""
        return self.wanted_level - self.common_level

    @property
    def lowest(self) -> float:
        """The level below which the common one is not brought, in LUFS."""
        return self.wanted_level - LOWERED_MOST

    @property
    def short(self) -> int:
        """How many clips do not even reach the common level."""
        return sum(1 for _, reached in self.lowering if reached < self.common_level - AUDIBLE_DB)


def reachable_level(
    collection: Collection, rows: Sequence[int], target: float, format: str = "flac"
) -> Reachable | None:
    """Return the level that the clips in `rows` can be brought to; None where none has a loudness.

    Parameters
    ----------
    target : the wanted level in LUFS
    format : of the copies, "flac", "mp3" or "opus"
    """
    loudness, peaks = stored_levels(collection, list(rows))
    reached = loudness + CEILING_DBTP - peaks
    if np.isnan(reached).all():
        return None
    sides = TWO_SIDES_DB if collection.columns.channels[list(rows)].max() > 1 else 0.0
    lowest = target
    for place in np.argsort(reached, kind="stable")[:_MOST].tolist():
        if not reached[place] <= lowest + _MARGIN_DB:
            break
        reached[place] = _measured(collection, rows[place], reached[place], sides, format)
        lowest = min(lowest, reached[place])
    lowering = [
        (collection.clips[rows[place]].id, float(reached[place]))
        for place in np.argsort(reached, kind="stable")
        if reached[place] <= target - AUDIBLE_DB
    ]
    return Reachable(target, common_level(float(np.nanmin(reached)), target), lowering)


def _measured(collection: Collection, row: int, stored: float, sides: float, format: str) -> float:
    """Return the level that a clip reaches, measured; as stored where it cannot be.

    `sides` is what a mono clip gains on two sides, in dB.
    """
    try:
        one = measure_level(collection.audio_path(collection.clips[row]), format)
    except (InputError, OSError):
        return stored  # opening the study will say what is wrong with it
    if one.loudness_lufs is None:
        return stored
    return one.loudness_lufs + CEILING_DBTP - one.peak_dbtp + (sides if one.channels == 1 else 0)
