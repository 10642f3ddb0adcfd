"""Finished clips of an unfinished extraction, on disk: what a killed run leaves to the next.

A journal is a folder: vectors appended to one flat file, ``vectors.f32``, and in ``index.jsonl`` a
line for each clip, written after its vectors. Its first line holds the conditions; what was begun
under others is dropped.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from embeddings.files import write_text
from embeddings.systems.store import Embedding


@dataclass
class Journal:
    """An open journal.

    Attributes
    ----------
    entries : clip id -> what the index says of it: where its vectors are, or why it failed
    vectors : the flat file
    index : the index, open to append
    dim : numbers in a vector
    """

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

    def _enter(self, clip_id: str, entry: dict[str, Any]) -> None:
        self.index.write(json.dumps([clip_id, entry]) + "\n")
        self.index.flush()
        self.entries[clip_id] = entry


@contextmanager
def open_journal(folder: Path, conditions: list[Any], dim: int) -> Iterator[Journal]:
    """Open the journal in `folder`, dropping what was begun under other conditions.

    Parameters
    ----------
    folder : made where it is missing
    conditions : what the vectors depend on, as JSON can hold it
    dim : numbers in a vector
    """
    index, stored = folder / "index.jsonl", folder / "vectors.f32"
    entries = entries_of(folder, conditions)
    if _whole_lines(index)[0] != conditions:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    kept = [conditions, *entries.items()]
    write_text(index, "".join(json.dumps(line) + "\n" for line in kept))
    end = max(map(_end, entries.values()), default=0)
    with stored.open("ab") as vectors, index.open("a", encoding="utf-8") as file:
        vectors.truncate(end)
        vectors.seek(end)
        yield Journal(entries, vectors, file, dim)


def entries_of(folder: Path, conditions: list[Any]) -> dict[str, dict[str, Any]]:
    """Return what a journal has of the clips that were computed under these conditions.

    What failed is not in it, nor what a power cut left unwritten: it is computed again.
    """
    stored = folder / "vectors.f32"
    size = stored.stat().st_size if stored.is_file() else 0
    known, lines = _whole_lines(folder / "index.jsonl")
    if known != conditions:
        return {}
    return {key: one for key, one in lines if "at" in one and _end(one) <= size}


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
