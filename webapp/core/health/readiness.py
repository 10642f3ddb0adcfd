"""Whether this server can take answers now: tried out, and quick, whoever else is writing.

A try takes the writer's turn for less than a millisecond, and not at all where somebody has it:
whoever writes shows that it can be written. What was found is kept for a second, so that strangers
who ask often cost nobody a turn.
"""

import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from os.path import isfile
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.pool import NullPool

from embeddings.errors import InputError
from webapp.core import database
from webapp.core.machines.installation import MARK

DATABASE, MIGRATIONS, DISK, DATA = "database", "migrations", "disk", "data"
KEPT = 1.0
"""Seconds for which a finding is good."""

MEGABYTE = 1_000_000
_PATIENCE = 0.25  # seconds that a try waits for its turn
_TOO_LONG = 30.0  # seconds for which one writer may have the turn: what raters wait
_BLOCK = 4096  # bytes: what a file takes at least

_BUSY = ("database is locked", "lock timeout", "could not obtain lock")
_BEGIN = {
    "sqlite": (f"PRAGMA busy_timeout={int(_PATIENCE * 1000)}", "BEGIN IMMEDIATE"),
    "postgresql": (
        "BEGIN",
        f"SET LOCAL lock_timeout = {int(_PATIENCE * 1000)}",
        "SET LOCAL statement_timeout = 5000",
    ),
}
_REACH = {"postgresql": {"connect_timeout": 3}}
"""What a driver is told, so that it does not wait for a server that says nothing; seconds."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one thing.

    Attributes
    ----------
    name : DATABASE, MIGRATIONS, DISK or DATA; strangers may read it
    ok : whether it is as it should be
    words : what is wrong, for who runs the app; may name paths
    """

    name: str
    ok: bool
    words: str = ""


@dataclass
class Prober:
    """Tries things out for an app, one after the other, and remembers."""

    app: Flask
    lock: threading.Lock = field(default_factory=threading.Lock)
    found: list[Check] = field(default_factory=list)
    at: float = -math.inf
    busy_since: float | None = None
    migrating: threading.Thread | None = None
    failed: str = ""
    engine: sa.Engine | None = None

    def checks(self) -> list[Check]:
        """Return what is found now, or was a second ago; what is new and bad goes to the log."""
        with self.lock:
            if time.monotonic() - self.at >= KEPT:
                before = {one.name for one in self.found if not one.ok}
                tries = ((MIGRATIONS, self._migrated), (DATABASE, self._writable),
                         (DISK, self._room), (DATA, self._folder))  # fmt: skip
                self.found = [_tried(name, look) for name, look in tries]
                self.at = time.monotonic()
                for one in self.found:
                    if not one.ok and one.name not in before:
                        self.app.logger.error("Not ready, %s: %s", one.name, one.words)
            return self.found

    def database(self, *, tables: bool) -> Check:
        """Return whether the database, which may have tables, takes a write; try nothing else."""
        return _tried(DATABASE, lambda: self._writable(tables=tables))

    def _writable(self, *, tables: bool = False) -> None:
        """Raise where the database takes no write; one that is taken back is tried."""
        engine = self._engine()
        if not is_made(engine.url):
            raise InputError("there is no database yet")
        try:
            with engine.connect() as connection:
                raw = connection.connection.cursor()
                try:
                    for words in _BEGIN.get(engine.dialect.name, ("BEGIN",)):
                        raw.execute(words)
                    if tables or self.app.extensions["sounding_board_ready"]:
                        raw.execute("UPDATE alembic_version SET version_num = version_num")
                finally:
                    with suppress(Exception):  # it may not have begun; what went wrong is raised
                        raw.execute("ROLLBACK")
                    raw.close()
            self.busy_since = None
        except Exception as error:
            if not any(words in str(error) for words in _BUSY):
                raise
            self._busy()

    def _busy(self) -> None:
        """Raise where the same writer, as far as is seen from here, has had the turn too long."""
        now = time.monotonic()
        self.busy_since = self.busy_since or now
        if now - self.busy_since > _TOO_LONG:
            raise InputError(f"somebody has been writing for {now - self.busy_since:.0f} seconds")

    def _migrated(self) -> None:
        """Raise where the tables are not those of this code; older ones are brought up to date.

        That goes on beside, as long as it takes, and need not wait for a first visitor.
        """
        if self.app.extensions["sounding_board_ready"]:
            now, newest = database.revisions(self.app)
            if now != newest:
                raise InputError(f"the tables are of revision {now}, and not {newest} any more")
            return
        if self.migrating is None or not self.migrating.is_alive():
            self.failed = ""
            self.migrating = threading.Thread(target=self._migrate, daemon=True)
            self.migrating.start()
        self.migrating.join(_PATIENCE)
        if not self.app.extensions["sounding_board_ready"]:
            raise InputError(self.failed or "the database is being brought up to date")

    def _migrate(self) -> None:
        try:
            database.prepare(self.app)
            self.app.extensions["sounding_board_ready"] = True
        except Exception as error:
            self.failed = _words(error)

    def _room(self) -> None:
        """Raise where the disk of the data folder is nearly full."""
        free, least = free_bytes(self.app), self.app.config["SETTINGS"]["least_free_mb"]
        if free < least * MEGABYTE:
            raise InputError(
                f"{free // MEGABYTE} MB are free at {self.app.config['DATA']}, fewer than the "
                f"{least} of least_free_mb"
            )

    def _folder(self) -> None:
        """Raise where a file cannot be written to the data folder, such as by a quota.

        Or where it is another one than it was at the start: what was mounted there is gone.
        """
        data: Path = self.app.config["DATA"]
        if self.app.extensions["sounding_board_ready"] and not (data / MARK).is_file():
            raise InputError(f"{data} has lost its id: see that what was mounted there still is")
        handle, path = tempfile.mkstemp(prefix=".ready.", dir=data)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(bytes(_BLOCK))
                file.flush()
                os.fsync(file.fileno())
        finally:
            Path(path).unlink()

    def _engine(self) -> sa.Engine:
        """Return a way to the database of our own: it waits for no other's connection."""
        if self.engine is None:
            with self.app.app_context():
                url = database.db.engine.url
            self.engine = sa.create_engine(
                url, poolclass=NullPool, isolation_level="AUTOCOMMIT",
                connect_args=_REACH.get(url.get_backend_name(), {}),
            )  # fmt: skip
        return self.engine


def init_app(app: Flask) -> None:
    """Give the app who tries things out."""
    app.extensions["sounding_board_prober"] = Prober(app)


def checks(app: Flask) -> list[Check]:
    """Return what is found of the database, its migrations, the disk, and the data folder."""
    return app.extensions["sounding_board_prober"].checks()


def free_bytes(app: Flask) -> int:
    """Return how many bytes are free for this user where the data folder is."""
    return shutil.disk_usage(app.config["DATA"]).free


def is_made(url: sa.URL) -> bool:
    """Say whether there is a database to look at; SQLite would make one, open to everybody."""
    path = url.database
    return url.get_backend_name() != "sqlite" or path in (None, "", ":memory:") or isfile(path)


def _tried(name: str, look: Callable[[], None]) -> Check:
    try:
        look()
    except Exception as error:
        return Check(name, False, _words(error))
    return Check(name, True)


def _words(error: Exception) -> str:
    """Return the first line of what an error says, without the statement that it came by."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
