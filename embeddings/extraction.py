"""Computing a representation of a whole collection: parallel, resumable, with failures recorded.

While it runs, finished clips lie in a journal beside the embeddings (``.NAME.partial/``): vectors
appended to one file, an index line for each after they are written. Whatever is killed, the next
run goes on from there, and the embedding that comes out has the same bytes.
"""

import importlib.metadata
import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from embeddings import __version__
from embeddings.collection import Collection
from embeddings.errors import InputError
from embeddings.files import only_writer, write_text
from embeddings.parallel import Failure, default_workers, in_parallel
from embeddings.progress import progress
from embeddings.representations import CARDS, Card
from embeddings.store import Embedding, embedding_names, ids_digest, open_embedding, write_embedding

Job = tuple[str, Path]


def find_card(name: str) -> Card:
    """Return the card of the representation `name`, in any case of letters; InputError if none."""
    for card in CARDS.values():
        if card.name.lower() == name.lower():
            return card
    raise InputError(f"There is no representation {name!r}; there are: {', '.join(CARDS)}.")


def embedding_name(card: Card, extraction: str) -> str:
    """Return the folder name of the embedding that `card` gives by `extraction`."""
    if extraction not in card.extractions:
        raise InputError(
            f"{card.name} has no extraction {extraction!r}; it has: {', '.join(card.extractions)}."
        )
    default = next(iter(card.extractions))
    return card.embedding if extraction == default else f"{card.embedding}-{extraction}"


def extract_embedding(
    collection: Collection,
    card: Card,
    extraction: str | None = None,
    *,
    workers: int | None = None,
    again: bool = False,
    retry: bool = False,
) -> Embedding:
    """Compute the vectors of every clip and store them; return the embedding.

    A whole embedding that is there already is opened and returned, unless `again` (compute all
    anew) or `retry` (compute the clips that failed). A clip that fails is recorded with its reason
    (``meta["failed"]``) and does not stop the others.

    Raises
    ------
    InputError
        The package that computes it is not installed, another process is extracting the same, or
        every clip failed.
    """
    extraction = extraction or next(iter(card.extractions))
    name = embedding_name(card, extraction)
    old = open_embedding(collection, name) if name in embedding_names(collection) else None
    if old and not again and not (retry and old.meta["failed"]):
        return old
    module, package = card.needs
    if importlib.util.find_spec(module) is None:
        raise InputError(
            f"{card.name} needs the package {package}, which is not installed "
            "(pip install -r requirements.txt)."
        )
    partial_folder = collection.folder / "embeddings" / f".{name}.partial"
    lock = collection.folder.parents[1] / "locks" / f"extract-{collection.name}.{name}"
    with only_writer(lock, f"extracting {name} of {collection.name!r}"):
        with _journal(partial_folder, collection, card, extraction) as journal:
            if old and not again:
                journal.take_over(old, [clip.id for clip in collection.clips])
            _extract_missing(collection, card, extraction, journal, workers or default_workers())
            vectors, frames, failed = journal.assemble([clip.id for clip in collection.clips])
        if not len(vectors):
            shutil.rmtree(partial_folder)
            reason = next(iter(failed.values()))
            raise InputError(f"{card.name} could be computed of no clip; the first: {reason}")
        meta = {
            "provenance": "computed",
            "representation": card.name,
            "extraction": extraction,
            "package": package,
            "package_version": importlib.metadata.version(package),
        }
        write_embedding(collection, name, vectors, meta, frames=frames, failed=failed)
        shutil.rmtree(partial_folder)
    return open_embedding(collection, name)


def _extract_missing(
    collection: Collection, card: Card, extraction: str, journal: "_Journal", workers: int
) -> None:
    clips = collection.clips
    jobs: list[Job] = [
        (clip.id, collection.audio_path(clip)) for clip in clips if clip.id not in journal.entries
    ]
    bar = progress(len(clips), "clip", card.name, done=len(clips) - len(jobs))
    with bar:
        for (clip_id, _), result in in_parallel(partial(_run, card, extraction), jobs, workers):
            if isinstance(result, Failure):
                journal.fail(clip_id, result.reason)
            else:
                journal.add(clip_id, result)
            bar.update()


def _run(card: Card, extraction: str, job: Job) -> np.ndarray:
    clip_id, path = job
    return card.extract(path, clip_id, extraction)


@dataclass
class _Journal:
    """Finished clips of an unfinished extraction: id -> index entry; vectors in one flat file."""

    entries: dict[str, dict[str, Any]]
    vectors: Any
    index: TextIO
    dim: int

    def add(self, clip_id: str, vectors: np.ndarray) -> None:
        """Append one clip's vectors, float32 [dim] or [frames, dim], and then its index line."""
        at = self.vectors.tell()
        self.vectors.write(np.ascontiguousarray(vectors, dtype="<f4").tobytes())
        self.vectors.flush()
        os.fsync(self.vectors.fileno())  # before the line that promises them
        self._enter(clip_id, {"at": at, "shape": list(vectors.shape)})

    def take_over(self, old: Embedding, clip_ids: list[str]) -> None:
        """Add the vectors of every clip that `old` has."""
        for number, row in enumerate(old.rows):
            if clip_ids[row] not in self.entries:
                self.add(clip_ids[row], old.of_clip(number))

    def fail(self, clip_id: str, reason: str) -> None:
        """Record that a clip has no vectors, and why."""
        self._enter(clip_id, {"failed": reason})

    def _enter(self, clip_id: str, entry: dict[str, Any]) -> None:
        self.index.write(json.dumps([clip_id, entry]) + "\n")
        self.index.flush()
        self.entries[clip_id] = entry

    def assemble(self, clip_ids: list[str]) -> tuple[np.ndarray, np.ndarray | None, dict[str, str]]:
        """Return (vectors, frame offsets or None, clip id -> failure), in the clips' order."""
        failed = {
            key: self.entries[key]["failed"] for key in clip_ids if "failed" in self.entries[key]
        }
        kept = [self.entries[key] for key in clip_ids if key not in failed]
        flat = np.memmap(self.vectors.name, dtype="<f4", mode="r") if kept else np.empty(0, "<f4")
        counts = [int(np.prod(entry["shape"])) // self.dim for entry in kept]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        vectors = np.empty((int(offsets[-1]), self.dim), dtype=np.float32)
        for entry, start, end in zip(kept, offsets[:-1], offsets[1:], strict=True):
            at = entry["at"] // 4
            vectors[start:end] = flat[at : at + (end - start) * self.dim].reshape(-1, self.dim)
        frame_level = any(len(entry["shape"]) == 2 for entry in kept)
        return vectors, offsets if frame_level else None, failed


@contextmanager
def _journal(
    folder: Path, collection: Collection, card: Card, extraction: str
) -> Iterator[_Journal]:
    """Open the journal of an extraction, dropping what was begun under other conditions."""
    conditions = [ids_digest(collection), card.name, extraction, card.dim, __version__]
    index, stored = folder / "index.jsonl", folder / "vectors.f32"
    size = stored.stat().st_size if stored.is_file() else 0
    known, lines = _whole_lines(index)
    if known != conditions:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        lines, size = [], 0
    # What failed is tried again, and what a power cut left unwritten is computed again.
    entries = {key: one for key, one in lines if "at" in one and _end(one) <= size}
    kept = [conditions, *entries.items()]
    write_text(index, "".join(json.dumps(line) + "\n" for line in kept))
    end = max(map(_end, entries.values()), default=0)
    with stored.open("ab") as vectors, index.open("a", encoding="utf-8") as file:
        vectors.truncate(end)
        vectors.seek(end)
        yield _Journal(entries, vectors, file, card.dim)


def _whole_lines(index: Path) -> tuple[Any, list[tuple[str, dict[str, Any]]]]:
    """Return a journal's first line and the entries after it, up to the first that is not whole."""
    lines: list[Any] = []
    if index.is_file():
        for line in index.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]:
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return (lines[0], lines[1:]) if lines else (None, [])


def _end(entry: dict[str, Any]) -> int:
    """Return where an entry's vectors end in the flat file, in bytes."""
    return entry["at"] + 4 * int(np.prod(entry["shape"]))
