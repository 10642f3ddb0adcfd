"""Vectors that are the same: what is known of one is known of all, and most need no look.

Collections have them: silence, a pack's test tones, a sound that was uploaded twice. Where there
are many, all of them are as near to a query as the best, and none could be left out by its
similarity.
"""

import numpy as np

from embeddings.search.sums import tiles

_SEED = 1


class Identical:
    """Which rows of float [clips, dim] are the same numbers.

    Attributes
    ----------
    kind : int [clips], from 0, a number for each different vector; None where all are different
    kinds : how many there are
    turn : int [clips], how many clips with the same vector come before
    """

    def __init__(self, vectors: np.ndarray) -> None:
        self.kind: np.ndarray | None = None
        self.kinds = len(vectors)
        self.turn = np.zeros(len(vectors), dtype=np.int64)
        sums = _fingerprints(vectors)
        order = np.argsort(sums, kind="stable")
        same = np.zeros(len(vectors), dtype=bool)  # as the one before in that order
        maybe = np.flatnonzero(sums[order[1:]] == sums[order[:-1]]) + 1
        for some in tiles(len(maybe), vectors.shape[1]):
            at = maybe[some]
            same[at] = (vectors[order[at]] == vectors[order[at - 1]]).all(axis=1)
        if not same.any():
            return
        numbers = np.cumsum(~same) - 1
        places = np.arange(len(vectors))
        self.kinds = int(numbers[-1]) + 1
        self.kind = np.empty(len(vectors), dtype=np.int64)
        self.kind[order] = numbers
        self.turn[order] = places - np.maximum.accumulate(np.where(same, 0, places))

    def beyond(self, count: int) -> np.ndarray | None:
        """Return the clips before which `count` with the same vector come, bool [clips], if any.

        Equal similarities rank in the order of the clips, so none of these is among the `count`
        best of any query.
        """
        late = self.turn >= count
        return late if late.any() else None

    def first_of(self, queries: np.ndarray, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which of many (query, clip) pairs are different, and which of those each is.

        Both are int, places in `queries` and in the first result; pairs of one query lie together.
        """
        every = np.arange(len(clips))
        if self.kind is None or not len(clips):
            return every, every
        row = np.cumsum(np.diff(queries, prepend=queries[0]) != 0)
        cells = (int(row[-1]) + 1) * self.kinds
        if cells > _CELLS * len(clips):  # few pairs, of which hardly any are the same
            return every, every
        cell = row * self.kinds + self.kind[clips]
        place = np.full(cells, -1, dtype=np.int64)
        place[cell] = every  # the last of each
        which = np.flatnonzero(place >= 0)
        pairs = place[which]
        place[which] = np.arange(len(which))
        return pairs, place[cell]


_CELLS = 4


def _fingerprints(vectors: np.ndarray) -> np.ndarray:
    """Return a number for each row, uint64 [rows], the same for the same numbers."""
    known = {np.dtype(np.float32): np.uint32, np.dtype(np.float64): np.uint64}
    kind = known.get(vectors.dtype, np.uint64)
    weights = np.random.default_rng(_SEED).integers(1 << 63, size=vectors.shape[1], dtype=np.uint64)
    weights |= np.uint64(1)
    sums = np.empty(len(vectors), dtype=np.uint64)
    for some in tiles(*vectors.shape):
        own = vectors[some] if vectors.dtype in known else vectors[some].astype(np.float64)
        bits = (own + own.dtype.type(0)).view(kind)  # + 0: minus zero equals zero
        sums[some] = (bits * weights).sum(axis=1, dtype=np.uint64)
    return sums
