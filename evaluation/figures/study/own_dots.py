"""The figure of each rater's own differences: a row a pair of systems, a dot a rater."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import BARE, GREY, AxisLabels, counted, plain, titled
from evaluation.figures.figure import PALETTE, Figure
from evaluation.figures.study.marks import BLUE, LETTER, MARGIN, by_scores, digits, trained, written
from evaluation.figures.study.sentences import joined, panel_size, worded

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.analysis.system_scores import Scores

MOST_ROWS = 20
"""So many pairs are drawn at most; the table has all."""
_PLOT, _ROW, _BAND = 420, 42, 0.56


def own_dots(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "own-differences": by how much each rater puts a system above another.

    None where no rater judged two systems. `cast` is as `study_cast` returns it. By the primary
    measure, or by the mean grade where that is of the whole panel.
    """
    table = of.own_differences
    if not len(table):
        return None
    scores = of.own_scores
    order = by_scores(of.mean_grades, cast)
    table = _told(table, order)
    pairs = _by_division(table)
    drawn = table[table["pair"].isin(pairs["pair"][:MOST_ROWS])]
    kept = table.drop(columns=["pair", "name_a", "name_b", "mean"])
    return Figure(
        name="own-differences",
        title="Each rater's own differences",
        caption=joined(*_sentences(of, scores, pairs), panel_size(of), trained(order, "○")),
        table=kept,
        plot=_plot(drawn, pairs[:MOST_ROWS], scores.measure.title),
        simulated=bool((order["provenance"] == "simulated").any()),
    )


def _told(table: "pd.DataFrame", order: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows, each pair the way round in which its mean over raters is above zero.

    With what systems are called, their provenances, the pair's number and its mean.
    """
    found = table.assign(pair=table.groupby(["system_a", "system_b"], sort=False).ngroup())
    mean = found.groupby("pair")["value"].transform("mean")
    turned = (mean < 0).to_numpy()
    one, other = (found[f"system_{letter}"].to_numpy(object) for letter in "ab")
    known = order.set_index("system")
    marked = ["○ " if heard else "" for heard in known["trained_on"]]
    names = known.assign(name=[m + name for m, name in zip(marked, known["name"], strict=True)])
    found = found.assign(
        system_a=np.where(turned, other, one),
        system_b=np.where(turned, one, other),
        value=np.where(turned, -found["value"], found["value"]),
        mean=mean.abs(),
    )
    for letter in "ab":
        for column in ("name", "provenance"):
            found[f"{column}_{letter}"] = found[f"system_{letter}"].map(names[column])
    return found


def _by_division(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a row a pair: how many raters put it the other way round; the most divided first.

    What the protocol fixed comes before what is exploratory.
    """
    pairs = table.drop_duplicates("pair").set_index("pair")
    grouped = table.assign(other=table["value"] < 0).groupby("pair")
    pairs = pairs.assign(other=grouped["other"].sum(), raters=grouped.size())
    pairs = pairs.assign(divided=-pairs["other"] / pairs["raters"])
    return pairs.reset_index().sort_values(["exploratory", "divided", "mean"], kind="stable")


def _sentences(of: PanelResults, scores: "Scores", pairs: "pd.DataFrame") -> list[str]:
    shown, every = min(len(pairs), MOST_ROWS), len(pairs)
    divided = int((pairs["other"] > 0).sum())
    primary = of.primary.measure
    return [
        f"{scores.measure.title} of the first system less the second's, by each rater's own "
        f"{worded(of, 'grades')}: a dot a rater, the mean over the queries of which the rater "
        "judged both lists; the bar is the mean of the dots. Each rater is at the same height in "
        "every row. Pairs stand the way round in which that mean is above zero: dots left of the "
        "line are raters who say the opposite.",
        ""
        if scores.measure.name == primary.name
        else f"{primary.title}, which the protocol reports first, is of the whole panel; single "
        "raters have none.",
        f"In {divided} of {counted(every, 'pair', 'pairs')} somebody says the opposite; the pairs "
        "in which most do come first"
        + (f", and the {shown} first ones are drawn." if shown < every else "."),
    ]


def _plot(table: "pd.DataFrame", pairs: "pd.DataFrame", title: str) -> dict[str, Any]:
    own = _labels(pairs)
    row = dict(zip(pairs["pair"], range(len(pairs)), strict=True))
    raters = sorted(table["rater"].unique())
    height = dict(zip(raters, np.linspace(-_BAND, _BAND, len(raters) + 2)[1:-1] / 2, strict=True))
    unit = digits(float(table["value"].abs().max()))
    dots = {
        "type": "scatter", "mode": "markers", "name": "a rater", "cliponaxis": False,
        "x": table["value"].to_numpy(),
        "y": (table["pair"].map(row) + table["rater"].map(height)).to_numpy(),
        "marker": {"color": BLUE, "size": 7}, "hovertemplate": "%{customdata}<extra></extra>",
        "customdata": _said(table, unit),
    }  # fmt: skip
    means = {
        "type": "scatter", "mode": "markers", "name": "their mean", "hoverinfo": "skip",
        "x": pairs["mean"].to_numpy(), "y": list(range(len(pairs))),
        "marker": {"symbol": "line-ns", "size": 24, "line": {"color": PALETTE[1], "width": 3}},
    }  # fmt: skip
    zero = {
        "type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
        "line": {"color": GREY, "width": 1.5},
    }  # fmt: skip
    return {
        "data": [dots, means],
        "layout": {
            "xaxis": {"title": titled(f"Difference in {title.lower()}"), "fixedrange": True,
                      "zeroline": False},
            "yaxis": BARE | {"tickvals": list(range(len(pairs))), "ticktext": own.texts,
                             "range": [len(pairs) - 0.4, -0.6]},
            "shapes": [zero], "height": own.row * len(pairs) + 130, "margin": MARGIN,
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "meta": {"least_width": own.width + _PLOT},
        },
    }  # fmt: skip


def _labels(pairs: "pd.DataFrame") -> AxisLabels:
    """Return the names of the rows, in two lines each."""
    lines = [
        (one, f"less {other}") for one, other in zip(pairs["name_a"], pairs["name_b"], strict=True)
    ]
    longest = max(len(line) for both in lines for line in both)
    texts = ["<br>".join(map(plain, both)) for both in lines]
    return AxisLabels(texts, round(LETTER * longest) + 16, _ROW)


def _said(table: "pd.DataFrame", unit: int) -> list[str]:
    """Return what is said of each dot when it is pointed at."""
    return [
        f"{plain(row['rater'])}: {written(row['value'], unit, '+')}<br>"
        f"{plain(row['name_a'])}<br>less {plain(row['name_b'])}<br>"
        f"{counted(row['queries'], 'query', 'queries')}"
        for row in table.to_dict("records")
    ]
