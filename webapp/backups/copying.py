"""A database copied into an empty one of either kind: every row the same, or nothing is there."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from embeddings.errors import InputError
from embeddings.files import only_writer
from embeddings.progress import progress
from webapp.backups import engines, filling
from webapp.backups.opened_archive import is_archive, opened_archive
from webapp.backups.typed_rows import Digest, digests, header, revision_of, rows_of, tables


def copy(source: str, target: str) -> dict[str, int]:
    """Copy a database, or the one in a backup, into an empty one; return the rows of each table.

    The copy is of the source's revision. Raises InputError, and leaves nothing in the target, where
    that is not empty, where somebody wrote to the source meanwhile, or where a row came out
    otherwise.
    """
    to = engines.address(target)
    lock = current_app.config["DATA"] / "locks" / "restore"
    with only_writer(lock, "a restore or a copy of a database"):
        if is_archive(Path(source)):
            return _from_archive(Path(source), to)
        with engines.engine_at(engines.address(source)) as engine:
            return _from_database(engine, to)


def _from_archive(path: Path, to: sa.URL) -> dict[str, int]:
    with opened_archive(path) as archive:
        archive.verify()
        with engines.building(to) as connection:
            filling.fill(connection, archive.revision, archive.tables())
            filling.check_same(connection, archive.digests)
        return {name: one.rows for name, one in archive.digests.items()}


def _from_database(engine: sa.Engine, to: sa.URL) -> dict[str, int]:
    with engines.building(to) as connection:
        with engines.snapshot(engine) as reading:
            revision = revision_of(reading)
            if revision is None:
                raise InputError(f"{engines.shown(engine.url)} has no tables of Sounding Board.")
            filling.check_revision(revision)
            wanted = digests(reading)
            filling.fill(connection, revision, _rows(reading, wanted))
        filling.check_same(connection, wanted)
        _check_quiet(engine, wanted)
    return {name: one.rows for name, one in wanted.items()}


def _rows(reading: sa.Connection, wanted: Mapping[str, Digest]) -> filling.Rows:
    bar = progress(sum(one.rows for one in wanted.values()), "row", "copying")

    def counted(table: sa.Table) -> Iterator[list[Any]]:
        for row in rows_of(reading, table):
            yield row
            bar.update()

    return {one.name: (header(one), counted(one)) for one in tables(reading)}


def _check_quiet(engine: sa.Engine, wanted: Mapping[str, Digest]) -> None:
    """Raise InputError where the source has other rows now than those that were copied."""
    with engines.snapshot(engine) as reading:
        if digests(reading) != wanted:
            raise InputError(
                f"Somebody wrote to {engines.shown(engine.url)} while it was copied: stop the "
                "server, and copy again. Nothing was stored."
            )
