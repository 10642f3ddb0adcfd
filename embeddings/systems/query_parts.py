"""What is done for every query of a collection, in parts that are kept until the last is there.

A million queries take an hour: who stops it, or loses the machine, goes on with the part that was
being made. The parts lie in a folder, and belong to one piece of work, which its ``state.json``
describes; another one begins anew.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import only_writer, read_json, remove_folder, whole_file, write_json
from embeddings.progress import progress
from embeddings.systems.arrays import mapped_arrays
from embeddings.tasks import Engine, result_of

QUERIES = 1 << 16
"""Queries of a part."""
_PATIENCE = 60.0  # seconds for another process that does the same


class Parts:
    """The parts of a piece of work, for a block that one process at a time is in.

    They are removed when the block ends, and stay where it fails and there are some.

    Parameters
    ----------
    collection : the queries are its clips
    folder : where they lie; beside it things are stored whole, so its name begins with a dot
    state : what the work is made from, as JSON has it
    queries : how many there are
    """

    def __init__(
        self, collection: Collection, folder: Path, state: dict[str, Any], queries: int
    ) -> None:
        self.folder = folder
        self._queries = queries
        self._state = state | {"queries": queries, "part": QUERIES}
        self._lock = collection.data / "locks" / f"parts-{collection.name}{folder.name}"
        self._doing = f"work on {folder.name[1:]!r} of {collection.name!r}"
        self._held = ExitStack()

    def __enter__(self) -> Self:
        self._held.enter_context(only_writer(self._lock, self._doing, _PATIENCE))
        if not self._is_there():
            if self.folder.exists():
                remove_folder(self.folder)
            self.folder.mkdir(parents=True)
            write_json(self.folder / "state.json", self._state)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._held:
            if kind is None or not any(self._path(part).is_file() for part in self._ranges()):
                remove_folder(self.folder)

    def make(
        self, doing: str, runner: Engine, work: Callable[[range], dict[str, np.ndarray]]
    ) -> None:
        """Let `work` make the arrays of each part that is not there, a task each, with a bar.

        Raises what a task raises.
        """
        missing = [part for part in self._ranges() if not self._is_made(part)]
        done = self._queries - sum(map(len, missing))
        with progress(self._queries, "query", doing, done=done, hidden=self._is_short) as bar:
            for part, outcome in runner.run(work, missing):
                arrays: dict[str, Any] = result_of(outcome)
                with whole_file(self._path(part)) as file:
                    np.savez(file, **arrays)
                bar.update(len(part))

    def __iter__(self) -> Iterator[tuple[range, dict[str, np.ndarray]]]:
        """Yield the parts that were made, each with its arrays, memory-mapped, in their order."""
        for part in self._ranges():
            yield part, mapped_arrays(self._path(part))

    @property
    def _is_short(self) -> bool:
        return self._queries <= QUERIES

    def _ranges(self) -> Iterator[range]:
        for start in range(0, self._queries, QUERIES):
            yield range(start, min(start + QUERIES, self._queries))

    def _path(self, part: range) -> Path:
        return self.folder / f"{part.start}.npz"

    def _is_made(self, part: range) -> bool:
        try:
            return bool(mapped_arrays(self._path(part)))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # none, or a damaged one
            return False

    def _is_there(self) -> bool:
        try:
            return read_json(self.folder / "state.json") == self._state
        except (InputError, OSError, ValueError):
            return False
