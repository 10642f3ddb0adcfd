"""Which clips of a collection people mean: names from a list, a table, or another program's files.

A clip is named by its id, or by what the table that was imported calls it: with the suffix of its
file, with backslashes, in another of Unicode's normal forms. An id that is there wins over one that
is found so.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from embeddings.collection.clip_names import clip_id, lies_in, spelled, suffix_of
from embeddings.collection.clips import Collection
from embeddings.collection.spreadsheets import SEPARATORS, MissingColumn, read_rows
from embeddings.errors import InputError
from embeddings.files import read_text

COLUMNS = ("fname", "filename", "file_name", "slice_file_name", "clip")
"""Where tables have their clips, the first one counting: those of readers, and our own tables'."""

_TABLES = (".csv", ".tsv", ".tab")
_NAMED = 5


class ClipNames:
    """Finds the clips of a collection by what people call them."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def find(self, name: str, where: str, fold: str = "") -> str | None:
        """Return the id of the clip that `name` means, None where there is none.

        `fold` is what a table says in a column of this name: the clip's folder, where files of
        several folders are called alike, so that their ids are their paths. Raises InputError,
        beginning with `where`, where it could mean several.
        """
        if name in self._collection.index:
            return name
        bare = name.removesuffix(suffix_of(name))
        for one, spelling in ((name, spelled(name)), (bare, clip_id(name))):
            if one in self._collection.index:
                return one
            found = self._by_form.get(spelling, [])
            if len(found) > 1:
                raise InputError(
                    f"{where}: {name!r} could mean {' and '.join(map(ascii, found))}, which differ "
                    "in their Unicode forms alone; write the one that is meant."
                )
            if found:
                return found[0]
        kept = self._by_bare.get(spelled(name), [])
        if len(kept) > 1:
            raise InputError(
                f"{where}: {name!r} could mean {' and '.join(map(repr, kept))}; write the suffix."
            )
        if kept:
            return kept[0]
        within = [one for one in self._by_last.get(clip_id(name), []) if lies_in(one, fold)]
        return within[0] if len(within) == 1 else None

    def known(self, names: Iterable[str], where: str, folds: Iterable[str] = ()) -> list[str]:
        """Return the id of each name; raise InputError, beginning with `where`, for strangers."""
        asked = list(names)
        cells = [*folds] or [""] * len(asked)
        found = [self.find(name, where, fold) for name, fold in zip(asked, cells, strict=True)]
        strangers = [name for name, one in zip(asked, found, strict=True) if one is None]
        if strangers:
            raise InputError(
                f"{where}: {some(strangers)} {'is' if len(strangers) == 1 else 'are'} not in the "
                f"collection {self._collection.name!r}."
            )
        return [one for one in found if one is not None]

    @cached_property
    def _by_form(self) -> dict[str, list[str]]:
        forms: dict[str, list[str]] = defaultdict(list)
        for clip in self._collection.clips:
            forms[spelled(clip.id)].append(clip.id)
        return dict(forms)

    @cached_property
    def _by_bare(self) -> dict[str, list[str]]:
        """Ids that keep their suffix, by what they are without it."""
        bare: dict[str, list[str]] = defaultdict(list)
        for clip in self._collection.clips:
            if suffix := suffix_of(clip.id):
                bare[spelled(clip.id.removesuffix(suffix))].append(clip.id)
        return dict(bare)

    @cached_property
    def _by_last(self) -> dict[str, list[str]]:
        last: dict[str, list[str]] = defaultdict(list)
        for clip in self._collection.clips:
            if "/" in clip.id:
                last[clip_id(clip.id).rpartition("/")[2]].append(clip.id)
        return dict(last)


def read_names(path: Path) -> list[tuple[int, str]]:
    """Return (line, name) of every clip that a file names; raise InputError where it names none.

    It has a name a line, or is a table with one of `COLUMNS`: a ``.csv``, ``.tsv`` or ``.tab``, or
    whatever begins with such a line of columns, as spreadsheets write text.
    """
    return [(one.line, one.name) for one in _named(path)]


def read_ids(path: Path, collection: Collection) -> list[str]:
    """Return the ids of the clips that a file names, in its order; see `read_names`.

    A clip that is there twice counts once. InputError for one that the collection does not have.
    """
    names = ClipNames(collection)
    found = [
        names.known([one.name], f"{path}, line {one.line}", [one.fold])[0] for one in _named(path)
    ]
    return list(dict.fromkeys(found))


def read_id_column(path: Path, collection: Collection) -> list[str]:
    """Return the ids of the clips that a table names, row by row.

    InputError for a row without a name, a clip that is there twice, or not in the collection.
    """
    rows = _column(path)
    for row in rows:
        if not row.name:
            raise InputError(f"{path}, line {row.line}: there is no fname.")
    names, folds = [row.name for row in rows], [row.fold for row in rows]
    ids = ClipNames(collection).known(names, str(path), folds)
    seen: dict[str, int] = {}
    for (line, _, _), clip in zip(rows, ids, strict=True):
        if clip in seen:
            raise InputError(
                f"{path}, line {line}: the clip {clip!r} is there twice (first: line {seen[clip]})."
            )
        seen[clip] = line
    return ids


def some(names: Sequence[str]) -> str:
    """Return the first of these names in words, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(repr(name) for name in names[:_NAMED]) + more


class _Named(NamedTuple):
    """A clip that a file names, with what a table's column fold says of it."""

    line: int
    name: str
    fold: str = ""


def _named(path: Path) -> list[_Named]:
    if path.suffix.lower() in _TABLES or _is_table(path):
        names = _column(path)
    else:
        lines = enumerate(read_text(path).split("\n"), 1)
        names = [_Named(number, line.strip()) for number, line in lines]
    names = [one for one in names if one.name]
    if not names:
        raise InputError(f"{path}: there is no clip id in it.")
    return names


def _is_table(path: Path) -> bool:
    first = read_text(path).lstrip("\n").partition("\n")[0].casefold()
    if first.startswith("sep="):
        return True
    return any(len(cells) > 1 and not set(COLUMNS).isdisjoint(cells) for cells in _headers(first))


def _headers(line: str) -> Iterator[list[str]]:
    """Give the cells of a line by each separator that columns may have."""
    for mark in SEPARATORS:
        with suppress(csv.Error):  # such as a cell that is too long: no line of columns is
            yield next(csv.reader([line], delimiter=mark), [])


def _column(path: Path) -> list[_Named]:
    """Return every row, by the first of `COLUMNS` that the table has."""
    missing: MissingColumn | None = None
    for column in COLUMNS:
        try:
            rows = read_rows(path, (column,), ("fold",))
        except MissingColumn as error:
            missing = missing or error
            continue
        return [_Named(line, row[column].strip(), row.get("fold", "")) for line, row in rows]
    raise InputError(str(missing))
