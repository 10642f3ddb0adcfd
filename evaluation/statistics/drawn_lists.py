"""Measures of graded lists in many replicates at once: `graded_lists`, made to be quick.

Grades are counted from the lowest one, in float32, with replicates along the last axis. What was
not judged is worth nothing; where a measure is not defined, what is returned means nothing.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class DrawnLists:
    """The systems' lists in some replicates.

    Attributes
    ----------
    means : float32 [pairs + 1, replicates], the panel's grades above the lowest; the last row, 0,
        is that of what nobody judged
    lists : int [systems, queries, depth], the row of `means` at each rank
    pools : int [queries, largest pool], likewise
    """

    means: np.ndarray
    lists: np.ndarray
    pools: np.ndarray

    @property
    def none(self) -> int:
        """The row of what nobody judged."""
        return len(self.means) - 1

    @cached_property
    def grades(self) -> np.ndarray:
        """The grades along the lists, float32 [systems, queries, depth, replicates]."""
        return self.means[self.lists]

    @property
    def condensed(self) -> np.ndarray:
        """As `grades`, with what was not judged taken out, and the ranks closed up."""
        closed = np.argsort(self.lists == self.none, axis=-1, kind="stable")
        return self.means[np.take_along_axis(self.lists, closed, axis=-1)]

    @cached_property
    def best(self) -> np.ndarray:
        """The grades of each pool that an ideal list has, the best last."""
        depth = min(self.lists.shape[-1], self.pools.shape[-1])
        pool = np.ascontiguousarray(self.means[self.pools].transpose(0, 2, 1))
        if 0 < depth < pool.shape[-1]:
            pool.partition(pool.shape[-1] - depth, axis=-1)
        return np.sort(pool[..., pool.shape[-1] - depth :], axis=-1)


def mean_grade(of: DrawnLists) -> np.ndarray:
    """Return the mean of the grades that were given, float32 [systems, queries, replicates]."""
    count = np.maximum((of.lists != of.none).sum(axis=-1), 1)
    return of.grades.sum(axis=2) / count[..., None].astype(np.float32)


def ndcg(of: DrawnLists, grades: np.ndarray) -> np.ndarray:
    """Return the discounted gain over the ideal one, float32 [systems, queries, replicates].

    `grades` are those of the lists, or of the condensed ones.
    """
    discount = 1 / np.log2(np.arange(2, grades.shape[2] + 2)).astype(np.float32)
    ideal = of.best[..., ::-1] @ discount[: of.best.shape[-1]]
    found = np.einsum("sqkr,k->sqr", grades, discount, optimize=True)
    return found / np.where(ideal > 0, ideal, 1)


def graded_ap(of: DrawnLists) -> np.ndarray:
    """Return graded AP, float32 [systems, queries, replicates]; the span falls out of it."""
    grades = of.grades
    found = np.zeros((*grades.shape[:2], grades.shape[3]), dtype=np.float32)
    for rank in range(grades.shape[2]):
        both = np.minimum(grades[:, :, : rank + 1], grades[:, :, rank : rank + 1])
        found += both.sum(axis=2) / np.float32(rank + 1)
    most = of.best.sum(axis=-1)
    return found / np.where(most > 0, most, 1)
