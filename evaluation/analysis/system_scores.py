"""How good each system is by what its raters said: every measure with its interval.

Measures of two kinds. Some are means of what single raters gave (mean grade, graded precision,
precision, rank-biased precision, MIREX's): their interval comes from variance components. Others
are made of the mean grades of the whole panel (nDCG, graded AP, the first good rank): theirs comes
from replicates in which every query and every rater has a random weight, and the ideal list of
each query is found again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from embeddings.errors import InputError
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.replicates import REPLICATES, common_replicates, panel_replicates
from evaluation.statistics.graded_lists import mean_there
from evaluation.statistics.graded_measures import MEASURES, GradedMeasure
from evaluation.statistics.significance import (
    FEW_RATERS,
    NO_SPREAD,
    NOTHING,
    Estimate,
    estimate,
    student,
    within,
)
from evaluation.statistics.variance import spread


@dataclass(frozen=True, slots=True)
class SystemScore:
    """One system's score.

    Attributes
    ----------
    system : the ranking's name
    estimate : the mean over queries with its interval and what it rests on
    low, high : between what the score could be if nothing were missing; None where the measure has
        no such bounds
    judged : the share of its results, to the depth, that at least one rater graded
    """

    system: str
    estimate: Estimate
    low: float | None
    high: float | None
    judged: float | None


def per_rater(of: Ratings, measure: str, threshold: float | None = None) -> np.ndarray:
    """Return each rater's scores of a measure that is made of single grades.

    Returns
    -------
    float [systems, raters, queries], NaN where the rater judged nothing of the list

    Raises
    ------
    InputError
        The measure is one of the panel, is unknown, or needs a threshold.
    """
    kind = _find(measure, threshold)
    if kind.of_panel:
        raise InputError(f"{kind.title} is of the whole panel; single raters have none.")
    _check_grades(of, kind)
    return np.moveaxis(kind.score(of.graded(of.table, threshold)), 0, 1)


def of_panel(
    of: Ratings, measure: str, threshold: float | None = None, mean: np.ndarray | None = None
) -> np.ndarray:
    """Return the scores that are made of the panel's mean grades.

    Parameters
    ----------
    mean : float [..., pairs], the mean grades; those of all raters unless told

    Returns
    -------
    float [..., systems, queries], NaN undefined
    """
    kind = _find(measure, threshold)
    return kind.score(of.graded(of.mean if mean is None else mean, threshold))


@dataclass(frozen=True)
class Scores:
    """All systems by one measure, and what differences between them are made of.

    Attributes
    ----------
    measure, definition : what was computed
    systems : a `SystemScore` each, in the order of `Ratings.systems`
    table : float [systems, queries], the mean over raters, or the panel's score
    raters_table : float [systems, raters, queries], or None where single raters have no score
    replicates : float [replicates, systems], or None with `raters_table`
    freedom : degrees of freedom for intervals from the replicates
    alone : whether intervals speak for these raters alone, as wanted
    redraw : draws what systems differ by over their common queries, as
        `evaluation.analysis.replicates.common_replicates`; or None with `raters_table`
    span : by how much two systems can differ at most; infinite where the measure has no end
    """

    measure: GradedMeasure
    definition: str
    systems: tuple[SystemScore, ...]
    table: np.ndarray
    raters_table: np.ndarray | None
    replicates: np.ndarray | None
    freedom: float
    alone: bool = False
    redraw: Callable[[], np.ndarray] | None = None
    span: float = np.inf

    def difference(self, one: int, other: int) -> Estimate:
        """Return by how much a system is above another, with interval and p value.

        The interval ends where differences do.
        """
        return within(self._difference(one, other), -self.span, self.span)

    def _difference(self, one: int, other: int) -> Estimate:
        if self.raters_table is not None:
            apart = self.raters_table[one] - self.raters_table[other]
            return estimate(apart, alone=self.alone)
        assert self.replicates is not None
        apart = self.table[one] - self.table[other]
        if (np.isnan(self.table[one]) == np.isnan(self.table[other])).all():
            drawn = self.replicates[:, one] - self.replicates[:, other]
        else:
            drawn = self._apart[:, one, other]
        return _of_replicates(apart, drawn, self.freedom, self.systems[one].estimate)

    @cached_property
    def _apart(self) -> np.ndarray:
        """Replicates of the differences, made where systems lack different queries."""
        assert self.redraw is not None
        return self.redraw()


def score_systems(
    of: Ratings,
    measure: str = "mean_grade",
    threshold: float | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    drawn: np.ndarray | None = None,
) -> Scores:
    """Score every system by one measure.

    Parameters
    ----------
    threshold : the grade that counts as good, where the measure needs one
    replicates, seed : of the random weights, for measures of the panel
    drawn : float [replicates, systems], what `replicates.panel_replicates` gave where that was
        done before
    """
    kind = _find(measure, threshold)
    definition = kind.definition.format(depth=of.depth, threshold=threshold or 0)
    single = None if kind.of_panel else per_rater(of, measure, threshold)
    redraw = None
    if single is not None:
        estimates = [estimate(table, alone=of.alone) for table in single]
        table, drawn, freedom = mean_there(single, axis=1), None, np.nan
    else:
        table = of_panel(of, measure, threshold)
        if drawn is None:
            own = panel_replicates(of, [measure], threshold, replicates=replicates, seed=seed)
            drawn = own[measure]
        redraw = partial(
            common_replicates, of, measure, threshold, replicates=replicates, seed=seed
        )
        grades = per_rater(of, "mean_grade")
        basis = [estimate(one, alone=of.alone) for one in grades]
        whole = spread(mean_there(grades, axis=0))
        few = of.alone or whole is None or whole.raters < FEW_RATERS
        freedom = whole.freedom if whole and not few else max(len(of.queries) - 1.0, 1.0)
        estimates = [
            _of_replicates(table[one], drawn[:, one], freedom, basis[one])
            for one in range(len(of.systems))
        ]
    panel = of.graded(of.mean, threshold)
    lowest, highest = kind.ends(panel)
    estimates = [within(one, lowest, highest) for one in estimates]
    bounds = kind.bounds(panel, table) if kind.bounds else np.full((2, *table.shape), np.nan)
    return Scores(
        kind, definition, _systems(of, estimates, *bounds),
        table, single, drawn, freedom, of.alone, redraw, highest - lowest,
    )  # fmt: skip


def _of_replicates(
    table: np.ndarray, drawn: np.ndarray, freedom: float, basis: Estimate
) -> Estimate:
    """Return an estimate whose error is that of the replicates, by Student's t."""
    there = table[~np.isnan(table)]
    counts = (len(there), basis.raters, basis.ratings)
    if not len(there):
        return Estimate(None, None, None, None, basis.scope, *counts, "undefined in every query")
    value, error = float(there.mean()), float(np.nanstd(drawn))
    if len(there) < 2 or basis.raters < 2:
        reason = "one query, or one rater, has no interval"
        return Estimate(value, None, None, None, basis.scope, *counts, reason)
    if not error > NOTHING * max(abs(value), 1):
        return Estimate(value, None, None, None, basis.scope, *counts, NO_SPREAD)
    half, p = student(value, error, freedom)
    return Estimate(value, value - half, value + half, p, basis.scope, *counts, basis.reason)


def _systems(
    of: Ratings, estimates: list[Estimate], low: np.ndarray, high: np.ndarray
) -> tuple[SystemScore, ...]:
    returned = of.returned
    shares = returned.sum(axis=(1, 2))
    graded = (returned & ~np.isnan(of.mean_by_rank)).sum(axis=(1, 2))
    return tuple(
        SystemScore(
            name,
            estimates[one],
            _mean_of(low[one]),
            _mean_of(high[one]),
            float(graded[one] / shares[one]) if shares[one] else None,
        )
        for one, name in enumerate(of.systems)
    )


def _find(measure: str, threshold: float | None) -> GradedMeasure:
    if measure not in MEASURES:
        raise InputError(f"The measure must be one of {', '.join(MEASURES)}, not {measure!r}.")
    if "threshold" in MEASURES[measure].parameters and threshold is None:
        raise InputError(f"The measure {measure} needs the grade that counts as good.")
    return MEASURES[measure]


def _check_grades(of: Ratings, kind: GradedMeasure) -> None:
    only = kind.only_grades
    given = set(np.unique(of.table[~np.isnan(of.table)]).tolist())
    if only and ((of.lowest, of.highest) != (only[0], only[-1]) or not given <= set(only)):
        raise InputError(
            f"{kind.title} needs the grades {kind.only} alone; this scale goes from "
            f"{of.lowest:g} to {of.highest:g}."
        )


def _mean_of(values: np.ndarray) -> float | None:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None
