"""A table as JSON: what it is, its columns with their types, and a record for each row.

It says what the CSV of `evaluation.figures.figure.as_csv` says, cell by cell, and which kind of
value each column has, which CSV cannot. An empty cell there is null here.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TYPES = {
    "string": "text; ids are text always, also where they look like numbers",
    "integer": "whole numbers",
    "number": "numbers, as they are and not as they are rounded",
    "boolean": "true or false",
    "moment": "text: a date and time in UTC, such as 2026-05-01 12:00:05.123456+00:00",
}
"""Type of a column -> its values; null in any of them stands for an empty cell."""

_OF_DTYPE = {"b": "boolean", "i": "integer", "u": "integer", "f": "number", "M": "moment"}
_OF_VALUES = {
    "boolean": "boolean", "integer": "integer", "floating": "number",
    "mixed-integer-float": "number",
}  # fmt: skip


def table_json(table: "pd.DataFrame", about: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table as JSON has it.

    Before: a DataFrame of "system" and "map@15", one of whose numbers is undefined

    After::

        {"about": about,
         "columns": [{"name": "system", "type": "string"}, {"name": "map@15", "type": "number"}],
         "rows": [{"system": "freesound", "map@15": 0.25}, {"system": "random", "map@15": None}]}

    Parameters
    ----------
    table : its columns have different names
    about : what it is: plain values by name
    """
    types = {name: column_type(table[name]) for name in table.columns}
    values = [_values(table[name], types[name]) for name in table.columns]
    return {
        "about": dict(about),
        "columns": [{"name": name, "type": kind} for name, kind in types.items()],
        "rows": [dict(zip(types, row, strict=True)) for row in zip(*values, strict=True)],
    }


def column_type(column: "pd.Series[Any]") -> str:
    """Return which of `TYPES` a column's values are of; text where it has none or several."""
    from pandas.api.types import infer_dtype

    kind = getattr(column.dtype, "kind", "O")
    if kind in _OF_DTYPE:
        return _OF_DTYPE[kind]
    return _OF_VALUES.get(infer_dtype(column, skipna=True), "string")


def _values(column: "pd.Series[Any]", kind: str) -> list[Any]:
    """Return a column's values as JSON has them."""
    known = column.notna().tolist()
    if kind == "moment":  # as CSV writes them, which depends on the column's finest one
        lines = column.to_frame().to_csv(index=False, header=False, lineterminator="\n")
        return [line.strip('"') or None for line in lines.splitlines()]
    plain = _PLAIN[kind]
    return [
        None if not there or one == "" else plain(one)
        for one, there in zip(column.tolist(), known, strict=True)
    ]


def _number(value: Any) -> float:
    return float(value) + 0.0  # zero has no sign


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "string": str, "integer": int, "number": _number, "boolean": bool,
}  # fmt: skip
