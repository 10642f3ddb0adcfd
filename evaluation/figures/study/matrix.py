"""A square heat map, such as of systems by systems: names at two sides, a number in each cell."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.figures.charts import BARE, GREY, labels
from evaluation.figures.figure import ColourScale
from evaluation.figures.heat_map import cells
from evaluation.numerals import numeral

if TYPE_CHECKING:
    import pandas as pd

MOST_WRITTEN = 15
"""Of more rows, cells have no numbers in them, and a bar says what the colours mean."""

_CELL, _SMALL, _LEAST = 46, 20, 90
_BAR = 70


def square(
    names: Sequence[str],
    values: np.ndarray,
    said: np.ndarray,
    scale: ColourScale,
    divided: int | None = None,
) -> dict[str, Any]:
    """Return the plot of a square table; a cell that is undefined is empty.

    Parameters
    ----------
    names : of the rows and of the columns, the first on top and at the left
    values : float [names, names], NaN undefined
    said : object [names, names], what is said of a cell when it is pointed at
    scale : the colours, from 0 to 1
    divided : after how many names a thin line is drawn, None for no line
    """
    own, count = labels(names), len(names)
    few = count <= MOST_WRITTEN
    texts = np.array([[_written(one) for one in line] for line in values.tolist()], dtype=object)
    heat, text = cells(range(count), range(count), values, texts, scale, (0.0, 1.0))
    heat |= {"hovertext": said, "hoverinfo": "text"}
    if not few:
        heat |= {"showscale": True, "colorbar": {"thickness": 12, "outlinewidth": 0}}
    side = BARE | {"tickvals": list(range(count)), "ticktext": own.texts}
    column = _CELL if few else _SMALL
    row = max(own.row, 30) if few else _SMALL
    wide = max(column * count, _LEAST) + (0 if few else _BAR)
    return {
        "data": [heat, text] if few else [heat],
        "layout": {
            "xaxis": side | {"side": "top", "tickangle": -90, "range": [-0.5, count - 0.5]},
            "yaxis": side | {"range": [count - 0.5, -0.5]},
            "shapes": [] if divided is None else _lines(divided - 0.5, count),
            "height": row * count + own.width + 24,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "meta": {"least_width": own.width + wide + 16,
                     "most_width": max(own.width + 2 * wide, 480)},
        },
    }  # fmt: skip


def both_ways(systems: "pd.DataFrame", values: np.ndarray, column: str) -> "pd.DataFrame":
    """Return a row for each cell that is defined: the row's system, the column's, the value.

    The columns: system_a, title_a, provenance_a, those of b, and `column`.
    """
    import pandas as pd

    down, across = np.nonzero(~np.isnan(values))
    parts = [
        systems[["system", "title", "provenance"]].iloc[places].reset_index(drop=True)
        for places in (down, across)
    ]
    told = [part.add_suffix(end) for part, end in zip(parts, ("_a", "_b"), strict=True)]
    return pd.concat(told, axis=1).assign(**{column: values[down, across]})


def _written(value: float) -> str:
    return "" if value != value else numeral(value, "{:.2f}")


def _lines(at: float, count: int) -> list[dict[str, Any]]:
    """Return the lines between the rows, and the columns, of two kinds."""
    ends = -0.5, count - 0.5
    line = {"type": "line", "line": {"color": GREY, "width": 2}}
    return [
        line | {"x0": ends[0], "x1": ends[1], "y0": at, "y1": at},
        line | {"y0": ends[0], "y1": ends[1], "x0": at, "x1": at},
    ]
