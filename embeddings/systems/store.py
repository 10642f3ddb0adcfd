"""Embeddings and rankings on disk: memory-mapped arrays, with what is known of how they were made.

An embedding is a folder ``embeddings/NAME/`` of its collection::

    vectors.npy   float32 [rows, dim]: the clips of the collection in order, failed ones left out
    frames.npy    int64 [clips with vectors + 1], only where frame-level: the k-th of them has
                  the rows frames[k]:frames[k+1]
    meta.json     provenance, representation, parameters, versions, failed clips with the reason

A ranking is a folder ``rankings/SYSTEM/``::

    neighbours.npy   int32 [clips, top]: rows of the collection, best first; -1 where there is none
    scores.npy       float32 [clips, top]: higher is more similar; NaN where there is none
    transform.npz    what prepares new sounds: the fitted scaling and PCA; not where imported
    meta.json        the embedding, the processing, the search, the name

Nothing in them depends on when or how often a job was run: the same input gives the same bytes.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings import __version__
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import read_json, remove_folder, undamaged, whole_folder, write_json
from embeddings.search.neighbours import ragged

PROVENANCES = ("computed", "imported", "simulated")


@dataclass(frozen=True, slots=True)
class Embedding:
    """A raw embedding of a collection.

    Attributes
    ----------
    name : its folder's name
    vectors : float32 [rows, dim], memory-mapped
    frames : int64 [clips with vectors + 1] offsets, or None where each clip has one vector
    rows : int64 [clips with vectors], the row of each in the collection
    meta : what ``meta.json`` says
    """

    name: str
    vectors: np.ndarray
    frames: np.ndarray | None
    rows: np.ndarray
    meta: dict[str, Any]

    def of_clip(self, number: int) -> np.ndarray:
        """Return the vectors of the `number`-th clip that has some: [dim], or [frames, dim]."""
        if self.frames is None:
            return self.vectors[number]
        return self.vectors[self.frames[number] : self.frames[number + 1]]

    def only(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the vectors and the frames of some of its clips alone, int [clips], in order."""
        if len(places) == len(self.rows):
            return self.vectors, self.frames
        if self.frames is None:
            return self.vectors[places], None
        sizes = np.diff(self.frames)[places]
        frames = np.append(0, np.cumsum(sizes))
        return self.vectors[ragged(self.frames[places], sizes)], frames


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one system returns for every clip as query; see the module's text for the arrays."""

    system: str
    neighbours: np.ndarray
    scores: np.ndarray
    meta: dict[str, Any]

    @property
    def title(self) -> str:
        """The system's full name: representation, processing and search."""
        return self.meta["title"]

    @property
    def provenance(self) -> str:
        """Where its embedding comes from: "computed", "imported" or "simulated"."""
        return self.meta["provenance"]


def embedding_names(collection: Collection) -> list[str]:
    """Return the names of the collection's whole embeddings, in alphabetical order."""
    return _whole(collection.folder / "embeddings")


def system_names(collection: Collection) -> list[str]:
    """Return the names of the collection's whole rankings, in alphabetical order."""
    return _whole(collection.folder / "rankings")


def write_embedding(
    collection: Collection,
    name: str,
    vectors: np.ndarray,
    meta: dict[str, Any],
    *,
    frames: np.ndarray | None = None,
    failed: dict[str, str] | None = None,
) -> Path:
    """Store an embedding, whole or not at all, replacing an older one, and return its folder.

    Parameters
    ----------
    vectors, frames : as in the module's text
    meta : must have "provenance" (one of `PROVENANCES`) and "representation"
    failed : clip id -> reason, for the clips that have no vectors
    """
    if meta["provenance"] not in PROVENANCES:
        raise ValueError(f"provenance must be one of {PROVENANCES}, not {meta['provenance']!r}")
    folder = collection.folder / "embeddings" / name
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    with whole_folder(folder) as new:
        np.save(new / "vectors.npy", vectors)
        if frames is not None:
            np.save(new / "frames.npy", np.asarray(frames, dtype=np.int64))
        facts = {
            "name": name,
            "dim": int(vectors.shape[1]),
            "frame_level": frames is not None,
            "clips_sha256": collection.ids_sha256,
            "vectors_sha256": hashlib.sha256(vectors.data).hexdigest(),
            "code_version": __version__,
            "failed": failed or {},
        }
        write_json(new / "meta.json", meta | facts)
    return folder


def open_embedding(collection: Collection, name: str) -> Embedding:
    """Open the embedding `name` of `collection`; raise InputError if there is none that fits it."""
    with _existing(collection, "embedding", name, embedding_names(collection)) as folder:
        meta = _fitting_meta(folder, collection)
        failed = [collection.index[one] for one in meta["failed"] if one in collection.index]
        rows = np.delete(np.arange(len(collection.clips)), failed)
        frames = np.load(folder / "frames.npy") if meta["frame_level"] else None
        vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        if vectors.shape != (len(rows) if frames is None else int(frames[-1]), meta["dim"]):
            raise ValueError(f"vectors.npy has the shape {vectors.shape}")
        return Embedding(name, vectors, frames, rows, meta)


def systems_on(collection: Collection, name: str) -> list[str]:
    """Return the collection's systems that rank by the embedding `name`."""
    return [system for system in system_names(collection) if system.startswith(f"{name}.")]


def remove_embedding(collection: Collection, name: str) -> None:
    """Remove the embedding `name` with its sweeps.

    Raises InputError if there is none, or a ranking is built on it.
    """
    if name not in embedding_names(collection):
        raise _unknown(collection, "embedding", name, embedding_names(collection))
    systems = systems_on(collection, name)
    if systems:
        raise InputError(
            f"The embedding {name!r} of {collection.name!r} is ranked by {systems[0]!r} and stays; "
            f"remove that first (flask rankings remove {collection.name} {systems[0]})."
        )
    sweeps = collection.folder / "sweeps"
    for sweep in (sweeps / name, *sweeps.glob(f"{name}.*")):
        if sweep.is_dir():
            remove_folder(sweep)
    remove_folder(collection.folder / "embeddings" / name)


def write_ranking(
    collection: Collection,
    system: str,
    neighbours: np.ndarray,
    scores: np.ndarray,
    transform: dict[str, np.ndarray] | None,
    meta: dict[str, Any],
) -> Path:
    """Store a ranking, whole or not at all, replacing an older one, and return its folder.

    `transform` is what `processing.fit` returned, None where it is not known (imported).
    """
    folder = collection.folder / "rankings" / system
    with whole_folder(folder) as new:
        np.save(new / "neighbours.npy", np.asarray(neighbours, dtype=np.int32))
        np.save(new / "scores.npy", np.asarray(scores, dtype=np.float32))
        if transform is not None:
            arrays: dict[str, Any] = dict(transform)  # numpy 2's types have a bool beside arrays
            np.savez(new / "transform.npz", **arrays)
        facts = {
            "system": system,
            "clips_sha256": collection.ids_sha256,
            "code_version": __version__,
        }
        write_json(new / "meta.json", meta | facts)
    return folder


def open_ranking(collection: Collection, system: str) -> Ranking:
    """Open the ranking `system` of `collection`; raise InputError if there is none that fits it."""
    with _existing(collection, "system", system, system_names(collection)) as folder:
        meta = _fitting_meta(folder, collection)
        neighbours = np.load(folder / "neighbours.npy", mmap_mode="r")
        scores = np.load(folder / "scores.npy", mmap_mode="r")
        if not neighbours.shape == scores.shape == (len(collection.clips), meta["top"]):
            raise ValueError(f"the shapes are {neighbours.shape} and {scores.shape}")
        return Ranking(system, neighbours, scores, meta)


def remove_ranking(collection: Collection, system: str) -> None:
    """Remove the ranking `system` with its scores; raise InputError if there is none."""
    if system not in system_names(collection):
        raise _unknown(collection, "system", system, system_names(collection))
    rankings = collection.folder / "rankings"
    for stopped in (f".{system}.parts", f".{system}.scores"):  # what would be gone on from
        if (rankings / stopped).is_dir():
            remove_folder(rankings / stopped)
    remove_folder(rankings / system)


def read_transform(collection: Collection, system: str) -> dict[str, np.ndarray]:
    """Return the fitted arrays that were stored with the ranking `system`."""
    path = collection.folder / "rankings" / system / "transform.npz"
    with path.open("rb") as file, np.load(file) as stored:  # closed, also where it is damaged
        return dict(stored)


@contextmanager
def _existing(collection: Collection, what: str, name: str, known: list[str]) -> Iterator[Path]:
    """Give the folder of a stored thing; whatever goes wrong in the block names the thing."""
    if name not in known:
        raise _unknown(collection, what, name, known)
    kind = {"embedding": "embeddings", "system": "rankings"}[what]
    with undamaged(what, collection.folder / kind / name):
        yield collection.folder / kind / name


def _unknown(collection: Collection, what: str, name: str, known: list[str]) -> InputError:
    return InputError(
        f"The collection {collection.name!r} has no {what} {name!r}; "
        f"it has: {', '.join(known) or 'none yet'}."
    )


def _fitting_meta(folder: Path, collection: Collection) -> dict[str, Any]:
    meta = read_json(folder / "meta.json")
    if meta["clips_sha256"] != collection.ids_sha256:
        raise InputError(
            f"it was made for other clips than the collection {collection.name!r} has now; "
            "make it again."
        )
    return meta


def _whole(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("[!.]*/meta.json"))
