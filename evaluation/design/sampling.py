"""Which clips a study asks about, and how much each of them stands for."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.collection.id_lists import ClipNames
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from evaluation.protocol.terms import Queries


@dataclass(frozen=True, slots=True)
class DrawnQuery:
    """A query of a study: its row in the collection, and the class and family it stands for.

    Attributes
    ----------
    weight : 1 / the probability that it was drawn (see `draw_queries`); 1 where it was named
    """

    row: int
    label: str
    family: str
    weight: float = 1.0


def draw_queries(
    collection: Collection, queries: Queries, rankings: Sequence[Ranking]
) -> list[DrawnQuery]:
    """Return the queries of a study, by name or drawn from each family or from each leaf class.

    Classes are leaf classes, so that "relevant" means something narrow. From a family, classes
    are drawn first, without repeating one before all were drawn, and then a clip of each. A clip
    is eligible unless it carries a class of `leave_out` or a system has no results for it, and no
    clip is drawn twice. A class or family whose clips are all left out is passed over.

    The weight of a query that was drawn from a family is ::

        eligible clips of its class * classes of the family with eligible clips / number drawn

    and from a class ``eligible clips / number drawn``. That is exact while no class of a family
    is exhausted and no clip has two of the classes that are drawn from; else it is close.

    Raises
    ------
    InputError
        A named clip is not in the collection or has no results under a system, a class to leave
        out is unknown, there is nothing to draw from, or a family or class has fewer eligible
        clips than are asked for.
    """
    _check_classes(collection, queries.leave_out)
    if queries.clips:
        named = with_ids(collection, queries).clips
        return [_named(collection, clip_id, rankings) for clip_id in named]
    rng = np.random.default_rng(queries.seed)
    kind = "class" if queries.per_class else "family"
    count = queries.per_class or queries.per_family
    taken: set[int] = set()
    drawn: list[DrawnQuery] = []
    for name, classes in _strata(collection, kind, _eligible(collection, queries, rankings)):
        found = _draw(classes, count, taken, rng)
        if len(found) < count:
            leaves = ", in leaf classes" if kind == "family" else ""
            raise InputError(
                f"The {kind} {name!r} has {len(found)} clips to draw{leaves}; "
                f"queries.per_{kind} asks for {count}."
            )
        some = sum(bool(rows) for rows in classes.values())
        for row, label in found:
            weight = len(classes[label]) * some / count
            drawn.append(DrawnQuery(row, label, collection.family_of.get(label, ""), weight))
    return drawn if kind == "family" else sorted(drawn, key=lambda query: query.label)


def with_ids(collection: Collection, queries: Queries) -> Queries:
    """Return the same queries with clips that are named called by their ids.

    See `embeddings.collection.id_lists` for what names are taken. InputError for one that the
    collection does not have, or a clip that is named twice.
    """
    names, where = ClipNames(collection), "queries.clips"
    ids = [names.find(name, where) or collection.clip(name).id for name in queries.clips]
    twice = [one for one, count in Counter(ids).items() if count > 1]
    if twice:
        raise InputError(f"{where} has the clip {twice[0]!r} twice.")
    return replace(queries, clips=tuple(ids))


def _check_classes(collection: Collection, labels: Sequence[str]) -> None:
    known = list(collection.class_counts)
    for label in labels:
        if label not in known:
            near = difflib.get_close_matches(label, known, 1)
            raise InputError(
                f"queries.leave_out: the collection {collection.name!r} has no class {label!r}"
                + (f"; did you mean {near[0]!r}?" if near else ".")
            )


def _eligible(
    collection: Collection, queries: Queries, rankings: Sequence[Ranking]
) -> dict[str, list[int]]:
    """Return the eligible clips of each leaf class that is not left out whole, maybe none."""
    left_out = set(queries.leave_out)
    without = {
        int(row) for ranking in rankings for row in np.flatnonzero(ranking.neighbours[:, 0] < 0)
    }
    unwanted = collection.columns.labels.with_any(left_out)
    found: dict[str, list[int]] = {}
    for label in collection.leaf_classes:
        rows = [row for row in collection.members(label) if not unwanted[row]]
        if rows:
            found[label] = [row for row in rows if row not in without]
    if not found:
        raise InputError(
            f"queries.leave_out leaves no clip of {collection.name!r} to draw as a query."
        )
    return found


def _strata(
    collection: Collection, kind: str, eligible: dict[str, list[int]]
) -> Iterator[tuple[str, dict[str, list[int]]]]:
    """Yield each family or class to draw from, with the eligible clips of its leaf classes."""
    if kind == "class":  # the rarest first: what it has, a larger one can do without
        for label in sorted(eligible, key=lambda name: (len(eligible[name]), name)):
            yield label, {label: eligible[label]}
        return
    if not collection.families:
        raise InputError(
            f"The collection {collection.name!r} has no families to draw queries from; "
            "name the clips (queries.clips), or draw from each class (queries.per_class)."
        )
    for family in sorted(collection.families):
        members = collection.families[family]
        leaves = [label for label in collection.leaf_classes if label in members]
        if not leaves or not eligible.keys().isdisjoint(leaves):
            yield family, {label: eligible[label] for label in leaves if label in eligible}


def _draw(
    classes: dict[str, list[int]], count: int, taken: set[int], rng: np.random.Generator
) -> list[tuple[int, str]]:
    """Draw up to `count` (clip, class) pairs, and note the clips in `taken`, which are no more."""
    left = {label: [int(row) for row in rng.permutation(rows)] for label, rows in classes.items()}
    drawn: list[tuple[int, str]] = []
    while len(drawn) < count and left:
        for label in [str(name) for name in rng.permutation(sorted(left))]:
            rows = [row for row in left[label] if row not in taken]
            if not rows:
                del left[label]
            elif len(drawn) < count:
                taken.add(rows[0])
                drawn.append((rows[0], label))
    return drawn


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
