"""Made people: hands, feet, breath and voice."""

import numpy as np

from embeddings.simulation.synthesis.tools import (
    RATE,
    Generator,
    band,
    beats,
    clock,
    fade,
    formants,
    glide,
    noise,
    place,
    ring,
    scatter,
    silence,
    swell,
    tone,
)

_VOWELS = (
    ((730, 90, 1.0), (1090, 110, 0.6), (2440, 160, 0.25)),
    ((530, 80, 1.0), (1840, 120, 0.5), (2480, 160, 0.3)),
    ((270, 60, 1.0), (2290, 130, 0.35), (3010, 200, 0.3)),
    ((570, 80, 1.0), (840, 90, 0.7), (2410, 160, 0.15)),
    ((300, 60, 1.0), (870, 90, 0.5), (2240, 160, 0.1)),
)
"""Formants of a, e, i, o, u: frequency and bandwidth in Hz, weight."""


def applause(rng: Generator) -> np.ndarray:
    """Return a room of clapping hands, each pair with its own sound and tempo."""
    seconds = rng.uniform(2.2, 3.8)
    sound = silence(seconds)
    for _ in range(rng.integers(12, 45)):
        middle, loud = rng.uniform(700, 2400), rng.uniform(0.3, 1)
        for at in beats(rng, seconds, rng.uniform(0.16, 0.32), 0.15) + rng.uniform(0, 0.3):
            clap = band(noise(rng, 0.03), 0.6 * middle, 1.6 * middle) * fade(0.03, 0.006)
            place(sound, at, loud * clap)
    return sound * glide(seconds, [(0, 0.4), (0.2, 1), (0.7, 1), (1, 0.5)])


def breathing(rng: Generator) -> np.ndarray:
    """Return breaths: in through a narrow passage, out through a wider one."""
    inward, outward = rng.uniform(0.5, 0.9), rng.uniform(0.6, 1.1)
    tract = rng.uniform(0.85, 1.2)
    seconds = rng.uniform(2.4, 3.8)
    sound, at = silence(seconds), 0.05
    while at < seconds - 0.3:
        for length, low, high, loud in ((inward, 900, 3600, 0.7), (outward, 350, 2200, 1.0)):
            breath = band(noise(rng, length, 0.5), tract * low, tract * high)
            place(sound, at, loud * breath * swell(length, 1.3))
            at += length + rng.uniform(0.05, 0.15)
        at += rng.uniform(0.05, 0.25)
    return sound


def finger_snapping(rng: Generator) -> np.ndarray:
    """Return finger snaps in a small room."""
    pitch, room = rng.uniform(1600, 2900), rng.uniform(0.03, 0.09)
    seconds = rng.uniform(1.3, 2.8)
    sound = silence(seconds)
    for at in beats(rng, seconds, rng.uniform(0.4, 0.75), 0.04):
        click = noise(rng, 0.02) * fade(0.02, 0.002)
        snap = np.zeros(round(0.3 * RATE))
        place(snap, 0, 3 * click)
        snap = ring(snap, pitch * rng.uniform(0.96, 1.04), 0.006) + 0.5 * ring(
            snap, 1.9 * pitch, 0.003
        )
        tail = band(noise(rng, 0.3, 0.5), 600, 5000) * fade(0.3, room)
        place(sound, at, snap / np.abs(snap).max() + 0.05 * tail)
    return sound


def singing(rng: Generator) -> np.ndarray:
    """Return a sung phrase of vowels: a voice with vibrato on the steps of a scale."""
    base, size = rng.uniform(130, 420), rng.uniform(0.9, 1.2)
    steps = 2.0 ** (np.array([0, 2, 4, 5, 7, 9, 12]) / 12)
    vibrato, depth = rng.uniform(4.8, 6.4), rng.uniform(0.008, 0.02)
    lengths = rng.uniform(0.5, 1.0, rng.integers(2, 5))
    sound, at = silence(lengths.sum() + 0.2), 0.05
    for length in lengths:
        curve = base * rng.choice(steps) * (1 + depth * np.sin(2 * np.pi * vibrato * clock(length)))
        voice = tone(curve, 0.88 ** np.arange(40)) + 0.03 * noise(rng, length)
        vowel = _VOWELS[rng.integers(len(_VOWELS))]
        peaks = [(size * frequency, width, weight) for frequency, width, weight in vowel]
        place(sound, at, formants(voice, peaks) * swell(length, 0.35))
        at += length * 0.97
    return sound


def footsteps(rng: Generator) -> np.ndarray:
    """Return steps of a walker: the heel's thump, then the sole, on soft or hard ground."""
    hard, gap = rng.uniform(0, 1), rng.uniform(0.42, 0.62)
    thump = rng.uniform(70, 140)
    seconds = rng.uniform(2.2, 3.8)
    sound = silence(seconds)
    for foot, at in enumerate(beats(rng, seconds, gap, 0.05)):
        heel = tone(glide(0.12, [(0, 1.4 * thump), (1, thump)])) * fade(0.12, 0.025)
        click = band(noise(rng, 0.05), 1200 + 1500 * hard, 7000) * fade(0.05, 0.004 + 0.006 * hard)
        sole = band(noise(rng, 0.15), 400, 2500 + 2000 * hard) * swell(0.15, 1.5)
        weight = 1.0 if foot % 2 else rng.uniform(0.75, 0.95)
        place(sound, at, weight * heel)
        place(sound, at, weight * 0.8 * hard * click)
        place(sound, at + 0.07, weight * (0.35 - 0.15 * hard) * sole)
        for grain in scatter(rng, 0.12, 60 * (1 - hard)):
            place(sound, at + 0.05 + grain, 0.4 * noise(rng, 0.004) * fade(0.004, 0.001))
    return sound
