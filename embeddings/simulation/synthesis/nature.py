"""Made weather and water."""

import numpy as np

from embeddings.simulation.synthesis.tools import (
    Generator,
    band,
    clock,
    fade,
    glide,
    noise,
    place,
    scatter,
    silence,
    swell,
    tone,
)


def rain(rng: Generator) -> np.ndarray:
    """Return rain: a bright hiss, and single drops that blip where they fall."""
    seconds, heavy = rng.uniform(2.2, 3.8), rng.uniform(0.2, 1)
    hiss = band(noise(rng, seconds, 0.4), 900 - 400 * heavy, 11000)
    drops = silence(seconds)
    for at in scatter(rng, seconds, 25 + 60 * heavy):
        pitch = rng.uniform(1200, 5500)
        blip = tone(glide(0.03, [(0, pitch), (1, 1.15 * pitch)])) * fade(
            0.03, rng.uniform(0.003, 0.008)
        )
        place(drops, at, rng.exponential(0.6) * blip)
    return 0.15 * (0.5 + heavy) * hiss + 0.5 * drops


def thunder(rng: Generator) -> np.ndarray:
    """Return thunder: a crack when near, then rolls of low rumble that die away."""
    seconds, near = rng.uniform(2.8, 4.0), rng.uniform(0, 1)
    rumble = band(noise(rng, seconds, 2), 25, 90 + 160 * near)
    rolls = glide(seconds, [(0, 0), (0.05, 1), (1, 0.05)])
    for at in scatter(rng, 0.7 * seconds, 2.5):
        roll = silence(seconds)
        place(roll, at, rng.uniform(0.4, 1.2) * swell(rng.uniform(0.3, 0.9)))
        rolls += roll * np.exp(-clock(seconds) / 2)
    sound = rumble * rolls
    for at in scatter(rng, 0.25, 14 * near):
        place(sound, at, 2.5 * near * band(noise(rng, 0.3), 300, 6000) * fade(0.3, 0.03))
    return sound


def waves(rng: Generator) -> np.ndarray:
    """Return surf: waves that swell, break brightly and hiss back over the beach."""
    seconds = rng.uniform(3.2, 4.0)
    low = band(noise(rng, seconds, 1), 60, 500)
    high = band(noise(rng, seconds, 0.6), 700, 7000)
    rise = rng.uniform(0.25, 0.5)
    body = glide(seconds, [(0, 0.25), (rise, 1), (1, 0.3)]) ** 1.5
    spray = glide(seconds, [(0, 0.05), (0.8 * rise, 0.15), (rise, 1), (rise + 0.25, 0.5), (1, 0.1)])
    lapping = 1 + 0.2 * np.sin(2 * np.pi * rng.uniform(1.5, 3) * clock(seconds) + rng.uniform(0, 6))
    return low * body + 0.8 * high * spray * lapping


def wind(rng: Generator) -> np.ndarray:
    """Return wind: gusts whose pitch rises with their strength, and a whistle in a gap."""
    seconds = rng.uniform(3, 4)
    times = np.linspace(0, 1, 9)
    gusts = glide(seconds, list(zip(times, rng.uniform(0.15, 1, 9), strict=True)))
    whistle = rng.uniform(500, 1100)
    sound = band(noise(rng, seconds, 1.3), 40, 250) * gusts
    sound += 0.8 * band(noise(rng, seconds, 1), 200, 700) * gusts**2
    thin = band(noise(rng, seconds), 0.96 * whistle, 1.04 * whistle)
    return sound + rng.uniform(0.3, 1.5) * thin * gusts**3
