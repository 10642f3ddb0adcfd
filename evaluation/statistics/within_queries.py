"""How well grades tell the results of one query apart: the intraclass correlation within queries.

Results are nested in queries. Pooled over queries, strong queries flatter a correlation: that the
results of one query are better than those of another says nothing of which result of a query is
better. So only grades of the same query are compared here.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evaluation.statistics.significance import student

LEAST_QUERIES, LEAST_RATERS = 10, 3
"""Below these nothing is said of other numbers of raters or queries."""


@dataclass(frozen=True, slots=True)
class WithinQueries:
    """The intraclass correlation of one rater's grades within queries, absolute agreement.

    Attributes
    ----------
    value : variance of results / (of results, raters and noise), all within queries; below 0
        where raters agree less than by chance; None where undefined
    low, high : the ends of its 95 % interval over queries and raters, in [-1, 1]; None where there
        is none
    queries, raters : how many there are
    reason : why it is undefined, or what is missing before it may be extrapolated from; "" for
        nothing
    """

    value: float | None
    low: float | None
    high: float | None
    queries: int
    raters: int
    reason: str = ""


def within_queries(table: np.ndarray, query_of: np.ndarray) -> WithinQueries:
    """Return the intraclass correlation within queries.

    Half the mean squared difference of two grades of a query is a sum of variance components: of
    raters and noise where they are of one result, of results and noise where they are of one rater,
    of all three otherwise (as `evaluation.statistics.variance`, within queries; a query weighs as
    many grades as it has). On complete tables that is the analysis of variance with results nested
    in queries (R. L. Brennan, Generalizability Theory, 2001).

    The interval is Student's, of -log(1 - value), a log ratio of two variances. Its squared error
    is the sum of two jackknifes, leaving out each query and each rater (METRICS 0b), with
    Satterthwaite's degrees of freedom.

    Parameters
    ----------
    table : float [raters, items], NaN where a rater did not grade an item
    query_of : int [items], the query of each
    """
    there = ~np.isnan(table)
    table, there = table[there.any(axis=1)], there[there.any(axis=1)]
    raters = len(table)
    queries = len(np.unique(query_of[there.any(axis=0)]))
    moments = _moments(table, query_of)
    sums = _sums(moments)
    value = _correlation(sums.sum(axis=0))
    if value is None:
        reason = _undefined(raters, sums)
        return WithinQueries(None, None, None, queries, raters, reason)
    kept = sums.any(axis=1)
    fewer = [_correlation(sums.sum(axis=0) - one) for one in sums[kept]]
    alone = [_correlation(_sums(moments, rater).sum(axis=0)) for rater in range(raters)]
    ends = _interval(value, fewer, alone)
    low, high = ends or (None, None)
    return WithinQueries(value, low, high, queries, raters, _missing(queries, raters, low))


def _undefined(raters: int, sums: np.ndarray) -> str:
    """Return why there is no correlation."""
    if not raters:
        return "nothing was graded"
    item, rater, every = sums.sum(axis=0)[3:]
    if min(item, rater, every - item - rater) > 0:
        return "all grades of a query are equal"
    return "it needs two raters of two results of a query"


def _missing(queries: int, raters: int, low: float | None) -> str:
    """Return what is missing before a correlation may be extrapolated from; "" for nothing."""
    needs = [
        f"{least} {name}; there {'is' if count == 1 else 'are'} {count}"
        for name, least, count in (
            ("queries", LEAST_QUERIES, queries),
            ("raters", LEAST_RATERS, raters),
        )
        if count < least
    ]
    if needs:
        return f"needs {', and '.join(needs)}"
    if low is None:
        return "its interval is not known"
    return "" if low > 0 else "its interval reaches 0"


class _Moments(NamedTuple):
    """Grades, counted and summed: the count, the sum and the sum of squares, each last axis of 3.

    Attributes
    ----------
    query_of : int [items], the query of each item
    cells : float [raters, items, 3], of each grade
    items : float [items, 3], over raters
    each : float [queries, raters, 3], over the items of a query
    """

    query_of: np.ndarray
    cells: np.ndarray
    items: np.ndarray
    each: np.ndarray


def _moments(table: np.ndarray, query_of: np.ndarray) -> _Moments:
    there = ~np.isnan(table)
    size = int(query_of.max(initial=-1)) + 1
    count = np.bincount(query_of, there.sum(axis=0), size)
    middle = np.bincount(query_of, np.nansum(table, axis=0), size) / np.maximum(count, 1)
    values = np.where(there, table - middle[query_of], 0)  # sums of squares stay small
    cells = np.stack([there.astype(float), values, values**2], axis=-1)
    each = (
        np.stack([_by_query(own, query_of, size) for own in cells], axis=1)
        if len(cells)
        else (np.zeros((size, 0, 3)))
    )
    return _Moments(query_of, cells, cells.sum(axis=0), each)


def _by_query(values: np.ndarray, query_of: np.ndarray, size: int) -> np.ndarray:
    """Return sums over the items of each query: float [queries, columns]."""
    return np.stack([np.bincount(query_of, one, size) for one in values.T], axis=1)


def _sums(of: _Moments, without: int | None = None) -> np.ndarray:
    """Return of each query what its grades differ by, and over how many pairs: float [queries, 6].

    Squared differences, summed over pairs, of grades of one item, of one rater, and of all; then
    the ordered pairs of each. All over the number of the query's grades. `without` leaves a rater
    out.
    """
    items, of_rater, every = of.items, _apart(of.each).sum(axis=1), of.each.sum(axis=1)
    if without is not None:
        items = items - of.cells[without]
        of_rater = of_rater - _apart(of.each[:, without])
        every = every - of.each[:, without]
    of_item = _by_query(_apart(items), of.query_of, len(every))
    found = np.concatenate([of_item, of_rater, _apart(every)], axis=1)[:, [0, 2, 4, 1, 3, 5]]
    return found / np.maximum(every[:, :1], 1)


def _apart(of: np.ndarray) -> np.ndarray:
    """Return (sum of squared differences over pairs, ordered pairs) of groups: float [..., 2].

    `of` is float [..., 3]: of each group the count, the sum and the sum of squares.
    """
    count, total, squares = np.moveaxis(of, -1, 0)
    return np.stack([count * squares - total**2, count**2 - count], axis=-1)


def _correlation(sums: np.ndarray) -> float | None:
    """Return the correlation of a row, or a sum of rows, of `_sums`; None where undefined."""
    of_item, of_rater, every = sums[:3]
    pairs = np.array([sums[3], sums[4], sums[5] - sums[3] - sums[4]])
    if not (pairs > 1e-9).all():
        return None
    one_item, one_rater, apart = np.array([of_item, of_rater, every - of_item - of_rater]) / pairs
    item, rater = apart - one_item, max(apart - one_rater, 0.0)
    noise = max(one_item + one_rater - apart, 0.0)
    whole = item + rater + noise
    return float(item / whole) if whole > 1e-12 * max(apart, 1e-300) else None


def _interval(value: float, *parts: list[float | None]) -> tuple[float, float] | None:
    """Return the ends of the 95 % interval; None where it cannot be told.

    `parts` are the correlations without each query, and without each rater.
    """
    known = [[one for one in part if one is not None and one < 1] for part in parts]
    if value >= 1 or any(len(one) < 2 or len(one) < len(part)
                         for one, part in zip(known, parts, strict=True)):  # fmt: skip
        return None
    squares = [_jackknife(-np.log1p(-np.array(one))) for one in known]
    total = sum(squares)
    if not total > 0:
        return None
    freedom = total**2 / sum(square**2 / (len(one) - 1)
                             for square, one in zip(squares, known, strict=True))  # fmt: skip
    half, _ = student(0.0, total**0.5, freedom)
    middle = -np.log1p(-value)
    low, high = (float(1 - np.exp(-(middle + one))) for one in (-half, half))
    return max(low, -1.0), high


def _jackknife(left: np.ndarray) -> float:
    """Return the squared error of an estimate from its values with each part left out."""
    count = len(left)
    return float((count - 1) / count * ((left - left.mean()) ** 2).sum())
