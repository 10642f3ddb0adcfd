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
from evaluation.statistics import graded_lists
from evaluation.statistics.graded_lists import MIREX_WEIGHTS
from evaluation.statistics.graded_measures import MEASURES, Measure
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
    low, high : the mean grade if what nobody graded had the lowest, and the highest grade; of
        rank-biased precision, its residual to the end of the list and beyond at 0 and at 1; None
        of other measures
    judged : the share of its results, to the depth, that at least one rater graded
    definition : what exactly was computed
    """

    system: str
    estimate: Estimate
    low: float | None
    high: float | None
    judged: float | None
    definition: str


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
    grades = of.by_rank
    scores: dict[str, Callable[[], np.ndarray]] = {
        "mean_grade": lambda: graded_lists.mean_grade(grades),
        "graded_precision": lambda: graded_lists.graded_precision(grades, of.lowest, of.highest),
        "precision": lambda: graded_lists.precision(grades, float(threshold or 0)),
        "rbp": lambda: np.where(
            np.isnan(grades).all(axis=-1),
            np.nan,
            graded_lists.rbp(grades, of.lowest, of.highest)[0],
        ),
    }
    if measure in MIREX_WEIGHTS:
        _check_mirex(of, kind)
        return np.moveaxis(graded_lists.mirex(grades, measure), 0, 1)
    return np.moveaxis(scores[measure](), 0, 1)


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
    _find(measure, threshold)
    mean = of.mean if mean is None else mean
    grades = of.along(mean, of.lists)
    if measure == "first_relevant":
        return graded_lists.first_good_rank(grades, float(threshold or 0))
    pool = of.along(mean, of.pools)[..., None, :, :]
    if measure == "graded_ap":
        return graded_lists.graded_ap(grades, pool, of.lowest, of.highest)
    if measure == "condensed_ndcg":
        grades = graded_lists.condensed(grades)
    return graded_lists.ndcg(grades, graded_lists.ideal_dcg(pool, of.depth, of.lowest), of.lowest)


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
    """

    measure: Measure
    definition: str
    systems: tuple[SystemScore, ...]
    table: np.ndarray
    raters_table: np.ndarray | None
    replicates: np.ndarray | None
    freedom: float
    alone: bool = False
    redraw: Callable[[], np.ndarray] | None = None

    def difference(self, one: int, other: int) -> Estimate:
        """Return by how much a system is above another, with interval and p value."""
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
        table, drawn, freedom = _mean(single, axis=1), None, np.nan
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
        whole = spread(_mean(grades, axis=0))
        few = of.alone or whole is None or whole.raters < FEW_RATERS
        freedom = whole.freedom if whole and not few else max(len(of.queries) - 1.0, 1.0)
        estimates = [
            _of_replicates(table[one], drawn[:, one], freedom, basis[one])
            for one in range(len(of.systems))
        ]
    ends = _range(of, kind)
    estimates = [within(one, *ends) for one in estimates]
    return Scores(
        kind, definition, _systems(of, kind, estimates, definition, table),
        table, single, drawn, freedom, of.alone, redraw,
    )  # fmt: skip


def _range(of: Ratings, kind: Measure) -> tuple[float, float]:
    """Return the ends between which a measure lies."""
    if kind.name == "mean_grade":
        return of.lowest, of.highest
    if kind.name == "first_relevant":
        return 1.0, of.depth + 1.0
    return (0.0, np.inf) if kind.name in MIREX_WEIGHTS else (0.0, 1.0)


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
    of: Ratings, kind: Measure, estimates: list[Estimate], definition: str, table: np.ndarray
) -> tuple[SystemScore, ...]:
    returned = of.returned
    shares = returned.sum(axis=(1, 2))
    graded = (returned & ~np.isnan(of.mean_by_rank)).sum(axis=(1, 2))
    low, high = _bounds(of, kind, table)
    return tuple(
        SystemScore(
            name,
            estimates[one],
            _mean_of(low[one]),
            _mean_of(high[one]),
            float(graded[one] / shares[one]) if shares[one] else None,
            definition,
        )
        for one, name in enumerate(of.systems)
    )


def _bounds(of: Ratings, kind: Measure, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how low and high scores could be, float [systems, queries], if nothing were missing.

    Of `table`, float [systems, queries]: what is there counts as much as the share that is judged.
    """
    none = np.full(table.shape, np.nan)
    if kind.name == "rbp":
        base, residual = graded_lists.rbp(of.mean_by_rank, of.lowest, of.highest)
        low = np.where(of.returned.any(axis=-1), np.nan_to_num(table), np.nan)
        return low, low + np.where(np.isnan(table), 1 - base, residual)
    if kind.name != "mean_grade":
        return none, none
    known = graded_lists.judged(of.mean_by_rank, of.returned)
    own = np.where(known > 0, np.nan_to_num(table) * known, 0 * known)
    return own + (1 - known) * of.lowest, own + (1 - known) * of.highest


def _find(measure: str, threshold: float | None) -> Measure:
    if measure not in MEASURES:
        raise InputError(f"The measure must be one of {', '.join(MEASURES)}, not {measure!r}.")
    if MEASURES[measure].threshold and threshold is None:
        raise InputError(f"The measure {measure} needs the grade that counts as good.")
    return MEASURES[measure]


def _check_mirex(of: Ratings, kind: Measure) -> None:
    given = set(np.unique(of.table[~np.isnan(of.table)]).tolist())
    if (of.lowest, of.highest) != (0, 2) or not given <= {0.0, 1.0, 2.0}:
        raise InputError(
            f"{kind.title} needs the grades 0, 1 and 2 alone; this scale goes from "
            f"{of.lowest:g} to {of.highest:g}."
        )


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean of what is there along an axis, NaN where nothing is."""
    count = (~np.isnan(values)).sum(axis=axis)
    return np.nansum(values, axis=axis) / np.where(count, count, np.nan)


def _mean_of(values: np.ndarray) -> float | None:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None
