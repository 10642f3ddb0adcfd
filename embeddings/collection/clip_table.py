"""The table of a collection's clips, ``clips.csv``: one row a clip, and what it says of it."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embeddings.collection.label_cells import cell_labels, label_cell
from embeddings.files import as_stream

_COLUMNS = (
    "clip",
    "path",
    "labels",
    "seconds",
    "sample_rate",
    "channels",
    "loudness_lufs",
    "loudness_note",
    "group",
    "title",
    "author",
    "licence",
)
_OWN = (*_COLUMNS, "suspicion")
"""What a table may have of itself: the last is there only where a clip is suspicious."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One audio file of a collection.

    Attributes
    ----------
    id : the clip's name in its source; a string always
    path : where its audio lies, absolute or relative to the collection's folder
    labels : its classes, at least one, none twice
    seconds, sample_rate, channels, loudness_lufs, loudness_note : see `audio.Measurement`
    group : uploader, pack or source recording; "" where unknown
    title, author, licence : as the source has them; "" where it has none
    suspicion : why its file may not be what it should be; "" where nothing is suspicious
    extra : every other column of the source; a name that the table uses itself gets "source_"
    """

    id: str
    path: str
    labels: tuple[str, ...]
    seconds: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None = None
    loudness_note: str = ""
    group: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    suspicion: str = ""


def _outside(extras: list[str]) -> list[str]:
    """Return the source's own columns by names that nothing else has."""
    names: list[str] = []
    for column in extras:
        name = f"source_{column}" if column in _OWN else column
        while name in names or (name != column and name in extras):
            name = f"source_{name}"
        names.append(name)
    return names


def _row(clip: Clip, columns: int, extras: list[str]) -> list[Any]:
    loudness = "" if clip.loudness_lufs is None else clip.loudness_lufs
    known = [
        clip.id, clip.path, label_cell(clip.labels), clip.seconds, clip.sample_rate, clip.channels,
        loudness, clip.loudness_note, clip.group, clip.title, clip.author, clip.licence,
        clip.suspicion,
    ]  # fmt: skip
    return [*known[:columns], *(clip.extra.get(column, "") for column in extras)]


def _unquoted(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, cell.split(",")))  # "" is no class


class RowReader:
    """Makes clips of the rows of a table.

    Parameters
    ----------
    header : the names of the columns
    quoted : whether labels with a comma or quotes are quoted
    """

    def __init__(self, header: Sequence[str], quoted: bool) -> None:
        self._header = header
        self._split = cell_labels if quoted else _unquoted

    def clip(self, cells: Sequence[str]) -> Clip:
        """Return the clip of a row; raise KeyError or ValueError where it is none."""
        row = dict(zip(self._header, cells, strict=True))
        return Clip(
            id=row["clip"],
            path=row["path"],
            labels=self._split(row["labels"]),
            seconds=float(row["seconds"]),
            sample_rate=int(row["sample_rate"]),
            channels=int(row["channels"]),
            loudness_lufs=float(row["loudness_lufs"]) if row["loudness_lufs"] else None,
            loudness_note=row["loudness_note"],
            group=row["group"],
            title=row["title"],
            author=row["author"],
            licence=row["licence"],
            extra={key: value for key, value in row.items() if key not in _OWN},
            suspicion=row.get("suspicion", ""),
        )


def read_clips(path: Path, quoted: bool) -> list[Clip]:
    """Return the clips of a table in their order; raise KeyError or ValueError where it is none."""
    rows = csv.reader(as_stream(path))
    reader = RowReader(next(rows, ()), quoted)
    return [reader.clip(cells) for cells in rows if cells]


def write_clips(path: Path, clips: Iterable[Clip]) -> None:
    """Write a table of clips, whose labels with a comma or quotes are quoted."""
    clips = list(clips)
    extras = list(dict.fromkeys(column for clip in clips for column in clip.extra))
    columns = _OWN if any(clip.suspicion for clip in clips) else _COLUMNS
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns, *_outside(extras)])
        writer.writerows(_row(clip, len(columns), extras) for clip in clips)
