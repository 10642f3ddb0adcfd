"""Made machines and devices."""

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
    tone,
)


def engine(rng: Generator) -> np.ndarray:
    """Return an idling engine: uneven firing strokes through an exhaust, and valve clatter."""
    seconds, firing = rng.uniform(2.4, 3.8), rng.uniform(18, 42)
    strokes = silence(seconds)
    cylinders = rng.uniform(0.6, 1, 4)
    for number, at in enumerate(beats(rng, seconds, 1 / firing, 0.06)):
        place(strokes, at, cylinders[number % 4] * noise(rng, 0.012) * fade(0.012, 0.004))
    size = rng.uniform(0.8, 1.4)
    exhaust = formants(
        strokes, [(70 * size, 25, 1.0), (160 * size, 50, 0.7), (420 * size, 120, 0.3)]
    )
    clatter = band(noise(rng, seconds), 1500, 4500) * (
        0.5 + 0.5 * np.sin(2 * np.pi * firing / 2 * clock(seconds))
    )
    return exhaust / exhaust.std() + rng.uniform(0.02, 0.12) * clatter


def keyboard(rng: Generator) -> np.ndarray:
    """Return typing on a computer keyboard: presses and releases, some keys larger."""
    seconds, plate = rng.uniform(2.2, 3.6), rng.uniform(1800, 3200)
    sound = silence(seconds)
    for at in beats(rng, seconds, rng.uniform(0.1, 0.2), 0.4):
        size = rng.uniform(0.5, 1) if rng.random() < 0.85 else 1.6
        for delay, loud in ((0.0, 1.0), (rng.uniform(0.05, 0.08), 0.5)):
            click = noise(rng, 0.05) * fade(0.05, 0.0025)
            key = ring(click, plate * rng.uniform(0.9, 1.1) / size, 0.004)
            case = ring(click, 320 / size, 0.012)
            place(sound, at + delay, loud * size * (key + 0.6 * case + 0.05 * click))
    return sound + 0.0005 * noise(rng, seconds, 1)


def ringtone(rng: Generator) -> np.ndarray:
    """Return a telephone: a warble of two notes in bursts, or a short tune of beeps."""
    seconds, low = rng.uniform(2.2, 3.6), rng.uniform(600, 1100)
    overtones = (1, 0.0, rng.uniform(0.2, 0.5), 0.0, rng.uniform(0.05, 0.25))
    sound = silence(seconds)
    if rng.random() < 0.5:
        warble = np.where(np.sin(2 * np.pi * rng.uniform(14, 24) * clock(0.9)) > 0, low, 1.25 * low)
        for at in beats(rng, seconds, rng.uniform(1.1, 1.4)):
            place(
                sound,
                at,
                tone(warble, overtones) * glide(0.9, [(0, 0), (0.02, 1), (0.98, 1), (1, 0)]),
            )
        return sound
    tune = low * 2 ** (rng.choice([0, 2, 4, 7, 9, 12], 5) / 12)
    length = rng.uniform(0.09, 0.16)
    for number, at in enumerate(beats(rng, seconds, 1.15 * length)):
        note = np.full(round(length * RATE), tune[number % 5])
        if number % 9 < 5:
            place(
                sound,
                at,
                tone(note, overtones) * glide(length, [(0, 0), (0.1, 1), (0.7, 1), (1, 0)]),
            )
    return sound


def siren(rng: Generator) -> np.ndarray:
    """Return a siren: a wail or yelp that sweeps, or two notes in turn."""
    seconds, low = rng.uniform(2.6, 4.0), rng.uniform(380, 650)
    turn = rng.uniform(0.3, 3.5) * clock(seconds) + rng.uniform(0, 1)
    high = low * rng.uniform(1.8, 2.6)
    if rng.random() < 0.35:
        curve = np.where(turn % 1 < 0.5, low, 1.33 * low)
    else:
        curve = low + (high - low) * (0.5 - 0.5 * np.cos(2 * np.pi * turn))
    horn = tone(curve, (1, 0.6, 0.45, 0.3, 0.2, 0.12))
    return band(horn, 350, 5000) + 0.02 * noise(rng, seconds, 1)


def tick_tock(rng: Generator) -> np.ndarray:
    """Return a clock: two small clicks in turn, steady as a pendulum."""
    pitch, body = rng.uniform(1800, 4200), rng.uniform(300, 900)
    seconds = rng.uniform(2.4, 3.8)
    sound = silence(seconds)
    for number, at in enumerate(beats(rng, seconds, rng.uniform(0.22, 0.6))):
        lean = 1.0 if number % 2 else 0.82
        click = noise(rng, 0.06) * fade(0.06, 0.0012)
        wheel = ring(click, lean * pitch, 0.008) + 0.5 * ring(click, lean * body, 0.02)
        place(sound, at, wheel)
        for rattle in scatter(rng, 0.03, 40):
            place(sound, at + rattle, 0.15 * ring(click, 1.5 * pitch, 0.002))
    return sound + 0.0003 * noise(rng, seconds, 1)
