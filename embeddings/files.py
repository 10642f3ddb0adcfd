"""Files: reading what people write as their editors save it, and writing whole things or nothing.

Text comes as UTF-8, with or without a byte order mark, or as UTF-16 or UTF-32 with one, which is
what editors and spreadsheets write. Nobody else decodes text.
"""

import codecs
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

from filelock import FileLock

from embeddings.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST_MARK = max(len(mark) for mark, _ in _MARKS)
_MARK = "\ufeff"
_DEEPEST = 60  # tables of a TOML in one another
_GREATEST = 2**63 - 1  # as TOML has it
_LINE_END = re.compile(r"\r\n|\r|\n")

LockMaker = Callable[[Path, float], AbstractContextManager[Callable[[], bool]]]
"""Takes the lock of a path for a block, or raises TimeoutError after so many seconds; what it gives
tells whether the lock is held yet."""

_makers: dict[Path, LockMaker] = {}
_held: ContextVar[tuple[tuple[str, Callable[[], bool]], ...]] = ContextVar("held", default=())


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


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text that begins so: by its byte order mark, UTF-8 without one."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")


def text_of(raw: bytes, source: str, remedy: str = "save the file as UTF-8") -> str:
    """Return the text that these bytes are, line ends as they stand and no byte order mark.

    Where they are no text, InputError says so of `source` and the line, and what may help.
    """
    encoding = encoding_of(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = _line_of(raw[: error.start].decode(encoding, "replace"))
        name = encoding.removesuffix("-sig").upper()
        byte = f"0x{raw[error.start]:02x}"
        raise InputError(
            f"{source}, line {line}: the text is not {name} (byte {byte}); {remedy}."
        ) from error
    if "\0" in text:  # such as UTF-16 without its mark
        line = _line_of(text[: text.index("\0")])
        raise InputError(f"{source}, line {line}: there is a NUL, which no text has; {remedy}.")
    return text


def _line_of(before: str) -> int:
    return len(_LINE_END.findall(before)) + 1


def read_bytes(path: Path) -> bytes:
    """Return the bytes in `path`; raise InputError where there is no such file, or it is shut."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: it cannot be read ({error.strerror}).") from error


def read_text(path: Path) -> str:
    r"""Return the text in `path`, every line's end a \n; InputError where there is none.

    See `text_of` for the encodings.
    """
    return text_of(read_bytes(path), str(path)).replace("\r\n", "\n").replace("\r", "\n")


def as_stream(path: Path) -> io.StringIO:
    """Return the text in `path` as the csv module wants it: line ends as they stand."""
    return io.StringIO(text_of(read_bytes(path), str(path)), newline="")


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of `path` one by one: the whole may be larger than the memory.

    InputError as of `read_text`, naming the line.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    with path.open("rb") as file:
        if encoding_of(file.read(_LONGEST_MARK)).startswith("utf-8"):
            file.seek(0)
            for number, line in enumerate(file, 1):
                yield _line(line, path, number)
            return
    yield from read_text(path).split("\n")


def _line(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.removeprefix(codecs.BOM_UTF8 if number == 1 else b"").decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}, line {number}: the text is not UTF-8 (byte 0x{raw[error.start]:02x}); "
            "save the file as UTF-8."
        ) from error


def read_json(path: Path) -> Any:
    """Return the JSON value in `path`; raise InputError naming the file and line if it is none."""
    text = read_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not valid JSON: {error.msg}.") from error
    except RecursionError as error:
        raise InputError(f"{path}: not valid JSON: it is nested too deeply.") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise InputError(f"{path}: not valid JSON: {error}.") from error


def toml_of(text: str, source: str) -> dict[str, Any]:
    """Return the table that a TOML text is; raise InputError naming `source` if it is none."""
    try:
        table = tomllib.loads(text.removeprefix(_MARK).replace("\r\n", "\n"))
        _check_plain(table)
        return table
    except RecursionError as error:
        raise InputError(f"{source}: not valid TOML: it is nested too deeply.") from error
    except ValueError as error:  # tomllib's own, which names the line, or a number too long
        raise InputError(f"{source}: not valid TOML: {error}.") from error


def _check_plain(table: dict[str, Any]) -> None:
    """Raise an error for what could not be written again: tables too deep, numbers too long."""
    inside: list[Any] = [table]
    for _ in range(_DEEPEST):
        for one in inside:
            if isinstance(one, int) and abs(one) > _GREATEST:
                raise ValueError(f"a whole number must be from -{_GREATEST} to {_GREATEST}")
        groups = [one.values() if isinstance(one, dict) else one for one in inside
                  if isinstance(one, dict | list)]  # fmt: skip
        inside = [one for group in groups for one in group]
    if inside:
        raise RecursionError


def read_toml(path: Path) -> dict[str, Any]:
    """Return the table in a TOML file; raise InputError naming the file and line if it is none."""
    return toml_of(read_text(path), str(path))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """Give a file that becomes `path` when the block ends, or vanishes if it fails.

    A `private` one is for the owner's eyes only from its first byte on.
    """
    # Not mkstemp: its files are for the owner's eyes only, whatever the umask says.
    # Two machines that share a folder may have processes of one number.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
    try:
        with open(temporary, "wb", opener=_for_the_owner if private else None) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _confirm_turn()
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


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
        _confirm_turn()
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


def set_locks(data: Path, maker: LockMaker | None) -> None:
    """Let locks within a data folder be taken from `maker`, too; from none from now on for None."""
    if maker is None:
        _makers.pop(data.resolve(), None)
    else:
        _makers[data.resolve()] = maker


@contextmanager
def only_writer(path: Path, doing: str, wait: float = 0) -> Iterator[None]:
    """Hold the lock file `path`; raise InputError if another process holds it for `wait` seconds.

    `doing` names the work, as in "an import of 'esc10'". Where the app made locks that hold on
    several machines (`set_locks`), one of them is held, too; once it was lost, nothing that
    `whole_file` and `whole_folder` give to the block is put in place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    maker = next((_makers[one] for one in path.resolve().parents if one in _makers), None)
    until = time.monotonic() + wait
    with ExitStack() as stack:
        try:
            stack.enter_context(FileLock(path, timeout=wait))
            if maker:
                is_held = stack.enter_context(maker(path, max(until - time.monotonic(), 0)))
                before = _held.set((*_held.get(), (doing, is_held)))
                stack.callback(_held.reset, before)
        except TimeoutError:  # filelock's own is one
            raise InputError(
                f"Another process is busy with {doing}: let it finish first."
            ) from None
        yield


def _confirm_turn() -> None:
    """Raise InputError where a lock that this thread holds was lost: another may write by now."""
    for doing, is_held in _held.get():
        if not is_held():
            raise InputError(
                f"The database was away while this process was busy with {doing}, and so was its "
                "lock there: what was not finished was not put in place. Do it again."
            )
