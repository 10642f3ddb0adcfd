"""The sound files of a folder, found by the names that tables have for them."""

import os
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from embeddings.audio.decoding import SUFFIXES
from embeddings.collection.clip_names import (
    clip_id,
    folders_of,
    leads_out,
    spelled,
    suffix_of,
    unusable,
)
from embeddings.errors import InputError

_NAMED = 5
_Found = tuple[list[str], dict[str, list[str]]]


class SoundFolder:
    """What sound files are in a folder and all below it, through symbolic links, too.

    Folders that links lead back to are gone into once.
    """

    def __init__(self, folder: Path) -> None:
        """Look through `folder`; raise InputError if it is none or has no usable name."""
        if not folder.is_dir():
            raise InputError(
                f"{folder}: there is no such folder; the clips' audio should be in it."
            )
        if bad := unusable(str(folder)):
            raise InputError(
                f"{str(folder)!r}: the folder's name is not UTF-8 or has a control character "
                f"({bad!r}); give it another one."
            )
        self.folder = folder
        self._ids: dict[str, list[str]] = defaultdict(list)  # clip id -> paths below the folder
        self._last: dict[str, list[str]] = defaultdict(list)  # the id's last part -> paths
        self._others: dict[str, str] = {}  # clip id in small letters -> a file that has no match
        self._paths: set[str] = set()
        self._seen: dict[tuple[str, str], _Found] = {}
        for path in files_below(folder):
            if suffix_of(path):
                name = clip_id(path)
                self._paths.add(path)
                self._ids[name].append(path)
                self._last[PurePosixPath(name).name].append(path)
                self._others.setdefault(name.casefold(), path)
            else:
                self._others.setdefault(spelled(os.path.splitext(path)[0]).casefold(), path)

    def find(self, fname: str, fold: str = "") -> Path:
        """Return the file that a table's cell names.

        `fname` may leave out the suffix, and its folders where only one file has the name;
        `fold` is the number or name of a folder that goes before others. Normal forms of Unicode
        and the case of the suffix need not be the file's. Raises InputError, with no full stop,
        for a name that cannot be one, leads out of the folder, or is of no file or of several.
        """
        name = spelled(fname)
        if not name:
            raise InputError(f"the fname {fname!r} is empty; it must be a file name")
        if bad := unusable(name):
            raise InputError(
                f"the fname {fname!r} has a control character ({bad!r}); no clip's name may"
            )
        if leads_out(name):
            raise InputError(
                f"the fname {fname!r} leads out of {self.folder}; it must stay inside"
                + self._hint(PurePosixPath(name).name)
            )
        found = self._exact(fname) or self._alike(name, fold)
        if not found and (linked := self._linked(fname.strip())):
            found = [linked]
        if not found:
            raise InputError(
                f"there is no audio file {fname!r} in {self.folder} ({', '.join(SUFFIXES)})"
                + self._hint(name)
            )
        if len(found) > 1:
            alike = len({spelled(one) for one in found}) < len(found)  # to the eye, too
            named = " and ".join(map(ascii if alike else repr, found[:_NAMED]))
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            suffix = "" if suffix_of(name) else "the suffix or "
            raise InputError(
                f"the fname {fname!r} could mean {named}{more}; write {suffix}the whole path"
            )
        if unusable(found[0]):
            raise InputError(
                f"the fname {fname!r} is in a folder with a name that is not UTF-8 or has a "
                f"control character ({found[0]!r})"
            )
        if not (self.folder / found[0]).exists():
            raise InputError(
                f"there is no audio file {fname!r} in {self.folder}; it is a link to a file that "
                "is not there"
            )
        return self.folder / found[0]

    def inside(self, path: Path) -> str:
        """Return where a found file lies below the folder, as ids are spelled."""
        return spelled(path.relative_to(self.folder).as_posix())

    def _exact(self, fname: str) -> list[str]:
        tried = (fname, fname.strip(), fname.strip().replace("\\", "/"))
        names = (PurePosixPath(one).as_posix() for one in tried)
        return [one for one in names if one in self._paths][:1]

    def _alike(self, name: str, fold: str) -> list[str]:
        wanted, suffix = clip_id(name), suffix_of(name).lower()
        found = self._with(suffix, self._ids.get(wanted, []))
        if found:
            return found
        below, within = self._below(wanted, suffix)
        folders = [within[name] for name in folders_of(fold) if name in within]
        return list(dict.fromkeys(one for paths in folders for one in paths)) or below

    def _below(self, wanted: str, suffix: str) -> _Found:
        """Return what is called so in folders below, and the same by each folder it lies in."""
        if (wanted, suffix) not in self._seen:  # a table may have one name in thousands of folders
            last = self._last.get(PurePosixPath(wanted).name, [])
            below = self._with(suffix, [one for one in last if clip_id(one).endswith(f"/{wanted}")])
            within: dict[str, list[str]] = defaultdict(list)
            for one in below:
                for name in dict.fromkeys(one.casefold().split("/")[:-1]):
                    within[name].append(one)
            self._seen[wanted, suffix] = below, within
        return self._seen[wanted, suffix]

    def _with(self, suffix: str, paths: list[str]) -> list[str]:
        return [one for one in paths if suffix in ("", suffix_of(one).lower())]

    def _linked(self, fname: str) -> str:
        """Return a file that was not looked at, since a link leads to its folder once more."""
        for suffix in ("",) if suffix_of(fname) else SUFFIXES:
            try:
                if (self.folder / (fname + suffix)).is_file():
                    return fname + suffix
            except OSError:  # such as a name that is too long
                return ""
        return ""

    def _hint(self, name: str) -> str:
        other = self._others.get(clip_id(name).casefold()) or self._others.get(name.casefold())
        if not other:  # as of a path that begins above the folder
            other = next(iter(self._last.get(PurePosixPath(clip_id(name)).name, ())), None)
        return f"; there is {other!r}" if other else ""


def files_below(folder: Path) -> Iterator[str]:
    """Give the path of every file below `folder`; no folder is gone into twice.

    What lies there itself goes before what a link leads to. A link that leads nowhere counts as a
    file, so that a sound whose content was not fetched yet is said to be missing.
    """
    own, linked, seen = deque([""]), deque[str](), set()
    while own or linked:
        inside = own.popleft() if own else linked.popleft()
        real = os.path.realpath(folder / inside)
        if real in seen:
            continue
        seen.add(real)
        try:
            entries = sorted(os.scandir(folder / inside), key=lambda entry: entry.name)
        except OSError:  # nobody may look into it: its clips are missing then, and listed
            continue
        for entry in entries:
            path = f"{inside}/{entry.name}" if inside else entry.name
            try:
                if entry.is_dir():
                    (linked if entry.is_symlink() else own).append(path)
                elif entry.is_file() or entry.is_symlink():
                    yield path
            except OSError:  # a link that leads in a circle
                continue
