"""Ears next to labels: what people judged beside what the labels say of the same results.

A result is relevant to its query by one of three rules: it carries the class that the query was
drawn for (the headline), it shares any label, or it shares the most specific labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from embeddings.errors import InputError
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.replicates import weighted, weights
from evaluation.measure import Coefficient
from evaluation.statistics.correlation import (
    CORRELATIONS,
    Interval,
    least_significant_tau,
    reversed_percentiles,
    tau_b,
)
from evaluation.statistics.graded_lists import mean_there

RULES = {
    "class": "carries the class that the query stands for",
    "any": "shares any label with the query",
    "specific": "shares the most specific labels with the query",
}


@dataclass(frozen=True, slots=True)
class StudyLabels:
    """What the labels say of clips.

    Attributes
    ----------
    of : clip id -> its labels
    specific : clip id -> those of its labels that are no parent of another class
    """

    of: Mapping[str, frozenset[str]]
    specific: Mapping[str, frozenset[str]]


def relevant(of: Ratings, labels: StudyLabels, rule: str = "class") -> np.ndarray:
    """Return which pairs the labels call relevant, bool [pairs].

    Raises
    ------
    InputError
        The rule is unknown.
    """
    if rule not in RULES:
        raise InputError(f"The rule must be one of {', '.join(RULES)}, not {rule!r}.")
    told = []
    none: frozenset[str] = frozenset()
    for query, clip in zip(of.query_of, of.clips, strict=True):
        if rule == "class":
            told.append(of.classes[query] in labels.of.get(clip, none))
        else:
            known = labels.of if rule == "any" else labels.specific
            told.append(bool(known.get(of.queries[query], none) & known.get(clip, none)))
    return np.array(told, dtype=bool)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two orders of the systems agree.

    Attributes
    ----------
    values : each of `CORRELATIONS`, with the ears as the truth; None where a side is constant
    intervals : of each, over queries and raters, or over queries for these raters alone where they
        are few (`evaluation.analysis.replicates.weights`); None with one query or one rater
    least : the smallest tau that could be significant with so many systems; None: none could
    systems : how many were compared
    above : float [systems, systems], the share of replicates in which the ears put the row's
        system above the column's; NaN on the diagonal, and with one query or one rater
    """

    values: Mapping[str, float | None]
    intervals: Mapping[str, Interval | None]
    least: float | None
    systems: int
    above: np.ndarray

    @property
    def tau(self) -> float | None:
        """Kendall's tau-b, which is reported first."""
        return self.values["tau"]


def compare_orders(
    of: Ratings,
    objective: np.ndarray,
    *,
    heard: np.ndarray,
    higher: bool = True,
    seed: int = 1,
) -> Agreement:
    """Compare the order of the systems by mean grade with that by an objective score.

    Parameters
    ----------
    objective : float [systems, queries], AP or R1 of the study's own queries, whose weights then
        follow the replicate; or float [systems], of a whole collection. NaN: undefined
    heard : float [replicates, systems], the mean grades in the replicates
        (`evaluation.analysis.replicates.panel_replicates`)
    higher : whether more is better; not so for R1
    seed : of the random weights
    """
    sign = 1.0 if higher else -1.0
    graded = mean_there(of.mean_by_rank)
    ears = mean_there(graded)
    score = sign * (mean_there(objective) if objective.ndim == 2 else objective)
    kept = ~np.isnan(ears) & ~np.isnan(score)
    count = int(kept.sum())
    above = np.full((len(kept), len(kept)), np.nan)
    if count < 2 or not len(of.raters):
        none = dict.fromkeys(CORRELATIONS)
        return Agreement(none, none, None, count, above)
    labels = score  # of a whole collection the same in every replicate
    if objective.ndim == 2:
        of_query = weights(len(of.raters), len(of.queries), len(heard), seed)[1]
        labels = sign * weighted(objective, of_query)
    varies = _several(of.table.T) and _several(graded)
    if varies:
        above = 0.5 + 0.5 * np.sign(heard[:, :, None] - heard[:, None, :]).mean(axis=0)
        above[~kept] = above[:, ~kept] = np.nan
        np.fill_diagonal(above, np.nan)
    varies = varies and (objective.ndim == 1 or _several(objective))
    replicated = (heard[:, kept], labels[..., kept]) if varies else None
    told = correlated(CORRELATIONS, (ears[kept], score[kept]), replicated)
    return Agreement(*told, least_significant_tau(count), count, above)


def correlated(
    kinds: Mapping[str, Coefficient],
    orders: tuple[np.ndarray, np.ndarray],
    drawn: tuple[np.ndarray, np.ndarray] | None,
) -> tuple[dict[str, float | None], dict[str, Interval | None]]:
    """Return correlations of two orders, and their intervals; None where a side is constant.

    `drawn` has both orders in the replicates; None: there is no interval.
    """
    values = {name: float(one.function(*orders)) for name, one in kinds.items()}
    known = {name: value for name, value in values.items() if not np.isnan(value)}
    intervals = {}
    if drawn is not None:
        for name, value in known.items():
            intervals[name] = reversed_percentiles(value, kinds[name].function(*drawn))
    return {name: known.get(name) for name in kinds}, {name: intervals.get(name) for name in kinds}


def _several(values: np.ndarray) -> bool:
    """Return whether two columns or more have a value that is there."""
    return int((~np.isnan(values)).any(axis=0).sum()) > 1


def within_queries(of: Ratings, objective: np.ndarray) -> tuple[float | None, int]:
    """Return the mean over queries of tau-b between the systems' AP and mean grade, and how many
    queries have one: those in which both sides differ between systems.

    `objective` is float [systems, queries].
    """
    ears = mean_there(of.mean_by_rank)
    taus = []
    for query in range(len(of.queries)):
        kept = ~np.isnan(ears[:, query]) & ~np.isnan(objective[:, query])
        taus.append(tau_b(ears[kept, query], objective[kept, query]))
    defined = np.array(taus)[~np.isnan(taus)]
    return (float(defined.mean()), len(defined)) if len(defined) else (None, 0)


def relevant_above(of: Ratings, told: np.ndarray) -> tuple[float | None, int]:
    """Return how often a relevant result has a higher grade than one that is not, and in how many
    queries there are both.

    Parameters
    ----------
    told : bool [pairs], as from `relevant`

    Returns
    -------
    The mean over queries of the share of all pairs of a relevant and another result; equal mean
    grades count one half
    """
    mean, shares = of.mean, []
    known = ~np.isnan(mean)
    for query in range(len(of.queries)):
        own = known & (of.query_of == query)
        yes, no = mean[own & told], mean[own & ~told]
        if len(yes) and len(no):
            apart = yes[:, None] - no
            shares.append(float((apart > 0).mean() + 0.5 * (apart == 0).mean()))
    return (float(np.mean(shares)), len(shares)) if shares else (None, 0)
