"""By how much each rater's own grades put one system above another.

A mean over few raters says nothing of whether they are of one mind: one in five with the opposite
taste moves it, or hides in it. What each rater says is seen here (METRICS 0b).
"""

from typing import TYPE_CHECKING

import numpy as np

from evaluation.analysis.system_scores import Scores
from evaluation.statistics.graded_lists import mean_there

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["system_a", "system_b", "exploratory", "rater", "value", "queries"]


def own_differences(
    scores: Scores, raters: tuple[str, ...], pairs: "pd.DataFrame"
) -> "pd.DataFrame":
    """Return a row a pair of systems and rater.

    Parameters
    ----------
    scores : by a measure of which single raters have scores (`Scores.raters_table`)
    raters : their names, in the order of that table
    pairs : the columns system_a, system_b and exploratory, as `result_tables.pairs_table` has them

    Returns
    -------
    The columns `COLUMNS`: value is the mean over the queries of which the rater judged both
    systems' lists of the first's score less the second's; queries is how many these are. Who
    judged none has no row
    """
    import pandas as pd

    assert scores.raters_table is not None
    place = {one.system: number for number, one in enumerate(scores.systems)}
    if not len(pairs):
        return pd.DataFrame(columns=COLUMNS)
    first, second = (pairs[f"system_{one}"].map(place).to_numpy(np.intp) for one in "ab")
    apart = scores.raters_table[first] - scores.raters_table[second]  # [pairs, raters, queries]
    pair, rater = np.nonzero((~np.isnan(apart)).any(axis=2))
    found = pairs.iloc[pair][COLUMNS[:3]].reset_index(drop=True)
    return found.assign(
        rater=[raters[one] for one in rater],
        value=mean_there(apart, axis=2)[pair, rater],
        queries=(~np.isnan(apart)).sum(axis=2)[pair, rater],
    )
