"""The clips of a large collection, looked up on disk where a small one's are all in memory.

A million clips as Python objects take a gigabyte and half a minute to read, in every process that
shows a page. So beside a large table of clips lies a folder, ``clips.index``, made from it once::

    rows.npy                   int64 [clips + 1], where in clips.csv each clip's row begins
    digests.npy, places.npy    uint64 and int64 [clips]: of each id, sorted, and its clip's row
    labels.npy, starts.npy     see `clip_columns.ClipLabels`
    seconds.npy, ...           the other columns of `clip_columns.ClipColumns`
    texts.bin, ends.npy        what a search looks through: see `clip_texts.ClipTexts`
    meta.json                  the classes, and which table it was made from

All of it is memory-mapped. An index of another table than the one that is there is made anew.
"""

import csv
import mmap
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, overload

import numpy as np

from embeddings.collection.clip_columns import ClipColumns, ClipLabels
from embeddings.collection.clip_table import Clip, RowReader
from embeddings.collection.clip_texts import ClipTexts
from embeddings.errors import InputError
from embeddings.files import only_writer, read_json, whole_folder, write_json

LARGE = 100_000
"""Clips from which on a collection is looked up by an index."""
_FORMAT = 1
_COLUMNS = ("seconds", "loudness", "channels", "groups")
_WAIT = 600.0  # seconds for another process that makes the same index


class IndexedClips(Sequence[Clip]):
    """The clips of a table, each read when it is asked for.

    Attributes
    ----------
    columns : what is known of all of them
    rows_by_id : the row of each id
    texts : what a search looks through
    ids_sha256 : of the ids, one a line
    """

    def __init__(self, table: Path, folder: Path, meta: dict[str, Any], quoted: bool) -> None:
        self._made_of = table, folder, meta, quoted
        arrays = {file.stem: np.load(file, mmap_mode="r") for file in folder.glob("*.npy")}
        self._starts = arrays["rows"]
        with table.open("rb") as file:
            self._table = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._reader = RowReader(self._cells(0, int(self._starts[0])), quoted)
        labels = ClipLabels(tuple(meta["classes"]), arrays["starts"], arrays["labels"])
        self.columns = ClipColumns(labels, *(arrays[name] for name in _COLUMNS))
        self.texts = ClipTexts(_mapped(folder / "texts.bin"), arrays["ends"])
        self.ids_sha256: str = meta["ids_sha256"]
        self.rows_by_id: Mapping[str, int] = _RowsById(self, arrays["digests"], arrays["places"])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._made_of  # a process that is given it maps the same files

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, row: int) -> Clip: ...
    @overload
    def __getitem__(self, row: slice) -> list[Clip]: ...
    def __getitem__(self, row: int | slice) -> Clip | list[Clip]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        place = range(len(self))[row]  # raises IndexError, and counts from the end
        return self._reader.clip(self._cells(*self._starts[place : place + 2].tolist()))

    def __iter__(self) -> Iterator[Clip]:
        for cells in csv.reader(_lines(self._table, int(self._starts[0]))):
            yield self._reader.clip(cells)

    def id_of(self, row: int) -> str:
        """Return a clip's id, without the rest of it."""
        return self[row].id

    def _cells(self, start: int, end: int) -> list[str]:
        return next(csv.reader(_lines(self._table[start:end])))


class _RowsById(Mapping[str, int]):
    """The row of each clip id, found by a digest of it."""

    def __init__(self, clips: IndexedClips, digests: np.ndarray, places: np.ndarray) -> None:
        self._clips, self._digests, self._places = clips, digests, places

    def __getitem__(self, clip_id: str) -> int:
        digest = np.uint64(_digest(clip_id))
        first = int(np.searchsorted(self._digests, digest))
        while first < len(self._digests) and self._digests[first] == digest:
            row = int(self._places[first])
            if self._clips.id_of(row) == clip_id:
                return row
            first += 1
        raise KeyError(clip_id)

    def __iter__(self) -> Iterator[str]:
        return (clip.id for clip in self._clips)

    def __len__(self) -> int:
        return len(self._clips)


def indexed_clips(table: Path, clips: int, quoted: bool, locks: Path) -> IndexedClips:
    """Return the clips of a table by its index, which is made where there is none of it.

    Parameters
    ----------
    table : a collection's ``clips.csv``
    clips : how many rows it has
    quoted : whether labels with a comma or quotes are quoted
    locks : the folder of the data folder's locks

    Raises
    ------
    InputError
        The table is not text, or the index cannot be written.
    KeyError, ValueError
        The table is not one of so many clips.
    """
    folder = _folder(table)
    state = _state(table)
    found = _opened(table, folder, state, quoted)
    if found is None:
        name = table.parent.name
        with only_writer(locks / f"index-{name}", f"an index of {name!r}", _WAIT):
            found = _opened(table, folder, state, quoted)
            if found is None:
                write_index(table, quoted)
                found = _opened(table, folder, state, quoted)
    if found is None or len(found) != clips:
        there = "no index" if found is None else f"{len(found)} clips"
        raise ValueError(f"{table.name} has {there}, not {clips}")
    return found


def write_index(table: Path, quoted: bool) -> None:
    """Make the index of a table of clips, beside it, whole or not at all."""
    starts: list[int] = []
    digests: list[int] = []
    ids = sha256()
    texts = ClipTexts.Writer()

    def clips(file: Any) -> Iterator[Clip]:
        lines = _Counted(file)
        rows = csv.reader(lines)
        try:
            reader = RowReader(next(rows, ()), quoted)
            starts.append(lines.read)
            for cells in rows:
                clip = reader.clip(cells)
                ids.update(f"{chr(10) if digests else ''}{clip.id}".encode())
                digests.append(_digest(clip.id))
                starts.append(lines.read)
                texts.add(clip.id, clip.title, clip.labels)
                yield clip
        except UnicodeDecodeError as error:
            raise InputError(
                f"{table}, line {rows.line_num + 1}: the text is not UTF-8; save the file as UTF-8."
            ) from error

    with whole_folder(_folder(table)) as new:
        with table.open("rb") as file:
            columns = ClipColumns.of(clips(file))
        known = np.array(digests, dtype=np.uint64)
        order = np.argsort(known, kind="stable")
        arrays = {
            "rows": np.array(starts, dtype=np.int64),
            "digests": known[order],
            "places": order,
            "labels": columns.labels.codes,
            "starts": columns.labels.starts,
            "ends": texts.ends(),
        } | {name: getattr(columns, name) for name in _COLUMNS}
        for name, array in arrays.items():
            np.save(new / f"{name}.npy", array)
        (new / "texts.bin").write_bytes(texts.body())
        write_json(
            new / "meta.json",
            _state(table) | {"classes": columns.labels.classes, "ids_sha256": ids.hexdigest()},
        )


class _Counted:
    """The lines of a file as text, and how many bytes of it were read."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            text = line.decode("utf-8-sig" if self.read == 0 else "utf-8")
            self.read += len(line)
            yield text


def _lines(body: bytes | mmap.mmap, start: int = 0) -> Iterator[str]:
    end = len(body)
    while start < end:
        after = body.find(b"\n", start) + 1 or end
        yield body[start:after].decode("utf-8-sig" if start == 0 else "utf-8")
        start = after


def _opened(table: Path, folder: Path, state: dict[str, Any], quoted: bool) -> IndexedClips | None:
    """Return the clips by the index that is there; None where it is not of this table."""
    with suppress(OSError, ValueError, KeyError, InputError):
        meta = read_json(folder / "meta.json")
        if all(meta.get(key) == value for key, value in state.items()):
            return IndexedClips(table, folder, meta, quoted)
    return None


def _state(table: Path) -> dict[str, Any]:
    """Return what says that an index is of this table."""
    total, size = 0, 0
    with table.open("rb") as file:
        while part := file.read(1 << 22):
            total, size = zlib.crc32(part, total), size + len(part)
    return {"format": _FORMAT, "size": size, "crc32": total}


def _folder(table: Path) -> Path:
    return table.with_name("clips.index")


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _digest(clip_id: str) -> int:
    return int.from_bytes(blake2b(clip_id.encode(), digest_size=8).digest(), "little")
