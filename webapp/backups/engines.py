"""Databases to read from at one moment, and new ones that are whole or not there at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from flask import current_app, g
from sqlalchemy.engine import URL

from embeddings.errors import InputError
from webapp.core.postgresql import database_address

_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file, by how its name ends."""


def address(text: str) -> URL:
    """Return the address of a database: an SQLAlchemy address, or the path of an SQLite file."""
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).absolute()))
    return database_address(text, "database's address")


def shown(url: URL) -> str:
    """Return an address as people may read it: a file's path, or without the password."""
    return url.database or "" if _is_file(url) else url.render_as_string(hide_password=True)


@contextmanager
def engine_at(url: URL) -> Iterator[sa.Engine]:
    """Give an engine that has no connection left when the block ends.

    Raises InputError where the address or its driver cannot be used.
    """
    try:
        engine = sa.create_engine(url)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise InputError(f"The database {shown(url)} cannot be used: {error}.") from error
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection on which the database stays as it is at the first look, until the end.

    Nobody who writes waits for it: SQLite's log (WAL) keeps what is written meanwhile, and
    PostgreSQL both versions of a row.
    """
    url = engine.url
    if _is_file(url) and not Path(url.database or "").is_file():
        raise InputError(f"{shown(url)}: there is no such file.")
    with current_app.app_context(), engine.connect() as connection:
        g.reads = True
        if not _is_file(url):
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield connection


@contextmanager
def building(url: URL) -> Iterator[sa.Connection]:
    """Give a connection to an empty database that is there, whole, when the block ends.

    Where the block fails, or the process ends, there is none: a file lies under another name until
    then, and PostgreSQL does it all in one transaction. One process at a time may do so.
    """
    check_empty(url)
    if not _is_file(url):
        with engine_at(url) as engine, engine.begin() as connection:
            yield connection
        return
    path = Path(url.database or "")
    new = path.with_name(f".{path.name}.new")
    _remove(new)  # of one that was killed
    try:
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with engine_at(url.set(database=str(new))) as engine, engine.begin() as connection:
            yield connection
        os.replace(new, path)
    finally:
        _remove(new)


def check_empty(url: URL) -> None:
    """Raise InputError where there is a table in a database, or no folder for its file."""
    if _is_file(url):
        path = Path(url.database or "")
        if not path.parent.is_dir():
            raise InputError(f"{path.parent}: there is no such folder.")
        for ending in ("-wal", "-journal"):
            left = Path(f"{path}{ending}")
            if left.exists() and left.stat().st_size and not path.exists():
                raise InputError(
                    f"{left} was left by a database that is not there any more, and would spoil "
                    "another one: move it away."
                )
        if not path.exists() or not path.stat().st_size:
            return
    if found := _table_names(url):
        raise InputError(
            f"The database {shown(url)} is not empty: it has the tables {', '.join(found[:3])}"
            f"{' and others' if len(found) > 3 else ''}. Nothing was changed; name an empty one."
        )


def is_empty(url: URL) -> bool:
    """Return whether there is no table in a database, or no file of it."""
    path = Path(url.database or "")
    if _is_file(url) and (not path.exists() or not path.stat().st_size):
        return True
    return not _table_names(url)


def _table_names(url: URL) -> list[str]:
    with engine_at(url) as engine, engine.connect() as connection:
        return sorted(sa.inspect(connection).get_table_names())


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _remove(file: Path) -> None:
    for ending in ("", *_BESIDE):
        Path(f"{file}{ending}").unlink(missing_ok=True)
