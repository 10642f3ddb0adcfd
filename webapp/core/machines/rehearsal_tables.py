"""Tables of their own for rehearsals of drafts: what is tried is never among what is judged.

Within `rehearsing` all that is asked of the database and stored is of these tables, which have the
same columns: with SQLite they are a file of their own, with PostgreSQL a schema. The rest of the
app needs not know. They are made anew for each rehearsal and dropped with it, so no migration
knows them.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import current_app, g, has_app_context
from flask_sqlalchemy.session import Session

if TYPE_CHECKING:
    from flask_sqlalchemy import SQLAlchemy

FOLDER = "rehearsals"
_TABLES = (
    "tables"  # the file of SQLite's; with PostgreSQL it is empty, and says that they are there
)


class RehearsalSession(Session):
    """A session that goes to a rehearsal's tables if one went on when it began."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.engine: sa.Engine | None = g.get("rehearsal_engine") if has_app_context() else None

    def get_bind(self, *args: Any, **kwargs: Any) -> sa.Engine | sa.Connection:
        """Return what to ask: the app's database, or the rehearsal's tables."""
        return super().get_bind(*args, **kwargs) if self.engine is None else self.engine


def current() -> str:
    """Return the slug of the draft that is being rehearsed, "" for none."""
    return g.get("rehearsal", "") if has_app_context() else ""


def folder(slug: str) -> Path:
    """Return where a draft's rehearsal lies."""
    return current_app.config["DATA"] / FOLDER / slug


def is_there(slug: str) -> bool:
    """Return whether there are tables to rehearse a draft in."""
    return (folder(slug) / _TABLES).is_file()


def enter(db: "SQLAlchemy", slug: str) -> bool:
    """Let this request, to its end, work in a rehearsal's tables; False where there are none."""
    if not is_there(slug):
        return False
    db.session.remove()
    g.rehearsal, g.rehearsal_engine = slug, _engine(db, slug)
    return True


@contextmanager
def rehearsing(db: "SQLAlchemy", slug: str) -> Iterator[None]:
    """Work in a rehearsal's tables for the block; what was begun before is rolled back."""
    db.session.rollback()  # with PostgreSQL, one who writes would wait for itself
    outside = db.session()
    db.session.registry.clear()
    g.rehearsal, g.rehearsal_engine = slug, _engine(db, slug)
    try:
        yield
    finally:
        db.session.remove()
        del g.rehearsal, g.rehearsal_engine
        db.session.registry.set(outside)


def make(db: "SQLAlchemy", slug: str) -> None:
    """Make the tables, empty, in the place of those that there were; whole, or none are there."""
    drop(db, slug)
    folder(slug).mkdir(parents=True)
    making = folder(slug) / f".{_TABLES}"
    os.close(os.open(making, os.O_CREAT | os.O_EXCL, 0o600))  # for the owner alone
    name = _schema(db, slug)
    with (db.engine if name else _file_engine(making)).begin() as connection:
        if name:
            connection.execute(sa.schema.CreateSchema(name))
            connection = connection.execution_options(schema_translate_map={None: name})
        db.metadata.create_all(connection)
    making.rename(folder(slug) / _TABLES)


def drop(db: "SQLAlchemy", slug: str) -> None:
    """Drop a rehearsal with all that was answered in it, and its sounds."""
    with suppress(FileNotFoundError):
        (folder(slug) / _TABLES).unlink()  # first, so that nobody finds half of it
    if name := _schema(db, slug):
        with db.engine.begin() as connection:
            connection.execute(sa.schema.DropSchema(name, cascade=True, if_exists=True))
    shutil.rmtree(folder(slug), ignore_errors=True)


def _engine(db: "SQLAlchemy", slug: str) -> sa.Engine:
    if name := _schema(db, slug):
        return db.engine.execution_options(schema_translate_map={None: name})
    engines = current_app.extensions.setdefault("sounding_board_rehearsals", {})
    if slug not in engines:  # no connection is kept: the file may be another one next time
        engines[slug] = _file_engine(folder(slug) / _TABLES)
    return engines[slug]


def _file_engine(file: Path) -> sa.Engine:
    url = sa.URL.create("sqlite", database=str(file))
    return sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)


def _schema(db: "SQLAlchemy", slug: str) -> str:
    """Return the schema of the tables; "" with SQLite, which has none."""
    if db.engine.dialect.name == "sqlite":
        return ""
    return f"rehearsal_{sha256(slug.encode()).hexdigest()[:16]}"
