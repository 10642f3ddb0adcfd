"""What columns a table of records has: one place for its CSV file, its frame and its codebook.

A table is a dataclass. A field is a column, annotated with the kind of its values and with what it
means; a mapping from names to values (`Named`) is a column for each name, which begins with a
prefix: ``rank.SYSTEM``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from types import NoneType
from typing import NamedTuple, get_args

Names = Mapping[str, Sequence[str]]
"""The names of each field that maps names to values, in the order of their columns."""

MOMENT = "datetime64[us, UTC]"
_KINDS = {str: "str", int: "int64", bool: "int64", float: "float64", datetime: MOMENT}
_OPTIONAL = _KINDS | {int: "float64", bool: "float64"}


class Named(NamedTuple):
    """What a mapping's columns begin with, and what each means: {} stands for its name."""

    prefix: str
    about: str


class OnlyWhere(NamedTuple):
    """What a column means that a table has only where its field has names; its record a default."""

    about: str


class Typed(NamedTuple):
    """What a column means that has what strangers typed."""

    about: str


class Column(NamedTuple):
    """One column of a table.

    Attributes
    ----------
    name : as it stands above the column
    value : str, int, float, bool or datetime
    optional : whether a cell may be empty, for what is unknown or is not there
    dtype : what pandas has it in (`evaluation.records.frames`)
    about : what it means
    field, key : the record's field that has it, and the name in it where that is a mapping, else ""
    typed : whether it has what strangers typed
    """

    name: str
    value: type
    optional: bool
    dtype: str
    about: str
    field: str
    key: str
    typed: bool = False


def columns_of(kind: type, names: Names | None = None) -> list[Column]:
    """Return the columns of a table of records, in order.

    Parameters
    ----------
    kind : the records' dataclass
    names : for each mapping the names that have a column, and for a column that is not always
        there any name where it is; none unless told
    """
    found = []
    for field in fields(kind):
        hint, about = get_args(field.type)
        if isinstance(about, OnlyWhere):
            if not (names or {}).get(field.name):
                continue
            about = about.about
        typed = isinstance(about, Typed)
        about = about.about if typed else about
        parts = get_args(hint) or (hint,)
        mapped = isinstance(about, Named)
        prefix, meaning = about if mapped else (field.name, about)
        value, optional = parts[mapped], mapped or NoneType in parts
        dtype = (_OPTIONAL if optional else _KINDS)[value]
        keys = (names or {}).get(field.name, ()) if mapped else ("",)
        found += [
            Column(prefix + key, value, optional, dtype, meaning, field.name, key, typed)
            for key in keys
        ]
    return found


def is_typed(column: Column) -> bool:
    """Return whether a column has what strangers typed: answers to questions, ids, remarks."""
    return column.typed or (bool(column.key) and column.value is str)


def sometimes(kind: type) -> list[str]:
    """Return the fields whose columns are not always there."""
    return [one.name for one in fields(kind) if isinstance(get_args(one.type)[1], OnlyWhere)]


def prefixes(kind: type) -> dict[str, str]:
    """Return the prefix of each field that maps names to values."""
    told = {field.name: get_args(field.type)[1] for field in fields(kind)}
    return {name: one.prefix for name, one in told.items() if isinstance(one, Named)}
