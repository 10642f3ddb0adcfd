"""How far raters agree: with each other, with themselves, and how sure their mean is.

Grades come as a table, float [raters, items] with NaN where a rater did not grade an item. None
stands for what is not defined; a `Measured` says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from embeddings.errors import InputError
from evaluation.statistics.variance import components

LEVELS = ("nominal", "ordinal", "interval")
_CHUNK = 250  # replicates at a time: each has a table of grades by grades
_CLOSE = 0.1 * (1 + 1e-9)  # of the scale, as in evaluation.design.screening


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with what it rests on.

    Attributes
    ----------
    value : None where it is undefined
    low, high : the ends of its 95 % interval; None where there is none
    count : on how many grades, pairs or items it rests
    reason : why it, or its interval, is undefined; "" where both are there
    """

    value: float | None
    low: float | None
    high: float | None
    count: int
    reason: str = ""


def krippendorff_alpha(
    table: np.ndarray,
    level: str = "ordinal",
    *,
    clusters: Sequence[object] | None = None,
    replicates: int = 2000,
    seed: int = 1,
) -> Measured:
    """Return Krippendorff's alpha with a bootstrap interval over queries.

    Parameters
    ----------
    table : float [raters, items], NaN where missing
    level : how two grades differ: "nominal" (or not at all), "ordinal" (by the grades between
        them, as often as they were given) or "interval" (squared difference)
    clusters : [items], what is drawn with replacement for the interval, such as the query; each
        item for itself unless told
    replicates : how often; 0 for no interval

    Returns
    -------
    alpha in (-1, 1], `count` the pairable grades. Undefined where no item was graded twice, or all
    pairable grades are equal.
    """
    if level not in LEVELS:
        raise InputError(f"The level must be one of {', '.join(LEVELS)}, not {level!r}.")
    grades, counts = _counts(table)
    pairable = counts.sum(axis=1) >= 2
    counts = counts[pairable]
    if not len(counts):
        return Measured(None, None, None, 0, "no sound was graded by two raters")
    total = int(counts.sum())
    groups = np.arange(len(counts))
    if clusters is not None:
        of_item = np.array([str(one) for one in clusters])[pairable]
        groups = np.unique(of_item, return_inverse=True)[1]
    given, shared = _coincidences(counts, groups)
    whole = np.ones((1, len(given)))
    value = float(_alphas(given, shared, whole, grades, level)[0])
    if np.isnan(value):
        return Measured(None, None, None, total, "all grades are equal")
    if not replicates or groups.max() < 1:
        return Measured(value, None, None, total, "an interval needs two queries")
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(groups.max() + 1, np.full(groups.max() + 1, 1 / (groups.max() + 1)),
                            size=replicates)  # fmt: skip
    parts = np.array_split(drawn, max(1, len(drawn) // _CHUNK))
    alphas = np.concatenate([_alphas(given, shared, part, grades, level) for part in parts])
    low, high = np.nanquantile(alphas, (0.025, 0.975))
    return Measured(value, float(low), float(high), total)


def _counts(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the grades that were given, float [grades], and how often each item got each."""
    there = ~np.isnan(table)
    grades, codes = np.unique(table[there], return_inverse=True)
    items = np.nonzero(there)[1]
    counts = np.zeros((table.shape[1], len(grades)))
    np.add.at(counts, (items, codes), 1)
    return grades, counts


def _coincidences(counts: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each grade was given in each group of items, float [groups, grades], and
    how often each two were given to the same item, float [groups, grades, grades].

    Pairs within an item count 1 / (m - 1), a grade with itself among them: an item's rows add up
    to m / (m - 1) times how often each grade was given.
    """
    size = groups.max() + 1
    share = counts / (counts.sum(axis=1, keepdims=True) - 1)
    given = np.zeros((size, counts.shape[1]))
    np.add.at(given, groups, counts)
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(size + 1))
    parts = [order[start:end] for start, end in pairwise(ends)]
    return given, np.stack([share[own].T @ counts[own] for own in parts])


def _alphas(
    given: np.ndarray, shared: np.ndarray, weights: np.ndarray, grades: np.ndarray, level: str
) -> np.ndarray:
    """Return alpha for each row of weights of the groups, float [replicates]; NaN undefined.

    Parameters
    ----------
    given, shared : what `_coincidences` returned

    With each grade at a place x on a line (its own value; its mid-rank for ordinal), the observed
    disagreement is what two grades of an item are apart, squared, over all pairs.
    """
    told = weights @ given
    total = told.sum(axis=1)
    pairs = np.tensordot(weights, shared, axes=1)  # [replicates, grades, grades]
    alone = pairs.sum(axis=2) - told  # what a grade's pairs with itself as given count
    if level == "nominal":
        same = np.trace(pairs, axis1=1, axis2=2) - alone.sum(axis=1)
        observed, expected = total - same, total**2 - (told**2).sum(axis=1)
    else:
        middle = np.cumsum(told, axis=1) - told / 2
        places = middle if level == "ordinal" else np.broadcast_to(grades, told.shape)
        squares = (told * places**2).sum(axis=1)
        both = np.einsum("rg,rgh,rh->r", places, pairs, places, optimize=True)
        within = both - (alone * places**2).sum(axis=1)
        observed = 2 * (squares - within)
        expected = 2 * (total * squares - (told * places).sum(axis=1) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - (total - 1) * observed / expected, np.nan)


def quadratic_kappa(first: np.ndarray, second: np.ndarray) -> float | None:
    """Return Cohen's kappa of two columns of grades, weighted by their squared difference.

    Parameters
    ----------
    first, second : float [items], at least one

    Returns
    -------
    kappa in [-1, 1]; None where chance alone would agree always
    """
    observed = float((np.abs(first - second) ** 2).mean())
    expected = float((np.abs(first[:, None] - second) ** 2).mean())
    return 1 - observed / expected if expected else None


def kappa_matrix(table: np.ndarray) -> np.ndarray:
    """Return the quadratic kappa of each two raters: float [raters, raters], NaN undefined.

    As `quadratic_kappa`: the squared difference of a grade of one and any grade of the other is, on
    average, their mean squares less twice the product of their means.
    """
    there = (~np.isnan(table)).astype(np.float64)
    grades = np.nan_to_num(table)
    both = there @ there.T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (grades @ there.T) / both  # of the row's rater, of what the column's graded too
        square = (grades**2 @ there.T) / both
        observed = square + square.T - 2 * (grades @ grades.T) / both
        expected = square + square.T - 2 * mean * mean.T
        kappas = np.where(expected > 1e-9, 1 - observed / expected, np.nan)
    np.fill_diagonal(kappas, np.nan)
    return kappas


@dataclass(frozen=True, slots=True)
class PercentAgreement:
    """The share of pairs of grades of one item that are equal, and that are within a tenth of
    the scale; `pairs` is how many there are. Shares are None where there are none."""

    equal: float | None
    close: float | None
    pairs: int


def percent_agreement(table: np.ndarray, lowest: float, highest: float) -> PercentAgreement:
    """Return how often two raters of an item agree, over all pairs of all items."""
    span = highest - lowest
    equal = close = pairs = 0
    for one in range(1, len(table)):
        apart = np.abs(table[:one] - table[one])
        apart = apart[~np.isnan(apart)]
        equal += int((apart == 0).sum())
        close += int((apart <= _CLOSE * span).sum())
        pairs += len(apart)
    if not pairs:
        return PercentAgreement(None, None, 0)
    return PercentAgreement(equal / pairs, close / pairs, pairs)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well grades tell items apart, by variance components (two-way random, absolute).

    Attributes
    ----------
    single : ICC(2,1), of one rater's grade; None where undefined
    panel : ICC(2,k), of the mean of `raters` raters; None where undefined
    raters : k, the mean number of raters of an item (harmonic where it differs)
    item, rater, noise : the components, in squared grades
    reason : why, where it is undefined
    """

    single: float | None
    panel: float | None
    raters: float
    item: float
    rater: float
    noise: float
    reason: str = ""


def reliability(table: np.ndarray) -> Reliability:
    """Return the intraclass correlations of a table, also of a sparse one.

    On a complete table they are those of the analysis of variance, (MS_B - MS_E) / (MS_B + (k - 1)
    MS_E + k (MS_J - MS_E) / n); with gaps the components are estimated by
    `evaluation.statistics.variance`. A component below zero stands as zero, but for the items',
    which makes the correlation negative: raters agree less than chance.
    """
    there = ~np.isnan(table)
    raters, items = np.nonzero(there)
    counts = there.sum(axis=0)
    usual = float(1 / np.mean(1 / counts[counts > 0])) if counts.any() else 0.0
    try:
        parts = components(table[there], {"item": items, "rater": raters})
    except InputError:
        return Reliability(
            None, None, usual, 0, 0, 0, "it needs two raters or more of two sounds or more"
        )
    item = parts[frozenset(("item",))]
    rater = max(parts[frozenset(("rater",))], 0.0)
    noise = max(parts[frozenset(("item", "rater"))], 0.0)
    whole = item + rater + noise
    if whole <= 0:
        return Reliability(None, None, usual, item, rater, noise, "all grades are equal")
    mean = item + (rater + noise) / usual
    return Reliability(item / whole, item / mean if mean > 0 else None, usual, item, rater, noise)


def raters_needed(single: float, wanted: float) -> int | None:
    """Return how many raters an item needs for a reliability of `wanted` in (0, 1), or None."""
    if not 0 < wanted < 1:
        raise InputError(f"The reliability that is wanted must be between 0 and 1, not {wanted:g}.")
    if not 0 < single < 1:
        return 1 if single >= 1 else None
    needed = wanted * (1 - single) / (single * (1 - wanted))
    return max(1, int(np.ceil(needed - 1e-9)))


@dataclass(frozen=True, slots=True)
class Retest:
    """How raters graded the same candidate again; see `retest`."""

    pairs: int
    close: float | None
    kappa: float | None
    noise: float | None


def retest(first: np.ndarray, again: np.ndarray, lowest: float, highest: float) -> Retest:
    """Return how close the second grades of repeats are to the first.

    Parameters
    ----------
    first, again : float [repeats], in the order in which they were given

    Returns
    -------
    The share of grades within a tenth of the scale, the quadratic kappa and the noise of one grade
    (standard deviation of the differences / sqrt 2, in grades); each None where too few repeats
    define it
    """
    count = len(first)
    if not count:
        return Retest(0, None, None, None)
    change = np.asarray(again, dtype=np.float64) - first
    return Retest(
        count,
        float((np.abs(change) <= _CLOSE * (highest - lowest)).mean()),
        quadratic_kappa(np.asarray(first, dtype=np.float64), np.asarray(again, np.float64)),
        float(change.std(ddof=1) / 2**0.5) if count > 1 else None,
    )
