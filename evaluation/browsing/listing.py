"""A query's results under each system, with what there is to say about each."""

from dataclasses import dataclass

import numpy as np

from embeddings.collection.clips import Clip, Collection
from embeddings.systems.store import Ranking
from evaluation.browsing.nearness import Nearness, nearness
from evaluation.objective.per_query import MICRO, QueryScores

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
    """Some of a query's results under one system, and its scores for the query and class.

    `kept` is how many results the system keeps of the query, `nearness` the scale of their
    similarities. `average_precision` maps the cutoff N
    to AP@N; it is None where the system was not scored, and a value is None where it is undefined.
    `first_relevant` is R1 under the same convention, None where it is undefined; where it is
    `censored`, R1 is that or more.
    """

    ranking: Ranking
    results: tuple[Result, ...]
    kept: int
    nearness: Nearness
    average_precision: dict[int, float | None] | None
    first_relevant: float | None
    censored: bool

    @property
    def relevant(self) -> int:
        """The number of relevant results among these."""
        return sum(result.relevant for result in self.results)


def ranked(ranking: Ranking, query: int, depth: int | None = None) -> np.ndarray:
    """Return the clips that `ranking` keeps for a query, best first, int [at most depth]."""
    rows = np.asarray(ranking.neighbours[query, :depth])
    return rows[rows >= 0]


def listing(
    collection: Collection,
    ranking: Ranking,
    scores: QueryScores | None,
    query: int,
    label: str | None,
    shown: int = SHOWN,
    *,
    first: int = 1,
) -> Listing:
    """Return `shown` results of the clip in row `query` under `ranking`, from the rank `first` on.

    `label` is the class that is asked about; None means any shared label.
    """
    own = frozenset(collection.clips[query].labels)
    results = []
    rows = ranked(ranking, query)
    found = ranking.scores[query, first - 1 : first - 1 + shown]
    for rank, (row, score) in enumerate(zip(rows[first - 1 :], found, strict=False), first):
        clip = collection.clips[row]
        shared = own.intersection(clip.labels)
        relevant = label in clip.labels if label else bool(shared)
        results.append(Result(clip, int(row), rank, float(score), shared, relevant))
    precision, first_relevant, censored = None, None, False
    if scores:
        pair = _pair(scores, query, label)
        precision, first_relevant = _as_stored(pair, collection.convention)
        censored = bool(pair.censored.any())
    scale = nearness(ranking, query)
    return Listing(ranking, tuple(results), len(rows), scale, precision, first_relevant, censored)


def _pair(scores: QueryScores, query: int, label: str | None) -> QueryScores:
    """Return the scores of one (query, class) pair alone: one row, or none."""
    column = MICRO if label is None else _column(scores, label)
    own = scores.of(query)
    return own.at(own.label == column)


def _column(scores: QueryScores, label: str) -> int:
    return scores.classes.index(label) if label in scores.classes else len(scores.classes)


def _as_stored(pair: QueryScores, convention: str) -> tuple[dict[int, float | None], float | None]:
    if not len(pair.query):
        return dict.fromkeys(pair.cutoffs), None
    values = pair.average_precision(convention)[0]
    precision = {
        cutoff: None if np.isnan(value) else float(value)
        for cutoff, value in zip(pair.cutoffs, values, strict=True)
    }
    rank = float(pair.first_relevant(convention)[0])
    return precision, None if np.isnan(rank) else rank
