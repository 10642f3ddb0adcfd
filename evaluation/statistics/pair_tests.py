"""The tests of which systems differ, each one object: its name, what it says, its function.

To add one, add it to `PAIR_TESTS`: the tables of differences have it from here. All of them take
means over raters, so that they speak for these raters alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.measure import Coefficient
from evaluation.statistics.significance import (
    Outcome,
    Ranked,
    friedman,
    paired_hsd,
    permutation,
    wilcoxon,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs of systems that are tested together.

    Attributes
    ----------
    table : float [systems, queries], means over raters; NaN where a system has none
    places : the pairs, as rows of `table`
    apart : float [pairs, queries], the first of each less the second
    comparisons : how many Holm's rule adjusts together
    seed : of random flips
    """

    table: np.ndarray
    places: Sequence[tuple[int, int]]
    apart: np.ndarray
    comparisons: int
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTest(Coefficient):
    """A test of each pair of systems; its p value is the column p_NAME.

    Attributes
    ----------
    run : `Compared` -> an outcome for each pair
    adjusted : whether Holm's rule adjusts its p values, in the column p_NAME_holm
    """

    run: Callable[[Compared], Sequence[Outcome]]
    adjusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest(Coefficient):
    """A test of each pair after Friedman's of all; its p value is the column p_NAME.

    Attributes
    ----------
    p : Friedman's test -> float [systems, systems], p values; NaN undefined
    """

    p: Callable[[Ranked], np.ndarray]


def _wilcoxon(of: Compared) -> list[Outcome]:
    return [wilcoxon(own, of.comparisons) for own in of.apart]


def _permutation(of: Compared) -> list[Outcome]:
    return permutation(of.apart, of.comparisons, seed=of.seed) if len(of.places) else []


def _tukey(of: Compared) -> list[Outcome]:
    p, queries = paired_hsd(of.table), of.table.shape[1]
    return [Outcome(None if np.isnan(p[at]) else float(p[at]), None, queries) for at in of.places]


PAIR_TESTS: Mapping[str, PairTest] = {
    one.name: one
    for one in (
        PairTest(
            "wilcoxon",
            "Wilcoxon",
            "Whether one system's ranks of differences over the queries outweigh the other's.",
            "Signed ranks of the queries, zeros by Pratt",
            higher=None,
            figure="pairs",
            function=wilcoxon,
            run=_wilcoxon,
            adjusted=True,
        ),
        PairTest(
            "permutation",
            "Permutation",
            "Whether the mean difference is larger than with signs that chance gives to queries.",
            "Signs of the queries flipped at random",
            higher=None,
            figure="pairs",
            spoken="permutation",
            function=permutation,
            run=_permutation,
            adjusted=True,
        ),
        PairTest(
            "tukey",
            "Tukey HSD",
            "Whether two means are further apart than the range of as many equal ones would be.",
            "Paired honestly significant differences",
            higher=None,
            figure="pairs",
            spoken="Tukey",
            function=paired_hsd,
            run=_tukey,
        ),
    )
}
"""By name, in the order of tables."""

RANK_TESTS: Mapping[str, RankTest] = {
    one.name: one
    for one in (
        RankTest(
            "nemenyi",
            "Nemenyi",
            "Whether two mean ranks are further apart than the range of as many without ties.",
            "Range of the mean ranks",
            higher=None,
            figure="critical-difference",
            function=friedman,
            p=lambda found: found.nemenyi,
        ),
        RankTest(
            "friedman_tukey",
            "Friedman–Tukey",
            "The same with the variance that the ranks have, ties and all.",
            "Tukey's range on the mean ranks, as MIREX did",
            higher=None,
            function=friedman,
            p=lambda found: found.tukey,
        ),
    )
}
"""By name, in the order of tables."""

FRIEDMAN = Coefficient(
    "friedman",
    "Friedman's test",
    "Whether any system differs, by its ranks within each query.",
    "All orders counted where there are few; else Iman and Davenport's F",
    higher=None,
    function=friedman,
)
KENDALL_W = Coefficient(
    "kendall_w",
    "Kendall's W",
    "How far queries agree on the order of the systems; 1: every query agrees.",
    "Friedman's chi squared over its most, in [0, 1]",
    function=friedman,
)
