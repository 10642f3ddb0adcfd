"""The queries to walk through: the clips that fit a choice, in the order that was asked for."""

from dataclasses import dataclass

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from evaluation.browsing.query_order import in_order, in_random_order, lowest_first, precision_of
from evaluation.objective.per_query import MICRO
from webapp.browse.state import State
from webapp.core import catalogue

LISTED = 15  # queries of the list that are shown around the present one


@dataclass(frozen=True, slots=True)
class Walk:
    """Queries in their order.

    Attributes
    ----------
    rows : int [queries], rows of the collection
    values : float [queries], what they are sorted by, NaN where there is none; or None
    place : the present query's place among them, or None where it is none of them
    is_mixed : whether the order compares a simulated system with another kind
    """

    rows: np.ndarray
    values: np.ndarray | None
    place: int | None
    is_mixed: bool

    @property
    def previous(self) -> int | None:
        """The row of the query before the present one."""
        return int(self.rows[self.place - 1]) if self.place else None

    @property
    def next(self) -> int | None:
        """The row of the query after the present one; of the first where it is none of them."""
        place = 0 if self.place is None else self.place + 1
        return int(self.rows[place]) if place < len(self.rows) else None

    def around(self) -> list[tuple[int, int, float | None]]:
        """Return (number from one, row, value) of some queries, the present one in the middle."""
        middle = (self.place or 0) - LISTED // 2
        start = max(0, min(middle, len(self.rows) - LISTED))
        return [
            (place + 1, int(self.rows[place]), self._value(place))
            for place in range(start, min(start + LISTED, len(self.rows)))
        ]

    def _value(self, place: int) -> float | None:
        if self.values is None or np.isnan(self.values[place]):
            return None
        return float(self.values[place])


def walk(collection: Collection, state: State, query: int | None) -> Walk:
    """Return the queries that the state asks for; `query` is the present one's row."""
    of = {ranking.system: ranking for ranking in catalogue.rankings(collection)[0]}
    pair = [of[system] for system in (state.by, state.than) if system]
    asked = state.choice, state.order, state.seed, state.by, state.than, state.preferred
    rows, values = catalogue.query_order(
        collection, pair, asked, lambda: _order(collection, state, pair)
    )
    is_mixed = values is not None and len({one.provenance == "simulated" for one in pair}) > 1
    place = np.flatnonzero(rows == query) if query is not None else ()
    return Walk(rows, values, int(place[0]) if len(place) else None, is_mixed)


def _order(
    collection: Collection, state: State, pair: list[Ranking]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the rows in their order, and what they are sorted by."""
    rows = catalogue.labels(collection).chosen(state.choice)
    if state.order == "random":
        return in_random_order(rows, state.seed or 0), None
    order, values = _sorted(collection, state, pair, rows)
    return rows[order], values[order]


def _sorted(
    collection: Collection, state: State, pair: list[Ranking], rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the rows in the order, and what decides it for each row."""
    if state.order == "hubs":
        lists = catalogue.hubness(collection, pair[0]).occurrences[rows]
        values = np.where(lists < 0, np.nan, lists)
        return in_order(values, largest=True), values
    if state.order == "overlap":
        values = catalogue.overlap(collection, *pair)[rows]
        return in_order(values), values
    precision = [_precision(collection, state, ranking, rows) for ranking in pair]
    if state.order == "lowest":
        return lowest_first(precision[0]), precision[0][:, 0]
    values = precision[0][:, 0] - precision[1][:, 0]
    return in_order(np.abs(values), largest=True), values


def _precision(
    collection: Collection, state: State, ranking: Ranking, rows: np.ndarray
) -> np.ndarray:
    """Return AP@N of each row for the class that it would be asked about."""
    scores = catalogue.query_scores(collection, ranking.system)
    if scores is None:
        raise InputError(
            f"The system {ranking.system!r} is not scored yet: flask evaluate {collection.name}."
        )
    labels = catalogue.labels(collection)
    asked = labels.asked(rows, state.preferred)
    names = [None if column == MICRO else labels.classes[column] for column in asked]
    return precision_of(scores, collection.convention, rows, names)
