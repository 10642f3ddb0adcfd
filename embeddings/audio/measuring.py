"""What a collection stores about each sound: length, loudness, envelope."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.audio.decoding import decode
from embeddings.audio.meter import integrated_loudness, within_full_scale

ENVELOPE_POINTS = 200


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
    suspicion : why the file may not be what it should be, a clause; "" where nothing is suspicious

    What passes full scale by more than 6 dB is measured, and played, lowered to it.
    """

    seconds: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    loudness_note: str
    envelope: list[float]
    suspicion: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return asdict(self)


def measure(path: Path) -> Measurement:
    """Decode `path` once and return its :class:`Measurement`; raises as `decoding.read_audio`."""
    sound = decode(path)
    rate = sound.rate
    samples, beyond = within_full_scale(sound.samples)
    loudness, note = integrated_loudness(samples, rate, sound.layout)
    return Measurement(
        seconds=round(len(samples) / rate, 6),
        sample_rate=rate,
        channels=samples.shape[1],
        loudness_lufs=loudness,
        loudness_note="; ".join(filter(None, (beyond, note))),
        envelope=np.round(envelope(samples).astype(np.float64), 4).tolist(),
        suspicion=sound.suspicion,
    )


def envelope(samples: np.ndarray, points: int = ENVELOPE_POINTS) -> np.ndarray:
    """Return the peak envelope of `samples` [frames, channels], float32 [points] in [0, 1].

    Point ``k`` is the largest magnitude of any channel in the stretch from ``k/points`` to
    ``(k+1)/points`` of the sound; a sound with fewer frames than points repeats its frames.
    """
    peaks = np.abs(samples).max(axis=1)
    starts = (np.arange(points) * len(peaks)) // points
    return np.minimum(np.maximum.reduceat(peaks, starts), 1.0).astype(np.float32)
