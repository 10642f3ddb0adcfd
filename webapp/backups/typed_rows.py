"""The rows of every table as typed lines, the same for SQLite and PostgreSQL.

A table is one JSON object with its name and the kind of each column, and then one JSON array a row:
columns by name, rows by primary key, text sorted by its bytes. So equal databases give equal lines,
whichever kind they are of. Tables are looked up in the database, not in the models, so that one
that has not been migrated yet is read as it is.
"""

import base64
import binascii
import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from embeddings.errors import InputError

REVISION = "alembic_version"
"""The table that says which revision the others are of; migrations write it, and nobody else."""

_ROWS = 1000  # that are fetched, or stored, at once
_KINDS: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.Boolean, "truth"),
    (sa.Integer, "whole"),
    (sa.Float, "real"),
    (sa.DateTime, "moment"),
    (sa.String, "text"),
    (sa.LargeBinary, "bytes"),
)


@dataclass(frozen=True, slots=True)
class Digest:
    """What tells two tables apart: how many rows, and the SHA-256 of all lines."""

    rows: int
    sha256: str


def tables(connection: sa.Connection) -> list[sa.Table]:
    """Return the tables with rows of the app, those that others refer to first."""
    found = sa.MetaData()
    found.reflect(connection, only=lambda name, _: name != REVISION)
    return list(found.sorted_tables)


def revision_of(connection: sa.Connection) -> str | None:
    """Return the revision of a database's tables; None where there are none of the app."""
    if not sa.inspect(connection).has_table(REVISION):
        return None
    return connection.scalar(sa.text(f"SELECT version_num FROM {REVISION}"))


def header(table: sa.Table) -> dict[str, Any]:
    """Return the first line: a table's name, and its columns with their kinds, by name."""
    return {"table": table.name, "columns": {one.name: _kind(one) for one in _columns(table)}}


def rows_of(connection: sa.Connection, table: sa.Table) -> Iterator[list[Any]]:
    """Yield the rows of a table as they stand in the lines, a few at a time in memory."""
    binary = connection.dialect.name == "sqlite"  # PostgreSQL may sort by a language's rules
    keys = [one if binary or _kind(one) != "text" else sa.collate(one, "C")
            for one in table.primary_key]  # fmt: skip
    found = sa.select(*_columns(table)).order_by(*keys)
    bounded = {"stream_results": True, "yield_per": _ROWS}
    with connection.execute(found, execution_options=bounded) as rows:
        writers = [_WRITERS[_kind(one)] for one in _columns(table)]
        for row in rows:
            try:
                yield [_written(write, value) for write, value in zip(writers, row, strict=True)]
            except (ValueError, TypeError, AttributeError) as error:
                raise InputError(
                    f"The table {table.name} has a row of other types: {error}."
                ) from error


def line(value: Any) -> bytes:
    """Return a header or a row as a line of text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def lines_of(connection: sa.Connection, table: sa.Table) -> Iterator[bytes]:
    """Yield a table's lines."""
    yield line(header(table))
    yield from map(line, rows_of(connection, table))


def digests(connection: sa.Connection) -> dict[str, Digest]:
    """Return the digest of every table by its name."""
    found = {}
    for table in tables(connection):
        rows, digest = -1, hashlib.sha256()  # the header is no row
        for one in lines_of(connection, table):
            rows += 1
            digest.update(one)
        found[table.name] = Digest(rows, digest.hexdigest())
    return found


def store(connection: sa.Connection, table: sa.Table, rows: Iterable[list[Any]]) -> int:
    """Store rows as lines have them in an empty table; return how many.

    Raises InputError where a row is none of this table, or the database does not take it.
    """
    columns, stored = _columns(table), 0
    readers = [_READERS[_kind(one)] for one in columns]
    names = [one.name for one in columns]
    remaining = iter(rows)
    while some := list(itertools.islice(remaining, _ROWS)):
        try:
            values = [
                {
                    name: None if value is None else read(value)
                    for name, read, value in zip(names, readers, row, strict=True)
                }
                for row in some
            ]
        except (ValueError, TypeError, AttributeError, binascii.Error) as error:
            raise InputError(f"A row of the table {table.name} cannot be read: {error}.") from error
        try:
            connection.execute(sa.insert(table), values)
        except sa.exc.DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
            raise InputError(
                f"A row of the table {table.name} cannot be stored in {connection.dialect.name}: "
                f"{reason}."
            ) from error
        stored += len(some)
    return stored


def _columns(table: sa.Table) -> list[sa.Column[Any]]:
    return sorted(table.columns, key=lambda one: one.name)


def _kind(column: sa.Column[Any]) -> str:
    for kind, name in _KINDS:
        if isinstance(column.type, kind):
            return name
    raise InputError(
        f"The column {column.table.name}.{column.name} is of the type {column.type}, which no "
        "backup has a form for."
    )


def _written(write: Any, value: Any) -> Any:
    return None if value is None else write(value)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number")
    return value


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is no text")
    return value


def _real(value: Any) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else repr(number)  # JSON has no word for these


def _moment(value: datetime) -> str:
    return value.isoformat(sep=" ", timespec="microseconds")


_WRITERS = {
    "truth": _truth,
    "whole": _whole,
    "real": _real,
    "moment": _moment,
    "text": _text,
    "bytes": lambda value: base64.b64encode(value).decode(),
}
_READERS = {
    "truth": _truth,
    "whole": _whole,
    "real": float,
    "moment": datetime.fromisoformat,
    "text": _text,
    "bytes": lambda value: base64.b64decode(value, validate=True),
}
