"""Made instruments."""

import numpy as np
from scipy.signal import lfilter, square

from embeddings.simulation.synthesis.tools import (
    RATE,
    Generator,
    band,
    beats,
    clock,
    fade,
    glide,
    noise,
    place,
    silence,
    tone,
)

_CHORD = np.array([0, 4, 7, 12, 16, 19])


def guitar(rng: Generator) -> np.ndarray:
    """Return plucked strings (Karplus and Strong 1983): an arpeggio or a strummed chord."""
    root = rng.uniform(82, 196)
    steps = rng.permutation(_CHORD)[: rng.integers(1, 6)]
    gap = rng.choice([0.02, rng.uniform(0.15, 0.45)])
    bright, loss = rng.uniform(0.2, 0.9), rng.uniform(0.992, 0.998)
    sound = silence(gap * len(steps) + rng.uniform(1.2, 2.0))
    for number, step in enumerate(steps):
        period = round(RATE / (root * 2 ** (step / 12)))
        pluck = silence(2.5)
        burst = rng.uniform(-1, 1, period)
        pluck[:period] = lfilter([bright], [1, bright - 1], burst)
        # The string: a delay of one period, closed through a two-point mean that dulls it.
        loop = np.zeros(period + 2)
        loop[0], loop[-2:] = 1, -0.5 * loss
        place(sound, number * gap, lfilter([1], loop, pluck) * fade(2.5, 1.2))
    return sound


def glockenspiel(rng: Generator) -> np.ndarray:
    """Return struck metal bars: the partials of a free bar, each fading at its own pace."""
    root = rng.uniform(900, 1700)
    notes = root * 2 ** (rng.choice([0, 2, 4, 7, 9, 12], rng.integers(1, 6)) / 12)
    gap = rng.uniform(0.18, 0.5)
    sound = silence(gap * len(notes) + rng.uniform(1, 1.6))
    for number, note in enumerate(notes):
        for ratio, amplitude, decay in ((1, 1, 0.7), (2.76, 0.35, 0.25), (5.4, 0.15, 0.1)):
            partial = tone(np.full(round(2 * RATE), min(ratio * note, 20000.0)))
            place(sound, number * gap, amplitude * partial * fade(2, decay * rng.uniform(0.8, 1.3)))
        place(sound, number * gap, 0.2 * band(noise(rng, 0.01), 3000, 12000) * fade(0.01, 0.002))
    return sound


def hi_hat(rng: Generator) -> np.ndarray:
    """Return a rhythm on a hi-hat, closed and now and then open: clashing high metal."""
    base, gap = rng.uniform(300, 480), rng.uniform(0.14, 0.3)
    ratios = np.array([2, 3, 4.16, 5.43, 6.79, 8.21]) * rng.uniform(0.98, 1.02, 6)
    seconds = rng.uniform(1.4, 2.8)
    sound = silence(seconds)
    for at in beats(rng, seconds, gap, 0.03):
        decay = 0.3 if rng.random() < 0.2 else rng.uniform(0.025, 0.06)
        times = clock(4 * decay)
        metal = sum(square(2 * np.pi * base * ratio * times) for ratio in ratios)
        hit = band(metal / 6 + 0.6 * noise(rng, 4 * decay), 6500, np.inf, 3) * fade(
            4 * decay, decay
        )
        place(sound, at, rng.uniform(0.6, 1) * hit)
    return sound


def organ(rng: Generator) -> np.ndarray:
    """Return held organ chords: pipes at octaves and fifths, a slow tremulant, soft edges."""
    root = rng.uniform(110, 262)
    stops = rng.uniform(0.1, 1, 8) * np.array([1, 1, 0.6, 0.7, 0.3, 0.4, 0.1, 0.3])
    lengths = rng.uniform(0.9, 1.8, rng.integers(1, 3))
    sound, at = silence(lengths.sum() + 0.3), 0.0
    for length in lengths:
        chord = root * 2 ** (rng.choice([0, 3, 4, 5, 7, 9, 12], 3, replace=False) / 12)
        tremble = 1 + 0.04 * np.sin(2 * np.pi * rng.uniform(4, 6) * clock(length))
        edges = glide(length, [(0, 0), (0.06, 1), (0.9, 1), (1, 0)])
        for note in chord:
            place(sound, at, tone(np.full(len(tremble), note), stops) * tremble * edges)
        at += length
    return sound + 0.01 * band(noise(rng, len(sound) / RATE), 800, 4000)


def snare_drum(rng: Generator) -> np.ndarray:
    """Return hits on a snare drum, single or as a small pattern: two modes and rattling wires."""
    pitch, wires = rng.uniform(160, 240), rng.uniform(0.08, 0.18)
    gap = rng.uniform(0.18, 0.5)
    seconds = gap * rng.integers(2, 7) + 0.4
    sound = silence(seconds)
    for at in beats(rng, seconds - 0.3, gap, 0.04):
        skin = tone(glide(0.25, [(0, 1.3 * pitch), (0.2, pitch), (1, pitch)])) * fade(0.25, 0.05)
        upper = tone(np.full(round(0.25 * RATE), 1.6 * pitch)) * fade(0.25, 0.03)
        rattle = band(noise(rng, 0.5), 1800, 9500) * fade(0.5, wires)
        hit = silence(0.5)
        place(hit, 0, skin + 0.6 * upper)
        place(sound, at, rng.uniform(0.55, 1) * (hit + 0.8 * rattle))
    return sound
