"""Queries and corpus as a search compares them: roughly, closely, and exactly.

- *Roughly*: a block of similarities is one float32 product. It picks candidates: those that may be
  among the best, however the product was rounded (`Comparison.slack`).
- *Closely*: the candidates' similarities as float64 products, wrong by at most `Comparison.blur`.
  They decide and are stated where that much changes nothing: neither an order nor the float32
  number that is stored.
- *Exactly*: everything else, in float64 and in an order of summation that is written down
  (`embeddings.search.sums`).

So rankings and stored similarities are the same bytes on every processor, under every BLAS and in
blocks of every size.

NNS is a product, too: q.c - |c|^2 / 2 orders clips c as minus the distance to q does. Everything
inside is in units of the longest vector, so that neither huge nor tiny vectors leave the range of
float32.
"""

from typing import Any

import numpy as np

from embeddings.search.backends import find_backend
from embeddings.search.identical import Identical
from embeddings.search.sums import TILE, lengths_of, sum_rows, tiles

_ROUNDING = 2.0**-24
"""The unit roundoff of float32."""
_ROUNDING_64 = 2.0**-53
"""The unit roundoff of float64."""
_UNDERFLOW = 2.0**-126
"""What a float32 operation may lose near zero, where subnormal numbers are flushed."""
_NOISE = 2.0**-48
"""What moving vectors to their centre may lose in float64, a few roundings of 2^-53 each."""
_TIE = 2.0**-44
"""Similarities that differ by less, in units of the vectors' lengths, are equal but for noise."""
_LONG = 64  # vectors that may be many times longer than the others without putting all in doubt
_TIMES = 4.0
_WIDE = 1 << 28  # bytes that a float64 copy of the corpus may take, to be read without converting
_FINE = 1 << 20  # numbers of the corpus that are multiplied in float64 at a time
_LEAST_ROWS = 8  # of fewer, a product takes a slower path through BLAS


class Comparison:
    """Queries and corpus, float [queries, dim] and [clips, dim], as `search` compares them.

    Attributes
    ----------
    backend : holds the corpus
    slack : float64 [queries]; of two products further apart than this, the larger one's clip is
        the more similar, by more than a tie
    long : int, the clips whose products are always in doubt, so much longer are they than others
    identical : which clips have the same vector

    Notes
    -----
    A product of two vectors of n numbers, summed in any order, with or without fused multiply-add,
    is wrong by at most g(n) = n u / (1 - n u) times the sum of the absolute products, which is at
    most the product of the two lengths; u is 2^-24 in float32, 2^-53 in float64 [1]_. Rounding the
    vectors to float32, and the thresholds that products are compared with, adds five to n; two
    products are wrong at once.

    References
    ----------
    .. [1] Higham: Accuracy and Stability of Numerical Algorithms, 2nd edition, SIAM 2002,
       section 3.1.
    """

    def __init__(self, queries: np.ndarray, corpus: np.ndarray, search: str, device: str) -> None:
        self.search = search
        self.queries, self.corpus = queries, corpus
        self.identical = Identical(corpus)
        self._wide = corpus.astype(np.float64) if 8 * corpus.size <= _WIDE else corpus
        own, others = lengths_of(queries), lengths_of(corpus)
        longest = max(own.max(initial=0.0), others.max(initial=0.0))
        self.scale = 2.0 ** float(np.frexp(longest)[1])
        self.query_lengths, self.lengths = own / self.scale, others / self.scale
        self.long = np.empty(0, dtype=np.int64)
        self._centre: np.ndarray | float = 0.0
        noise = np.zeros(len(queries))
        if search == "mcss":
            clips = _in_units(corpus, others)
            self._asked = clips if queries is corpus else _in_units(queries, own)
            units = np.ones(len(queries))
        else:
            # moving all vectors alike changes no distance, and helps float32
            if search == "nns":
                self._centre = corpus.mean(axis=0, dtype=np.float64) / self.scale
            clips, lengths = _around(corpus, self.scale, self._centre)
            self._asked, asked_lengths = clips, lengths
            if queries is not corpus:
                self._asked, asked_lengths = _around(queries, self.scale, self._centre)
            usual = _usual_length(lengths)
            self.long = np.flatnonzero(lengths > usual)
            units = asked_lengths * usual
            if search == "nns":
                self._asked_squares = asked_lengths**2
                clips = np.column_stack([clips, (-(lengths**2) / 2).astype(np.float32)])
                ones = np.ones(len(queries), dtype=np.float32)
                self._asked = np.column_stack([self._asked, ones])
                units = units + usual**2 / 2
                noise = _NOISE * (1 + self.query_lengths) * (asked_lengths + usual)
        numbers = clips.shape[1] + 5
        share = numbers * _ROUNDING / (1 - numbers * _ROUNDING)
        self.slack = 2 * (share * units + numbers * 4 * _UNDERFLOW + noise)
        self.backend = find_backend(clips, device)

    def similarity(self, start: int, count: int) -> Any:
        """Return the block of products of queries start : start + count."""
        padded = np.zeros((max(count, _LEAST_ROWS), self._asked.shape[1]), dtype=np.float32)
        padded[:count] = self._asked[start : start + count]
        return self.backend.similarity(padded)[:count]

    def products(self, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Return the products, float64 [queries], that `keys` are of."""
        if self.search != "nns":
            return keys
        return (keys + self._asked_squares[queries]) / 2

    def scores(self, keys: np.ndarray) -> np.ndarray:
        """Return what people are shown: the cosine, the inner product, or minus the distance."""
        if self.search == "mcss":
            return keys
        if self.search == "mips":
            return keys * self.scale**2
        return -np.sqrt(np.maximum(-keys, 0)) * self.scale

    def close(self, queries: np.ndarray, clips: np.ndarray) -> np.ndarray:
        """Return the key of each query with each of its clips, higher is more similar.

        Parameters
        ----------
        queries, clips : int [queries] and [queries, n], rows of the queries and of the corpus

        Returns
        -------
        float64 [queries, n]: the cosine, the inner product or minus the squared distance, in units
        of `scale`; no further than `blur` from what `exact` says
        """
        dim, n = self.corpus.shape[1], clips.shape[1]
        own = self.queries[queries].astype(np.float64) / self.scale / self.scale
        products = np.empty(clips.shape)
        tile = np.empty((max(1, TILE // max(1, n * dim)), n, dim))
        for some in tiles(len(clips), n * dim):
            others = tile[: some.stop - some.start]
            if self._wide.dtype == tile.dtype:
                self._wide.take(clips[some], axis=0, out=others, mode="clip")
            else:
                others[:] = self._wide[clips[some]]
            products[some] = np.matmul(others, own[some, :, None])[:, :, 0]
        lengths, others_lengths = self.query_lengths[queries, None], self.lengths[clips]
        if self.search == "mcss":
            return products / (lengths * others_lengths)
        if self.search == "mips":
            return products
        return 2 * products - lengths**2 - others_lengths**2

    def fine(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the keys of queries, int [n], with all clips, and how far apart is told by them.

        Returns
        -------
        float64 [n, clips], by one float64 product; and float64 [n]: of two keys further apart than
        that, the larger one's clip is the more similar, by more than a tie
        """
        own = self.queries[queries].astype(np.float64) / self.scale - self._centre
        keys = np.empty((len(queries), len(self.corpus)))
        squares = np.empty(len(self.corpus))
        for some in tiles(len(self.corpus), own.shape[1], _FINE):
            others = self.corpus[some].astype(np.float64) / self.scale - self._centre
            np.matmul(own, others.T, out=keys[:, some])
            squares[some] = np.square(others).sum(axis=1)
        share = 3 * (self.corpus.shape[1] + 8) * _ROUNDING_64
        lengths = self.query_lengths[queries]
        if self.search == "mcss":
            keys /= lengths[:, None]
            keys /= self.lengths
            return keys, np.full(len(queries), 2 * (share + _TIE))
        if self.search == "mips":
            return keys, 2 * (share + _TIE) * lengths * self.lengths.max()
        own_squares, longest = np.square(own).sum(axis=1), squares.max()
        keys *= 2
        keys -= own_squares[:, None]
        keys -= squares
        most = np.sqrt(own_squares) + np.sqrt(longest)  # that two vectors are apart
        return keys, 2 * (share + _TIE) * most**2 + 2 * _NOISE * (1 + lengths) * most

    def blur(self, queries: np.ndarray, clips: np.ndarray) -> np.ndarray:
        """Return by how much `close` may differ from `exact`, float64 [queries, n].

        That is three times n + 8 roundings of float64 at most: those of the fast sum, those of the
        exact one, of which a squared distance may be twice the sum of the squares, and what
        divisions and differences add.
        """
        share = 3 * (self.corpus.shape[1] + 8) * _ROUNDING_64
        if self.search == "mcss":
            return np.full(clips.shape, share)
        own, others = self.query_lengths[queries, None], self.lengths[clips]
        return share * (own * others if self.search == "mips" else own**2 + others**2)

    def exact(self, queries: np.ndarray, clips: np.ndarray) -> np.ndarray:
        """Return the key of each (query, clip) pair, float64 [pairs], the same bits everywhere.

        `queries` and `clips` are int [pairs]; the keys are those of `close`.
        """
        pairs, which = self.identical.first_of(queries, clips)
        return self._summed(queries[pairs], clips[pairs])[which]

    def _summed(self, queries: np.ndarray, clips: np.ndarray) -> np.ndarray:
        keys = np.empty(len(queries))
        for some in tiles(len(queries), self.corpus.shape[1]):
            own = self.queries[queries[some]].astype(np.float64) / self.scale
            others = self.corpus[clips[some]].astype(np.float64) / self.scale
            if self.search == "nns":
                keys[some] = -sum_rows((own - others) ** 2)
            else:
                keys[some] = sum_rows(own * others)
        if self.search == "mcss":
            keys /= self.query_lengths[queries] * self.lengths[clips]
        return keys

    def doubtful(self, queries: np.ndarray, clips: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Return which falling close keys [queries, n] must be computed exactly, bool.

        Those that may tie with the one before or after, and those that `blur` may round to
        another float32 number.
        """
        blur = self.blur(queries, clips)
        reach = blur + self.ties(queries, clips, keys)
        with np.errstate(invalid="ignore", over="ignore"):  # of what is left out
            near = keys[:, :-1] - keys[:, 1:] <= reach[:, :-1] + reach[:, 1:]
            least, most = (self.scores(keys + by).astype(np.float32) for by in (-blur, blur))
            doubt = least != most
        doubt[:, :-1] |= near
        doubt[:, 1:] |= near
        return doubt & ~np.isneginf(keys)

    def ties(self, queries: np.ndarray, clips: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Return by how much exact keys may differ and still be equal, shaped as `keys`."""
        if self.search == "mcss":
            return np.full(keys.shape, _TIE)
        if self.search == "nns":
            return -keys * _TIE
        own = self.query_lengths[queries]
        return (own[:, None] if keys.ndim == 2 else own) * self.lengths[clips] * _TIE


def _in_units(vectors: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return each row of [rows, dim] in units of its own, float32."""
    result = np.empty(vectors.shape, dtype=np.float32)
    for some in tiles(*vectors.shape):
        result[some] = vectors[some] / units[some, None]
    return result


def _around(
    vectors: np.ndarray, scale: float, centre: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Return [rows, dim] in units of `scale` around a centre, float32, and the lengths, float64."""
    result, lengths = np.empty(vectors.shape, dtype=np.float32), np.empty(len(vectors))
    for some in tiles(*vectors.shape):
        moved = vectors[some] / scale - centre
        result[some], lengths[some] = moved, lengths_of(moved)
    return result, lengths


def _usual_length(lengths: np.ndarray) -> float:
    """Return a length that few vectors exceed: the longest, or where some stick out, less."""
    if len(lengths) <= 2 * _LONG:
        return float(lengths.max(initial=0.0))
    usual = _TIMES * float(np.partition(lengths, -_LONG - 1)[-_LONG - 1])
    return min(usual, float(lengths.max()))
