"""Reading sound files, and what a collection stores about each: length, loudness, envelope."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from embeddings.errors import InputError

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
ENVELOPE_POINTS = 200
LONGEST_SECONDS = 1800.0
"""Longer files are refused: a clip is decoded whole, and a sound to compare is not an hour."""

_LOUDNESS_BLOCK_SECONDS = 0.4
_LOUDNESS_MOST_CHANNELS = 5


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one audio file is, measured.

    Attributes
    ----------
    seconds : length, more than 0
    sample_rate : in Hz
    channels : 1 or more
    loudness_lufs : integrated loudness (ITU-R BS.1770-4) in LUFS, or None where it has none
    loudness_note : why `loudness_lufs` is None, or how it was measured; "" when nothing is special
    envelope : `ENVELOPE_POINTS` peaks over equal stretches of the file, in [0, 1] of full scale
    """

    seconds: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    loudness_note: str
    envelope: list[float]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return asdict(self)


def read_audio(path: Path) -> tuple[np.ndarray, int]:
    """Return the samples, float32 [frames, channels] in about [-1, 1], and the rate in Hz.

    Raises
    ------
    InputError
        The file is missing, unreadable, empty, too long, or has samples that are not numbers.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > LONGEST_SECONDS * file.samplerate:
                raise InputError(
                    f"{path}: the audio is {file.frames / file.samplerate:.0f} s long; "
                    f"a clip may have at most {LONGEST_SECONDS:.0f} s."
                )
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.") from None
        raise InputError(f"{path}: the audio cannot be read ({_reason(error)}).") from error
    if not len(samples):
        raise InputError(f"{path}: the audio is empty (0 samples).")
    if not np.isfinite(samples).all():
        bad = int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])
        raise InputError(f"{path}: sample {bad} is not a finite number.")
    return samples, rate


def measure(path: Path) -> Measurement:
    """Decode `path` once and return its :class:`Measurement`; raises as :func:`read_audio`."""
    samples, rate = read_audio(path)
    loudness, note = integrated_loudness(samples, rate)
    return Measurement(
        seconds=round(len(samples) / rate, 6),
        sample_rate=rate,
        channels=samples.shape[1],
        loudness_lufs=loudness,
        loudness_note=note,
        envelope=[round(float(peak), 4) for peak in envelope(samples)],
    )


def integrated_loudness(samples: np.ndarray, rate: int) -> tuple[float | None, str]:
    """Return the integrated loudness of `samples` in LUFS and a note; see :class:`Measurement`.

    `samples` is float [frames, channels]. A sound shorter than one gating block of 0.4 s is
    repeated until it fills one. Silence has no loudness: None, never minus infinity.
    """
    import pyloudnorm

    frames, channels = samples.shape
    if channels > _LOUDNESS_MOST_CHANNELS:
        return None, f"loudness is defined for at most {_LOUDNESS_MOST_CHANNELS} channels"
    if not samples.any():
        return None, "silent"
    note = ""
    block = int(np.ceil(_LOUDNESS_BLOCK_SECONDS * rate))
    if frames < block:
        samples = np.resize(samples, (block, channels))  # repeats from the start
        note = f"shorter than {_LOUDNESS_BLOCK_SECONDS} s: measured looped"
    meter = pyloudnorm.Meter(rate, block_size=_LOUDNESS_BLOCK_SECONDS)
    loudness = float(meter.integrated_loudness(samples.astype(np.float64)))
    if not np.isfinite(loudness):
        return None, "quieter than the gate of -70 LUFS"
    return round(loudness, 2), note


def envelope(samples: np.ndarray, points: int = ENVELOPE_POINTS) -> np.ndarray:
    """Return the peak envelope of `samples` [frames, channels], float32 [points] in [0, 1].

    Point ``k`` is the largest magnitude of any channel in the stretch from ``k/points`` to
    ``(k+1)/points`` of the sound; a sound with fewer frames than points repeats its frames.
    """
    peaks = np.abs(samples).max(axis=1)
    starts = (np.arange(points) * len(peaks)) // points
    return np.minimum(np.maximum.reduceat(peaks, starts), 1.0).astype(np.float32)


def _reason(error: BaseException) -> str:
    return " ".join(str(getattr(error, "error_string", error)).split()).rstrip(".")
