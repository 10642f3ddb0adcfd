"""A query's results under each system, with what there is to say about each."""

from dataclasses import dataclass

import numpy as np

from embeddings.collection import Clip, Collection
from embeddings.store import Ranking
from evaluation.queries import QueryScores

SHOWN = 15


@dataclass(frozen=True, slots=True)
class Result:
    """One result: its rank from one, similarity, the labels it shares with the query, and whether
    it is relevant (carries the class asked about, or shares any label where none is asked)."""

    clip: Clip
    row: int
    rank: int
    score: float
    shared: frozenset[str]
    relevant: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A query's first results under one system, and its scores for the query and class.

    `average_precision` maps the cutoff N to AP@N; it is None where the system was not scored, and
    a value is None where it is undefined.
    """

    ranking: Ranking
    results: tuple[Result, ...]
    average_precision: dict[int, float | None] | None


def listing(
    collection: Collection,
    ranking: Ranking,
    scores: QueryScores | None,
    query: int,
    label: str | None,
    shown: int = SHOWN,
) -> Listing:
    """Return the first `shown` results of the clip in row `query` under `ranking`.

    `label` is the class that is asked about; None means any shared label.
    """
    own = frozenset(collection.clips[query].labels)
    results = []
    rows, found = ranking.neighbours[query, :shown], ranking.scores[query, :shown]
    for rank, (row, score) in enumerate(zip(rows, found, strict=True), 1):
        if row < 0:
            break
        clip = collection.clips[row]
        shared = own.intersection(clip.labels)
        relevant = label in clip.labels if label else bool(shared)
        results.append(Result(clip, int(row), rank, float(score), shared, relevant))
    precision = _average_precision(scores, query, label, collection.convention) if scores else None
    return Listing(ranking, tuple(results), precision)


def _average_precision(
    scores: QueryScores, query: int, label: str | None, convention: str
) -> dict[int, float | None]:
    column = scores.classes.index(label) if label in scores.classes else -1
    pair = np.flatnonzero((scores.query == query) & (scores.label == column))
    if not len(pair):
        return dict.fromkeys(scores.cutoffs)
    values = scores.average_precision(convention)[pair[0]]
    return {
        cutoff: None if np.isnan(value) else float(value)
        for cutoff, value in zip(scores.cutoffs, values, strict=True)
    }
