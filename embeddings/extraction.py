"""Computing a representation of a whole collection: parallel, resumable, with failures recorded.

While it runs, finished clips lie in a journal beside the embeddings (``.NAME.partial/``): vectors
appended to one file, an index line for each after they are written. Whatever is killed, the next
run goes on from there, and the embedding that comes out has the same bytes.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from embeddings import __version__
from embeddings.backends import DEVICES, has_gpu
from embeddings.collection import Collection
from embeddings.errors import InputError
from embeddings.files import check_name, only_writer, write_text
from embeddings.parallel import Failure, default_workers, in_parallel
from embeddings.progress import progress
from embeddings.representations import CARDS, Card
from embeddings.representations.own import Own
from embeddings.representations.runner import Embedder, Representation
from embeddings.store import Embedding, embedding_names, ids_digest, open_embedding, write_embedding
from embeddings.weights import find_variation, verified_weights

Job = tuple[str, Path]


def find_card(name: str) -> Card:
    """Return the card of the representation `name`, in any case of letters; InputError if none."""
    for card in CARDS.values():
        if card.name.lower() == name.lower():
            return card
    raise InputError(f"There is no representation {name!r}; there are: {', '.join(CARDS)}.")


def embedding_name(card: Card, extraction: str, variation: str | None = None) -> str:
    """Return the folder name of the embedding that `card` gives by an extraction and a variation.

    What is the default is not in the name.
    """
    if extraction not in card.extractions:
        raise InputError(
            f"{card.name} has no extraction {extraction!r}; it has: {', '.join(card.extractions)}."
        )
    others = _not_default(card, extraction, variation)
    return "-".join([card.embedding, *(re.sub(r"[^A-Za-z0-9_-]", "_", one) for one in others)])


def _not_default(card: Card, extraction: str, variation: str | None) -> list[str]:
    """Return the variation and the extraction, those that are not the card's defaults."""
    others = []
    if variation is not None and variation != find_variation(card).name:
        others.append(find_variation(card, variation).name)
    if extraction != next(iter(card.extractions)):
        others.append(extraction)
    return others


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be computed of every clip.

    Attributes
    ----------
    representation : its name, as people know it
    name : the embedding's folder
    dim : numbers in a vector
    embedder : computes them
    facts : what else ``meta.json`` says of how they were made
    """

    representation: str
    name: str
    dim: int
    embedder: Embedder
    facts: dict[str, Any]


def plan(
    data: Path,
    card: Card,
    extraction: str | None = None,
    *,
    variation: str | None = None,
    device: str = "cpu",
) -> Task:
    """Return the task of computing a representation, its packages and weights checked.

    Raises
    ------
    InputError
        A package is not installed; weights are missing or not what they were; unknown names.
    """
    extraction = extraction or next(iter(card.extractions))
    name = embedding_name(card, extraction, variation)
    for module, package in card.packages:
        if importlib.util.find_spec(module) is None:
            raise InputError(
                f"{card.name} needs the package {package}, which is not installed "
                "(pip install -r requirements.txt)."
            )
    package = card.packages[0][1]
    others = _not_default(card, extraction, variation)
    facts: dict[str, Any] = {"title": f"{card.name} ({', '.join(others)})"} if others else {}
    facts |= {
        "extraction": extraction,
        "package": package,
        "package_version": importlib.metadata.version(package),
    }
    dim, weights = card.dim, None
    if card.kind == "extractor":
        dim = importlib.import_module(f"embeddings.representations.{card.module}").dim_of(
            extraction
        )
    if card.variations:
        chosen = find_variation(card, variation)
        dim = chosen.dim
        weights, digest = verified_weights(data, card, chosen)
        facts |= {"variation": chosen.name, "weights": chosen.file, "weights_sha256": digest}
    embedder = Representation(
        card.module, card.kind, card.resampler, extraction, weights, find_device(device)
    )
    return Task(card.name, name, dim, embedder, facts)


def plan_own(
    source: str, representation: str, *, weights: Path | None = None, device: str = "cpu"
) -> Task:
    """Return the task of computing a user's own representation; see `representations.own`.

    `representation` is its name, as people know it; lower-cased it names the embedding's folder.
    Raises InputError where the name is a card's, or the source is not as it must be.
    """
    check_name("representation", representation)
    if representation.lower() in [card.embedding for card in CARDS.values()]:
        raise InputError(f"{representation} is one of the fourteen; choose another name.")
    if weights is not None and not weights.is_file():
        raise InputError(f"{weights}: there is no such file.")
    own = Own(source, weights and weights.resolve(), find_device(device))
    facts = {"source": Path(source).name, "weights": weights.name if weights else None}
    return Task(representation, representation.lower(), own.probe(), own, facts)


def find_device(device: str) -> str:
    """Return "cpu" or "cuda" for "auto", "cpu" or "cuda"; InputError for a GPU that is not there.

    "auto" is a GPU where PyTorch is installed and finds one.
    """
    if device not in DEVICES:
        raise InputError(f"The device must be one of {', '.join(DEVICES)}, not {device!r}.")
    if device == "cuda" and not has_gpu():
        raise InputError("The device cuda needs PyTorch and a GPU that it can use; there is none.")
    return "cuda" if device != "cpu" and has_gpu() else "cpu"


def extract_embedding(
    collection: Collection,
    task: Task,
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
        Another process is extracting the same, or every clip failed.
    """
    name = task.name
    old = open_embedding(collection, name) if name in embedding_names(collection) else None
    if old and not again and not (retry and old.meta["failed"]):
        return old
    partial_folder = collection.folder / "embeddings" / f".{name}.partial"
    lock = collection.data / "locks" / f"extract-{collection.name}.{name}"
    with only_writer(lock, f"extracting {name} of {collection.name!r}"):
        with _journal(partial_folder, collection, task) as journal:
            if old and not again:
                journal.take_over(old, [clip.id for clip in collection.clips])
            _extract_missing(collection, task, journal, workers)
            vectors, frames, failed = journal.assemble([clip.id for clip in collection.clips])
        if not len(vectors):
            shutil.rmtree(partial_folder)
            reason = next(iter(failed.values()))
            raise InputError(
                f"{task.representation} could be computed of no clip; the first: {reason}"
            )
        meta = {"provenance": "computed", "representation": task.representation, **task.facts}
        write_embedding(collection, name, vectors, meta, frames=frames, failed=failed)
        shutil.rmtree(partial_folder)
    return open_embedding(collection, name)


def _extract_missing(
    collection: Collection, task: Task, journal: "_Journal", workers: int | None
) -> None:
    # A GPU is one: processes would only keep its memory from each other.
    count = 1 if getattr(task.embedder, "device", "cpu") != "cpu" else workers or default_workers()
    clips = collection.clips
    jobs: list[Job] = [
        (clip.id, collection.audio_path(clip)) for clip in clips if clip.id not in journal.entries
    ]
    bar = progress(len(clips), "clip", task.representation, done=len(clips) - len(jobs))
    with bar:
        for (clip_id, _), result in in_parallel(partial(_run, task.embedder), jobs, count):
            if isinstance(result, Failure):
                journal.fail(clip_id, result.reason)
            else:
                journal.add(clip_id, result)
            bar.update()


def _run(embedder: Embedder, job: Job) -> np.ndarray:
    clip_id, path = job
    return embedder(path, clip_id)


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
def _journal(folder: Path, collection: Collection, task: Task) -> Iterator[_Journal]:
    """Open the journal of an extraction, dropping what was begun under other conditions."""
    conditions = [ids_digest(collection), task.name, task.dim, task.facts, __version__]
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
        yield _Journal(entries, vectors, file, task.dim)


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
