"""What readers without a CSV share: whole lists of clips, of any number of rows or files."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from embeddings.collection.clip_names import suffix_of
from embeddings.collection.label_cells import one_line
from embeddings.collection.sound_files import files_below
from embeddings.collection.sources import Options, SourceClip, twice
from embeddings.errors import InputError


def text_of(value: object) -> str:
    """Return a value as text on one line; "" for None."""
    return "" if value is None else one_line(str(value))


def labels_in(values: Iterable[object]) -> tuple[str, ...]:
    """Return the labels that `values` are, each on one line, none empty and none twice."""
    return tuple(dict.fromkeys(filter(None, map(text_of, values))))


def whole_list(
    path: Path, clips: list[SourceClip], options: Options, usual: Iterable[str] = ()
) -> list[SourceClip]:
    """Return the clips with their groups, by the column asked for or else the first usual one.

    An id that comes again is a problem of its clip.

    Raises
    ------
    InputError
        There is no clip at `path`, or none has the column asked for.
    """
    if not clips:
        raise InputError(f"{path}: there is no clip in it.")
    columns = list(dict.fromkeys(column for clip in clips for column in clip.extra))
    asked = options.group_column
    if asked and asked not in columns:
        raise InputError(
            f"{path}: there is no column {asked!r} to group by; the columns are: "
            f"{', '.join(columns) or 'none'}."
        )
    column = asked or next((one for one in usual if one in columns), "")
    grouped = [replace(clip, group=clip.extra.get(column, "")) for clip in clips]
    return each_once(grouped)


def each_once(clips: Iterable[SourceClip]) -> list[SourceClip]:
    """Return the clips; that an id comes again is the problem of those that have it later."""
    seen: dict[str, SourceClip] = {}
    checked = []
    for clip in clips:
        if not clip.problem and clip.id in seen:
            clip = replace(clip, problem=twice(clip, seen[clip.id]), inside=False)
        elif not clip.problem:
            seen[clip.id] = clip
        checked.append(clip)
    return checked


def sounds_below(folder: Path) -> list[str]:
    """Return the sound files under `folder`: paths below it, in their order.

    Folders that are links are followed, each once. What begins with a dot is hidden, and so is
    ``__MACOSX``, which macOS puts into its archives.
    """
    return sorted(
        path
        for path in files_below(folder)
        if suffix_of(path)
        and not any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))
    )
