"""The figure of several questions about the same results, such as meaning and sound."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import (
    BARE,
    GREY,
    SYMBOLS,
    axis_id,
    axis_name,
    beside,
    counted,
    diagonal,
    headings,
    is_simulated,
    labels,
    plain,
    split,
    stack,
    titled,
)
from evaluation.figures.figure import PALETTE, Figure
from evaluation.figures.study.cast import ranked
from evaluation.figures.study.marks import (
    MARGIN,
    divider,
    marks,
    method,
    of_systems,
    reasons,
    segments,
    trained,
)
from evaluation.figures.study.sentences import joined

if TYPE_CHECKING:
    import pandas as pd

_SIDE, _AXIS = 440, 58
_ROW, _PLOT = 18, 380
_PERCENT = ".0%"


def facet_scatter(
    facets_table: "pd.DataFrame", of: PanelResults, cast: "pd.DataFrame"
) -> Figure | None:
    """Return the figure "facets": the systems by what was asked; None with fewer than two facets.

    Two facets: a point a system, the first facet across, the second up. More: a row a system with
    a mark for each facet. All are shares of the facet's scale.

    Parameters
    ----------
    facets_table : `evaluation.analysis.result_tables.facets_table` (`Analysis.facets`)
    of : the results of any of the facets
    cast : the systems, as `study_cast` returned them
    """
    names = list(facets_table.loc[facets_table["value"].notna(), "facet"].unique())
    if len(names) < 2:
        return None
    kept = facets_table[facets_table["facet"].isin(names)]
    order = ranked(cast, kept[kept["facet"] == names[0]].set_index("system")["value"])
    table = of_systems(order, kept)
    two = len(names) == 2
    return Figure(
        name="facets",
        title=f"Mean grade by facet: {', '.join(names[:-1])} and {names[-1]}",
        caption=joined(
            "Mean grade of each system as a share of the facet's scale: the mean over queries of "
            "the mean over raters.",
            f"Across: {names[0]}; up: {names[1]}; on the dotted diagonal the shares are equal. "
            "Names stand where there is room."
            if two
            else f"The best by {names[0]} on top.",
            _basis(table),
            method(table, of.seed),
            reasons(table, "system and facet", "systems and facets"),
            trained(order),
        ),
        table=table.drop(columns="name"),
        plot=_scatter(table, names) if two else _rows(table, order, names),
        simulated=is_simulated(table),
    )


def _basis(table: "pd.DataFrame") -> str:
    most = table.groupby("facet", sort=False)[["queries", "raters"]].max()
    told = [
        f"{name}: {counted(queries, 'query', 'queries')}, {counted(raters, 'rater', 'raters')}"
        for name, (queries, raters) in zip(most.index, most.to_numpy().tolist(), strict=True)
    ]
    return f"n: {'; '.join(told)}."


def _scatter(table: "pd.DataFrame", names: list[str]) -> dict[str, Any]:
    """Return the plot of two facets: a panel a kind of system, with the same axes."""
    wide = _wide(table, names)
    span = _span(wide)
    parts = split(wide)
    several = len(parts) > 1
    panels = stack([_SIDE] * len(parts), below=_AXIS)
    layout = headings([heading for heading, _ in parts], panels)
    data = []
    for number, (_, part) in enumerate(parts):
        x, y = axis_id("x", number), axis_id("y", number)
        traces = [diagonal(span), _points(part, names), _names(part, span)]
        data += [trace | {"xaxis": x, "yaxis": y} for trace in traces]
        axis = {"range": list(span), "fixedrange": True, "zeroline": False, "tickformat": _PERCENT}
        layout[axis_name("x", number)] = axis | {"title": titled(plain(names[0])), "anchor": y}
        layout[axis_name("y", number)] = axis | {
            "title": titled(plain(names[1])), "anchor": x, "domain": panels.domains[number],
        }  # fmt: skip
    if not several:
        layout["annotations"] = []
    return {
        "data": data,
        "layout": layout | {
            "height": panels.height + 16, "margin": MARGIN, "showlegend": False,
            "meta": {"least_width": _SIDE + 80, "most_width": _SIDE + 80},
        },
    }  # fmt: skip


def _wide(table: "pd.DataFrame", names: list[str]) -> "pd.DataFrame":
    """Return a row a system that has both facets, with columns such as x_value and y_low."""
    one, other = (table[table["facet"] == name] for name in names)
    numbers = ["value", "low", "high"]
    left = one.rename(columns={name: f"x_{name}" for name in numbers})
    right = other[["system", *numbers]].rename(columns={name: f"y_{name}" for name in numbers})
    both = left.merge(right, on="system")
    return both[both["x_value"].notna() & both["y_value"].notna()].reset_index(drop=True)


def _span(wide: "pd.DataFrame", axes: tuple[str, ...] = ("x_", "y_")) -> tuple[float, float]:
    """Return from where to where axes go: all intervals and some room."""
    ends = wide[[f"{axis}{one}" for axis in axes for one in ("value", "low", "high")]].to_numpy()
    if not len(ends):
        return 0.0, 1.0
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    room = max(0.08 * (high - low), 0.03)
    return low - room, high + room


def _points(part: "pd.DataFrame", names: list[str]) -> dict[str, Any]:
    texts = [
        f"{plain(row['title'])}<br>{plain(names[0])} {_share(row, 'x')}"
        f"<br>{plain(names[1])} {_share(row, 'y')}"
        for row in part.to_dict("records")
    ]
    return {
        "type": "scatter", "mode": "markers", "x": part["x_value"].to_numpy(),
        "y": part["y_value"].to_numpy(), "error_x": _errors(part, "x"),
        "error_y": _errors(part, "y"), "marker": marks(part["trained_on"]) | {"size": 10},
        "customdata": texts, "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip


def _errors(part: "pd.DataFrame", axis: str) -> dict[str, Any]:
    value = part[f"{axis}_value"]
    return {
        "type": "data", "symmetric": False, "thickness": 1, "width": 0, "color": GREY,
        "array": (part[f"{axis}_high"] - value).to_numpy(),
        "arrayminus": (value - part[f"{axis}_low"]).to_numpy(),
    }  # fmt: skip


def _share(row: Mapping[str, Any], axis: str) -> str:
    value, low, high = (row[f"{axis}_{one}"] for one in ("value", "low", "high"))
    return f"{value:.1%}" + (f" [{low:.1%}, {high:.1%}]" if low == low else ", no interval")


def _names(part: "pd.DataFrame", span: tuple[float, float]) -> dict[str, Any]:
    x, y, wide = part["x_value"], part["y_value"], span[1] - span[0]
    shares = (x - span[0]) / wide, (y - span[0]) / wide
    return beside((x, y), shares, part["name"].tolist(), (_SIDE, _SIDE))


def _rows(table: "pd.DataFrame", order: "pd.DataFrame", names: list[str]) -> dict[str, Any]:
    """Return the plot of many facets: a row a system, the facets one below the other in it."""
    own = labels(order["name"])
    place = {system: at for at, system in enumerate(order["system"])}
    data: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        part = table[(table["facet"] == name) & table["value"].notna()]
        at = part["system"].map(place) + (number - (len(names) - 1) / 2) * 0.8 / len(names)
        data += _facet(part, at, number, name)
    return {
        "data": data,
        "layout": {
            "xaxis": {"title": titled("Mean grade, share of the scale"), "tickformat": _PERCENT,
                      "fixedrange": True, "zeroline": False, "range": list(_span(table, ("",)))},
            "yaxis": BARE | {
                "tickvals": list(range(len(order))), "ticktext": own.texts,
                "range": [len(order) - 0.4, -0.6],
            },
            "shapes": divider(order), "margin": MARGIN,
            "height": max(own.row, _ROW * len(names)) * len(order) + 120,
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "meta": {"least_width": own.width + _PLOT},
        },
    }  # fmt: skip


def _facet(part: "pd.DataFrame", at: "pd.Series", number: int, name: str) -> list[dict[str, Any]]:
    """Return the traces of one facet: intervals and marks, in a colour and a symbol of its own."""
    colour = PALETTE[number % len(PALETTE)]
    texts = [
        f"{plain(title)}<br>{plain(name)} {_share(row, 'x')}"
        for title, row in zip(part["title"], part.add_prefix("x_").to_dict("records"), strict=True)
    ]
    interval = {
        "type": "scatter", "mode": "lines", "x": segments(part["low"], part["high"]),
        "y": segments(at, at), "line": {"color": colour, "width": 1.5}, "hoverinfo": "skip",
        "showlegend": False, "legendgroup": name,
    }  # fmt: skip
    marker = marks(part["trained_on"], colour, SYMBOLS[number % len(SYMBOLS)]) | {"size": 9}
    dots = {
        "type": "scatter", "mode": "markers", "x": part["value"].to_numpy(), "y": at.to_numpy(),
        "marker": marker, "name": plain(name), "showlegend": True, "legendgroup": name,
        "customdata": texts, "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip
    return [interval, dots]
