"""Which clips a study asks about, and how much each of them stands for."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.collection.id_lists import ClipNames
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from evaluation.protocol.replaced import Replaced
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


@dataclass(frozen=True, slots=True)
class _Stratum:
    """A family or class that is drawn from: its leaf classes, each with its clips as drawn.

    Attributes
    ----------
    orders : class -> rows in the order that the seed gives, those that were not drawn, too
    count : how many are drawn from it
    """

    name: str
    orders: dict[str, list[int]]
    count: int

    def weight(self, label: str) -> float:
        """Return the weight of a query of a class (see `draw_queries`)."""
        some = sum(bool(rows) for rows in self.orders.values())
        return len(self.orders[label]) * some / self.count


def draw_queries(
    collection: Collection,
    queries: Queries,
    rankings: Sequence[Ranking],
    leave_out: Sequence[str] = (),
) -> list[DrawnQuery]:
    """Return the queries of a study, by name or drawn from each family or from each leaf class.

    Classes are leaf classes, so that "relevant" means something narrow. From a family, classes
    are drawn first, without repeating one before all were drawn, and then a clip of each. A clip
    is eligible unless it carries a class of `leave_out` or a system has no results for it, and no
    clip is drawn twice. A class or family whose clips are all left out is passed over. The clips
    of `leave_out` (ids) are no queries, either.

    What is in `queries.replaced` is then replaced, one after the other, by the next clip that the
    seed gives of the same class, and where there is none of the family's others. All other queries
    stay what they are, and the weights, too: they count a clip that turned out to be unfit among
    those that could be drawn.

    The weight of a query that was drawn from a family is ::

        eligible clips of its class * classes of the family with eligible clips / number drawn

    and from a class ``eligible clips / number drawn``. That is exact while no class of a family
    is exhausted and no clip has two of the classes that are drawn from; else it is close.

    Raises
    ------
    InputError
        A named clip is not in the collection or has no results under a system, a class to leave
        out is unknown, there is nothing to draw from, or a family or class has fewer eligible
        clips than are asked for; or what is replaced was not drawn, or by something else.
    """
    return _draw_and_replace(collection, queries, rankings, leave_out)[0]


def settled(
    collection: Collection,
    queries: Queries,
    rankings: Sequence[Ranking],
    leave_out: Sequence[str] = (),
) -> Queries:
    """Return the same queries with clips called by their ids, and by what each was replaced.

    Raises InputError as `draw_queries`.
    """
    queries = with_ids(collection, queries)
    if not queries.replaced:
        return queries
    return replace(queries, replaced=_draw_and_replace(collection, queries, rankings, leave_out)[1])


def _draw_and_replace(
    collection: Collection,
    queries: Queries,
    rankings: Sequence[Ranking],
    leave_out: Sequence[str],
) -> tuple[list[DrawnQuery], tuple[Replaced, ...]]:
    """Return the queries, and what was replaced with what it was replaced by."""
    _check_classes(collection, queries.leave_out)
    unheard = {collection.index[clip] for clip in unheard_ids(collection, leave_out)}
    if queries.clips:
        named = with_ids(collection, queries).clips
        return [_named(collection, clip_id, rankings, unheard) for clip_id in named], ()
    rng = np.random.default_rng(queries.seed)
    kind = "class" if queries.per_class else "family"
    count = queries.per_class or queries.per_family
    taken: set[int] = set()
    drawn: list[tuple[DrawnQuery, _Stratum]] = []
    for name, classes in _strata(collection, kind, _eligible(collection, queries, rankings)):
        orders = {
            label: [int(row) for row in rng.permutation(rows) if row not in unheard]
            for label, rows in classes.items()
        }
        stratum = _Stratum(name, orders, count)
        found = _draw(orders, count, taken, rng)
        if len(found) < count:
            leaves = ", in leaf classes" if kind == "family" else ""
            raise InputError(
                f"The {kind} {name!r} has {len(found)} clips to draw{leaves}; "
                f"queries.per_{kind} asks for {count}."
            )
        drawn += [(_query(collection, stratum, row, label), stratum) for row, label in found]
    if kind == "class":
        drawn.sort(key=lambda one: one[0].label)
    replaced = tuple(_replace(collection, drawn, one, taken) for one in queries.replaced)
    return [query for query, _ in drawn], replaced


def _replace(
    collection: Collection,
    drawn: list[tuple[DrawnQuery, _Stratum]],
    one: Replaced,
    taken: set[int],
) -> Replaced:
    """Put the next clip of its stratum in the place of one that was drawn, and return which."""
    row = collection.index.get(one.clip)
    place = next((place for place, (query, _) in enumerate(drawn) if query.row == row), None)
    if place is None:
        raise InputError(
            f"queries.replaced: {one.clip!r} is none of the queries that the seed draws; take it "
            "out of the list."
        )
    query, stratum = drawn[place]
    labels = [query.label, *(label for label in stratum.orders if label != query.label)]
    left = ((row, label) for label in labels for row in stratum.orders[label] if row not in taken)
    new, label = next(left, (None, ""))
    if new is None:
        raise InputError(
            f"queries.replaced: {stratum.name!r} has no other clip that could replace {one.clip!r}."
        )
    by = collection.clips[new].id
    if one.by not in ("", by):
        raise InputError(
            f"queries.replaced: {one.clip!r} is replaced by {one.by!r}, but the seed gives {by!r}: "
            "what is drawn from has changed; take it out of the list."
        )
    taken.add(new)
    drawn[place] = _query(collection, stratum, new, label), stratum
    return replace(one, by=by)


def _query(collection: Collection, stratum: _Stratum, row: int, label: str) -> DrawnQuery:
    return DrawnQuery(row, label, collection.family_of.get(label, ""), stratum.weight(label))


def unheard_ids(collection: Collection, names: Sequence[str]) -> list[str]:
    """Return the ids of clips that nobody is to hear; InputError for one that is not there."""
    return ClipNames(collection).known(names, "listening.leave_out") if names else []


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
    orders: dict[str, list[int]], count: int, taken: set[int], rng: np.random.Generator
) -> list[tuple[int, str]]:
    """Draw up to `count` (clip, class) pairs, and note the clips in `taken`, which are no more.

    Of each class its clips come in the order that is given.
    """
    left = dict(orders)
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


def _named(
    collection: Collection, clip_id: str, rankings: Sequence[Ranking], unheard: Set[int]
) -> DrawnQuery:
    clip = collection.clip(clip_id)
    if collection.index[clip_id] in unheard:
        raise InputError(f"The query {clip_id!r} is named, and left out by listening.leave_out.")
    for ranking in rankings:
        if ranking.neighbours[collection.index[clip_id], 0] < 0:
            raise InputError(
                f"The system {ranking.system!r} has no results for the query {clip_id!r}: its "
                "vectors could not be computed; leave the query or the system out."
            )
    leaves = [label for label in clip.labels if label in collection.leaf_classes]
    label = leaves[0] if leaves else clip.labels[0]
    return DrawnQuery(collection.index[clip_id], label, collection.family_of.get(label, ""))
