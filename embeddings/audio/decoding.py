"""Reading sound files, whole or not at all: the one reader of the product.

libsndfile (soundfile) reads what it reads exactly. What it cannot read, or reads short of what the
file's own bytes say, FFmpeg reads (PyAV, where it is installed); see docs/decisions/0006.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from embeddings.audio import ffmpeg
from embeddings.audio.chunks import asf_length, chunks_length
from embeddings.audio.flac_frames import flac_length
from embeddings.audio.gathering import Gathering
from embeddings.audio.kinds import ASF, FLAC, MP4, MPEG, OGG, SUFFIXES, Kind, kind_of
from embeddings.audio.lengths import Length
from embeddings.audio.mpeg_frames import first_frame, mpeg_length
from embeddings.audio.ogg_pages import ogg_length
from embeddings.audio.speakers import Layout, layout_of
from embeddings.errors import InputError

__all__ = ("LONGEST_SECONDS", "SUFFIXES", "Decoded", "UnreadableAudio", "decode", "read_audio")

LONGEST_SECONDS = 1800.0
"""Longer files are refused: a clip is decoded whole, and a sound to compare is not an hour."""
_BLOCK = 1 << 18
"""Frames that libsndfile decodes at a time."""
_UNKNOWN = 1 << 53
"""Frames from which on libsndfile means that a header does not say how many there are."""
_STUB = 0.5
"""Of a damaged file, less than this part is no sound of it any more."""


class UnreadableAudio(InputError):
    """A file that no reader here takes for a sound; `reason` says why, without naming it."""

    def __init__(self, sentence: str, reason: str = "") -> None:
        self.reason = reason
        super().__init__(sentence)  # alone, as it travels from worker processes


@dataclass(frozen=True, slots=True)
class Decoded:
    """A sound as it was decoded.

    Attributes
    ----------
    samples : float32 [frames, channels] in about [-1, 1]; the beginning, where only that was asked
    rate : in Hz
    layout : which loudspeaker each channel is for, () where that is not known
    frames : of the whole file
    kind : what the file is, by its bytes
    by_ffmpeg : whether FFmpeg decoded it, and not libsndfile
    suspicion : why the file may not be what it should be, a clause; "" where nothing is suspicious
    """

    samples: np.ndarray
    rate: int
    layout: Layout
    frames: int
    kind: str
    by_ffmpeg: bool
    suspicion: str


def read_audio(path: Path) -> tuple[np.ndarray, int]:
    """Return the samples, float32 [frames, channels] in about [-1, 1], and the rate in Hz.

    Raises
    ------
    InputError
        The file is missing, unreadable, empty, too long, has samples that are not numbers, or is
        one that PyAV alone reads whole, which is not installed.
    """
    sound = decode(path)
    return sound.samples, sound.rate


def decode(path: Path, most_seconds: float | None = None) -> Decoded:
    """Decode a sound file to its end; with `most_seconds`, keep that much of its beginning.

    Of a beginning the file may be longer than `LONGEST_SECONDS`. Raises as :func:`read_audio`.
    """
    try:
        kind, length = _look(path)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError)
        what = "there is no such file" if missing else f"the file cannot be read ({error.strerror})"
        raise InputError(f"{path}: {what}.") from error
    sound, suspicion, by_ffmpeg = _whole(path, kind, length, most_seconds)
    samples = sound.samples()
    if not len(samples):
        raise InputError(f"{path}: the audio is empty (0 samples).")
    if not np.isfinite(samples).all():
        bad = int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])
        raise InputError(f"{path}: sample {bad} is not a finite number.")
    notes = [_misnamed(path, kind), suspicion]
    return Decoded(
        samples=samples,
        rate=sound.rate,
        layout=sound.layout,
        frames=sound.frames,
        kind=kind.name if kind else "",
        by_ffmpeg=by_ffmpeg,
        suspicion="; ".join(filter(None, notes)),
    )


def _look(path: Path) -> tuple[Kind | None, Length]:
    """Return what a file is, and how long, by its bytes."""
    if path.is_fifo():  # which nobody may ever write to
        raise InputError(f"{path}: this is a pipe, not a file.")
    with path.open("rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise InputError(f"{path}: the file is empty (0 bytes).") from None
        with data:
            kind = kind_of(data)
            if kind is None and first_frame(data) is not None:
                kind = MPEG
            return kind, _length(data, kind)


def _length(data: mmap.mmap, kind: Kind | None) -> Length:
    if kind is ASF:
        return asf_length(data)
    if kind is MP4 and data.find(b"moov") < 0:
        return Length(note="it is cut off: its index is missing")
    if kind is None or not kind.plain:
        return Length()
    if kind is MPEG:
        return mpeg_length(data)
    if kind is OGG:
        return ogg_length(data)
    return flac_length(data) if kind is FLAC else chunks_length(data, kind)


def _whole(
    path: Path, kind: Kind | None, length: Length, beginning: float | None
) -> tuple[Gathering, str, bool]:
    """Return the sound by the reader that reads all of it, what is suspicious, and whose it is."""
    reason = f"libsndfile takes its sound for {length.misread}" if length.misread else ""
    if (kind is None or kind.plain) and not length.misread:
        try:
            sound = _by_libsndfile(path, length, beginning)
        except InputError:
            raise
        except Exception as error:  # of a library, whose kinds are many
            reason = f"the audio cannot be read ({_reason(error)})"
        else:
            seconds = sound.frames / sound.rate
            if sound.frames and not length.short(seconds):
                return sound, length.suspicion(seconds), False
            if not sound.frames and length.held == 0:
                raise InputError(f"{path}: the audio is empty (0 samples).")
            reason = "the audio is empty (0 samples)"
            if sound.frames:
                reason = f"only {seconds:.3f} s of its {length.held:.3f} s are read by libsndfile"
    if kind is None or (reason and length.held == 0):
        raise _unreadable(path, reason)
    if not ffmpeg.is_there():
        what = f"{reason}; PyAV may read more" if reason else f"{kind.name} is read by PyAV"
        raise _unreadable(path, f"{what}, which is not installed ({ffmpeg.INSTALL})")
    sound, suspicion = _by_ffmpeg(path, kind, length, beginning)
    return sound, suspicion, True


def _by_libsndfile(path: Path, length: Length, beginning: float | None) -> Gathering:
    with soundfile.SoundFile(path) as file:
        sound = Gathering(path, file.samplerate, file.channels, LONGEST_SECONDS, beginning)
        sound.layout = layout_of(path, file.format, file.channels)
        if file.frames >= _UNKNOWN:
            raise ValueError("its header does not say how long it is")
        frames = file.frames
        if length.held is not None:  # which counts, where the header says nonsense
            frames = min(frames, round(length.held * file.samplerate))
        sound.expect(frames)
        if file.seekable():  # at once, since an MP3 in blocks has other last bits: soundfile seeks
            sound.add(file.read(sound.wanted, dtype="float32", always_2d=True))
            if sound.full:
                sound.frames = max(sound.frames, file.frames)
            return sound
        while not sound.full:
            block = file.read(_BLOCK, dtype="float32", always_2d=True)
            sound.add(block)
            if len(block) < _BLOCK:
                break
        else:
            sound.frames = max(sound.frames, file.frames)
        if length.frames:
            sound.cut(length.frames)
        return sound


def _by_ffmpeg(
    path: Path, kind: Kind, length: Length, beginning: float | None
) -> tuple[Gathering, str]:
    """Return what FFmpeg decodes and what is suspicious of it; InputError where it is a stub."""
    try:
        decoded = ffmpeg.decode_all(path, kind, LONGEST_SECONDS, beginning)
    except InputError:
        raise
    except Exception as error:  # of a library, whose kinds are many
        why = "; ".join(filter(None, (_reason(error), length.note)))
        raise _unreadable(path, f"the audio cannot be read ({why})") from error
    seconds = decoded.sound.frames / decoded.sound.rate
    if length.held is not None and seconds < _STUB * length.held:
        raise InputError(
            f"{path}: only {seconds:.3f} s of its {length.held:.3f} s can be decoded; "
            "the file is damaged."
        )
    if decoded.lost > _STUB * decoded.packets:
        raise InputError(
            f"{path}: {decoded.lost} of its {decoded.packets} packets cannot be decoded; "
            "the file is damaged."
        )
    notes = [length.suspicion(seconds), decoded.length.suspicion(seconds)]
    if decoded.lost:
        notes.append(f"{decoded.lost} of its {decoded.packets} packets cannot be decoded")
    return decoded.sound, "; ".join(filter(None, notes))


def _unreadable(path: Path, reason: str) -> UnreadableAudio:
    return UnreadableAudio(f"{path}: {reason}.", reason)


def _misnamed(path: Path, kind: Kind | None) -> str:
    """Say of a file that has the suffix of another kind what it is."""
    suffix = path.suffix.lower()
    if kind is None or suffix in kind.suffixes or suffix not in SUFFIXES:
        return ""
    return f"it is named {suffix}, but its bytes are {kind.name}"


def _reason(error: BaseException) -> str:
    text = str(getattr(error, "error_string", None) or getattr(error, "strerror", None) or error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__
