"""How near results are to their query: which way a system's scores run, and how long a bar each is.

    cosine          MCSS: inner products of unit vectors, more is nearer
    inner product   MIPS: more is nearer
    distance        NNS: Euclidean, stored with a minus; less is nearer
    similarity      an imported ranking's own score: more is nearer

A bar is drawn from 0 on a scale of its column and query alone. Where more is nearer, the nearest
clip that is kept fills it, and where less is, the farthest one does.
"""

from dataclasses import dataclass

import numpy as np

from embeddings.systems.store import Ranking

UNITS = {"mcss": "cosine", "mips": "inner product", "nns": "distance"}
"""Search -> what its scores are; those of no known search are a "similarity"."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """The scale of one query's results: the values at the bar's two ends.

    Attributes
    ----------
    unit : what the values are, see the module's text
    low, high : where a bar has no length, and where it is full; low is 0, or the least kept value
        where that is below
    """

    unit: str
    low: float
    high: float

    @property
    def less_is_nearer(self) -> bool:
        """Whether the values are distances."""
        return self.unit == "distance"

    def value(self, score: float) -> float:
        """Return a stored score as it is shown: a distance without its minus."""
        return -score + 0.0 if self.less_is_nearer else score

    def bar(self, score: float) -> float:
        """Return how much of the bar a stored score fills, in [0, 1]."""
        if not self.high > self.low:
            return 0.0
        share = (self.value(score) - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)


def nearness(ranking: Ranking, query: int) -> Nearness:
    """Return the scale of what `ranking` keeps of the clip in row `query`."""
    unit = UNITS.get(ranking.meta["search"] or "", "similarity")
    kept = np.asarray(ranking.scores[query])[np.asarray(ranking.neighbours[query]) >= 0]
    values = -kept if unit == "distance" else kept
    values = values[np.isfinite(values)]
    if not len(values):
        return Nearness(unit, 0.0, 0.0)
    return Nearness(unit, min(0.0, float(values.min())), max(0.0, float(values.max())))
