"""The rule by which two systems are told apart, or not.

A pair is told apart where its p value, adjusted by Holm's rule over the comparisons that the
protocol fixed or over all pairs, is at most 5 %, and where the raters' own differences and the
queries' own differences each pass a sign test: their mean must be larger than in all but 5 % of the
ways to flip their signs. Among fewer than 12 raters p must be at most 1 %. Student's t alone finds
too much where a few raters lie in two camps: of seven, all or all but one are in the same camp in
every eighth study. (Flipping signs: Fisher, The Design of Experiments, 1935, section 21.) Fewer
raters or queries than the least never tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evaluation.statistics.significance import (
    BOTH,
    FEW_RATERS,
    HIDES_MINORITY,
    LEVEL,
    NO_SPREAD,
    NOTHING,
    Estimate,
    permutation,
    queries_needed,
)

LEAST_QUERIES = queries_needed(1)
"""Of fewer queries, no way to flip signs is rare enough."""
MANY_RATERS = HIDES_MINORITY
"""Among fewer raters, a minority with another taste can hide (METRICS 0b)."""
STRICTER = 0.01
"""What the adjusted p must be at most among fewer than `MANY_RATERS`: Student's t is too sure there
where a minority has another taste."""


class Pair(NamedTuple):
    """Two systems that were compared.

    Attributes
    ----------
    better, other : the systems, the first of which has the better score
    value, low, high : by how much, at least 0, with its interval; None where undefined
    p : adjusted by Holm's rule; None where nothing can be tested
    told : whether the two are told apart
    """

    better: str
    other: str
    value: float
    low: float | None
    high: float | None
    p: float | None
    told: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A pair and what its sign tests ask.

    Attributes
    ----------
    found : the first system less the second; p is adjusted
    by_rater, by_query : the same of each, float [raters] and [queries], NaN where one has none
    flipped : the p of flipping the queries' signs, where it is known; None where it is not
    """

    systems: tuple[str, str]
    found: Estimate
    by_rater: np.ndarray
    by_query: np.ndarray
    flipped: float | None = None


def is_wide(compared: Sequence[Compared]) -> bool:
    """Return whether all intervals are over raters, too."""
    return all(one.found.scope == BOTH for one in compared)


def is_lopsided(compared: Sequence[Compared], pairs: Sequence[Pair]) -> bool:
    """Return whether a few raters who hear the opposite could be more among others.

    So it is where some do, and what is told apart is not by Johnson's t over raters' differences,
    modified for skewness (Modified t tests and confidence intervals for asymmetrical populations,
    JASA 73, 1978).
    """
    from scipy.special import stdtrit

    for one, pair in zip(compared, pairs, strict=True):
        if not pair.told:
            continue
        apart = one.by_rater[~np.isnan(one.by_rater)]
        count, mean, variance = len(apart), float(apart.mean()), float(apart.var(ddof=1))
        if variance < NOTHING or (apart * mean > 0).all():
            continue
        skew = float(((apart - mean) ** 3).mean())
        moved = mean + skew / (6 * variance * count) + skew * mean**2 / (3 * variance**2)
        if np.sign(mean) * moved < stdtrit(count - 1, 1 - LEVEL / 2) * (variance / count) ** 0.5:
            return True
    return False


def decided(compared: Sequence[Compared], sign: int, *, alone: bool) -> list[Pair]:
    """Return the pairs with what is told of them; `sign` is -1 where less is better."""
    if not compared:
        return []
    raters = [True] * len(compared)
    if not alone:
        raters = _agree(np.stack([one.by_rater for one in compared]), FEW_RATERS)
    queries = [one.flipped is not None and one.flipped <= LEVEL for one in compared]
    if any(one.flipped is None for one in compared):
        queries = _agree(np.stack([one.by_query for one in compared]), LEAST_QUERIES)
    return [
        _pair(one, sign, agreed) for one, *agreed in zip(compared, raters, queries, strict=True)
    ]


def _agree(apart: np.ndarray, least: int) -> list[bool]:
    """Return of each row whether its mean is more than flipping signs would give, at 5 %.

    Parameters
    ----------
    apart : float [pairs, raters or queries], NaN where one is not there
    least : of so many, too few for a p of 5 %, all must have the same sign; of fewer, none agree
    """
    found = permutation(np.round(apart, 9))
    there = (~np.isnan(apart)).sum(axis=1)
    same = np.abs(np.nansum(np.sign(apart), axis=1)) == there
    few = (there >= least) & (there < LEAST_QUERIES) & same
    return [
        bool(alike) if one.p is None else one.p <= LEVEL
        for one, alike in zip(found, few, strict=True)
    ]


def _pair(one: Compared, sign: int, agreed: Sequence[bool]) -> Pair:
    """Return a pair as it is told: the better system first."""
    found = one.found
    assert found.value is not None
    p = found.p
    if p is None and found.reason == NO_SPREAD and abs(found.value) > 0:
        p = 0.0  # everybody says the same everywhere
    enough = found.raters >= FEW_RATERS and found.queries >= LEAST_QUERIES
    level = LEVEL if found.raters >= MANY_RATERS else STRICTER
    told = p is not None and p <= level and enough and all(agreed)
    value, low, high = found.value, found.low, found.high
    better, other = one.systems
    if sign * value < 0:
        better, other = other, better
    if value < 0:
        low, high = (None if end is None else -end for end in (high, low))
    return Pair(better, other, abs(value), low, high, p, told)
