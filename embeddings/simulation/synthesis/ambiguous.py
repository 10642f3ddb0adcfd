"""Made sounds that could come from many sources."""

import numpy as np

from embeddings.simulation.synthesis.tools import (
    Generator,
    band,
    clock,
    fade,
    formants,
    glide,
    noise,
    place,
    scatter,
    silence,
    swell,
    tone,
)


def crumpling(rng: Generator) -> np.ndarray:
    """Return paper or foil being crumpled: flurries of tiny sharp creases."""
    seconds, stiff = rng.uniform(1.8, 3.4), rng.uniform(2500, 6000)
    sound = silence(seconds)
    at = 0.02
    while at < seconds - 0.2:
        length = rng.uniform(0.15, 0.5)
        for crease in scatter(rng, length, rng.uniform(120, 260)):
            pop = noise(rng, 0.006) * fade(0.006, rng.uniform(0.0005, 0.002), 0.0002)
            place(sound, at + crease, rng.exponential(0.5) * pop)
        at += length + rng.uniform(0.02, 0.2)
    return band(sound, 0.35 * stiff, 2.6 * stiff)


def crushing(rng: Generator) -> np.ndarray:
    """Return something brittle being crushed: a few heavy crunches full of low breaks."""
    seconds = rng.uniform(1.4, 2.8)
    sound = silence(seconds)
    hull = rng.uniform(250, 600)
    for at in scatter(rng, seconds - 0.6, 2.2):
        length = rng.uniform(0.25, 0.55)
        crunch = silence(length)
        for crack in scatter(rng, length, 90):
            place(crunch, crack, rng.exponential(1) * noise(rng, 0.02) * fade(0.02, 0.004))
        peaks = [(hull, 200, 1.0), (2.3 * hull, 400, 0.8), (5 * hull, 900, 0.5)]
        place(sound, at, formants(crunch, peaks) * swell(length, 0.5))
    return sound


def screech(rng: Generator) -> np.ndarray:
    """Return a screech: a harsh squeal that slides and breaks, as brakes or chalk do."""
    length = rng.uniform(0.9, 2.2)
    pitch = rng.uniform(1500, 3400)
    curve = glide(
        length, [(0, pitch), (0.3, pitch * rng.uniform(1, 1.3)), (1, pitch * rng.uniform(0.7, 1.1))]
    )
    shake = band(noise(rng, length), 0, 60)
    squeal = tone(curve * (1 + 0.02 * shake / shake.std()), (1, 0.7, 0.5, 0.35, 0.2))
    grit = 1 + 0.6 * np.sign(np.sin(2 * np.pi * rng.uniform(35, 80) * clock(length)))
    sound = silence(length + rng.uniform(0.1, 0.5))
    scrape = 0.25 * band(noise(rng, length), 1500, 9000)
    place(sound, 0.05, (squeal * grit + scrape) * swell(length, 0.4))
    return sound


def tearing(rng: Generator) -> np.ndarray:
    """Return cloth or paper being torn: fibres that break faster and faster."""
    length, first = rng.uniform(0.6, 1.6), rng.uniform(25, 60)
    rate = glide(length, [(0, first), (1, first * rng.uniform(2, 5))])
    breaks = np.mod(np.cumsum(rate) / 44100, 1.0)
    rip = band(noise(rng, length), rng.uniform(500, 1400), 10000) * (0.15 + np.exp(-6 * breaks))
    sound = silence(length + rng.uniform(0.3, 0.9))
    place(sound, 0.05, rip * glide(length, [(0, 0.2), (0.1, 0.7), (0.9, 1), (1, 0)]))
    return sound
