"""The figure of how good each system is rank by rank."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import (
    GREY,
    axis_id,
    axis_name,
    heading,
    is_simulated,
    line_across,
    plain,
    titled,
)
from evaluation.figures.figure import Figure
from evaluation.figures.study.cast import divide
from evaluation.figures.study.marks import (
    BLUE,
    MARGIN,
    by_scores,
    digits,
    in_lines,
    marks,
    method,
    of_systems,
    reasons,
    said,
    trained,
)
from evaluation.figures.study.sentences import joined, panel_size

if TYPE_CHECKING:
    import pandas as pd

_ABREAST = 4
_PANEL, _HEAD, _TICKS, _AXIS = 130, 44, 30, 26
"""Pixels: of a panel, of its heading, of its ticks, and of the title below all."""
_ROW = _HEAD + _PANEL + _TICKS
_WIDE = 196
_RANK = {
    "text": "Rank", "x": 0.5, "y": 0, "xref": "paper", "yref": "paper", "yanchor": "bottom",
    "showarrow": False, "font": {"size": 13},
}  # fmt: skip
_APART = 0.04
_TICKED = 10


def rank_profile(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "profile": mean grade by rank, a panel a system, the best first.

    None for whole lists, for lists of one result, and where nothing was judged. `cast` is as
    `study_cast` returns it.
    """
    if not isinstance(of, Analysis) or of.ratings.depth < 2:
        return None
    table = of_systems(by_scores(of.mean_grades, cast), of.profile)
    if table["value"].isna().all():
        return None
    low, high = _span(table, of)
    part = (low, high) != (of.facet.lowest, of.facet.highest)
    return Figure(
        name="profile",
        title="Mean grade by rank",
        caption=joined(
            "Mean grade of the results at each rank, 1 first: the mean over queries of the mean "
            "over raters. Each panel is a system, the best mean grade first; the other systems of "
            "its kind are grey behind it.",
            f"The axis shows grades from {low:g} to {high:g} of the scale from {of.facet.lowest} "
            f"to {of.facet.highest}."
            if part
            else "",
            panel_size(of),
            method(table, of.seed).replace("95 % intervals", "The bands, 95 % intervals,", 1),
            reasons(table, "system and rank", "systems and ranks"),
            trained(table),
        ),
        table=table.drop(columns="name"),
        plot=_plot(table, (low, high), digits(of.facet.highest - of.facet.lowest)),
        simulated=is_simulated(table),
    )


def _span(table: "pd.DataFrame", of: PanelResults) -> tuple[float, float]:
    """Return the part of the scale that is used, in tenths of it."""
    lowest, highest = float(of.facet.lowest), float(of.facet.highest)
    ends = table[["value", "low", "high"]].to_numpy()
    tenth = (highest - lowest) / 10
    low = max(lowest + tenth * float(np.floor((np.nanmin(ends) - lowest) / tenth)), lowest)
    high = min(lowest + tenth * float(np.ceil((np.nanmax(ends) - lowest) / tenth)), highest)
    if high - low < 2 * tenth:  # all the same: some room on both sides
        low, high = max(low - tenth, lowest), min(high + tenth, highest)
    return round(low, 9), round(high, 9)


def _plot(table: "pd.DataFrame", span: tuple[float, float], decimals: int) -> dict[str, Any]:
    systems = table.drop_duplicates("system").reset_index(drop=True)
    at, edge = _grid(systems)
    columns = max(column for _, column in at) + 1
    rows = at[-1][0] + 1
    height = rows * _ROW + _AXIS
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"annotations": [], "shapes": []}
    for number, (system, (row, column)) in enumerate(zip(systems["system"], at, strict=True)):
        axes = {"xaxis": axis_id("x", number), "yaxis": axis_id("y", number)}
        data += [trace | axes for trace in _panel(table, system, decimals)]
        top = 1 - (row * _ROW + _HEAD) / height
        left = column * (1 + _APART) / columns
        across = (left, left + (1 - _APART * (columns - 1)) / columns)
        own = table[table["system"] == system]
        layout |= _axes(number, across, (top - _PANEL / height, top), span, own["rank"].max())
        name = in_lines(own["name"].iloc[0], 26)
        layout["annotations"].append(heading(name, (across[0], top), 3, 12))
    if edge is not None:
        layout["shapes"].append(line_across(1 - edge * _ROW / height))
    layout["annotations"].append(_RANK)
    layout |= {
        "height": height + 16, "margin": MARGIN | {"l": 58}, "showlegend": False,
        "meta": {"least_width": 70 + _WIDE * columns, "most_width": 70 + 340 * columns},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _grid(systems: "pd.DataFrame") -> tuple[list[tuple[int, int]], int | None]:
    """Return the row and column of each panel, and in which row the simulated ones begin."""
    measured = divide(systems)
    if measured is None:
        return [divmod(place, _ABREAST) for place in range(len(systems))], None
    edge = -(-measured // _ABREAST)
    left = edge * _ABREAST - measured  # places of the last row that stay empty
    places = (place + left * (place >= measured) for place in range(len(systems)))
    return [divmod(place, _ABREAST) for place in places], edge


def _panel(table: "pd.DataFrame", system: str, decimals: int) -> list[dict[str, Any]]:
    """Return the traces of a panel: the others, the band, and the system's own line."""
    own = table[table["system"] == system]
    kind = (table["provenance"] == "simulated") == (own["provenance"] == "simulated").all()
    texts = [f"{plain(row['title'])}, rank {row['rank']}<br>{said(row, decimals)}"
             for row in own.to_dict("records")]  # fmt: skip
    others = table[kind & (table["system"] != system)]
    ends = np.flatnonzero(np.diff(others["rank"], append=0) < 0) + 1  # after each system, a gap
    x, y = (np.insert(others[one].to_numpy(float), ends, np.nan) for one in ("rank", "value"))
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    return [
        line | {"x": x, "y": y, "line": {"color": GREY, "width": 1}, "opacity": 0.5},
        *_band(own, line),
        {
            "type": "scatter", "mode": "lines+markers", "x": own["rank"].to_numpy(),
            "y": own["value"].to_numpy(), "line": {"color": BLUE, "width": 2.5},
            "marker": marks(own["trained_on"]) | {"size": 7}, "customdata": texts,
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    ]  # fmt: skip


def _band(own: "pd.DataFrame", line: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the interval as a band; in parts where a rank between has none."""
    there = own["low"].notna()
    bands = []
    for _, part in own[there].groupby((~there).cumsum()[there]):
        rank = part["rank"].tolist()
        bands.append(
            line | {
                "x": rank + rank[::-1], "y": part["low"].tolist() + part["high"].tolist()[::-1],
                "fill": "toself", "opacity": 0.25, "fillcolor": BLUE,
                "line": {"color": BLUE, "width": 3 if len(rank) == 1 else 0},
            }
        )  # fmt: skip
    return bands


def _axes(
    number: int,
    across: tuple[float, float],
    up: tuple[float, float],
    span: tuple[float, float],
    depth: int,
) -> dict[str, Any]:
    room = 0.04 * (span[1] - span[0])
    ranks = {"tickvals": list(range(1, depth + 1))} if depth <= _TICKED else {"nticks": 6}
    axes = {
        axis_name("x", number): ranks | {
            "range": [0.6, depth + 0.4], "domain": list(across), "anchor": axis_id("y", number),
            "fixedrange": True, "showgrid": False, "zeroline": False,
        },
        axis_name("y", number): {
            "range": [span[0] - room, span[1] + room], "domain": list(up), "nticks": 5,
            "anchor": axis_id("x", number), "fixedrange": True, "zeroline": False,
            "showticklabels": across[0] == 0,
        },
    }  # fmt: skip
    if number == 0:
        axes["yaxis"]["title"] = titled("Mean grade")
    return axes
