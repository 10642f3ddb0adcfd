"""Made panels with tastes of their own, and what is true of all raters and queries like them."""

from dataclasses import dataclass

import numpy as np

from evaluation.analysis.ratings import Ratings
from tests.support.studies.rated import ratings

POOL, DEPTH = 12, 5


@dataclass(frozen=True)
class Panel:
    """What raters of a kind are like, in grades.

    Attributes
    ----------
    raters, queries : how many a study has
    taste : how far what raters like for good, such as loud sounds, moves their grades
    kindness : how far raters differ in what they give to all
    each : how many raters judge each query; all unless told
    """

    raters: int
    queries: int
    taste: float = 6.0
    kindness: float = 8.0
    each: int | None = None

    def grades(
        self, rng: np.random.Generator, raters: int, queries: int, pool: int = POOL
    ) -> np.ndarray:
        """Return grades, float [raters, queries, pool]: of raters and queries never seen before."""
        worth = rng.normal(50, 9, (queries, 1)) + rng.normal(0, 15, (queries, pool))
        loud = rng.normal(size=(queries, pool, 2))
        likes = rng.normal(size=(raters, 2))
        own = np.einsum("rk,qpk->rqp", likes, loud) * self.taste
        own += rng.normal(0, self.kindness, (raters, 1, 1)) + rng.normal(0, 10, own.shape)
        return np.clip(np.round((worth + own) / 5) * 5, 0, 100)

    def study(self, rng: np.random.Generator) -> Ratings:
        """Return one study."""
        grades = self.grades(rng, self.raters, self.queries)
        if self.each is not None:
            order = rng.random(grades.shape[:2]).argsort(axis=0)
            grades[order >= self.each] = np.nan
        lists = np.arange(self.queries)[:, None] * POOL + np.arange(DEPTH)
        query_of = np.repeat(np.arange(self.queries), POOL)
        table = grades.reshape(self.raters, -1)
        return ratings(table.tolist(), [lists.tolist()], query_of.tolist())
