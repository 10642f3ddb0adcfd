"""A study's bundle: one zip with checksums, the same bytes for the same study.

Entries are sorted, have one fixed date and are stored uncompressed, since what a compressor makes
depends on its version. A bundle is read into memory whole, and only files that one can have.
"""

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from embeddings.errors import InputError
from evaluation.keys import NotJson, json_object, shown
from evaluation.records.codebook import FILES, SOMETIMES, TABLES
from evaluation.records.csv_tables import read_table
from evaluation.records.table_columns import Names

SUMS = "SHA256SUMS"
VERSION = 1
"""Of the bundle's form; ``study.json`` says it."""

LARGEST_FILE = 512 * 2**20
"""Bytes; nor may all files together have more than twice as many."""
LARGEST_JSON = 32 * 2**20
"""Bytes of a file of JSON, which takes many times its size to read."""

_DATE = (1980, 1, 1, 0, 0, 0)
_ALLOWED = frozenset({f"{one}.csv" for one in SOMETIMES})
_FIXED = frozenset(
    {*(name for name in FILES if "/" not in name), *(f"{t}.csv" for t in TABLES)} - _ALLOWED
)
_OTHERS = re.compile(r"qrels/[A-Za-z0-9_-]+(\.screened)?\.txt|runs/[A-Za-z0-9][A-Za-z0-9._-]*\.txt")
_SUM = re.compile(r"([0-9a-f]{64})  (\S+)")
_MOST_FILES = 200
_UNREADABLE = (BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError)

Record = TypeVar("Record")


def write_bundle(file: IO[bytes], files: Mapping[str, bytes]) -> None:
    """Write `files` (name -> content) and their checksums to `file` as a zip."""
    sums = "".join(f"{_digest(files[name])}  {name}\n" for name in sorted(files))
    whole = {**files, SUMS: sums.encode()}
    with ZipFile(file, "w", ZIP_STORED) as bundle:
        for name in sorted(whole):
            entry = ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # as on Unix, wherever
            bundle.writestr(entry, whole[name])


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read: its name, and the content of each file."""

    name: str
    files: dict[str, bytes]

    def text(self, file: str) -> str:
        """Return a file's text; raise InputError where it is not UTF-8, or has a NUL."""
        try:
            text = self.files[file].decode()
        except UnicodeDecodeError as error:
            raise self.error(file, f"the text is not UTF-8 (byte {error.start})") from error
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            raise self.error(file, "a NUL is no text", line)
        return text

    def json(self, file: str) -> dict[str, Any]:
        """Return the JSON object in a file; raise InputError where it has none."""
        size = len(self.files[file])
        if size > LARGEST_JSON:
            what = f"it is too large: JSON may have {LARGEST_JSON >> 20} MiB, not {size >> 20} MiB"
            raise self.error(file, what)
        try:
            return json_object(self.text(file))
        except NotJson as error:
            raise self.error(file, error.what, error.line) from error

    def table(
        self, kind: type[Record], table: str, names: Names | None = None
    ) -> list[tuple[int, Record]]:
        """Return (line, record) of every row of a table; see `csv_tables.read_table`."""
        file = f"{table}.csv"
        return read_table(kind, self.text(file), f"{self.name}: {file}", names)

    def error(self, file: str, what: str, line: int = 0) -> InputError:
        """Return the error that says `what` of a file's line, or of the file."""
        place = f"{file}, line {line}" if line else file
        return InputError(f"{self.name}: {place}: {what}.")


def read_bundle(path: Path) -> Bundle:
    """Read a bundle whole and verify its checksums.

    Raises
    ------
    InputError
        It is not there or no zip, a file is missing, unknown, too large, or not as its checksum
        says.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        with ZipFile(path) as bundle:
            files = _read(bundle, path.name)
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path.name}: it cannot be read as a zip: {reason}.") from error
    found = Bundle(path.name, files)
    for name in sorted(_FIXED):
        if name not in files:
            raise InputError(f"{path.name}: the file {name} is missing.")
    _verify(found)
    return found


def _read(bundle: ZipFile, source: str) -> dict[str, bytes]:
    """Return what the zip holds, after a look at names and sizes."""
    entries = [one for one in bundle.infolist() if not one.is_dir()]
    if len(entries) > _MOST_FILES:
        raise InputError(f"{source}: it holds {len(entries)} files; a bundle has fewer.")
    total = 0
    files: dict[str, bytes] = {}
    for one in entries:
        name = one.filename
        if name not in _FIXED | _ALLOWED and not _OTHERS.fullmatch(name):
            raise InputError(f"{source}: it holds {shown(name)}, which is no part of a bundle.")
        if name in files:
            raise InputError(f"{source}: it holds {name} twice.")
        total += one.file_size
        if one.file_size > LARGEST_FILE or total > 2 * LARGEST_FILE:
            raise InputError(
                f"{source}: {name} is too large: a file may have {LARGEST_FILE >> 20} MiB, and "
                f"all together {2 * LARGEST_FILE >> 20} MiB."
            )
        if one.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise InputError(f"{source}: {name} is compressed in a way that is not read here.")
        files[name] = bundle.read(one)
    return files


def _verify(bundle: Bundle) -> None:
    sums: dict[str, str] = {}
    for number, line in enumerate(bundle.text(SUMS).splitlines(), 1):
        match = _SUM.fullmatch(line)
        if not match:
            raise bundle.error(SUMS, f"it must be a SHA-256 and a name, not {shown(line)}", number)
        sums[match[2]] = match[1]
    for name, content in bundle.files.items():
        if name == SUMS:
            continue
        if name not in sums:
            raise bundle.error(SUMS, f"it does not name {name}")
        if _digest(content) != sums[name]:
            raise bundle.error(name, f"the SHA-256 is {_digest(content)}, not {sums[name]}")
    for name in sums:
        if name not in bundle.files:
            raise InputError(f"{bundle.name}: the file {shown(name)} is missing.")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
