"""A backup is read: what it says of itself first, then every byte against its checksum.

It may come from anywhere. Names that lead out of the data folder, links, and members that are not
in the manifest, or unfold to another size than it says, are refused before anything is stored.
"""

import hashlib
import json
import re
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo, is_zipfile

from embeddings.errors import InputError
from embeddings.progress import progress
from evaluation.keys import NotJson, json_object, shown
from webapp.backups.archive import (
    DATA,
    LARGEST_MANIFEST,
    MANIFEST,
    VERSION,
    Member,
    member_of,
)
from webapp.backups.belongings import belongs
from webapp.backups.typed_rows import Digest

LONGEST_LINE = 64 * 2**20
"""Bytes of a row."""

_CHUNK = 1 << 20
_TABLE = re.compile(r"database/([a-z][a-z0-9_]{0,62})\.jsonl")
_SHA256 = re.compile("[0-9a-f]{64}")
_UNREADABLE = (BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError)


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip, and so may be a backup."""
    return path.is_file() and is_zipfile(path)


@contextmanager
def opened_archive(path: Path) -> Iterator["OpenedArchive"]:
    """Give a backup, its manifest and the names and sizes of its members looked at.

    Raises InputError, here and for as long as it is open, where it is none or damaged.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        with ZipFile(path) as file:
            yield OpenedArchive(file, path)
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path.name}: it is no whole backup: {reason}. Nothing was changed."
        ) from error


class OpenedArchive:
    """A backup that is open for reading.

    Attributes
    ----------
    manifest : what it says of itself
    members : name -> what the manifest says of that member
    """

    def __init__(self, file: ZipFile, path: Path) -> None:
        self._zip, self._source = file, path.name
        entries = self._entries(path.stat().st_size)
        self.manifest = self._read_manifest(entries)
        self.members = {name: self._member(name) for name in self.manifest["members"]}
        self._check_members(entries)

    @property
    def revision(self) -> str:
        """The revision of its tables."""
        return self.manifest["revision"]

    @property
    def bytes(self) -> int:
        """How many bytes its members have, out of the zip."""
        return sum(one.bytes for one in self.members.values())

    @cached_property
    def digests(self) -> dict[str, Digest]:
        """The digest of each table."""
        rows = self.manifest["tables"]
        return {name: Digest(rows[name], self.members[member_of(name)].sha256) for name in rows}

    @property
    def files(self) -> list[str]:
        """The names of the files of the data folder, as they are there."""
        return [name.removeprefix(DATA) for name in self.members if name.startswith(DATA)]

    def verify(self) -> None:
        """Read every byte; raise InputError where a size or a checksum is not as it should be."""
        with progress(self.bytes, "B", "checking") as bar:
            for name in self.members:
                for chunk in self.chunks(name):
                    bar.update(len(chunk))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a member's bytes; raise InputError in the end where they are not the right ones."""
        wanted, size, digest = self.members[name], 0, hashlib.sha256()
        with self._zip.open(name) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > wanted.bytes:
                    break
                digest.update(chunk)
                yield chunk
        if (size, digest.hexdigest()) != (wanted.bytes, wanted.sha256):
            raise self.error(f"{shown(name)} is damaged: its bytes are not those that were written")

    def tables(self) -> dict[str, tuple[dict[str, Any], Iterator[list[Any]]]]:
        """Return the header and the rows of each table, by its name, read as they are asked for."""
        return {name: (self._header(name), self._rows(name)) for name in self.manifest["tables"]}

    def error(self, what: str) -> InputError:
        """Return the error that says `what` of this backup."""
        return InputError(f"{self._source}: {what}. Nothing was changed.")

    def _header(self, table: str) -> dict[str, Any]:
        with self._zip.open(member_of(table)) as file:
            return self._object(table, self._line(file, table))

    def _rows(self, table: str) -> Iterator[list[Any]]:
        with self._zip.open(member_of(table)) as file:
            self._line(file, table)
            while line := self._line(file, table):
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise self.error(f"a row of {table} is no JSON") from error
                if not isinstance(row, list):
                    raise self.error(f"a row of {table} is no list")
                yield row

    def _line(self, file: IO[bytes], table: str) -> bytes:
        line = file.readline(LONGEST_LINE)
        if line and not line.endswith(b"\n"):
            raise self.error(f"a row of {table} has no end")
        return line

    def _object(self, name: str, text: bytes) -> dict[str, Any]:
        try:
            return json_object(text.decode())
        except (NotJson, UnicodeDecodeError) as error:
            raise self.error(f"{name} begins with no JSON object") from error

    def _entries(self, size: int) -> dict[str, ZipInfo]:
        """Return the zip's entries, after a look at their names, kinds and sizes."""
        found: dict[str, ZipInfo] = {}
        for one in self._zip.infolist():
            name = one.filename
            if not _is_member(name):
                raise self.error(f"it holds {shown(name)}, which is no part of a backup")
            if name in found:
                raise self.error(f"it holds {shown(name)} twice")
            if stat.S_IFMT(one.external_attr >> 16) not in (0, stat.S_IFREG):
                raise self.error(f"{shown(name)} is a link or another thing that is no file")
            if one.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or one.flag_bits & 1:
                raise self.error(f"{shown(name)} is stored in a way that is not read here")
            found[name] = one
        if sum(one.compress_size for one in found.values()) > size:
            raise self.error("members of it lie over each other")
        if MANIFEST not in found:
            raise self.error(f"it is no backup: it has no {MANIFEST}")
        return found

    def _read_manifest(self, entries: Mapping[str, ZipInfo]) -> dict[str, Any]:
        if entries[MANIFEST].file_size > LARGEST_MANIFEST:
            raise self.error(f"{MANIFEST} is too large")
        with self._zip.open(MANIFEST) as file:
            value = self._object(MANIFEST, file.read(LARGEST_MANIFEST))
        if value.get("backup") != VERSION:
            raise self.error(
                f"it is a backup of the form {shown(value.get('backup'))}, and {VERSION} is read"
            )
        kinds = {"revision": str, "version": str, "made_at": str, "tables": dict, "members": dict}
        for key, kind in kinds.items():
            if not isinstance(value.get(key), kind):
                raise self.error(f"{MANIFEST} has no {key}")
        for table, rows in value["tables"].items():
            if type(rows) is not int or member_of(table) not in value["members"]:
                raise self.error(f"{MANIFEST} does not say how many rows {shown(table)} has")
        return value

    def _member(self, name: str) -> Member:
        told = self.manifest["members"][name]
        try:
            found = Member(**told)
        except TypeError as error:
            raise self.error(
                f"{MANIFEST} says nothing that can be read of {shown(name)}"
            ) from error
        right = type(found.bytes) is int and type(found.private) is bool
        if not right or not _SHA256.fullmatch(str(found.sha256)):
            raise self.error(f"{MANIFEST} says nothing that can be read of {shown(name)}")
        return found

    def _check_members(self, entries: Mapping[str, ZipInfo]) -> None:
        """Raise InputError where the zip has other members, or of other sizes, than are told."""
        for name in sorted(self.members.keys() ^ (entries.keys() - {MANIFEST})):
            where = MANIFEST if name in entries else "it"
            raise self.error(f"{shown(name)} is missing in {where}")
        for name, member in self.members.items():
            if entries[name].file_size != member.bytes:
                raise self.error(f"{shown(name)} has {entries[name].file_size} bytes, not "
                                 f"{member.bytes}")  # fmt: skip
            match = _TABLE.fullmatch(name)
            if match and match[1] not in self.manifest["tables"]:
                raise self.error(f"{MANIFEST} does not say how many rows {match[1]} has")


def _is_member(name: str) -> bool:
    if name.startswith(DATA):
        return belongs(name.removeprefix(DATA))
    return name == MANIFEST or bool(_TABLE.fullmatch(name))
