"""Whole lists beside each other: which of them meet, and two that mark the ends of the scale."""

from collections.abc import Set
from itertools import combinations

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError

ORACLE, RANDOM = "anchor:labels", "anchor:random"
"""What the labels' own list and the random one are named among a study's systems."""

_ORACLE, _RANDOM = 1, 2  # streams of one seed


def preference_pairs(systems: int) -> list[tuple[int, int]]:
    """Return all pairs of `systems` systems, each as (smaller, larger) number from zero."""
    return list(combinations(range(systems), 2))


def rating_blocks(systems: int, size: int, seed: int = 0) -> list[tuple[int, ...]]:
    """Return blocks of systems, numbered from zero, whose lists are rated on one page.

    All systems are one block where they fit. Otherwise each block has `size` of them, and the
    blocks are a cyclic design: one block and what it becomes by adding 1, 2, ... to its members,
    modulo the number of systems. So there is one block for each system (several times as many
    only where so few would leave a pair that never meets), each system is in equally many, and
    each pair meets at least once.

    Of these designs one is taken whose pairs meet most equally: the sum over pairs of the squared
    number of meetings is the least. Where a balanced incomplete block design is among them, that
    is it; of up to 14 systems in blocks of 6, no two pairs' meetings differ by more than 1.
    `seed` says which system has which place in the design, and the order of the blocks.

    Raises InputError where a block holds fewer than 2 systems.
    """
    if size < 2:
        raise InputError(f"A page must hold at least 2 lists to compare them, not {size}.")
    if systems <= size:
        return [tuple(range(systems))]
    if size == 2:
        return list(preference_pairs(systems))
    rng = np.random.default_rng([seed, systems, size])
    names = rng.permutation(systems)
    blocks = [
        tuple(sorted(int(names[(member + step) % systems]) for member in base))
        for base in _base_blocks(systems, size)
        for step in range(systems)
    ]
    return [blocks[place] for place in rng.permutation(len(blocks))]


def oracle_list(
    collection: Collection,
    query: int,
    label: str,
    depth: int,
    exclude_group: bool,
    seed: int,
    unheard: Set[int] = frozenset(),
) -> list[int]:
    """Return the best list that labels can make, the upper mark of the scale.

    Parameters
    ----------
    query : its row in the collection
    label : the class that it stands for: all clips of the list carry it
    depth : the length of the list; it is shorter where the class has fewer other clips
    exclude_group : whether clips of the query's own group are left out
    seed : of the order of clips that share equally many labels with the query
    unheard : rows that are left out

    Returns
    -------
    rows of the collection, those that share most labels with the query first
    """
    own = collection.clips[query]
    rows = [
        row
        for row in collection.members(label)
        if row != query
        and row not in unheard
        and not (exclude_group and own.group and collection.clips[row].group == own.group)
    ]
    rng = np.random.default_rng([seed, query, _ORACLE])
    shuffled = [int(row) for row in rng.permutation(rows)]
    labels = set(own.labels)
    shared = {row: len(labels & set(collection.clips[row].labels)) for row in rows}
    return sorted(shuffled, key=lambda row: -shared[row])[:depth]


def random_list(
    collection: Collection, query: int, depth: int, exclude: Set[int], seed: int
) -> list[int]:
    """Return `depth` clips drawn by `seed`, the lower mark of the scale, as rows in random order.

    The query and the rows in `exclude` are not drawn. Raises InputError where too few are left.
    """
    rows = [row for row in range(len(collection.clips)) if row != query and row not in exclude]
    if len(rows) < depth:
        raise InputError(
            f"The query {collection.clips[query].id!r} has {len(rows)} other clips for a random "
            f"list; a depth of {depth} needs as many."
        )
    rng = np.random.default_rng([seed, query, _RANDOM])
    return [int(row) for row in rng.choice(rows, depth, replace=False)]


def _base_blocks(systems: int, size: int) -> list[tuple[int, ...]]:
    """Return as many base blocks as let every pair meet, each the best beside those before it."""
    candidates = [(0, *rest) for rest in combinations(range(1, systems), size - 1)]
    meetings = np.array([_meetings(block, systems) for block in candidates])
    pairs = np.full(systems // 2, systems)  # at each distance on the circle of systems
    if systems % 2 == 0:
        pairs[-1] = systems // 2
    chosen: list[tuple[int, ...]] = []
    so_far = np.zeros(systems // 2, dtype=np.int64)
    while not so_far.all():
        total = so_far + meetings
        best = np.lexsort(((total**2) @ pairs, (total == 0) @ pairs))[0]
        chosen.append(candidates[best])
        so_far = total[best]
    return chosen


def _meetings(block: tuple[int, ...], systems: int) -> list[int]:
    """Return how often two systems meet in a cyclic design, by their distance from 1 on."""
    counts = [0] * (systems // 2)
    for one, other in combinations(block, 2):
        distance = min((one - other) % systems, (other - one) % systems)
        counts[distance - 1] += 2 if 2 * distance == systems else 1
    return counts
