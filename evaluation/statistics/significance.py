"""Which systems differ: intervals and tests over queries and raters.

Two kinds of statements are kept apart. An interval by variance components speaks for other queries
and other raters like these, and gives the p values that are reported first. Tests on the mean over
raters (Wilcoxon, permutation, Friedman and what follows it) speak for these raters alone: where
raters differ in which system they like, they find differences too often.

Scores come as a table of systems, float [systems, queries] or [systems, raters, queries]; higher
is better. What a design cannot support has a reason in place of a number.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations

import numpy as np

from evaluation.statistics.variance import spread

LEVEL = 0.05
FEW_RATERS = 5
HIDES_MINORITY = 12
"""Among fewer raters a minority with another taste can hide, or weigh too much (METRICS 0b)."""
FEW_QUERIES = 13
"""Up to so many, tests that flip the signs of queries count all 2^n ways."""
MOST_ORDERS = 200_000
"""Up to so many ways to order the systems in all queries, Friedman's test counts them."""
NOTHING = 1e-9
"""Up to this share of a value, its error is what rounding leaves of none."""
NO_SPREAD = "nothing varies, so that it has no interval"
BOTH, THESE = "queries and raters", "these raters"
"""Whom an interval speaks for: other queries and raters, or other queries of these raters."""
BY_COMPONENTS = (
    "from the variance components of queries, raters and their interplay with the system"
)
"""Where the interval of an `estimate` comes from."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, its 95 % interval and the p value that it is zero.

    Attributes
    ----------
    value : the mean over queries of the mean over their raters; None where nothing was judged
    low, high, p : None where undefined
    scope : `BOTH` or `THESE`
    queries, raters, ratings : on how many it rests
    reason : why something is undefined, or speaks for these raters alone; "" otherwise
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    scope: str
    queries: int
    raters: int
    ratings: int
    reason: str = ""


def estimate(table: np.ndarray, *, alone: bool = False) -> Estimate:
    """Return the mean of a table, float [raters, queries] with NaN for missing, with its interval.

    With fewer than `FEW_RATERS` raters, or where no two of them share a query, queries alone are
    sampled, and the estimate speaks for these raters; so it does where it is to (`alone`).
    """
    there = ~np.isnan(table)
    raters, queries = int(there.any(axis=1).sum()), int(there.any(axis=0).sum())
    ratings = int(there.sum())
    if not ratings:
        return Estimate(None, None, None, None, THESE, 0, 0, 0, "nothing was judged")
    wide = raters >= FEW_RATERS and queries > 1 and not alone
    found = spread(table) if wide else None
    if found is not None:
        mean, error, freedom, scope, reason = found.mean, found.error, found.freedom, BOTH, ""
    else:
        own = np.nanmean(table[:, there.any(axis=0)], axis=0)
        mean, scope, freedom = float(own.mean()), THESE, float(queries - 1)
        error = float(own.std(ddof=1) / queries**0.5) if queries > 1 else np.nan
        reason = why_alone(raters, wide)
        if queries < 2:
            reason = "one query has no interval"
            return Estimate(mean, None, None, None, scope, queries, raters, ratings, reason)
    if not error > NOTHING * max(abs(mean), 1):
        return Estimate(mean, None, None, None, scope, queries, raters, ratings, NO_SPREAD)
    half, p = student(mean, error, freedom)
    return Estimate(mean, mean - half, mean + half, p, scope, queries, raters, ratings, reason)


def why_alone(raters: int, wide: bool) -> str:
    """Return why an estimate speaks for these raters alone; "" where that is what was wanted."""
    if raters < FEW_RATERS:
        there = "is 1" if raters == 1 else f"are {raters}"
        return f"it takes {FEW_RATERS} raters to speak for others, and there {there}"
    return "too few queries were judged by several raters to speak for other raters" if wide else ""


def student(value: float, error: float, freedom: float) -> tuple[float, float]:
    """Return half of the 95 % interval of a value, and the two-sided p that it is zero.

    By Student's t with the value's standard error, above 0, and its degrees of freedom.
    """
    from scipy.special import stdtr, stdtrit

    half = float(stdtrit(freedom, 1 - LEVEL / 2)) * error
    return half, float(2 * stdtr(freedom, -abs(value) / error))


def within(one: Estimate, lowest: float, highest: float) -> Estimate:
    """Return an estimate whose interval ends where its values do."""
    if one.low is None or one.high is None:
        return one
    return replace(one, low=max(one.low, lowest), high=min(one.high, highest))


def holm(p: Sequence[float | None], among: int | None = None) -> list[float | None]:
    """Return p values adjusted by Holm's step-down rule; None stays None.

    Parameters
    ----------
    among : over how many comparisons, those without a p among them; without it, those with one.
        What has no p finds nothing, and comes last
    """
    known = sorted((value, place) for place, value in enumerate(p) if value is not None)
    whole = len(known) if among is None else among
    adjusted: list[float | None] = [None] * len(p)
    largest = 0.0
    for step, (value, place) in enumerate(known):
        largest = max(largest, min(1.0, value * (whole - step)))
        adjusted[place] = largest
    return adjusted


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: its p value, the statistic where it has one, the queries that it rests on."""

    p: float | None
    statistic: float | None
    queries: int
    reason: str = ""


def wilcoxon(apart: np.ndarray, comparisons: int = 1) -> Outcome:
    """Test two systems by Wilcoxon's signed ranks (zeros by Pratt), two-sided.

    Parameters
    ----------
    apart : float [queries], one system minus another, means over raters; NaN where either lacks
        a query, which is left out
    comparisons : how many tests Holm's rule will adjust together. Where so few queries can never
        be significant among them, there is no p but the number of queries that it takes
    """
    apart = apart[~np.isnan(apart)]
    needed = queries_needed(comparisons)
    if len(apart) < needed:
        return Outcome(None, None, len(apart), _too_few(len(apart), needed, comparisons))
    if not apart.any():
        return Outcome(1.0, 0.0, len(apart))
    return Outcome(*_signed_ranks(apart), len(apart))


def _signed_ranks(apart: np.ndarray) -> tuple[float, float]:
    """Return p and the smaller sum of ranks; all 2^n ways with up to `FEW_QUERIES` differences.

    scipy counts them, too, where values tie, but takes half a second for it.
    """
    from scipy import stats

    if len(apart) > FEW_QUERIES:
        found = stats.wilcoxon(apart, zero_method="pratt")
        return float(found.pvalue), float(found.statistic)
    ranks = stats.rankdata(np.abs(apart)) * (apart != 0)
    observed = abs(float((np.sign(apart) * ranks).sum()))
    p = float((np.abs(_flips(len(apart)) @ ranks) >= observed).mean())
    return p, (float(ranks.sum()) - observed) / 2


@cache
def _flips(queries: int) -> np.ndarray:
    """Return all ways to give signs to queries: float [2^queries, queries]; the first is all 1."""
    signs = 1.0 - 2 * (np.arange(2**queries)[:, None] >> np.arange(queries) & 1)
    signs.flags.writeable = False
    return signs


def permutation(
    apart: np.ndarray, comparisons: int = 1, *, draws: int = 9999, seed: int = 1
) -> list[Outcome]:
    """Test mean differences by flipping the signs of queries, two-sided: one test a row.

    All 2^n ways with up to `FEW_QUERIES` queries, else `draws` random ones, the observed one among
    them.

    Parameters
    ----------
    apart : float [pairs, queries], one system minus another; NaN where either lacks a query
    comparisons : as in `wilcoxon`
    """
    known = ~np.isnan(apart)
    counts, values = known.sum(axis=1), np.nan_to_num(apart)
    queries = apart.shape[1]
    if queries <= FEW_QUERIES:
        signs = _flips(queries)
    else:
        drawn = np.random.default_rng(seed).integers(0, 2, (draws, queries))
        signs = np.concatenate([np.ones((1, queries)), 1.0 - 2 * drawn])
    # What is missing is 0 and flips nothing. Rounding must not tell equal sums apart.
    sums = np.abs(signs @ values.T)
    p = (sums >= sums[0] * (1 - 1e-12)).mean(axis=0)
    needed = queries_needed(comparisons)
    return [
        Outcome(float(p[one]), float(values[one].sum() / count), int(count))
        if count >= needed
        else Outcome(None, None, int(count), _too_few(int(count), needed, comparisons))
        for one, count in enumerate(counts)
    ]


def queries_needed(comparisons: int) -> int:
    """Return how many queries it takes that the smallest p, 2 / 2^n, can pass Holm's rule."""
    return int(np.ceil(np.log2(2 * comparisons / LEVEL)))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Friedman's test of all systems and what follows it.

    Attributes
    ----------
    p, statistic : Iman and Davenport's F and its p value; None where undefined
    chi_squared : Friedman's own statistic
    agreement : Kendall's W in [0, 1]
    mean_ranks : float [systems], 1 is best
    critical_difference : Nemenyi's: mean ranks that differ by less are not told apart at 5 %
    nemenyi, tukey : float [systems, systems], p values by the range of mean ranks (Nemenyi: with
        the variance of untied ranks; `friedman_tukey`, MIREX's: with the observed one)
    queries : complete ones; `dropped` others were left out
    reason : why there is nothing
    exact : whether p counts all orders, as it does where there are few; else it is that of F
    """

    p: float | None
    statistic: float | None
    chi_squared: float | None
    agreement: float | None
    mean_ranks: np.ndarray
    critical_difference: float | None
    nemenyi: np.ndarray
    tukey: np.ndarray
    queries: int
    dropped: int
    reason: str = ""
    exact: bool = False


def friedman(scores: np.ndarray) -> Ranked:
    """Test whether any system differs, by ranks within each query.

    Parameters
    ----------
    scores : float [systems, queries], means over raters; queries that a system lacks are left out
    """
    from scipy import stats

    whole = ~np.isnan(scores).any(axis=0)
    kept = scores[:, whole]
    systems, queries = kept.shape
    dropped, none = int((~whole).sum()), np.full((systems, systems), np.nan)
    reason = ""
    if systems < 3:
        there = {2: "with 2, use Wilcoxon's", 1: "there is 1"}.get(systems, "there are none")
        reason = f"Friedman's test needs 3 systems; {there}"
    elif queries < 2:
        reason = f"Friedman's test needs 2 queries that every system has; there are {queries}"
    ranks = stats.rankdata(-kept, axis=0) if queries else np.full((systems, 1), np.nan)
    means = ranks.mean(axis=1)
    if not reason and (ranks == ranks[:1]).all():
        reason = "all systems are tied in every query"
    if reason:
        return Ranked(None, None, None, None, means, None, none, none, queries, dropped, reason)
    observed = float(((ranks - (systems + 1) / 2) ** 2).sum()) / (queries * (systems - 1))
    chi = float(queries * ((means - (systems + 1) / 2) ** 2).sum() / observed)
    agreement = chi / (queries * (systems - 1))
    rest = queries * (systems - 1) - chi
    statistic = (queries - 1) * chi / rest if rest > 1e-9 else None  # None: all have one order
    p = _counted_orders(ranks)
    exact = p is not None
    if p is None:
        freedom = systems - 1, (systems - 1) * (queries - 1)
        p = float(stats.f.sf(statistic, *freedom)) if statistic is not None else 0.0
    apart = np.abs(means[:, None] - means)
    untied = systems * (systems + 1) / 12
    limit = float(stats.studentized_range.ppf(1 - LEVEL, systems, np.inf))
    return Ranked(
        p, statistic, chi, agreement, means, limit * float(np.sqrt(untied / queries)),
        _range_p(apart / np.sqrt(untied / queries), systems, np.inf),
        _range_p(apart / np.sqrt(observed / queries), systems, np.inf),
        queries, dropped, exact=exact,
    )  # fmt: skip


def _counted_orders(ranks: np.ndarray) -> float | None:
    """Return the share of all ways to order the queries that differ as much or more.

    Parameters
    ----------
    ranks : float [systems, queries]

    Returns
    -------
    None where there are more than `MOST_ORDERS` ways; then the distribution of F is near
    """
    systems, queries = ranks.shape
    ways = math.factorial(systems)
    if ways ** (queries - 1) > MOST_ORDERS:
        return None
    orders = np.array(list(permutations(range(systems))))
    sums = ranks[None, :, 0]  # one query may stay as it is: only how they lie to it matters
    for query in range(1, queries):
        sums = (sums[:, None] + ranks[orders, query]).reshape(-1, systems)
    apart = ((sums - sums.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    whole = ranks.sum(axis=1)
    return float((apart >= ((whole - whole.mean()) ** 2).sum() - 1e-9).mean())


def paired_hsd(scores: np.ndarray) -> np.ndarray:
    """Return Tukey's p of each pair of systems, with what queries differ in taken out.

    Parameters
    ----------
    scores : float [systems, queries], as in `friedman`

    Returns
    -------
    float [systems, systems]; NaN where fewer than two systems or complete queries are there, or
    where nothing but systems and queries varies
    """
    kept = scores[:, ~np.isnan(scores).any(axis=0)]
    systems, queries = kept.shape
    if systems < 2 or queries < 2:
        return np.full((systems, systems), np.nan)
    means = kept.mean(axis=1)
    rest = kept - kept.mean(axis=0) - means[:, None] + kept.mean()
    freedom = (queries - 1) * (systems - 1)
    error = float(np.sqrt((rest**2).sum() / freedom / queries))
    if error < 1e-12:
        return np.full((systems, systems), np.nan)
    return _range_p(np.abs(means[:, None] - means) / error, systems, freedom)


def _range_p(distance: np.ndarray, systems: int, freedom: float) -> np.ndarray:
    """Return the p of studentised ranges, the shape of `distance`.

    The textbook's double integral by Gauss and Legendre, for all distances at once: scipy's own
    integrates each by itself and takes a second for the 91 pairs of 14 systems.
    """
    from scipy.special import ndtr
    from scipy.stats import chi2

    nodes, weight = np.polynomial.legendre.leggauss(80)
    z = 8 * nodes
    density = 8 * weight * np.exp(-(z**2) / 2) / (2 * np.pi) ** 0.5
    scale, share = np.ones(1), np.ones(1)
    if np.isfinite(freedom):  # the error itself is uncertain, as the root of a chi squared
        ends = chi2.ppf([1e-12, 1 - 1e-12], freedom)
        half = (ends[1] - ends[0]) / 2
        spread = ends.mean() + half * nodes
        scale = np.sqrt(spread / freedom)
        share = half * weight * chi2.pdf(spread, freedom)
    reach = distance[..., None, None] * scale[:, None]
    inside = systems * (density * (ndtr(z) - ndtr(z - reach)) ** (systems - 1)).sum(axis=-1)
    return np.clip(1 - (inside * share).sum(axis=-1), 0, 1)


def _too_few(there: int, needed: int, comparisons: int) -> str:
    among = f" among {comparisons} comparisons" if comparisons > 1 else ""
    return f"{there} queries can never be significant{among}; it takes {needed}"
