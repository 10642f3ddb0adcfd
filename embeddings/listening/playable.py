"""What a browser gets of a collection's files: the file itself, or a copy that every browser plays.

The list of what goes as it is was measured in Chromium, Firefox and WebKit; everything else, known
or not, is copied. A copy is made when it is first asked for, as FLAC of 16 bits, or as WAV of
32-bit floats where samples pass full scale, in the folder ``playing`` of the collection, and is
kept for as long as there is room for it; what had to go is made again. It is as loud as its file
was measured, so that a player's gains hold for both.
"""

import hashlib
import os
import time
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from embeddings.audio.meter import BEYOND, integrated_loudness
from embeddings.collection.clips import Clip, Collection, playing_lock
from embeddings.errors import InputError
from embeddings.files import only_writer, whole_file
from embeddings.listening.audible import (
    PLAYED_RATES,
    TWO_SIDES_DB,
    Audible,
    in_16_bits,
    passes_full_scale,
    read_audible,
)
from embeddings.listening.levels import CEILING_DBTP, USUAL_LUFS

EDITION = 1
"""Of these rules: copies by an older one are not used again."""

_AS_IT_IS = {
    "WAV": (b"RIFF", "audio/wav", {"PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"}),
    "WAVEX": (b"RIFF", "audio/wav", {"PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"}),
    "FLAC": (b"fLaC", "audio/flac", {"PCM_S8", "PCM_16", "PCM_24"}),
    "MP3": (b"", "audio/mpeg", {"MPEG_LAYER_III"}),
    "OGG": (b"OggS", "audio/ogg", {"VORBIS", "OPUS"}),
}
"""Format as libsndfile tells it by the content -> first bytes, type, codings that play."""

_OGG_MOST_RATE = 192_000
_TYPES = {".flac": "audio/flac", ".wav": "audio/wav"}
_SHORT = 0.1  # seconds by which a file may seem shorter or longer than the clip that was read of it
_WAIT = 20  # seconds for another process that makes a copy
_HOUR = 3600  # after which a file that is still being written never will be


def playing_type(path: Path, clip: Clip) -> str:
    """Return the media type of a clip's file where every browser plays it; "" where not all do.

    Not all do either where its header does not know how long it is.
    """
    if clip.channels > 2 or clip.loudness_note.startswith(BEYOND):
        return ""
    if not PLAYED_RATES[0] <= clip.sample_rate <= PLAYED_RATES[1]:
        return ""
    status = path.stat()
    kind, seconds = _kind(path, status.st_size, status.st_mtime_ns)
    if kind == "audio/ogg" and clip.sample_rate > _OGG_MOST_RATE:
        return ""
    return kind if abs(seconds - clip.seconds) <= _SHORT else ""


def playing_copy(collection: Collection, clip: Clip, most_bytes: int) -> tuple[Path, str]:
    """Return a copy of a clip's sound that every browser plays, and its media type.

    It is made where there is none yet. Then those that were asked for longest ago are removed until
    all copies of the collection take at most `most_bytes`; the new one stays in any case.

    Raises
    ------
    InputError
        The file cannot be decoded, its copy not be written, or other processes make copies all
        the time.
    """
    folder = collection.folder / "playing"
    stem = _stem(collection, clip)
    if (found := _found(folder, stem)) is None:
        with only_writer(playing_lock(collection), f"a copy of {clip.id!r} for playing", _WAIT):
            if (found := _found(folder, stem)) is None:
                folder.mkdir(exist_ok=True)  # a collection that was removed is not made again
                try:
                    found = _write(folder, stem, collection, clip)
                except FileNotFoundError:
                    raise
                except OSError as error:  # such as a full disk
                    raise InputError(
                        f"No copy of {clip.id!r} for playing can be written ({error.strerror})."
                    ) from error
                _make_room(folder, found, most_bytes)
    return found, _TYPES[found.suffix]


def as_loud(sound: Audible, channels: int, loudness: float | None, peak: float) -> np.ndarray:
    """Return the samples of a mix of so many channels, as loud as those were measured.

    `loudness` is in LUFS, or None where it is not known, and then nothing is raised. `peak` is that
    of the channels, of full scale: a mix peaks no higher, unless a player that brings it to its
    level leaves room for more. What is no mix stays.
    """
    own = float(np.abs(sound.samples).max())
    if channels <= 2 or not own:
        return sound.samples
    mixed = integrated_loudness(sound.samples, sound.rate)[0]
    gain, most = 0.0, peak or own
    if loudness is not None and mixed is not None:
        gain = loudness - mixed - (TWO_SIDES_DB if sound.samples.shape[1] == 1 else 0)
        most = max(most, 10 ** (min(CEILING_DBTP - USUAL_LUFS + loudness, 0) / 20))
    return sound.samples * np.float32(min(10 ** (gain / 20), most / own))


@lru_cache(maxsize=4096)
def _kind(path: Path, size: int, changed: int) -> tuple[str, float]:
    """Return a file's media type, "" where it does not play, and its seconds by its header.

    `size` and `changed` make the cache forget a file that is not what it was.
    """
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return "", 0.0
    begins, kind, codings = _AS_IT_IS.get(info.format, (b"", "", set()))
    with path.open("rb") as file:
        plays = info.subtype in codings and file.read(len(begins)) == begins
    return (kind if plays else ""), info.frames / info.samplerate


def _stem(collection: Collection, clip: Clip) -> str:
    """Return the name of a clip's copy: another one where the file or these rules have changed."""
    path = collection.audio_path(clip)
    status = path.stat()
    facts = [EDITION, clip.id, clip.loudness_lufs, status.st_size, status.st_mtime_ns]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def _found(folder: Path, stem: str) -> Path | None:
    for suffix in _TYPES:
        path = folder / f"{stem}{suffix}"
        try:
            os.utime(path)  # it is the one that was asked for last
        except FileNotFoundError:
            continue
        return path
    return None


def _write(folder: Path, stem: str, collection: Collection, clip: Clip) -> Path:
    sound = read_audible(collection.audio_path(clip))
    peak = float(collection.envelopes[collection.index[clip.id]].max())
    samples = as_loud(sound, clip.channels, clip.loudness_lufs, peak)
    content = BytesIO()
    if passes_full_scale(samples):
        path = folder / f"{stem}.wav"
        soundfile.write(content, samples, sound.rate, format="WAV", subtype="FLOAT")
    else:
        path = folder / f"{stem}.flac"
        soundfile.write(content, in_16_bits(samples), sound.rate, format="FLAC", subtype="PCM_16")
    with whole_file(path) as file:
        file.write(content.getbuffer())
    return path


def _make_room(folder: Path, new: Path, most_bytes: int) -> None:
    """Remove what was asked for longest ago, and what a killed process left half-written."""
    now = time.time()
    copies = []
    for path in folder.iterdir():
        status = path.stat()
        if path.suffix in _TYPES:
            copies.append((status.st_mtime, status.st_size, path))
        elif now - status.st_mtime > _HOUR:
            path.unlink()
    taken = sum(size for _, size, _ in copies)
    for _, size, path in sorted(copies):
        if taken <= most_bytes:
            return
        if path != new:
            path.unlink()
            taken -= size
