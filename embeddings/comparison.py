"""Queries and corpus as a search compares them: roughly by products, exactly by pairs.

A block of similarities is one float32 product. Where float32 cannot tell which of two is larger,
`exact` compares them in float64. NNS is a product, too: q.c - |c|^2 / 2 orders clips c as minus the
distance to q does. Everything inside is in units of the longest vector, so that neither huge nor
tiny vectors leave the range of float32.
"""

from typing import Any

import numpy as np

from embeddings.backends import find_backend

ERROR = 4 * 2.0**-24
"""A float32 product is never wrong by more, times sqrt(dim), in units of the vectors' lengths: of
vectors of many kinds and from 8 to 4,000 dimensions it was wrong by at most 1.5 * 2^-24."""
_TIE = 2.0**-44
"""Similarities that differ by less, in the same units, are equal but for the noise of float64."""
_CLOSE = 1e-3
"""A squared distance below this share of the squared lengths is in doubt: it has cancelled."""
_LONG = 64  # vectors that may be many times longer than the others without putting all in doubt
_TIMES = 4.0
_LEAST_ROWS = 8  # of fewer, a product takes a slower path through BLAS
_PAIRS = 1 << 14  # pairs of vectors that are compared in float64 at a time


class Comparison:
    """Queries and corpus, float [queries, dim] and [clips, dim], as `search` compares them.

    Attributes
    ----------
    backend : holds the corpus
    slack : float64 [queries]; two products closer than this are in doubt
    long : int, the clips whose products are always in doubt, so much longer are they than others
    """

    def __init__(self, queries: np.ndarray, corpus: np.ndarray, search: str, device: str) -> None:
        self.search = search
        self.queries, self.corpus = queries, corpus
        own, others = lengths_of(queries), lengths_of(corpus)
        longest = max(own.max(initial=0.0), others.max(initial=0.0)) or 1.0
        self.scale = 2.0 ** np.round(np.log2(longest))
        self.query_lengths, self.lengths = own / self.scale, others / self.scale
        self.long = np.empty(0, dtype=np.int64)
        if search == "mcss":
            asked, clips = queries / own[:, None], corpus / others[:, None]
            units = np.ones(len(queries))
        else:
            asked, clips = queries / self.scale, corpus / self.scale
            if search == "nns":  # moving all vectors alike changes no distance, and helps float32
                centre = clips.mean(axis=0, dtype=np.float64)
                asked, clips = asked - centre, clips - centre
            asked_lengths, lengths = lengths_of(asked), lengths_of(clips)
            usual = _usual_length(lengths)
            self.long = np.flatnonzero(lengths > usual)
            units = asked_lengths * usual
            if search == "nns":
                self._asked_squares = asked_lengths**2
                clips = np.column_stack([clips, -(lengths**2) / 2])
                asked = np.column_stack([asked, np.ones(len(asked))])
                units = units + usual**2 / 2
        self._asked = np.asarray(asked, dtype=np.float32)
        self.slack = 2 * ERROR * np.sqrt(clips.shape[1]) * units
        self.backend = find_backend(np.asarray(clips, dtype=np.float32), device)

    def similarity(self, start: int, count: int) -> Any:
        """Return the block of products of queries start : start + count."""
        padded = np.zeros((max(count, _LEAST_ROWS), self._asked.shape[1]), dtype=np.float32)
        padded[:count] = self._asked[start : start + count]
        return self.backend.similarity(padded)[:count]

    def keys(self, queries: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Return float64 keys, higher is more similar, of products [queries] or [queries, n].

        The key is the product itself; for NNS it is minus the squared distance.
        """
        products = products.astype(np.float64)
        if self.search != "nns":
            return products
        return 2 * products - self._of(queries, self._asked_squares, products)

    def products(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Return the products, float64, that `keys` are of."""
        if self.search != "nns":
            return keys
        return (keys + self._of(queries, self._asked_squares, keys)) / 2

    def scores(self, keys: np.ndarray) -> np.ndarray:
        """Return what people are shown: the cosine, the inner product, or minus the distance."""
        if self.search == "mcss":
            return keys
        if self.search == "mips":
            return keys * self.scale**2
        return -np.sqrt(np.maximum(-keys, 0)) * self.scale

    def doubtful(self, queries: np.ndarray, clips: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Return where sorted keys [queries, n] must be looked at exactly, bool."""
        slack = self.slack[queries, None] * (2 if self.search == "nns" else 1)
        with np.errstate(invalid="ignore"):  # of two that are left out
            near = keys[:, :-1] - keys[:, 1:] <= slack
        doubt = np.zeros(keys.shape, dtype=bool)
        doubt[:, :-1] |= near
        doubt[:, 1:] |= near
        if self.search == "nns":
            squares = self.query_lengths[queries, None] ** 2 + self.lengths[clips] ** 2
            doubt |= -keys < _CLOSE * squares
        return doubt & ~np.isneginf(keys)

    def exact(self, queries: np.ndarray, clips: np.ndarray) -> np.ndarray:
        """Return the key of each (query, clip) pair, computed in float64."""
        result = np.empty(len(queries), dtype=np.float64)
        for start in range(0, len(queries), _PAIRS):
            some = slice(start, start + _PAIRS)
            own = self.queries[queries[some]].astype(np.float64)
            others = self.corpus[clips[some]].astype(np.float64)
            if self.search == "nns":
                result[some] = -(((own - others) / self.scale) ** 2).sum(axis=1)
            else:
                result[some] = np.einsum("ij,ij->i", own / self.scale, others / self.scale)
        if self.search == "mcss":
            result /= self.query_lengths[queries] * self.lengths[clips]
        return result

    def ties(self, queries: np.ndarray, clips: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Return by how much exact keys may differ and still be equal, shaped as `keys`."""
        if self.search == "mcss":
            return np.full(keys.shape, _TIE)
        if self.search == "nns":
            return -keys * _TIE
        return self._of(queries, self.query_lengths, keys) * self.lengths[clips] * _TIE

    @staticmethod
    def _of(queries: np.ndarray, values: np.ndarray, like: np.ndarray) -> np.ndarray:
        return values[queries, None] if like.ndim == 2 else values[queries]


def lengths_of(vectors: np.ndarray) -> np.ndarray:
    """Return the Euclidean length of each row, float64 [rows]."""
    largest = np.abs(vectors).max(axis=1, initial=0).astype(np.float64)
    scale = np.where(largest > 0, largest, 1.0)  # so that no square overflows or vanishes
    scaled = vectors / scale[:, None]
    return np.sqrt(np.einsum("ij,ij->i", scaled, scaled)) * scale


def _usual_length(lengths: np.ndarray) -> float:
    """Return a length that few vectors exceed: the longest, or where some stick out, less."""
    if len(lengths) <= 2 * _LONG:
        return float(lengths.max(initial=0.0))
    usual = _TIMES * float(np.partition(lengths, -_LONG - 1)[-_LONG - 1])
    return min(usual, float(lengths.max()))
