"""Data sets as Hugging Face `datasets` keeps them: saved folders, and Parquet with audio."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embeddings.audio.kinds import kind_of
from embeddings.collection.arrow_columns import Columns, choose_columns
from embeddings.collection.arrow_tables import (
    Part,
    all_null,
    batches,
    features_of,
    find_parts,
    schema_of,
)
from embeddings.collection.clip_names import clip_id, leads_out
from embeddings.collection.sources import (
    Options,
    Reader,
    Source,
    SourceClip,
    further_columns,
    source_families,
    usual_facts,
)
from embeddings.collection.tableless import text_of, whole_list
from embeddings.errors import InputError

_LONGEST_NAME = 200  # bytes of a part of an id, which becomes a file's name


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table without its audio: where it is, and what it says."""

    split: str
    file: Path
    number: int  # in the file
    values: dict[str, Any]
    path: str
    inside: bool


def read_hugging_face(path: Path, options: Options) -> Source:
    """Read a folder that `datasets` saved (one split or several), or Parquet files.

    Labels are the names of a ClassLabel, a text, or the items of a list; see `arrow_columns`. A
    clip's id is its audio's path without the suffix, where every row of the split has one and none
    is there twice, or else ``row-N``, counted from 0; of several splits, ``split/`` stands before
    it. Columns of one value are kept, and the split as ``split``.
    """
    parts = _chosen(path, find_parts(path), options.argument)
    for file in (file for part in parts for file in part.files):
        if not options.lets_in(file):
            raise InputError(f"{path}: its table {str(file)!r} leads out of it.")
    first = parts[0].files[0]
    schema = schema_of(first)
    columns = choose_columns(first, schema, features_of(first, schema), options)
    clips: list[SourceClip] = []
    for part in parts:
        prefix = f"{part.split}/" if len(parts) > 1 else ""
        rows = [row for file in part.files for row in _rows(part.split, file, schema, columns)]
        ids = _ids(rows, columns)
        clips += [
            _clip(row, prefix + one, columns, path, options)
            for row, one in zip(rows, ids, strict=True)
        ]
    clips = whole_list(path, clips, options)
    inside = any(clip.inside for clip in clips)
    return Source(
        clips,
        source_families(clips, options, None),
        f"{path.name}, by Hugging Face datasets",
        unpack=_Unpacker(parts, columns, clips, path) if inside else None,
    )


READER = Reader(
    "hf",
    "a folder that Hugging Face datasets saved (save_to_disk), a Parquet file, or a folder with "
    "*.parquet or data/*.parquet as a clone from the Hub has; with :SPLIT one split alone, such "
    "as hf:test; needs PyArrow",
    read_hugging_face,
    argument="SPLIT",
    takes=("id_column", "label_column"),
)


def _chosen(path: Path, parts: list[Part], split: str) -> list[Part]:
    chosen = [part for part in parts if not split or part.split == split]
    if not chosen:
        known = ", ".join(part.split or "one without a name" for part in parts)
        raise InputError(f"{path}: there is no split {split!r}; there is: {known}.")
    return chosen


def _rows(split: str, file: Path, schema: Any, columns: Columns) -> Iterator[_Row]:
    """Yield the rows of a file; the bytes of its audio are not read where that can be spared."""
    own = schema_of(file)
    lacking = [name for name in columns.read if name not in own.names]
    if lacking:
        raise InputError(f"{file}: there is no column {lacking[0]!r}, as the first file has.")
    number = 0
    empty = all_null(file, columns.bytes_field) if columns.bytes_field else True
    wanted = list(columns.plain)
    wanted += [columns.path_field] if columns.path_field else []
    wanted += [columns.bytes_field] if empty is None else []
    for batch in batches(file, wanted):
        audio = batch.column(columns.audio) if columns.audio in batch.schema.names else None
        paths = columns.paths(audio) or [None] * batch.num_rows
        there = columns.bytes_are_there(audio) if empty is None else [not empty] * batch.num_rows
        plain = {name: batch.column(name).to_pylist() for name in columns.plain}
        for at in range(batch.num_rows):
            values = {name: column[at] for name, column in plain.items()}
            yield _Row(split, file, number, values, paths[at] or "", there[at])
            number += 1


def _ids(rows: list[_Row], columns: Columns) -> list[str]:
    """Return the ids of a split's rows."""
    if columns.id:
        return [_own_id(row, columns.id) for row in rows]
    names = _names([row.path.replace("\\", "/") for row in rows])
    if names and len(set(names)) == len(names) and all(map(_usable, names)):
        return names
    digits = len(str(len(rows) - 1))
    return [f"row-{number:0{digits}}" for number in range(len(rows))]


def _names(paths: list[str]) -> list[str]:
    """Return the paths without suffixes and without the folder that all share; [] where one lacks.

    What is absolute only says where the data set was made.
    """
    if not all(paths):
        return []
    if any(one.startswith("/") or one[1:2] == ":" for one in paths):
        try:
            shared = os.path.commonpath([os.path.dirname(one) for one in paths])
        except ValueError:  # absolute and relative ones, or two drives
            return []
        paths = [os.path.relpath(one, shared) for one in paths]
    return [clip_id(text_of(one)) for one in paths]


def _own_id(row: _Row, column: str) -> str:
    name = text_of(row.values[column])
    if not _usable(name):
        raise InputError(
            f"{row.file}, row {row.number}: the {column} {name!r} cannot be an id; it must be a "
            f"relative path of names of at most {_LONGEST_NAME} bytes."
        )
    return name


def _usable(name: str) -> bool:
    parts = name.split("/")
    fitting = all(one not in ("", ".") and len(one.encode()) <= _LONGEST_NAME for one in parts)
    return fitting and not leads_out(name)


def _clip(row: _Row, name: str, columns: Columns, path: Path, options: Options) -> SourceClip:
    labels, problem = columns.labels(row.values)
    file = Path(row.path)
    if not row.inside:
        tried = [row.file.parent / file, path / file]
        found = [one for one in tried if row.path and options.lets_in(one) and one.is_file()]
        file = found[0] if found else tried[0]
        if not row.path:
            problem = "there is no audio in the row"
        elif not found:
            problem = f"there is no audio file {row.path!r}"
    texts = {column: columns.text(column, row.values) for column in columns.plain}
    kept = further_columns({key: text for key, text in texts.items() if key not in columns.taken})
    return SourceClip(
        id=name,
        path=file,
        labels=labels,
        where=f"{row.file}, row {row.number}",
        problem=problem,
        extra=kept | ({"split": row.split} if row.split else {}),
        inside=row.inside and not problem,
        **usual_facts(texts),
    )


@dataclass(frozen=True, slots=True)
class _Unpacker:
    """Writes the audio that lies in the tables into files, a few rows in memory at a time."""

    parts: list[Part]
    columns: Columns
    clips: list[SourceClip]
    path: Path

    def __call__(self, folder: Path, most: int | None) -> Iterator[SourceClip]:
        """Yield the clips that lay in the tables, each with its file under `folder`."""
        waiting = iter(self.clips)
        # An import that goes on tells files by their names, so they say which source it was.
        own = folder / hashlib.sha256(str(self.path).encode()).hexdigest()[:12]
        left = sum(clip.inside for clip in self.clips) if most is None else most
        for place, file in enumerate(file for part in self.parts for file in part.files):
            target = own / f"{place:05}"
            target.mkdir(parents=True)
            when = file.stat().st_mtime_ns
            for number, audio in enumerate(self._audio(file)):
                clip = next(waiting)
                if left and clip.inside:
                    left -= 1
                    yield _written(clip, audio, target / f"{number:07}", when)
                if not left:
                    return

    def _audio(self, file: Path) -> Iterator[Any]:
        for batch in batches(file, [self.columns.bytes_field]):
            yield from self.columns.contents(batch.column(self.columns.audio))


def _written(clip: SourceClip, audio: bytes | None, stem: Path, when: int) -> SourceClip:
    """Write a clip's file, as old as the table is, so that it is the same the next time."""
    if not audio:
        return replace(clip, problem="the audio is empty (0 bytes)")
    kind, suffix = kind_of(audio), clip.path.suffix.lower()
    if kind and suffix not in kind.suffixes:  # a name's end may say anything, and may be missing
        suffix = kind.suffixes[0]
    file = stem.with_name(stem.name + suffix)
    file.write_bytes(audio)
    os.utime(file, ns=(when, when))
    return replace(clip, path=file)
