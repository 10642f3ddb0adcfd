"""Which systems of a study are told apart: all its pairs by the rule of `pair_rule`.

What is compared are the pairs that the protocol fixed, or all; p is adjusted over them.
"""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from evaluation.analysis.answered import MOST_LEFT
from evaluation.analysis.graded import Analysis
from evaluation.analysis.pair_rule import (
    LEAST_QUERIES,
    MANY_RATERS,
    Compared,
    Pair,
    decided,
    is_lopsided,
    is_wide,
)
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.system_scores import of_panel, per_rater
from evaluation.protocol.terms import Protocol
from evaluation.statistics.bradley_terry import A, B, Votes
from evaluation.statistics.graded_lists import mean_there
from evaluation.statistics.significance import (
    FEW_RATERS,
    LEVEL,
    Estimate,
    estimate,
    holm,
)

if TYPE_CHECKING:
    import pandas as pd

LEFT_OUT = MOST_LEFT
"""Where more is left unanswered, a pair must be told apart with the lowest grade for all of it, and
with the highest."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Which systems are told apart.

    Attributes
    ----------
    order : the systems that were judged, the best first
    pairs : those that were compared, and could be: by the protocol, or all
    chosen : how many pairs the protocol fixed, whether or not they could be compared; 0 where it
        fixed none, or all that there are
    raters, queries : how many judged, and were judged
    wide : whether intervals are over raters, too
    lopsided : whether a few raters hear the opposite of what is told of all, and so strongly that
        their number decides
    left_out : which share of what raters were given they left without an answer, in [0, 1]; of the
        queries that they began, and of what somebody graded
    undone : whether some would be told apart, but for what the grades that were left out may be
    """

    order: tuple[str, ...]
    pairs: tuple[Pair, ...]
    chosen: int
    raters: int
    queries: int
    wide: bool
    lopsided: bool = False
    left_out: float = 0.0
    undone: bool = False

    @property
    def others(self) -> bool:
        """Whether what is said holds for other raters like these, and not for these alone."""
        return self.wide and self.raters >= MANY_RATERS and not self.lopsided

    @property
    def enough(self) -> bool:
        """Whether there are raters and queries enough to tell anything."""
        return self.raters >= FEW_RATERS and self.queries >= LEAST_QUERIES

    @property
    def every(self) -> bool:
        """Whether each system was compared with each other one."""
        return len(self.pairs) == len(self.order) * (len(self.order) - 1) // 2

    @property
    def told(self) -> frozenset[tuple[str, str]]:
        """The pairs that are told apart, the better one first."""
        return frozenset((one.better, one.other) for one in self.pairs if one.told)


def told_apart(of: PanelResults | PreferenceAnalysis) -> Apart:
    """Return which systems are told apart: graded or rated by the primary measure, or preferred."""
    if isinstance(of, PreferenceAnalysis):
        return _preferred(of)
    scores, ratings = of.primary, of.ratings
    sign = 1 if scores.measure.higher else -1
    values = {one.system: one.estimate.value for one in scores.systems}
    known = {name: value for name, value in values.items() if value is not None}
    order = tuple(sorted(known, key=lambda name: -sign * known[name]))
    share, fills = _filled(of)
    tables = [_by_rater(of, one) for one in (ratings, *fills)]
    place = {name: number for number, name in enumerate(ratings.systems)}
    compared, steady = [], []
    for pair, found, flipped in _tested(of.pairs):
        one, other = (place[name] for name in pair)
        apart = [table[one] - table[other] for table in tables]
        by_query = scores.table[one] - scores.table[other]
        compared.append(Compared(pair, found, mean_there(apart[0], axis=1), by_query, flipped))
        steady.append(all(_same(found, estimate(each, alone=of.alone)) for each in apart[1:]))
    pairs = decided(compared, sign, alone=of.alone)
    kept = [one._replace(told=one.told and still) for one, still in zip(pairs, steady, strict=True)]
    raters, queries = judged(of)
    sure = is_wide(compared), is_lopsided(compared, kept)
    undone = any(one.told and not still for one, still in zip(pairs, steady, strict=True))
    return Apart(order, tuple(kept), _chosen(of.protocol), raters, queries, *sure, share, undone)


def judged(of: PanelResults | PreferenceAnalysis) -> tuple[int, int]:
    """Return how many raters judged, and how many queries were judged."""
    if isinstance(of, PreferenceAnalysis):
        return len(np.unique(of.votes.rater)), len(np.unique(of.votes.query))
    there = ~np.isnan(of.ratings.table)
    queries = of.ratings.query_of[there.any(axis=0)]
    return int(there.any(axis=1).sum()), len(np.unique(queries))


def _tested(
    table: "pd.DataFrame",
) -> list[tuple[tuple[str, str], Estimate, float | None]]:
    """Return the pairs of `result_tables.pairs_table` that Holm's rule went over.

    Of each the difference, p adjusted, and the permutation test's own p; None where it has none.
    """
    found, rows = [], table.to_dict("records")
    fixed = not all(row["exploratory"] for row in rows)  # else Holm's rule went over all
    for row in rows:
        if (fixed and row["exploratory"]) or row["value"] is None or row["value"] != row["value"]:
            continue
        low, high, p, flipped = (
            None if value is None or value != value else float(value)
            for value in (row["low"], row["high"], row["p_holm"], row["p_permutation"])
        )
        counts = int(row["queries"]), int(row["raters"]), int(row["ratings"])
        pair = row["system_a"], row["system_b"]
        told = Estimate(float(row["value"]), low, high, p, row["scope"], *counts, row["reason"])
        found.append((pair, told, flipped))
    return found


def _by_rater(of: PanelResults, ratings: Ratings) -> np.ndarray:
    """Return the primary score of each rater's own grades: float [systems, raters, queries]."""
    measure, threshold = of.primary.measure, of.threshold
    if measure.of_panel:
        return np.moveaxis(of_panel(ratings, measure.name, threshold, ratings.table), 0, 1)
    if ratings is of.ratings and of.primary.raters_table is not None:
        return of.primary.raters_table
    return per_rater(ratings, measure.name, threshold)


def _filled(of: PanelResults) -> tuple[float, list[Ratings]]:
    """Return which share of their grades raters left out, and the grades with what these could be.

    Left out is what a rater was given in a query, did not grade, and somebody else did. Where it
    is more than `LEFT_OUT`, all of it has the lowest grade once, and the highest once.
    """
    pools, ratings = of.tables.pools, of.ratings
    if not isinstance(of, Analysis) or (pools["reused"] == 1).any():
        return 0.0, []  # what is taken over from another study was not given to all of its raters
    there = ~np.isnan(ratings.table)
    begun = np.zeros((len(ratings.raters), len(ratings.queries)), dtype=bool)
    for query in range(len(ratings.queries)):
        begun[:, query] = there[:, ratings.query_of == query].any(axis=1)
    parted = set(pools.loc[pools["partial"] == 1, "query"])
    whole = np.array([one not in parted for one in ratings.queries], dtype=bool)[ratings.query_of]
    given = begun[:, ratings.query_of] & whole & there.any(axis=0)
    left = given & ~there
    share = float(left.sum() / max(given.sum(), 1))
    if share <= LEFT_OUT:
        return share, []
    ends = ratings.lowest, ratings.highest
    return share, [replace(ratings, table=np.where(left, end, ratings.table)) for end in ends]


def _same(found: Estimate, other: Estimate) -> bool:
    """Return whether another estimate says the same of a difference, and is sure of it."""
    if found.value is None or other.value is None or other.p is None:
        return False
    return found.value * other.value > 0 and other.p <= LEVEL


def _preferred(of: PreferenceAnalysis) -> Apart:
    """Return which systems are told apart by the choices between their lists."""
    votes, names = of.votes, of.systems
    strength = dict(zip(names, of.strengths.strength.tolist(), strict=True))
    seen = set(np.concatenate([votes.first, votes.second]).tolist())
    heard = [name for place, name in enumerate(names) if place in seen]
    order = tuple(sorted(heard, key=lambda name: -strength[name]))
    fixed = {frozenset(pair) for pair in of.protocol.analysis.fixed(names)}
    compared = []
    for one, other in combinations(range(len(names)), 2):
        pair = names[one], names[other]
        table = _net(votes, one, other)
        found = estimate(table, alone=of.alone)
        if found.value is not None and (not fixed or frozenset(pair) in fixed):
            by_rater, by_query = (mean_there(table, axis=axis) for axis in (1, 0))
            compared.append(Compared(pair, found, by_rater, by_query))
    adjusted = holm([one.found.p for one in compared])
    holmed = [
        replace(one, found=replace(one.found, p=p))
        for one, p in zip(compared, adjusted, strict=True)
    ]
    pairs = decided(holmed, 1, alone=of.alone)
    raters, queries = judged(of)
    sure = is_wide(compared), is_lopsided(compared, pairs)
    return Apart(order, tuple(pairs), _chosen(of.protocol), raters, queries, *sure)


def _net(votes: Votes, one: int, other: int) -> np.ndarray:
    """Return how much more often a list was chosen than another: float [raters, queries] in [-1, 1]

    A choice of neither counts 0; NaN where a rater did not compare the two.
    """
    shape = int(votes.rater.max(initial=-1)) + 1, int(votes.query.max(initial=-1)) + 1
    ahead = (votes.first == one) & (votes.second == other)
    behind = (votes.first == other) & (votes.second == one)
    worth = np.select([votes.choice == A, votes.choice == B], [1.0, -1.0], 0.0)
    worth = np.where(behind, -worth, worth)
    kept = ahead | behind
    cell = votes.rater[kept] * shape[1] + votes.query[kept]
    counts = np.bincount(cell, minlength=shape[0] * shape[1])
    sums = np.bincount(cell, worth[kept], minlength=shape[0] * shape[1])
    with np.errstate(invalid="ignore"):
        return (sums / np.where(counts, counts, np.nan)).reshape(shape)


def _chosen(protocol: Protocol) -> int:
    """Return how many pairs the protocol fixed; 0 for none, or for all that there are."""
    systems = protocol.systems
    fixed = protocol.analysis.fixed(systems)
    return len(fixed) if len(fixed) < len(systems) * (len(systems) - 1) // 2 else 0
