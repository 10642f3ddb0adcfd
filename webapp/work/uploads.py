"""Files that browsers send, in slices, and the folders of the server that may be read.

Each upload is a folder of the data folder, until its job is done or nobody has touched it for two
days::

    uploads/KEY/       KEY is hexadecimal
        upload.json    the file's name, its size in bytes
        given          what came so far
        unpacked/      what a zip has in it
"""

import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flask import current_app

from embeddings.collection.zips import MB, Limits, root_of, unpack_zip
from embeddings.errors import InputError
from embeddings.files import read_json, write_json

SLICE = 8 * MB
"""Bytes that a browser sends at once; proxies let 24 MB pass."""
_TWO_DAYS = 2 * 24 * 3600
_KEY = re.compile(r"[0-9a-f]{32}")
_UNPACKED = 5  # times what may be sent
_NAME = 120  # characters of a file's name that are kept


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, or is being: its folder, name and size, and the bytes that came."""

    folder: Path
    name: str
    size: int

    @property
    def key(self) -> str:
        """What the browser calls it."""
        return self.folder.name

    @property
    def file(self) -> Path:
        """What came of it."""
        return self.folder / "given"

    @property
    def came(self) -> int:
        """The bytes that came."""
        return self.file.stat().st_size if self.file.is_file() else 0

    @property
    def is_whole(self) -> bool:
        """Whether all of it came."""
        return self.came == self.size


def begin(name: str, size: int) -> Upload:
    """Make room for a file; InputError where it is too large for this server."""
    most = current_app.config["SETTINGS"]["upload_mb"] * MB
    if not 0 < size <= most:
        takes = f"at most {most / MB:,.0f} MB are taken" if most else "none is taken here"
        raise InputError(f"The file has {size / MB:,.1f} MB; {takes} (upload_mb).")
    spare = current_app.config["SETTINGS"]["least_free_mb"] * MB
    free = shutil.disk_usage(current_app.config["DATA"]).free
    if size > free - spare:
        raise InputError(f"The disk of the server has no room for a file of {size / MB:,.0f} MB.")
    folder = _all() / secrets.token_hex(16)
    _all().mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
    write_json(folder / "upload.json", {"name": _shown(name), "size": size})
    (folder / "given").touch(mode=0o600)
    return find(folder.name)


def find(key: str) -> Upload:
    """Return an upload; InputError where it is not here."""
    folder = _all() / key
    if not _KEY.fullmatch(key) or not (folder / "upload.json").is_file():
        raise InputError("What was sent is not here any more: send it again.")
    facts = read_json(folder / "upload.json")
    return Upload(folder, facts["name"], facts["size"])


def take(upload: Upload, at: int, content: bytes) -> int:
    """Add a slice that begins at a byte; return how many bytes came in all.

    A slice that came before is passed over: its answer was lost. InputError where it does not fit,
    or cannot be stored; nothing of it is kept then.
    """
    with upload.file.open("r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # it may come again while it is still being written
        came = file.seek(0, os.SEEK_END)
        if at + len(content) <= came:
            return came
        if at != came or came + len(content) > upload.size:
            raise InputError(f"The slice at byte {at} does not fit: {came} of {upload.size} came.")
        try:
            left = memoryview(content)
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            file.truncate(came)
            reason = error.strerror or error
            raise InputError(f"The server cannot store {upload.name}: {reason}.") from error
    touch(upload)
    return came + len(content)


def touch(upload: Upload) -> None:
    """Note that an upload is in use."""
    os.utime(upload.folder)


def unpacked(upload: Upload) -> Path:
    """Return where the sounds of a zip begin, unpacked where that was not done yet.

    Raises InputError as `unpack_zip` does, or where not all of it came.
    """
    if not upload.is_whole:
        raise InputError(f"Of {upload.name} not all came: send it again.")
    touch(upload)
    folder = upload.folder / "unpacked"
    if not folder.is_dir():
        most = current_app.config["SETTINGS"]["upload_mb"] * MB * _UNPACKED
        unpack_zip(upload.file, folder, Limits(most))
    return root_of(folder)


def forget(upload: Upload) -> None:
    """Remove an upload."""
    shutil.rmtree(upload.folder, ignore_errors=True)


def sweep(used: Collection[str]) -> None:
    """Remove what nobody touched for two days, but for what jobs that are going use."""
    for folder in _all().glob("*"):
        with suppress(FileNotFoundError):  # somebody else removed it just now
            old = time.time() - folder.stat().st_mtime > _TWO_DAYS
            if _KEY.fullmatch(folder.name) and old and folder.name not in used:
                shutil.rmtree(folder, ignore_errors=True)


def roots() -> list[Path]:
    """Return the folders of the server that pages may read (`import_roots`)."""
    setting = current_app.config["SETTINGS"]["import_roots"]
    return [Path(one.strip()).resolve() for one in setting.split(":") if one.strip()]


def on_server(text: str) -> Path:
    """Return the path that a page names; InputError where it is not below one of `roots`.

    Wherever links lead counts, not what the path is called. Whether there is anything outside is
    not told.
    """
    if not roots():
        raise InputError(
            "Nothing may be read from the server: the setting import_roots names no folder."
        )
    if "\0" in text:
        raise InputError("A path has no NUL.")
    path = Path(text.strip())
    real = _below_roots(path)
    if not path.is_absolute() or real is None:
        named = ", ".join(str(root) for root in roots())
        raise InputError(f"The path {text!r} must be absolute and below {named} (import_roots).")
    with suppress(OSError):  # a name that is too long
        if real.exists():
            return real
    raise InputError(f"{text}: there is no such file or folder.")


def _below_roots(path: Path) -> Path | None:
    """Return where a path leads in the end; None where that is below none of `roots`."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # a circle of links
        return None
    return real if any(real.is_relative_to(root) for root in roots()) else None


def check_links(path: Path) -> None:
    """Raise InputError where a link at or below a path of the server leads out of all `roots`."""
    waiting, seen = [path], set()
    while waiting:
        folder = waiting.pop()
        if folder in seen or not folder.is_dir():
            continue
        seen.add(folder)
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    waiting.append(_inside(Path(entry.path)))
                elif entry.is_dir():
                    waiting.append(Path(entry.path))


def _inside(link: Path) -> Path:
    """Return where a link leads; InputError where that is below none of `roots`."""
    real = _below_roots(link)
    if real is None:
        raise InputError(f"{link}: the link leads out of import_roots.")
    return real


def _shown(name: str) -> str:
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(one for one in last if one.isprintable())[:_NAME] or "upload"


def _all() -> Path:
    return current_app.config["DATA"] / "uploads"
