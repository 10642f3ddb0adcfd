"""Heat maps with a number in every cell, black or white, whichever can be read on its colour."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.figures.figure import ColourScale

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def cells(
    x: Sequence[float],
    y: Sequence[float],
    values: "ArrayLike",
    texts: "ArrayLike",
    scale: ColourScale,
    span: tuple[float, float],
) -> list[dict[str, Any]]:
    """Return the traces of a heat map and of its numbers; what is undefined has neither.

    Parameters
    ----------
    x, y : where the columns and rows are
    values, texts : [rows, columns], what colours a cell and what is written in it; NaN is undefined
    scale : a colour scale
    span : the values that have its first and its last colour; others have the nearer of them
    """
    numbers = np.asarray(values, dtype=float)
    rows, columns = np.nonzero(np.isfinite(numbers))
    shares = (numbers[rows, columns] - span[0]) / (span[1] - span[0])
    written = np.asarray(texts, dtype=object)
    heat = {
        "type": "heatmap", "x": list(x), "y": list(y), "z": numbers,
        "colorscale": [list(stop) for stop in scale], "zmin": span[0], "zmax": span[1],
        "showscale": False, "zsmooth": False, "xgap": 2, "ygap": 2,
    }  # fmt: skip
    text = {
        "type": "scatter", "mode": "text", "hoverinfo": "skip", "showlegend": False,
        "x": [x[column] for column in columns.tolist()], "y": [y[row] for row in rows.tolist()],
        "text": written[rows, columns].tolist(),
        "textfont": {"size": 12, "color": ink(scale, shares)},
    }  # fmt: skip
    return [heat, text]


def ink(scale: ColourScale, shares: "ArrayLike") -> list[str]:
    """Return black or white for each share [0, 1] of a colour scale: the one with more contrast.

    Either has a contrast of 4.5:1 or more on every colour (WCAG's definition of luminance).
    """
    channels = colours(scale, shares) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    light = np.array([0.2126, 0.7152, 0.0722]) @ linear
    return ["#000" if one > 0.179 else "#fff" for one in np.atleast_1d(light)]


def colours(scale: Iterable[tuple[float, str]], shares: "ArrayLike") -> np.ndarray:
    """Return the colour of each share of a scale, float [3, shares], each channel from 0 to 255.

    Shares below 0 and above 1 have the end's.
    """
    places, stops = zip(*scale, strict=True)
    known = np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in stops])
    wanted = np.clip(np.asarray(shares, dtype=float), 0, 1)
    return np.array([np.interp(wanted, places, known[:, one]) for one in range(3)])
