"""Variance components of crossed designs, complete or sparse, and what an interval needs of them.

Every grade depends on the query, the rater, the system and on how these go together. How much each
varies is estimated by moments: half the mean squared difference of two grades that agree in some
factors and differ in others is a sum of components, so sums over all pairs give as many equations
as there are components. On a complete table this is analysis of variance; with missing grades it
stays unbiased, as long as what is missing does not depend on the grades.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from embeddings.errors import InputError

Factors = frozenset[str]
_ROOM = 8  # counters for each value, beyond which codes are numbered anew


def components(values: np.ndarray, factors: Mapping[str, np.ndarray]) -> dict[Factors, float]:
    """Estimate the variance component of each factor and of each interaction.

    Parameters
    ----------
    values : float [n], one for each cell that was observed
    factors : factor -> int codes [n]; no two values have the same codes in all

    Returns
    -------
    For every non-empty set of factors its component, in squared units of the values; that of all
    factors together has the error in it. An estimate can fall below zero, which stands for zero.

    Raises
    ------
    InputError
        The design cannot tell the components apart: a factor has one level, or two factors always
        go together.
    """
    names = sorted(factors)
    if not len(values):
        raise InputError(f"There are no values to tell the variance of {', '.join(names)} from.")
    subsets = [
        frozenset(one) for size in range(len(names) + 1) for one in combinations(names, size)
    ]
    # Shifting changes no difference, and keeps sums of squares small.
    values = np.asarray(values, dtype=np.float64) - np.mean(values)
    codes = {one: _codes(factors, one, len(values)) for one in subsets}
    pairs = {one: float((np.bincount(codes[one]) ** 2.0).sum()) for one in subsets}
    everything, others = subsets[-1], subsets[1:]
    if pairs[everything] != len(values):
        raise InputError("Two values have the same codes in all factors; one is the rule.")
    equations = np.array(
        [[pairs[same] - pairs[same | one] for one in others] for same in subsets[:-1]]
    )
    if np.linalg.matrix_rank(equations) < len(others):
        raise InputError(
            f"The variance of {', '.join(names)} cannot be told apart: each needs two levels or "
            "more, and none may always go together with another."
        )
    observed = [_spread(values, codes[same]) for same in subsets[:-1]]
    return dict(zip(others, np.linalg.solve(equations, observed).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Spread:
    """How sure a mean over queries and raters is.

    Attributes
    ----------
    mean : the mean over queries of the mean over their raters
    error : its standard error, for other queries and other raters of the same kinds
    freedom : degrees of freedom of the error, by Satterthwaite's rule
    queries, raters, ratings : how many there are
    """

    mean: float
    error: float
    freedom: float
    queries: int
    raters: int
    ratings: int


def spread(table: np.ndarray) -> Spread | None:
    """Return the mean of a table of raters and queries with its error, for both at once.

    Parameters
    ----------
    table : float [raters, queries], NaN where a rater did not judge a query

    Returns
    -------
    None where it cannot be told: fewer than two raters or queries, or no two raters of any query.
    On a complete table the squared error is (MS_query + MS_rater - MS_error) / (queries raters),
    never below MS_error / (queries raters); on a sparse one each mean square is made of the
    components that `components` estimates, and of how often each query and rater is there.
    """
    table = table[:, ~np.isnan(table).all(axis=0)]
    table = table[~np.isnan(table).all(axis=1)]
    raters, queries = table.shape
    there = ~np.isnan(table)
    count = int(there.sum())
    if raters < 2 or queries < 2 or count <= max(raters, queries):
        return None
    share = there / (queries * there.sum(axis=0))
    mean = float((share * np.where(there, table, 0)).sum())
    parts = _crossed(table, there)
    if parts is None:
        return None
    noise = max(parts[2], 0) * float((share**2).sum())
    of_query = parts[0] * float((share.sum(axis=0) ** 2).sum())
    of_rater = parts[1] * float((share.sum(axis=1) ** 2).sum())
    by_query, by_rater = max(of_query + noise, 0), max(of_rater + noise, 0)
    total = max(by_query + by_rater - noise, noise)
    rest = max(count - queries - raters + 1, 1)
    squares = by_query**2 / (queries - 1) + by_rater**2 / (raters - 1) + noise**2 / rest
    freedom = max(total**2 / squares, 1.0) if squares else float(rest)
    return Spread(mean, total**0.5, freedom, queries, raters, count)


def _crossed(table: np.ndarray, there: np.ndarray) -> tuple[float, float, float] | None:
    """Return the components of queries, raters and both; None where they cannot be told apart.

    The equations of `components` for two factors, solved beforehand: thousands of tables are asked.
    """
    raters, queries = there.sum(axis=1), there.sum(axis=0)
    count = int(raters.sum())
    values = np.where(there, table - table[there].mean(), 0)
    squares = values**2
    every = count**2
    by_query, by_rater = int((queries**2).sum()), int((raters**2).sum())
    apart = by_query + by_rater - every - count
    if by_query == count or by_rater == count or not apart:
        return None
    within_query = float((queries * squares.sum(axis=0) - values.sum(axis=0) ** 2).sum())
    within_rater = float((raters * squares.sum(axis=1) - values.sum(axis=1) ** 2).sum())
    whole = count * float(squares.sum()) - float(values.sum()) ** 2
    of_rater = within_query / (by_query - count)  # with both, in what one query's grades differ by
    of_query = within_rater / (by_rater - count)
    both = (whole - (every - by_query) * of_query - (every - by_rater) * of_rater) / apart
    return of_query - both, of_rater - both, both


def _codes(factors: Mapping[str, np.ndarray], subset: Factors, count: int) -> np.ndarray:
    """Number the groups of values that agree in a subset of the factors: int [n], from 0.

    Numbers may be left out.
    """
    codes = np.zeros(count, dtype=np.int64)
    for name in sorted(subset):
        own = _small(np.asarray(factors[name]))
        codes = _small(codes * (own.max() + 1) + own)
    return codes


def _small(codes: np.ndarray) -> np.ndarray:
    """Return codes that can be counted by their number: as they are, or numbered anew."""
    whole = np.issubdtype(codes.dtype, np.integer)
    if whole and codes.min() >= 0 and codes.max() < _ROOM * len(codes):
        return codes
    return np.unique(codes, return_inverse=True)[1]


def _spread(values: np.ndarray, groups: np.ndarray) -> float:
    """Return half the sum of squared differences over all ordered pairs within the groups."""
    counts = np.bincount(groups)
    sums, squares = np.bincount(groups, values), np.bincount(groups, values**2)
    return float((counts * squares - sums**2).sum())
