"""The chunks of WAV, AIFF, CAF, Wave64, AU, VOC and SPHERE: the bytes of sound said and there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from embeddings.audio.kinds import AIFF, AU, CAF, SPHERE, VOC, W64, WAV, Content, Kind
from embeddings.audio.lengths import Length
from embeddings.audio.mpeg_frames import mpeg_length

Order = Literal["big", "little"]

_UNKNOWN = (0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_STREAMED = 0x7FFF0000
"""A size from here on is what a program writes that does not know it yet."""
_ASF_HEADER = 1 << 16
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_SLACK = 0.15
"""Seconds: the first block, of up to 4096 samples, has no sound of its own."""
_EVEN_BYTES = {1, 3, 6, 7, 0xFFFE}
"""Codes of WAV formats whose frames are all of one size in bytes: PCM, float, A-law, mu-law."""
_FORMS = {b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM"}
"""What begins a file of its own, joined to the first, and no chunk of it."""
_MOST_CHUNKS = 10_000
"""More, as in a file of zeros, which are chunks of no size, are not gone through."""
_MPEG = {0x50, 0x55}
_GSM, _GSM_BYTES, _GSM_SAMPLES = 0x31, 65, 320  # the code, and of each block
_EXTENSIBLE = b"\xfe\xff"


@dataclass(slots=True)
class _Sound:
    """Where a file's sound lies: bytes by its header (None: to the end), and those there are."""

    said: int | None
    there: int
    bytes_a_second: float = 0.0  # 0: not known
    after: int = 0  # bytes behind it that no header speaks of
    frames: int | None = None
    seconds: float | None = None  # by its header, where it says so in samples
    misread: str = ""  # what libsndfile takes it for, and is wrong
    mpeg_at: int | None = None  # where it begins, if it is MP3
    twice: bool = False  # whether the file has a second chunk of sound
    slack: float | None = None  # seconds, where it is not the usual


def chunks_length(data: Content, kind: Kind) -> Length:
    """Return the length by the header of a file of one of these kinds; an unknown one without."""
    sound = _FINDERS[kind](data)
    if sound is None:
        return Length()
    speed = sound.bytes_a_second
    held = sound.there / speed if speed else None
    stated = sound.said / speed if speed and sound.said is not None else sound.seconds
    slack = Length().slack if sound.slack is None else sound.slack
    if sound.mpeg_at is not None:
        own = mpeg_length(bytes(data[sound.mpeg_at : sound.mpeg_at + sound.there]))
        held, slack = own.held, own.slack
    if sound.said is None:
        return Length(stated, held, slack=slack, frames=sound.frames, misread=sound.misread)
    notes = []
    if sound.after:
        notes.append(f"{sound.after} bytes follow its sound that its header does not speak of")
    if sound.twice:
        notes.append("a second chunk of sound is in it, which is not read")
    return Length(
        stated=stated,
        held=held,
        ratio=sound.said / sound.there if sound.there else 1.0,
        slack=slack,
        note="; ".join(notes),
        frames=sound.frames,
        misread=sound.misread,
    )


def _wav(data: Content) -> _Sound | None:
    order: Order = "big" if data[:4] == b"RIFX" else "little"
    form, wide, frames, count = b"", None, None, 0
    chunks = _riff(data, 12, order)
    for name, size, place in chunks:
        count += 1
        if name == b"fmt ":
            form = bytes(data[place : place + 16])
        elif name == b"ds64":
            wide = int.from_bytes(data[place + 8 : place + 16], "little")
        elif name == b"fact":
            frames = int.from_bytes(data[place : place + 4], order)
        elif name == b"data" and len(form) == 16:
            speed = _speed(form, order)
            said = wide if wide is not None and size == 0xFFFFFFFF else size
            sound = _within(data, place, said, speed, order)
            sound.frames = frames if frames is not None else _gsm_frames(form, sound.there, order)
            sound.twice = any(name == b"data" for name, _, _ in chunks)
            sound.mpeg_at = place if int.from_bytes(form[:2], order) in _MPEG else None
            return sound
    return _Sound(None, 0, 1.0) if count == _MOST_CHUNKS else None


def _gsm_frames(form: bytes, there: int, order: Order) -> int | None:
    """Return the samples in so many bytes of GSM 6.10, of which libsndfile reads a block too many.

    It does so where a file was written to a pipe and says no length; None for other codecs.
    """
    blocks = there // _GSM_BYTES if int.from_bytes(form[:2], order) == _GSM else 0
    return blocks * _GSM_SAMPLES or None


def _speed(form: bytes, order: Order) -> float:
    """Return the bytes a second that a WAV's format says, 0 where they depend on the codec."""
    code, rate, align = (
        int.from_bytes(form[begin:end], order) for begin, end in ((0, 2), (4, 8), (12, 14))
    )
    return float(rate * align) if code in _EVEN_BYTES else 0.0


def _within(data: Content, place: int, said: int, speed: float, order: Order) -> _Sound:
    """Return the sound from `place` on, `said` bytes by its header, of a file of RIFF's chunks."""
    rest = len(data) - place
    follows = place + said + said % 2
    chunked = _is_chunk(data, follows, order) or _is_chunk(data, place + said, order)
    if (said >= _STREAMED and said > rest) or (not said and rest > 8 and not chunked):
        return _Sound(None, rest, speed)
    after = 0 if chunked else max(len(data) - follows, 0)
    return _Sound(said, min(said, rest), speed, after if after > 64 else 0)


def _is_chunk(data: Content, place: int, order: Order) -> bool:
    """Tell whether a chunk of RIFF begins at `place`, or the file ends there."""
    head = bytes(data[place : place + 8])
    if not head or not head.strip(b"\0"):
        return not bytes(data[place : place + 4096]).strip(b"\0")
    named = all(32 <= byte < 127 for byte in head[:4]) and head[:4] not in _FORMS
    size = int.from_bytes(head[4:], order)
    return named and place + 8 + size <= len(data) + 1


def _riff(data: Content, place: int, order: Order) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, size, where its content begins) of every chunk."""
    for _ in range(_MOST_CHUNKS):
        if place + 8 > len(data):
            return
        name = bytes(data[place : place + 4])
        size = int.from_bytes(data[place + 4 : place + 8], order)
        yield name, size, place + 8
        place += 8 + size + size % 2


def _aiff(data: Content) -> _Sound | None:
    speed = 0.0
    for name, size, place in _riff(data, 12, "big"):
        if name == b"COMM":
            channels, bits = (int.from_bytes(data[place + at : place + at + 2]) for at in (0, 6))
            plain = data[8:12] == b"AIFF" or data[place + 18 : place + 22] in (b"NONE", b"sowt")
            rate = _extended(bytes(data[place + 8 : place + 18]))
            speed = rate * channels * -(-bits // 8) if plain else 0.0
        elif name == b"SSND":
            offset = int.from_bytes(data[place : place + 4])
            begin = place + 8 + offset
            return _within(data, begin, max(size - 8 - offset, 0), speed, "big")
    return None


def _extended(ten: bytes) -> float:
    """Return the number that AIFF writes in 80 bits, 0 where it is no rate."""
    power = int.from_bytes(ten[:2]) - 16383 - 63
    return float(int.from_bytes(ten[2:])) * 2.0**power if -64 < power <= -30 else 0.0


def _au(data: Content) -> _Sound | None:
    order: Order = "little" if data[:4] == b"dns." else "big"
    head = [int.from_bytes(data[at : at + 4], order) for at in range(4, 24, 4)]
    offset, said, code, rate, channels = head
    size = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(code, 0)
    rest = max(len(data) - offset, 0)
    return _Sound(
        None if said in _UNKNOWN or not said else said,
        rest if not said else min(said, rest),
        float(rate * channels * size),
    )


def _caf(data: Content) -> _Sound | None:
    place, rate, speed, each, sound, frames = 8, 0.0, 0.0, 0, None, None
    for _ in range(_MOST_CHUNKS):
        if place + 12 > len(data):
            break
        name = bytes(data[place : place + 4])
        size = int.from_bytes(data[place + 4 : place + 12], signed=True)
        place += 12
        if name == b"desc":
            packet, each = (int.from_bytes(data[place + at : place + at + 4]) for at in (16, 20))
            rate = _double(bytes(data[place : place + 8]))
            speed = rate * packet / each if each else 0.0
        elif name == b"pakt":
            frames = int.from_bytes(data[place + 8 : place + 16])
        elif name == b"data":
            rest = max(len(data) - place - 4, 0)  # its first four bytes count edits
            said = None if size < 0 else max(size - 4, 0)
            sound = _Sound(said, rest if said is None else min(said, rest), speed)
        if size < 0:
            break
        place += size
    if sound and frames and rate and not speed:
        sound.seconds = frames / rate
        sound.slack = each / rate  # some count the last packet in full
    return sound


def _double(eight: bytes) -> float:
    import struct

    (value,) = struct.unpack(">d", eight) if len(eight) == 8 else (0.0,)
    return value if 0 < value < 1e9 else 0.0


def _w64(data: Content) -> _Sound | None:
    place, form, misread = 40, b"", ""
    while place + 24 <= len(data):
        name, size = (
            bytes(data[place : place + 4]),
            int.from_bytes(data[place + 16 : place + 24], "little"),
        )
        begin = place + 24
        if name == b"fmt ":
            form = bytes(data[begin : begin + 16])
            if form[:2] == _EXTENSIBLE and bytes(data[begin + 24 : begin + 26]) != b"\1\0":
                misread = "whole numbers"  # as it takes every extensible format in Wave64
        elif name == b"data" and len(form) == 16:
            said, rest = max(size - 24, 0), len(data) - begin
            there = min(said, rest) if said else rest
            return _Sound(said or None, there, _speed(form, "little"), misread=misread)
        if size < 24:
            return None
        place += size + -size % 8
    return None


def _voc(data: Content) -> _Sound | None:
    """Count the blocks of sound; their rate may change, so seconds are not known."""
    place, said, there, blocks = int.from_bytes(data[20:22], "little"), 0, 0, 0
    while place + 4 <= len(data) and data[place]:
        size = int.from_bytes(data[place + 1 : place + 4], "little")
        if data[place] in (1, 2, 9):
            said += size
            there += min(size, len(data) - place - 4)
            blocks += 1
        place += 4 + size
    # it goes on through the heads of all blocks but the first
    return _Sound(said, there, misread="one block" if blocks > 1 else "") if there else None


def _sphere(data: Content) -> _Sound | None:
    words = [line.split(None, 2) for line in bytes(data[:4096]).split(b"\n")]
    fields = {line[0]: line[2] for line in words if len(line) == 3}
    try:
        head = int(bytes(data[8:16]))
        count, rate, channels, size = (
            int(fields.get(name, b"0"))
            for name in (b"sample_count", b"sample_rate", b"channel_count", b"sample_n_bytes")
        )
    except ValueError:
        return None
    plain = fields.get(b"sample_coding", b"pcm").strip() in (b"pcm", b"ulaw", b"alaw")
    if not (plain and count and rate and channels and size):
        return None
    said, rest = count * channels * size, max(len(data) - head, 0)
    return _Sound(said, min(said, rest), float(rate * channels * size))


def asf_length(data: Content) -> Length:
    """Return the length by the header of a WMA."""
    begin = bytes(data[:_ASF_HEADER]).find(_ASF_PROPERTIES)
    if begin < 0 or begin + 88 > len(data):
        return Length()
    size, playing, before = (
        int.from_bytes(data[begin + at : begin + at + 8], "little") for at in (40, 64, 80)
    )
    note = f"its header says {size} bytes, it has {len(data)}" if size > len(data) else ""
    seconds = playing / 1e7 - before / 1e3
    return Length(stated=seconds if seconds > 0 else None, slack=_ASF_SLACK, note=note)


_FINDERS = {WAV: _wav, AIFF: _aiff, AU: _au, CAF: _caf, W64: _w64, VOC: _voc, SPHERE: _sphere}
