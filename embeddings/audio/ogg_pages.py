"""The pages of an Ogg file: how long its sounds are, and how many are in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from embeddings.audio.kinds import Content
from embeddings.audio.lengths import Length

_FIRST, _LAST = 2, 4
_STARTS_WITHIN = 10.0
"""Seconds: a first page that ends later belongs to a sound that was cut out of a longer one."""


@dataclass(slots=True)
class _Stream:
    """One sound of the chain: its rate, samples to skip at the start, and pages seen so far."""

    rate: int
    skipped: int
    first: int | None = None
    last: int = 0
    ended: bool = False

    @property
    def begins(self) -> bool:
        """Whether nothing but its head has come so far."""
        return self.first is None and not self.ended

    @property
    def seconds(self) -> float | None:
        """How long it is; None where its first page does not begin it."""
        if self.first is None or self.first > _STARTS_WITHIN * self.rate:
            return None
        return max(self.last - self.skipped, 0) / self.rate


def ogg_length(data: Content) -> Length:
    """Return the length by the positions that an Ogg file's pages tell."""
    streams: list[_Stream] = []
    open_ones: dict[bytes, _Stream] = {}
    cut, beside = False, 0
    for flags, position, serial, body, end in _pages(data):
        cut = end > len(data)
        if flags & _FIRST:
            stream = _stream(bytes(data[body : body + 80]))
            open_ones.pop(serial, None)
            if stream is not None and any(one.begins for one in open_ones.values()):
                beside += 1  # at the same time as the first
            elif stream is not None:
                open_ones[serial] = stream
                streams.append(stream)
        elif serial in open_ones and position > 0 and not cut:
            stream = open_ones[serial]
            stream.first = position if stream.first is None else stream.first
            stream.last = max(stream.last, position)
        if serial in open_ones and flags & _LAST:
            open_ones[serial].ended = True
    if not streams:
        return Length()
    parts = [stream.seconds for stream in streams]
    known = [part for part in parts if part is not None]
    held = sum(known) if len(known) == len(parts) else None
    notes = []
    if beside:
        notes.append(f"{1 + beside} sounds are in it, of which the first is read")
    if len(streams) > 1:
        notes.append(f"{len(streams)} sounds are chained in it")
    if not streams[-1].ended or cut:
        notes.append("it is cut off: its last page is no end")
    return Length(held=held, note=" and ".join(notes))


def _pages(data: Content) -> Iterator[tuple[int, int, bytes, int, int]]:
    """Yield (flags, position, serial, where its content begins, where it ends) of every page."""
    place = data.find(b"OggS")
    while place >= 0:
        head = bytes(data[place : place + 27])
        table = bytes(data[place + 27 : place + 27 + head[26]]) if len(head) == 27 else b""
        if len(head) < 27 or len(table) < head[26]:
            return
        body = place + 27 + len(table)
        end = body + sum(table)
        position = int.from_bytes(head[6:14], "little", signed=True)
        yield head[5], position, head[14:18], body, end
        place = end if data[end : end + 4] == b"OggS" else data.find(b"OggS", place + 4)


def _stream(start: bytes) -> _Stream | None:
    """Return the sound that a first packet begins; None for pictures and what else Ogg holds."""
    if start.startswith(b"\x01vorbis"):
        rate, skipped = int.from_bytes(start[12:16], "little"), 0
    elif start.startswith(b"OpusHead"):
        rate, skipped = 48000, int.from_bytes(start[10:12], "little")
    elif start.startswith(b"\x7fFLAC"):
        rate, skipped = int.from_bytes(start[27:30]) >> 4, 0
    elif start.startswith(b"Speex   "):
        rate, skipped = int.from_bytes(start[36:40], "little"), 0
    else:
        return None
    return _Stream(rate, skipped) if rate else None
