"""The systems' scores again and again, with a random weight for every query and every rater.

What a panel's mean grades make of a list (nDCG, the first good rank) has no formula for its error;
it is taken from replicates. Weights are exponential with mean 1, so that every grade stays in, and
what is known of a list is the same in all of them: nothing is missing in one and there in another.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from embeddings.parallel import default_workers
from evaluation.analysis.ratings import Ratings
from evaluation.statistics.significance import FEW_RATERS

REPLICATES = 2000
DRAWN = ("mean_grade", "ndcg", "condensed_ndcg", "graded_ap", "first_relevant")
"""What can be drawn."""

Part = TypeVar("Part")

_CHUNK = 100  # replicates at a time: what they are made of is large


def weights(
    raters: int, queries: int, replicates: int = REPLICATES, seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of raters, float [replicates, raters], and of queries, likewise.

    A seed gives the same weights of queries whoever the raters are, so that scores of one study
    can be compared replicate by replicate. Fewer raters than `FEW_RATERS` have a weight of 1 each:
    nothing can be said of other raters, and what comes of it is over queries for these alone.
    """
    shapes = (replicates, raters), (replicates, queries)
    of_rater, of_query = (
        np.random.default_rng([seed, stream]).standard_exponential(shape)
        for stream, shape in enumerate(shapes)
    )
    return np.ones_like(of_rater) if raters < FEW_RATERS else of_rater, of_query


def enough_raters(of: Ratings) -> bool:
    """Return whether enough raters judged to speak for others."""
    return int(_judging(of).sum()) >= FEW_RATERS


def weighs_raters(of: Ratings) -> bool:
    """Return whether replicates have other raters: there are enough, and it is wanted."""
    return not of.alone and enough_raters(of)


def _judging(of: Ratings) -> np.ndarray:
    """Return who judged anything, bool [raters]."""
    return ~np.isnan(of.table).all(axis=1)


def weighted(scores: np.ndarray, of_query: np.ndarray) -> np.ndarray:
    """Return weighted means over queries, float [replicates, systems]; NaN: nothing is defined.

    `scores` is float [systems, queries] with NaN for undefined, `of_query` from `weights`.
    """
    there = ~np.isnan(scores)
    total = of_query @ there.T
    return (of_query @ np.nan_to_num(scores).T) / np.where(total > 0, total, np.nan)


def panel_replicates(
    of: Ratings,
    measures: Sequence[str],
    threshold: float | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
) -> dict[str, np.ndarray]:
    """Return the systems' scores by several measures in each replicate.

    Parameters
    ----------
    measures : out of `DRAWN`
    threshold : the grade that counts as good; for "first_relevant"

    Returns ------- measure -> float [replicates, systems], NaN where a system's score is undefined.
    A query counts where the score is defined (see `evaluation.statistics.graded_lists`), which
    weights do not change
    """
    lists = _Lists(of, threshold)
    masks = {name: lists.defined(name) for name in measures}

    def score(grades: _Drawn, weight: np.ndarray) -> dict[str, np.ndarray]:
        found = {}
        for name in measures:
            scores = np.where(masks[name][..., None], grades.score(name), 0)
            whole = weight @ masks[name].T.astype(np.float32)
            sums = np.einsum("sqr,rq->rs", scores, weight, optimize=True)
            found[name] = sums / np.where(whole > 0, whole, np.nan)
        return found

    parts = _in_parts(of, lists, replicates, seed, score)
    shifts = {"mean_grade": of.lowest}  # all others do not change with where the scale begins
    return {
        name: np.concatenate([one[name] for one in parts], dtype=np.float64) + shifts.get(name, 0)
        for name in measures
    }


def common_replicates(
    of: Ratings,
    measure: str,
    threshold: float | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
) -> np.ndarray:
    """Return what systems differ by in each replicate, over the queries that both have.

    Where systems lack lists, the difference of what `panel_replicates` gives is of different
    queries; this is what the difference of two systems varies by.

    Returns
    -------
    float [replicates, systems, systems], the row's system less the column's; NaN where they share
    no query
    """
    lists = _Lists(of, threshold)
    mask = lists.defined(measure)
    there = mask.astype(np.float32)

    def score(grades: _Drawn, weight: np.ndarray) -> np.ndarray:
        scores = np.where(mask[..., None], grades.score(measure), 0)
        sums = np.einsum("sqr,rq,tq->rst", scores, weight, there, optimize=True)
        whole = np.einsum("sq,rq,tq->rst", there, weight, there, optimize=True)
        own = sums / np.where(whole > 0, whole, np.nan)
        return own - own.transpose(0, 2, 1)

    return np.concatenate(_in_parts(of, lists, replicates, seed, score), dtype=np.float64)


def _in_parts(
    of: Ratings,
    lists: "_Lists",
    replicates: int,
    seed: int,
    score: Callable[["_Drawn", np.ndarray], Part],
) -> list[Part]:
    """Return what `score` makes of each part of the replicates, in their order.

    It gets their grades and the weights of queries, float32 [part, queries]. Parts are made by as
    many threads as there are processors: numpy works outside of Python's lock.
    """
    of_rater, judging = np.ones((replicates, len(of.raters))), _judging(of)
    drawn, of_query = weights(int(judging.sum()), len(of.queries), replicates, seed)
    if not of.alone:
        of_rater[:, judging] = drawn

    def make(start: int) -> Part:
        part = slice(start, start + _CHUNK)
        return score(lists.draw(of_rater[part]), of_query[part].astype(np.float32))

    with ThreadPoolExecutor(default_workers()) as threads:
        return list(threads.map(make, range(0, replicates, _CHUNK)))


class _Lists:
    """The systems' lists and the pools, and what of them was judged."""

    def __init__(self, of: Ratings, threshold: float | None) -> None:
        judged = ~np.isnan(of.table)
        self.threshold = (threshold or 0.0) - of.lowest
        self.span = of.highest - of.lowest
        self.graded = np.nan_to_num(of.table - of.lowest).T.astype(np.float32)
        self.judged = judged.T.astype(np.float32)
        self.known = judged.any(axis=0)
        none = len(self.known)  # the row below the others: worth nothing
        self.lists, self.pools = (
            np.where((places >= 0) & np.append(self.known, False)[places], places, none)
            for places in (of.lists, of.pools)
        )
        closed = np.argsort(self.lists == none, axis=-1, kind="stable")
        self.closed = np.take_along_axis(self.lists, closed, axis=-1)
        self.there = self.lists != none
        best = np.append(self.graded.max(axis=1, initial=0), 0)
        self.worthy = best[self.pools].max(axis=-1, initial=0) > 0

    def defined(self, measure: str) -> np.ndarray:
        """Return of which lists a measure is defined, bool [systems, queries]."""
        some = self.there.any(axis=-1)
        return some if measure in ("mean_grade", "first_relevant") else some & self.worthy

    def draw(self, of_rater: np.ndarray) -> "_Drawn":
        """Return the lists by grades in which each rater has a weight, [replicates, raters]."""
        weight = of_rater.T.astype(np.float32)
        means = np.zeros((len(self.known) + 1, weight.shape[1]), dtype=np.float32)
        np.divide(self.graded @ weight, self.judged @ weight, means[:-1], where=self.known[:, None])
        return _Drawn(self, means)


@dataclass(frozen=True)
class _Drawn:
    """Some replicates: mean grades above the lowest one, float32 [pairs + 1, replicates]."""

    lists: _Lists
    means: np.ndarray

    @cached_property
    def listed(self) -> np.ndarray:
        """The grades along the lists, float32 [systems, queries, depth, replicates]."""
        return self.means[self.lists.lists]

    @cached_property
    def best(self) -> np.ndarray:
        """The grades of each pool that an ideal list has, the best last."""
        depth = min(self.lists.lists.shape[-1], self.lists.pools.shape[-1])
        pool = np.ascontiguousarray(self.means[self.lists.pools].transpose(0, 2, 1))
        if 0 < depth < pool.shape[-1]:
            pool.partition(pool.shape[-1] - depth, axis=-1)
        return np.sort(pool[..., pool.shape[-1] - depth :], axis=-1)

    def score(self, measure: str) -> np.ndarray:
        """Return one of `DRAWN`, float32 [systems, queries, replicates]."""
        if measure == "condensed_ndcg":
            return self._ndcg(self.means[self.lists.closed])
        grades = self.listed
        if measure == "mean_grade":
            count = np.maximum(self.lists.there.sum(axis=-1), 1)
            return grades.sum(axis=2) / count[..., None].astype(np.float32)
        if measure == "first_relevant":
            return self._first(grades)
        return self._ndcg(grades) if measure == "ndcg" else self._ap(grades)

    def _ndcg(self, grades: np.ndarray) -> np.ndarray:
        discount = 1 / np.log2(np.arange(2, grades.shape[2] + 2)).astype(np.float32)
        ideal = self.best[..., ::-1] @ discount[: self.best.shape[-1]]
        found = np.einsum("sqkr,k->sqr", grades, discount, optimize=True)
        return found / np.where(ideal > 0, ideal, 1)

    def _ap(self, grades: np.ndarray) -> np.ndarray:
        """See `graded_lists.graded_ap`; the span falls out of the quotient."""
        found = np.zeros((*grades.shape[:2], grades.shape[3]), dtype=np.float32)
        for rank in range(grades.shape[2]):
            both = np.minimum(grades[:, :, : rank + 1], grades[:, :, rank : rank + 1])
            found += both.sum(axis=2) / np.float32(rank + 1)
        most = self.best.sum(axis=-1)
        return found / np.where(most > 0, most, 1)

    def _first(self, grades: np.ndarray) -> np.ndarray:
        depth = grades.shape[2]
        found = np.full((*grades.shape[:2], grades.shape[3]), depth + 1, dtype=np.float32)
        for rank in reversed(range(depth)):
            good = grades[:, :, rank] >= np.float32(self.lists.threshold)
            found[good & self.lists.there[:, :, rank, None]] = rank + 1
        return found
