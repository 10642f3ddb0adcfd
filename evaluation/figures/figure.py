"""Figures: what a picture shows, as numbers and as a Plotly figure that a page or a file draws.

A figure is plain data, so that making one needs neither Plotly nor a browser; the same figure is
drawn on a page, in a report without a server, and saved as SVG, PNG and CSV. Colours of paper, ink
and lines are the page's own (``static/js/core/figures.js``), those of the data are `PALETTE`.
"""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PALETTE = (
    "#2f80c3", "#d1661c", "#2b9a5b", "#a56bd1", "#dd4f4b", "#178f95", "#b07d0a", "#d4589c",
    "#7f8a8f", "#6f7fd8",
)  # fmt: skip
"""Colours of the data, told apart by colour-blind eyes in this order, with a contrast of at least
3:1 on the light and on the dark page."""
ColourScale = tuple[tuple[float, str], ...]
"""A colour scale: shares from 0 to 1, each with its colour; Plotly takes it as it is."""
SCALE: ColourScale = (
    (0.0, "#00204c"), (0.2, "#31446b"), (0.4, "#666970"), (0.6, "#958f78"), (0.8, "#cbba69"),
    (1.0, "#ffe945"),
)  # fmt: skip
"""The colour scale of heat maps: light is more, and it reads the same without colour vision."""
DIVERGING: ColourScale = ((0.0, PALETTE[0]), (0.5, "#f4f1ea"), (1.0, PALETTE[1]))
"""The colour scale of differences: blue below, orange above, pale where there is none."""

LINE = 90
"""Letters that one line of a caption has room for."""
_SENTENCE = re.compile(r"\.(?= [A-Z“])|\.$")
_PART = re.compile(r"[;:,](?= )")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture, and the numbers that it is made of.

    Attributes
    ----------
    name : a slug, unique on its page; the downloads are named by it
    title : what is shown, in a few words
    caption : a sentence or more that could stand below it in a paper
    table : the numbers that are drawn, a row each, with readable column names; it has a column
        "provenance" wherever a row is of a system
    plot : "data" and "layout" of a Plotly figure, plain JSON values; "config" is optional. The
        layout's "meta" may say "least_width" and "most_width", pixels within which it is drawn
    simulated : whether any of its numbers come from simulated vectors
    """

    name: str
    title: str
    caption: str
    table: "pd.DataFrame"
    plot: dict[str, Any]
    simulated: bool = False

    @property
    def brief(self) -> str:
        """What the caption says first, in one line."""
        return first_line(self.caption)

    def csv(self) -> str:
        """Return the table as CSV, the numbers as they are and not as they are rounded."""
        return as_csv(self.table)

    def json(self) -> str:
        """Return the plot as JSON that may stand in a page: undefined numbers are null."""
        text = json.dumps(_plain(self.plot), separators=(",", ":"), allow_nan=False)
        return text.replace("<", "\\u003c")  # no label can end the element that it stands in


def first_line(caption: str) -> str:
    """Return what a caption says first in `LINE` letters at most: a sentence, or a part of one."""
    end = _SENTENCE.search(caption)
    sentence = caption[: end.end()] if end else caption
    if len(sentence) <= LINE:
        return sentence
    ends = [one.start() for one in _PART.finditer(sentence) if one.start() < LINE]
    if not ends:
        return f"{sentence[:LINE].rpartition(' ')[0]} …"
    return f"{sentence[: ends[-1]]}."


def as_csv(table: "pd.DataFrame") -> str:
    """Return a table as CSV, the numbers as they are; zero has no sign."""
    numbers = table.select_dtypes("float").columns
    return table.assign(**{one: table[one] + 0.0 for one in numbers}).to_csv(
        index=False, lineterminator="\n"
    )


def _plain(value: Any) -> Any:
    """Return numpy numbers and arrays as Python's own; NaN as None, zero without a sign."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return None if value != value else value + 0.0
    return value
