"""Asking with a sound, and whether its answers are those of the ranking."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from embeddings.asking import answering, sounds
from embeddings.asking.sounds import take_sound
from embeddings.collection.clips import Collection
from embeddings.systems.rankings import prepared_vectors
from embeddings.systems.store import Ranking


def bring(small: Collection, row: int, folder: Path) -> sounds.Sound:
    """Bring a clip of the collection as a sound of one's own."""
    folder.mkdir(exist_ok=True)
    shutil.copy(small.audio_path(small.clips[row]), folder / "given")
    return take_sound(folder / "given", "mine.wav")


def moved_by(small: Collection, ranking: Ranking, row: int, vectors: np.ndarray) -> float:
    """Return how far a sound's vector lies from that of the clip it is, as the search compares.

    By the triangle inequality no distance to another clip changes by more, and under MCSS, where
    it is the distance of the unit vectors, no cosine does. So the sound finds its own clip for
    certain where this is less than half of what lies between the clip and the nearest other.
    """
    corpus, rows = prepared_vectors(small, ranking)
    own = corpus[list(rows).index(row)].astype(np.float64)
    asked = answering.prepare_sound(small, ranking, vectors)[0].astype(np.float64)
    if ranking.meta["search"] == "mcss":
        own, asked = own / np.linalg.norm(own), asked / np.linalg.norm(asked)
    return float(np.linalg.norm(asked - own))


def nearest_other(ranking: Ranking, row: int) -> float:
    """Return the distance, or 1 - cosine, of a clip to the nearest other one."""
    best = float(ranking.scores[row, 0])
    return 1 - best if ranking.meta["search"] == "mcss" else -best


def check_as_ranked(
    small: Collection, ranking: Ranking, row: int, answer: answering.Answer, vectors: np.ndarray
) -> None:
    """Check that a clip's own sound is answered by the clip, and then by the clip's ranking.

    `vectors` are the sound's raw ones, those of the clip. Preparing them in other company may
    round each number of the prepared vector, float32, to its neighbour, and no more: by 2^-23 of
    its length. Clips whose similarities are closer than twice that may change places. The search
    computes in float64 and rounds a score once, to float32.
    """
    assert answer.failed == ""
    assert answer.note == ""
    corpus, rows = prepared_vectors(small, ranking)
    length = np.linalg.norm(corpus[list(rows).index(row)].astype(np.float64))
    moved = moved_by(small, ranking, row, vectors)
    assert moved <= 2.0**-23 * (1 if ranking.meta["search"] == "mcss" else length)
    assert 2 * moved < nearest_other(ranking, row)
    assert answer.rows[0] == row
    kept = ranking.neighbours.shape[1]
    ranked = dict(zip(ranking.neighbours[row], ranking.scores[row].astype(np.float64), strict=True))
    expected = np.array([ranked[other] for other in answer.rows[1 : kept + 1]])
    rounded = float(np.spacing(np.abs(ranking.scores[row]).max()))
    own = -moved if ranking.meta["search"] == "nns" else 1 - moved**2 / 2
    assert answer.scores[0] == pytest.approx(
        own, abs=float(np.spacing(np.float32(abs(own)))), rel=0
    )
    assert np.diff(expected).max() <= 2 * moved
    assert answer.scores[1 : kept + 1] == pytest.approx(expected, abs=moved + rounded, rel=0)
