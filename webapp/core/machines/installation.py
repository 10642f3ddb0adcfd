"""One database, one data folder, one secret key: a server with another of them does not serve.

The data folder bears an id in its file ``installation``. The database knows that id and a
fingerprint of the secret key; both are written at the first start, and by every server looked at
when it starts. So a server whose shared folder is not mounted, or that made a key of its own, says
so instead of answering raters with sounds that are not there.
"""

import contextlib
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from embeddings.errors import InputError
from embeddings.files import read_text, write_text

MARK = "installation"
"""The file of the data folder that bears its id."""

_TABLE = sa.table(
    "installation",
    *map(sa.column, ("id", "folder", "key")),
    sa.column("made_at", sa.DateTime()),  # else sqlite3 stores it by itself, in a way that ends
)
_MADE_OF = b"Sounding Board: which key signs"
_SHORT = 12  # characters of an id or a fingerprint that a sentence shows
_ACCEPT = (
    "To serve with this one from now on: flask installation accept (docs/howto/two-servers.md)."
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A data folder's id and a secret key's fingerprint; "" for a folder that bears none."""

    folder: str
    key: str


def here(app: Flask) -> Identity:
    """Return what this process serves with."""
    key = app.config["SECRET_KEY"].encode()
    path = app.config["DATA"] / MARK
    folder = read_text(path).strip() if path.is_file() else ""
    return Identity(folder, hmac.new(key, _MADE_OF, hashlib.sha256).hexdigest())


def known(connection: sa.Connection) -> Identity | None:
    """Return what the database knows, None where it was not served by this version yet."""
    if not sa.inspect(connection).has_table(_TABLE.name):
        return None
    row = connection.execute(sa.select(_TABLE.c.folder, _TABLE.c.key)).first()
    return Identity(*row) if row else None


def check(app: Flask, engine: sa.Engine) -> None:
    """Refuse to serve with another data folder or another secret key than the database knows.

    What it does not know yet, and what a folder does not bear that has the database in it, is
    written. Raises InputError, and changes nothing, where it knows others.
    """
    with engine.connect() as connection:
        stored = known(connection)
    if stored is None:
        stored = _store(app, engine)
    mine = here(app)
    if not mine.folder and _database_inside(app, engine):
        _mark(app, stored.folder)
        mine = here(app)
    _compare(app, mine, stored)


def check_known(app: Flask, engine: sa.Engine) -> None:
    """Refuse as `check` does, and write nothing: for a start, before there may be any tables."""
    with engine.connect() as connection:
        stored = known(connection)
    mine = here(app)
    if stored and (mine.folder or not _database_inside(app, engine)):
        _compare(app, mine, stored)


def accept(app: Flask, engine: sa.Engine) -> None:
    """Let this data folder and this secret key be the ones that the database knows."""
    mine = here(app)
    if not mine.folder:
        _mark(app, secrets.token_hex(16))
        mine = here(app)
    with engine.begin() as connection:
        connection.execute(sa.update(_TABLE).values(folder=mine.folder, key=mine.key))


def _compare(app: Flask, mine: Identity, stored: Identity) -> None:
    data = app.config["DATA"]
    if mine.folder != stored.folder:
        bears = f"is {mine.folder[:_SHORT]}" if mine.folder else "has no id"
        raise InputError(
            f"The data folder {data} {bears}, and the database belongs to the data folder "
            f"{stored.folder[:_SHORT]}: mount that one there, or name where it is by "
            f"SOUNDING_BOARD_DATA. Nothing was changed. {_ACCEPT}"
        )
    if mine.key != stored.key:
        raise InputError(
            f"The secret key {data / 'secret_key'} has the fingerprint {mine.key[:_SHORT]}, and "
            f"the database belongs to one with {stored.key[:_SHORT]}: put that file back, from the "
            f"other server or a backup. Nothing was changed. {_ACCEPT}"
        )


def _store(app: Flask, engine: sa.Engine) -> Identity:
    """Store what this process serves with, unless another one is quicker; return what is there."""
    if not here(app).folder:
        _mark(app, secrets.token_hex(16))
    mine = here(app)
    row = {"id": 1, "folder": mine.folder, "key": mine.key, "made_at": _now()}
    with contextlib.suppress(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(_TABLE).values(row))
    with engine.connect() as connection:
        return known(connection) or mine


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)  # as the models store moments


def _mark(app: Flask, identity: str) -> None:
    """Give the data folder an id; of several processes that do, the first one's stays."""
    path: Path = app.config["DATA"] / MARK
    new = path.with_name(f".{MARK}.{secrets.token_hex(8)}")
    write_text(new, f"{identity}\n")
    with contextlib.suppress(FileExistsError):
        try:
            path.hardlink_to(new)
        except FileExistsError:
            raise
        except OSError:  # exFAT, say, has no hard links: it is one machine's
            with path.open("x", encoding="ascii") as file:
                file.write(f"{identity}\n")
    new.unlink()


def _database_inside(app: Flask, engine: sa.Engine) -> bool:
    """Return whether the database is a file of the data folder: it cannot be another one's."""
    if engine.dialect.name != "sqlite":
        return False
    place = Path(engine.url.database or "")
    return place.is_absolute() and place.parent.resolve() == app.config["DATA"].resolve()
