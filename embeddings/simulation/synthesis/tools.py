"""The few pieces that all made sounds are built from.

Sounds are float64 [samples] at `RATE`; times and lengths are in seconds, frequencies in Hz.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.fft import irfft, rfft
from scipy.signal import butter, lfilter, sosfilt

RATE = 44100

Generator = np.random.Generator


def silence(seconds: float) -> np.ndarray:
    """Return a silent sound to place others in."""
    return np.zeros(round(seconds * RATE))


def clock(seconds: float) -> np.ndarray:
    """Return the time of each sample."""
    return np.arange(round(seconds * RATE)) / RATE


def noise(rng: Generator, seconds: float, slope: float = 0.0) -> np.ndarray:
    """Return noise of unit variance whose spectrum falls by `slope` x 3 dB an octave.

    0 is white, 1 pink, 2 brown.
    """
    count = round(seconds * RATE)  # often hard on an FFT; scipy's takes half as long as numpy's
    spectrum = rfft(rng.standard_normal(count))
    frequencies = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0)
    shaped = irfft(spectrum * frequencies ** (-slope / 2), count)
    return shaped / shaped.std()


def band(sound: np.ndarray, low: float, high: float, order: int = 2) -> np.ndarray:
    """Return what `sound` has between `low` and `high`; 0 and infinity leave a side open."""
    high = min(high, 0.45 * RATE)
    if low <= 0:
        sections = butter(order, high, "lowpass", fs=RATE, output="sos")
    elif high >= 0.45 * RATE:
        sections = butter(order, low, "highpass", fs=RATE, output="sos")
    else:
        sections = butter(order, (low, high), "bandpass", fs=RATE, output="sos")
    return sosfilt(sections, sound)


def ring(sound: np.ndarray, frequency: float, decay: float) -> np.ndarray:
    """Return `sound` through a resonance at `frequency` that fades to 1/e in `decay` seconds."""
    radius = np.exp(-1 / (decay * RATE))
    turn = 2 * np.pi * frequency / RATE
    return lfilter([1 - radius], [1, -2 * radius * np.cos(turn), radius**2], sound)


def formants(sound: np.ndarray, peaks: Iterable[tuple[float, float, float]]) -> np.ndarray:
    """Return the sum of resonances of `sound`: (frequency, bandwidth, weight) each."""
    return sum(
        (
            weight * ring(sound, frequency, 1 / (np.pi * width))
            for frequency, width, weight in peaks
        ),
        np.zeros_like(sound),
    )


def glide(seconds: float, points: Sequence[tuple[float, float]]) -> np.ndarray:
    """Return a curve through `points`, (share of the length, value) each, straight between them."""
    shares, values = zip(*points, strict=True)
    return np.interp(np.linspace(0, 1, round(seconds * RATE)), shares, values)


def tone(frequency: np.ndarray, harmonics: Sequence[float] | np.ndarray = (1.0,)) -> np.ndarray:
    """Return a tone that follows `frequency` [samples], with these amplitudes of its harmonics.

    Harmonics above half the sampling rate are left out.
    """
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    sound = np.zeros_like(phase)
    for number, amplitude in enumerate(harmonics, 1):
        sound += np.where(frequency * number < RATE / 2, amplitude, 0.0) * np.sin(number * phase)
    return sound


def fade(seconds: float, decay: float, attack: float = 0.001) -> np.ndarray:
    """Return an envelope that rises in `attack` and falls to 1/e in `decay`."""
    times = clock(seconds)
    return np.minimum(times / attack, 1.0) * np.exp(-times / decay)


def swell(seconds: float, sharpness: float = 1.0) -> np.ndarray:
    """Return an envelope that rises from nothing and returns to it, a half sine to a power."""
    return np.sin(np.pi * np.linspace(0, 1, round(seconds * RATE))) ** sharpness


def place(sound: np.ndarray, at: float, event: np.ndarray) -> None:
    """Add `event` to `sound` in place, starting `at` seconds; what hangs over the end is lost."""
    start = round(at * RATE)
    length = min(len(event), len(sound) - start)
    if length > 0:
        sound[start : start + length] += event[:length]


def beats(rng: Generator, seconds: float, gap: float, jitter: float = 0.0) -> np.ndarray:
    """Return times from 0 to `seconds`, `gap` apart, each moved by up to `jitter` of the gap."""
    times = np.arange(0.02, seconds - 0.05, gap)
    moved = times + gap * jitter * rng.uniform(-1, 1, len(times))
    return np.clip(moved, 0, None)


def scatter(rng: Generator, seconds: float, per_second: float) -> np.ndarray:
    """Return random times (a Poisson process) between 0 and `seconds`, in order."""
    return np.sort(rng.uniform(0, seconds, rng.poisson(per_second * seconds) + 1))


def finish(rng: Generator, sound: np.ndarray) -> np.ndarray:
    """Return `sound` in a quiet room, with short fades at its ends, peaking at -10 to -1 dBFS."""
    sound = sound / np.abs(sound).max()
    sound += 10 ** (rng.uniform(-76, -64) / 20) * noise(rng, len(sound) / RATE, 1)
    sound -= sound.mean()
    edge = round(0.005 * RATE)
    sound[:edge] *= np.linspace(0, 1, edge)
    sound[-edge:] *= np.linspace(1, 0, edge)
    return sound * 10 ** (rng.uniform(-10, -1) / 20) / np.abs(sound).max()
