"""Zips that somebody sent: looked at whole before a byte is written, and unpacked whole or not.

Refused are paths that lead out, links and devices, what is encrypted or there twice, and more than
is bargained for: files, bytes, or bytes for each byte that was sent (a "zip bomb").
"""

import errno
import shutil
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from embeddings.errors import InputError
from embeddings.files import whole_folder
from embeddings.progress import progress

MB = 1_000_000
_CHUNK = 1 << 20
_LONGEST = 255  # bytes of a name, on usual disks
_DEEPEST = 64  # folders in one another; what makes and removes them goes into each
_HIDDEN = "__MACOSX"  # what macOS adds to its archives


@dataclass(frozen=True, slots=True)
class Limits:
    """What a zip may come to: bytes unpacked, files, and bytes for each of its own bytes."""

    most_bytes: int
    most_files: int = 100_000
    most_ratio: int = 100


def unpack_zip(file: Path, folder: Path, limits: Limits) -> None:
    """Unpack a zip as `folder`, which must not be there; what macOS adds is left out.

    Raises
    ------
    InputError
        It is no zip, is damaged or encrypted, has a path, a link or a size that is refused, or the
        disk has no room for it. Nothing is there then.
    """
    try:
        with ZipFile(file) as archive:
            members = list(_checked(archive, file, limits))
            total = sum(member.file_size for _, member in members)
            _check_room(total, folder.parent)
            with whole_folder(folder) as new, progress(total, "B", "Unpacking") as bar:
                for inside, member in members:
                    target = new / inside
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as given, target.open("xb") as out:
                        while chunk := given.read(_CHUNK):
                            out.write(chunk)
                            bar.update(len(chunk))
    except (BadZipFile, zlib.error, LZMAError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"The zip is damaged, or is none ({error}).") from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # bz2's own, and a place before the beginning
            raise
        raise InputError(f"The zip is damaged, or is none ({error}).") from error
    except NotImplementedError as error:
        raise InputError(f"The zip is packed in a way that is not known here ({error}).") from error


def root_of(folder: Path) -> Path:
    """Return the folder in which the sounds of an unpacked zip begin.

    A folder alone, as most programs make it around what is packed, is gone into, unless nothing but
    files is in it: then its name may be a class.
    """
    while True:
        inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
        alone = len(inside) == 1 and inside[0].is_dir()
        if not alone or not any(path.is_dir() for path in inside[0].iterdir()):
            return folder
        folder = inside[0]


def _checked(archive: ZipFile, file: Path, limits: Limits) -> Iterator[tuple[Path, ZipInfo]]:
    """Yield the files of a zip with where they go, all of them checked before the first one."""
    entries = archive.infolist()
    if len(entries) > limits.most_files:
        raise InputError(
            f"The zip has {len(entries):,} entries; it may have {limits.most_files:,}."
        )
    total = sum(entry.file_size for entry in entries)
    if total > limits.most_bytes:
        raise InputError(
            f"The zip would unpack to {total / MB:,.0f} MB; it may come to "
            f"{limits.most_bytes / MB:,.0f} MB."
        )
    if total > MB and total > limits.most_ratio * file.stat().st_size:
        raise InputError(
            f"The zip would unpack to more than {limits.most_ratio} times its size, which no "
            "sounds do."
        )
    found: dict[PurePosixPath, ZipInfo] = {}
    for entry in entries:
        path = _path(entry)
        if entry.is_dir() or _HIDDEN in path.parts or path.name == ".DS_Store":
            continue
        if path in found:
            raise InputError(f"The zip has {str(path)!r} twice.")
        found[path] = entry
    for path in found:
        if any(above in found for above in path.parents):
            raise InputError(f"The zip has {str(path)!r} below a file.")
    if not found:
        raise InputError("The zip has no file in it.")
    yield from ((Path(path), entry) for path, entry in found.items())


def _path(entry: ZipInfo) -> PurePosixPath:
    """Return where an entry lies in the zip; InputError where it may not lie there, or be that."""
    name = entry.orig_filename.replace("\\", "/")  # as old programs on Windows write it
    path = PurePosixPath(name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise InputError(f"The zip has a link in it, {name!r}; it may have files and folders only.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InputError(f"The zip has {name!r} in it, which is neither a file nor a folder.")
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":" or "\0" in name:
        raise InputError(f"The zip has a path that leads out of it, {name!r}.")
    if entry.flag_bits & 1:
        raise InputError(f"The zip has {name!r} in it under a password.")
    if any(len(part.encode("utf-8", "replace")) > _LONGEST for part in path.parts):
        raise InputError(f"The zip has a name of more than {_LONGEST} bytes, {name[:40]!r}…")
    if len(path.parts) > _DEEPEST:
        raise InputError(f"The zip has more than {_DEEPEST} folders in one another, {name[:40]!r}…")
    return path


def _check_room(total: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if 2 * total > free:  # the collection has them, too, before these are removed
        raise InputError(
            f"The zip would unpack to {total / MB:,.0f} MB, and be copied once; the disk has "
            f"{free / MB:,.0f} MB free."
        )
