"""The way back: a copy of the database before its tables are changed, or they are not changed.

Of SQLite it is a database as older code opens it; of PostgreSQL the rows in the form of a backup,
which `flask database copy` puts into an empty database as they were.
"""

import os
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from embeddings import __version__
from embeddings.errors import InputError
from embeddings.files import whole_file
from webapp.backups.archive import Archive
from webapp.backups.making import write_rows
from webapp.backups.restoring import check_no_restore
from webapp.core.database import db

KEPT = 5
"""How many of them stay."""

_NAMED = re.compile(r"before-.+-(\d{8}-\d{6})\.(sqlite|zip)")


def before_migration(revision: str | None) -> None:
    """Keep the database as it is, of this revision, in the data folder's `backups`.

    Who calls holds the lock of migrations. Raises InputError where it cannot be written; nothing
    is kept of a database without tables (None).
    """
    data: Path = current_app.config["DATA"]
    check_no_restore(data)
    if revision is None:
        return
    folder = data / "backups"
    moment = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    path = folder / f"before-{__version__}-revision-{revision}-{moment}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if db.engine.dialect.name == "sqlite":
            copy_sqlite(db.engine, path.with_name(f"{path.name}.sqlite"))
        else:
            target = path.with_name(f"{path.name}.zip")
            with whole_file(target, private=True) as file, Archive(file) as archive:
                archive.finish(write_rows(archive, db.engine))
    except (OSError, sqlite3.Error) as error:
        raise InputError(
            f"The database was not brought up to date, since no copy of it could be written to "
            f"{folder} before: {getattr(error, 'strerror', None) or error}. Nothing was changed; "
            "make room there, or let the app write there, and start again."
        ) from error
    _keep_newest(folder)


def copy_sqlite(engine: sa.Engine, path: Path) -> None:
    """Copy SQLite's database, as it is at one moment, to a file for the owner's eyes only."""
    new = path.with_name(f".{path.name}.new")
    try:
        os.close(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        served, copy = engine.raw_connection(), sqlite3.connect(new)
        try:
            served.driver_connection.backup(copy)
        finally:
            copy.close()
            served.close()
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(new, path)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{new}{ending}").unlink(missing_ok=True)


def _keep_newest(folder: Path) -> None:
    found = [(match[1], one) for one in folder.iterdir() if (match := _NAMED.fullmatch(one.name))]
    for _, old in sorted(found)[:-KEPT]:
        old.unlink(missing_ok=True)
