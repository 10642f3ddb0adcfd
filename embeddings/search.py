"""Exact nearest-neighbour search in blocks of queries.

Conventions
-----------
Prepared vectors come up to but not including the final L2 normalisation: the search decides it.

- MCSS, maximum cosine similarity: final L2, then inner product.
- MIPS, maximum inner product: no final L2.
- NNS, nearest neighbour by Euclidean distance: no final L2; the similarity is minus the distance.

Where the vectors are of unit length already (L2 and no PCA), the three give one ranking.

A higher similarity is always better. The query is left out by its place, never by its score, and
with `groups` so is every clip of its group. Equal similarities rank in the order of the clips.

How it is done
--------------
A block of similarities is one float32 matrix product, and most of it is never looked at again.
Wherever two similarities are too close for float32 to tell which is larger, they are computed
again in float64 and rid of their last digits: so the ranking is that of exact arithmetic, the same
for every block size and device, and what is equal ties. NNS compares q.c - |c|^2 / 2, which
orders clips c as minus the distance to q does, and is one product, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.backends import find_backend
from embeddings.errors import InputError
from embeddings.processing import check_finite

SEARCHES = ("mcss", "mips", "nns")
BLOCK = 256
_LEAST_ROWS = 8  # of fewer, a product takes a slower path through BLAS
_ERROR = 4 * 2.0**-24
"""A float32 product is never wrong by more, times sqrt(dim), in units of the vectors' lengths: of
vectors of many kinds and from 8 to 4,000 dimensions it was wrong by at most 1.5 * 2^-24."""
_BITS = 44
"""Binary digits that are kept of a similarity in doubt, of the 53 that float64 computes."""
_CLOSE = 1e-3
"""A squared distance below this share of the squared lengths is in doubt, too: it cancels."""
_PAIRS = 1 << 14  # pairs of vectors that are compared in float64 at a time
_LONGEST = 1e18  # lengths whose squares float32 still holds


def top_neighbours(
    vectors: np.ndarray,
    search: str,
    top: int,
    *,
    groups: Sequence[str] | None = None,
    block: int = BLOCK,
    device: str = "cpu",
) -> tuple[np.ndarray, np.ndarray]:
    """Return every clip's `top` best other clips and their similarities.

    Parameters
    ----------
    vectors : float [clips, dim], prepared up to but not including the final L2
    search : "mcss", "mips" or "nns"
    top : how many neighbours; fewer come back where there are fewer other clips
    groups : each clip's group, whose clips are left out for it; "" is no group. None: no groups
    block : queries at a time, which bounds the memory to block x clips
    device : "cpu", "cuda" or "auto"; see `embeddings.backends.find_backend`

    Returns
    -------
    neighbours : int32 [clips, min(top, clips - 1)], rows of `vectors`, best first; -1 where a
        clip's group leaves fewer
    scores : float32 of the same shape; NaN where there is no neighbour

    Raises
    ------
    InputError
        Unknown search, top below 1, fewer than two clips, or vectors that cannot be compared.
    """
    blocks = ranked_blocks(vectors, search, top, groups=groups, block=block, device=device)
    return _collect(blocks, len(vectors), min(top, len(vectors) - 1))


def search_corpus(
    queries: np.ndarray,
    corpus: np.ndarray,
    search: str,
    top: int,
    *,
    block: int = BLOCK,
    device: str = "cpu",
) -> tuple[np.ndarray, np.ndarray]:
    """Return the `top` best clips of `corpus` for queries that are not in it.

    Parameters and results are as in `top_neighbours`; `queries` and `corpus` are float
    [queries, dim] and [clips, dim], prepared by the same fitted recipe.
    """
    if queries.shape[1] != corpus.shape[1]:
        raise InputError(
            f"The queries have {queries.shape[1]} dimensions and the corpus {corpus.shape[1]}; "
            "both must be prepared alike."
        )
    check_comparable(queries, search)
    check_comparable(corpus, search)
    blocks = _blocks(_Comparison(queries, corpus, search, device), top, None, block)
    return _collect(blocks, len(queries), min(top, len(corpus)))


def ranked_blocks(
    vectors: np.ndarray,
    search: str,
    top: int,
    *,
    groups: Sequence[str] | None = None,
    block: int = BLOCK,
    device: str = "cpu",
) -> Iterator["Block"]:
    """Yield every clip's neighbours block by block; see `top_neighbours`."""
    check_comparable(vectors, search)
    if len(vectors) < 2:
        raise InputError(
            f"A ranking needs at least 2 clips with vectors; there are {len(vectors)}."
        )
    left_out = _LeftOut(group_codes(len(vectors), groups))
    compared = _Comparison(vectors, vectors, search, device)
    return _blocks(compared, min(top, len(vectors) - 1), left_out, block)


def check_comparable(
    vectors: np.ndarray, search: str, clip_ids: Sequence[str] | None = None
) -> None:
    """Raise InputError, naming the clips, where `search` cannot compare the prepared vectors.

    That is an unknown search, NaN or infinity, a length beyond 1e18 (whose square float32 does
    not hold), or a vector of zeros under MCSS.
    """
    if search not in SEARCHES:
        raise InputError(f"The search must be one of {', '.join(SEARCHES)}, not {search!r}.")
    names = clip_ids or [str(row) for row in range(len(vectors))]
    check_finite(vectors, names)
    lengths = _lengths(vectors)
    for bad, rule in (
        (lengths > _LONGEST, f"must not be longer than {_LONGEST:g}"),
        ((lengths == 0) & (search == "mcss"), "is all zeros; MCSS needs a direction"),
    ):
        if bad.any():
            raise InputError(f"Clip {names[int(bad.argmax())]!r}: the prepared vector {rule}.")


def group_codes(clips: int, groups: Sequence[str] | None) -> np.ndarray:
    """Return a number for each clip's group, int [clips]; a clip of no group ("") is its own."""
    if groups is None:
        return np.arange(clips)
    if len(groups) != clips:
        raise InputError(f"There are {clips} vectors but groups of {len(groups)} clips.")
    own = [f"group {name}" if name else f"clip {row}" for row, name in enumerate(groups)]
    return np.unique(own, return_inverse=True)[1]


def ragged(starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the ranges starts[i] : starts[i] + sizes[i], one after the other, int [sum]."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - sizes), sizes)


class _Comparison:
    """Queries and corpus as a search compares them, roughly by products and exactly by pairs."""

    def __init__(self, queries: np.ndarray, corpus: np.ndarray, search: str, device: str) -> None:
        self.search = search
        self.queries, self.corpus = queries, corpus
        self.query_lengths, self.lengths = _lengths(queries), _lengths(corpus)
        asked, clips = queries, corpus
        longest = float(self.lengths.max(initial=0.0))
        units = self.query_lengths * longest
        if search == "mcss":
            asked, clips = queries / self.query_lengths[:, None], corpus / self.lengths[:, None]
            units = np.ones(len(queries))
        elif search == "nns":
            clips = np.column_stack([corpus, -(self.lengths**2) / 2])
            asked = np.column_stack([queries, np.ones(len(queries))])
            units = units + longest**2 / 2
        self.asked = np.asarray(asked, dtype=np.float32)
        self.slack = (2 * _ERROR * np.sqrt(clips.shape[1]) * units).astype(np.float32)
        self.backend = find_backend(np.asarray(clips, dtype=np.float32), device)

    def similarity(self, start: int, count: int) -> Any:
        """Return the block of similarities of queries start : start + count."""
        padded = np.zeros((max(count, _LEAST_ROWS), self.asked.shape[1]), dtype=np.float32)
        padded[:count] = self.asked[start : start + count]
        return self.backend.similarity(padded)[:count]

    def exact(self, queries: np.ndarray, clips: np.ndarray) -> np.ndarray:
        """Return the similarity of each (query, clip) pair without rounding error, float64.

        For NNS it is q.c - |c|^2 / 2, as in the product.
        """
        result = np.empty(len(queries), dtype=np.float64)
        for start in range(0, len(queries), _PAIRS):
            some = slice(start, start + _PAIRS)
            own = self.queries[queries[some]].astype(np.float64)
            others = self.corpus[clips[some]].astype(np.float64)
            lengths = self.query_lengths[queries[some]], self.lengths[clips[some]]
            if self.search == "nns":
                squares = _shortened(((own - others) ** 2).sum(axis=1))
                result[some] = (lengths[0] ** 2 - squares) / 2
            else:
                product, unit = np.einsum("ij,ij->i", own, others), lengths[0] * lengths[1]
                product[np.abs(product) < 2.0**-_BITS * unit] = 0  # what cancels leaves noise
                result[some] = _shortened(product / unit if self.search == "mcss" else product)
        return result

    def scores(self, queries: np.ndarray, clips: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return what people are shown for `values` [queries, n]: for NNS minus the distance."""
        if self.search != "nns":
            return values
        return -np.sqrt(np.maximum(self.query_lengths[queries, None] ** 2 - 2 * values, 0))

    def doubtful(self, queries: np.ndarray, clips: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return where sorted `values` [queries, n] must be looked at exactly, bool."""
        with np.errstate(invalid="ignore"):  # of two that are left out
            near = values[:, :-1] - values[:, 1:] <= self.slack[queries, None]
        doubt = np.zeros(values.shape, dtype=bool)
        doubt[:, :-1] |= near
        doubt[:, 1:] |= near
        if self.search == "nns":
            squares = self.query_lengths[queries, None] ** 2
            doubt |= squares - 2 * values < _CLOSE * (squares + self.lengths[clips] ** 2)
        return doubt & ~np.isneginf(values)


@dataclass(frozen=True, slots=True)
class Block:
    """Some queries with their neighbours, and the means to ask for the rank of any clip.

    Attributes
    ----------
    start : the first query's row; the others follow it
    neighbours : int32 [queries, top], rows of the corpus, best first; -1 where there is none
    scores : float32 [queries, top], the similarities; NaN where there is none
    """

    start: int
    neighbours: np.ndarray
    scores: np.ndarray
    _similarity: Any
    _compared: _Comparison

    @property
    def rows(self) -> slice:
        """The queries' rows."""
        return slice(self.start, self.start + len(self.neighbours))

    def first_ranks(self, queries: np.ndarray, clips: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the rank, from one, of the best of each set of clips, without sorting.

        Parameters
        ----------
        queries : int [sets], places in the block
        clips : int, the sets of clips one after the other; each has a clip that is not left out
        starts : int [sets], where each set begins in `clips`
        """
        compared, backend = self._compared, self._compared.backend
        sizes = np.diff(np.append(starts, len(clips)))
        slack = compared.slack[self.start + queries].astype(np.float64)
        asked = np.repeat(queries, sizes)
        values = backend.values(self._similarity, asked, clips).astype(np.float64)
        hopeful = values >= np.repeat(np.maximum.reduceat(values, starts) - slack, sizes)
        values[~hopeful] = -np.inf
        values[hopeful] = compared.exact(self.start + asked[hopeful], clips[hopeful])
        best = np.maximum.reduceat(values, starts)
        places = np.where(values == np.repeat(best, sizes), clips, np.iinfo(np.int64).max)
        first = np.minimum.reduceat(places, starts)
        low, high = (best - slack).astype(np.float32), (best + slack).astype(np.float32)
        before, near, others = backend.around(self._similarity, queries, low, high)
        values = compared.exact(self.start + queries[near], others)
        ahead = (values > best[near]) | ((values == best[near]) & (others < first[near]))
        return before + np.bincount(near[ahead], minlength=len(queries)) + 1


class _LeftOut:
    """For each clip as query, the clips that are left out: those of its group, itself included."""

    def __init__(self, codes: np.ndarray) -> None:
        self._codes = codes
        self._members = np.argsort(codes, kind="stable")
        self._sizes = np.bincount(codes)
        self._starts = np.cumsum(self._sizes) - self._sizes

    def of(self, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (place in the block, clip) of all that is left out for a block of queries."""
        codes = self._codes[start : start + count]
        sizes = self._sizes[codes]
        clips = self._members[ragged(self._starts[codes], sizes)]
        return np.repeat(np.arange(count), sizes), clips


def _blocks(
    compared: _Comparison, top: int, left_out: _LeftOut | None, block: int
) -> Iterator[Block]:
    if top < 1:
        raise InputError(f"A ranking must have at least 1 neighbour, not {top}.")
    top = min(top, len(compared.corpus))
    for start in range(0, len(compared.queries), block):
        count = min(block, len(compared.queries) - start)
        similarity = compared.similarity(start, count)
        if left_out:
            compared.backend.exclude(similarity, *left_out.of(start, count))
        found, values = _best(compared, similarity, start, count, top)
        scores = compared.scores(np.arange(start, start + count), found, values)
        missing = np.isneginf(values)
        yield Block(
            start,
            np.where(missing, -1, found).astype(np.int32),
            np.where(missing, np.nan, scores).astype(np.float32),
            similarity,
            compared,
        )


def _best(
    compared: _Comparison, similarity: Any, start: int, count: int, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return clips and values [queries, top] of the best of each row of a block."""
    queries = np.arange(start, start + count)
    rows, columns = compared.backend.at_least(similarity, top, compared.slack[queries])
    found = compared.backend.values(similarity, rows, columns)
    values, clips = _sorted_rows(rows, columns, found, count)
    doubt = compared.doubtful(queries, clips, values)
    if doubt.any():
        places, ranks = np.nonzero(doubt)
        values[places, ranks] = compared.exact(start + places, clips[places, ranks])
        again = np.flatnonzero(doubt.any(axis=1))
        order = np.lexsort((clips[again], -values[again]), axis=1)
        values[again] = np.take_along_axis(values[again], order, 1)
        clips[again] = np.take_along_axis(clips[again], order, 1)
    return clips[:, :top], values[:, :top]


def _sorted_rows(
    rows: np.ndarray, columns: np.ndarray, values: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sort float32 values of each row, given row by row, downwards, equal ones by column.

    Returns values and columns, [count, the longest row]; shorter rows end in minus infinity.
    """
    # A value, as an integer that grows as it falls, and its column are one number of 64 bits:
    # numpy sorts those many times faster than it finds a stable order.
    bits = (values + np.float32(0)).view(np.uint32)  # + 0: minus zero equals zero
    falling = np.where(bits >> 31, bits, ~bits & np.uint32(0x7FFFFFFF))
    keys = (falling.astype(np.uint64) << np.uint64(32)) | columns.astype(np.uint64)
    sizes = np.bincount(rows, minlength=count)
    last = np.uint64(0xFF800000) << np.uint64(32)  # minus infinity, in column 0
    table = np.full((count, sizes.max()), last, dtype=np.uint64)
    table[rows, ragged(np.zeros(count, dtype=np.int64), sizes)] = keys
    table.sort(axis=1)
    falling = (table >> np.uint64(32)).astype(np.uint32)
    bits = np.where(falling >> 31, falling, ~falling & np.uint32(0x7FFFFFFF))
    return bits.view(np.float32).astype(np.float64), (table & np.uint64(0xFFFFFFFF)).astype(
        np.int64
    )


def _collect(blocks: Iterator[Block], queries: int, top: int) -> tuple[np.ndarray, np.ndarray]:
    neighbours = np.empty((queries, max(top, 0)), dtype=np.int32)
    scores = np.empty(neighbours.shape, dtype=np.float32)
    for block in blocks:
        neighbours[block.rows], scores[block.rows] = block.neighbours, block.scores
    return neighbours, scores


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))


def _shortened(values: np.ndarray) -> np.ndarray:
    """Return float64 values with `_BITS` binary digits."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 2.0**_BITS), exponent - _BITS)
