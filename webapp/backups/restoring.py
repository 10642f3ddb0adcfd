"""A backup is restored into an empty data folder and an empty database: all of it, or nothing.

Files are unpacked beside their places and moved there at the end; the database comes last. What a
restore that was killed has moved is moved back by the next one.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from embeddings.errors import InputError
from embeddings.files import only_writer, read_json, read_text, write_json
from embeddings.progress import progress
from webapp.backups import belongings, engines, filling
from webapp.backups.archive import DATA
from webapp.backups.opened_archive import OpenedArchive, opened_archive
from webapp.backups.settings_text import as_first_written
from webapp.core.database import db

_STAGE = ".restore."
_JOURNAL = "moving.json"
_KEPT = "config.toml.of-backup"
"""What the backup's settings are called where the folder has settings of its own."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: the manifest, and by what name the backup's settings lie there, if any."""

    version: str
    revision: str
    made_at: str
    rows: int
    files: int
    studies: Sequence[str]
    collections: Sequence[str]
    settings: str = ""


def check(path: Path) -> Restored:
    """Verify a backup, every byte of it, and return what it has; nothing is stored."""
    with opened_archive(path) as archive:
        filling.check_revision(archive.revision)
        archive.verify()
        return _told(archive)


def restore(path: Path) -> Restored:
    """Restore a backup, and bring its tables up to date.

    Raises InputError, and leaves nothing, where the folder or the database is not empty, the
    backup is damaged or of a newer version, or anything cannot be stored.
    """
    data, url = current_app.config["DATA"], db.engine.url
    db.engine.dispose()
    with only_writer(data / "locks" / "restore", "a restore or a copy of a database"):
        take_back(data, url)
        engines.check_empty(url)
        belongings.check_unused(data)
        with opened_archive(path) as archive:
            filling.check_revision(archive.revision)
            _check_room(archive, data)
            archive.verify()
            with _staged(data) as stage:
                kept = _unpack(archive, stage / "new", data)
                with _moving(stage, data) as move, engines.building(url) as connection:
                    _fill(connection, archive)
                    os.sync()  # files before the rows that speak of them
                    move()
            return _told(archive, kept)


def take_back(data: Path, url: sa.URL) -> None:
    """Remove what a restore that was killed has left, and move back what it had moved already.

    Its database came last: where there is one, all was moved, and stays.
    """
    for stage in data.glob(f"{_STAGE}*"):
        if (stage / _JOURNAL).is_file() and engines.is_empty(url):
            _move_back(stage, data)
        shutil.rmtree(stage)


def check_no_restore(data: Path) -> None:
    """Raise InputError where a restore was killed while it moved files, and nobody took it back."""
    if any((stage / _JOURNAL).is_file() for stage in data.glob(f"{_STAGE}*")):
        raise InputError(
            f"A restore into {data} was stopped before its end: give the same flask restore again."
        )


def _fill(connection: sa.Connection, archive: OpenedArchive) -> None:
    tables = archive.tables()
    with progress(sum(one.rows for one in archive.digests.values()), "row", "restoring") as bar:

        def counted(rows: Iterator[list]) -> Iterator[list]:
            for row in rows:
                yield row
                bar.update()

        counting = {name: (told, counted(rows)) for name, (told, rows) in tables.items()}
        filling.fill(connection, archive.revision, counting)
    filling.check_same(connection, archive.digests)
    filling.migrate(connection)


@contextmanager
def _staged(data: Path) -> Iterator[Path]:
    stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=data))
    try:
        yield stage
    finally:
        shutil.rmtree(stage)


def _unpack(archive: OpenedArchive, new: Path, data: Path) -> str:
    """Unpack the files; return what the backup's settings are called, "" where they hold.

    They hold where nobody has set anything in the folder's own.
    """
    new.mkdir()
    own = data / belongings.SETTINGS
    kept = "" if not own.is_file() or as_first_written(read_text(own)) else _KEPT
    with progress(archive.bytes, "B", "unpacking") as bar:
        for name in archive.files:
            path = new / (kept if kept and name == belongings.SETTINGS else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o600 if archive.members[DATA + name].private else 0o666
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as file:
                for chunk in archive.chunks(DATA + name):
                    file.write(chunk)
                    bar.update(len(chunk))
    if (new / "own").is_dir():
        (new / "own").chmod(0o700)
    return kept


@contextmanager
def _moving(stage: Path, data: Path) -> Iterator:
    """Give what moves the unpacked files to their places; where the block fails, they go back."""

    def move() -> None:
        names = sorted(one.name for one in (stage / "new").iterdir())
        (stage / "before").mkdir()
        write_json(stage / _JOURNAL, names)
        for name in names:
            if (data / name).exists():  # made at this start, or an empty folder
                (data / name).rename(stage / "before" / name)
            (stage / "new" / name).rename(data / name)

    try:
        yield move
    except BaseException:
        if (stage / _JOURNAL).is_file():
            _move_back(stage, data)
        raise


def _move_back(stage: Path, data: Path) -> None:
    for name in read_json(stage / _JOURNAL):
        if not (stage / "new" / name).exists():
            (data / name).rename(stage / "new" / name)
        if (stage / "before" / name).exists():
            (stage / "before" / name).rename(data / name)
    (stage / _JOURNAL).unlink()


def _check_room(archive: OpenedArchive, data: Path) -> None:
    free = shutil.disk_usage(data).free
    if archive.bytes > free:
        raise archive.error(
            f"it unfolds to {archive.bytes >> 20} MiB, and {data} has room for {free >> 20} MiB"
        )


def _told(archive: OpenedArchive, settings: str = "") -> Restored:
    facts = archive.manifest
    return Restored(
        facts["version"], archive.revision, facts["made_at"],
        sum(one.rows for one in archive.digests.values()), len(archive.files),
        _names(facts.get("studies")), _names(facts.get("collections")), settings,
    )  # fmt: skip


def _names(value: object) -> list[str]:
    return [json.dumps(one)[1:-1] for one in value] if isinstance(value, list) else []
