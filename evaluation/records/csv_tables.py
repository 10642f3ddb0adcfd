"""Tables of records as CSV text, exact both ways: what is written reads back as the same records.

Numbers are written so that they read back as the same numbers, moments in UTC to the microsecond,
what is unknown as an empty cell; `evaluation.records.table_columns` says which columns there are.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from embeddings.errors import InputError
from evaluation.keys import shown
from evaluation.records.formulas import harmless
from evaluation.records.table_columns import Names, columns_of, is_typed, prefixes, sometimes

if TYPE_CHECKING:
    import pandas as pd

Record = TypeVar("Record")

_SPECIAL = re.compile('[,"\r\n]')
_WHOLE = re.compile("-?[0-9]{1,18}")
_MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z")


def frame_csv(
    kind: type, frame: "pd.DataFrame", names: Names | None = None, *, for_people: bool = False
) -> str:
    """Return a table of records (`evaluation.records.frames`) as CSV, a row each in its order.

    Parameters
    ----------
    names : for each mapping the names that have a column; none unless told
    for_people : write what strangers typed so that no spreadsheet runs it
        (`evaluation.records.formulas`); what is written for bundles is exact
    """
    columns = columns_of(kind, names)
    header = ",".join(_texts([one.name for one in columns]))
    if for_people:
        typed = [one.name for one in columns if is_typed(one)]
        frame = frame.assign(**{name: frame[name].map(harmless) for name in typed})
    cells = (_cells(frame[one.name], one.value) for one in columns)
    return "\n".join([header, *map(",".join, zip(*cells, strict=True)), ""])


def read_table(
    kind: type[Record], text: str, source: str, names: Names | None = None
) -> list[tuple[int, Record]]:
    """Return what `frame_csv` wrote: (line it begins on, record) of every row.

    Parameters
    ----------
    source : what errors begin with, such as the file's name
    names : the names that must have columns; None: whichever are there

    Raises
    ------
    InputError
        A column is missing, unknown or misplaced, or a cell breaks its rule.
    """
    rows = _rows(text, source)
    header = rows[0][1] if rows else []
    if names is None:
        names = _names_in(kind, header)
    plan = columns_of(kind, names)
    _check_header(header, [column.name for column in plan], source)
    records = []
    for line, cells in rows[1:]:
        if len(cells) != len(plan):
            raise InputError(
                f"{source}, line {line}: it must have {len(plan)} cells, not {len(cells)}."
            )
        values: dict[str, Any] = {field: {} for field in prefixes(kind)}
        for cell, column in zip(cells, plan, strict=True):
            try:
                value = None if column.optional and not cell else _READ[column.value](cell)
            except _Rule as rule:
                raise InputError(
                    f"{source}, line {line}: {column.name} must be {rule}, not {shown(cell)}."
                ) from None
            if not column.key:
                values[column.field] = value
            elif cell:
                values[column.field][column.key] = value
        records.append((line, kind(**values)))
    return records


def moment_text(moment: datetime) -> str:
    """Return a moment as tables have it, such as 2026-05-01T12:30:15.250000Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_moment(text: str) -> datetime | None:
    """Return the moment that `moment_text` wrote, None where `text` is none."""
    try:
        return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:  # such as the 31st of February
        return None


class _Rule(Exception):
    """The rule that a cell breaks."""


def _cells(values: "pd.Series", value: type) -> list[str]:
    """Return a column as it is written; what is unknown is an empty cell."""
    if value is str:
        return _texts(values.tolist())
    known = values.notna().to_numpy()
    found = values[known]
    cells = np.full(len(values), "", dtype=object)
    if value is datetime:
        moments = found.dt.tz_localize(None).to_numpy()
        cells[known] = np.datetime_as_string(moments, unit="us", timezone="UTC")
    else:  # a flag is 0 or 1
        write = repr if value is float else str
        cells[known] = [*map(write, found.astype(float if value is float else int).tolist())]
    return cells.tolist()


def _texts(cells: list[str]) -> list[str]:
    # csv.writer leaves a lone carriage return bare, which nothing reads back
    if not _SPECIAL.search("".join(cells)):
        return cells
    return [f'"{cell.replace(chr(34), chr(34) * 2)}"' if _SPECIAL.search(cell) else cell
            for cell in cells]  # fmt: skip


def _rows(text: str, source: str) -> list[tuple[int, list[str]]]:
    """Return (line it begins on, cells) of every row, the header first."""
    rows, begins = [], 1
    reader = csv.reader(io.StringIO(text, newline="\n"), strict=True)
    try:
        for cells in reader:
            rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{source}, line {begins}: not valid CSV: {error}.") from error
    return rows


def _names_in(kind: type, header: Sequence[str]) -> dict[str, list[str]]:
    found = {
        field: [column.removeprefix(prefix) for column in header if column.startswith(prefix)]
        for field, prefix in prefixes(kind).items()
    }
    return found | {name: [name] for name in sometimes(kind) if name in header}


def _check_header(header: Sequence[str], wanted: Sequence[str], source: str) -> None:
    for column in wanted:
        if column not in header:
            raise InputError(f"{source}, line 1: the column {column} is missing.")
    for column in header:
        if column not in wanted:
            raise InputError(f"{source}, line 1: the column {shown(column)} is not known.")
    if list(header) != list(wanted):
        raise InputError(f"{source}, line 1: the columns must be {', '.join(wanted)}.")


def _read_whole(cell: str) -> int:
    if not _WHOLE.fullmatch(cell):
        raise _Rule("a whole number")
    return int(cell)


def _read_number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _Rule("a number")
    return value


def _read_flag(cell: str) -> bool:
    if cell not in ("0", "1"):
        raise _Rule("0 or 1")
    return cell == "1"


def _read_moment(cell: str) -> datetime:
    moment = read_moment(cell)
    if moment is None:
        raise _Rule("a moment such as 2026-05-01T12:30:15.250000Z")
    return moment


_READ: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: _read_whole,
    float: _read_number,
    bool: _read_flag,
    datetime: _read_moment,
}
