"""Clips that are nearly the same recording, found by their waveforms.

Pairs are proposed by their stored peak envelopes and lengths, which is quick, and kept when the
waveforms themselves correlate at some shift. Copies at another level, sample rate or coding are
found; a part cut from a longer clip is not.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.audio.decoding import read_audio
from embeddings.collection.clips import Collection
from embeddings.progress import progress
from embeddings.search.neighbours import top_neighbours
from embeddings.tasks import Failure, Workers, engine

ALIKE = 0.9
"""Correlation of two waveforms at their best shift from which they are near-duplicates."""
_PROPOSED = 0.9  # correlation of the envelopes
_LENGTHS = 0.02  # by how much the lengths may differ, of the longer
_CANDIDATES = 10  # other clips that are looked at for each
_SMOOTHED = 5  # points of an envelope, of 200
_RATE = 8000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two clips and how much their waveforms correlate at their best shift, to 1."""

    one: str
    other: str
    correlation: float


def near_duplicates(
    collection: Collection, alike: float = ALIKE, *, workers: Workers = None
) -> list[Pair]:
    """Return the pairs of clips whose waveforms correlate at least `alike`, the most alike first.

    Audio that cannot be read is passed over; `flask collections check` names it.
    """
    clips = collection.clips
    jobs = [
        (
            clips[one].id,
            clips[other].id,
            collection.audio_path(clips[one]),
            collection.audio_path(clips[other]),
        )
        for one, other in _proposals(collection)
    ]
    found = []
    for (one, other, *_), result in progress(
        len(jobs), "pair", "Comparing", items=engine(workers).run(_compare, jobs)
    ):
        if not isinstance(result, Failure) and result >= alike:
            found.append(Pair(one, other, round(result, 4)))
    return sorted(found, key=lambda pair: (-pair.correlation, pair.one, pair.other))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest absolute normalised cross-correlation of two signals over all shifts."""
    from scipy.signal import correlate

    length = np.sqrt(np.dot(one, one) * np.dot(other, other))
    if not length:
        return 0.0
    return float(np.abs(correlate(one, other, mode="full", method="fft")).max() / length)


def _proposals(collection: Collection) -> list[tuple[int, int]]:
    """Return pairs of rows with envelopes and lengths alike."""
    from scipy.ndimage import uniform_filter1d

    # smoothed, so that a copy that is shifted a little is proposed, too
    envelopes = uniform_filter1d(collection.envelopes.astype(np.float64), _SMOOTHED, axis=1)
    centred = envelopes - envelopes.mean(axis=1, keepdims=True)
    rows = np.flatnonzero(np.linalg.norm(centred, axis=1) > 1e-6)  # a constant one tells nothing
    if len(rows) < 2:
        return []
    near, scores = top_neighbours(centred[rows], "mcss", _CANDIDATES)
    places, ranks = np.nonzero(scores >= _PROPOSED)
    ends = np.sort(np.stack([rows[places], rows[near[places, ranks]]], axis=1), axis=1)
    pairs = np.unique(ends, axis=0).tolist()
    seconds = collection.columns.seconds
    return [
        (one, other)
        for one, other in pairs
        if abs(seconds[one] - seconds[other]) <= _LENGTHS * max(seconds[one], seconds[other])
    ]


def _compare(job: tuple[str, str, Path, Path]) -> float:
    one, other = map(_mono, job[2:])
    return correlation(one, other)


def _mono(path: Path) -> np.ndarray:
    """Return a clip's samples, float [frames] at `_RATE`, the mean of its channels around zero."""
    from scipy.signal import resample_poly

    samples, rate = read_audio(path)
    mono = samples.mean(axis=1, dtype=np.float64)
    common = np.gcd(rate, _RATE)
    return resample_poly(mono - mono.mean(), _RATE // common, rate // common)
