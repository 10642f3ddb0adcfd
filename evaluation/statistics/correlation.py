"""Do two orders of the systems agree: Kendall's tau, tau_AP, Spearman's rho.

With few systems a correlation says little: `least_significant_tau` tells how large it would have to
be. Intervals come from replicates over queries and raters, not over systems, and are reversed
percentiles, since the bootstrap of tau lies below its estimate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from evaluation.measure import Coefficient

_NOTHING = 1e-9  # correlations that differ by less are the same


def tau_b(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Kendall's tau-b of the last axis, float [...]; NaN where either side is constant.

    Parameters
    ----------
    one, other : float [..., systems], which may broadcast
    """
    ours, theirs = _signs(one), _signs(other)
    untied = np.sqrt(np.abs(ours).sum(axis=(-1, -2)) * np.abs(theirs).sum(axis=(-1, -2)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (ours * theirs).sum(axis=(-1, -2)) / untied


def tau_ap(truth: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Return the rank correlation tau_AP, which weighs the top of the estimated order more.

    For each system but the first of the estimated order: the share of those above it that are
    truly better; tau_AP is twice the mean of these shares, minus one. Which side is the truth
    matters. Where values tie, each order of the tied counts alike: a true tie counts one half, and
    systems tied in the estimate are averaged over their orders.

    Parameters
    ----------
    truth, estimate : float [..., systems], higher is better

    Returns
    -------
    float [...] in [-1, 1]; NaN where there are fewer than two systems
    """
    systems = truth.shape[-1]
    if systems < 2:
        return np.full(np.broadcast_shapes(truth.shape, estimate.shape)[:-1], np.nan)
    better = (_signs(truth) + 1) / 2
    return 2 * (_weights(estimate) * better).sum(axis=(-1, -2)) / (systems - 1) - 1


def spearman(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Spearman's rho of the last axis, float [...]; NaN where either side is constant.

    Parameters
    ----------
    one, other : float [..., systems], which may broadcast
    """
    from scipy.stats import rankdata

    middle = (one.shape[-1] + 1) / 2
    ours, theirs = (rankdata(side, axis=-1) - middle for side in (one, other))
    spread = np.sqrt((ours**2).sum(axis=-1) * (theirs**2).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (ours * theirs).sum(axis=-1) / spread


_REPLICATES = "from reversed percentiles of replicates with random weights of queries and raters"

CORRELATIONS: Mapping[str, Coefficient] = {
    one.name: one
    for one in (
        Coefficient(
            "tau",
            "Kendall's tau-b",
            "How many more pairs of systems two orders have alike than the other way round.",
            "The difference over the pairs that neither order ties, in [-1, 1]",
            interval=_REPLICATES,
            figure="ears-labels",
            spoken="tau-b",
            function=tau_b,
        ),
        Coefficient(
            "tau_ap",
            "tau AP",
            "How far two orders agree, where mistakes at the top weigh more.",
            "Weighs the top of the order more; the ears are the truth",
            interval=_REPLICATES,
            figure="ears-labels",
            spoken="tau_AP",
            function=tau_ap,
        ),
        Coefficient(
            "rho",
            "Spearman's rho",
            "How far the places of the systems in two orders are proportional.",
            "The correlation of the ranks, in [-1, 1]",
            interval=_REPLICATES,
            function=spearman,
        ),
    )
}
"""By name, in the order of tables; each takes two arrays, float [..., systems]."""


@cache
def least_significant_tau(systems: int, level: float = 0.05) -> float | None:
    """Return the smallest tau, without ties, whose exact two-sided p is at most `level`.

    None where even a perfect order cannot be significant: four systems or fewer at 5 %.
    """
    pairs = systems * (systems - 1) // 2
    counts = [1]  # orders of one, two, ... systems by their number of swapped pairs
    for size in range(2, systems + 1):
        longer = [0] * (len(counts) + size - 1)
        for swaps, count in enumerate(counts):
            for more in range(size):
                longer[swaps + more] += count
        counts = longer
    found, total, tail = None, sum(counts), 0
    for swaps, count in enumerate(counts):
        tail += count
        if 2 * swaps >= pairs or 2 * tail > level * total:
            break
        found = 1 - 2 * swaps / pairs
    return found


@dataclass(frozen=True, slots=True)
class Interval:
    """A reversed-percentile interval: its ends, and how far the replicates lie off on average."""

    low: float
    high: float
    bias: float


def reversed_percentiles(estimate: float, replicates: np.ndarray) -> Interval | None:
    """Return the 95 % interval of a correlation from its replicates, clipped to [-1, 1].

    A replicate that lies below the estimate speaks for a truth above it, so the percentiles are
    mirrored at the estimate. An end that would not lie beyond the estimate on its side, as the
    inner one of an estimate of 1 or -1 never does, is the percentile itself: a perfect order that
    replicates disturb is not sure. Undefined replicates (NaN) are left out; None where all are.
    """
    there = replicates[~np.isnan(replicates)]
    if not len(there):
        return None
    low, high = np.clip(np.quantile(there, (0.025, 0.975)), -1, 1)
    middle = float(np.clip(estimate, -1, 1))  # rounding can lead out
    ends = np.clip([2 * middle - high, 2 * middle - low], -1, 1)
    if ends[0] > middle - _NOTHING:
        ends[0] = min(low, middle)
    if ends[1] < middle + _NOTHING:
        ends[1] = max(high, middle)
    return Interval(float(ends[0]), float(ends[1]), float(there.mean() - estimate))


def _signs(values: np.ndarray) -> np.ndarray:
    """Return for each two systems which has more: [..., i, j] is 1 where j has more than i."""
    return np.sign(values[..., None, :] - values[..., :, None])


def _weights(estimate: np.ndarray) -> np.ndarray:
    """Return for each two systems how much it matters that j is above i, float [..., i, j].

    At place p of an order, from 0, each of the p above weighs 1 / p. A tied group takes its places
    in any order: p goes over them, and a tied other is above with the share of the group before p.
    """
    systems = estimate.shape[-1]
    signs = _signs(estimate)
    tied = (signs == 0).sum(axis=-1, keepdims=True)
    place = (signs > 0).sum(axis=-1, keepdims=True) + np.arange(systems)
    before = np.arange(systems) / np.maximum(tied - 1, 1)
    each = (np.arange(systems) < tied) & (place > 0)
    share = np.where(each, 1 / np.maximum(place, 1), 0) / tied
    of_above = share.sum(axis=-1)[..., None]
    of_tied = (share * before).sum(axis=-1)[..., None]
    itself = np.eye(systems, dtype=bool)
    return np.where(signs > 0, of_above, np.where((signs == 0) & ~itself, of_tied, 0))
