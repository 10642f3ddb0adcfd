"""The human reference: what one rater's own favourites are worth to another one.

A line to compare systems with, and no limit: a system that knows the panel's mean opinion can pass
it.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.analysis.ratings import Ratings
from evaluation.statistics.significance import (
    BOTH,
    FEW_RATERS,
    NO_SPREAD,
    NOTHING,
    THESE,
    Estimate,
    student,
    why_alone,
    within,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """The human reference of a panel.

    Attributes
    ----------
    estimate : in grades; `ratings` counts the (rater, query) whose favourites another one graded
    pairs : ordered pairs of raters of whom one graded favourites of the other
    apart : ordered pairs of raters who have none in common; they are left out
    """

    estimate: Estimate
    pairs: int
    apart: int


@dataclass(frozen=True, slots=True)
class _Worth:
    """What favourites are worth, summed over the ordered pairs of raters of each query.

    Attributes
    ----------
    sums, counts : float [queries], over all pairs
    own_sums, own_counts : float [raters, queries], over the pairs that a rater is one of
    joined : bool [raters, raters], who graded favourites (the columns) of whom (the rows)
    """

    sums: np.ndarray
    counts: np.ndarray
    own_sums: np.ndarray
    own_counts: np.ndarray
    joined: np.ndarray


def human_reference(of: Ratings) -> Reference:
    """Return the mean grade that another rater gave to a rater's own best `depth` results.

    A U-statistic over ordered pairs of raters (METRICS 0b): of each query, the mean over all pairs
    of what the one graded of the other's favourites; then the mean over queries. What a rater
    graded alike comes in any order: of those at the edge each counts in part.

    The squared error is the jackknife's, one rater left out at a time, and the same over queries,
    added up; degrees of freedom by Satterthwaite's rule. A rater stands in twice as many pairs as
    a row of a table shows, which is why rows must not be taken for independent.
    """
    worth = _worth(of)
    takes_part = worth.own_counts > 0
    judging = int((~np.isnan(of.table)).any(axis=1).sum())
    pairs = int(worth.joined.sum())
    return Reference(_estimate(of, worth, takes_part), pairs, judging * (judging - 1) - pairs)


def _worth(of: Ratings) -> _Worth:
    """Sum up what favourites are worth, query by query: no larger table is ever there."""
    raters, queries = len(of.raters), len(of.queries)
    sums, counts = np.zeros(queries), np.zeros(queries)
    own_sums, own_counts = np.zeros((raters, queries)), np.zeros((raters, queries))
    joined = np.zeros((raters, raters), dtype=bool)
    for query, pool in enumerate(of.pools):
        grades = of.table[:, pool[pool >= 0]]
        who = np.flatnonzero((~np.isnan(grades)).any(axis=1))
        if len(who) < 2:
            continue
        values, there = _between(grades[who], of.depth)
        sums[query], counts[query] = values.sum(), there.sum()
        own_sums[who, query] = values.sum(axis=0) + values.sum(axis=1)
        own_counts[who, query] = there.sum(axis=0) + there.sum(axis=1)
        joined[np.ix_(who, who)] |= there
    return _Worth(sums, counts, own_sums, own_counts, joined)


def _between(grades: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what each rater's favourites are worth to each other one, and where that is known.

    Parameters
    ----------
    grades : float [raters, pool], NaN where there is none

    Returns
    -------
    float and bool [raters, raters], the favourites' owner in the rows; 0 where nothing is known
    """
    graded = ~np.isnan(grades)
    share = _first(np.where(graded, grades, -np.inf), depth) * graded
    heard = share @ graded.T
    np.fill_diagonal(heard, 0)
    there = heard > 0
    given = share @ np.nan_to_num(grades).T
    return np.where(there, given / np.where(there, heard, 1), 0), there


def _first(grades: np.ndarray, depth: int) -> np.ndarray:
    """Return how surely each is among the best `depth` of its row: float [raters, pool]."""
    edge = -np.sort(-grades, axis=1)[:, min(depth, grades.shape[1]) - 1 :][:, :1]
    above, at = grades > edge, grades == edge
    left = depth - above.sum(axis=1, keepdims=True)
    return above + at * np.minimum(left / np.maximum(at.sum(axis=1, keepdims=True), 1), 1)


def _estimate(of: Ratings, worth: _Worth, takes_part: np.ndarray) -> Estimate:
    kept, who = worth.counts > 0, np.logical_or.reduce(takes_part, axis=1)
    queries, raters, ratings = int(kept.sum()), int(who.sum()), int(takes_part.sum())
    if not queries:
        reason = "no rater graded what another one liked"
        return Estimate(None, None, None, None, THESE, 0, 0, 0, reason)
    by_query = worth.sums[kept] / worth.counts[kept]
    value, size = float(by_query.mean()), (queries, raters, ratings)
    if queries < 2:
        return Estimate(value, None, None, None, THESE, *size, "one query has no interval")
    of_queries = float(by_query.var(ddof=1) / queries)
    wide = raters >= FEW_RATERS and not of.alone
    of_raters = _over_raters(worth, kept, who) if wide else None
    if of_raters is None:
        error, freedom = of_queries**0.5, queries - 1.0
        scope, reason = THESE, why_alone(raters, wide)
    else:
        squared = of_raters + of_queries
        squares = of_raters**2 / (raters - 1) + of_queries**2 / (queries - 1)
        error, freedom = squared**0.5, squared**2 / squares if squares else 1.0
        scope, reason = BOTH, ""
    if not error > NOTHING * max(abs(value), 1):
        return Estimate(value, None, None, None, scope, *size, NO_SPREAD)
    half, p = student(value, error, freedom)
    found = Estimate(value, value - half, value + half, p, scope, *size, reason)
    return within(found, of.lowest, of.highest)


def _over_raters(worth: _Worth, kept: np.ndarray, who: np.ndarray) -> float | None:
    """Return the jackknife's squared error over raters; None where one of them is in all pairs."""
    counts = worth.counts[kept] - worth.own_counts[who][:, kept]
    sums = worth.sums[kept] - worth.own_sums[who][:, kept]
    there = counts > 0
    queries = there.sum(axis=1)
    if not queries.all():
        return None
    without = (np.where(there, sums, 0) / np.where(there, counts, 1)).sum(axis=1) / queries
    raters = len(without)
    return float((raters - 1) / raters * ((without - without.mean()) ** 2).sum())
