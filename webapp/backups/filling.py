"""A new database of a given revision, filled with rows that come from elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from embeddings import __version__
from embeddings.errors import InputError
from webapp.backups.typed_rows import Digest, digests, header, store, tables
from webapp.core.config import ROOT

Rows = Mapping[str, tuple[dict[str, Any], Iterable[list[Any]]]]
"""Table -> its header, and its rows, as `typed_rows` has them."""


def fill(connection: sa.Connection, revision: str, source: Rows) -> None:
    """Make the tables of a revision in an empty database, and store the rows in them.

    Raises InputError where this version does not know the revision, or its tables are others.
    """
    check_revision(revision)
    migrate(connection, revision)
    made = {one.name: one for one in tables(connection)}
    if missing := sorted(made.keys() ^ source.keys()):
        raise InputError(
            f"The tables of revision {revision} are not those that are to be stored: "
            f"{', '.join(missing)}."
        )
    for table in reversed(made.values()):  # a migration may have made a row
        connection.execute(sa.delete(table))
    for name, table in made.items():
        told, rows = source[name]
        if told != header(table):
            raise InputError(f"The columns of the table {name} are not those of {revision}.")
        store(connection, table, rows)
        _advance(connection, table)


def check_same(connection: sa.Connection, wanted: Mapping[str, Digest]) -> None:
    """Raise InputError where the rows of a table are not the wanted ones."""
    found = digests(connection)
    for name, digest in wanted.items():
        if found.get(name) != digest:
            rows = found[name].rows if name in found else 0
            raise InputError(
                f"The table {name} came out otherwise: {rows} rows, where {digest.rows} were "
                "stored. Nothing was changed."
            )


def check_revision(revision: str) -> None:
    """Raise InputError where this version knows no such revision of the tables."""
    known = revisions()
    if revision in known:
        return
    age = "newer" if revision > known[-1] else "older"
    raise InputError(
        f"The tables are of revision {revision}, of a version {age} than can be read: Sounding "
        f"Board {__version__} knows them from {known[0]} to {known[-1]}. Nothing was changed."
    )


def migrate(connection: sa.Connection, revision: str = "head") -> None:
    """Bring a database's tables to a revision, in the connection's transaction."""
    from alembic import command

    config = _migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def revisions() -> list[str]:
    """Return the revisions that this version knows, the oldest first."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_migrations())
    return sorted(one.revision for one in script.walk_revisions())  # they are numbered


def _migrations() -> Any:
    from alembic.config import Config

    config = Config()
    place = ROOT / "webapp" / "migrations"
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    return config


def _advance(connection: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL count on from the last id that was stored; SQLite looks for it itself."""
    if connection.dialect.name != "postgresql":
        return
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    for column in table.primary_key:
        sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(quoted, column.name)))
        if sequence:
            last = sa.select(sa.func.max(column)).scalar_subquery()
            used = sa.select(sa.func.count() > 0).select_from(table).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sequence, sa.func.coalesce(last, 1), used)))
