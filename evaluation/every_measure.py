"""Every measure of the house, of each kind: what the docs and tables of all of them are made from.

Each is an `evaluation.measure.Measure`; where it is computed, it is its kind's own.
"""

from collections.abc import Mapping

from evaluation.measure import Measure
from evaluation.statistics.bradley_terry import STRENGTH, WIN_RATE
from evaluation.statistics.graded_measures import MEAN_RATING, MEASURES

EVERY_MEASURE: Mapping[str, tuple[Measure, ...]] = {
    "Grades of single results": tuple(MEASURES.values()),
    "Ratings of whole lists": (MEAN_RATING,),
    "Preferences between lists": (STRENGTH, WIN_RATE),
}
"""Kind -> its measures, in the order of tables."""
