"""Scores of every query: what both conventions of averages are made from.

One pass over blocks of neighbours gives everything. AP@N looks at the first N ranks; the rank of
the first relevant result is among them for most queries, and for the others it is asked of the
block's similarities, without sorting them.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from embeddings.collection.clip_columns import ClipLabels
from embeddings.errors import InputError
from embeddings.search.neighbours import ranked_blocks
from evaluation.objective.relevance import Relevance

CUTOFFS = (15, 150)
MICRO = -1
"""Stands for the query as a whole in the place of a class."""
Labelled = ClipLabels | Sequence[Set[str] | Sequence[str]]
"""The classes of each clip."""
_COLUMNS = ("query", "label", "precision_sum", "relevant", "first_rank", "censored")
_BLOCK = 1024  # queries of a stored ranking that are scored at a time


class Ranked(Protocol):
    """A block of ranked queries, such as `embeddings.search.neighbours.Block`."""

    @property
    def rows(self) -> slice:
        """The queries' rows."""

    @property
    def neighbours(self) -> np.ndarray:
        """Int [queries, kept], best first; -1 where there is none."""

    def first_ranks(self, queries: np.ndarray, clips: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the rank of the best of each set of clips, or the rank after the list's end."""


@dataclass(frozen=True, slots=True)
class QueryScores:
    """What both conventions are made from, for every (query, class) pair and every query.

    Attributes
    ----------
    classes : the class names, in alphabetical order
    cutoffs : the N of AP@N
    query : int [pairs], row of the query
    label : int [pairs], index into `classes`, or -1 for the query as a whole (micro)
    precision_sum : float [pairs, cutoffs], the sum over ranks i <= N of rel_i * precision@i
    relevant : int [pairs], relevant clips other than the query
    first_rank : int [pairs], rank of the first relevant result from one; 0 where there is none
    censored : bool [pairs], where the first relevant result lies beyond the end of a stored list:
        by how much nobody knows, and the rank after the end stands for it
    """

    classes: tuple[str, ...]
    cutoffs: tuple[int, ...]
    query: np.ndarray
    label: np.ndarray
    precision_sum: np.ndarray
    relevant: np.ndarray
    first_rank: np.ndarray
    censored: np.ndarray

    def only(self, queries: Collection[int]) -> "QueryScores":
        """Return the scores of these queries (rows) alone."""
        return self.at(np.isin(self.query, list(queries)))

    def in_order(self) -> "QueryScores":
        """Return the scores query by query, each one's pairs together and the whole as the last."""
        if (np.diff(self.query) >= 0).all():
            return self
        return self.at(np.argsort(self.query, kind="stable"))

    def of(self, query: int) -> "QueryScores":
        """Return the scores of one query, of scores that are `in_order`."""
        first = bisect_left(self.query, query)  # NumPy's own copies what is mapped out of step
        return self.at(slice(first, bisect_left(self.query, query + 1, lo=first)))

    def at(self, pairs: np.ndarray | slice) -> "QueryScores":
        """Return the scores of some pairs alone: bool [pairs], or their places."""
        return replace(self, **{name: getattr(self, name)[pairs] for name in _COLUMNS})

    def average_precision(self, convention: str) -> np.ndarray:
        """Return AP@N of every pair under `convention`, float [pairs, cutoffs]; NaN undefined."""
        cutoffs = np.array(self.cutoffs)
        if convention == "cbmi2024":
            counted = np.where(self.label == MICRO, cutoffs.max(), self.relevant + 1)
        else:
            counted = self.relevant
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = self.precision_sum / np.minimum(cutoffs, counted[:, None])
        return np.where(self.relevant[:, None] > 0, scores, np.nan)

    def first_relevant(self, convention: str) -> np.ndarray:
        """Return R1 of every pair under `convention`, float [pairs]; NaN undefined."""
        offset = 1 if convention == "cbmi2024" else 0
        return np.where(self.relevant > 0, self.first_rank - offset, np.nan)


def score_queries(
    vectors: np.ndarray,
    labels: Labelled,
    *,
    search: str = "mcss",
    cutoffs: Sequence[int] = CUTOFFS,
    groups: Sequence[str] | None = None,
    device: str = "cpu",
) -> QueryScores:
    """Rank all clips for each query and return what both conventions are made from."""
    _check_cutoffs(cutoffs)
    relevance = _relevance_of(labels, len(vectors), groups)
    top = max(cutoffs)
    blocks = ranked_blocks(vectors, search, top, groups=groups, device=device)
    return score_blocks(blocks, relevance, cutoffs)


def score_lists(
    neighbours: np.ndarray,
    labels: Labelled,
    *,
    cutoffs: Sequence[int] = CUTOFFS,
    groups: Sequence[str] | None = None,
) -> QueryScores:
    """Score rankings of which only the first ranks are known, such as imported ones.

    Parameters
    ----------
    neighbours : int [clips, kept], each clip's best other clips, best first; -1 where there is none
    labels, cutoffs, groups : as in `score_system`; cutoffs beyond what is kept are left out

    Returns
    -------
    QueryScores whose ranks are censored, that is "> kept", where no relevant clip was kept
    """
    _check_cutoffs(cutoffs)
    kept = neighbours.shape[1]
    known = [cutoff for cutoff in cutoffs if cutoff <= kept or kept >= len(labels) - 1]
    if not known:
        raise InputError(f"It keeps {kept} neighbours of each clip; AP@{min(cutoffs)} needs more.")
    relevance = _relevance_of(labels, len(neighbours), groups)
    scores = score_blocks(_list_blocks(neighbours, max(known)), relevance, known)
    ends = (neighbours >= 0).sum(axis=1)
    return replace(scores, censored=scores.first_rank > ends[scores.query])


def score_blocks(
    blocks: Iterable[Ranked], relevance: Relevance, cutoffs: Sequence[int]
) -> QueryScores:
    """Score every query of the blocks, which come in the order of the clips."""
    parts = [_score_block(block, relevance, cutoffs) for block in blocks]
    query, label, sums, relevant, ranks = map(np.concatenate, zip(*parts, strict=True))
    columns = query, label, sums, relevant, ranks, np.zeros(len(ranks), dtype=bool)
    return QueryScores(relevance.classes, tuple(cutoffs), *columns).in_order()


def joined(parts: Sequence[QueryScores]) -> QueryScores:
    """Return the scores of several parts of the queries, which come in the queries' order."""
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one in parts]) for name in _COLUMNS
    }
    return replace(parts[0], **columns)


@dataclass(frozen=True, slots=True)
class _Lists:
    """A block of a stored ranking: beyond its last rank nothing is known.

    Whoever asks for first ranks has looked at the first `seen` of each list.
    """

    rows: slice
    neighbours: np.ndarray
    clips: int
    seen: int

    def first_ranks(self, queries: np.ndarray, clips: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the first rank in the list, or the one after its end."""
        if self.neighbours.shape[1] <= self.seen:
            return (self.neighbours[queries] >= 0).sum(axis=1) + 1
        places, ranks = np.nonzero(self.neighbours >= 0)
        listed = np.append(places * self.clips + self.neighbours[places, ranks], -1)  # never empty
        order = np.argsort(listed)
        asked = np.repeat(queries, np.diff(np.append(starts, len(clips))))
        wanted = asked * self.clips + clips
        at = np.searchsorted(listed, wanted, sorter=order)
        found = order[np.minimum(at, len(order) - 1)]
        after = np.bincount(places, minlength=len(self.neighbours)) + 1
        rank = np.where(listed[found] == wanted, np.append(ranks, 0)[found] + 1, after[asked])
        return np.minimum.reduceat(rank, starts)


def _list_blocks(neighbours: np.ndarray, seen: int) -> Iterator[_Lists]:
    for start in range(0, len(neighbours), _BLOCK):
        own = np.asarray(neighbours[start : start + _BLOCK])
        yield _Lists(slice(start, start + len(own)), own, len(neighbours), seen)


def _score_block(
    block: Ranked, relevance: Relevance, cutoffs: Sequence[int]
) -> tuple[np.ndarray, ...]:
    """Return the columns of `QueryScores` for one block: its pairs, and then its queries."""
    queries = np.arange(block.rows.start, block.rows.stop)
    first, last = relevance.first[[block.rows.start, block.rows.stop]]
    pairs = slice(first, last)
    places, labels = relevance.query[pairs] - queries[0], relevance.label[pairs]
    top = block.neighbours[:, : max(cutoffs)]
    by_pair = relevance.carries[top[places], labels[:, None]]
    by_query = np.zeros(top.shape, dtype=bool)
    some = np.unique(places)  # a query without labels has no pairs, and nothing is relevant to it
    starts = relevance.first[queries[some]] - first
    by_query[some] = np.logical_or.reduceat(by_pair, starts, axis=0) if len(some) else False
    hits = np.concatenate([by_pair, by_query])
    relevant = np.concatenate([relevance.of_pair[pairs], relevance.of_query[queries]])
    ranks = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, 0)
    beyond = np.flatnonzero((ranks == 0) & (relevant > 0))
    late = beyond[beyond < len(places)]  # pairs; the queries follow them
    if len(late):
        ranks[late] = block.first_ranks(places[late], *relevance.members(labels[late]))
    late = beyond[beyond >= len(places)]
    if len(late):
        own = late - len(places)
        ranks[late] = block.first_ranks(own, *relevance.sharing(queries[own]))
    return (
        np.concatenate([relevance.query[pairs], queries]),
        np.concatenate([labels, np.full(len(queries), MICRO)]),
        _precision_sums(hits, cutoffs),
        relevant,
        ranks,
    )


def _precision_sums(hits: np.ndarray, cutoffs: Sequence[int]) -> np.ndarray:
    """Return the sum of the precisions at the relevant ranks up to N, float [pairs, cutoffs]."""
    precision = np.cumsum(hits, axis=1, dtype=np.float64)
    precision /= np.arange(1, hits.shape[1] + 1)
    precision *= hits
    # Added rank by rank: the order of numpy's own sums is the processor's. A ranking shorter than N
    # has nothing relevant below its end.
    np.cumsum(precision, axis=1, out=precision)
    last = np.minimum(cutoffs, hits.shape[1]) - 1
    return precision[:, last]


def _check_cutoffs(cutoffs: Sequence[int]) -> None:
    if not cutoffs or min(cutoffs) < 1 or len(set(cutoffs)) < len(cutoffs):
        raise InputError(f"The cutoffs must be different numbers from 1, not {list(cutoffs)}.")


def _relevance_of(labels: Labelled, clips: int, groups: Sequence[str] | None) -> Relevance:
    if len(labels) != clips:
        raise InputError(f"There are {clips} vectors but labels of {len(labels)} clips.")
    known = labels if isinstance(labels, ClipLabels) else ClipLabels.of(labels)
    return Relevance(known, groups)
