"""What a reader finds in a source, and how the rows of a table become its clips.

What readers share is here; a layout's own is in its module of `embeddings.collection.readers`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from embeddings.audio.decoding import SUFFIXES
from embeddings.collection.clips import check_families
from embeddings.collection.families import known_families
from embeddings.collection.spreadsheets import Row
from embeddings.errors import InputError
from embeddings.files import read_json

_TITLES = ("title", "name")
_AUTHORS = ("author", "uploader", "username", "artist")
_LICENCES = ("licence", "license")
_TAKEN = {"fname", "labels", *_TITLES, *_AUTHORS, *_LICENCES}


@dataclass(frozen=True, slots=True)
class SourceClip:
    """A row of a source: what it says about one clip, before its audio is looked at.

    `where` is the file and line; `problem` is why the row cannot become a clip, "" if it can.
    """

    id: str
    path: Path
    labels: tuple[str, ...]
    where: str
    problem: str = ""
    group: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader found: the clips in the source's order, and facts about the whole."""

    clips: list[SourceClip]
    families: dict[str, tuple[str, ...]]
    description: str
    licence: str = ""
    convention: str = "corrected"


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may add to the reading: a families file, the column that holds the group."""

    families: Path | None = None
    group_column: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A layout on disk, and how it is read.

    Attributes
    ----------
    name : what ``--reader`` takes, and ``collection.json`` keeps
    layout : what has to be in PATH, for people who import
    read : what gives the source at a path; it raises InputError where that is not as it must be
    """

    name: str
    layout: str
    read: Callable[[Path, Options], Source]


def source_clips(table: Path, rows: list[Row], audio: Path, options: Options) -> list[SourceClip]:
    """Return the clips that the rows of `table` speak of, their audio somewhere under `audio`.

    Of a row count fname (which may leave out the suffix and may name a subfolder), labels
    (separated by commas), and where they are there title, uploader and licence, by any of their
    usual names; all other columns are kept. What is wrong with one clip alone is its `problem`;
    InputError for a table or a folder that is not as it must be.
    """
    if not audio.is_dir():
        raise InputError(f"{audio}: there is no such folder; the clips' audio should be in it.")
    if options.group_column and options.group_column not in rows[0][1]:
        raise InputError(
            f"{table}, line 1: there is no column {options.group_column!r} to group by; "
            f"the columns are: {', '.join(rows[0][1])}."
        )
    files = _audio_files(audio)
    clips = [_clip(f"{table}, line {line}", row, audio, files, options) for line, row in rows]
    lines: dict[str, str] = {}
    for clip in clips:
        if clip.id in lines:
            raise InputError(
                f"{clip.where}: the clip {clip.id!r} is there twice (first: {lines[clip.id]}); "
                "every fname may occur once."
            )
        lines[clip.id] = clip.where
    return clips


def _clip(
    where: str, row: dict[str, str], audio: Path, files: dict[str, list[Path]], options: Options
) -> SourceClip:
    name = row["fname"].strip()
    inside = PurePosixPath(name.replace("\\", "/"))
    if not name or not name.isprintable():
        raise InputError(f"{where}: the fname {name!r} must be a file name, and printable.")
    if inside.is_absolute() or ".." in inside.parts or ":" in name.partition("/")[0]:
        raise InputError(f"{where}: the fname {name!r} leads out of {audio}; it must stay inside.")
    suffix = inside.suffix if inside.suffix.lower() in SUFFIXES else ""
    clip_id = str(inside).removesuffix(suffix)
    found = [file for file in files.get(clip_id, ()) if suffix in ("", file.suffix)]
    if len(found) > 1:
        names = " and ".join(file.name for file in found)
        raise InputError(f"{where}: the fname {name!r} could mean {names}; write the suffix.")
    labels = tuple(dict.fromkeys(filter(None, map(_plain, row["labels"].split(",")))))
    problem = "" if labels else "there is no label"
    if not found:
        problem = f"there is no audio file {name!r} in {audio} ({', '.join(SUFFIXES)})"
    return SourceClip(
        id=clip_id,
        path=found[0] if found else audio / name,
        labels=labels,
        where=where,
        problem=problem,
        group=_plain(row[options.group_column]) if options.group_column else "",
        title=_first(row, _TITLES),
        author=_first(row, _AUTHORS),
        licence=_first(row, _LICENCES),
        extra={key: _plain(value) for key, value in row.items() if key and key not in _TAKEN},
    )


def _first(row: dict[str, str], columns: tuple[str, ...]) -> str:
    return next((text for column in columns if (text := _plain(row.get(column, "")))), "")


def _plain(text: str) -> str:
    """Return text on one line: every stretch of white space and control characters is a space."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _audio_files(folder: Path) -> dict[str, list[Path]]:
    """Map each audio file's path without suffix, relative to `folder`, to the files it has."""
    files: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            files[path.relative_to(folder).with_suffix("").as_posix()].append(path)
    return files


def source_families(
    clips: list[SourceClip], options: Options, own: dict[str, tuple[str, ...]] | None
) -> dict[str, tuple[str, ...]]:
    """Return the families by the first of: the user's file, the source's own, FSD50K's."""
    if options.families:
        return check_families(read_json(options.families), str(options.families))
    if own is not None:
        return own
    return known_families(Counter(label for clip in clips for label in clip.labels))
