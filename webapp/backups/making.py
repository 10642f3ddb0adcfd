"""A backup is made, while the app serves and raters write: all of one moment, or no file at all.

The rows are read first, in one transaction that nobody waits for. The files are read after them: a
study's sounds are there before its rows, and stay as they are.
"""

import platform
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from flask import current_app

from embeddings import __version__
from embeddings.errors import InputError
from embeddings.files import only_writer, read_text, whole_file, write_text
from embeddings.progress import progress
from webapp.backups.archive import DATA, Archive, is_private, member_of
from webapp.backups.belongings import (
    SETTINGS,
    belongings,
    chosen_collections,
    sounds_elsewhere,
)
from webapp.backups.engines import snapshot
from webapp.backups.filling import revisions
from webapp.backups.settings_text import without_address
from webapp.backups.typed_rows import header, line, revision_of, rows_of, tables
from webapp.core.database import db

_DATED = re.compile(r"sounding-board-\d{8}-\d{6}\.zip")
MADE_AT = "made_at"
"""The file of the data folder's `backups` that is as old as the newest one, wherever that went."""
_STALE = 24 * 3600  # seconds after which nobody writes a half-made file any more


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup has: rows of each table, studies, collections, bytes out of the zip.

    `elsewhere` are the collections of which so many sounds lie outside, and are not in it.
    """

    rows: Mapping[str, int]
    studies: Sequence[str]
    collections: Sequence[str]
    files: int
    bytes: int
    elsewhere: Mapping[str, int]


def back_up(path: Path, collections: Sequence[str] = (), *, replace: bool = False) -> Made:
    """Write a backup to `path`, for the owner's eyes only; InputError where a file is there."""
    if path.is_dir():
        raise InputError(f"{path} is a folder: flask backup --into {path}")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no such folder to write to.")
    if path.exists() and not replace:
        raise InputError(f"{path} is there already, and stays as it is; --replace replaces it.")
    with whole_file(path, private=True) as file:
        made = write_backup(file, collections)
        if path.exists() and not replace:  # somebody else's, meanwhile
            raise InputError(f"{path} is there already, and stays as it is; --replace replaces it.")
    note_backup()
    return made


def note_backup() -> None:
    """Note for `flask doctor` that a backup was made; where that cannot be, it is whole as well."""
    folder = current_app.config["DATA"] / "backups"
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        write_text(folder / MADE_AT, f"{datetime.now(UTC).isoformat(timespec='seconds')}\n")


def back_up_into(folder: Path, collections: Sequence[str], keep: int) -> tuple[Path, Made]:
    """Write a backup named by the moment into a folder; of such, keep the newest ones.

    `keep` is how many, 0 for all. The older ones go when the new one is whole.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder to write to.")
    with only_writer(current_app.config["DATA"] / "locks" / "backup", "a backup"):
        path = folder / f"sounding-board-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
        made = back_up(path, collections)
        dated = sorted(one for one in folder.iterdir() if _DATED.fullmatch(one.name))
        for old in dated[:-keep] if keep else []:
            old.unlink(missing_ok=True)
        for left in folder.glob(".sounding-board-*.zip.*.new"):  # of one that was killed
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > _STALE:
                    left.unlink()
    return path, made


def write_backup(file: IO[bytes], collections: Sequence[str] = ()) -> Made:
    """Write a backup to a file or a pipe."""
    data: Path = current_app.config["DATA"]
    names = chosen_collections(data, collections)
    with Archive(file) as archive:
        facts = write_rows(archive, db.engine)
        _add_files(archive, list(belongings(data, names)))
        elsewhere = sounds_elsewhere(data, names)
        archive.finish({**facts, "collections": names, "sounds_elsewhere": elsewhere})
    return Made(
        facts["tables"], facts["studies"], names,
        sum(1 for name in archive.members if name.startswith(DATA)),
        sum(one.bytes for one in archive.members.values()), elsewhere,
    )  # fmt: skip


def _add_files(archive: Archive, found: Sequence[tuple[str, Path]]) -> None:
    with progress(sum(_size(path) for _, path in found), "B", "backing up") as bar:
        for name, path in found:
            if name == SETTINGS:
                text = without_address(read_text(path))
                archive.add_bytes(DATA + name, text.encode(), private=is_private(path))
            else:
                archive.add_file(DATA + name, path, bar.update)


def write_rows(archive: Archive, engine: sa.Engine) -> dict[str, Any]:
    """Add the rows of all tables as they are at one moment; return what the manifest says of them.

    Raises InputError where there are no tables, or some that are not the app's.
    """
    with snapshot(engine) as connection:
        revision = revision_of(connection)
        if revision is None:
            raise InputError(
                "There is nothing to back up yet: the database has no tables. (They are made by "
                "the first request, or by flask studies list.)"
            )
        moment = datetime.now(UTC)
        found = tables(connection)
        _check_ours(found, revision)
        rows = {one.name: 0 for one in found}
        total = sum(
            connection.scalar(sa.select(sa.func.count()).select_from(one)) or 0 for one in found
        )
        with progress(total, "row", "backing up") as bar:
            for table in found:
                archive.add_lines(member_of(table.name), _counted(connection, table, rows, bar))
        slugs = list(connection.scalars(sa.text("SELECT slug FROM study ORDER BY id")))
    return {
        "version": __version__,
        "revision": revision,
        "made_at": moment.isoformat(timespec="seconds"),
        "database": engine.dialect.name,
        "python": platform.python_version(),
        "tables": rows,
        "studies": slugs,
    }


def _counted(connection: sa.Connection, table: sa.Table, rows: dict[str, int], bar: Any) -> Any:
    yield line(header(table))
    for row in rows_of(connection, table):
        yield line(row)
        rows[table.name] += 1
        bar.update()


def _check_ours(found: Sequence[sa.Table], revision: str) -> None:
    """Raise InputError where a database of today has other tables than the app's.

    It could not be restored: better to hear it now.
    """
    strange = sorted({one.name for one in found} - db.metadata.tables.keys())
    if strange and revision == revisions()[-1]:
        raise InputError(
            f"The database has tables that are not Sounding Board's: {', '.join(strange)}. Give "
            "it a database of its own (flask database copy)."
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
