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
A block of similarities is one float32 matrix product, and most of it is never looked at again: it
picks the candidates that may be among the best, by a margin that no rounding exceeds. They are
compared, and their similarities stated, in float64, and where rounding could show, in a fixed order
of summation (`embeddings.search.comparison`). So rankings and similarities are the same bytes for
every block size, device, processor and BLAS; what differs by no more than the noise of float64
ties.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.errors import InputError
from embeddings.search.comparison import Comparison
from embeddings.search.crowded import fewer
from embeddings.search.processing import check_finite
from embeddings.search.sums import lengths_of
from embeddings.tasks import default_workers, in_order

SEARCHES = ("mcss", "mips", "nns")
BLOCK = 256
_FEWEST = 16  # queries at a time, however many clips there are
_VALUES = 3 << 26  # similarities of all blocks that are there at once: 0.8 GB
_NOWHERE = np.iinfo(np.int64).max
_LONGEST = 1e18
"""The length of a vector whose square float32 still holds, as scores are stored."""


def top_neighbours(
    vectors: np.ndarray,
    search: str,
    top: int,
    *,
    groups: Sequence[str] | None = None,
    block: int = BLOCK,
    device: str = "cpu",
    queries: range | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return every clip's `top` best other clips and their similarities.

    Parameters
    ----------
    vectors : float [clips, dim], prepared up to but not including the final L2
    search : "mcss", "mips" or "nns"
    top : how many neighbours; fewer come back where there are fewer other clips
    groups : each clip's group, whose clips are left out for it; "" is no group. None: no groups
    block : queries at a time, at most; their similarities to all clips are in memory
    device : "cpu", "cuda" or "auto"; see `embeddings.search.backends.find_backend`
    queries : the clips that are asked for, by their rows, one after the other. None: all of them

    Returns
    -------
    neighbours : int32 [queries, min(top, clips - 1)], rows of `vectors`, best first; -1 where a
        clip's group leaves fewer
    scores : float32 of the same shape; NaN where there is no neighbour

    Raises
    ------
    InputError
        Unknown search, top below 1, fewer than two clips, or vectors that cannot be compared.
    """
    asked = range(len(vectors)) if queries is None else queries
    blocks = ranked_blocks(
        vectors, search, top, groups=groups, block=block, device=device, queries=asked
    )
    return _collect(blocks, asked, min(top, len(vectors) - 1))


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
    asked = range(len(queries))
    blocks = _blocks(Comparison(queries, corpus, search, device), top, None, block, asked)
    return _collect(blocks, asked, min(top, len(corpus)))


def ranked_blocks(
    vectors: np.ndarray,
    search: str,
    top: int,
    *,
    groups: Sequence[str] | None = None,
    block: int = BLOCK,
    device: str = "cpu",
    queries: range | None = None,
) -> Iterator["Block"]:
    """Yield every clip's neighbours block by block; see `top_neighbours`."""
    check_comparable(vectors, search)
    if len(vectors) < 2:
        raise InputError(
            f"A ranking needs at least 2 clips with vectors; there are {len(vectors)}."
        )
    left_out = _LeftOut(group_codes(len(vectors), groups))
    compared = Comparison(vectors, vectors, search, device)
    asked = range(len(vectors)) if queries is None else queries
    return _blocks(compared, min(top, len(vectors) - 1), left_out, block, asked)


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
    lengths = lengths_of(vectors)
    for bad, rule in (
        (lengths > _LONGEST, f"must not be longer than {_LONGEST:g}"),
        ((lengths == 0) & (search == "mcss"), "is all zeros; MCSS needs a direction"),
    ):
        if bad.any():
            raise InputError(f"Clip {names[int(bad.argmax())]!r}: the prepared vector {rule}.")


def exact_similarities(queries: np.ndarray, corpus: np.ndarray, search: str) -> np.ndarray:
    """Return the similarity of each query to every clip, as `search_corpus` states it, in float64.

    `queries` and `corpus` are float [queries, dim] and [clips, dim]; the result is float64
    [queries, clips].
    """
    compared = Comparison(queries, corpus, search, "cpu")
    rows, clips = np.divmod(np.arange(len(queries) * len(corpus)), max(1, len(corpus)))
    return compared.scores(compared.exact(rows, clips)).reshape(len(queries), len(corpus))


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


@dataclass(frozen=True, slots=True)
class Block:
    """Some queries with their neighbours, and the means to ask for the rank of any clip.

    Ranks can be asked for until the next block is: then its similarities make room for others.

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
    _compared: Comparison

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
        rows = self.start + queries
        slack = compared.slack[rows]
        asked = np.repeat(queries, sizes)
        products = backend.values(self._similarity, asked, clips).astype(np.float64)
        hopeful = products >= np.repeat(np.maximum.reduceat(products, starts) - slack, sizes)
        hopeful |= np.isin(clips, compared.long) & ~np.isneginf(products)
        keys = np.full(len(clips), -np.inf)
        keys[hopeful] = compared.exact(self.start + asked[hopeful], clips[hopeful])
        best = np.maximum.reduceat(keys, starts)
        tie = compared.ties(np.repeat(rows, sizes), clips, np.repeat(best, sizes))
        places = np.where(keys >= np.repeat(best, sizes) - tie, clips, _NOWHERE)
        first = np.minimum.reduceat(places, starts)
        middle = compared.products(rows, best)
        before, near, others = backend.around(
            self._similarity,
            queries,
            (middle - slack).astype(np.float32),
            (middle + slack).astype(np.float32),
            compared.long,
        )
        keys = compared.exact(rows[near], others)
        tie = compared.ties(rows[near], others, keys)
        above = keys > best[near] + tie
        above |= (np.abs(keys - best[near]) <= tie) & (others < first[near])
        return before + np.bincount(near[above], minlength=len(queries)) + 1


class _LeftOut:
    """For each clip as query, the clips that are left out: those of its group, itself included."""

    def __init__(self, codes: np.ndarray) -> None:
        self._codes = codes
        self._members = np.argsort(codes, kind="stable")
        self._sizes = np.bincount(codes)
        self.largest = int(self._sizes.max())
        self._starts = np.cumsum(self._sizes) - self._sizes

    def of(self, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (place in the block, clip) of all that is left out for a block of queries."""
        codes = self._codes[start : start + count]
        sizes = self._sizes[codes]
        clips = self._members[ragged(self._starts[codes], sizes)]
        return np.repeat(np.arange(count), sizes), clips


def _blocks(
    compared: Comparison, top: int, left_out: _LeftOut | None, block: int, asked: range
) -> Iterator[Block]:
    if top < 1:
        raise InputError(f"A ranking must have at least 1 neighbour, not {top}.")
    if block < 1:
        raise InputError(f"A block must have at least 1 query, not {block}.")
    top = min(top, len(compared.corpus))
    never = compared.identical.beyond(top + (left_out.largest if left_out else 0))
    threads = default_workers() if compared.backend.shared else 1
    fitting = _VALUES // (threads + 1) // max(1, len(compared.corpus))
    block = min(block, max(_FEWEST, fitting))

    def ranked(start: int) -> Block:
        """Return the block of queries that begins there."""
        count = min(block, asked.stop - start)
        similarity = compared.similarity(start, count)
        if left_out:
            compared.backend.exclude(similarity, *left_out.of(start, count))
        found, keys = _best(compared, similarity, start, count, top, never)
        missing = np.isneginf(keys)
        scores = compared.scores(np.where(missing, 0, keys))
        return Block(
            start,
            np.where(missing, -1, found).astype(np.int32),
            np.where(missing, np.nan, scores).astype(np.float32),
            similarity,
            compared,
        )

    starts = range(asked.start, asked.stop, block)
    made = in_order(ranked, starts, threads if len(starts) > 1 else 1)
    for one in made:
        yield one
        compared.backend.release(one._similarity)


def _best(
    compared: Comparison,
    similarity: Any,
    start: int,
    count: int,
    top: int,
    never: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return clips and keys [queries, top] of the best of each row of a block.

    The clips `never`, bool [clips], are not among them; None: there are none.
    """
    queries = np.arange(start, start + count)
    slack = compared.slack[queries].astype(np.float32)
    rows, columns = compared.backend.at_least(similarity, top, slack, compared.long, never)
    found = compared.backend.values(similarity, rows, columns)
    rows, columns, found = fewer(compared, queries, rows, columns, found, top)
    values, clips = _sorted_rows(rows, columns, found, count)
    hopeful = _hopeful(compared, queries, values, clips, top)
    keys = np.full(clips.shape, -np.inf)
    keys[:, :top] = compared.close(queries, clips[:, :top])
    places, ranks = np.nonzero(hopeful[:, top:])
    keys[places, top + ranks] = compared.exact(start + places, clips[places, top + ranks])
    keys[~hopeful] = -np.inf
    mixed = np.flatnonzero((keys[:, :-1] < keys[:, 1:]).any(axis=1))
    keys[mixed], clips[mixed] = _falling(keys[mixed], clips[mixed])
    doubt = compared.doubtful(queries, clips, keys)
    again = np.flatnonzero(doubt.any(axis=1))
    if len(again):
        places, ranks = np.nonzero(doubt)
        keys[places, ranks] = compared.exact(start + places, clips[places, ranks])
        keys[again], clips[again] = _in_order(compared, start + again, keys[again], clips[again])
    return clips[:, :top], keys[:, :top]


def _hopeful(
    compared: Comparison, queries: np.ndarray, values: np.ndarray, clips: np.ndarray, top: int
) -> np.ndarray:
    """Return which of sorted products [queries, n] may be of the `top` best, bool of that shape.

    What is left out of the search, minus infinity, is not.
    """
    long = np.isin(clips, compared.long) if len(compared.long) else np.zeros(clips.shape, bool)
    last = min(top - 1 + len(compared.long), values.shape[1] - 1)  # the long ones bound nothing
    enough = values[:, last] - compared.slack[queries]
    return ((values >= enough[:, None]) | long) & ~np.isneginf(values)


def _falling(keys: np.ndarray, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort keys and clips [queries, n] downwards by key, equal ones as they came."""
    order = np.argsort(-keys, axis=1, kind="stable")
    return np.take_along_axis(keys, order, 1), np.take_along_axis(clips, order, 1)


def _in_order(
    compared: Comparison, queries: np.ndarray, keys: np.ndarray, clips: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sort keys and clips [queries, n] downwards, those equal but for noise by clip."""
    keys, clips = _falling(keys, clips)
    ties = compared.ties(queries, clips, np.where(np.isneginf(keys), 0, keys))
    with np.errstate(invalid="ignore"):  # of two that are left out
        apart = keys[:, :-1] - keys[:, 1:] > ties[:, :-1]
    places = np.zeros(keys.shape, dtype=np.int64)
    places[:, 1:] = np.cumsum(apart, axis=1)
    order = np.lexsort((clips, places), axis=1)
    return np.take_along_axis(keys, order, 1), np.take_along_axis(clips, order, 1)


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


def _collect(blocks: Iterator[Block], asked: range, top: int) -> tuple[np.ndarray, np.ndarray]:
    neighbours = np.empty((len(asked), max(top, 0)), dtype=np.int32)
    scores = np.empty(neighbours.shape, dtype=np.float32)
    for block in blocks:
        rows = slice(block.rows.start - asked.start, block.rows.stop - asked.start)
        neighbours[rows], scores[rows] = block.neighbours, block.scores
    return neighbours, scores
