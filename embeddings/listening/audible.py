"""Sounds as ears get them: on two sides at most, at a rate that browsers play, in full scale.

What ears get is not what systems hear: embeddings are computed of the file itself. Most files need
nothing and stay the same samples.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from embeddings.audio.decoding import decode
from embeddings.audio.meter import too_low, within_full_scale
from embeddings.audio.rates import resampled
from embeddings.audio.speakers import Layout, mixed_down

PLAYED_RATES = (3000, 384_000)
"""The lowest and the highest rate in Hz that Chromium, Firefox and WebKit play, as measured."""

TWO_SIDES_DB = 3.01
"""By how many dB a browser plays mono, on both sides, louder than a meter reads it."""

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

OPUS_RATE = 48000
"""The rate in Hz at which Opus plays, whatever it was coded at."""


class Audible(NamedTuple):
    """A sound as ears get it.

    Attributes
    ----------
    samples : float32 [frames, 1 or 2]
    rate : in Hz
    note : what was done to make it audible, in words; "" where nothing was
    seconds : length of the file
    silent : why nobody hears it, though a meter may read something at `rate`; "" where ears may
    """

    samples: np.ndarray
    rate: int
    note: str
    seconds: float
    silent: str


def read_audible(path: Path) -> Audible:
    """Return the sound in `path` as ears get it; raises as `audio.decoding.read_audio`."""
    sound = decode(path)
    return audible(sound.samples, sound.rate, sound.layout)


def audible(samples: np.ndarray, rate: int, layout: Layout = ()) -> Audible:
    """Return `samples`, float32 [frames, channels], taken at `rate` in Hz, as ears get them."""
    seconds, silent = len(samples) / rate, too_low(rate)
    samples, beyond = within_full_scale(samples)
    samples, mixed = mixed_down(samples, layout)
    note = "; ".join(filter(None, (beyond, mixed)))
    if PLAYED_RATES[0] <= rate <= PLAYED_RATES[1]:
        return Audible(samples, rate, note, seconds, silent)
    return Audible(*at_mp3_rate(samples, rate), note, seconds, silent)


def at_mp3_rate(samples: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """Return `samples` at a rate that MP3 has: their own, else the next higher, else the highest.

    Above 48000 Hz, multiples of 44100 go to 44100.
    """
    highest = 48000 if rate % 44100 else 44100
    new = rate if rate in MP3_RATES else min((r for r in MP3_RATES if r > rate), default=highest)
    return resampled(samples, rate, new), new


def passes_full_scale(samples: np.ndarray) -> bool:
    """Return whether a format of whole numbers would cut `samples` off."""
    return max(float(samples.max()), -float(samples.min())) > 1


def in_16_bits(samples: np.ndarray) -> np.ndarray:
    """Return float `samples` as int16, rounded, without dither, and cut off at full scale."""
    scaled = samples * 32768
    np.rint(scaled, out=scaled)  # in place: of half an hour of stereo each copy takes 691 MB
    return scaled.clip(-32768, 32767, out=scaled).astype(np.int16)
