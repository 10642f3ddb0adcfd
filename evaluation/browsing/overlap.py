"""How much ranked lists of the same query have in common.

Rank-biased overlap [1]_ of two lists is a weighted mean of A_d, the share of clips that their
first d ranks have in common, over all depths d; the weight of depth d is (1 - p) p^(d-1). With
p = 0.9 the first ten ranks have 86 % of the weight. 1 is the same order, 0 nothing in common.

The lists end at some depth k, the shorter one's length. It is the extrapolated form that is
given: the agreement at depth k is taken to go on for ever::

    RBO = A_k p^k + (1 - p)/p * sum over d <= k of A_d p^d

References
----------
.. [1] Webber, Moffat, Zobel: A similarity measure for indefinite rankings, ACM TOIS 28(4), 2010.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

PERSISTENCE = 0.9
"""p: how likely a reader of the lists goes on from one rank to the next."""

_BLOCK = 256  # queries at a time


def rank_biased_overlap(lists: Sequence[np.ndarray], p: float = PERSISTENCE) -> np.ndarray:
    """Compare every list with every other one.

    Parameters
    ----------
    lists : int [length] each: clips, best first, none twice; their lengths may differ
    p : in (0, 1), see the module's text

    Returns
    -------
    float64 [lists, lists] in [0, 1], symmetric; NaN where one of the two is empty
    """
    lengths = np.array([len(one) for one in lists], dtype=np.int64)
    clips = np.unique(np.concatenate([*lists, np.empty(0, dtype=np.int64)]))
    absent = int(lengths.max(initial=0)) + 1
    ranks = np.full((len(lists), len(clips)), absent)
    for own, one in zip(ranks, lists, strict=True):
        own[np.searchsorted(clips, one)] = np.arange(1, len(one) + 1)
    gains = _gains(absent, p)
    overlaps = np.empty((len(lists), len(lists)))
    for number, own in enumerate(ranks):
        depths = np.minimum(lengths, lengths[number])
        overlaps[number] = gains[depths[:, None], np.maximum(ranks, own)].sum(axis=1)
        overlaps[number, depths == 0] = np.nan
    return overlaps


def overlap_by_query(
    first: np.ndarray, second: np.ndarray, clips: int, p: float = PERSISTENCE
) -> np.ndarray:
    """Compare two systems' lists of every query.

    Parameters
    ----------
    first, second : int [queries, kept], clips of the collection, best first; -1 where there is none
    clips : how many clips the collection has

    Returns
    -------
    float64 [queries] in [0, 1]; NaN where one of the two lists is empty
    """
    if len(first) != len(second):
        raise ValueError(f"there are lists of {len(first)} queries and of {len(second)}")
    shorter = min(first.shape[1], second.shape[1])
    gains = _gains(shorter + 1, p)
    overlaps = np.empty(len(first))
    ranks = np.zeros((_BLOCK, clips + 1), dtype=np.int32)  # 0: not listed; the last: no clip
    for start in range(0, len(first), _BLOCK):
        one = np.asarray(first[start : start + _BLOCK, :shorter])
        other = np.asarray(second[start : start + _BLOCK, :shorter])
        places = np.arange(len(one))[:, None]
        order = np.arange(1, shorter + 1)
        ranks[places, other] = order
        ranks[:, -1] = 0
        found = ranks[places, one]
        met = np.where(found > 0, np.maximum(found, order), shorter + 1)
        depths = np.minimum((one >= 0).sum(axis=1), (other >= 0).sum(axis=1))
        block = gains[depths[:, None], met].sum(axis=1)
        overlaps[start : start + _BLOCK] = np.where(depths > 0, block, np.nan)
        ranks[places, other] = 0
    return overlaps


def places(lists: Sequence[np.ndarray], depth: int) -> dict[int, list[tuple[int, int]]]:
    """Return, for each clip, every list that has it in its first `depth` ranks, with the rank.

    The lists are numbered from zero in their order, the ranks count from one.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    for number, one in enumerate(lists):
        for rank, clip in enumerate(one[:depth].tolist(), 1):
            found.setdefault(clip, []).append((number, rank))
    return found


@lru_cache(maxsize=16)
def _gains(longest: int, p: float) -> np.ndarray:
    """Return what a clip adds to the overlap of two lists that are `depth` long.

    Float [depth, rank]: a clip that both lists have once they are read to `rank`, which is its
    rank in the list that has it later, counts in A_d for all d from there; nothing beyond `depth`.
    """
    if not 0 < p < 1:
        raise ValueError(f"p must lie between 0 and 1, not {p}")
    depths = np.arange(1, longest + 1)
    weights = (1 - p) * p ** (depths - 1.0) / depths
    upto = np.concatenate([[0.0], np.cumsum(weights)])  # of the depths before a rank
    gains = np.zeros((longest + 1, longest + 1))
    for depth in range(1, longest + 1):
        before = upto[:depth]
        gains[depth, 1 : depth + 1] = upto[depth] - before + p**depth / depth
    gains.setflags(write=False)  # it is kept for the next call
    return gains
