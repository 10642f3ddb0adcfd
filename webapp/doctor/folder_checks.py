"""The data folder: whose it is, who reads it, on which disk it lies, what was left in it."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from webapp.backups.making import LAST
from webapp.core.config import DATABASE
from webapp.core.health.readiness import MEGABYTE
from webapp.core.machines import mounts
from webapp.doctor.patient import Patient
from webapp.doctor.registry import Said, check, fault, ok, warning

_DAY = 86_400  # seconds
_BACKUP_DAYS = 7
_OTHERS = 0o077


@check("data folder")
def data_folder(patient: Patient) -> Iterator[Said]:
    """Say whether the data folder is there, this user's, and to be written to."""
    data = patient.data
    if not os.access(data, os.W_OK | os.X_OK):
        yield fault(f"{data} cannot be written to by this user.", f"chown -R USER {data}")
        return
    facts = data.stat()
    if facts.st_mode & stat.S_IWOTH:
        yield fault(f"Everybody may write to {data}.", f"chmod o-w {data}")
    if facts.st_uid != os.geteuid():
        yield warning(
            f"{data} belongs to user {facts.st_uid}, and this is {os.geteuid()}.",
            "Run commands as the user who serves, or that one cannot write what they make.",
        )
    if patient.is_sqlite and not (data / DATABASE).exists():
        yield warning(
            f"{data} has no database: nothing was served from here.",
            "Set SOUNDING_BOARD_DATA to the folder that is served, if it is another one.",
        )
    else:
        yield ok(f"{data}.")


@check("secret key")
def secret_key(patient: Patient) -> Iterator[Said]:
    """Say whether others on this machine can read what signs cookies and links."""
    yield from _own_eyes([patient.data / "secret_key"])


@check("database file")
def database_file(patient: Patient) -> Iterator[Said]:
    """Say whether others on this machine can read the answers and links of raters."""
    if patient.is_sqlite:
        path = Path(patient.url.database or "")
        yield from _own_eyes([path, *path.parent.glob(f"{path.name}-*")])


def _own_eyes(paths: list[Path]) -> Iterator[Said]:
    there = [path for path in paths if path.exists()]
    for path in there:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _OTHERS:
            yield fault(f"Others can read or write {path} (mode {mode:o}).", f"chmod 600 {path}")
            return
    if there:
        yield ok(f"{there[0].name} is for its owner alone.")


@check("free space")
def free_space(patient: Patient) -> Iterator[Said]:
    """Say whether the disk has room."""
    free = shutil.disk_usage(patient.data).free // MEGABYTE
    least = patient.settings["least_free_mb"]
    words = f"{free} MB are free at {patient.data}, and least_free_mb is {least}"
    if free < least:
        yield fault(f"{words}: /readyz says not ready.", "Make room, or move the data folder.")
    elif free < 3 * least:
        yield warning(f"{words}.", "Make room before it is too little.")
    else:
        yield ok(f"{words}.")


@check("file system")
def file_system(patient: Patient) -> Iterator[Said]:
    """Say whether SQLite's file lies where its locks hold."""
    kind = mounts.file_system(patient.data)
    if patient.is_sqlite and kind in mounts.OVER_A_NETWORK:
        yield fault(
            f"The database is a file on a network ({kind}), where two can write at once.",
            "Move the data folder to a disk of this machine, or set database_url to PostgreSQL.",
        )
    elif kind:
        yield ok(f"{kind}.")


@check("leftovers")
def leftovers(patient: Patient) -> Iterator[Said]:
    """Name what was begun and never finished, a day ago or longer."""
    data = patient.data
    begun = [
        path
        for pattern in (".*", "studies/.*", "collections/.*", "collections/*/*/.*", "backups/.*")
        for path in data.glob(pattern)
        if time.time() - path.lstat().st_mtime > _DAY
    ]
    for path in begun:
        yield warning(f"{path} was never finished.", f"Remove it: rm -r {path}")
    if not begun:
        yield ok("There are none.")


@check("backups")
def backups(patient: Patient) -> Iterator[Said]:
    """Say how old the newest backup is, wherever it was written to.

    A copy that was kept before a migration is none: it has no sounds, and no key.
    """
    last = patient.data / "backups" / LAST
    if not last.is_file():
        yield warning(
            f"There is none of {patient.data} yet.",
            "Make one every day, and keep it on another machine: docs/howto/back-up.md.",
        )
        return
    days = (time.time() - last.stat().st_mtime) / _DAY
    words = f"The newest is {days:.0f} days old"
    if days > _BACKUP_DAYS:
        yield warning(f"{words}.", "Make one every day: docs/howto/back-up.md.")
    else:
        yield ok(f"{words}.")
