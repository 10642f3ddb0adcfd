"""Locks that hold on every machine: PostgreSQL's advisory locks, one connection for each.

A lock is named by its path in the data folder; one database belongs to one such folder
(`webapp.core.machines.installation`). It is free again when its process ends, however that comes,
or its machine is gone: the server closes a connection that does not answer.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from embeddings.errors import InputError
from embeddings.files import set_locks
from webapp.core.postgresql import engine_options

_PAUSE = 0.1  # seconds between two tries
_TRY = sa.text("SELECT pg_try_advisory_lock(:key)")
_IS_HELD = sa.text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (classid::bigint << 32) | objid::bigint = :key"
)


class DatabaseLocks:
    """The locks of one data folder in the database at `url`."""

    def __init__(self, url: sa.URL, data: Path) -> None:
        self.data = data
        options = {"connect_args": engine_options(url).get("connect_args", {})}
        # Not the app's own pool: a lock is held for hours, and must not take a rater's connection.
        self.engine = sa.create_engine(
            url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", **options
        )

    @contextmanager
    def hold(self, path: Path, wait: float) -> Iterator[Callable[[], bool]]:
        """Hold the lock of a path for the block; give what tells whether it is held yet.

        Raises TimeoutError where another connection holds it for `wait` seconds, InputError where
        the database cannot be reached.
        """
        until = time.monotonic() + wait
        connection = self._connect()
        try:
            while not connection.scalar(_TRY, {"key": self._key(path)}):
                if time.monotonic() >= until:
                    raise TimeoutError
                time.sleep(_PAUSE)
            yield lambda: _lives(connection)
        finally:
            with suppress(sa.exc.SQLAlchemyError):
                connection.close()  # and with it, the lock is free

    def is_held(self, path: Path) -> bool:
        """Return whether anybody holds the lock of a path; whoever takes it is not disturbed."""
        with self._connect() as connection:
            return bool(connection.scalar(_IS_HELD, {"key": self._key(path)}))

    def _connect(self) -> sa.Connection:
        try:
            return self.engine.connect()
        except sa.exc.OperationalError as error:
            raise InputError(
                "The database cannot be reached, and no lock be taken there: try again when it is "
                "back."
            ) from error

    def _key(self, path: Path) -> int:
        name = path.resolve().relative_to(self.data).as_posix()
        return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)


_in_use: dict[Path, DatabaseLocks] = {}


def use(url: sa.URL, data: Path) -> None:
    """Let the locks of a data folder be those of its database; of SQLite, files are enough."""
    data = data.resolve()
    if url.get_backend_name() == "postgresql":
        _in_use[data] = locks = DatabaseLocks(url, data)
        set_locks(data, locks.hold)
    else:
        _in_use.pop(data, None)
        set_locks(data, None)


def covering(path: Path) -> DatabaseLocks | None:
    """Return the locks of the database whose data folder a path lies in; None for files' own."""
    return next((_in_use[one] for one in path.resolve().parents if one in _in_use), None)


def _lives(connection: sa.Connection) -> bool:
    """Return whether a connection is the one that it was: with it goes what it holds."""
    try:
        connection.scalar(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return False
    return not connection.invalidated
