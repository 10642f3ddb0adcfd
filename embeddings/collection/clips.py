"""A collection: labelled clips, their families, and where their audio lies."""

import csv
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.collection.label_cells import cell_labels, label_cell, one_line
from embeddings.errors import InputError
from embeddings.files import (
    as_stream,
    check_name,
    only_writer,
    read_json,
    remove_folder,
    undamaged,
    whole_folder,
    write_json,
    write_text,
)

CONVENTIONS = ("cbmi2024", "corrected")
_WAIT = 20  # seconds for a copy that is being made for a browser

_QUOTED = "quoted_labels"
"""In collection.json where labels with a comma or quotes are quoted; before, none had a comma."""

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


class Collection:
    """A stored collection, read whole into memory; its audio stays on disk.

    Attributes
    ----------
    folder : Path
    info : dict with name, title, description, source, licence, convention, ...
    clips : list of Clip, in the order that every array about the collection follows
    families : dict of family name to the tuple of its classes
    """

    def __init__(
        self,
        folder: Path,
        info: dict[str, Any],
        clips: Sequence[Clip],
        families: dict[str, tuple[str, ...]],
    ) -> None:
        self.folder = folder
        self.info = info
        self.clips = list(clips)
        self.families = families

    @property
    def name(self) -> str:
        """The collection's name: its folder's, and the one in commands and addresses."""
        return self.info["name"]

    @property
    def data(self) -> Path:
        """The data folder that the collection is stored in."""
        return self.folder.parents[1]

    @property
    def convention(self) -> str:
        """How its objective scores are counted unless told: "cbmi2024" or "corrected"."""
        return self.info["convention"]

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each clip id."""
        return {clip.id: row for row, clip in enumerate(self.clips)}

    @cached_property
    def class_counts(self) -> dict[str, int]:
        """The number of clips that carry each class, classes in alphabetical order."""
        counts = Counter(label for clip in self.clips for label in clip.labels)
        return dict(sorted(counts.items()))

    @cached_property
    def family_of(self) -> dict[str, str]:
        """The family of each class that has one."""
        return {label: family for family, labels in self.families.items() for label in labels}

    @cached_property
    def leaf_classes(self) -> tuple[str, ...]:
        """The classes that are no other class's parent, in alphabetical order.

        A class is a parent of another when every clip of the other carries it too and it has
        more clips: labels that were propagated upwards show their tree. Of classes on exactly
        the same clips, the one that the clips name first counts as the most specific.
        """
        shared: dict[str, list[str]] = {}  # the labels that all clips of a class have
        for clip in self.clips:
            for label in clip.labels:
                shared[label] = [
                    other for other in shared.get(label, clip.labels) if other in clip.labels
                ]
        counts = self.class_counts
        parents = set()
        for label, others in shared.items():
            after = others[others.index(label) + 1 :]
            parents |= {
                other
                for other in others
                if counts[other] > counts[label]
                or (counts[other] == counts[label] and other in after)
            }
        return tuple(label for label in counts if label not in parents)

    @cached_property
    def envelopes(self) -> np.ndarray:
        """The peak envelopes, float32 [clips, points] in [0, 1] of full scale, memory-mapped."""
        return np.load(self.folder / "envelopes.npy", mmap_mode="r")

    def clip(self, clip_id: str) -> Clip:
        """Return the clip named `clip_id`; raise InputError if there is none."""
        if clip_id not in self.index:
            raise InputError(f"The collection {self.name!r} has no clip {clip_id!r}.")
        return self.clips[self.index[clip_id]]

    def audio_path(self, clip: Clip) -> Path:
        """Return where the audio of `clip` lies."""
        return self.folder / clip.path  # an absolute path stays as it is

    def members(self, label: str) -> list[int]:
        """Return the rows of the clips that carry the class `label`; raise InputError if none."""
        if label not in self.class_counts:
            raise InputError(f"The collection {self.name!r} has no class {label!r}.")
        return [row for row, clip in enumerate(self.clips) if label in clip.labels]


def collections_folder(data: Path) -> Path:
    """Return the folder of all collections under the data folder."""
    return data / "collections"


def unpacked(folder: Path) -> Path:
    """Return where the audio that lies in a source's tables waits for the collection `folder`."""
    return folder.with_name(f".{folder.name}.unpacked")


def collection_names(data: Path) -> list[str]:
    """Return the names of the stored collections, in alphabetical order."""
    return sorted(
        path.parent.name for path in collections_folder(data).glob("[!.]*/collection.json")
    )


def open_collection(data: Path, name: str) -> Collection:
    """Read the collection `name` under the data folder; raise InputError if there is none."""
    if name not in collection_names(data):
        known = ", ".join(collection_names(data)) or "none yet"
        raise InputError(f"There is no collection {name!r}; there are: {known}.")
    folder = collections_folder(data) / name
    with undamaged("collection", folder):
        info = read_json(folder / "collection.json")
        split = cell_labels if info.get(_QUOTED) else _unquoted
        clips = [_clip(row, split) for row in csv.DictReader(as_stream(folder / "clips.csv"))]
        families = {key: tuple(value) for key, value in read_json(folder / "families.json").items()}
        if len(clips) != info["clips"]:
            raise ValueError(f"clips.csv has {len(clips)} clips, not {info['clips']}")
        return Collection(folder, info, clips, families)


def write_collection(
    folder: Path,
    info: dict[str, Any],
    clips: Sequence[Clip],
    families: dict[str, tuple[str, ...]],
    envelopes: np.ndarray,
    sounds: dict[str, Path] | None = None,
) -> None:
    """Store a collection in `folder`, whole or not at all; what lay there is replaced.

    `envelopes` is float [clips, points], see `embeddings.audio.measuring`. The files of `sounds`
    (path in the collection -> file) are copied in.
    """
    check_name("collection", info["name"])
    extras = list(dict.fromkeys(column for clip in clips for column in clip.extra))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    columns = _OWN if any(clip.suspicion for clip in clips) else _COLUMNS
    writer.writerow([*columns, *_outside(extras)])
    writer.writerows(_row(clip, len(columns), extras) for clip in clips)
    with whole_folder(folder) as new:
        for inside, file in (sounds or {}).items():
            (new / inside).parent.mkdir(parents=True, exist_ok=True)
            _put(file, new / inside, own=file.is_relative_to(unpacked(folder)))
        write_text(new / "clips.csv", table.getvalue())
        write_json(new / "families.json", families)
        np.save(new / "envelopes.npy", np.asarray(envelopes, dtype=np.float32))
        write_json(new / "collection.json", info | {"clips": len(clips), _QUOTED: True})


def _put(file: Path, target: Path, own: bool) -> None:
    """Copy a file; one of our `own`, written out for the import alone, needs no room twice."""
    if own:
        with suppress(OSError):  # a file system without hard links
            os.link(file, target)
            return
    shutil.copyfile(file, target)


def remove_collection(data: Path, name: str) -> None:
    """Remove the collection `name` with all embeddings and rankings made from it."""
    folder = collections_folder(data) / name
    locks = data / "locks"
    with ExitStack() as held:
        held.enter_context(only_writer(locks / f"import-{name}", f"an import of {name!r}"))
        for lock in sorted(locks.glob(f"extract-{name}.*")):  # no name has a dot
            held.enter_context(only_writer(lock, f"an extraction for {name!r}"))
        held.enter_context(
            only_writer(locks / f"play-{name}", f"playing sounds of {name!r}", _WAIT)
        )
        remove_folder(folder)


def playing_lock(collection: Collection) -> Path:
    """Return the lock file of whoever makes a copy for browsers to play."""
    return collection.data / "locks" / f"play-{collection.name}"


def check_families(families: Any, source: str) -> dict[str, tuple[str, ...]]:
    """Return `families` if it maps family names to lists of classes, each class in one at most.

    Names are spelled as labels are, on one line. `source` names where they came from in the
    InputError that is raised otherwise.
    """
    if not isinstance(families, dict):
        raise InputError(f"{source}: families must be one JSON object of family -> [classes].")
    checked: dict[str, tuple[str, ...]] = {}
    seen: dict[str, str] = {}
    for raw, labels in families.items():
        family = one_line(raw)
        if not family or family in checked:
            why = "is there twice" if family else "has no name"
            raise InputError(f"{source}: the family {raw!r} {why}; each must have its own.")
        if not isinstance(labels, list | tuple) or not all(isinstance(one, str) for one in labels):
            raise InputError(f"{source}: the family {family!r} must be a list of class names.")
        checked[family] = tuple(dict.fromkeys(filter(None, map(one_line, labels))))
        for label in checked[family]:
            if label in seen:
                raise InputError(
                    f"{source}: the class {label!r} is in two families, "
                    f"{seen[label]!r} and {family!r}; it may be in one."
                )
            seen[label] = family
    return checked


def families_of(
    labels: Iterable[str], families: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return `families` narrowed to the classes in `labels`; families left empty are dropped."""
    present = set(labels)
    narrowed = {
        family: tuple(label for label in members if label in present)
        for family, members in families.items()
    }
    return {family: members for family, members in narrowed.items() if members}


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


def _clip(row: dict[str, str], split: Callable[[str], tuple[str, ...]]) -> Clip:
    return Clip(
        id=row["clip"],
        path=row["path"],
        labels=split(row["labels"]),
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
