"""Tables for a paper, and whether their LaTeX is sound."""

import re

import numpy as np
import pandas as pd

from evaluation.figures.shown import Cell, Heading, Table, number


def table(rows: int = 4, name: str = "systems", group: str = "") -> Table:
    """Return a table of a name, a number and one that is undefined; every second is simulated."""
    values = np.linspace(-1, 1, rows)
    shown = [
        [
            Cell(f"S_{place}", provenance="simulated" if place % 2 else "computed"),
            number(value),
            number(None, note="Nobody graded 100 % of it."),
        ]
        for place, value in enumerate(values)
    ]
    data = pd.DataFrame({"system": [f"S_{one}" for one in range(rows)], "mean": values})
    headings = [
        Heading("System", numeric=False),
        Heading("Mean", "95 % CI", "The mean grade."),
        Heading("τ"),
    ]
    groups = {group: shown[::2], "Simulated & made": shown[1::2]} if group else {"": shown}
    return Table(headings, groups, data, name, "Scores of S_0", "n = 30 queries × 8 raters.")


def sound(tex: str) -> None:
    """Every brace and every environment that is opened is closed, in order."""
    text = re.sub(r"(?<!\\)((?:\\\\)*)%.*", r"\1", tex)
    text = re.sub(r"\\[\\{}]", "", text)
    depth = np.cumsum([0, *((one == "{") - (one == "}") for one in text)])
    assert depth.min() == depth[-1] == 0
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{([^}]*)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []


def wide(columns: int, rows: int = 4, cell: Cell = number(1.0)) -> Table:  # noqa: B008
    """Return a table of a name and so many numbers."""
    headings = [Heading("System", numeric=False), *[Heading("Mean", "of all")] * columns]
    every = [[Cell("S · L2, PCA 100"), *[cell] * columns] for _ in range(rows)]
    return Table(headings, {"A group": every}, pd.DataFrame(), "wide", "Wide")
