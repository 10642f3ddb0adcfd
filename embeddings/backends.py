"""Where the similarities of a block of queries are computed and searched: numpy, or PyTorch.

A backend holds the corpus; its methods take and give numpy arrays, whatever lies between. The
matrix of one block, ``similarity`` [queries, clips], stays where it was computed.
"""

import sys
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from embeddings.errors import InputError

DEVICES = ("auto", "cpu", "cuda")
_PASS = 64  # rows that are looked at whole at a time
_GPU_FILES = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")  # NVIDIA, AMD, Windows' Linux


class Backend(Protocol):
    """What a search needs of a device."""

    def similarity(self, queries: np.ndarray) -> Any:
        """Return float32 `queries` [queries, dim] times the corpus: float32 [queries, clips]."""

    def exclude(self, similarity: Any, rows: np.ndarray, columns: np.ndarray) -> None:
        """Set the value at each (row, column) to minus infinity, in place."""

    def at_least(
        self, similarity: Any, count: int, slack: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and columns of values that include the `count` largest of each row.

        They come in the order of rows and columns. Whatever is less than `slack` [rows] below the
        smallest of a row's `count` largest is among them.
        """

    def values(self, similarity: Any, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return the value at each (row, column), float32."""

    def around(
        self, similarity: Any, rows: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return how many values of each row exceed `high`, and which lie from `low` to `high`.

        The latter as places in `rows` and columns.
        """


def find_backend(corpus: np.ndarray, device: str) -> Backend:
    """Return the backend for `corpus`, float32 [clips, dim], on "cpu", "cuda" or "auto".

    "auto" is a GPU where PyTorch is installed and finds one, else numpy. Raises InputError for an
    unknown device, or "cuda" where there is none.
    """
    if device not in DEVICES:
        raise InputError(f"The device must be one of {', '.join(DEVICES)}, not {device!r}.")
    if device == "cpu" or (device == "auto" and not _cuda()):
        return NumpyBackend(corpus)
    if not _cuda():
        raise InputError("The device cuda needs PyTorch and a GPU that it can use; there is none.")
    return TorchBackend(corpus, "cuda")


class NumpyBackend:
    """On the CPU, by BLAS and numpy. See `Backend` for the methods."""

    def __init__(self, corpus: np.ndarray) -> None:
        self._corpus = np.ascontiguousarray(corpus, dtype=np.float32)

    def similarity(self, queries: np.ndarray) -> np.ndarray:
        """Multiply."""
        return queries @ self._corpus.T

    def exclude(self, similarity: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
        """Take out."""
        similarity[rows, columns] = -np.inf

    def at_least(
        self, similarity: np.ndarray, count: int, slack: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Bound the `count`-th largest value from below, and return what reaches the bound.

        The columns are cut into more groups than are asked for. The largest of each group are
        values of the row, so the `count`-th largest of them is a bound, and few other values
        reach it. This reads every value twice, where a partition moves most of them many times.
        """
        rows, clips = similarity.shape
        width = clips // (2 * count)
        if width < 2:
            return np.divmod(np.arange(similarity.size), clips)
        groups = clips // width
        largest = similarity[:, : groups * width].reshape(rows, width, groups).max(axis=1)
        largest.partition(groups - count, axis=1)
        bound = largest[:, groups - count] - slack
        return np.divmod(np.flatnonzero(similarity >= bound[:, None]), clips)

    def values(self, similarity: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Look up."""
        return similarity[rows, columns]

    def around(
        self, similarity: np.ndarray, rows: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count and look."""
        counts = np.empty(len(rows), dtype=np.int64)
        found = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))]
        for start in range(0, len(rows), _PASS):
            some = slice(start, start + _PASS)
            own = similarity[rows[some]]
            above = own > high[some, None]
            counts[some] = np.count_nonzero(above, axis=1)
            places, columns = np.nonzero((own >= low[some, None]) & ~above)
            found.append((places + start, columns))
        places, columns = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return counts, places, columns


class TorchBackend:
    """On what PyTorch calls `device`: a GPU, or the CPU where tests compare it with numpy.

    See `Backend` for the methods. Products are full float32, which is PyTorch's default.
    """

    def __init__(self, corpus: np.ndarray, device: str) -> None:
        import torch

        self._torch = torch
        self._device = device
        self._corpus = self._put(np.asarray(corpus, dtype=np.float32))

    def similarity(self, queries: np.ndarray) -> Any:
        """Multiply."""
        return self._put(queries) @ self._corpus.T

    def exclude(self, similarity: Any, rows: np.ndarray, columns: np.ndarray) -> None:
        """Take out."""
        similarity[self._put(rows), self._put(columns)] = -self._torch.inf

    def at_least(
        self, similarity: Any, count: int, slack: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what reaches the `count`-th largest value, less the slack."""
        bound = (
            self._torch.topk(similarity, count, dim=1).values[:, -1:] - self._put(slack)[:, None]
        )
        rows, columns = self._torch.nonzero(similarity >= bound, as_tuple=True)
        return rows.cpu().numpy(), columns.cpu().numpy()

    def values(self, similarity: Any, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Look up."""
        return similarity[self._put(rows), self._put(columns)].cpu().numpy()

    def around(
        self, similarity: Any, rows: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count and look."""
        own = similarity[self._put(rows)]
        above = own > self._put(high)[:, None]
        near = (own >= self._put(low)[:, None]) & ~above
        places, columns = self._torch.nonzero(near, as_tuple=True)
        return above.sum(dim=1).cpu().numpy(), places.cpu().numpy(), columns.cpu().numpy()

    def _put(self, array: np.ndarray) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def _cuda() -> bool:
    # Importing PyTorch takes seconds: not where there can be no GPU.
    if sys.platform == "linux" and not any(Path(file).exists() for file in _GPU_FILES):
        return False
    try:
        import torch
    except ImportError:
        return False
    return torch.cuda.is_available()
