"""The grades of a study as arrays: who graded what, and which system returned it at which rank.

A pair is a query with one of its results; every result of the pool is there, judged or not.
Controls and repeats are no results and live elsewhere (:mod:`evaluation.analysis.judgements`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.statistics.graded_lists import mean_there
from evaluation.statistics.graded_measures import Lists


@dataclass(frozen=True, slots=True)
class Ratings:
    """The grades of one facet.

    Attributes
    ----------
    raters : pseudonyms
    queries : clip ids of the queries
    classes, families : of each query; "" where it has no family
    systems : names of the rankings
    query_of : int [pairs], each pair's index in `queries`
    clips : clip id of each pair's result
    table : float [raters, pairs], NaN where a rater gave no grade
    lists : int [systems, queries, depth], the pair at each rank; -1 where a list has none
    lowest, highest : the ends of the scale
    alone : whether intervals are to speak for these raters alone, and not for others like them
    """

    raters: tuple[str, ...]
    queries: tuple[str, ...]
    classes: tuple[str, ...]
    families: tuple[str, ...]
    systems: tuple[str, ...]
    query_of: np.ndarray
    clips: tuple[str, ...]
    table: np.ndarray
    lists: np.ndarray
    lowest: float
    highest: float
    alone: bool = False

    @property
    def depth(self) -> int:
        """How many ranks of each list were pooled."""
        return self.lists.shape[2]

    @property
    def mean(self) -> np.ndarray:
        """The mean grade of each pair over its raters: float [pairs], NaN where it has none."""
        return mean_there(self.table, axis=0)

    @property
    def mean_by_rank(self) -> np.ndarray:
        """The mean grades along the lists: float [systems, queries, depth], NaN unjudged."""
        return self.along(self.mean, self.lists)

    @property
    def returned(self) -> np.ndarray:
        """Where a list has a result: bool [systems, queries, depth]."""
        return self.lists >= 0

    @property
    def pools(self) -> np.ndarray:
        """The pairs of each query: int [queries, largest pool], -1 where there are fewer."""
        order = np.argsort(self.query_of, kind="stable")
        sizes = np.bincount(self.query_of, minlength=len(self.queries))
        inside = np.arange(sizes.max(initial=0)) < sizes[:, None]
        pools = np.full(inside.shape, -1, dtype=np.intp)
        pools[inside] = order
        return pools

    def along(self, grades: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return values of pairs, float [..., pairs], at `places`: NaN where there is none (-1)."""
        none = np.full((*grades.shape[:-1], 1), np.nan)
        return np.concatenate([grades, none], axis=-1)[..., places]

    def graded(self, grades: np.ndarray, threshold: float | None = None) -> Lists:
        """Return the lists of all systems by grades of pairs, float [..., pairs].

        What measures make of them is float [..., systems, queries].
        """
        return Lists(
            grades=self.along(grades, self.lists),
            pool=self.along(grades, self.pools)[..., None, :, :],
            returned=self.returned,
            lowest=self.lowest,
            highest=self.highest,
            threshold=threshold or 0.0,
        )

    def only_raters(self, raters: Collection[str]) -> "Ratings":
        """Return the grades of these raters alone."""
        kept = [place for place, one in enumerate(self.raters) if one in raters]
        return replace(self, raters=tuple(self.raters[one] for one in kept), table=self.table[kept])

    def only_queries(self, kept: np.ndarray) -> "Ratings":
        """Return the queries that are `kept`, bool [queries], with all that belongs to them."""
        pairs = kept[self.query_of]
        place = np.append(np.where(pairs, np.cumsum(pairs) - 1, -1), -1)
        return replace(
            self,
            queries=_where(self.queries, kept),
            classes=_where(self.classes, kept),
            families=_where(self.families, kept),
            query_of=(np.cumsum(kept) - 1)[self.query_of[pairs]],
            clips=_where(self.clips, pairs),
            table=self.table[:, pairs],
            lists=place[self.lists[:, kept]],
        )


def _where(values: Sequence[str], kept: np.ndarray) -> tuple[str, ...]:
    return tuple(value for value, keep in zip(values, kept, strict=True) if keep)
