"""Where "Surprise me" leads: to queries that are worth a look, the next one with each press.

What decides is stored, or kept since the columns themselves needed it: scores of queries that
`flask evaluate` made, and how many lists each clip is in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from webapp.browse.columns import Columns
from webapp.browse.state import State
from webapp.browse.walk import Walk


@dataclass(frozen=True, slots=True)
class Surprise:
    """A button: the order that it walks by, of which systems, where it leads, and whether it is
    the one that is walked by now."""

    order: str
    by: str
    than: str
    address: str
    chosen: bool


def surprises(
    collection: Collection,
    state: State,
    columns: Columns,
    best_first: Sequence[Ranking],
    steps: Walk,
) -> list[Surprise]:
    """Return the buttons that the columns allow, whatever their order.

    `best_first` are the collection's systems: of those that are shown its first counts.
    """
    of = {column.ranking.system: column.listing for column in columns.shown}
    shown = [ranking for ranking in best_first if ranking.system in of]
    scored = [one for one in shown if of[one.system].average_precision is not None]
    offered = [("hubs", shown[:1]), ("difference", _pair(scored)), ("lowest", scored[:1])]
    return [
        _button(collection, state, steps, order, *(one.system for one in own))
        for order, own in offered
        if own
    ]


def _pair(systems: Sequence[Ranking]) -> list[Ranking]:
    """Return the first two systems of one kind, else the first two, else none.

    Where a simulated system disagrees with another kind says nothing of the real one.
    """
    made = [one for one in systems if one.provenance == "simulated"]
    measured = [one for one in systems if one not in made]
    enough = [own for own in (measured, made, systems) if len(own) > 1]
    return list(enough[0][:2]) if enough else []


def _button(
    collection: Collection, state: State, steps: Walk, order: str, by: str, than: str = ""
) -> Surprise:
    if state.order == order and steps.next is not None:
        following = state.address(query=collection.clips[steps.next].id, page=1)
        return Surprise(order, state.by, state.than, following, True)
    first = state.address(order=order, by=by, than=than, seed=None, query="", page=1)
    return Surprise(order, by, than, first, state.order == order)
