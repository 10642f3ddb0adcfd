"""The copies that raters hear: one loudness, random names, no tags, playable in every browser.

A copy is decoded and coded anew, which leaves every embedded tag behind. It is 16-bit FLAC, or MP3
at the best of LAME's variable rates (its constant rates change the level by up to 0.4 dB), measured
as it comes out of the codec. Samples are rounded to 16 bits after gain, without dither: the error
lies 60 dB and more below what is heard, silence stays silent, and the same sound at the same gain
gives the same bytes.

Or it is Opus in Ogg, at 48 kHz and about 96 kbit/s a channel: of 5 s of noise that is a sixth of
FLAC's bytes. Browsers that do not play it get its samples: beside an Opus copy lies a FLAC copy of
what it gives back, by the same name but for the suffix. So whoever listens hears one stimulus,
whichever file the browser takes, and what is stored of a judgement is the same.

What has more than two channels is mixed down, and a rate that browsers do not play is replaced, by
:mod:`embeddings.listening.audible`; all is measured after it.

A browser plays mono on both sides, 3 dB louder than a meter reads it. Where levelled clips have
unlike numbers of channels, mono ones are therefore copied to two, and measured so.

A clip that is met twice in one block gets a second copy. It begins with 1 to 50 ms of digital
silence, drawn so that nobody can know it, and so has other bytes and another length; chance decides
in which of the two places it is heard. Ears hear one sound, and are meant to.
"""

import math
import secrets
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import soundfile

from embeddings.audio.meter import integrated_loudness
from embeddings.audio.rates import resampled
from embeddings.errors import InputError
from embeddings.files import whole_file
from embeddings.listening.audible import (
    OPUS_RATE,
    at_mp3_rate,
    in_16_bits,
    passes_full_scale,
    read_audible,
)
from embeddings.listening.levels import (
    AUDIBLE_DB,
    CEILING_DBTP,
    Level,
    Measured,
    as_played,
    level_of,
    plan_levels,
    rounded_peak,
    true_peak,
)
from embeddings.progress import progress
from embeddings.tasks import Failure, Workers, engine

_CODINGS: dict[str, dict[str, Any]] = {
    "flac": {"format": "FLAC", "subtype": "PCM_16"},
    "mp3": {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": 0.0},
    # libsndfile turns the level into a rate: 256 kbit/s a channel at 0, 6 kbit/s at 1
    "opus": {"format": "OGG", "subtype": "OPUS", "compression_level": 0.64},
}
_LOSSY_CODINGS = frozenset({"VORBIS", "OPUS", "IMA_ADPCM", "MS_ADPCM", "VOX_ADPCM", "G721_32",
                            "ULAW", "ALAW"})  # fmt: skip
LOSSY = frozenset({"mp3", "opus"})
"""Formats of copies that are not their sound to the sample."""

MEDIA_TYPES = {".flac": "audio/flac", ".mp3": "audio/mpeg", ".opus": "audio/ogg"}
"""Suffix of a copy's name -> what it is sent as."""

_MOST_CHANNELS = {"flac": 8, "mp3": 2, "opus": 2}
_FLAC_MOST_RATE = 655350
_PADDING = {
    "flac": 0,
    "mp3": 2304,
    "opus": 0,
}  # samples that a decoder may add: two of MP3's frames
_TRIES = 6  # how often a copy that misses its level is written
_SILENCE = 0.001, 0.05  # seconds before a second copy
_MORE_DB = 0.05  # than a copy is over the ceiling: coding it anew moves its peaks

Job = TypeVar("Job", bound=tuple)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Delivered:
    """The copies that were made.

    Attributes
    ----------
    files : clip id -> file name
    again : clip id -> file name of its second copy, of those that have one
    common_level : of all copies that have a loudness, in LUFS; None where they were not levelled
    levels : of every clip where they were levelled, else of the clips that need a word
    seconds : clip id -> length
    channels : of the copy that has most
    """

    files: dict[str, str]
    common_level: float | None
    levels: list[Level]
    seconds: dict[str, float]
    channels: int = 1
    again: dict[str, str] = field(default_factory=dict)


class _Copy(NamedTuple):
    clip: str
    source: Path
    targets: list[Path]  # the copy, and the second one where there is one
    format: str
    channels: int  # at least
    plan: Level | None  # None: as it is
    common: float | None


class _Copied(NamedTuple):
    seconds: float
    channels: int
    gain_db: float
    short: float  # of the common level, in dB
    peak_dbtp: float  # of what needs a word, before gain
    note: str  # what was done beside it


def make_copies(
    sources: Mapping[str, Path],
    folder: Path,
    *,
    level: bool,
    loudness: float,
    format: str,
    workers: Workers,
    twice: Set[str] = frozenset(),
) -> Delivered:
    """Copy the clips (id -> file) under random names into `folder` and decode each copy once.

    Those that are met `twice` in one block get a second copy.

    Where `level` is true they are brought to `loudness` in LUFS by the rule of
    :mod:`embeddings.listening.levels`. Else they stay as they are, but for a sound whose samples
    pass full scale and would be cut off there: it is lowered, and listed.

    Raises
    ------
    InputError
        A clip cannot be decoded, or its copy written or read back; then no copy stays.
    """
    check_format(format)
    measured = measure_levels(sources, format, workers) if level else {}
    common, levels = plan_levels(measured, loudness) if level else (None, [])
    channels = min(max((one.channels for one in measured.values()), default=1), 2)
    plans = {one.clip: one for one in levels}
    folder.mkdir(parents=True, exist_ok=True)
    names = {clip: [random_name(format) for _ in range(1 + (clip in twice))] for clip in sources}
    jobs = [
        _Copy(
            clip, path, [folder / name for name in names[clip]], format, channels,
            plans.get(clip), common,
        )
        for clip, path in sources.items()
    ]  # fmt: skip
    try:
        copied = _each(_copy, jobs, "Copying", workers)
    except BaseException:
        for job in jobs:
            for target in job.targets:
                target.unlink(missing_ok=True)
                plain_copy(target).unlink(missing_ok=True)
        raise
    for both in names.values():
        secrets.SystemRandom().shuffle(both)
    return Delivered(
        {clip: both[0] for clip, both in names.items()},
        common,
        [one for clip in sources for one in _levels(clip, measured.get(clip), copied[clip])],
        {clip: one.seconds for clip, one in copied.items()},
        max((one.channels for one in copied.values()), default=1),
        {clip: both[1] for clip, both in names.items() if clip in twice},
    )


def measure_levels(
    sources: Mapping[str, Path], format: str, workers: Workers
) -> dict[str, Measured]:
    """Return what each clip (id -> file) measures as it is played; raises as `make_copies`."""
    jobs = [(clip, path, format) for clip, path in sources.items()]
    return as_played(_each(_measure, jobs, "Measuring", workers))


def measure_level(path: Path, format: str) -> Measured:
    """Return what a file measures as it is copied; raises InputError where it cannot be read."""
    return _measure(("", path, format))


def check_format(format: str) -> None:
    """Raise InputError unless copies can be made in `format`."""
    if format not in _CODINGS:
        raise InputError(f"The format of copies must be flac, mp3 or opus, not {format!r}.")


def plain_copy(path: Path) -> Path:
    """Return where a copy's samples lie for browsers that do not play it: its own place, mostly."""
    return path.with_suffix(".flac") if path.suffix == ".opus" else path


def is_lossy(path: Path) -> bool:
    """Return whether a sound has lost something to a codec already, as far as its header tells.

    What libsndfile does not read is M4A, WebM, WMA and the like, and counts as lossy.
    """
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return True
    return info.subtype in _LOSSY_CODINGS or info.subtype.startswith(("MPEG_", "GSM"))


def random_name(format: str) -> str:
    """Return a file name that tells nothing and cannot be guessed."""
    return f"{secrets.token_hex(16)}.{format}"


def write_sound(target: Path, samples: np.ndarray, rate: int, format: str) -> np.ndarray:
    """Write `samples`, float [frames, channels], and return them as the file gives them back.

    Raises
    ------
    InputError
        The format has not as many channels or no such rate (in Hz), the file cannot be written,
        or it does not give back what was written.
    """
    coded = _coded(samples, rate, format)
    try:
        with whole_file(target) as file:
            file.write(coded)
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}).") from error
    copy = _decoded(target, samples, format)
    if format == "opus":
        write_sound(plain_copy(target), copy, rate, "flac")
    return copy


def _coded(samples: np.ndarray, rate: int, format: str) -> bytes:
    channels, most, name = samples.shape[1], _MOST_CHANNELS[format], format.upper()
    if channels > most:
        raise InputError(f"{name} has at most {most} channels, not {channels}.")
    if format == "flac" and rate > _FLAC_MOST_RATE:
        raise InputError(f"{name} has at most {_FLAC_MOST_RATE} Hz, not {rate} Hz.")
    samples = in_16_bits(samples) if format == "flac" else samples
    file = BytesIO()
    try:
        soundfile.write(file, samples, rate, **_CODINGS[format])
    except soundfile.LibsndfileError as error:
        raise InputError(f"the {name} cannot be coded ({error.error_string}).") from error
    return file.getvalue()


def _decoded(file: Path | BytesIO, samples: np.ndarray, format: str) -> np.ndarray:
    """Return what a copy of `samples` holds, float32; raise InputError if that is not the sound."""
    name = format.upper()
    try:
        copy = soundfile.read(file, dtype="float32", always_2d=True)[0]
    except soundfile.LibsndfileError as error:
        raise InputError(f"the {name} cannot be read back ({error.error_string}).") from error
    if abs(len(copy) - len(samples)) > _PADDING[format]:
        raise InputError(f"the {name} gives back {len(copy)} samples, not {len(samples)}.")
    if format == "flac" and not np.array_equal(in_16_bits(copy), in_16_bits(samples)):
        raise InputError(f"the {name} gives back other samples than were written.")
    return copy


def _each(
    function: Callable[[Job], Result], jobs: list[Job], doing: str, workers: Workers
) -> dict[str, Result]:
    """Return clip id -> result, in the order of `jobs`, whose first item is the clip's id."""
    results: dict[str, Result] = {}
    failures: dict[str, str] = {}
    count = len(jobs)
    for job, result in progress(count, "sound", doing, items=engine(workers).run(function, jobs)):
        if isinstance(result, Failure):
            failures[job[0]] = result.reason
        else:
            results[job[0]] = result
    if failures:
        clip = next(job[0] for job in jobs if job[0] in failures)
        others = f" (Clips that fail: {len(failures)}.)" if len(failures) > 1 else ""
        raise InputError(
            f"The study cannot be opened: no copy of the clip {clip!r} can be made: "
            f"{failures[clip]}{others}"
        )
    return {job[0]: results[job[0]] for job in jobs}


def _measure(job: tuple[str, Path, str]) -> Measured:
    """Measure a clip; for MP3 and Opus as it comes out of the codec, which adds to the peaks."""
    _, path, format = job
    samples, rate, word, _, silent = read_audible(path)
    samples, rate = _at_rate_of(format, samples, rate)
    if format in LOSSY:
        samples = _decoded(BytesIO(_coded(samples, rate, format)), samples, format)
    loudness, note = (None, silent) if silent else integrated_loudness(samples, rate)
    return Measured(loudness, rounded_peak(samples), note, samples.shape[1], word)


def _at_rate_of(format: str, samples: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """Return `samples` at a rate that the format has, and that rate in Hz."""
    if format == "mp3":
        return at_mp3_rate(samples, rate)
    if format == "opus":
        return resampled(samples, rate, OPUS_RATE), OPUS_RATE
    return samples, rate


def _copy(job: _Copy) -> _Copied:
    """Write a clip's copy, and its second one."""
    samples, rate, note, seconds, _ = read_audible(job.source)
    if samples.shape[1] < job.channels:
        samples = np.repeat(samples, job.channels, axis=1)
    samples, rate = _at_rate_of(job.format, samples, rate)
    target, *again = job.targets
    gain, short = _write(samples, rate, job, target)
    for second in again:
        silent = math.ceil(secrets.SystemRandom().uniform(*_SILENCE) * rate)
        padded = np.concatenate([np.zeros((silent, samples.shape[1]), samples.dtype), samples])
        _write(padded, rate, job, second, silent)
    peak = rounded_peak(samples) if gain or note else 0.0
    return _Copied(seconds, samples.shape[1], gain, short, peak, note)


def _write(
    samples: np.ndarray, rate: int, job: _Copy, target: Path, silent: int = 0
) -> tuple[float, float]:
    """Write one copy, and write it again until what it gives back is at its level.

    Returns its gain and by how much it falls short, in dB; `silent` frames are not measured.
    """
    if job.plan is None or job.common is None:
        gain = _spared(samples)
        write_sound(target, _amplified(samples, gain), rate, job.format)
        return gain, 0.0
    gain = job.plan.gain_db
    most = CEILING_DBTP - job.plan.peak_dbtp
    for left in reversed(range(_TRIES)):
        copy = write_sound(target, _amplified(samples, gain), rate, job.format)
        over = true_peak(copy) - CEILING_DBTP
        if over > 0:
            most = gain - over - _MORE_DB
        short = _short(copy[silent:], rate, job.plan, job.common)
        better = round(min(gain + short, most), 2)
        if over <= 0 and (abs(better - gain) < AUDIBLE_DB or not left):
            return gain, short
        gain = better
    raise InputError(f"every copy peaks above {CEILING_DBTP:g} dBTP.")


def _amplified(samples: np.ndarray, gain: float) -> np.ndarray:
    return samples * np.float32(10 ** (gain / 20)) if gain else samples


def _short(copy: np.ndarray, rate: int, plan: Level, common: float) -> float:
    """Return by how many dB a copy falls short of the common level.

    It may by some tenths: at another level the measure's gate lets other parts through.
    """
    reached = None if plan.loudness_lufs is None else integrated_loudness(copy, rate)[0]
    return 0.0 if reached is None else common - reached


def _spared(samples: np.ndarray) -> float:
    """Return the gain in dB, at most 0, that keeps `samples` from being cut off."""
    return -rounded_peak(samples) if passes_full_scale(samples) else 0.0


def _levels(clip: str, measured: Measured | None, copied: _Copied) -> list[Level]:
    gain = copied.gain_db
    if measured is not None:
        return [level_of(clip, measured, gain, copied.short)]
    lowered = f"passes full scale: lowered by {-gain:.1f} dB" if gain else ""
    note = "; ".join(filter(None, (copied.note, lowered)))
    return [Level(clip, None, copied.peak_dbtp, gain, note)] if note else []
