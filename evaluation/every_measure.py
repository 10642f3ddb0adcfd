"""Every measure of the house, of each kind: what the docs and tables of all of them are made from.

Each is an `evaluation.measure.Measure`; where it is computed, it is its kind's own.
"""

from collections.abc import Mapping

from evaluation.measure import Measure
from evaluation.objective.definitions import METRICS
from evaluation.statistics.bradley_terry import STRENGTH, WIN_RATE
from evaluation.statistics.correlation import CORRELATIONS
from evaluation.statistics.graded_measures import MEAN_RATING, MEASURES
from evaluation.statistics.pair_tests import FRIEDMAN, KENDALL_W, PAIR_TESTS, RANK_TESTS
from evaluation.statistics.rater_coefficients import RATER_COEFFICIENTS

EVERY_MEASURE: Mapping[str, tuple[Measure, ...]] = {
    "Grades of single results": tuple(MEASURES.values()),
    "Ratings of whole lists": (MEAN_RATING,),
    "Scores against the labels": tuple(METRICS.values()),
    "Preferences between lists": (STRENGTH, WIN_RATE),
    "Agreement of raters": RATER_COEFFICIENTS,
    "Agreement of two orders of the systems": tuple(CORRELATIONS.values()),
    "Tests of systems": (*PAIR_TESTS.values(), FRIEDMAN, KENDALL_W, *RANK_TESTS.values()),
}
"""Kind -> its measures, in the order of tables."""
