"""Exact nearest-neighbour search in blocks of queries.

Conventions
-----------
Prepared vectors come up to but not including the final L2 normalisation: the search decides it.

- MCSS, maximum cosine similarity: final L2, then inner product.
- MIPS, maximum inner product: no final L2.
- NNS, nearest neighbour by Euclidean distance: no final L2; the similarity is minus the distance.

A higher similarity is always better. Similarities are computed in float64, rid of their rounding
error (`_DIGITS`) and compared as float32, so that what is equal ties whichever block it is in;
ties are broken by clip order. The query is left out by identity, never by its score.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from embeddings.errors import InputError
from embeddings.processing import check_finite

SEARCHES = ("mcss", "mips", "nns")
BLOCK = 256
_DIGITS = 12
"""Decimals that are kept of a similarity, in units of the lengths of the two vectors."""


def top_neighbours(
    vectors: np.ndarray, search: str, top: int, *, block: int = BLOCK
) -> tuple[np.ndarray, np.ndarray]:
    """Return every clip's `top` best other clips and their similarities.

    Parameters
    ----------
    vectors : float [clips, dim], prepared up to but not including the final L2
    search : "mcss", "mips" or "nns"
    top : how many neighbours; fewer come back where there are fewer other clips
    block : queries at a time, which bounds the memory to block x clips

    Returns
    -------
    neighbours : int32 [clips, min(top, clips - 1)], rows of `vectors`, best first
    scores : float32 of the same shape

    Raises
    ------
    InputError
        Unknown search, top below 1, fewer than two clips, or vectors that cannot be compared.
    """
    if top < 1:
        raise InputError(f"A ranking must have at least 1 neighbour, not {top}.")
    if len(vectors) < 2:
        raise InputError(
            f"A ranking needs at least 2 clips with vectors; there are {len(vectors)}."
        )
    count = min(top, len(vectors) - 1)
    neighbours = np.empty((len(vectors), count), dtype=np.int32)
    scores = np.empty((len(vectors), count), dtype=np.float32)
    for start, order, similarity in ranked_blocks(vectors, search, block=block):
        rows = slice(start, start + len(order))
        neighbours[rows] = order[:, :count]
        scores[rows] = np.take_along_axis(similarity, order[:, :count], axis=1)
    return neighbours, scores


def ranked_blocks(
    vectors: np.ndarray, search: str, *, block: int = BLOCK
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield (first query, order, similarity) for each block of queries.

    `order` is int [queries, clips]: all clips from best to worst, the query itself last.
    `similarity` is float32 [queries, clips], minus infinity for the query itself.
    """
    compare = finish_vectors(vectors, search)
    for start in range(0, len(compare), block):
        queries = compare[start : start + block]
        similarity = similarities(queries, compare, search)
        own = np.arange(len(queries))
        similarity[own, start + own] = -np.inf
        yield start, np.argsort(-similarity, axis=1, kind="stable"), similarity


def finish_vectors(
    vectors: np.ndarray, search: str, clip_ids: Sequence[str] | None = None
) -> np.ndarray:
    """Return `vectors` as `search` compares them, float64: of unit length for MCSS.

    Raises InputError for an unknown search, NaN or infinity, or a vector of zeros under MCSS.
    """
    if search not in SEARCHES:
        raise InputError(f"The search must be one of {', '.join(SEARCHES)}, not {search!r}.")
    names = clip_ids or [str(row) for row in range(len(vectors))]
    check_finite(vectors, names)
    vectors = np.asarray(vectors, dtype=np.float64)
    if search != "mcss":
        return vectors
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        name = names[int(np.flatnonzero(lengths == 0)[0])]
        raise InputError(
            f"Clip {name!r}: the prepared vector is all zeros; MCSS needs a direction."
        )
    return vectors / lengths


def similarities(queries: np.ndarray, corpus: np.ndarray, search: str) -> np.ndarray:
    """Return float32 [queries, clips], higher is more similar; both from `finish_vectors`."""
    product = queries @ corpus.T
    own, others = (queries**2).sum(axis=1)[:, None], (corpus**2).sum(axis=1)
    if search == "nns":
        squares = own + others
        return -np.sqrt(np.maximum(_rounded(squares - 2 * product, squares), 0)).astype(np.float32)
    return _rounded(product, np.sqrt(own) * np.sqrt(others)).astype(np.float32)


def _rounded(values: np.ndarray, unit: np.ndarray) -> np.ndarray:
    unit = np.where(unit > 0, unit, 1.0)
    return np.round(values / unit, _DIGITS) * unit
