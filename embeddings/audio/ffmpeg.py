"""Sounds that FFmpeg decodes, by PyAV; an optional package, see docs/decisions/0006."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.audio.gathering import Gathering
from embeddings.audio.kinds import APE, AVI, MATROSKA, MP4, TTA, WAVPACK, Kind
from embeddings.audio.lengths import Length
from embeddings.audio.speakers import known_layout
from embeddings.errors import InputError

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

INSTALL = "pip install -r requirements-formats.txt"

_TIMED = (MP4, MATROSKA, WAVPACK, APE, TTA, AVI)
"""Kinds whose header tells a length; of others FFmpeg guesses it by the bit rate."""
_TIMED_TO = 0.1
"""Seconds to which it is told: coders add some at both ends."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What FFmpeg decoded: the sound, packets that it could not decode, and its length."""

    sound: Gathering
    lost: int
    packets: int
    length: Length


def is_there() -> bool:
    """Tell whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def decode_all(path: Path, kind: Kind, longest: float, beginning: float | None) -> Decoded:
    """Decode the first sound in a file of a kind to its end.

    With `beginning`, in seconds, no more than that is kept, and decoding stops after `longest`.

    Raises
    ------
    InputError
        The file is longer than `longest`, holds no sound, changes its rate or channels, or
        cannot be read to its end.
    """
    import av

    options = {"protocol_whitelist": "file"}  # no file may name others, least of all addresses
    with av.open(
        str(path.absolute()), format=kind.demuxer, options=options, metadata_errors="ignore"
    ) as container:
        if not container.streams.audio:
            raise InputError(f"{path}: there is no sound in this {kind.name} file.")
        stream = container.streams.audio[0]
        if stream.codec_context is None:
            raise InputError(f"{path}: nobody here knows how the sound in it is coded.")
        stream.codec_context.thread_count = 1  # workers share the cores already
        length = _length(container, stream, kind)
        sound, lost, packets = None, 0, 0
        for packet in container.demux(stream):
            packets += 1
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, EOFError):
                lost += 1
                continue
            for frame in frames:
                sound = _take(path, sound, frame, longest, beginning)
            if sound and sound.full and sound.frames > longest * sound.rate:
                break
    if sound is None:
        raise InputError(f"{path}: nothing of the {kind.name} in it can be decoded.")
    return Decoded(sound, lost, packets, length)


def _take(
    path: Path, sound: Gathering | None, frame: AudioFrame, longest: float, beginning: float | None
) -> Gathering:
    """Add a frame to the sound that it belongs to, or begin one."""
    rate, channels = frame.sample_rate, frame.layout.nb_channels
    if sound is None:
        sound = Gathering(path, rate, channels, longest, beginning)
        sound.layout = known_layout(channel.name for channel in frame.layout.channels)
    if (rate, channels) != (sound.rate, sound.channels):
        raise InputError(
            f"{path}: after {sound.frames / sound.rate:.3f} s it changes from {sound.rate} Hz and "
            f"{sound.channels} channels to {rate} Hz and {channels}; one sound has one of each."
        )
    sound.add(_samples(frame))
    return sound


def _samples(frame: AudioFrame) -> np.ndarray:
    """Return a frame's samples as float32 [frames, channels], full scale at 1 as in libsndfile."""
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128) / 128
    scale = 1 if values.dtype.kind == "f" else 2 ** (8 * values.dtype.itemsize - 1)
    return np.ascontiguousarray(values, dtype=np.float32) / np.float32(scale)


def _length(container: InputContainer, stream: AudioStream, kind: Kind) -> Length:
    several = len(container.streams.audio)
    note = f"{several} sounds are in it, of which the first is read" if several > 1 else ""
    stated = None
    if kind in _TIMED:
        if stream.duration is not None and stream.time_base is not None:
            stated = float(stream.duration * stream.time_base)
        elif container.duration is not None and len(container.streams) == 1:
            stated = container.duration / 1e6
    return Length(stated=stated, slack=_TIMED_TO, note=note)
