"""The database: set up so that many raters can write at once, and its migrations.

SQLite's own default is to begin a transaction as a reader and turn it into a writer later; two
such transactions cannot both turn, and one fails however long it waits. So a request that may
write begins with BEGIN IMMEDIATE and waits its turn, and a request that reads never does. On
PostgreSQL the same is had from locks (:mod:`webapp.core.postgresql`).
"""

import os
import sqlite3
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask, current_app, g, has_app_context, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.orm import DeclarativeBase
from werkzeug.exceptions import ServiceUnavailable

from embeddings import __version__
from embeddings.errors import InputError
from embeddings.files import only_writer
from embeddings.packages import lack_at
from webapp.core import metrics, postgresql, writers
from webapp.core.machines import database_locks, installation
from webapp.core.machines.rehearsal_tables import RehearsalSession
from webapp.core.static_files import ENDPOINTS

View = TypeVar("View", bound=Callable)

_PRAGMAS = (
    "journal_mode=WAL",  # readers do not wait for a writer
    "synchronous=FULL",  # a grade that was acknowledged survives a power cut
    "busy_timeout=30000",
    "foreign_keys=ON",
)
BEFORE_MIGRATION = "sounding_board_before_migration"
"""What the app is extended by to be called with the tables' revision, before they are changed."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods of requests that change nothing."""


class Base(DeclarativeBase):
    """The models' base, with names for constraints, so that migrations can speak of them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"class_": RehearsalSession})


class UtcDateTime(sa.TypeDecorator):
    """A moment in UTC. SQLite gives back moments without a zone; this puts UTC on them again."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Store the moment in UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the moment back with its zone."""
        return value and value.replace(tzinfo=UTC)


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


def row_id(text: str) -> int:
    """Return the id of a row that a form names; raise ValueError where no row can have it."""
    number = int(text)
    if not 0 <= number < 2**31:
        raise ValueError(f"no row has the id {number}")
    return number


def init_app(app: Flask) -> None:
    """Bind the database to the app, and bring its tables up to date before the first request."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    if isinstance(url, str):
        url = app.config["SQLALCHEMY_DATABASE_URI"] = postgresql.database_address(url)
    # A sentence of an error has no values: they are tokens and ids of raters.
    options = {"hide_parameters": True} | postgresql.engine_options(url)
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", options)
    try:
        db.init_app(app)
    except ImportError as error:
        why = lack_at(error, "-r requirements-postgresql.txt")
        raise InputError(f"psycopg, which PostgreSQL is reached by, {why}.") from error
    database_locks.use(make_url(url), app.config["DATA"])
    app.extensions["sounding_board_ready"] = False
    with app.app_context():
        engines = list(db.engines.values())
        if db.engine.dialect.name == "sqlite":
            writers.queue_at(db.engine, app.config["DATA"] / "locks" / "writers")
    _engines.update(engines)
    # Python 3.13 warns of every connection that is still open when it is forgotten.
    weakref.finalize(app, _close, engines)

    @app.before_request
    def ready() -> None:
        view = app.view_functions.get(request.endpoint or "")
        alone = request.endpoint in ENDPOINTS or getattr(view, "needs_no_database", False)
        if not alone and not is_ready():
            raise ServiceUnavailable(
                "The database cannot be used just now; the server's log says why.", retry_after=5
            )


def without_database(view: View) -> View:
    """Let a view answer also where the database cannot be used, or is being brought up to date."""
    view.needs_no_database = True  # type: ignore[attr-defined]
    return view


def is_ready() -> bool:
    """Bring the tables up to date, and return whether they are; if not, the log says why."""
    known = current_app.extensions
    if not known["sounding_board_ready"]:
        try:
            prepare()
        except InputError as error:
            current_app.logger.error(error)  # the version is not for strangers
            return False
        known["sounding_board_ready"] = True
    return True


_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def _after_fork() -> None:
    """Leave the connections of the process that this one is a fork of to that process."""
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_after_fork)


def _close(engines: list[Engine]) -> None:
    for engine in engines:
        engine.dispose()


def prepare(app: Flask | None = None, *, accept: bool = False) -> None:
    """Bring the tables up to date, once, whichever of several processes comes first.

    Raises InputError, and changes nothing, where a newer version of the code has been there, or
    none since 0.1.0, or where the database belongs to another data folder or secret key; that one
    is replaced by this one where it is to `accept` it.
    """
    app = app or current_app._get_current_object()  # type: ignore[attr-defined]
    with app.app_context():
        _for_the_owner_only()
        if not accept:
            installation.check_known(app, db.engine)
    _bring_up_to_date(app)
    with app.app_context():
        (installation.accept if accept else installation.check)(app, db.engine)


def refuse_strangers(app: Flask) -> str:
    """Refuse to start where `prepare` would of another folder or key; return the dialect's name.

    A database that is not there or does not answer refuses nothing yet: the first request asks
    again. No connection stays open: a server may be about to fork.
    """
    with app.app_context():
        engine = db.engine
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        if file is None or Path(file).is_file():
            with suppress(sa.exc.SQLAlchemyError):
                installation.check_known(app, engine)
            engine.dispose()
        return engine.dialect.name


def _bring_up_to_date(app: Flask) -> None:
    revision, newest = _revision(app), _newest(app)
    if revision == newest:
        return
    if revision is not None and revision not in _known(app):
        raise InputError(
            f"The database was written by a version {'newer' if revision > newest else 'older'} "
            f"than can be read: its tables are of revision {revision}, and Sounding Board "
            f"{__version__} knows them from {min(_known(app))} to {newest}. Nothing was changed. "
            "Serve it with that version, or see docs/upgrading.md for the ways on and back."
        )
    from alembic import command
    from alembic.config import Config

    where = Config()
    where.set_main_option("script_location", str(_migrations(app)).replace("%", "%%"))
    if has_request_context():
        writes()
    lock = app.config["DATA"] / "locks" / "migration"
    with only_writer(lock, "bringing the database up to date", wait=60), app.app_context():
        if (revision := _revision(app)) != newest:  # nobody was quicker
            current_app.extensions[BEFORE_MIGRATION](revision)
            command.upgrade(where, "head")
        db.session.remove()


def _for_the_owner_only() -> None:
    """Make SQLite's file, where there is none, so that nobody else on the machine reads it.

    The file itself is never opened here: closing it again would drop every lock that this process
    has on it, and another process would take the log of what was just committed for its own to
    remove.
    """
    path = db.engine.url.database
    if db.engine.dialect.name != "sqlite" or path in (None, "", ":memory:"):
        return
    with suppress(OSError):  # SQLite itself says what is wrong with the place
        handle, new = tempfile.mkstemp(prefix=".database.", dir=Path(path).parent)
        os.close(handle)
        try:
            os.link(new, path)
        finally:
            os.unlink(new)


def writes() -> None:
    """Say that this request writes although it is a GET; call it before using the database."""
    g.writes = True


@contextmanager
def writing() -> Iterator[None]:
    """Write in a transaction of its own, in a request or command that reads before and after it.

    So nobody waits while much is read for a line that is written. What was read is read anew when
    it is looked at again. Call it where nothing is pending: that would be lost.
    """
    db.session.rollback()
    kept = {name: g.pop(name) for name in ("reads", "writes") if name in g}
    writes()
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        g.pop("writes")
        for name, value in kept.items():
            setattr(g, name, value)


def reads() -> None:
    """Say that this command only reads, so that no rater waits for it; call it after `prepare`."""
    db.session.rollback()
    g.reads = True


@contextmanager
def reading() -> Iterator[None]:
    """Look something up before this request, which may write, takes its turn as a writer.

    What was read is to be read again then.
    """
    g.reads = True
    try:
        yield
    finally:
        db.session.rollback()
        g.pop("reads")


def beside(rater: str = "") -> None:
    """Say that this request writes beside other raters', where the database lets several write.

    `rater` names whose it is: of one rater's requests one writes at a time. It can be sent twice
    and does the same (`webapp.core.outages`). What counts others' rows needs `turn`.
    """
    g.rater = rater


def turn(row: Base) -> None:
    """Let those who change what hangs on a row go one after the other, each until its commit.

    SQLite's writers do so by themselves.
    """
    if db.engine.dialect.name != "sqlite":
        # the key stays as it is, so that rows which name it can be stored meanwhile
        db.session.refresh(row, with_for_update={"key_share": True})


def revisions(app: Flask) -> tuple[str | None, str]:
    """Return the revision of the tables, None where there are none, and the newest known one."""
    return _revision(app), _newest(app)


def _revision(app: Flask) -> str | None:
    with app.app_context(), db.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def _newest(app: Flask) -> str:
    return max(_known(app))


def _known(app: Flask) -> set[str]:
    # Revisions are numbered files, so that they are known without loading Alembic.
    folder = _migrations(app) / "versions"
    return {path.name.partition("_")[0] for path in folder.glob("[0-9]*.py")}


def _migrations(app: Flask) -> Path:
    return Path(app.root_path) / "migrations"


def _may_write() -> bool:
    if has_app_context() and "reads" in g:
        return False
    return not has_request_context() or request.method not in READING or "writes" in g


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # SQLAlchemy's begin event below says BEGIN
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _on_begin(connection: sa.Connection) -> None:
    may_write = _may_write()
    with metrics.database_wait() if may_write else nullcontext():
        if connection.dialect.name == "sqlite":
            if may_write:
                writers.begin(connection)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if may_write else "BEGIN")
        elif connection.dialect.name == "postgresql":
            rater = g.get("rater") if has_app_context() else None
            postgresql.begin(connection, may_write, rater)
