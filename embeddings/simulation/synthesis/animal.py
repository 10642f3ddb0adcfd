"""Made animals."""

import numpy as np

from embeddings.simulation.synthesis.tools import (
    Generator,
    band,
    beats,
    clock,
    fade,
    formants,
    glide,
    noise,
    place,
    silence,
    swell,
    tone,
)


def bark(rng: Generator) -> np.ndarray:
    """Return 2 to 5 barks of one dog: a falling, rough voice with a noisy onset."""
    pitch, mouth = rng.uniform(180, 520), rng.uniform(0.8, 1.3)
    length = rng.uniform(0.12, 0.24)
    gap = rng.uniform(0.3, 0.6)
    times = gap * np.arange(rng.integers(2, 6))
    sound = silence(times[-1] + length + rng.uniform(0.3, 0.5))
    for at in times:
        bend = rng.uniform(0.95, 1.05) * pitch
        voice = tone(
            glide(length, [(0, 0.8 * bend), (0.2, 1.15 * bend), (1, 0.6 * bend)]),
            0.85 ** np.arange(24),
        )
        rough = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(60, 90) * clock(length))
        breath = noise(rng, length) * fade(length, 0.03)
        peaks = [(mouth * 600, 150, 1.0), (mouth * 1250, 250, 0.8), (mouth * 2600, 400, 0.35)]
        place(sound, at, formants(voice * rough + breath, peaks) * swell(length, 0.6))
    return sound


def meow(rng: Generator) -> np.ndarray:
    """Return one or two meows: a voice that rises and sinks while the mouth opens and closes."""
    pitch, times = rng.uniform(380, 720), [0.0]
    if rng.random() < 0.5:
        times.append(rng.uniform(1.1, 1.6))
    sound = silence(times[-1] + 1.5)
    for at in times:
        length = rng.uniform(0.6, 1.1)
        top = rng.uniform(1.15, 1.5)
        curve = glide(
            length, [(0, pitch), (0.3, top * pitch), (0.6, 1.1 * pitch), (1, 0.75 * pitch)]
        )
        voice = tone(
            curve * (1 + 0.01 * np.sin(2 * np.pi * 6 * clock(length))), 0.8 ** np.arange(20)
        )
        closed = formants(voice, [(450, 120, 1.0), (2400, 300, 0.3)])
        opened = formants(voice, [(950, 150, 1.0), (1700, 200, 0.7), (3200, 300, 0.4)])
        mouth = swell(length, 0.7)
        place(sound, at, (closed * (1 - mouth) + opened * mouth) * swell(length, 0.5))
    return sound


def bird(rng: Generator) -> np.ndarray:
    """Return a phrase of whistles, sweeps and trills, repeated as a bird would."""
    center = rng.uniform(2200, 5200)
    notes = [
        (rng.uniform(0.05, 0.18), center * rng.uniform(0.75, 1.3), rng.uniform(-0.4, 0.5))
        for _ in range(rng.integers(2, 5))
    ]
    trill = rng.uniform(18, 40) if rng.random() < 0.6 else 0.0
    sound, at = silence(rng.uniform(1.8, 3.2)), 0.05
    pause = rng.uniform(0.15, 0.4)
    while at < len(sound) / 44100 - 0.2:
        for length, start, bend in notes:
            curve = glide(length, [(0, start), (1, start * (1 + bend))])
            wobble = 1 + (0.06 * np.sin(2 * np.pi * trill * clock(length)) if trill else 0)
            place(sound, at, tone(curve * wobble, (1, 0.15, 0.05)) * swell(length))
            at += length + rng.uniform(0.02, 0.06)
        at += pause * rng.uniform(0.8, 1.2)
    return sound + 0.003 * noise(rng, len(sound) / 44100, 1)


def cricket(rng: Generator) -> np.ndarray:
    """Return chirps of three to five pulses of one high, nearly pure note."""
    pitch, pulses = rng.uniform(3800, 5600), rng.integers(3, 6)
    length, gap = rng.uniform(0.012, 0.018), rng.uniform(0.025, 0.04)
    seconds = rng.uniform(2, 3.6)
    sound = silence(seconds)
    for at in beats(rng, seconds, rng.uniform(0.25, 0.5), 0.04):
        for number in range(pulses):
            pulse = tone(glide(length, [(0, pitch), (1, 0.985 * pitch)]), (1, 0.1)) * swell(length)
            place(sound, at + number * gap, pulse * (0.6 + 0.4 * number / pulses))
    return sound + 0.004 * band(noise(rng, seconds), 1500, 8000)


def frog(rng: Generator) -> np.ndarray:
    """Return croaks: trains of clicks through a low throat, each train rising in pitch."""
    throat, rate = rng.uniform(450, 1100), rng.uniform(28, 65)
    seconds = rng.uniform(1.6, 3.4)
    sound = silence(seconds)
    for at in beats(rng, seconds, rng.uniform(0.6, 1.1), 0.08):
        length = rng.uniform(0.25, 0.45)
        clicks = silence(length)
        for click in np.arange(0, length, 1 / rate):
            place(clicks, click, noise(rng, 0.004) * (0.4 + 0.6 * click / length))
        peaks = [(throat, 90, 1.0), (2.1 * throat, 150, 0.6), (3.4 * throat, 250, 0.25)]
        place(sound, at, formants(clicks, peaks) * swell(length, 0.4))
    return sound
