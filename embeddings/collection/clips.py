"""A collection: labelled clips, their families, and where their audio lies."""

import mmap
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, overload

import numpy as np

from embeddings.collection.clip_columns import ClipColumns
from embeddings.collection.clip_index import LARGE, IndexedClips, indexed_clips, write_index
from embeddings.collection.clip_table import Clip, read_clips, write_clips
from embeddings.collection.clip_texts import ClipTexts
from embeddings.collection.label_cells import one_line
from embeddings.errors import InputError
from embeddings.files import (
    check_name,
    only_writer,
    read_json,
    remove_folder,
    undamaged,
    whole_folder,
    write_json,
)

CONVENTIONS = ("cbmi2024", "corrected")
_WAIT = 20  # seconds for a copy that is being made for a browser

_QUOTED = "quoted_labels"
"""In collection.json where labels with a comma or quotes are quoted; before, none had a comma."""


class Collection:
    """A stored collection; its audio stays on disk, and so does a large one's table of clips.

    Attributes
    ----------
    folder : Path
    info : dict with name, title, description, source, licence, convention, ...
    clips : the clips, in the order that every array about the collection follows
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
        self.clips = clips if isinstance(clips, IndexedClips) else list(clips)
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
    def index(self) -> Mapping[str, int]:
        """The row of each clip id."""
        if isinstance(self.clips, IndexedClips):
            return self.clips.rows_by_id
        return {clip.id: row for row, clip in enumerate(self.clips)}

    @cached_property
    def columns(self) -> ClipColumns:
        """What is known of every clip, as arrays."""
        if isinstance(self.clips, IndexedClips):
            return self.clips.columns
        return ClipColumns.of(self.clips)

    @cached_property
    def texts(self) -> ClipTexts:
        """What a search for words looks through."""
        if isinstance(self.clips, IndexedClips):
            return self.clips.texts
        writer = ClipTexts.Writer()
        for clip in self.clips:
            writer.add(clip.id, clip.title, clip.labels)
        return writer.texts()

    @cached_property
    def ids_sha256(self) -> str:
        """The SHA-256 of the clip ids in order, one a line: it ties stored rows to their clips."""
        if isinstance(self.clips, IndexedClips):
            return self.clips.ids_sha256
        return sha256("\n".join(clip.id for clip in self.clips).encode()).hexdigest()

    @cached_property
    def class_counts(self) -> dict[str, int]:
        """The number of clips that carry each class, classes in alphabetical order."""
        labels = self.columns.labels
        return dict(zip(labels.classes, labels.counts.tolist(), strict=True))

    @cached_property
    def family_of(self) -> dict[str, str]:
        """The family of each class that has one."""
        return {label: family for family, labels in self.families.items() for label in labels}

    def related(self, labels: Iterable[str]) -> set[str]:
        """Return all classes of the families that some classes are of."""
        families = {self.family_of[label] for label in labels if label in self.family_of}
        return {label for label, family in self.family_of.items() if family in families}

    @cached_property
    def leaf_classes(self) -> tuple[str, ...]:
        """The classes that are no other class's parent, in alphabetical order.

        See `clip_columns.ClipLabels.leaves`.
        """
        labels = self.columns.labels
        return tuple(one for one, leaf in zip(labels.classes, labels.leaves(), strict=True) if leaf)

    @cached_property
    def envelopes(self) -> np.ndarray:
        """The peak envelopes, float32 [clips, points] in [0, 1] of full scale, memory-mapped."""
        return few_at_a_time(np.load(self.folder / "envelopes.npy", mmap_mode="r"))

    def ids_of(self, rows: np.ndarray) -> Sequence[str]:
        """Return the ids of some clips, int [clips], each looked up when it is asked for."""
        return _Ids(self.clips, rows)

    def loudest(self) -> np.ndarray:
        """Return the largest value of each clip's envelope, float32 [clips]."""
        return np.load(self.folder / "envelopes.npy", mmap_mode="r").max(axis=1)

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
        labels = self.columns.labels
        return labels.clips[labels.codes == labels.classes.index(label)].tolist()


def few_at_a_time(mapped: np.ndarray) -> np.ndarray:
    """Let a large mapped array be read where it is asked for, and not what lies around it.

    Some rows of a page lie anywhere: read ahead, each would take the disk thirty times as long.
    """
    if len(mapped) >= LARGE and hasattr(mmap, "MADV_RANDOM") and isinstance(mapped, np.memmap):
        mapped._mmap.madvise(mmap.MADV_RANDOM)  # type: ignore[attr-defined]
    return mapped


class _Ids(Sequence[str]):
    """The ids of some clips, for sentences about few of them."""

    def __init__(self, clips: Sequence[Clip], rows: np.ndarray) -> None:
        self._clips, self._rows = clips, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return _Ids(self._clips, self._rows[place])
        return self._clips[int(self._rows[place])].id


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
        clips = _clips(data, folder, info)
        families = {key: tuple(value) for key, value in read_json(folder / "families.json").items()}
        return Collection(folder, info, clips, families)


def _clips(data: Path, folder: Path, info: dict[str, Any]) -> Sequence[Clip]:
    table, count, quoted = folder / "clips.csv", info["clips"], bool(info.get(_QUOTED))
    if count >= LARGE:
        return indexed_clips(table, count, quoted, data / "locks")
    clips = read_clips(table, quoted)
    if len(clips) != count:
        raise ValueError(f"clips.csv has {len(clips)} clips, not {count}")
    return clips


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
    with whole_folder(folder) as new:
        for inside, file in (sounds or {}).items():
            (new / inside).parent.mkdir(parents=True, exist_ok=True)
            _put(file, new / inside, own=file.is_relative_to(unpacked(folder)))
        write_clips(new / "clips.csv", clips)
        if len(clips) >= LARGE:
            write_index(new / "clips.csv", quoted=True)
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
