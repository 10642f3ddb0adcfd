"""What a page and a report show of results: sections of facts, figures and tables.

A table has its cells as they are shown and its data as they are, so that a page, a file and a CSV
say the same.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from evaluation.figures.figure import Figure, as_csv, first_line
from evaluation.numerals import UNDEFINED, numeral

if TYPE_CHECKING:
    import pandas as pd


MOST_ROWS, MOST_HEARD = 24, 6
"""Rows of a table, and of one with sounds, that a page has room for."""


class Cell(NamedTuple):
    """What stands in a cell.

    Attributes
    ----------
    text : as shown
    value : what it is sorted by; "" for nothing
    provenance : of the system that the cell names; "" where it names none
    numeric : whether it is set as a number
    note : why a number is missing, or what else there is to say of it
    listen : the query and the clip that it is about; ("", "") for none
    wide : whether it has words that need several lines
    """

    text: str
    value: str | float = ""
    provenance: str = ""
    numeric: bool = False
    note: str = ""
    listen: tuple[str, str] = ("", "")
    wide: bool = False


class Heading(NamedTuple):
    """A column's heading: its name, what distinguishes it, what it means, whose it is."""

    title: str
    kind: str = ""
    definition: str = ""
    numeric: bool = True
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is shown.

    Attributes
    ----------
    headings : of the columns
    groups : heading of a group ("" for none) -> its rows, the first cell of each its name
    data : the numbers as they are
    name : a slug, unique on its page; the CSV file is named by it
    title, caption : what it shows, in a few words and in a sentence or more
    folded : whether it is shown when it is asked for only, wherever it stands
    leading : whether its section is read for it, and not for the first table
    simulated : whether nobody listened, and its judgements are made
    """

    headings: list[Heading]
    groups: dict[str, list[list[Cell]]]
    data: "pd.DataFrame"
    name: str = ""
    title: str = ""
    caption: str = ""
    folded: bool = False
    leading: bool = False
    simulated: bool = False

    @property
    def brief(self) -> str:
        """What the caption says first, in one line."""
        return first_line(self.caption)

    @property
    def tall(self) -> bool:
        """Whether it is too long for a page and scrolls in a box: sooner where it has sounds."""
        rows = [row for rows in self.groups.values() for row in rows]
        heard = any(cell.listen[1] for row in rows[:1] for cell in row)
        return len(rows) > (MOST_HEARD if heard else MOST_ROWS)

    @property
    def missing(self) -> str:
        """Why there are dashes in it, each reason once; "" where there are none."""
        rows = (row for rows in self.groups.values() for row in rows)
        notes = (cell.note for row in rows for cell in row if cell.text == UNDEFINED)
        return "; ".join(dict.fromkeys(filter(None, notes)))

    def csv(self) -> str:
        """Return the data as CSV, the numbers as they are and not as they are rounded."""
        return as_csv(self.data)


class Fact(NamedTuple):
    """A number in words: what it is, the number, and what it means or rests on."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the results.

    Attributes
    ----------
    name : a slug: the anchor of the section on its page
    title : its heading
    words : sentences below the heading
    notices : sentences that a reader must not miss
    facts : numbers, before everything else
    parts : figures and tables, in their order
    """

    name: str
    title: str
    words: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    parts: tuple[Figure | Table, ...] = field(default=())

    @property
    def figures(self) -> list[Figure]:
        """The figures, in their order."""
        return [one for one in self.parts if isinstance(one, Figure)]

    @property
    def tables(self) -> list[Table]:
        """The tables, in their order."""
        return [one for one in self.parts if isinstance(one, Table)]

    def leads(self, part: Figure | Table) -> bool:
        """Return whether a part is shown unasked: the first figure, and the leading table.

        That is the first table unless another one leads. All others fold, and so does one that
        says so itself.
        """
        table = next((one for one in self.tables if one.leading), None)
        tables = [table] if table else [one for one in self.tables[:1] if not one.folded]
        return any(part is one for one in (*self.figures[:1], *tables))


def number(
    value: float | None,
    form: str = "{:.3f}",
    *,
    at_least: bool = False,
    note: str = "",
) -> Cell:
    """Return the cell of a number, "–" where it is undefined, "≥" before a lower bound."""
    text = numeral(value, form)
    if value is None or value != value:
        return Cell(text, numeric=True, note=note)
    return Cell(f"≥ {text}" if at_least else text, value, numeric=True, note=note)
