"""What the charts of systems share: their names and order, panels, headings, places for labels.

Computed and imported systems never share a panel with simulated ones: each kind has its own, with
a heading and a line between them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.representations import CARDS
from evaluation.figures.figure import PALETTE
from evaluation.numerals import numeral
from evaluation.objective.definitions import FIRST_RANK, METRICS, wording

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

GREY = PALETTE[8]
BARE = {
    "showgrid": False, "zeroline": False, "showline": False, "ticks": "", "ticklabelstandoff": 5,
    "fixedrange": True,
}  # fmt: skip
"""An axis of names."""
SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "star", "pentagon",
)  # fmt: skip
SIMULATED = "Simulated: made vectors that know nothing of the sounds"

_HEAD = 38
_LETTER, _LINE = 6.8, 16
"""Pixels of a letter and of a line of a label, rather more than less."""
_LONG, _LONGEST = 26, 44
"""Letters of a name that is put in two lines, and of one that is cut."""
_MARKER = 7


def plain(text: str) -> str:
    """Return a text as Plotly shows it letter by letter: no tag and no entity is read from it."""
    return escape(text, quote=False)


def marked(text: str, provenance: str) -> str:
    """Return a system's name with its provenance behind it, unless it was computed or says so."""
    mark = f"({provenance})"
    return text if provenance == "computed" or mark in text else f"{text} {mark}"


def cast(systems: "pd.DataFrame") -> "pd.DataFrame":
    """Return the scored systems as charts have them: in the paper's order, with a column "name".

    The name is short, and ends in its provenance. It is the part of the title before the
    processing, or the whole title, or the system's own name: the first that no other system has.
    Systems that the paper does not have come last, by title.
    """
    rows = systems[systems["scored"]]
    rows = in_paper_order(rows, "title", "system")
    return rows.assign(name=_names(rows)).reset_index(drop=True)


def in_paper_order(table: "pd.DataFrame", *columns: str) -> "pd.DataFrame":
    """Return rows by their representations' place in the paper, then by the columns."""
    order = {name: place for place, name in enumerate(CARDS)}
    places = table["representation"].map(order).fillna(len(order))
    rows = table.assign(_place=places).sort_values(["_place", *columns], kind="stable")
    return rows.drop(columns="_place")


def _names(rows: "pd.DataFrame") -> list[str]:
    titles = rows["title"].tolist()
    heads = [title.split(" · ")[0] for title in titles]
    cut = [[_cut(text) for text in texts] for texts in (heads, titles)]
    candidates = [
        [marked(*pair) for pair in zip(texts, rows["provenance"], strict=True)]
        for texts in (*cut, titles, rows["system"])
    ]
    counted = [(texts, Counter(texts)) for texts in candidates]
    return [
        next(texts[row] for texts, often in counted if often[texts[row]] == 1)
        for row in range(len(rows))
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def split(table: "pd.DataFrame") -> list[tuple[str, "pd.DataFrame"]]:
    """Return the rows of computed and imported systems, then those of simulated ones.

    Each with its heading; a kind that is not there is left out.
    """
    simulated = table["provenance"] == "simulated"
    kinds = sorted(table.loc[~simulated, "provenance"].unique())
    parts = [(" and ".join(kinds).capitalize(), table[~simulated]), (SIMULATED, table[simulated])]
    return [(heading, rows.reset_index(drop=True)) for heading, rows in parts if len(rows)]


@dataclass(frozen=True, slots=True)
class Stack:
    """Panels one below the other, the first on top.

    Attributes
    ----------
    height : pixels of all
    domains : of each panel, the shares [0, 1] of the height where it begins and ends
    edges : where one panel's part ends and the next one's begins, as such shares
    above : pixels between a panel and its heading, for ticks
    """

    height: int
    domains: list[tuple[float, float]]
    edges: list[float]
    above: int


def stack(sizes: Sequence[int], above: int = 0, below: int = 0) -> Stack:
    """Return where panels of these heights lie, each with a heading, and pixels for its ticks."""
    head = _HEAD + above
    total = sum(sizes) + (head + below) * len(sizes)
    domains, edges, used = [], [], 0
    for size in sizes:
        domains.append((1 - (used + head + size) / total, 1 - (used + head) / total))
        used += head + size + below
        edges.append(1 - used / total)
    return Stack(total, domains, edges[:-1], above)


def headings(texts: Sequence[str], panels: Stack) -> dict[str, Any]:
    """Return the "annotations" and "shapes" of a layout: panels' headings, and lines between."""
    words = [
        heading(plain(text), (0, high), panels.above + 5)
        for text, (_, high) in zip(texts, panels.domains, strict=True)
    ]
    return {"annotations": words, "shapes": [line_across(edge) for edge in panels.edges]}


def heading(text: str, at: tuple[float, float], above: int, size: int = 13) -> dict[str, Any]:
    """Return the annotation that is a panel's heading, `above` pixels over its left upper end."""
    return {
        "text": text, "x": at[0], "xref": "paper", "xanchor": "left", "y": at[1],
        "yref": "paper", "yanchor": "bottom", "yshift": above, "showarrow": False,
        "align": "left", "font": {"size": size, "weight": 700},
    }  # fmt: skip


def line_across(at: float) -> dict[str, Any]:
    """Return the shape of a line across all, at a share of the height."""
    return {
        "type": "line", "xref": "paper", "yref": "paper", "x0": 0, "x1": 1,
        "y0": at, "y1": at, "line": {"color": GREY, "width": 1},
    }  # fmt: skip


def diagonal(span: tuple[float, float]) -> dict[str, Any]:
    """Return the trace of a dotted line where both axes, of one range, are equal."""
    return {
        "type": "scatter", "mode": "lines", "x": list(span), "y": list(span), "hoverinfo": "skip",
        "line": {"color": GREY, "width": 1, "dash": "dot"},
    }  # fmt: skip


def axis_name(letter: str, number: int) -> str:
    """Return a layout's key of the `number`-th axis, from 0: "xaxis", "xaxis2"."""
    return f"{letter}axis{number + 1 if number else ''}"


def axis_id(letter: str, number: int) -> str:
    """Return a trace's word for the `number`-th axis, from 0: "x", "x2"."""
    return f"{letter}{number + 1 if number else ''}"


def is_simulated(table: "pd.DataFrame") -> bool:
    """Return whether a row of a table is of a simulated system."""
    return bool((table["provenance"] == "simulated").any())


@dataclass(frozen=True, slots=True)
class AxisLabels:
    """The names of rows as an axis shows them, the longer ones in two lines.

    Attributes
    ----------
    texts : what the axis shows, in the order of the names
    width : pixels that the longest line needs
    row : pixels that a row needs
    """

    texts: list[str]
    width: int
    row: int


def labels(names: Iterable[str]) -> AxisLabels:
    """Return the labels of rows."""
    split_names = [name.split(" · ", 1) if len(name) > _LONG else [name] for name in names]
    longest = max(len(line) for lines in split_names for line in lines)
    several = any(len(lines) > 1 for lines in split_names)
    texts = ["<br>".join(plain(line) for line in lines) for lines in split_names]
    return AxisLabels(texts, round(_LETTER * longest) + 16, 38 if several else 26)


def counted(number: int, one: str, several: str) -> str:
    """Return a number of things: "1 class", "1,200 classes"."""
    return f"{number:,} {one if number == 1 else several}"


def signed(value: float) -> str:
    """Return a difference with its sign: "+0.012", "−0.012", "0.000"; "" where it is undefined."""
    if value != value:
        return ""
    return numeral(value, "{:+.3f}")


def short(value: float) -> str:
    """Return a large number in the paper's way: "62M", "1.5K", "512"; "" where it is unknown."""
    for letter, unit in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= unit and value % (unit / 10) == 0:
            return f"{value / unit:g}{letter}"
    return "" if value != value else f"{value:g}"


def titled(text: str) -> dict[str, Any]:
    """Return the title of an axis."""
    return {"text": text, "font": {"size": 13}, "standoff": 10}


def beside(
    points: "tuple[ArrayLike, ArrayLike]",
    shares: "tuple[ArrayLike, ArrayLike]",
    texts: Sequence[str],
    size: tuple[int, int],
) -> dict[str, Any]:
    """Return the trace of labels beside points; those for which there is no room are left out.

    Parameters
    ----------
    points : where the points are on both axes
    shares, texts, size : as in `places`
    """
    x, y, across, up = (np.asarray(one).tolist() for one in (*points, *shares))
    where = places(across, up, texts, size)
    kept = [number for number, place in enumerate(where) if place]
    return {
        "type": "scatter", "mode": "markers+text", "hoverinfo": "skip", "showlegend": False,
        "x": [x[number] for number in kept], "y": [y[number] for number in kept],
        "text": [plain(texts[number]) for number in kept], "textfont": {"size": 12},
        "textposition": [where[number] for number in kept],
        "marker": {"size": 2 * _MARKER, "opacity": 0},  # it keeps the text off the real point
    }  # fmt: skip


def styled(number: int, *, simulated: bool) -> dict[str, Any]:
    """Return the marker of the `number`-th group: a colour and a symbol, hollow where simulated."""
    symbol = SYMBOLS[number % len(SYMBOLS)]
    return {
        "color": PALETTE[number % len(PALETTE)],
        "symbol": f"{symbol}-open" if simulated else symbol,
        "line": {"width": 2 if simulated else 0},
    }


def brief(measure: str, convention: str) -> str:
    """Return a measure in half a sentence, for a caption, with its convention."""
    words = wording(measure, convention)
    what = METRICS[measure].brief.format(first=FIRST_RANK[convention])
    return f"{words.name}: {what}; {words.better} is better; convention {convention}."


def places(
    across: Sequence[float], up: Sequence[float], texts: Sequence[str], size: tuple[int, int]
) -> list[str]:
    """Return a Plotly "textposition" for each label of a point, "" where there is no room for it.

    Labels are placed in order; none covers a point or another label, or leaves the panel.

    Parameters
    ----------
    across, up : the points, in shares [0, 1] of the panel; an empty text is a point without a label
    size : the panel's width and height in pixels
    """
    points = np.column_stack([np.asarray(across) * size[0], np.asarray(up) * size[1]])
    taken = np.hstack([points - _MARKER, points + _MARKER])
    found = []
    for number, (point, text) in enumerate(zip(points, texts, strict=True)):
        others = np.delete(taken, number, axis=0) if number < len(points) else taken
        found.append("")
        for place, box in _boxes(point, text) if text else ():
            inside = (box[:2] >= 0).all() and (box[2:] <= size).all()
            apart = (others[:, :2] >= box[2:]).any(axis=1) | (others[:, 2:] <= box[:2]).any(axis=1)
            if inside and apart.all():
                found[-1] = place
                taken = np.vstack([taken, box])
                break
    return found


def _boxes(point: np.ndarray, text: str) -> list[tuple[str, np.ndarray]]:
    """Return where a label may be: each place with its left, lower, right and upper edge."""
    wide, off = len(text) * _LETTER, _MARKER + 2
    sides = {"right": off, "center": -wide / 2, "left": -off - wide}
    rows = {"middle": -_LINE / 2, "top": off, "bottom": -off - _LINE}
    order = (
        "middle right", "middle left", "top center", "bottom center",
        "top right", "bottom right", "top left", "bottom left",
    )  # fmt: skip
    boxes = []
    for place in order:
        row, side = place.split()
        left, low = point[0] + sides[side], point[1] + rows[row]
        boxes.append((place, np.array([left, low, left + wide, low + _LINE])))
    return boxes
