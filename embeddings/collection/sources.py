"""What a reader finds in a source, and how the rows of a table become its clips.

What readers share is here; a layout's own is in its module of `embeddings.collection.readers`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from embeddings.collection.clip_names import clip_id, spelled
from embeddings.collection.clips import check_families
from embeddings.collection.families import known_families
from embeddings.collection.label_cells import one_line, read_label_cells
from embeddings.collection.sound_files import SoundFolder
from embeddings.collection.spreadsheets import Row
from embeddings.errors import InputError
from embeddings.files import read_json

_TITLES = ("title", "name")
_AUTHORS = ("author", "uploader", "username", "artist")
_LICENCES = ("licence", "license")
_FACTS = {"title": _TITLES, "author": _AUTHORS, "licence": _LICENCES}
KNOWN_COLUMNS = (*_TITLES, *_AUTHORS, *_LICENCES, "fold")
"""The columns that mean something to every reader, besides those that it needs."""


@dataclass(frozen=True, slots=True)
class SourceClip:
    """A row of a source: what it says about one clip, before its audio is looked at.

    `where` is the file and line; `problem` is why the row cannot become a clip, "" if it can.
    `inside` says that the audio lies in the table itself: `path` is none of a file until it is
    unpacked.
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
    inside: bool = False


Unpack = Callable[[Path, int | None], Iterator[SourceClip]]
"""Gives the clips whose audio lies inside the source, all or that many, each with a file under the
folder, or the problem that it has none."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader found: the clips in the source's order, and facts about the whole.

    `unpack` is there where audio lies inside the source's tables; see
    `embeddings.collection.unpacking`.
    """

    clips: list[SourceClip]
    families: dict[str, tuple[str, ...]]
    description: str
    licence: str = ""
    convention: str = "corrected"
    unpack: Unpack | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may add to the reading.

    Attributes
    ----------
    families : a JSON file of family -> [classes]
    group_column : the column that holds each clip's group
    label_separator : what stands between two classes in a cell; one of `LABEL_SEPARATORS`
    id_column, label_column : the columns that hold ids and labels, where a reader `takes` them
    argument : what stood behind the reader's name and a colon
    within : the folders that all a table names must lie in, as where somebody else sent it; () for
        anywhere
    """

    families: Path | None = None
    group_column: str | None = None
    label_separator: str = ","
    id_column: str | None = None
    label_column: str | None = None
    argument: str = ""
    within: tuple[Path, ...] = ()

    def lets_in(self, path: Path) -> bool:
        """Return whether a file may be read that a table names; wherever links lead counts."""
        if not self.within:
            return True
        try:
            real = path.resolve()
        except (OSError, RuntimeError, ValueError):  # a circle of links, no path at all
            return False
        return any(real.is_relative_to(one) for one in self.within)


@dataclass(frozen=True, slots=True)
class Reader:
    """A layout on disk, and how it is read.

    Attributes
    ----------
    name : what ``--reader`` takes, and ``collection.json`` keeps
    layout : what has to be in PATH, for people who import
    read : what gives the source at a path; it raises InputError where that is not as it must be
    argument : what may follow the name and a colon, as its help calls it; "" for nothing
    needs_argument : whether it must
    takes : which of the options id_column and label_column it knows
    """

    name: str
    layout: str
    read: Callable[[Path, Options], Source]
    argument: str = ""
    needs_argument: bool = False
    takes: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """What ``--reader`` takes for it, such as ``soundata:NAME``."""
        wanted = f":{self.argument}" if self.argument else ""
        return self.name + (wanted if self.needs_argument or not wanted else f"[{wanted}]")


def source_clips(table: Path, rows: list[Row], audio: Path, options: Options) -> list[SourceClip]:
    """Return the clips that the rows of `table` speak of, their audio somewhere under `audio`.

    Of a row count fname, found as `SoundFolder.find` has it (fold, where there is such a column,
    tells which folder goes first), labels, and where they are there title, uploader and licence,
    by any of their usual names; all other columns are kept. What is wrong with one clip alone is
    its `problem`; InputError for a folder that is not there, or a group column.
    """
    if options.group_column and options.group_column not in rows[0][1]:
        raise InputError(
            f"{table}, line 1: there is no column {options.group_column!r} to group by; "
            f"the columns are: {', '.join(rows[0][1])}."
        )
    sounds = SoundFolder(audio)
    labels = read_label_cells([row["labels"] for _, row in rows], options.label_separator)
    clips = [
        _clip(f"{table}, line {line}", row, told, sounds, options)
        for (line, row), told in zip(rows, labels, strict=True)
    ]
    return _each_once(clips, [row["fname"] for _, row in rows], sounds)


def _clip(
    where: str,
    row: dict[str, str],
    told: tuple[tuple[str, ...], str],
    sounds: SoundFolder,
    options: Options,
) -> SourceClip:
    labels, problem = told
    path, facts = sounds.folder, usual_facts(row)
    try:
        path = sounds.find(row["fname"], row.get("fold", ""))
    except InputError as error:
        problem = str(error)
    return SourceClip(
        id=clip_id(row["fname"]),
        path=path,
        labels=labels,
        where=where,
        problem=problem or ("" if labels else "there is no label"),
        group=one_line(row[options.group_column]) if options.group_column else "",
        title=facts["title"],
        author=facts["author"],
        licence=facts["licence"],
        extra={
            key: one_line(value)
            for key, value in further_columns(row).items()
            if key not in ("fname", "labels")
        },
    )


def _each_once(clips: list[SourceClip], names: list[str], sounds: SoundFolder) -> list[SourceClip]:
    """Return the clips with ids of their own; a file that comes again is a problem.

    Where several files would have the same id, each has its name with the suffix as id, as the
    table has it, or, where these are alike too, its path.
    """
    alike: dict[str, list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        if clip.path != sounds.folder:
            alike[clip.id].append(place)
    ids = [clip.id for clip in clips]
    for places in alike.values():
        files = dict.fromkeys(clips[place].path for place in places)
        if len(files) > 1:
            for place in places:
                ids[place] = spelled(names[place])
            if len({ids[place] for place in places}) < len(files):
                for place in places:
                    ids[place] = sounds.inside(clips[place].path)
    seen: dict[str | Path, SourceClip] = {}
    checked = []
    for clip, own in zip(clips, ids, strict=True):
        named = replace(clip, id=own)
        if not named.problem:
            if before := seen.get(own) or seen.get(named.path):
                named = replace(named, problem=twice(named, before))
            else:
                seen |= {own: named, named.path: named}
        checked.append(named)
    return checked


def twice(clip: SourceClip, first: SourceClip) -> str:
    """Return the problem of a clip that has the id or the file of an earlier one."""
    files = clip.path, first.path
    spellings = [[spelled(part) for part in file.parts] for file in files]
    if clip.inside or first.inside or files[0] == files[1] or spellings[0] != spellings[1]:
        return f"the clip {clip.id!r} is there twice (first: {first.where})"
    names = " and ".join(ascii("/".join(file.parts[-2:])) for file in files)
    return (
        f"the clip {clip.id!r} is another file than the one before ({first.where}), with a name "
        f"that differs in its Unicode form or white space alone ({names}); rename one of them"
    )


def _first(row: dict[str, str], columns: tuple[str, ...]) -> str:
    """Return the first of these columns that has text in a row, "" for none."""
    return next((column for column in columns if one_line(row.get(column, ""))), "")


def source_families(
    clips: list[SourceClip], options: Options, own: dict[str, tuple[str, ...]] | None
) -> dict[str, tuple[str, ...]]:
    """Return the families by the first of: the user's file, the source's own, FSD50K's."""
    if options.families:
        own = check_families(read_json(options.families), str(options.families))
    if own is not None:
        return own
    return known_families(Counter(label for clip in clips for label in clip.labels))


def usual_facts(row: dict[str, str]) -> dict[str, str]:
    """Return title, author and licence of a row, by any of their usual names; "" where none is."""
    return {fact: one_line(row.get(_first(row, columns), "")) for fact, columns in _FACTS.items()}


def further_columns(row: dict[str, str]) -> dict[str, str]:
    """Return a row without what `usual_facts` takes of it; a second title or author stays."""
    usual = {column for columns in _FACTS.values() for column in columns}
    taken = {_first(row, columns) for columns in _FACTS.values()}
    return {
        key: one
        for key, one in row.items()
        if key not in usual or (key not in taken and one_line(one))
    }
