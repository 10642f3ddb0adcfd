"""Figures of agreement: which grades were given, how alike raters grade, what more would bring."""

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import BARE, counted, plain, titled
from evaluation.figures.figure import PALETTE, SCALE, Figure
from evaluation.figures.study.matrix import square
from evaluation.figures.study.reliability import reliability_curves, variance_parts
from evaluation.figures.study.sentences import (
    in_words,
    is_of_lists,
    joined,
    panel_size,
    with_interval,
    worded,
)
from evaluation.statistics.rater_coefficients import KAPPA

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["grade_histogram", "rater_kappas", "reliability_curves", "variance_parts"]

_LINE, _WIDE = 38, 26
"""Pixels between two anchors at least, and letters of a line of their words at most."""
_BARS = 420
"""Pixels of all bars, unless anchors need more."""
_ROOMY = 16
"""Pixels of a bar that has its number beside it."""


def grade_histogram(of: PanelResults) -> Figure | None:
    """Return the figure "grades": how often each grade was given; None where none was."""
    table = of.histogram
    if not table["ratings"].sum():
        return None
    what = "lists" if is_of_lists(of) else "results, controls and repeats left out"
    return Figure(
        name="grades",
        title=worded(of, "Grades that were given"),
        caption=joined(
            worded(of, f"How often each grade was given to {what}, by all raters together."),
            panel_size(of),
            worded(of, _agreed(of)),
            worded(
                of,
                "Where most grades are alike, alpha can be low although raters agree, and the "
                "share of equal grades high although they do not: the three are read together.",
            ),
        ),
        table=table,
        plot=_bars(of, table),
    )


def _agreed(of: PanelResults) -> str:
    """Return alpha and how often grades are equal, in sentences."""
    alpha, percent = of.alpha["ordinal"], of.percent
    told = with_interval(alpha.value, alpha.low, alpha.high)
    why = f", since {alpha.reason}" if alpha.value is None else ""
    drawn = alpha.low is not None
    method = f" (from drawing queries, for these raters alone; seed {of.seed})" if drawn else ""
    equal = (
        f"Of {counted(percent.pairs, 'pair', 'pairs')} of grades of one sound by two raters "
        f"{in_words(percent.equal, '{:.0%}')} are equal and {in_words(percent.close, '{:.0%}')} "
        "within a tenth of the scale."
        if percent.equal is not None
        else "No two raters graded the same sound."
    )
    return f"Krippendorff's alpha (ordinal): {told}{why}{method}. {equal}"


def _bars(of: PanelResults, table: "pd.DataFrame") -> dict[str, Any]:
    """Return the plot: a bar a grade, the highest on top, the anchors' words beside them."""
    grades, words = table["grade"].tolist(), dict(of.facet.anchors)
    at = [grades.index(grade) for grade in words]
    row = max(min(_BARS / len(grades), _LINE), _LINE / int(np.diff(at).min()))
    lines = [wrap(f"{grade} {text}", _WIDE) for grade, text in words.items()]
    said = [
        f"{grade} {plain(words.get(grade, ''))}".strip()
        + f"<br>{counted(count, worded(of, 'grade'), worded(of, 'grades'))}, {share:.1%}"
        for grade, count, share in table.itertuples(index=False)
    ]
    bars = {
        "type": "bar", "orientation": "h", "x": table["ratings"].to_numpy(),
        "y": list(range(len(grades))), "marker": {"color": PALETTE[0]}, "hovertext": said,
        "hoverinfo": "text", "width": 0.8,
    }  # fmt: skip
    if row >= _ROOMY:
        bars |= {"text": [str(one) for one in table["ratings"]], "textposition": "outside",
                 "textangle": 0, "cliponaxis": False}  # fmt: skip
    wide = max(len(line) for one in lines for line in one)
    return {
        "data": [bars],
        "layout": {
            "xaxis": {"title": titled(worded(of, "Grades given")), "fixedrange": True,
                      "rangemode": "tozero",
                      "range": [0, 1.12 * float(table["ratings"].max())]},
            "yaxis": BARE | {"tickvals": at, "range": [-0.7, len(grades) - 0.3],
                             "ticktext": ["<br>".join(map(plain, one)) for one in lines]},
            "height": round(row * len(grades)) + 90, "margin": {"l": 8, "r": 24, "t": 8, "b": 8},
            "showlegend": False,
            "meta": {"least_width": 7 * wide + 200, "most_width": 860},
        },
    }  # fmt: skip


def rater_kappas(of: PanelResults) -> Figure | None:
    """Return the figure "kappas": how alike each two raters grade.

    None with fewer than two raters, or where no two of them have a kappa.
    """
    if len(of.ratings.raters) < 2 or np.isnan(of.kappas).all():
        return None
    table = _pairs_of_raters(of)
    middle = in_words(float(table["kappa"].median()))
    missing = int(table["kappa"].isna().sum())
    return Figure(
        name="kappas",
        title="Agreement of each two raters",
        caption=joined(
            f"{KAPPA.title} of each two raters, on what both "
            f"{worded(of, 'graded')}: 1 is perfect agreement, 0 what chance gives; the darkest "
            "colour is 0 or less.",
            f"The median is {middle}.",
            worded(of, f"Two raters share {_range(table['shared'])}."),
            f"Empty: {counted(missing, 'pair', 'pairs')} without a kappa, since they share too "
            "little or do not vary."
            if missing
            else "",
            panel_size(of),
            "Single kappas have no intervals here.",
        ),
        table=table,
        plot=_kappa_map(of, table),
    )


def _range(counts: "pd.Series") -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{'' if low == high else f'{low:,} to '}{counted(high, 'grade', 'grades')}"


def _pairs_of_raters(of: PanelResults) -> "pd.DataFrame":
    """Return a row two raters: rater_a, rater_b, kappa, and how many grades they share."""
    import pandas as pd

    there = (~np.isnan(of.ratings.table)).astype(np.int64)
    shared, names = there @ there.T, np.array(of.ratings.raters, dtype=object)
    a, b = np.triu_indices(len(names), k=1)
    columns = {"rater_a": names[a], "rater_b": names[b]}
    return pd.DataFrame(columns | {"kappa": of.kappas[a, b], "shared": shared[a, b]})


def _kappa_map(of: PanelResults, table: "pd.DataFrame") -> dict[str, Any]:
    names, count = of.ratings.raters, len(of.ratings.raters)
    said = np.full((count, count), "", dtype=object)
    upper = np.triu_indices(count, k=1)
    said[upper] = [
        f"{plain(one)} and {plain(other)}: {in_words(kappa, '{:.3f}')}<br>"
        + worded(of, counted(shared, "shared grade", "shared grades"))
        for one, other, kappa, shared in table.itertuples(index=False)
    ]
    said.T[upper] = said[upper]
    return square(names, of.kappas, said, SCALE)
