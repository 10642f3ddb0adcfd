"""Reading sound files, whole or not at all."""

from pathlib import Path

import numpy as np
import soundfile

from embeddings.errors import InputError

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
LONGEST_SECONDS = 1800.0
"""Longer files are refused: a clip is decoded whole, and a sound to compare is not an hour."""


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


def _reason(error: BaseException) -> str:
    return " ".join(str(getattr(error, "error_string", error)).split()).rstrip(".")
