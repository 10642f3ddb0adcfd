"""Tables as people have them: CSV in every form that spreadsheets write.

A table is text in UTF-8 (with a byte order mark or without) or, as Excel's "Unicode Text", UTF-16
with one. Its columns are separated by commas, semicolons or tabs, which the line of column names
tells: no cell below it is guessed by. A first line ``sep=;`` says it outright, as Excel has it.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import shorten

from embeddings.collection.label_cells import one_line
from embeddings.errors import InputError
from embeddings.files import read_bytes, text_of

Row = tuple[int, dict[str, str]]
"""The line that a row begins on, and its cells by column."""

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SAID = SEPARATORS | {"|": "bars"}
_SEP_LINE = re.compile(r'"?sep=(.?)"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE | re.DOTALL)
_BLANK = re.compile(r"(?:[^\S\r\n]|[,;|])*[\r\n][\s,;|]*(?<=[\r\n])")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_AS_UTF8 = "save the file as UTF-8 (Excel: Save As, CSV UTF-8)"

_Cells = tuple[int, list[str]]


class MissingColumn(InputError):
    """A table does not have a column that is needed."""


def read_rows(path: Path, needed: Sequence[str], known: Sequence[str] = ()) -> list[Row]:
    """Return (line, cells by column) for each row of a table; blank rows are left out.

    Parameters
    ----------
    needed : columns that must be there, at least one; by them the separator is found
    known : more columns that the caller knows

    Both are also found in other letter cases (``Fname``), and given by the names asked for. All
    other columns keep their names, on one line; those without a name are left out. Cells are as
    they stand in the table.

    Raises
    ------
    InputError
        Naming file and line: no such file, no UTF-8 or UTF-16, no valid CSV, a needed column is
        missing, a column is there twice, a row has more or fewer cells than there are columns, or
        there is no row.
    """
    text = text_of(read_bytes(path), str(path), _AS_UTF8)
    begins = 1
    separators: Sequence[str] = tuple(SEPARATORS)
    if said := _SEP_LINE.match(text):
        if said[1] not in _SAID or not said[1]:
            raise InputError(
                f"{path}, line 1: sep= must name one of , ; | or a tab, not {said[1]!r}."
            )
        text, begins, separators = text[said.end() :], 2, (said[1],)
    if blank := _BLANK.match(text):
        text, begins = text[blank.end() :], begins + len(_LINE_END.findall(blank[0].encode()))
    separator = _separator(path, text, begins, separators, needed)
    cells = _rows(path, text, begins, separator)
    line, header = next(cells, (begins, []))
    columns = _columns(f"{path}, line {line}", header, needed, known, separator)
    rows = [(at, _row(f"{path}, line {at}", found, columns, separator)) for at, found in cells]
    if not rows:
        raise InputError(f"{path}: there is no row below the first line.")
    return rows


def _rows(path: Path, text: str, begins: int, separator: str) -> Iterator[_Cells]:
    """Give (line it begins on, cells) of every row that has text; InputError for no valid CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    before = begins - 1
    begun = begins
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begun, cells
            begun = before + reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {begun}: not valid CSV: {error}.") from error


def _separator(
    path: Path, text: str, begins: int, separators: Sequence[str], needed: Sequence[str]
) -> str:
    """Return what separates the columns: by it all needed ones are there, and by no other.

    Where by none, the one by which the first line has most columns, which the errors then name.
    """
    headers: dict[str, list[str]] = {}
    for separator in separators:
        try:
            header = next(_rows(path, text, begins, separator), (0, []))[1]
        except InputError:  # which is said below, by the separator that is taken
            continue
        headers[separator] = [one_line(cell).casefold() for cell in header]
    fits = [one for one, header in headers.items() if set(map(str.casefold, needed)) <= set(header)]
    if len(fits) > 1 and max(len(headers[one]) for one in fits) > 1:
        names = " or ".join(SEPARATORS[one] for one in fits)
        raise InputError(
            f"{path}, line {begins}: the columns could be separated by {names}; "
            "a first line such as sep=; says by what."
        )
    if fits:
        return fits[0]  # a single column has none
    return max(headers, key=lambda one: len(headers[one]), default=separators[0])


def _columns(
    where: str, header: list[str], needed: Sequence[str], known: Sequence[str], separator: str
) -> list[str]:
    """Return the columns' names, those asked for as they were asked for."""
    columns = [one_line(cell) for cell in header]
    for name in (*needed, *known):
        if name not in columns:
            alike = [
                place for place, one in enumerate(columns) if one.casefold() == name.casefold()
            ]
            for place in alike:  # where there are two, the same name twice is refused below
                columns[place] = name
    for place, name in enumerate(columns):
        if name and name in columns[:place]:
            first = columns.index(name)
            raise InputError(
                f"{where}: the column {name!r} is there twice (columns {first + 1} and "
                f"{place + 1}); every name may occur once."
            )
    missing = [name for name in needed if name not in columns]
    if missing:
        found = shorten(", ".join(columns), 300, placeholder=" ...") or "none"
        by = f", separated by {_SAID[separator]}," if len(columns) > 1 else ""
        raise MissingColumn(
            f"{where}: the column {missing[0]!r} is missing; the columns{by} are: {found}."
        )
    return columns


def _row(where: str, cells: list[str], columns: list[str], separator: str) -> dict[str, str]:
    if len(cells) != len(columns):
        raise InputError(
            f"{where}: the row has {len(cells)} cells, separated by {_SAID[separator]}; it must "
            f"have {len(columns)}, as the line of column names has."
        )
    return {name: cell for name, cell in zip(columns, cells, strict=True) if name}
