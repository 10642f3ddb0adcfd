"""A backup is written: one zip with the rows of the database, files, and a manifest of both.

The manifest comes last, since only then the sizes and checksums of all members are known.
"""

import hashlib
import json
import stat
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from embeddings.errors import InputError

VERSION = 1
"""Of the form of a backup; its manifest says it."""
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 * 2**20
"""Bytes: of some 400,000 members."""
DATA = "data/"
"""What the names of members begin with that are files of the data folder."""

_CHUNK = 1 << 20
_DATE = (1980, 1, 1, 0, 0, 0)
_DENSE = frozenset({".flac", ".ogg", ".mp3", ".m4a", ".wav", ".npz", ".opus", ".webm", ".wma"})
"""Endings of files that are stored as they are: nearly all of a backup, and hardly smaller."""


@dataclass(frozen=True, slots=True)
class Member:
    """What the manifest says of a member: bytes, their SHA-256, and whether it is the owner's."""

    bytes: int
    sha256: str
    private: bool = False


def member_of(table: str) -> str:
    """Return the name of the member that has the rows of a table."""
    return f"database/{table}.jsonl"


def is_private(path: Path) -> bool:
    """Return whether a file is for its owner's eyes only."""
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


class Archive:
    """A backup that is being written to a file, which may be a pipe."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", allowZip64=True)
        self.members: dict[str, Member] = {}

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the zip; one that was not finished has no manifest, and is no backup."""
        with suppress(OSError, ValueError) if kind else nullcontext():
            self._zip.close()

    def add_lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Add a member of lines."""
        self._add(name, lines, ZIP_DEFLATED, private=False)

    def add_bytes(self, name: str, content: bytes, *, private: bool) -> None:
        """Add a member that is known whole."""
        self._add(name, [content], ZIP_DEFLATED, private=private)

    def add_file(self, name: str, path: Path, done: Callable[[int], object]) -> None:
        """Add a file, if it is there yet; `done` is told how many bytes went on."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return  # a draft's, whose study was removed meanwhile
        with file:
            how = ZIP_STORED if path.suffix.lower() in _DENSE else ZIP_DEFLATED

            def chunks() -> Iterable[bytes]:
                while chunk := file.read(_CHUNK):
                    yield chunk
                    done(len(chunk))

            self._add(name, chunks(), how, private=is_private(path))

    def finish(self, facts: dict[str, Any]) -> None:
        """Write the manifest."""
        members = {name: asdict(one) for name, one in self.members.items()}
        value = {"backup": VERSION, **facts, "members": members}
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        if len(text.encode()) > LARGEST_MANIFEST:
            raise InputError(
                f"These are {len(members)} files, more than one backup has: name fewer collections."
            )
        self._add(MANIFEST, [text.encode()], ZIP_DEFLATED, private=False)

    def _add(self, name: str, chunks: Iterable[bytes], how: int, *, private: bool) -> None:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"The name {name!r} is no text, and no zip can have it.") from error
        entry = ZipInfo(name, _DATE)
        entry.compress_type = how
        entry.external_attr = (stat.S_IFREG | (0o600 if private else 0o644)) << 16
        size, digest = 0, hashlib.sha256()
        with self._zip.open(entry, "w", force_zip64=True) as member:
            for chunk in chunks:
                member.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.members[name] = Member(size, digest.hexdigest(), private)
