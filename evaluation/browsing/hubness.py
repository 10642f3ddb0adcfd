"""Hubness: clips that are in too many lists, and clips that are in none.

N_k of a clip, its k-occurrence, is the number of queries whose first k results have it. Its mean
is k whatever the system; in spaces of many dimensions its distribution grows a long tail of hubs
[1]_. The skewness of N_k says how long: about 0 where every clip is found about as often, above
1 where some clips are in very many lists.

References
----------
.. [1] Radovanovic, Nanopoulos, Ivanovic: Hubs in space, JMLR 11, 2010.
"""

from dataclasses import dataclass

import numpy as np

DEPTH = 15


@dataclass(frozen=True, slots=True)
class Hubness:
    """How evenly a system's lists are spread over the clips.

    Attributes
    ----------
    depth : k, the ranks that count; fewer than asked for where the lists are shorter
    occurrences : int [clips], N_k of every clip of the collection; -1 of those that the system
        does not know
    skewness : the third standardised moment of N_k, m_3 / m_2^1.5; None where all are equal
    """

    depth: int
    occurrences: np.ndarray
    skewness: float | None


def hubness(neighbours: np.ndarray, depth: int = DEPTH) -> Hubness:
    """Return the hubness of a ranking.

    Parameters
    ----------
    neighbours : int [clips, kept], each clip's best other clips, best first; -1 where there is none
    depth : k

    A clip that neither has a list nor is in one, such as one without vectors, is left out.
    """
    depth = min(depth, neighbours.shape[1])
    top = np.asarray(neighbours[:, :depth])
    occurrences = np.bincount(top[top >= 0], minlength=len(neighbours))
    known = (top[:, 0] >= 0) | (occurrences > 0)
    counts = occurrences[known].astype(np.float64)
    return Hubness(depth, np.where(known, occurrences, -1), _skewness(counts))


def _skewness(counts: np.ndarray) -> float | None:
    if not len(counts) or counts.min() == counts.max():
        return None
    centred = counts - counts.mean()
    return float((centred**3).mean() / (centred**2).mean() ** 1.5)
