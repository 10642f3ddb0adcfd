"""The frames of an MP3 (and of MPEG audio's layers I and II): counted, not decoded."""

import re
from dataclasses import dataclass
from functools import cache

from embeddings.audio.kinds import Content, after_id3
from embeddings.audio.lengths import Length

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBITS = {
    (True, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By (version 1, layer bits): layer I is 3, II is 2, III is 1."""
_LOOKED_AT = 1 << 16
"""Bytes in which the first frame of a file must be."""


@dataclass(frozen=True, slots=True)
class _Frame:
    length: int  # in bytes, header included
    samples: int
    rate: int
    like: tuple[int, int, int]  # frames of one sound have it in common


@dataclass(frozen=True, slots=True)
class _Tag:
    frames: int | None
    trimmed: int  # samples that the encoder added at both ends, which decoders take off


def first_frame(data: Content) -> int | None:
    """Return where the first of three frames in a row begins, or None where there are none."""
    begin = after_id3(data)
    place = _next_frame(data, begin, min(len(data), begin + _LOOKED_AT), None, 3)
    return place


def mpeg_length(data: Content) -> Length:
    """Return the length that the frames of an MP3 have; an unknown one where none are found."""
    place = first_frame(data)
    if place is None:
        place = _next_frame(data, after_id3(data), len(data), None, 1)
    if place is None:
        return Length()
    first = _frame(data[place + 1], data[place + 2])
    assert first is not None
    tag = _tag(data, place, first)
    count, cut = _count(data, place, first)
    count -= tag is not None
    trimmed = tag.trimmed if tag else 0
    held = max(count * first.samples - trimmed, 0) / first.rate
    stated = None
    if tag and tag.frames is not None:
        stated = max(tag.frames * first.samples - trimmed, 0) / first.rate
    note = "its last frame is cut off" if cut else ""
    return Length(stated, held, slack=0.5 * first.samples / first.rate, note=note)


def _count(data: Content, place: int, first: _Frame) -> tuple[int, bool]:
    """Return how many whole frames there are from `place` on, and whether the last is cut off."""
    count, end = 0, len(data)
    while place + 4 <= end:
        frame = _frame(data[place + 1], data[place + 2]) if data[place] == 0xFF else None
        if frame is not None and frame.like == first.like:
            if place + frame.length > end:
                return count, True
            count += 1
            place += frame.length
            continue
        found = _next_frame(data, place, end, first, 2)
        if found is None:
            break
        place = found
    return count, False


def _next_frame(
    data: Content, begin: int, end: int, like: _Frame | None, in_a_row: int
) -> int | None:
    """Return where the next frame begins that `in_a_row` - 1 others or the file's end follow."""
    looks = _heads(like.like if like else None)
    while found := looks.search(data, begin, end):
        if _follow(data, found.start(), like, in_a_row):
            return found.start()
        begin = found.start() + 1
    return None


@cache
def _heads(like: tuple[int, int, int] | None) -> re.Pattern[bytes]:
    """Return a pattern of what may begin a frame, any or one like others.

    A card's empty bytes may be 0xFF by the million, of which each would begin one.
    """
    frames = [
        (second, third)
        for second in range(256)
        for third in range(256)
        if (frame := _frame(second, third)) and like in (None, frame.like)
    ]
    seconds, thirds = (re.escape(bytes(sorted(set(each)))) for each in zip(*frames, strict=True))
    return re.compile(b"\xff[" + seconds + b"][" + thirds + b"]", re.DOTALL)


def _follow(data: Content, place: int, like: _Frame | None, in_a_row: int) -> bool:
    for number in range(in_a_row):
        if number and place == len(data):
            return True
        if place + 4 > len(data) or data[place] != 0xFF:
            return False
        frame = _frame(data[place + 1], data[place + 2])
        if frame is None or (like is not None and frame.like != like.like):
            return False
        like = frame
        place += frame.length
    return True


@cache
def _frame(second: int, third: int) -> _Frame | None:
    """Return what the second and third byte of a frame's header say, None where it is none."""
    version, layer = second >> 3 & 3, second >> 1 & 3
    kbits, rate = third >> 4, third >> 2 & 3
    if second & 0xE0 != 0xE0 or version == 1 or not layer or kbits in (0, 15) or rate == 3:
        return None
    hertz = _RATES[version][rate]
    samples = 384 if layer == 3 else 1152 if layer == 2 or version == 3 else 576
    bits = _KBITS[version == 3, layer][kbits - 1] * 1000
    unit = 4 if layer == 3 else 1
    length = (samples // 8 * bits // hertz // unit + (third >> 1 & 1)) * unit
    return _Frame(length, samples, hertz, (version, layer, rate))


def _tag(data: Content, place: int, first: _Frame) -> _Tag | None:
    """Return what a Xing, Info or VBRI tag says in place of the first frame, None without one."""
    frame = bytes(data[place : place + first.length])
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        return _Tag(int.from_bytes(frame[50:54]), 0)
    at = next((found for mark in (b"Xing", b"Info") if (found := frame.find(mark, 4, 44)) > 0), 0)
    if not at or len(frame) < at + 12:
        return None
    frames = int.from_bytes(frame[at + 8 : at + 12]) if frame[at + 7] & 1 else None
    trimmed = 0
    if len(frame) >= at + 144 and frame[at + 120 : at + 124].strip(b"\0"):  # the encoder's name
        both = int.from_bytes(frame[at + 141 : at + 144])
        trimmed = (both >> 12) + (both & 0xFFF)
    return _Tag(frames, trimmed)
