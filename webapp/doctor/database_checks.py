"""The database: reachable, writable, of this version, and set up so that nothing is lost."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from webapp.core import database
from webapp.core.database import db, now
from webapp.core.health.readiness import Prober
from webapp.doctor.patient import Patient
from webapp.doctor.registry import Said, check, fault, ok, warning

OLDEST_POSTGRESQL = 13
_CLOCK = 5.0  # seconds
_RESERVED = 10  # connections, for who looks at the database by hand, and for backups


@check("database")
def writable(patient: Patient) -> Iterator[Said]:
    """Say whether the database is reached and can be written, by a write that is taken back."""
    prober = Prober(patient.app)
    found = prober.database(tables=False)
    if found.ok and database.revisions(patient.app)[0] is not None:
        found = prober.database(tables=True)
    if found.ok:
        yield ok(f"{patient.url.get_backend_name()}, and it can be written.")
    else:
        yield fault(
            f"It cannot be used: {found.words}.",
            "See that it runs, that database_url names it, and that this user may write it.",
        )


@check("migrations")
def migrations(patient: Patient) -> Iterator[Said]:
    """Say whether the tables are those of this version."""
    if not patient.is_made:
        return
    there, newest = database.revisions(patient.app)
    if there == newest:
        yield ok(f"The tables are of revision {newest}.")
    elif there is None:
        yield warning("There are no tables.", "Start the app, or run: flask studies list")
    elif there > newest:
        yield fault(
            f"The tables are of revision {there}, and this version knows them to {newest}.",
            "Install the version that was here before: docs/upgrading.md.",
        )
    else:
        yield warning(
            f"The tables are of revision {there}, and will be of {newest} after the next start.",
            "Make a backup, then start the app: docs/upgrading.md.",
        )


@check("durability")
def durability(patient: Patient) -> Iterator[Said]:
    """Say whether an answer that was acknowledged survives a power cut."""
    if not patient.is_made:
        return
    if patient.is_sqlite:
        mode = _scalar(patient.app, "PRAGMA journal_mode")
        if str(mode).lower() != "wal":
            yield fault(
                f"SQLite's journal is {mode}, not wal: readers stop writers.",
                "Move the data folder to a disk of this machine.",
            )
        level = int(_scalar(patient.app, "PRAGMA synchronous"))
        if level < 2:
            yield fault(f"SQLite's synchronous is {level}.", "It must be FULL (2).")
        yield ok(f"journal {mode}, synchronous {level}.")
        return
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        value = _scalar(patient.app, f"SHOW {name}")
        if value == "off":
            yield fault(
                f"PostgreSQL's {name} is off: a power cut loses answers.",
                f"Set {name} = on in postgresql.conf, and restart PostgreSQL.",
            )
        else:
            yield ok(f"{name} {value}.")


@check("integrity")
def integrity(patient: Patient) -> Iterator[Said]:
    """Say whether SQLite's file is whole; PostgreSQL looks after its own."""
    if patient.is_sqlite and patient.is_made:
        found = _scalar(patient.app, "PRAGMA quick_check(1)")
        if found == "ok":
            yield ok("quick_check finds nothing.")
        else:
            yield fault(
                f"SQLite's file is damaged: {found}.",
                "Stop the server, keep a copy of the file, and restore the newest backup.",
            )


@check("postgresql")
def postgresql(patient: Patient) -> Iterator[Said]:
    """Say whether PostgreSQL is one that the project is tried with, and has room."""
    if patient.is_sqlite:
        return
    version = int(_scalar(patient.app, "SHOW server_version_num")) // 10_000
    if version < OLDEST_POSTGRESQL:
        yield fault(f"It is version {version}.", f"Install {OLDEST_POSTGRESQL} or newer.")
    encoding = _scalar(patient.app, "SHOW server_encoding")
    if encoding != "UTF8":
        yield fault(f"The database's encoding is {encoding}.", "Make one with ENCODING 'UTF8'.")
    yield ok(f"version {version}, {encoding}.")
    yield _room(patient.app)


def _room(app: Flask) -> Said:
    most = int(_scalar(app, "SHOW max_connections"))
    with app.app_context():
        pool: Any = db.engine.pool
        own = pool.size() + max(pool._max_overflow, 0)
    processes = max((most - _RESERVED) // own, 0)
    words = (
        f"max_connections is {most}, and a process of the server takes up to {own}: "
        f"there is room for {processes}"
    )
    if processes < 2:
        return fault(f"{words}.", "Raise max_connections in postgresql.conf.")
    return ok(f"{words}.")


@check("database clock")
def clock(patient: Patient) -> Iterator[Said]:
    """Say whether this machine and PostgreSQL's agree what time it is."""
    if patient.is_sqlite:
        return
    there: datetime = _scalar(patient.app, "SELECT clock_timestamp()")
    apart = abs((now() - there).total_seconds())
    if apart > _CLOCK:
        yield warning(
            f"This machine and the database's are {apart:.0f} seconds apart.",
            "Let both keep time by NTP: timedatectl set-ntp true",
        )
    else:
        yield ok(f"{apart:.1f} seconds apart.")


def _scalar(app: Flask, statement: str) -> Any:
    """Return the one value of a statement that only reads."""
    with app.app_context():
        database.reads()
        with db.engine.connect() as connection:
            return connection.scalar(sa.text(statement))
