"""How the numbers of a study's results are written: grades, intervals, p values, shares."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.figures.charts import SIMULATED
from evaluation.figures.shown import Cell, Heading, Table, number
from evaluation.numerals import numeral

if TYPE_CHECKING:
    import pandas as pd

MEASURED = "Computed or imported"
"""The heading of systems that are not simulated, where a table has both kinds."""

BASIS = [
    Heading("Queries", definition="On how many queries it rests"),
    Heading("Raters", definition="On how many raters it rests"),
    Heading("Scores", definition="Scores of single raters for a query that are averaged"),
]
"""The headings of the columns that `basis` gives."""

HIDES = (
    "Among {} raters a minority with another taste can hide, or weigh too much, so that {} are "
    "surer than they should be{}. With {} raters or more they hold better."
)
"""What is said from 5 to 11 raters: how many, of what, where it is seen, and how many do."""


def spread(value: float | None, low: float | None, high: float | None, form: str) -> str:
    """Return an estimate with its interval: "61.2 [55.0, 67.4]"; "–" where it is undefined."""
    text = numeral(value, form)
    if missing(value) or missing(low) or missing(high):
        return text
    return f"{text} [{numeral(low, form)}, {numeral(high, form)}]"


def missing(value: float | None) -> bool:
    """Return whether a number is not there."""
    return value is None or value != value


def undefined(value: float | None, reason: str) -> str:
    """Return why a number is not there; "" where it is."""
    return reason if missing(value) else ""


def known_cell(value: float | None, form: str, reason: str) -> Cell:
    """Return the cell of a number, with why it is missing where it is."""
    return number(value, form, note=undefined(value, reason))


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share [0, 1] in percent; "–" where it is undefined."""
    return "–" if missing(share) else f"{100 * (share or 0):.{digits}f} %"


def share_cell(share: float | None, note: str = "") -> Cell:
    """Return the cell of a share [0, 1]; `note` says why it may be missing."""
    return Cell(percent(share), sorted_by(share), numeric=True, note=undefined(share, note))


def sorted_by(value: float | None) -> str | float:
    """Return what a cell of a number is sorted by, "" where it is not there."""
    return "" if missing(value) else float(value or 0)


def estimate_cell(row: Mapping[str, Any], form: str) -> Cell:
    """Return the cell of an estimate: a row with value, low, high and, if it has one, reason."""
    text = spread(row["value"], row["low"], row["high"], form)
    return Cell(text, sorted_by(row["value"]), numeric=True, note=str(row.get("reason") or ""))


def p_cell(p: float | None, note: str = "") -> Cell:
    """Return the cell of a p value; below 0.001 it is not told more exactly."""
    if p is not None and p == p and p < 0.001:
        return Cell("< 0.001", float(p), numeric=True, note=note)
    return number(p, "{:.3f}", note=note)


def basis(row: Mapping[str, Any]) -> list[Cell]:
    """Return the cells of what an estimate rests on: queries, raters, scores."""
    return [number(row[name], "{:,.0f}") for name in ("queries", "raters", "ratings")]


def system_cell(of: Mapping[str, Any]) -> Cell:
    """Return the cell of a system: a row of `evaluation.figures.study.cast.study_cast`."""
    note = f"Trained on this collection: {of['trained_on']}" if of["trained_on"] else ""
    title = of["title"].replace(f" ({of['provenance']})", "", 1)  # it stands beside the title
    return Cell(title, title.lower(), of["provenance"], note=note)


def by_kind(
    cast: "pd.DataFrame", rows: Mapping[str, Sequence[Cell]]
) -> dict[str, list[list[Cell]]]:
    """Return the rows of a table in groups: simulated systems never in one with others.

    Parameters
    ----------
    cast : the systems in the order of the rows
    rows : system -> the cells behind its name
    """
    mixed = (cast["provenance"] == "simulated").any()
    groups: dict[str, list[list[Cell]]] = {}
    for one in cast.to_dict("records"):
        if one["system"] in rows:
            kind = SIMULATED if one["provenance"] == "simulated" else MEASURED
            own = groups.setdefault(kind if mixed else "", [])
            own.append([system_cell(one), *rows[one["system"]]])
    return groups


def system_table(
    order: "pd.DataFrame",
    headings: Sequence[Heading],
    rows: Mapping[str, Sequence[Cell]],
    data: "pd.DataFrame",
    **words: Any,
) -> Table:
    """Return a table of systems, simulated ones never in one group with others.

    Parameters
    ----------
    order : the systems in the order of the rows
    headings, rows : of the columns behind the systems' names; system -> its cells there
    data : the numbers as they are, with a column "system"
    words : the fields of a `Table` that say what it shows
    """
    every = data.merge(order, on="system").drop(columns="name")
    return Table(
        [Heading("System", numeric=False), *headings], by_kind(order, rows), every, **words
    )
