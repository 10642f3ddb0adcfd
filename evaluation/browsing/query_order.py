"""Which queries are worth a look: orders to walk through a choice of clips.

random      an order drawn from a seed
lowest      lowest AP of a system first
difference  largest difference of two systems' AP first
overlap     least rank-biased overlap of two systems' lists first
hubs        clips that are in most of a system's lists first

Clips of the same value stay in the order they came in; those without a value come last.
"""

from collections.abc import Sequence

import numpy as np

from evaluation.objective.per_query import MICRO, QueryScores

ORDERS = ("random", "lowest", "difference", "overlap", "hubs")


def in_random_order(rows: np.ndarray, seed: int) -> np.ndarray:
    """Return the rows in the order that `seed` draws."""
    return np.random.default_rng(seed).permutation(rows)


def in_order(values: np.ndarray, *, largest: bool = False) -> np.ndarray:
    """Return the places of `values`, float [n], sorted: smallest first unless told; NaN last."""
    return np.argsort(-values if largest else values, kind="stable")


def lowest_first(precision: np.ndarray) -> np.ndarray:
    """Return the places of queries by AP, lowest first; NaN last.

    Parameters
    ----------
    precision : float [queries, cutoffs], AP@N at rising N: the first counts, the others decide
        between equals, of which there are many at 0
    """
    return np.lexsort(precision.T[::-1])


def precision_of(
    scores: QueryScores, convention: str, rows: np.ndarray, labels: Sequence[str | None]
) -> np.ndarray:
    """Return the stored AP@N of some queries, each for one class.

    Parameters
    ----------
    rows : int [queries], rows of the collection
    labels : the class that each is asked about; None means the query as a whole

    Returns
    -------
    float64 [queries, cutoffs]; NaN where it is undefined, or the system does not know the clip
    """
    if not len(scores.query):
        return np.full((len(rows), len(scores.cutoffs)), np.nan)
    column = {label: number for number, label in enumerate(scores.classes)}
    wanted = np.array([MICRO if one is None else column.get(one, -2) for one in labels])
    width = len(scores.classes) + 2
    keys = scores.query * width + scores.label + 2
    order = np.argsort(keys, kind="stable")
    asked = np.asarray(rows) * width + wanted + 2
    found = np.minimum(np.searchsorted(keys, asked, sorter=order), len(keys) - 1)
    pairs = order[found]
    values = scores.average_precision(convention)[pairs]
    return np.where((keys[pairs] == asked)[:, None], values, np.nan)
