"""What the panel of raters is like: what sways it, and what its scores vary by."""

from dataclasses import dataclass

import numpy as np

from evaluation.analysis.ratings import Ratings
from evaluation.statistics.significance import FEW_RATERS, NOTHING, student
from evaluation.statistics.variance import components

_ROUNDING = 1e-12  # a component of this share of all is what rounding leaves of none


@dataclass(frozen=True, slots=True)
class Sway:
    """By how many grades something moves a grade, from its lowest to its highest value.

    Attributes
    ----------
    value, low, high : the mean over raters of their slopes, each times the range, and its 95 %
        interval over raters, which ends where differences of grades do
    grades : on how many grades it rests
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    grades: int
    reason: str = ""


def sway(of: Ratings, along: np.ndarray) -> Sway:
    """Return how grades move with where or when they were given.

    Each grade is compared with the mean of the other raters of the same pair, so that the order's
    being shuffled is all that is assumed. The interval is over raters, so that it speaks for others
    like them: like every such interval it takes `FEW_RATERS`. Student's t makes it 2.5 standard
    deviations of a rater wide to each side with three raters, and 1.2 with five.

    Parameters
    ----------
    along : float [raters, pairs], such as the position on the page or the minutes since the rater
        began; NaN where there is no grade
    """
    counts = (~np.isnan(of.table)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        others = (np.nansum(of.table, axis=0) - of.table) / np.where(counts > 1, counts - 1, np.nan)
    apart = of.table - others
    known = ~np.isnan(apart) & ~np.isnan(along)
    slopes = []
    for rater in range(len(of.raters)):
        own = known[rater]
        place = along[rater, own]
        if own.sum() >= 3 and place.max() > place.min():
            centred = place - place.mean()
            slope = (centred * apart[rater, own]).sum() / (centred**2).sum()
            slopes.append(slope * (place.max() - place.min()))
    count = int(known.sum())
    if len(slopes) < FEW_RATERS:
        there = f"there {'is' if len(slopes) == 1 else 'are'} {len(slopes)}"
        reason = f"needs {FEW_RATERS} raters with 3 sounds or more that others graded; {there}"
        return Sway(None, None, None, None, count, reason)
    mean = float(np.mean(slopes))
    error = float(np.std(slopes, ddof=1) / len(slopes) ** 0.5)
    if not error > NOTHING * max(abs(mean), 1):
        return Sway(None, None, None, None, count, "nothing varies between raters")
    half, p = student(mean, error, len(slopes) - 1)
    span = of.highest - of.lowest
    return Sway(mean, max(mean - half, -span), min(mean + half, span), p, count)


@dataclass(frozen=True, slots=True)
class Generalizability:
    """A G-study: what the scores of systems vary by, and what more queries or raters would bring.

    Attributes
    ----------
    parts : "system", "query", "rater", "system+query", ... -> variance, in squared grades, not
        below 0; the last one, with all three, has the error in it
    queries, raters : how many the study has
    reason : why there is none; then `parts` is empty
    own : how surely this study, with the queries that each of its raters judged, orders the systems
        as all queries and raters would: the generalizability coefficient in [0, 1]; None where
        nothing varies
    per_query : how many raters judged a system's list of a query, on average
    """

    parts: dict[str, float]
    queries: int
    raters: int
    reason: str = ""
    own: float | None = None
    per_query: float = 0.0

    def reliability(self, queries: float, raters: float) -> float | None:
        """Return what `own` would be in a complete study of that size: all raters judge every
        query. None where nothing varies."""
        if not self.parts:
            return None
        error = (
            self.parts["query+system"] / queries
            + self.parts["rater+system"] / raters
            + self.parts["query+rater+system"] / (queries * raters)
        )
        return _coefficient(self.parts["system"], error)


def _coefficient(system: float, error: float) -> float | None:
    return system / (system + error) if system + error > 0 else None


def generalizability(scores: np.ndarray) -> Generalizability:
    """Estimate what scores vary by.

    Parameters
    ----------
    scores : float [systems, raters, queries], as `evaluation.analysis.system_scores.per_rater`
        gives them
    """
    there = ~np.isnan(scores)
    raters, queries = int(there.any(axis=(0, 2)).sum()), int(there.any(axis=(0, 1)).sum())
    codes = dict(zip(("system", "rater", "query"), np.nonzero(there), strict=True))
    if min(int(there.any(axis=(1, 2)).sum()), raters, queries) < 2:
        reason = "it needs two systems, two raters and two queries"
        return Generalizability({}, queries, raters, reason)
    try:
        found = components(scores[there], codes)
    except ValueError:
        reason = "too few raters share queries to tell the variances apart"
        return Generalizability({}, queries, raters, reason)
    least = _ROUNDING * sum(map(abs, found.values()))
    parts = {
        "+".join(sorted(one)): value if value > least else 0.0 for one, value in found.items()
    }  # fmt: skip
    counts = there.sum(axis=1)
    per_query = float(counts[counts > 0].mean())
    error = _error(there, parts)
    own = _coefficient(parts["system"], error if error > least else 0.0)
    return Generalizability(parts, queries, raters, own=own, per_query=per_query)


def _error(there: np.ndarray, parts: dict[str, float]) -> float:
    """Return the error variance of the order of the systems, in squared grades.

    A system's score is the mean over its queries of the mean over their raters. What goes with
    systems counts with the squared shares of each query, rater, and grade in it; what is common to
    all systems counts as far as their shares are not the same.

    Parameters
    ----------
    there : bool [systems, raters, queries], what was judged
    parts : as in `Generalizability`
    """
    there = there[there.any(axis=(1, 2))]
    raters = there.sum(axis=1, keepdims=True)
    queries = (raters > 0).sum(axis=2, keepdims=True)
    share = there / (np.maximum(raters, 1) * queries)
    along = {
        "query": share.sum(axis=1),
        "rater": share.sum(axis=2),
        "query+rater": share.reshape(len(share), -1),
    }
    return sum(
        parts[f"{name}+system"] * float((each**2).sum(axis=1).mean())
        + parts[name] * float(each.var(axis=0, ddof=1).sum())
        for name, each in along.items()
    )
