"""Made sounds of classes that belong to no family."""

import numpy as np

from embeddings.simulation.synthesis.tools import (
    RATE,
    Generator,
    band,
    beats,
    fade,
    noise,
    place,
    ring,
    scatter,
    silence,
    tone,
)

_BELL = (
    (0.5, 0.5, 3.0), (1.0, 1.0, 2.0), (1.2, 0.8, 1.5), (1.5, 0.4, 1.2), (2.0, 0.9, 1.0),
    (2.61, 0.35, 0.6), (3.01, 0.3, 0.4), (4.16, 0.25, 0.25),
)  # fmt: skip
"""A church bell's partials: hum, prime, tierce, quint, nominal and above; amplitude, decay in s."""


def church_bell(rng: Generator) -> np.ndarray:
    """Return one or two strokes of a church bell: partials of a bell with a minor third."""
    pitch, stretch = rng.uniform(180, 420), rng.uniform(0.985, 1.015)
    times = [0.02] if rng.random() < 0.5 else [0.02, rng.uniform(1.2, 1.8)]
    sound = silence(4.0)
    for at in times:
        for ratio, amplitude, decay in _BELL:
            for split in (0.9985, 1.0015):  # the two modes that beat against each other
                partial = tone(np.full(len(sound), pitch * ratio**stretch * split))
                place(sound, at, amplitude * rng.uniform(0.7, 1.2) * partial * fade(4, decay))
        place(sound, at, 2 * band(noise(rng, 0.05), 1500, 6000) * fade(0.05, 0.01))
    return sound


def crackle(rng: Generator) -> np.ndarray:
    """Return a small fire: pops of every size over a faint roar."""
    seconds = rng.uniform(2.2, 3.8)
    sound = rng.uniform(0.01, 0.04) * band(noise(rng, seconds, 1), 80, 900)
    for at in scatter(rng, seconds, rng.uniform(12, 40)):
        size = rng.pareto(2.0) + 0.1
        pop = noise(rng, 0.02) * fade(0.02, 0.0008 + 0.002 * rng.random(), 0.0002)
        place(sound, at, min(size, 4.0) * 0.3 * ring(pop, rng.uniform(900, 5000), 0.002))
    return sound


def knock(rng: Generator) -> np.ndarray:
    """Return knocks on a wooden door: a group or two of strokes on one panel."""
    panel, damping = rng.uniform(120, 300), rng.uniform(0.02, 0.05)
    gap, strokes = rng.uniform(0.14, 0.3), rng.integers(2, 6)
    groups = [0.03] if rng.random() < 0.6 else [0.03, 0.03 + strokes * gap + 0.5]
    sound = silence(groups[-1] + strokes * gap + 0.4)
    for group in groups:
        for at in group + beats(rng, strokes * gap + 0.05, gap, 0.06):
            hit = silence(0.25)
            place(hit, 0, noise(rng, 0.006) * fade(0.006, 0.0015))
            wood = ring(hit, panel, damping) + 0.7 * ring(hit, 2.4 * panel, 0.6 * damping)
            knuckle = 0.3 * ring(hit, rng.uniform(900, 1400), 0.008)
            place(sound, at, rng.uniform(0.7, 1) * (wood + knuckle))
    return sound[: round(4 * RATE)]
