"""The systems' scores again and again, with a random weight for every query and every rater.

What a panel's mean grades make of a list (nDCG, the first good rank) has no formula for its error;
it is taken from replicates. Weights are exponential with mean 1, so that every grade stays in, and
what is known of a list is the same in all of them: nothing is missing in one and there in another.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from embeddings.tasks import (
    Here,
    Workers,
    default_workers,
    engine,
    one_blas_thread,
    result_of,
)
from evaluation.analysis.ratings import Ratings
from evaluation.statistics.drawn_lists import DrawnLists
from evaluation.statistics.graded_measures import MEASURES, GradedMeasure, Lists
from evaluation.statistics.significance import FEW_RATERS, HIDES_MINORITY

REPLICATES = 2000
DRAWN = tuple(one.name for one in MEASURES.values() if one.of_panel or one.draw)
"""The measures that are drawn."""

Part = TypeVar("Part")

_CHUNK = 100  # replicates at a time: what they are made of is large
_Chunk = tuple[int, np.ndarray, np.ndarray]
"""The first replicate of some, and the weights of raters and of queries in them."""


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


def hides_minority(of: Ratings) -> bool:
    """Return whether raters speak for others, and a minority can hide among so few."""
    return FEW_RATERS <= int(_judging(of).sum()) < HIDES_MINORITY


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
    workers: Workers = None,
) -> dict[str, np.ndarray]:
    """Return the systems' scores by several measures in each replicate.

    Parameters
    ----------
    measures : out of `DRAWN`
    threshold : the grade that counts as good, for measures that need one
    workers : who makes them, a task each hundred; see `embeddings.tasks.engine`. Unless told the
        calling process, in threads

    Returns
    -------
    measure -> float [replicates, systems], NaN where a system's score is undefined. A query counts
    where the score is defined, which weights do not change
    """
    lists = _Lists(of, threshold)
    masks = {name: lists.defined(MEASURES[name]) for name in measures}
    parts = _in_parts(of, partial(_panel_chunk, lists, masks), replicates, seed, workers)
    return {
        name: np.concatenate([part[name] for part in parts], dtype=np.float64)
        + (of.lowest if MEASURES[name].in_grades else 0)
        for name in measures
    }


@one_blas_thread()
def _panel_chunk(
    lists: "_Lists", masks: Mapping[str, np.ndarray], chunk: _Chunk
) -> dict[str, np.ndarray]:
    """Return the systems' scores in some replicates by each measure, float32 [part, systems]."""
    grades, weight = lists.weighed(chunk)
    found = {}
    for name, mask in masks.items():
        scores = np.where(mask[..., None], lists.score(MEASURES[name], grades), 0)
        whole = weight @ mask.T.astype(np.float32)
        sums = np.einsum("sqr,rq->rs", scores, weight, optimize=True)
        found[name] = sums / np.where(whole > 0, whole, np.nan)
    return found


def common_replicates(
    of: Ratings,
    measure: str,
    threshold: float | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    workers: Workers = None,
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
    work = partial(_common_chunk, lists, measure, lists.defined(MEASURES[measure]))
    return np.concatenate(_in_parts(of, work, replicates, seed, workers), dtype=np.float64)


@one_blas_thread()
def _common_chunk(lists: "_Lists", measure: str, mask: np.ndarray, chunk: _Chunk) -> np.ndarray:
    """Return what systems differ by in some replicates, float32 [part, systems, systems]."""
    grades, weight = lists.weighed(chunk)
    there = mask.astype(np.float32)
    scores = np.where(mask[..., None], lists.score(MEASURES[measure], grades), 0)
    sums = np.einsum("sqr,rq,tq->rst", scores, weight, there, optimize=True)
    whole = np.einsum("sq,rq,tq->rst", there, weight, there, optimize=True)
    own = sums / np.where(whole > 0, whole, np.nan)
    return own - own.transpose(0, 2, 1)


def _in_parts(
    of: Ratings, work: Callable[[_Chunk], Part], replicates: int, seed: int, workers: Workers
) -> list[Part]:
    """Return what `work` makes of each chunk of the replicates, in their order.

    Unless told they are made by as many threads as there are processors: numpy works outside of
    Python's lock. BLAS has one thread in each: the last bits of float32 depend on how many it has.
    """
    of_rater, judging = np.ones((replicates, len(of.raters))), _judging(of)
    drawn, of_query = weights(int(judging.sum()), len(of.queries), replicates, seed)
    if not of.alone:
        of_rater[:, judging] = drawn
    chunks: list[_Chunk] = [
        (start, of_rater[start : start + _CHUNK], of_query[start : start + _CHUNK])
        for start in range(0, replicates, _CHUNK)
    ]
    by = engine(workers, Here(default_workers()))
    made = {chunk[0]: result_of(found) for chunk, found in by.run(work, chunks)}
    return [made[start] for start in sorted(made)]


class _Lists:
    """The systems' lists and the pools, and what of them was judged."""

    def __init__(self, of: Ratings, threshold: float | None) -> None:
        judged = ~np.isnan(of.table)
        self.whole = of.graded(of.mean, threshold)
        self.graded = np.nan_to_num(of.table - of.lowest).T.astype(np.float32)
        self.judged = judged.T.astype(np.float32)
        self.known = judged.any(axis=0)
        none = len(self.known)  # the row below the others: worth nothing
        self.lists, self.pools = (
            np.where((places >= 0) & np.append(self.known, False)[places], places, none)
            for places in (of.lists, of.pools)
        )

    def defined(self, measure: GradedMeasure) -> np.ndarray:
        """Return of which lists a measure is defined, bool [systems, queries]."""
        return ~np.isnan(measure.score(self.whole))

    def weighed(self, chunk: _Chunk) -> tuple[DrawnLists, np.ndarray]:
        """Return the lists by the grades of a chunk, and the queries' weights, float32."""
        _, of_rater, of_query = chunk
        return self.draw(of_rater), of_query.astype(np.float32)

    def draw(self, of_rater: np.ndarray) -> DrawnLists:
        """Return the lists by grades in which each rater has a weight, [replicates, raters]."""
        weight = of_rater.T.astype(np.float32)
        means = np.zeros((len(self.known) + 1, weight.shape[1]), dtype=np.float32)
        np.divide(self.graded @ weight, self.judged @ weight, means[:-1], where=self.known[:, None])
        return DrawnLists(means, self.lists, self.pools)

    def score(self, measure: GradedMeasure, drawn: DrawnLists) -> np.ndarray:
        """Return a measure of replicates, float32 [systems, queries, replicates]."""
        return measure.draw(drawn) if measure.draw else self._plain(measure, drawn)

    def _plain(self, measure: GradedMeasure, drawn: DrawnLists) -> np.ndarray:
        """Return what the measure itself makes of each replicate, counted from the lowest grade."""
        whole, means = self.whole, drawn.means.copy()
        means[drawn.none] = np.nan
        lists = Lists(
            grades=np.moveaxis(means[drawn.lists], -1, 2),
            pool=np.moveaxis(means[drawn.pools], -1, 1),
            returned=whole.returned[:, :, None],
            lowest=0.0,
            highest=whole.highest - whole.lowest,
            threshold=float(whole.threshold - whole.lowest),  # compared in float32
        )
        return measure.score(lists).astype(np.float32)
