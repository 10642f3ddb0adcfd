"""Which clips a study asks about, and the pool of candidates of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.collection import Collection
from embeddings.errors import InputError
from embeddings.store import Ranking
from evaluation.protocol import Queries


@dataclass(frozen=True, slots=True)
class DrawnQuery:
    """A query of a study: its row in the collection, and the class and family it stands for."""

    row: int
    label: str
    family: str


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


def draw_queries(
    collection: Collection, queries: Queries, rankings: Sequence[Ranking]
) -> list[DrawnQuery]:
    """Return the queries of a study, by name or drawn from each family.

    From a family, classes are drawn first, without repeating one before all were drawn, and then
    a clip of each; classes are leaf classes, so that "relevant" means something narrow. A clip
    that one of the systems has no results for is not drawn.

    Raises
    ------
    InputError
        A named clip is not in the collection or has no results under a system, there is no family
        to draw from, or a family has fewer clips in leaf classes than are asked for.
    """
    if queries.clips:
        return [_named(collection, clip_id, rankings) for clip_id in queries.clips]
    if not collection.families:
        raise InputError(
            f"The collection {collection.name!r} has no families to draw queries from; "
            "name the clips instead (queries.clips)."
        )
    rng = np.random.default_rng(queries.seed)
    without = {row for ranking in rankings for row in _without_results(ranking)}
    drawn: list[DrawnQuery] = []
    for family in sorted(collection.families):
        taken = without | {query.row for query in drawn}
        drawn += _draw_from(collection, family, queries.per_family, taken, rng)
    return drawn


def pool(rankings: Sequence[Ranking], query: int, depth: int) -> list[Candidate]:
    """Return the union of the systems' top `depth` for one query, each clip once, by clip order."""
    found: dict[int, list[Source]] = {}
    for ranking in rankings:
        rows = ranking.neighbours[query, :depth]
        scores = ranking.scores[query, :depth]
        for rank, (row, score) in enumerate(zip(rows, scores, strict=True), 1):
            if row >= 0:
                found.setdefault(int(row), []).append(Source(ranking.system, rank, float(score)))
    return [Candidate(row, tuple(found[row])) for row in sorted(found)]


def check_depth(collection: Collection, rankings: Sequence[Ranking], depth: int) -> None:
    """Raise InputError where a ranking keeps fewer neighbours than a study of `depth` pools."""
    for ranking in rankings:
        kept = ranking.neighbours.shape[1]
        if kept < min(depth, len(collection.clips) - 1):
            raise InputError(
                f"The system {ranking.system!r} keeps {kept} neighbours of each clip; a depth of "
                f"{depth} needs as many (flask rankings build --top)."
            )


def _without_results(ranking: Ranking) -> set[int]:
    return set(np.flatnonzero(ranking.neighbours[:, 0] < 0).tolist())


def _named(collection: Collection, clip_id: str, rankings: Sequence[Ranking]) -> DrawnQuery:
    clip = collection.clip(clip_id)
    for ranking in rankings:
        if ranking.neighbours[collection.index[clip_id], 0] < 0:
            raise InputError(
                f"The system {ranking.system!r} has no results for the query {clip_id!r}: its "
                "vectors could not be computed; leave the query or the system out."
            )
    leaves = [label for label in clip.labels if label in collection.leaf_classes]
    label = leaves[0] if leaves else clip.labels[0]
    return DrawnQuery(collection.index[clip_id], label, collection.family_of.get(label, ""))


def _draw_from(
    collection: Collection, family: str, count: int, taken: set[int], rng: np.random.Generator
) -> list[DrawnQuery]:
    """Draw `count` queries from a family; a clip of two families is drawn for one of them."""
    members = set(collection.families[family])
    left = {
        label: [int(row) for row in rng.permutation(collection.members(label))]
        for label in collection.leaf_classes
        if label in members
    }
    drawn: list[DrawnQuery] = []
    while len(drawn) < count and left:
        for label in [str(name) for name in rng.permutation(sorted(left))]:
            rows = [row for row in left[label] if row not in taken]
            if not rows:
                del left[label]
            elif len(drawn) < count:
                taken.add(rows[0])
                drawn.append(DrawnQuery(rows[0], label, family))
    if len(drawn) < count:
        raise InputError(
            f"The family {family!r} has {len(drawn)} clips to draw, in leaf classes; "
            f"queries.per_family asks for {count}."
        )
    return drawn
