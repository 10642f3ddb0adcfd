"""The sounds of a sound check: a tone to set the volume by, and a test for headphones."""

import math
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np

from embeddings.audio.meter import integrated_loudness
from embeddings.errors import InputError
from embeddings.listening.beeps import write_beeps
from embeddings.listening.copies import check_format, random_name, write_sound
from embeddings.listening.levels import CEILING_DBTP, rounded_peak

_RATE = 44100
_CHORD = (220, 330, 440, 660, 880, 1320, 1760)  # Hz: small loudspeakers play them, too
_CHORD_SECONDS, _CHORD_FADE = 5.0, 0.5
_TRIAL_PITCH, _TONE_SECONDS, _TRIAL_FADE, _TRIAL_GAP = 200, 1.0, 0.1, 0.5
TRIAL_SECONDS = 3 * _TONE_SECONDS + 2 * _TRIAL_GAP
"""How long each trial of the headphone test is."""

_QUIETER_DB = -6.0


@dataclass(frozen=True, slots=True)
class CheckSounds:
    """File names of the sounds of a sound check.

    Attributes
    ----------
    tone : a gentle chord at the common level; it can be played again and again
    beeps : recordings of beeps to be counted: (file name, how many); none unless asked for
    trials : of the headphone test: (file name, which of its tones is the quieter one, from 1 to 3)
    """

    tone: str
    beeps: tuple[tuple[str, int], ...]
    trials: tuple[tuple[str, int], ...]


def write_check_sounds(
    folder: Path, format: str, level: float, seed: int, *, channels: int = 1, beeps: bool = True
) -> CheckSounds:
    """Write the sounds of a sound check into `folder` under random names.

    The headphone test has six trials of three 200 Hz tones: one is 6 dB quieter than the plain one,
    one is in antiphase between left and right [1]_. In headphones the quieter one is the quietest;
    over loudspeakers the antiphase one cancels itself and seems so. Each order of the three comes
    once.

    Parameters
    ----------
    folder : where to; made if it is not there
    format : of the copies that are judged, "flac", "mp3" or "opus". Opus would not keep the phases
        that the headphone test is about; with it these sounds are FLAC, which is small for tones
    level : loudness in LUFS of the tone and of the plain tones, less where they would clip
    seed : of the order of the trials and the phases in the tone
    channels : of the tone: those of the copies that are judged, two at most; for mono is played
        3 dB louder than it is measured
    beeps : whether there are recordings of beeps to be counted

    Raises
    ------
    InputError
        A file cannot be written; then none stays.

    References
    ----------
    .. [1] K. J. P. Woods, M. H. Siegel, J. Traer and J. H. McDermott, "Headphone screening to
       facilitate web-based auditory experiments", Attention, Perception, & Psychophysics 79
       (2017), 2064-2072.
    """
    check_format(format)
    format = "flac" if format == "opus" else format
    rng = np.random.default_rng([seed, _TRIAL_PITCH])
    chord = np.tile(_chord(rng), (1, min(channels, 2)))
    orders = list(permutations(("plain", "quieter", "antiphase")))
    orders = [orders[number] for number in rng.permutation(len(orders))]
    folder.mkdir(parents=True, exist_ok=True)
    names = [random_name(format) for _ in range(1 + len(orders))]
    sounds = [_at_level(chord, level), *(_trial(order, level) for order in orders)]
    try:
        for name, samples in zip(names, sounds, strict=True):
            write_sound(folder / name, samples, _RATE, format)
        counted = write_beeps(folder, format, level, rng) if beeps else []
    except InputError as error:
        for name in names:
            (folder / name).unlink(missing_ok=True)
        raise InputError(f"The study cannot be opened: a check sound: {error}") from error
    quieter = [order.index("quieter") + 1 for order in orders]
    return CheckSounds(names[0], tuple(counted), tuple(zip(names[1:], quieter, strict=True)))


def _chord(rng: np.random.Generator) -> np.ndarray:
    """Return octaves and fifths, float32 [frames, 1], faded in and out, the higher the softer."""
    times = np.arange(round(_CHORD_SECONDS * _RATE)) / _RATE
    phases = rng.random(len(_CHORD))
    tones = [
        np.sin(2 * np.pi * (pitch * times + phase)) / math.sqrt(pitch)
        for pitch, phase in zip(_CHORD, phases, strict=True)
    ]
    return (np.sum(tones, axis=0) * _fades(len(times), _CHORD_FADE))[:, None].astype(np.float32)


def _trial(order: tuple[str, ...], level: float) -> np.ndarray:
    """Return three tones with gaps, float32 [frames, 2], the plain one at `level` LUFS."""
    times = np.arange(round(_TONE_SECONDS * _RATE)) / _RATE
    tone = np.sin(2 * np.pi * _TRIAL_PITCH * times)[:, None].astype(np.float32)
    plain = _at_level(np.tile(tone, (1, 2)), level) * _fades(len(tone), _TRIAL_FADE)[:, None]
    kinds = {
        "plain": plain,
        "quieter": plain * np.float32(10 ** (_QUIETER_DB / 20)),
        "antiphase": plain * np.array([1, -1], np.float32),
    }
    gap = np.zeros((round(_TRIAL_GAP * _RATE), 2), np.float32)
    one, two, three = (kinds[kind] for kind in order)
    return np.concatenate([one, gap, two, gap, three])


def _at_level(samples: np.ndarray, level: float) -> np.ndarray:
    loudness, _ = integrated_loudness(samples, _RATE)
    reached = CEILING_DBTP - rounded_peak(samples)
    gain = reached if loudness is None else min(level - loudness, reached)
    return samples * np.float32(10 ** (gain / 20))


def _fades(frames: int, seconds: float) -> np.ndarray:
    """Return a gain for each frame, float32: up from 0 and down to 0 in `seconds` each."""
    ramp = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, round(seconds * _RATE)))
    return np.concatenate([ramp, np.ones(frames - 2 * len(ramp)), ramp[::-1]]).astype(np.float32)
