"""The figure of how surely the ears put one system above another."""

from typing import TYPE_CHECKING

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import is_simulated, plain
from evaluation.figures.figure import SCALE, Figure
from evaluation.figures.study.cast import divide, ranked
from evaluation.figures.study.marks import rows_named
from evaluation.figures.study.matrix import both_ways, square
from evaluation.figures.study.sentences import joined, panel_size, sampled, trained, without, worded

if TYPE_CHECKING:
    import pandas as pd


def above_matrix(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "above": how surely the ears put one system above another.

    None where no two systems have grades that can be compared, or there is one query or rater.
    """
    most = max(of.orders.values(), key=lambda one: one.systems)
    if most.systems < 2:
        return None
    place = {name: number for number, name in enumerate(of.ratings.systems)}
    rows = ranked(cast, of.beside.set_index("system")["value"])
    at = rows["system"].map(place).to_numpy(np.intp)
    known = ~np.isnan(most.above[at]).all(axis=1)
    if not known.any():
        return None
    left_out, rows, at = rows[~known], rows[known].reset_index(drop=True), at[known]
    above = most.above[np.ix_(at, at)]
    names = [plain(name) for name in rows["name"]]
    said = np.array([
        [f"{one} above {other}: {above[row, column]:.3f}" for column, other in enumerate(names)]
        for row, one in enumerate(names)
    ], dtype=object)  # fmt: skip
    return Figure(
        name="above",
        title="How surely the ears put one system above another",
        caption=joined(
            worded(
                of,
                "Share of replicates in which the mean grade of the row's system is above that of "
                "the column's, equal ones counting one half: 0.50 is a toss-up. "
                f"{len(of.replicates['mean_grade']):,} replicates with random weights, over "
                f"{sampled(of)}, seed {of.seed}. Rows are in the order of the mean grades, "
                "simulated systems last; lighter is surer. These shares are not corrected for "
                "the number of pairs.",
            ),
            trained(rows, "○"),
            without(left_out, worded(of, "they have no grade, or no score against the labels")),
            panel_size(of),
        ),
        table=both_ways(rows, above, "above"),
        plot=square(rows_named(rows), above, said, SCALE, divide(rows)),
        simulated=is_simulated(rows),
    )
