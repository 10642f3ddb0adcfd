"""The practice query: a sound that no query of the study is, and three that it can be told from."""

from collections.abc import Set

import numpy as np

from embeddings.collection.clips import Collection


def practice_pool(
    collection: Collection, used: Set[int], seed: int
) -> tuple[int, list[int]] | None:
    """Return (query, candidates) to practise on, as rows of the collection, or None.

    The candidates are one clip of the query's most specific class, one of another class (of the
    same family, where it has one), and one of another family, or as many of them as there are.

    Parameters
    ----------
    collection : where they come from
    used : rows that must not be in it: the study's own queries, and what nobody is to hear
    seed : of the choice

    Returns
    -------
    None where the collection is so small that there is nothing to choose from
    """
    rng = np.random.default_rng([seed, 0x9A])
    for row in rng.permutation(len(collection.clips)):
        if int(row) in used:
            continue
        candidates = _candidates(collection, int(row), used, rng)
        if len(candidates) >= 2:
            return int(row), candidates
    return None


def _candidates(
    collection: Collection, query: int, used: Set[int], rng: np.random.Generator
) -> list[int]:
    known = collection.columns.labels
    own = known[query]
    same, family = known.with_any(own), known.with_any(collection.related(own))
    free = np.ones(len(known), dtype=bool)
    free[[query, *used]] = False
    kinds = (free & same, free & family & ~same, free & ~family & ~same)
    nearer = [np.flatnonzero(kind) for kind in kinds]
    return [int(rng.choice(rows)) for rows in nearer if len(rows)]
