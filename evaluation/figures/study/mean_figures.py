"""The figures of how good each system is: a dot with its interval, the best first."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.analysis.result_tables import systems_table
from evaluation.analysis.system_scores import Scores
from evaluation.figures.charts import is_simulated, titled
from evaluation.figures.figure import Figure
from evaluation.figures.study.dots import PASSED, REFERENCE, bounded, dots, scale_axis, small
from evaluation.figures.study.marks import (
    by_scores,
    digits,
    method,
    of_systems,
    reasons,
    trained,
    written,
)
from evaluation.figures.study.sentences import joined, panel_size, whom, worded
from evaluation.statistics.graded_measures import MEAN_RATING
from evaluation.statistics.significance import Estimate

if TYPE_CHECKING:
    import pandas as pd


def mean_grades(
    of: PanelResults,
    cast: "pd.DataFrame",
    screened: Scores | None = None,
    reference: Estimate | None = None,
) -> Figure | None:
    """Return the figure "means": mean grade of each system on the whole scale; None without one.

    Parameters
    ----------
    of : the results
    cast : the systems, as `study_cast` returned them
    screened : the same scores of the raters who passed; drawn below the others'
    reference : the human reference; drawn as a line with a band
    """
    lists = isinstance(of, RatingAnalysis)
    title = MEAN_RATING.title if lists else of.mean_grades.measure.title
    table = _table(of.mean_grades, cast, screened, reference)
    if table["value"].isna().all():
        return None
    what = "its lists" if lists else f"the first {of.ratings.depth} results"
    first = (
        f"{title} of {what}, the mean over queries of the mean over raters, on the scale from "
        f"{of.facet.lowest} to {of.facet.highest}; what nobody {worded(of, 'graded')} is left out."
    )
    axis = scale_axis(of.facet) | {"title": titled(title)}
    return Figure(
        name="means",
        title=title,
        caption=joined(first, *_sentences(of, of.mean_grades, table, reference)),
        table=table.drop(columns="name"),
        plot=dots(table, axis, digits(of.facet.highest - of.facet.lowest)),
        simulated=is_simulated(table),
    )


def primary_scores(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "primary": each system by the measure that the protocol fixed.

    None where that is the mean grade or the mean rating, or where no system has a value. The
    parameters are those of `mean_grades`.
    """
    measure = of.primary.measure
    table = _table(of.primary, cast)
    if measure.figure == "means" or table["value"].isna().all():
        return None
    ends = table[["value", "low", "high"]].to_numpy()
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    room = 0.06 * (high - low) or max(0.05 * abs(high), 0.05)
    better = "higher is better" if measure.higher else "lower is better, and the best is on top"
    first = (
        f"{measure.title} of each system, the measure that the protocol fixed "
        f"({of.primary.definition}); {better}. The axis shows the part that is used."
    )
    axis = {"range": [low - room, high + room], "title": titled(measure.title)}
    return Figure(
        name="primary",
        title=measure.title,
        caption=joined(first, *_sentences(of, of.primary, table)),
        table=table.drop(columns="name"),
        plot=dots(table, axis, digits(high - low)),
        simulated=is_simulated(table),
    )


def scores_in_short(
    of: PanelResults, cast: "pd.DataFrame", reference: Estimate | None = None
) -> Figure | None:
    """Return the figure "glance": each system by the primary measure, in little room.

    None where no system has a value. The parameters are those of `mean_grades`.
    """
    figure = primary_scores(of, cast)
    if figure is None and of.primary.measure.figure == "means":
        figure = mean_grades(of, cast, reference=reference)
    if figure is None:
        return None
    names = _table(of.primary, cast)["name"]
    return replace(figure, name="glance", plot=small(figure.plot, names))


def _table(
    scores: Scores,
    cast: "pd.DataFrame",
    screened: Scores | None = None,
    reference: Estimate | None = None,
) -> "pd.DataFrame":
    """Return a row a system, the best first, with all that is drawn."""
    table = of_systems(by_scores(scores, cast), systems_table(scores))
    table = table.astype(dict.fromkeys(("lower_bound", "upper_bound", "judged"), np.float64))
    if screened is not None:
        own = {one.system: one.estimate for one in screened.systems}
        every = [own.get(system) for system in table["system"]]
        for name in PASSED:
            values = [getattr(one, name.removeprefix("passed_"), None) for one in every]
            table[name] = np.array(values, dtype=np.float64)
    if reference is not None and reference.value is not None:
        ends = (reference.value, reference.low, reference.high)
        for name, end in zip(REFERENCE, ends, strict=True):
            table[name] = np.nan if end is None else end
    return table


def _sentences(
    of: PanelResults, scores: Scores, table: "pd.DataFrame", reference: Estimate | None = None
) -> Iterator[str]:
    """Yield what a caption says of the marks, and of what they rest on."""
    open_ended = bounded(table)
    if len(open_ended):
        yield (
            "Thin whiskers: the mean if every result that nobody graded had the lowest grade, and "
            f"if it had the highest ({len(open_ended)} of {len(table)} systems, "
            f"{open_ended['judged'].min():.0%} judged or more)."
        )
    if "reference" in table and reference is not None:
        row, places = table.iloc[0], digits(of.facet.highest - of.facet.lowest)
        ends = [written(row[one], places) for one in REFERENCE]
        over = f"over {whom(reference.scope)}"
        within = f", 95 % interval {over}: {ends[1]} to {ends[2]}" if ends[1] != "–" else ""
        yield (
            f"The dashed line is the human reference ({ends[0]}{within}): the list of one rater's "
            "favourites as the others grade it; a system can pass it."
        )
    if "passed_value" in table and table["passed_value"].notna().any():
        most = int(table["passed_raters"].max())
        yield f"Diamonds are of the {most} who passed the protocol's screening."
    elif "passed_value" in table:
        yield "Of those who passed the protocol's screening there is no value."
    yield panel_size(of)
    yield method(table, of.seed, scores)
    yield reasons(table)
    yield trained(table)
