"""What of a data folder a backup has, and what a folder may have that a backup is restored into."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from embeddings.collection.clips import collection_names, open_collection
from embeddings.errors import InputError

SETTINGS = "config.toml"
FILES = (SETTINGS, "secret_key", "installation", "served_at", "demo.json")
"""Files of the data folder itself; all of them may be made before a backup is restored."""
FOLDERS = ("studies", "own", "collections")
_NEITHER = frozenset({"README.md", "locks", "backups", "rehearsals", "lost+found"})
"""What belongs to the place, and neither to a backup nor to a study."""


def chosen_collections(data: Path, names: Sequence[str]) -> list[str]:
    """Return the collections that were asked for, by name or by "all"; InputError for others."""
    known = collection_names(data)
    if "all" in names:
        return known
    for name in names:
        if name not in known:
            raise InputError(
                f"There is no collection {name!r}; there are: {', '.join(known) or 'none yet'}."
            )
    return sorted(set(names))


def sounds_elsewhere(data: Path, collections: Sequence[str]) -> dict[str, int]:
    """Return how many sounds of each collection lie outside of it, where they do."""
    found = {}
    for name in collections:
        clips = open_collection(data, name).clips
        outside = sum(1 for clip in clips if Path(clip.path).is_absolute())
        if outside:
            found[name] = outside
    return found


def belongings(data: Path, collections: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Yield (name in the data folder, file) of all that belongs to a backup.

    Of the experimenter's own sounds, those that are kept; what a process is about to put in its
    place, under a name with a dot, is none.
    """
    for name in FILES:
        if (data / name).is_file():
            yield name, data / name
    yield from _below(data, "studies", _entries(data / "studies"))
    kept = [one for one in _entries(data / "own") if (data / "own" / one / "kept").is_file()]
    yield from _below(data, "own", kept)
    yield from _below(data, "collections", collections)


def belongs(name: str) -> bool:
    """Return whether a file of this name, as `belongings` yields it, can be one of a backup."""
    first, *others = name.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in (first, *others)):
        return False
    return first in FILES if not others else first in FOLDERS and len(others) > 1


def check_unused(data: Path) -> None:
    """Raise InputError where a data folder has anything of an installation in it."""
    for path in sorted(data.iterdir()):
        if path.name in FILES or path.name in _NEITHER or path.name.startswith("."):
            continue
        if path.is_dir() and next(_files(path, ()), None) is None:
            continue
        if path.name.endswith(("-wal", "-shm", "-journal")) or path.suffix == ".sqlite":
            continue  # what is in a database, the database says
        raise InputError(
            f"The data folder {data} is not empty: it has {path.name}. Nothing was changed; name "
            "an empty one by SOUNDING_BOARD_DATA, or move away what is there."
        )


def _entries(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(one.name for one in folder.iterdir() if not one.name.startswith("."))


def _below(data: Path, kind: str, names: Sequence[str]) -> Iterator[tuple[str, Path]]:
    for name in names:
        for path in _files(data / kind / name, ()):
            yield path.relative_to(data).as_posix(), path


def _files(folder: Path, above: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    """Yield the files in a folder, by name, also where links lead; not in circles."""
    try:
        facts = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda one: one.name)
    except (FileNotFoundError, NotADirectoryError):
        return  # removed meanwhile
    here = facts.st_dev, facts.st_ino
    if here in above:
        return
    for one in entries:
        if one.is_dir():
            yield from _files(folder / one.name, (*above, here))
        elif one.is_file() and not (one.name.startswith(".") and one.name.endswith(".new")):
            yield folder / one.name
