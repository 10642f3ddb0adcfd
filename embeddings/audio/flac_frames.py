"""How many samples a FLAC holds: as its header says, and by the number of its last frame."""

from embeddings.audio.kinds import Content, after_id3
from embeddings.audio.lengths import Length

_LAST_BYTES = 1 << 20
"""Bytes from the end in which the last frame must begin, more than the largest has."""
_MOST_BLOCKS = 1000
"""Of metadata; more, as in a file of zeros, which are blocks of no size, are not gone through."""
_BEGINS = b"fLaC\0\0\0\x22"
"""The mark and the head of the first block, as every FLAC begins."""
_SIZES = {1: 192} | {code: 144 << code for code in range(2, 6)} | {
    code: 1 << code for code in range(8, 16)
}  # fmt: skip


def flac_length(data: Content) -> Length:
    """Return the length that a FLAC's header says, and that of its frames.

    Where others are joined to its end, which its header does not know, that of all of them.
    """
    start = after_id3(data)
    joined = data.find(_BEGINS, _frames_begin(data, start))
    if joined < 0:
        return _one_length(data, start)
    parts = []
    while joined >= 0:
        parts.append(_one_length(bytes(data[start:joined]), 0))
        start, joined = joined, data.find(_BEGINS, joined + len(_BEGINS))
    parts.append(_one_length(bytes(data[start:]), 0))
    known = [part.held for part in parts if part.held is not None]
    held = sum(known) if len(known) == len(parts) else None
    return Length(held=held, note=f"{len(parts)} sounds are joined in it")


def _one_length(data: Content, start: int) -> Length:
    info = bytes(data[start + 8 : start + 26])
    if len(info) < 18 or data[start + 4] & 0x7F:
        return Length()
    packed = int.from_bytes(info[10:18])
    rate, total = packed >> 44, packed & (1 << 36) - 1
    if not rate:
        return Length()
    block = int.from_bytes(info[2:4])
    samples = _last_sample(data, _frames_begin(data, start), block, total)
    held = None if samples is None else samples / rate
    return Length(total / rate if total else None, held, slack=0.5 / rate)


def _frames_begin(data: Content, start: int) -> int:
    """Return where the frames begin, behind the blocks of metadata."""
    place = start + 4
    for _ in range(_MOST_BLOCKS):
        if place + 4 > len(data):
            break
        last = data[place] & 0x80
        place += 4 + int.from_bytes(data[place + 1 : place + 4])
        if last:
            break
    return min(place, len(data))


def _last_sample(data: Content, begin: int, block: int, total: int) -> int | None:
    """Return the number of samples up to the end of the last frame whose header is there.

    What looks like a header may be noise. It is one if it ends at the `total` that the file says,
    if it is the first, or if another one ends where it begins.
    """
    ends: dict[int, int] = {}  # of what may be frames: the first sample -> the one after the last
    floor = max(begin, len(data) - _LAST_BYTES)
    place = data.rfind(b"\xff", floor)
    while place >= 0:
        if data[place + 1 : place + 2] in (b"\xf8", b"\xf9"):
            frame = _header(bytes(data[place : place + 18]), block)
            if frame is not None:
                if frame[1] == total or (place == begin and not frame[0]):
                    return ends.get(frame[1], frame[1])
                if frame[1] in ends:
                    return ends[frame[1]]
                ends.setdefault(*frame)
        place = data.rfind(b"\xff", floor, place)
    return None


def _header(head: bytes, block: int) -> tuple[int, int] | None:
    """Return a frame's first sample and the one after its last; None where `head` is no header."""
    if len(head) < 6 or head[3] & 1:
        return None
    size, rate = head[2] >> 4, head[2] & 15
    if not size or rate == 15 or head[3] >> 4 > 10 or (head[3] >> 1 & 7) == 3:
        return None
    number, place = _coded_number(head)
    if number is None:
        return None
    samples = _SIZES.get(size, 0)
    if size in (6, 7):
        width = size - 5
        samples = int.from_bytes(head[place : place + width]) + 1
        place += width
    place += {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if place >= len(head) or _crc8(head[:place]) != head[place]:
        return None
    first = number if head[1] & 1 else number * block
    return first, first + samples


def _coded_number(head: bytes) -> tuple[int | None, int]:
    """Return the frame's or the sample's number, coded as UTF-8 is, and where it ends."""
    first = head[4]
    if first < 0x80:
        return first, 5
    more = f"{first:08b}0".find("0") - 1  # as many ones as bytes in all
    if not 1 <= more <= 6 or len(head) < 5 + more:
        return None, 0
    number = first & (0x3F >> more)
    for byte in head[5 : 5 + more]:
        if byte & 0xC0 != 0x80:
            return None, 0
        number = number << 6 | byte & 0x3F
    return number, 5 + more


def _crc8(content: bytes) -> int:
    value = 0
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07 if value & 0x80 else value << 1) & 0xFF
    return value
