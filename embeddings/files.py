"""Writing whole things or nothing: names, JSON, folders and locks."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

from filelock import FileLock, Timeout

from embeddings.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def check_name(kind: str, name: str) -> str:
    """Return `name` if it can safely name a folder; raise InputError otherwise.

    Allowed are 1 to 64 ASCII letters, digits, ``-`` and ``_``, starting with a letter or digit.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"The {kind} name {name!r} cannot be used: it must be 1 to 64 letters, digits, "
            "'-' or '_', starting with a letter or digit."
        )
    return name


def read_text(path: Path) -> str:
    """Return the text in `path`; raise InputError where there is no such file, or none of UTF-8."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the text is not UTF-8 (byte {error.start}).") from error


def read_json(path: Path) -> Any:
    """Return the JSON value in `path`; raise InputError naming the file and line if it is none."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not valid JSON: {error.msg}.") from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that becomes `path` when the block ends, or vanishes if it fails."""
    # Not mkstemp: its files are for the owner's eyes only, whatever the umask says.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    with whole_file(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes `target` when the block ends, or vanishes if it fails.

    An older `target` stays in place until the new one is whole, and is then replaced by it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    new, old = temporary / "new", temporary / "old"
    new.mkdir()  # one level down, since mkdtemp's own folder is for the owner's eyes only
    try:
        yield new
        if target.exists():
            target.rename(old)
        new.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(folder: Path) -> None:
    """Remove a folder: it vanishes at once, and then its files are deleted one by one."""
    going = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    folder.rename(going / "old")
    shutil.rmtree(going)


@contextmanager
def undamaged(what: str, folder: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a stored thing is read into an InputError that names it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"The stored {what} {folder.name!r} cannot be used: {error}") from error
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        BadZipFile,
    ) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"The stored {what} {folder.name!r} is damaged ({folder}): {reason}."
        ) from error


@contextmanager
def only_writer(path: Path, doing: str, wait: float = 0) -> Iterator[None]:
    """Hold the lock file `path`; raise InputError if another process holds it for `wait` seconds.

    `doing` names the work, as in "an import of 'esc10'".
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=wait):
            yield
    except Timeout:
        raise InputError(f"Another process is busy with {doing}: let it finish first.") from None
