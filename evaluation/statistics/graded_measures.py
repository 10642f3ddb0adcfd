"""The measures of graded lists, each one object: what it is called, what it says, how it is made.

To add one, add it to `MEASURES`, with its function: tables, CSV files, protocols and the docs have
it from here. A measure of single raters is the mean of what each of them gave; its interval comes
from variance components. One of the panel is made of the mean grades of all raters; its interval
comes from replicates with random weights, in which it is made again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from evaluation.measure import Measure
from evaluation.statistics import drawn_lists, graded_lists
from evaluation.statistics.drawn_lists import DrawnLists
from evaluation.statistics.graded_lists import MIREX_WEIGHTS
from evaluation.statistics.significance import BY_COMPONENTS


@dataclass(frozen=True, slots=True)
class Lists:
    """Graded lists, the best rank first: of single raters, or of the panel.

    Attributes
    ----------
    grades : float [..., depth], NaN where a result was not judged or the list has ended
    pool : float [..., largest pool], what was judged of each query, of all systems; NaN where there
        is less
    returned : bool [..., depth], where a list has a result
    lowest, highest : the ends of the scale
    threshold : the grade from which a result counts as good
    """

    grades: np.ndarray
    pool: np.ndarray
    returned: np.ndarray
    lowest: float
    highest: float
    threshold: float

    @property
    def depth(self) -> int:
        """How many results of each list count."""
        return self.grades.shape[-1]


Ends = tuple[float, float]


def _shares(of: Lists) -> Ends:
    return 0.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedMeasure(Measure):
    """A measure of graded lists; its definition may hold {depth} and {threshold}.

    Attributes
    ----------
    score : `Lists` -> float [...], a score for each list; NaN where it is undefined
    of_panel : whether it is made of the panel's mean grades
    draw : the same of many replicates at once, where that pays (`drawn_lists`)
    ends : between what it lies
    in_grades : whether it is a grade on the study's own scale
    bounds : `Lists` of the panel and scores, float [systems, queries], -> how low and how high
        these could be if nothing were missing; None where nothing is said of that
    at_most : what the higher bound is, in a note with {}; "" where none is shown beside the score
    only_grades : the grades that a scale must have; () for any

    `figure` is "" where no protocol may report it first.
    """

    score: Callable[[Lists], np.ndarray]
    of_panel: bool = False
    draw: Callable[[DrawnLists], np.ndarray] | None = None
    ends: Callable[[Lists], Ends] = _shares
    in_grades: bool = False
    bounds: Callable[[Lists, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None
    at_most: str = ""
    only_grades: tuple[int, ...] = ()

    @property
    def only(self) -> str:
        """`only_grades` in words."""
        *others, last = map(str, self.only_grades)
        return f"{', '.join(others)} and {last}"

    def fits(self, allowed: tuple[int, ...]) -> bool:
        """Return whether a scale with these grades has the measure."""
        return not self.only_grades or self.only_grades == allowed


def _bounded_mean(of: Lists, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is there counts as much as the share that is judged."""
    known = graded_lists.judged(of.grades, of.returned)
    own = np.where(known > 0, np.nan_to_num(scores) * known, 0 * known)
    return own + (1 - known) * of.lowest, own + (1 - known) * of.highest


def _rbp(of: Lists) -> np.ndarray:
    base, _ = graded_lists.rbp(of.grades, of.lowest, of.highest)
    return np.where(np.isnan(of.grades).all(axis=-1), np.nan, base)


def _bounded_rbp(of: Lists, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    base, residual = graded_lists.rbp(of.grades, of.lowest, of.highest)
    low = np.where(of.returned.any(axis=-1), np.nan_to_num(scores), np.nan)
    return low, low + np.where(np.isnan(scores), 1 - base, residual)


def _ndcg(of: Lists, grades: np.ndarray) -> np.ndarray:
    ideal = graded_lists.ideal_dcg(of.pool, of.depth, of.lowest)
    return graded_lists.ndcg(grades, ideal, of.lowest)


BY_WEIGHTS = "from 2,000 random weightings of queries and raters, by Student's t"
"""Where the intervals of measures of the panel come from."""

_DEPTH = {"depth": "how many results of each list count"}
_GOOD = _DEPTH | {"threshold": "the grade from which a result counts as good"}
_POOL = "the best list that could be made of the query's pool"

_of_raters = partial(
    GradedMeasure,
    parameters=_DEPTH,
    interval=BY_COMPONENTS,
    figure="primary",
)
_of_panel = partial(
    GradedMeasure,
    of_panel=True,
    parameters=_DEPTH,
    interval=BY_WEIGHTS,
    figure="primary",
)


def _mirex(name: str, title: str) -> GradedMeasure:
    worth = MIREX_WEIGHTS[name]
    return _of_raters(
        name,
        title,
        "MIREX's broad grades 0, 1 and 2 are worth {}, {} and {}; the mean, over the most."
        .format(*worth),
        f"{name}@{{depth}}/mirex/judged-only",
        score=lambda of: graded_lists.mirex(of.grades, name),
        only_grades=(0, 1, 2),
    )  # fmt: skip


_MEASURES = (
    _of_raters(
        "mean_grade",
        "Mean grade",
        "The mean of the grades that were given to a list's results.",
        "mean_grade@{depth}/judged-only",
        score=lambda of: graded_lists.mean_there(of.grades),
        draw=drawn_lists.mean_grade,
        ends=lambda of: (of.lowest, of.highest),
        in_grades=True,
        bounds=_bounded_mean,
        figure="means",
    ),
    _of_raters(
        "graded_precision",
        "Graded precision",
        "The sum of the grades, each as a share of the scale, over the depth.",
        "gP@{depth}/missing=0",
        score=lambda of: graded_lists.graded_precision(of.grades, of.lowest, of.highest),
    ),
    _of_raters(
        "precision",
        "Precision",
        "The share of the depth whose results are good.",
        "P(g>={threshold:g})@{depth}/missing=0",
        parameters=_GOOD,
        score=lambda of: graded_lists.precision(of.grades, of.threshold),
    ),
    _of_panel(
        "ndcg",
        "nDCG",
        f"The gain of a list, less the lower its results stand, over that of {_POOL}.",
        "ndcg@{depth}/gain=linear/ideal=pool/missing=0",
        score=lambda of: _ndcg(of, of.grades),
        draw=lambda of: drawn_lists.ndcg(of, of.grades),
    ),
    _of_panel(
        "condensed_ndcg",
        "nDCG′ (condensed)",
        "The nDCG of a list from which what nobody judged is taken out.",
        "ndcg'@{depth}/gain=linear/ideal=pool/condensed",
        score=lambda of: _ndcg(of, graded_lists.condensed(of.grades)),
        draw=lambda of: drawn_lists.ndcg(of, of.condensed),
        figure="",
    ),
    _of_panel(
        "graded_ap",
        "Graded AP",
        f"Average precision with a threshold that may lie anywhere on the scale, over {_POOL}.",
        "gap@{depth}/ideal=pool/missing=0",
        score=lambda of: graded_lists.graded_ap(of.grades, of.pool, of.lowest, of.highest),
        draw=drawn_lists.graded_ap,
        spoken="graded AP",
    ),
    _of_raters(
        "rbp",
        "Rank-biased precision",
        "What a listener gains who goes on to the next result with probability 0.8.",
        "rbp(0.8)@{depth}/base",
        score=_rbp,
        bounds=_bounded_rbp,
        at_most="up to {:.2f} by what is not graded or beyond",
    ),
    _of_panel(
        "first_relevant",
        "First good rank",
        "The rank of the first good result; the one after the depth where there is none.",
        "r1(g>={threshold:g})@{depth}/beyond={depth}+1",
        higher=False,
        parameters=_GOOD,
        score=lambda of: graded_lists.first_good_rank(of.grades, of.threshold),
        ends=lambda of: (1.0, of.depth + 1.0),
        spoken="the first good rank",
    ),
    _mirex("psum", "PSum"),
    _mirex("wcsum", "WCsum"),
    _mirex("sdsum", "SDsum"),
    _mirex("greater0", "Greater0"),
    _mirex("greater1", "Greater1"),
)

MEASURES: Mapping[str, GradedMeasure] = {one.name: one for one in _MEASURES}
"""By name, in the order of tables."""

MEAN_RATING = replace(
    MEASURES["mean_grade"],
    name="mean_rating",
    title="Mean rating",
    says="The mean of the ratings that were given to a system's whole lists.",
    definition="mean_rating/whole lists",
    parameters={},
)
"""The measure of the method "rating": a list is one result there."""
