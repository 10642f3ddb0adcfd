"""Heat maps as rectangles: Plotly draws their cells as one image of points, a paper wants lines."""

from typing import Any

import numpy as np

from evaluation.figures.heat_map import colours

MOST = 5000
"""Cells of a plot that are drawn one by one; of more, the image is the better choice."""


def as_rectangles(plot: dict[str, Any]) -> dict[str, Any]:
    """Return a plot whose heat maps are rectangles of the same colours; numbers stay above them.

    Only heat maps of numbered columns and rows, of known range and without a colour bar are taken,
    on axes whose range is told; the others stay as they are.

    Parameters
    ----------
    plot : "data" and "layout" of a Plotly figure, plain JSON values
    """
    layout = plot["layout"]
    taken = [one for one in plot["data"] if _can_be_taken(one, layout)]
    if not 0 < sum(np.size(one["z"]) for one in taken) <= MOST:
        return plot
    shapes = [shape for one in taken for shape in _rectangles(one)]
    return plot | {
        "data": [one for one in plot["data"] if not any(one is other for other in taken)],
        "layout": layout | {"shapes": [*shapes, *layout.get("shapes", ())]},
    }


def _can_be_taken(trace: dict[str, Any], layout: dict[str, Any]) -> bool:
    if trace.get("type") != "heatmap" or trace.get("showscale", True):
        return False
    told = all(
        "range" in layout.get(f"{one}axis{trace.get(f'{one}axis', one)[1:]}", {}) for one in "xy"
    )
    numbered = all(isinstance(at, int | float) for one in "xy" for at in trace.get(one, ("",)))
    return told and numbered and {"zmin", "zmax", "colorscale"} <= trace.keys()


def _rectangles(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a shape for each cell that has a value; a white line is the gap between two."""
    values = np.array(trace["z"], dtype=np.float64).reshape(len(trace["y"]), len(trace["x"]))
    rows, columns = np.nonzero(np.isfinite(values))
    shares = (values[rows, columns] - trace["zmin"]) / (trace["zmax"] - trace["zmin"])
    (left, right), (low, high) = _edges(trace["x"]), _edges(trace["y"])
    line = {"color": "#fff", "width": trace.get("xgap", 0)}
    channels = colours(trace["colorscale"], shares).round().astype(int).T.tolist()
    drawn = ["#{:02x}{:02x}{:02x}".format(*one) for one in channels]
    return [
        {
            "type": "rect", "xref": trace.get("xaxis", "x"), "yref": trace.get("yaxis", "y"),
            "x0": left[column], "x1": right[column], "y0": low[row], "y1": high[row],
            "fillcolor": colour, "line": line, "layer": "between",
        }
        for row, column, colour in zip(rows.tolist(), columns.tolist(), drawn, strict=True)
    ]  # fmt: skip


def _edges(places: list[float]) -> tuple[list[float], list[float]]:
    """Return where each cell begins and ends: halfway to its neighbours."""
    at = np.array(places, dtype=np.float64)
    if len(at) == 1:
        return [at[0] - 0.5], [at[0] + 0.5]
    middle = (at[1:] + at[:-1]) / 2
    whole = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return whole[:-1].tolist(), whole[1:].tolist()
