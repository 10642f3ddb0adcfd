"""Where the similarities of a block of queries are computed and searched: numpy, or PyTorch.

A backend holds the corpus; its methods take and give numpy arrays, whatever lies between. The
matrix of one block, ``similarity`` [queries, clips], stays where it was computed.
"""

import sys
from collections import deque
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from embeddings.errors import InputError
from embeddings.search.sums import tiles

DEVICES = ("auto", "cpu", "cuda")
_TILE = 1 << 22  # numbers of the corpus that are multiplied at a time
_PASS = 64  # rows that are looked at whole at a time
_CACHED = 1 << 17  # values that are looked at twice while they are in a core's cache
_GPU_FILES = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")  # NVIDIA, AMD, Windows' Linux


class Backend(Protocol):
    """What a search needs of a device."""

    shared: bool  # several threads may use it at once, and are quicker

    def similarity(self, queries: np.ndarray) -> Any:
        """Return float32 `queries` [queries, dim] times the corpus: float32 [queries, clips]."""

    def release(self, similarity: Any) -> None:
        """Use the memory of what `similarity` returned for another block: nobody reads it now."""

    def exclude(self, similarity: Any, rows: np.ndarray, columns: np.ndarray) -> None:
        """Set the value at each (row, column) to minus infinity, in place."""

    def at_least(
        self,
        similarity: Any,
        count: int,
        slack: np.ndarray,
        always: np.ndarray,
        never: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and columns of values that include the `count` largest of each row.

        They come in the order of rows and columns. Whatever is less than `slack` [rows] below the
        smallest of a row's `count` largest is among them, and so are the columns `always`, whose
        own values bound nothing. The columns `never`, bool [clips], are not, though they bound.
        """

    def values(self, similarity: Any, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return the value at each (row, column), float32."""

    def around(
        self,
        similarity: Any,
        rows: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        always: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return how many values of each row exceed `high`, and which lie from `low` to `high`.

        The latter as places in `rows` and columns; the columns `always` count among them only,
        whatever their values, unless they are left out.
        """


def find_backend(corpus: np.ndarray, device: str) -> Backend:
    """Return the backend for `corpus`, float32 [clips, dim], on a device; see `find_device`."""
    if find_device(device) == "cpu":
        return NumpyBackend(corpus)
    return TorchBackend(corpus, "cuda")


def find_device(device: str) -> str:
    """Return "cpu" or "cuda" for "auto", "cpu" or "cuda"; InputError for a GPU that is not there.

    "auto" is a GPU where PyTorch is installed and finds one.
    """
    if device not in DEVICES:
        raise InputError(f"The device must be one of {', '.join(DEVICES)}, not {device!r}.")
    if device == "cuda" and not has_gpu():
        raise InputError("The device cuda needs PyTorch and a GPU that it can use; there is none.")
    return "cuda" if device != "cpu" and has_gpu() else "cpu"


class NumpyBackend:
    """On the CPU, by BLAS and numpy. See `Backend` for the methods."""

    shared = True

    def __init__(self, corpus: np.ndarray) -> None:
        self._corpus = np.ascontiguousarray(corpus, dtype=np.float32)
        self._free: deque[np.ndarray] = deque()  # a page that was never touched costs a fault

    def similarity(self, queries: np.ndarray) -> np.ndarray:
        """Multiply, a tile of clips at a time: it is packed once for all queries."""
        shape = len(queries), len(self._corpus)
        try:
            kept = self._free.pop()
        except IndexError:
            kept = np.empty(shape, dtype=np.float32)
        if kept.shape != shape:  # the last block has fewer
            kept = np.empty(shape, dtype=np.float32)
        for some in tiles(len(self._corpus), queries.shape[1], _TILE):
            np.matmul(queries, self._corpus[some].T, out=kept[:, some])
        return kept

    def release(self, similarity: np.ndarray) -> None:
        """Keep."""
        self._free.append(similarity)

    def exclude(self, similarity: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
        """Take out."""
        similarity[rows, columns] = -np.inf

    def at_least(
        self,
        similarity: np.ndarray,
        count: int,
        slack: np.ndarray,
        always: np.ndarray,
        never: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Bound the `count`-th largest value from below, and return what reaches the bound.

        The columns are cut into more groups than are asked for. The largest of each group are
        values of the row, so the `count`-th largest of them is a bound, and few other values
        reach it. This reads every value twice, where a partition moves most of them many times.
        """
        rows, clips = similarity.shape
        width = clips // (2 * (count + len(always)))
        if width < 2:
            every = np.arange(clips) if never is None else np.flatnonzero(~never)
            return np.repeat(np.arange(rows), len(every)), np.tile(every, rows)
        groups = clips // width
        enough = groups - count - len(always)  # as if each of `always` were among the largest
        found = []
        for some in tiles(rows, clips, _CACHED):
            own = similarity[some]
            largest = own[:, : groups * width].reshape(len(own), width, groups).max(axis=1)
            largest.partition(enough, axis=1)
            reached = own >= (largest[:, enough] - slack[some])[:, None]
            reached[:, always] = True
            if never is not None:
                reached[:, never] = False
            found.append(np.flatnonzero(reached) + some.start * clips)
        return np.divmod(np.concatenate(found), clips)

    def values(self, similarity: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Look up."""
        return similarity[rows, columns]

    def around(
        self,
        similarity: np.ndarray,
        rows: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        always: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count and look."""
        counts = np.empty(len(rows), dtype=np.int64)
        found = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))]
        for start in range(0, len(rows), _PASS):
            some = slice(start, start + _PASS)
            own = similarity[rows[some]]
            above = own > high[some, None]
            near = (own >= low[some, None]) & ~above
            above[:, always] = False
            near[:, always] = ~np.isneginf(own[:, always])
            counts[some] = np.count_nonzero(above, axis=1)
            places, columns = np.nonzero(near)
            found.append((places + start, columns))
        places, columns = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return counts, places, columns


class TorchBackend:
    """On what PyTorch calls `device`: a GPU, or the CPU where tests compare it with numpy.

    See `Backend` for the methods. Products are full float32, which is PyTorch's default.
    """

    shared = False

    def __init__(self, corpus: np.ndarray, device: str) -> None:
        import torch

        self._torch = torch
        self._device = device
        self._corpus = self._put(np.asarray(corpus, dtype=np.float32))

    def similarity(self, queries: np.ndarray) -> Any:
        """Multiply."""
        return self._put(queries) @ self._corpus.T

    def release(self, similarity: Any) -> None:
        """Leave it: PyTorch keeps what is let go of."""

    def exclude(self, similarity: Any, rows: np.ndarray, columns: np.ndarray) -> None:
        """Take out."""
        similarity[self._put(rows), self._put(columns)] = -self._torch.inf

    def at_least(
        self,
        similarity: Any,
        count: int,
        slack: np.ndarray,
        always: np.ndarray,
        never: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what reaches the `count`-th largest value, less the slack."""
        enough = min(count + len(always), similarity.shape[1])
        largest = self._torch.topk(similarity, enough, dim=1).values
        reached = similarity >= largest[:, -1:] - self._put(slack)[:, None]
        reached[:, self._put(always)] = True
        if never is not None:
            reached[:, self._put(never)] = False
        rows, columns = self._torch.nonzero(reached, as_tuple=True)
        return rows.cpu().numpy(), columns.cpu().numpy()

    def values(self, similarity: Any, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Look up."""
        return similarity[self._put(rows), self._put(columns)].cpu().numpy()

    def around(
        self,
        similarity: Any,
        rows: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        always: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count and look."""
        own, columns = similarity[self._put(rows)], self._put(always)
        above = own > self._put(high)[:, None]
        near = (own >= self._put(low)[:, None]) & ~above
        above[:, columns] = False
        near[:, columns] = ~self._torch.isneginf(own[:, columns])
        places, found = self._torch.nonzero(near, as_tuple=True)
        return above.sum(dim=1).cpu().numpy(), places.cpu().numpy(), found.cpu().numpy()

    def _put(self, array: np.ndarray) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def has_gpu() -> bool:
    """Return whether PyTorch is installed and finds a GPU."""
    # Importing PyTorch takes seconds: not where there can be no GPU.
    if sys.platform == "linux" and not any(Path(file).exists() for file in _GPU_FILES):
        return False
    try:
        import torch
    except ImportError:
        return False
    return torch.cuda.is_available()
