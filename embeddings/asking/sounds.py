"""A sound that somebody brings: checked, cut to what is heard of it, and copied for playing."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from embeddings.audio.decoding import Decoded, UnreadableAudio, decode
from embeddings.audio.measuring import envelope
from embeddings.audio.meter import integrated_loudness, within_full_scale
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.listening.audible import audible, in_16_bits, passes_full_scale
from embeddings.listening.levels import CEILING_DBTP, Measured, PlayingLevels, as_played
from embeddings.listening.playable import as_loud

LONGEST_SECONDS = 30.0
"""Of a longer sound, this much is heard, from its beginning."""

_MOST_RATE, _MOST_CHANNELS = 1_000_000, 64  # so that 30 s fit into memory


class UnreadableSound(InputError):
    """A file that is no sound to the readers here; a browser may be able to decode it."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound that was brought.

    Attributes
    ----------
    path : the file that extractors hear: what was given, or its beginning
    copy : the same as WAV that every browser plays (see `embeddings.listening.playable`)
    name : what people call it
    id : "sound-" and the SHA-256 of its samples and rate; it seeds what is random in an extraction
    seconds : the length that is heard, at most `LONGEST_SECONDS`
    given_seconds : the length of what was given
    sample_rate : in Hz
    channels : 1 or more
    loudness_lufs : integrated loudness, or None where it has none
    envelope : float32, peaks in [0, 1]; see `embeddings.audio.measuring.envelope`
    """

    path: Path
    copy: Path
    name: str
    id: str
    seconds: float
    given_seconds: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    envelope: np.ndarray


def take_sound(given: Path, name: str) -> Sound:
    """Check the file `given`, which people call `name`, and write what is heard of it beside it.

    Raises
    ------
    InputError
        It is no sound (`UnreadableSound`), has no samples, some that are no numbers or none but
        zeros, or a rate or channels beyond what is compared. Nothing is written then.
    """
    sound = _decoded(given, name)
    samples, rate, layout = sound.samples, sound.rate, sound.layout
    cut = sound.frames > len(samples)
    if not samples.any():
        which = f"the first {LONGEST_SECONDS:.0f} s are" if cut else "the sound is"
        raise InputError(f"{name}: {which} silent, so there is nothing to compare.")
    path, copy = given, given.with_name("copy.wav")
    if cut:
        path = given.with_name("beginning.wav")
        soundfile.write(path, samples, rate, subtype="FLOAT")
    measured = within_full_scale(samples)[0]
    loudness, peaks = integrated_loudness(measured, rate, layout)[0], envelope(measured)
    heard = audible(samples, rate, layout)
    _write_copy(copy, as_loud(heard, samples.shape[1], loudness, float(peaks.max())), heard.rate)
    return Sound(
        path=path,
        copy=copy,
        name=name,
        id=f"sound-{_digest(samples, rate)}",
        seconds=len(samples) / rate,
        given_seconds=sound.frames / rate,
        sample_rate=rate,
        channels=samples.shape[1],
        loudness_lufs=loudness,
        envelope=peaks,
    )


def playing_gain(sound: Sound, collection: Collection, levels: PlayingLevels) -> float:
    """Return the gain in dB that brings a sound to the level at which a collection's are played.

    The rule is that of `embeddings.listening.levels`: no peak passes the ceiling, and a sound
    without a loudness is never raised.
    """
    peak = 20 * np.log10(max(float(sound.envelope.max()), 1e-6))
    widest = int(collection.columns.channels.max())
    measured = {
        "sound": Measured(sound.loudness_lufs, peak, "", sound.channels),
        "widest": Measured(None, 0.0, "", widest),
    }
    loudness = as_played(measured)["sound"].loudness_lufs
    wanted = 0.0 if loudness is None else levels.common_level - loudness
    return round(min(wanted, CEILING_DBTP - peak), 2)


def _write_copy(copy: Path, samples: np.ndarray, rate: int) -> None:
    if passes_full_scale(samples):
        soundfile.write(copy, samples, rate, subtype="FLOAT")
    else:
        soundfile.write(copy, in_16_bits(samples), rate, subtype="PCM_16")


def _decoded(path: Path, name: str) -> Decoded:
    """Return what is heard of a file, with the whole file's frames."""
    try:
        sound = decode(path, most_seconds=LONGEST_SECONDS)
    except UnreadableAudio as error:
        raise UnreadableSound(f"{name}: {error.reason}.") from error
    except InputError as error:
        raise InputError(str(error).replace(str(path), name)) from error
    rate, channels = sound.rate, sound.samples.shape[1]
    if rate > _MOST_RATE:
        raise InputError(f"{name}: the sample rate may be at most {_MOST_RATE:,} Hz, not {rate:,}.")
    if channels > _MOST_CHANNELS:
        raise InputError(
            f"{name}: a sound may have at most {_MOST_CHANNELS} channels, not {channels}."
        )
    return sound


def _digest(samples: np.ndarray, rate: int) -> str:
    content = hashlib.sha256(np.ascontiguousarray(samples, dtype="<f4").tobytes())
    content.update(f" {samples.shape[1]} {rate}".encode())
    return content.hexdigest()
