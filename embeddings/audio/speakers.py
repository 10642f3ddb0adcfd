"""Which loudspeaker each channel of a file is for, and how more than two are heard on two.

Where a file says its layout (the channel mask of WAV), or its format has one for each number of
channels (FLAC, Ogg Vorbis and Opus), that is taken. Else 3, 5 and 6 channels are taken as WAV, and
all that follows it, orders them: left, right, centre, (LFE,) surrounds. Nothing is guessed of other
numbers: 4, 8 or 16 channels may be quadraphony, ambisonics, or the microphones of an array.
"""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np

Layout = tuple[str, ...]
"""A loudspeaker's name for each channel, as "FL" or "LFE"; empty where the layout is not known."""

_MASK = (
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR",
    "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR",
)  # fmt: skip
"""The loudspeakers of a WAV's channel mask, lowest bit first."""

_FIVE, _SIX = ("FL", "FR", "FC", "BL", "BR"), ("FL", "FR", "FC", "LFE", "BL", "BR")
_USUAL: dict[int, Layout] = {3: _FIVE[:3], 5: _FIVE, 6: _SIX}
_OF_FLAC: dict[int, Layout] = _USUAL | {
    4: ("FL", "FR", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: (*_SIX, "SL", "SR"),
}
_OF_OGG: dict[int, Layout] = {
    3: ("FL", "FC", "FR"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FC", "FR", "BL", "BR"),
    6: ("FL", "FC", "FR", "BL", "BR", "LFE"),
    7: ("FL", "FC", "FR", "SL", "SR", "BC", "LFE"),
    8: ("FL", "FC", "FR", "SL", "SR", "BL", "BR", "LFE"),
}
_BY_FORMAT = {"FLAC": _OF_FLAC, "OGG": _OF_OGG}

_HALF = np.sqrt(0.5)
_TO_TWO = {
    "FL": (1, 0), "FR": (0, 1), "FC": (_HALF, _HALF), "LFE": (0, 0),
    "BL": (_HALF, 0), "BR": (0, _HALF), "SL": (_HALF, 0), "SR": (0, _HALF), "BC": (0.5, 0.5),
}  # fmt: skip
"""What left and right get of each loudspeaker: ITU-R BS.775-3, table 2."""


def layout_of(path: Path, kind: str, channels: int) -> Layout:
    """Return the layout in which libsndfile reads a file of so many channels; () if not known.

    `kind` is what libsndfile calls the format. FFmpeg names a file's channels itself.
    """
    if channels < 3:
        return ()
    if kind in {"WAV", "WAVEX", "RF64"}:
        mask = _channel_mask(path)
        named = tuple(name for bit, name in enumerate(_MASK) if mask >> bit & 1)
        if len(named) == channels:
            return named
    return _BY_FORMAT.get(kind, _USUAL).get(channels, ())


def known_layout(names: Iterable[str]) -> Layout:
    """Return FFmpeg's names of a file's channels, or () where one is no loudspeaker."""
    named = tuple(names)
    return named if len(named) > 2 and set(named) <= set(_MASK) else ()


def mixed_down(samples: np.ndarray, layout: Layout = ()) -> tuple[np.ndarray, str]:
    """Return `samples` [frames, channels] for two ears, at most [frames, 2], and what was done.

    One channel or two stay as they are. More are mixed to stereo by ITU-R BS.775, which leaves the
    LFE channel out; where the layout is not known, or has loudspeakers that the rule does not name,
    they are mixed to mono, as their mean. A mix may pass full scale: nothing is lowered here.
    """
    channels = samples.shape[1]
    if channels < 3:
        return samples, ""
    if len(layout) != channels or not set(layout) <= set(_TO_TWO):
        mono = samples.mean(axis=1, dtype=np.float64, keepdims=True)
        return mono.astype(samples.dtype), f"{channels} channels of no known layout: mixed to mono"
    matrix = np.array([_TO_TWO[name] for name in layout], dtype=samples.dtype)
    return samples @ matrix, f"{channels} channels: mixed to stereo by ITU-R BS.775"


def _channel_mask(path: Path) -> int:
    """Return the channel mask of a WAV that has one, else 0."""
    with path.open("rb") as file:
        if file.read(4) not in (b"RIFF", b"RF64"):
            return 0
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name == b"fmt ":
                return _mask_in(file, size)
            file.seek(size + size % 2, 1)
    return 0


def _mask_in(file: IO[bytes], size: int) -> int:
    content = file.read(min(size, 24))
    extensible = len(content) == 24 and content[:2] == b"\xfe\xff"
    return int.from_bytes(content[20:24], "little") if extensible else 0
