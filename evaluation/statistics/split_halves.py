"""How alike two halves of the raters order the systems.

No order, by labels or by anything else, can be expected to agree with the ears much better than
the ears agree with each other.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.statistics.correlation import tau_b

SPLITS = 200
FEWEST = 4
"""So many raters it takes to be halved: with two in a half, one rater's taste is not all of it."""


@dataclass(frozen=True, slots=True)
class Halves:
    """The agreement of random halves.

    Attributes
    ----------
    tau : the mean of Kendall's tau-b between the orders of two halves; None where undefined
    low, high : between which 95 % of the splits lie; how splits differ, and no interval of the mean
    splits : of how many splits tau is defined
    reason : why there is none
    """

    tau: float | None
    low: float | None
    high: float | None
    splits: int
    reason: str = ""


def split_halves(scores: np.ndarray, splits: int = SPLITS, seed: int = 1) -> Halves:
    """Split the raters in two again and again, and compare the orders of the systems.

    Each half orders the systems by the mean over queries of its raters' means; a query counts for
    a system where both halves judged its list.

    Parameters
    ----------
    scores : float [systems, raters, queries], as `evaluation.analysis.system_scores.per_rater`
        gives them
    splits, seed : how many random splits, and of what they are drawn
    """
    there = ~np.isnan(scores)
    judging = there.any(axis=(0, 2))
    scores, there = scores[:, judging], there[:, judging]
    systems, raters, queries = scores.shape
    if raters < FEWEST or systems < 2:
        return Halves(None, None, None, 0, f"it needs {FEWEST} raters and two systems")
    half = np.random.default_rng(seed).permuted(
        np.tile(np.arange(raters) < raters // 2, (splits, 1)), axis=1
    )
    sums, counts = (
        (np.stack([half, ~half]) @ values.transpose(1, 0, 2).reshape(raters, -1)).reshape(
            2, splits, systems, queries
        )
        for values in (np.nan_to_num(scores), there.astype(float))
    )
    both = (counts > 0).all(axis=0)
    common = both.sum(axis=-1)
    means = np.where(both, sums / np.maximum(counts, 1), 0).sum(axis=-1)
    # Rounding must not tell equal levels apart.
    levels = np.round(means / np.where(common, common, np.nan), 9)
    taus = tau_b(*levels)
    taus = taus[~np.isnan(taus)]
    if not len(taus):
        return Halves(None, None, None, 0, "the halves share no queries, or nothing varies in one")
    low, high = np.quantile(taus, (0.025, 0.975))
    return Halves(float(taus.mean()), float(low), float(high), len(taus))
