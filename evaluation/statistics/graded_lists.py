"""How good a graded list is: mean grade, graded precision, nDCG, RBP, the first good rank.

Every function takes grades along ranked lists, float [..., depth] with the best rank first and NaN
where a result was not judged or the list has ended, and gives a number for each list, NaN where it
is undefined. A grade that is missing is never 0: what it could be is said by bounds.
"""

import numpy as np


def mean_there(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the mean over an axis of what is there; NaN where nothing is.

    Of grades along lists it is the mean of those that were given.
    """
    count = (~np.isnan(values)).sum(axis=axis)
    return np.nansum(values, axis=axis) / np.where(count, count, np.nan)


def graded_precision(grades: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """Return the sum of the grades, each as a share of the scale, over the depth.

    The depth is the list's full one: what is missing counts 0, so this is a lower bound.
    """
    above = np.nansum(grades - lowest, axis=-1)  # whole numbers: any order has the same sum
    whole = (highest - lowest) * grades.shape[-1]
    return np.where(np.isnan(grades).all(axis=-1), np.nan, above / whole)


def precision(grades: np.ndarray, threshold: float) -> np.ndarray:
    """Return the share of the depth with a grade of at least `threshold`; missing counts as not."""
    return np.where(
        np.isnan(grades).all(axis=-1), np.nan, (grades >= threshold).sum(axis=-1) / grades.shape[-1]
    )


def judged(grades: np.ndarray, returned: np.ndarray) -> np.ndarray:
    """Return the share of the returned results that have a grade (Judged@K)."""
    count = returned.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (returned & ~np.isnan(grades)).sum(axis=-1) / np.where(count, count, np.nan)


def dcg(grades: np.ndarray, lowest: float = 0.0) -> np.ndarray:
    """Return the discounted gain: the grades above the lowest, over log2(rank + 1)."""
    discount = np.log2(np.arange(2, grades.shape[-1] + 2))
    return np.nansum((grades - lowest) / discount, axis=-1)


def ideal_dcg(pool: np.ndarray, depth: int, lowest: float = 0.0) -> np.ndarray:
    """Return the largest `dcg` that a list of `depth` could have from a pool of grades.

    Parameters
    ----------
    pool : float [..., pool], the grades of all judged results of a query, of all systems; NaN
        where there are fewer
    """
    best = -np.sort(-np.nan_to_num(pool, nan=lowest), axis=-1)[..., :depth]
    return dcg(best, lowest)


def ndcg(grades: np.ndarray, ideal: np.ndarray, lowest: float = 0.0) -> np.ndarray:
    """Return the discounted gain over the ideal one (linear gain); missing counts as the lowest.

    Undefined where the ideal is 0, since no result of the pool has more than the lowest grade, or
    where nothing of the list was judged.
    """
    empty = np.isnan(grades).all(axis=-1) | ~(ideal > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(empty, np.nan, dcg(grades, lowest) / ideal)


def condensed(grades: np.ndarray) -> np.ndarray:
    """Return the lists with what was not judged taken out, and the ranks closed up."""
    order = np.argsort(np.isnan(grades), axis=-1, kind="stable")
    return np.take_along_axis(grades, order, axis=-1)


def rbp(
    grades: np.ndarray, lowest: float, highest: float, patience: float = 0.8
) -> tuple[np.ndarray, np.ndarray]:
    """Return rank-biased precision and its residual.

    A listener goes on to the next rank with probability `patience`. The residual is what the
    results without a grade, in the list and beyond its end, could add at most.
    """
    depth = grades.shape[-1]
    weights = (1 - patience) * patience ** np.arange(depth)
    shares = (grades - lowest) / (highest - lowest)
    base = np.nansum(weights * shares, axis=-1)
    residual = (weights * np.isnan(grades)).sum(axis=-1) + patience**depth
    return base, residual


def first_good_rank(grades: np.ndarray, threshold: float) -> np.ndarray:
    """Return the first rank, from 1, with a grade of at least `threshold`.

    NaN where nothing was judged; the rank after the end, which stands for "more than the depth",
    where no judged result is that good.
    """
    good = grades >= threshold
    ranks = np.where(good.any(axis=-1), good.argmax(axis=-1) + 1, grades.shape[-1] + 1)
    return np.where(np.isnan(grades).all(axis=-1), np.nan, ranks)


def average_precision(grades: np.ndarray, pool: np.ndarray, threshold: float) -> np.ndarray:
    """Return AP@depth with a grade of at least `threshold` as relevant; missing counts as not.

    Parameters
    ----------
    pool : float [..., pool], as in `ideal_dcg`: it tells how many there are to be found. The sum
        is divided by that number, or by the depth where there are more; undefined where none is
    """
    hits = grades >= threshold
    ranks = np.arange(1, grades.shape[-1] + 1)
    sums = (hits * np.cumsum(hits, axis=-1) / ranks).sum(axis=-1)
    there = (pool >= threshold).sum(axis=-1)
    return sums / np.where(there, np.minimum(there, grades.shape[-1]), np.nan)


def graded_ap(grades: np.ndarray, pool: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """Return graded average precision: the AP of a threshold that may lie anywhere on the scale.

    Of two results at ranks m <= n, what both have at least (the lower grade as a share of the
    scale) adds to the precision at n; the whole is divided by the most that a list of this depth
    could have from the pool (see `average_precision`). With the two ends of the scale as the only
    grades it is AP@depth. Undefined where the pool has nothing above the lowest grade, or where
    nothing of the list was judged.
    """
    shares = np.nan_to_num((grades - lowest) / (highest - lowest))
    depth = grades.shape[-1]
    both = np.minimum(shares[..., :, None], shares[..., None, :])
    upto = np.tril(np.ones((depth, depth))) / np.arange(1, depth + 1)[:, None]
    best = np.sort(np.nan_to_num((pool - lowest) / (highest - lowest)), axis=-1)[..., ::-1]
    most = best[..., :depth].sum(axis=-1)
    found = (both * upto).sum(axis=(-1, -2)) / np.where(most > 0, most, np.nan)
    return np.where(np.isnan(grades).all(axis=-1), np.nan, found)


MIREX_WEIGHTS = {
    "psum": (0, 1, 2),
    "wcsum": (0, 1, 3),
    "sdsum": (0, 1, 4),
    "greater0": (0, 1, 1),
    "greater1": (0, 0, 1),
}
"""What the broad grades 0, 1 and 2 are worth in MIREX's measures, before each is divided by its
own maximum."""


def mirex(grades: np.ndarray, measure: str) -> np.ndarray:
    """Return one of MIREX's measures of lists of broad grades 0, 1, 2: mean worth in [0, 1].

    Grades of single raters, not their means: WCsum and its kin are not linear in the grade.
    """
    worth = np.array(MIREX_WEIGHTS[measure], dtype=np.float64) / max(MIREX_WEIGHTS[measure])
    given = np.where(np.isnan(grades), 0, grades).astype(np.intp)
    return mean_there(np.where(np.isnan(grades), np.nan, worth[given]))
