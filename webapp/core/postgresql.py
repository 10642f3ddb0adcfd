"""PostgreSQL: its address, its connections, and how those who write to it take turns.

SQLite has one writer at a time, and all that this project promises (one block to one rater, one
place to one id, each answer once) was written for that. Here the same is had from locks, which are
taken where a transaction begins, before it has read anything:

- whoever writes and has said nothing (a command, a page of the experimenter) writes alone;
- raters write beside each other (`webapp.core.database.beside`), each one's requests one after the
  other; where one counts what others have, `webapp.core.database.turn` lets one study's go one by
  one.

Locks are always taken in this order: everybody's, the rater's, the study's row. So no two wait for
each other. They are PostgreSQL's own, end with the transaction or the connection, and hold across
machines. Writers are READ COMMITTED, so that what they read after they have waited is what the
others left; readers are REPEATABLE READ, one moment for a whole page or export, as on SQLite.
"""

from typing import Any
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from embeddings.errors import InputError

DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
"""What can be stored in, and the driver of it that is known to keep the promises."""
CONNECTIONS = 16
"""How many a server process has at most; a thread beyond them waits for one for milliseconds."""
_EVERYBODY, _RATERS = 0x5342, 0x5343  # the first halves of the locks' keys, this project's own
_WAIT = 30  # seconds for a lock, as for SQLite's
_PASSWORD = "***"


def database_address(text: str, what: str = "database_url") -> URL:
    """Return the address that a `database_url` gives: of PostgreSQL with the driver that is used.

    Raises InputError, which does not tell a password, where it is none or of something else.
    """
    try:
        url = make_url(text.replace("postgres://", "postgresql://", 1))
        driver = DRIVERS.get(url.get_backend_name())
        named = "+" in url.drivername
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InputError(
            f"The {what} is no address: it must be like postgresql://USER:PASSWORD@HOST/NAME, "
            "with what is no letter or digit in the password written as %40 is for @."
        ) from error
    if driver is None or (named and url.get_driver_name() != driver):
        raise InputError(
            f"The {what} must begin with postgresql:// or sqlite:///, not {url.drivername}:."
        )
    return url.set(drivername="postgresql+psycopg") if driver == "psycopg" else url


def engine_options(url: URL) -> dict[str, Any]:
    """Return what SQLAlchemy is to make the engine with; what the address says itself goes first.

    A connection is asked whether it lives before it is used, so that a database that was restarted
    is found again. The server is asked to notice within half a minute that a machine is gone: the
    locks that it held are then free.
    """
    if url.get_backend_name() != "postgresql":
        # one for each of gunicorn's threads: who reads waits for nobody who waits to write
        return {"pool_size": 32, "max_overflow": 0} if url.database else {}
    arguments: dict[str, Any] = {
        "connect_timeout": 5,
        "application_name": "sounding-board",
        "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
        "tcp_user_timeout": 25_000,
        "options": f"-c lock_timeout={_WAIT}s -c tcp_keepalives_idle=10 "
        "-c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
    }  # fmt: skip
    arguments = {name: value for name, value in arguments.items() if name not in url.query}
    return {
        "pool_pre_ping": True,
        "pool_size": CONNECTIONS,
        "max_overflow": 0,
        "connect_args": arguments,
    }


def begin(connection: sa.Connection, may_write: bool, rater: str | None) -> None:
    """Begin a transaction: as a reader, or as a writer who has waited for those before.

    `rater` is None for who writes alone, "" for who writes beside raters, or names the rater.
    """
    from psycopg import IsolationLevel

    raw: Any = connection.connection.dbapi_connection
    if raw.autocommit:
        return
    raw.isolation_level = (
        IsolationLevel.READ_COMMITTED if may_write else IsolationLevel.REPEATABLE_READ
    )
    if not may_write:
        return
    if rater is None:
        locks = f"pg_advisory_xact_lock({_EVERYBODY}, 0)"
    else:
        locks = f"pg_advisory_xact_lock_shared({_EVERYBODY}, 0)"
    if rater:  # two of one number only wait for each other
        locks += f", pg_advisory_xact_lock({_RATERS}, {crc32(rater.encode()) - 2**31})"
    connection.exec_driver_sql(f"SELECT {locks}")


def without_password(text: str, url: URL) -> str:
    """Return a text in which the address's password is no more, should it have been in it."""
    password = url.password
    return text.replace(str(password), _PASSWORD) if password else text
