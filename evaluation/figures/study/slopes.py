"""Slope charts: what systems are under one rule after another, each system a line."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.figures.charts import (
    BARE,
    GREY,
    AxisLabels,
    axis_id,
    axis_name,
    headings,
    labels,
    plain,
    split,
    stack,
)
from evaluation.figures.figure import PALETTE
from evaluation.numerals import numeral

if TYPE_CHECKING:
    import pandas as pd

FAR = 3
"""From how many places on a move is drawn thick."""

_COLUMN = 150
_OFF, _NEAR = 0.16, 0.05
"""Where names stand beside the first and the last column, and where their lines end, in columns."""
_TICKS = 40


def slopes(
    table: "pd.DataFrame", columns: Mapping[str, str], *, ranks: bool, form: str
) -> dict[str, Any]:
    """Return the plot: a panel a kind of system, a line a system, names at both sides.

    Parameters
    ----------
    table : the columns of `cast.study_cast`, those of `columns`, all defined, and for each of them
        "place_" before its name, the place from 1
    columns : column of `table` -> its heading
    ranks : whether the columns are places, so that the lowest is on top
    form : how a value is written before a name
    """
    parts = split(table)
    rows = [labels(part["name"]) for _, part in parts]
    sizes = [round(len(part) * own.row * (1 if ranks else 1.4)) + (0 if ranks else 60)
             for (_, part), own in zip(parts, rows, strict=True)]  # fmt: skip
    panels = stack(sizes, above=_TICKS, below=10)
    data, layout = [], headings([heading for heading, _ in parts], panels)
    ends = table[[*columns][:: len(columns) - 1]].to_numpy(float).ravel()
    wide = max(own.width for own in rows) + 8 * max(len(numeral(one, form)) for one in ends)
    last = len(columns) - 1
    for number, ((_, part), own) in enumerate(zip(parts, rows, strict=True)):
        span = _span(part, list(columns), ranks)
        axes = {"xaxis": axis_id("x", number), "yaxis": axis_id("y", number)}
        traces = [*_lines(part, list(columns)), _points(part, columns, ranks)]
        traces += _names(part, own, list(columns), span, sizes[number], form)
        data += [trace | axes | {"showlegend": False} for trace in traces]
        layout[axis_name("x", number)] = BARE | {
            "tickvals": list(range(last + 1)), "ticktext": list(columns.values()), "side": "top",
            "tickangle": 0, "range": [-_OFF, last + _OFF], "anchor": axes["yaxis"],
        }  # fmt: skip
        layout[axis_name("y", number)] = BARE | {
            "range": list(span[::-1] if ranks else span), "domain": panels.domains[number],
            "anchor": axes["xaxis"], "showticklabels": False,
        }  # fmt: skip
    least = 2 * wide + _COLUMN * last
    layout |= {
        "height": panels.height + 16, "margin": {"l": wide, "r": wide, "t": 8, "b": 8},
        "meta": {"least_width": least, "most_width": least + 2 * _COLUMN},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def places(table: "pd.DataFrame", columns: Iterable[str]) -> "pd.DataFrame":
    """Return the table with each system's place in each column among those of its kind.

    More is better. The places, from 1 for the best, are in columns of its name with "place_" before
    it. Equal values share the mean of their places.
    """
    ranks = table.groupby(table["provenance"] == "simulated")[[*columns]].rank(ascending=False)
    return table.join(ranks.add_prefix("place_"))


def spread(values: np.ndarray, apart: float, span: tuple[float, float]) -> np.ndarray:
    """Return where names stand: at least `apart` from each other, within `span`, and otherwise as
    near to their values as can be (the least sum of squared distances).

    `span` has room for all: at least `apart` for each.
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(values, kind="stable")
    steps = apart * np.arange(len(values))
    fitted = isotonic_regression(values[order] - steps).x
    low, high = span[0] + apart / 2, span[1] - apart / 2 - steps[-1]
    found = np.empty(len(values))
    found[order] = np.clip(fitted, low, max(low, high)) + steps
    return found


def _span(part: "pd.DataFrame", columns: list[str], ranks: bool) -> tuple[float, float]:
    if ranks:
        return 0.5, len(part) + 0.5
    values = part[columns].to_numpy(float)
    room = max(0.08 * float(values.max() - values.min()), 0.02)
    return float(values.min()) - room, float(values.max()) + room


def _lines(part: "pd.DataFrame", columns: list[str]) -> list[dict[str, Any]]:
    """Return the lines between columns: those of systems that move far are thick."""
    values = part[columns].to_numpy(float)
    place = part[[f"place_{name}" for name in columns]].to_numpy(float)
    far = np.abs(np.diff(place, axis=1)) >= FAR
    traces = []
    for moved in (False, True):
        row, gap = np.nonzero(far == moved)
        blank = np.full(len(row), np.nan)
        x = np.column_stack([gap, gap + 1, blank]).ravel()
        y = np.column_stack([values[row, gap], values[row, gap + 1], blank]).ravel()
        line = {"color": PALETTE[1], "width": 4} if moved else {"color": GREY, "width": 1.5}
        traces.append({"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line,
                       "hoverinfo": "skip"})  # fmt: skip
    return traces


def _points(part: "pd.DataFrame", columns: Mapping[str, str], ranks: bool) -> dict[str, Any]:
    """Return the points, one for each system and column, the systems one after the other."""
    heads = [text.replace("<br>", " ") for text in columns.values()]
    said = []
    for row in part.to_dict("records"):
        for name, head in zip(columns, heads, strict=True):
            value = "" if ranks else f"{row[name]:.4f}, "
            said.append(f"{plain(row['title'])}<br>{head}: {value}place {row[f'place_{name}']:g}")
    hollow = np.repeat(part["trained_on"].to_numpy() != "", len(columns))
    return {
        "type": "scatter", "mode": "markers",
        "x": np.tile(np.arange(len(columns)), len(part)),
        "y": part[list(columns)].to_numpy(float).ravel(),
        "customdata": said, "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {"size": 9, "color": PALETTE[0], "line": {"width": 2 * hollow},
                   "symbol": np.where(hollow, "circle-open", "circle")},
    }  # fmt: skip


def _names(
    part: "pd.DataFrame",
    own: AxisLabels,
    columns: list[str],
    span: tuple[float, float],
    height: int,
    form: str,
) -> list[dict[str, Any]]:
    """Return the names at both sides, and a thin line from each to its point."""
    apart = own.row * (span[1] - span[0]) / height
    traces: list[dict[str, Any]] = []
    for at, name, sign in ((0, columns[0], -1), (len(columns) - 1, columns[-1], 1)):
        values = part[name].to_numpy(float)
        where = spread(values, apart, span)
        blank = np.full(len(part), np.nan)
        ends = np.full(len(part), at), np.full(len(part), at + sign * (_OFF - _NEAR)), blank
        told = zip((numeral(one, form) for one in values), own.texts, strict=True)
        texts = [f"{value}  {text}" if sign > 0 else f"{text}  {value}" for value, text in told]
        traces += [
            {"type": "scatter", "mode": "lines", "hoverinfo": "skip",
             "x": np.column_stack(ends).ravel(), "line": {"color": GREY, "width": 0.7},
             "y": np.column_stack([values, where, blank]).ravel()},
            {"type": "scatter", "mode": "text", "hoverinfo": "skip", "cliponaxis": False,
             "x": np.full(len(part), at + sign * (_OFF - _NEAR)), "y": where, "text": texts,
             "textposition": "middle left" if sign < 0 else "middle right",
             "textfont": {"size": 12}},
        ]  # fmt: skip
    return traces
