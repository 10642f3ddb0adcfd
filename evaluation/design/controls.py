"""Clips that are no answer to a query: mixed into its pool, they tell who listens."""

from collections.abc import Sequence, Set

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.search.neighbours import group_codes
from embeddings.search.sums import tiles
from embeddings.systems.rankings import groups_of, similarities
from embeddings.systems.store import Ranking, embedding_names

_VALUES = 1 << 22  # similarities that are computed at a time


def distractors(
    collection: Collection,
    rankings: Sequence[Ranking],
    query: int,
    count: int,
    exclude: Set[int],
    seed: int,
    *,
    far: np.ndarray | None = None,
) -> list[int]:
    """Return `count` clips that are far from a query under every system, drawn by `seed`.

    They share no label with it, are of other families than all of its families (where the
    collection has two or more, a clip without one is not drawn), and lie beyond the upper half of
    every system's results (see `far_clips`).

    Parameters
    ----------
    query : its row in the collection
    exclude : rows that must not be drawn, such as the query's pool
    far : what `far_clips` says of this query, bool [clips]; None: it is asked. Who draws for many
        queries asks once for all of them

    Raises
    ------
    InputError
        There are fewer such clips than `count`, or the vectors of a system that must be asked
        cannot be read or are not those that it was built from.
    """
    if count < 1:
        return []
    if far is None:
        far = far_clips(collection, rankings, [query])[0]
    fits = far & _unlike(collection, query)
    fits[[query, *exclude]] = False
    unlike = np.flatnonzero(fits)
    if len(unlike) < count:
        other = "of another family" if _tells_families(collection) else "of other labels"
        raise InputError(
            f"The query {collection.clips[query].id!r} has {len(unlike)} clips {other} that no "
            f"system ranks in its upper half; controls.distractors asks for {count}."
        )
    rng = np.random.default_rng([seed, query])
    return [int(row) for row in rng.choice(unlike, count, replace=False)]


def far_clips(
    collection: Collection, rankings: Sequence[Ranking], queries: Sequence[int]
) -> np.ndarray:
    """Return which clips every system ranks beyond half of the collection, bool [queries, clips].

    The stored lists answer where they reach so far; else the similarities are computed from the
    system's vectors. A system without vectors (imported, or they were removed) says no more than
    its list: what is not in it is far. What a system leaves out has no rank, and is not far: the
    query, its group where that is excluded, and clips that could not be given a vector.

    Raises InputError where the vectors of a system are not those that it was built from.
    """
    half = len(collection.clips) // 2
    known = embedding_names(collection)
    far = np.ones((len(queries), len(collection.clips)), dtype=bool)
    for ranking in rankings:
        if ranking.neighbours.shape[1] < half and ranking.meta["embedding"] in known:
            for some in tiles(len(queries), len(collection.clips), _VALUES):
                far[some] &= _beyond(similarities(collection, ranking, queries[some]), half)
            continue
        for place, query in enumerate(queries):
            upper = ranking.neighbours[query, :half]
            far[place, upper[upper >= 0]] = False
        if ranking.meta["embedding"] is not None:
            far[:, ranking.neighbours[:, 0] < 0] = False
        groups = groups_of(
            collection, np.arange(len(collection.clips)), ranking.meta["exclude_same"]
        )
        codes = group_codes(len(collection.clips), groups)
        far &= codes[list(queries), None] != codes
    return far


def _beyond(values: np.ndarray, half: int) -> np.ndarray:
    """Return where at least `half` others of the row are more similar; NaN is no value."""
    known = np.where(np.isnan(values), -np.inf, values)
    middle = -np.partition(-known, half - 1, axis=1)[:, half - 1]
    return values < middle[:, None]


def _unlike(collection: Collection, query: int) -> np.ndarray:
    """Return which clips share no label with the query and, where families tell, none of them.

    A clip whose classes have no family may sound like anything, and is not unlike.
    """
    known = collection.columns.labels
    own = known[query]
    unlike = ~known.with_any(own)
    if _tells_families(collection):
        unlike &= known.with_any(collection.family_of.keys())
        unlike &= ~known.with_any(collection.related(own))
    return unlike


def _tells_families(collection: Collection) -> bool:
    """Return whether there are two families: one alone has no clip of another beside it."""
    return len(collection.families) > 1
