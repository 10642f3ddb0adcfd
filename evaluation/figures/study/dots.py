"""Rows of dots: a system each, with its interval, bounds, and a line that all are compared with."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.figures.charts import BARE, GREY, labels, plain
from evaluation.figures.figure import PALETTE
from evaluation.figures.study.marks import (
    BLUE,
    LETTER,
    MARGIN,
    divider,
    in_lines,
    marks,
    said,
    segments,
    written,
)
from evaluation.protocol.terms import Facet

if TYPE_CHECKING:
    import pandas as pd

PLOT = 480
"""Pixels of the axis at least."""
PASSED = ("passed_value", "passed_low", "passed_high", "passed_queries", "passed_raters")
"""The columns of the raters who passed."""
REFERENCE = ("reference", "reference_low", "reference_high")
"""The columns of the human reference, the same in every row."""

_SMALL = 22
"""Pixels of a row in a small plot whose names have one line each."""
_PHONE = 42
"""Letters of a line of a name that has the width of a phone."""
_BELOW = 0.27
"""How far the raters who passed are drawn below everybody, in rows."""
_WORD = 12


def bounded(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows of systems with results that nobody graded, and bounds of their mean."""
    return table[(table["judged"] < 1) & table["lower_bound"].notna()]


def dots(table: "pd.DataFrame", axis: dict[str, Any], decimals: int) -> dict[str, Any]:
    """Return the plot of a row a system: dots with intervals on an axis.

    Parameters
    ----------
    table : value, low, high; judged, lower_bound and upper_bound; where they are drawn, `PASSED`
        and `REFERENCE`, too
    axis : the layout's xaxis
    decimals : of the numbers that are written
    """
    own = labels(table["name"])
    row = own.row + (10 if "passed_value" in table else 2)
    data = [_whiskers(table), *_estimates(table, decimals)]
    if "passed_value" in table:
        data += _passed(table, decimals)
    shapes = divider(table)
    if "reference" in table:
        data.append(_line(table, decimals))
        shapes += _band(table)
    return {
        "data": data,
        "layout": {
            "xaxis": {"fixedrange": True, "zeroline": False} | axis,
            "yaxis": BARE | {
                "tickvals": list(range(len(table))), "ticktext": own.texts,
                "range": [len(table) - 0.4, -0.6],
            },
            "shapes": shapes, "height": row * len(table) + 130,
            "margin": MARGIN | {"r": round(_WORD * LETTER / 2) + 8},
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "meta": {"least_width": own.width + PLOT + 40, "narrow": narrow(table["name"])},
        },
    }  # fmt: skip


def small(plot: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return a plot of rows with little height: no title below, and no words on the axis."""
    layout, own = plot["layout"], labels(names)
    axis = {key: value for key, value in layout["xaxis"].items() if key != "title"}
    if "ticktext" in axis:
        axis["ticktext"] = [text.partition("<br>")[0] for text in axis["ticktext"]]
    row = _SMALL if own.row < 30 else own.row - 4
    meta = layout["meta"] | {"least_width": own.width + 240}
    height = row * len(own.texts) + 66
    return plot | {"layout": layout | {"xaxis": axis, "height": height, "meta": meta}}


def narrow(names: Iterable[str], above: int = 8) -> dict[str, Any]:
    """Return what of a layout is otherwise where it is narrow: each name is above its row, whole.

    Parameters
    ----------
    names : of the rows, from the top
    above : pixels between the middle of a row and its name
    """
    texts = [in_lines(name, _PHONE) for name in names]
    lines = max((text.count("<br>") + 1 for text in texts), default=1)
    row = 2 * above + 12 + 16 * lines
    words = [
        {
            "text": text, "x": 0, "xref": "paper", "xanchor": "left", "y": place, "yref": "y",
            "yanchor": "bottom", "yshift": above, "showarrow": False, "align": "left",
        }
        for place, text in enumerate(texts)
    ]  # fmt: skip
    top = (above + 16 * lines) / row + 0.1
    return {
        "yaxis": BARE | {"showticklabels": False, "range": [len(texts) - 0.4, -top]},
        "annotations": words, "height": row * len(texts) + 150,
    }  # fmt: skip


def _whiskers(table: "pd.DataFrame") -> dict[str, Any]:
    own = bounded(table)
    return {
        "type": "scatter", "mode": "lines+markers", "hoverinfo": "skip",
        "name": "bounds of what nobody graded", "showlegend": bool(len(own)),
        "x": segments(own["lower_bound"], own["upper_bound"]), "y": segments(own.index, own.index),
        "line": {"color": GREY, "width": 1.5},
        "marker": {"symbol": "line-ns", "size": 9, "line": {"color": GREY, "width": 1.5}},
    }  # fmt: skip


def _estimates(table: "pd.DataFrame", decimals: int) -> list[dict[str, Any]]:
    """Return the traces of the intervals and of the dots on them."""
    known = table[table["value"].notna()]
    texts = [
        f"{plain(row['title'])}<br>{said(row, decimals)}{_bounds(row, decimals)}"
        for row in known.to_dict("records")
    ]
    interval = {
        "type": "scatter", "mode": "lines", "x": segments(known["low"], known["high"]),
        "y": segments(known.index, known.index), "line": {"color": BLUE, "width": 4},
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip
    dots = {
        "type": "scatter", "mode": "markers", "x": known["value"].to_numpy(),
        "y": known.index.to_numpy(), "marker": marks(known["trained_on"]) | {"size": 11},
        "name": "all raters", "showlegend": "passed_value" in table,
        "customdata": texts, "hovertemplate": "%{customdata}<extra></extra>", "cliponaxis": False,
    }  # fmt: skip
    return [interval, dots]


def _bounds(row: Mapping[str, Any], decimals: int) -> str:
    if not row["judged"] < 1 or row["lower_bound"] != row["lower_bound"]:
        return ""
    ends = (written(row[one], decimals) for one in ("lower_bound", "upper_bound"))
    return f"<br>{row['judged']:.0%} judged; bounds {' and '.join(ends)}"


def _passed(table: "pd.DataFrame", decimals: int) -> list[dict[str, Any]]:
    """Return the traces of the raters who passed, below the others'."""
    known = table[table["passed_value"].notna()]
    at = known.index + _BELOW
    columns = {one: one.removeprefix("passed_") for one in PASSED}
    own = known.drop(columns=list(columns.values())).rename(columns=columns).assign(reason="")
    whole = own.astype({"queries": int, "raters": int})
    texts = [
        f"{plain(row['title'])}, raters who passed<br>{said(row, decimals)}"
        for row in whole.to_dict("records")
    ]
    colour = PALETTE[1]
    interval = {
        "type": "scatter", "mode": "lines", "line": {"color": colour, "width": 1.5},
        "x": segments(known["passed_low"], known["passed_high"]), "y": segments(at, at),
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip
    dots = {
        "type": "scatter", "mode": "markers", "x": known["passed_value"].to_numpy(),
        "y": at.to_numpy(), "name": "raters who passed", "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>", "showlegend": True, "cliponaxis": False,
        "marker": {"symbol": "diamond-open", "size": 8, "color": colour, "line": {"width": 1.5}},
    }  # fmt: skip
    return [interval, dots]


def _line(table: "pd.DataFrame", decimals: int) -> dict[str, Any]:
    """Return the trace of the human reference."""
    value = float(table["reference"].iloc[0])
    return {
        "type": "scatter", "mode": "lines", "x": [value] * 2, "y": [-0.6, len(table) - 0.4],
        "line": {"color": PALETTE[2], "width": 2, "dash": "dash"}, "showlegend": True,
        "name": f"human reference {written(value, decimals)}", "hoverinfo": "skip",
    }  # fmt: skip


def _band(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the shape of the human reference's interval; none where it has none."""
    low, high = (float(table[one].iloc[0]) for one in REFERENCE[1:])
    if low != low:
        return []
    return [
        {
            "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": low, "x1": high,
            "fillcolor": PALETTE[2], "opacity": 0.14, "line": {"width": 0}, "layer": "below",
        }
    ]  # fmt: skip


def scale_axis(facet: Facet) -> dict[str, Any]:
    """Return the axis of a whole scale, with the words of its anchors where there is room."""
    words, span = {float(one): word for one, word in facet.anchors}, facet.highest - facet.lowest
    between = np.linspace(facet.lowest, facet.highest, 5).tolist() if len(words) < 4 else []
    inside = sorted({*words, *between} - {facet.lowest, facet.highest})
    texts: dict[float, str] = {}
    taken: list[tuple[float, float]] = []
    for grade in (float(facet.lowest), float(facet.highest), *inside):
        at = (grade - facet.lowest) / span * PLOT
        number = f"{grade:g}"
        lines = in_lines(words[grade], _WORD).split("<br>") if grade in words else []
        for text in (["<br>".join([number, *lines])] if 0 < len(lines) < 4 else []) + [number]:
            half = max(map(len, text.split("<br>"))) * LETTER / 2 + 3
            if all(at + half <= low or at - half >= high for low, high in taken):
                texts[grade] = text
                taken.append((at - half, at + half))
                break
    return {
        "range": [facet.lowest - 0.02 * span, facet.highest + 0.02 * span],
        "tickvals": list(texts), "ticktext": list(texts.values()), "tickangle": 0,
    }  # fmt: skip
