"""Readers of published layouts: FSD50K, ESC-50, and any folder of sounds with a CSV.

A reader looks at tables and file names only. Whether each audio file can be decoded is found out
by :mod:`embeddings.collection.importing`, in parallel.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from embeddings.audio import SUFFIXES
from embeddings.collection.clips import check_families
from embeddings.collection.families import known_families
from embeddings.errors import InputError
from embeddings.files import read_json

_ESC50_GROUPS = (
    "Animals",
    "Natural soundscapes and water",
    "Human, non-speech",
    "Interior and domestic",
    "Exterior and urban",
)
"""ESC-50 numbers its 50 classes so that each ten are one of these, in this order."""

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


Row = tuple[int, dict[str, str]]


def read_fsd50k(path: Path, options: Options) -> Source:
    """Read FSD50K's evaluation set as published.

    `path` holds ``FSD50K.eval_audio/`` and ``FSD50K.ground_truth/eval.csv`` (fname, labels,
    mids); ``FSD50K.metadata/eval_clips_info_FSD50K.json`` adds titles, uploaders and licences.
    """
    table = path / "FSD50K.ground_truth" / "eval.csv"
    info_file = path / "FSD50K.metadata" / "eval_clips_info_FSD50K.json"
    info = read_json(info_file) if info_file.is_file() else {}
    if not isinstance(info, dict) or not all(isinstance(facts, dict) for facts in info.values()):
        raise InputError(f"{info_file}: must be one JSON object of fname -> facts.")
    rows = _read_rows(table, ("fname", "labels"))
    if info:  # under the metadata's own names, so that title, uploader and licence are found
        for _, row in rows:
            facts = info.get(row["fname"], {})
            row |= {key: str(facts.get(key, "")) for key in ("title", "uploader", "license")}
    options = Options(options.families, options.group_column or ("uploader" if info else None))
    clips = _clips(table, rows, path / "FSD50K.eval_audio", options)
    return Source(
        clips,
        _families(clips, options, None),
        "FSD50K, evaluation set",
        licence="each clip under its own Creative Commons licence",
        convention="cbmi2024",
    )


def read_esc(path: Path, options: Options) -> Source:
    """Read ESC-50 (or ESC-10) as published: ``audio/`` and ``meta/esc50.csv``.

    The class is the row's category; the family one of ESC-50's five groups of ten classes; the
    group the source recording (src_file).
    """
    table = path / "meta" / "esc50.csv"
    rows = _read_rows(table, ("filename", "target", "category"))
    families: dict[str, tuple[str, ...]] = {}
    for line, row in rows:
        target = row["target"]
        if not target.isdecimal() or int(target) >= 10 * len(_ESC50_GROUPS):
            raise InputError(
                f"{table}, line {line}: the target {target!r} must be a number from 0 to "
                f"{10 * len(_ESC50_GROUPS) - 1}."
            )
        family = _ESC50_GROUPS[int(target) // 10]
        families[family] = (*families.get(family, ()), row["category"])
        row |= {"fname": row["filename"], "labels": row["category"]}
    families = {family: tuple(dict.fromkeys(labels)) for family, labels in families.items()}
    grouped = bool(rows) and "src_file" in rows[0][1]
    options = Options(options.families, options.group_column or ("src_file" if grouped else None))
    clips = _clips(table, rows, path / "audio", options)
    return Source(
        clips,
        _families(clips, options, families),
        "ESC-50: environmental sound classification",
        licence="CC BY-NC 3.0 (ESC-10: CC BY 3.0)",
    )


def read_csv(path: Path, options: Options) -> Source:
    """Read any CSV with the columns fname and labels beside an ``audio/`` folder.

    `path` is the CSV, or a folder that holds ``clips.csv`` (or exactly one other CSV). A
    ``families.json`` beside it is used. fname may leave out the suffix and may name a subfolder;
    labels are separated by commas. All other columns are kept.
    """
    table = path if path.is_file() else _only_table(path)
    folder = table.parent
    clips = _clips(table, _read_rows(table, ("fname", "labels")), folder / "audio", options)
    beside = folder / "families.json"
    families = check_families(read_json(beside), str(beside)) if beside.is_file() else None
    return Source(clips, _families(clips, options, families), f"{table.name} and its sounds")


def read_ids(path: Path) -> list[str]:
    """Read clip ids, one a line, or from the column fname of a CSV; raise InputError if none.

    An id that is there twice counts once.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    if path.suffix.lower() == ".csv":
        ids = [row["fname"].strip() for _, row in _read_rows(path, ("fname",))]
    else:
        try:
            ids = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: the text is not UTF-8 (byte {error.start}).") from error
    ids = list(dict.fromkeys(filter(None, ids)))
    if not ids:
        raise InputError(f"{path}: there is no clip id in it.")
    return ids


def read_id_column(path: Path) -> list[str]:
    """Return the column fname of a CSV, row by row; InputError for an empty id or one twice."""
    seen: dict[str, int] = {}
    for line, row in _read_rows(path, ("fname",)):
        name = row["fname"].strip()
        if not name:
            raise InputError(f"{path}, line {line}: there is no fname.")
        if name in seen:
            raise InputError(
                f"{path}, line {line}: the clip {name!r} is there twice (first: line {seen[name]})."
            )
        seen[name] = line
    return list(seen)


READERS: dict[str, Callable[[Path, Options], Source]] = {
    "fsd50k": read_fsd50k,
    "esc": read_esc,
    "csv": read_csv,
}


def _only_table(folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such file or folder.")
    usual = folder / "clips.csv"
    tables = [usual] if usual.is_file() else sorted(folder.glob("*.csv"))
    if len(tables) != 1:
        raise InputError(
            f"{folder}: there must be a clips.csv or exactly one CSV file; found {len(tables)}."
        )
    return tables[0]


def _read_rows(path: Path, needed: tuple[str, ...]) -> list[Row]:
    """Return (line, row) for each row of a CSV; raise InputError naming file and line."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}, line {line}: the text is not UTF-8 (byte 0x{raw[error.start]:02x}); "
            "save the file as UTF-8."
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        missing = [column for column in needed if column not in (reader.fieldnames or ())]
        if missing:
            found = ", ".join(reader.fieldnames or ()) or "none"
            raise InputError(
                f"{path}, line 1: the column {missing[0]!r} is missing; the columns are: {found}."
            )
        for row in reader:
            if None in row or None in row.values():  # too many cells, or too few
                raise InputError(
                    f"{path}, line {reader.line_num}: the row must have "
                    f"{len(reader.fieldnames or ())} cells, as the first line has."
                )
            rows.append((reader.line_num, row))
    except csv.Error as error:
        # the row that cannot be read begins where the last whole one ended
        raise InputError(f"{path}, line {reader.line_num + 1}: not valid CSV: {error}.") from error
    if not rows:
        raise InputError(f"{path}: there is no row below the first line.")
    return rows


def _clips(table: Path, rows: list[Row], audio: Path, options: Options) -> list[SourceClip]:
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


def _families(
    clips: list[SourceClip], options: Options, own: dict[str, tuple[str, ...]] | None
) -> dict[str, tuple[str, ...]]:
    """Return the families by the first of: the user's file, the source's own, FSD50K's."""
    if options.families:
        return check_families(read_json(options.families), str(options.families))
    if own is not None:
        return own
    return known_families(Counter(label for clip in clips for label in clip.labels))
