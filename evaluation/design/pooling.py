"""The pool of candidates of each query, and how a large one is shared out."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking


@dataclass(frozen=True, slots=True)
class Source:
    """That a system returned a candidate: at this rank (from one), with this score."""

    system: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip in a query's pool, judged once and credited to every system that returned it."""

    row: int
    sources: tuple[Source, ...]


def pool(
    rankings: Sequence[Ranking],
    query: int,
    depth: int,
    groups: Sequence[str] | None = None,
    unheard: Set[int] = frozenset(),
) -> list[Candidate]:
    """Return the union of the systems' top `depth` for one query, each clip once, by clip order.

    Parameters
    ----------
    query : its row in the collection
    groups : the group of each clip, "" for none: results of the query's own group are left out,
        and those below move up. None: nothing is left out
    unheard : rows that are left out of every list, likewise

    Raises
    ------
    InputError
        A ranking that keeps only its first results keeps too few of them to fill `depth`.
    """
    found: dict[int, list[Source]] = {}
    for ranking in rankings:
        for rank, place in enumerate(_first(ranking, query, depth, groups, unheard), 1):
            score = float(ranking.scores[query, place])
            row = int(ranking.neighbours[query, place])
            found.setdefault(row, []).append(Source(ranking.system, rank, score))
    return [Candidate(row, tuple(found[row])) for row in sorted(found)]


def split_pool(count: int, largest: int, shared: int = 3, seed: int = 0) -> list[list[int]]:
    """Return the places 0 .. count - 1 of a pool in parts of at most `largest`.

    There are as few parts as can be, their sizes differ by one at most, and each place is in one
    part, but for `shared` places that are in all of them, so that their grades can be compared.
    Which place goes where is drawn by `seed`; the places of a part rise. What fits is one part.

    Raises InputError where `largest` leaves no place beside the shared ones.
    """
    if count <= largest:
        return [list(range(count))]
    if not 0 <= shared < largest:
        raise InputError(
            f"Parts of at most {largest} candidates cannot share {shared} of them; "
            "the largest block must hold more than are shared."
        )
    places = np.random.default_rng([seed, count, largest]).permutation(count)
    common, others = places[:shared], places[shared:]
    parts = -(-len(others) // (largest - shared))
    return [
        sorted(int(place) for place in [*common, *part]) for part in np.array_split(others, parts)
    ]


def check_depth(collection: Collection, rankings: Sequence[Ranking], depth: int) -> None:
    """Raise InputError where a ranking keeps fewer neighbours than a study of `depth` pools."""
    for ranking in rankings:
        kept = ranking.neighbours.shape[1]
        if kept < min(depth, len(collection.clips) - 1):
            raise InputError(
                f"The system {ranking.system!r} keeps {kept} neighbours of each clip; a depth of "
                f"{depth} needs as many (flask rankings build --top)."
            )


def _first(
    ranking: Ranking, query: int, depth: int, groups: Sequence[str] | None, unheard: Set[int]
) -> list[int]:
    """Return the places in a query's list of its first `depth` results."""
    listed = ranking.neighbours[query]
    own = groups[query] if groups else ""
    places = [
        place
        for place, row in enumerate(listed.tolist())
        if row >= 0 and row not in unheard and not (groups and own and groups[row] == own)
    ]
    if (own or unheard) and len(places) < depth and _is_cut(ranking, query):
        fit = "of other groups" if own else "not left out"
        raise InputError(
            f"The system {ranking.system!r} keeps {len(listed)} neighbours of the clip in row "
            f"{query}, {len(places)} of them {fit}; a depth of {depth} needs as many "
            "(flask rankings build --top)."
        )
    return places[:depth]


def _is_cut(ranking: Ranking, query: int) -> bool:
    """Tell whether the system has more results for the query than its ranking keeps."""
    neighbours = ranking.neighbours
    if ranking.meta.get("embedding") is None:  # what an imported system could rank is not known
        ranked = len(neighbours)
    else:
        ranked = int((neighbours[:, 0] >= 0).sum())
    return bool(neighbours[query, -1] >= 0) and neighbours.shape[1] < ranked - 1
