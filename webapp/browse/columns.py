"""The systems side by side: the order they come in, and what each column says of the others."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from evaluation.browsing.hubness import Hubness
from evaluation.browsing.listing import SHOWN, Listing, listing, ranked
from evaluation.browsing.overlap import places, rank_biased_overlap
from webapp.browse.state import RANKS, State
from webapp.core import catalogue

SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Column:
    """A system's results of the query.

    Attributes
    ----------
    listing : the results in view and the scores; see `evaluation.browsing.listing`
    short : the system's short name
    elsewhere : clip row -> [(short name, rank)] of the other columns that have it, down to the
        last rank in view
    unique : the number of its results, down to the last rank in view, that no other column has
    overlap : rank-biased overlap with the column of comparison; None for itself, and undefined
    hubness : of the whole system
    occurrences : the lists that the query itself is in
    """

    listing: Listing
    short: str
    elsewhere: dict[int, list[tuple[str, int]]]
    unique: int
    overlap: float | None
    hubness: Hubness
    occurrences: int

    @property
    def ranking(self) -> Ranking:
        """The system."""
        return self.listing.ranking

    @property
    def is_simulated(self) -> bool:
        """Whether its vectors are simulated: then it stands behind the divider."""
        return self.ranking.provenance == SIMULATED


@dataclass(frozen=True, slots=True)
class Columns:
    """All columns, and how alike each two of them are: float [columns, columns], NaN undefined."""

    shown: list[Column]
    compared: Column | None
    overlaps: np.ndarray
    pages: int

    @property
    def is_mixed(self) -> bool:
        """Whether simulated systems stand beside others."""
        return len({column.is_simulated for column in self.shown}) > 1

    @property
    def provenance(self) -> str:
        """The provenance of all columns, "" where they have several."""
        kinds = {column.ranking.provenance for column in self.shown}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def measured(self) -> str:
        """The provenance of all columns that are not simulated, "" where there are both."""
        kinds = {column.ranking.provenance for column in self.shown if not column.is_simulated}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def first_simulated(self) -> Column | None:
        """The column that the divider stands before; None where there is none."""
        return next((column for column in self.shown if column.is_simulated), None)


def in_order(collection: Collection, rankings: Iterable[Ranking]) -> list[Ranking]:
    """Return systems as they are shown: those of simulated vectors last, each kind best first.

    Best is by the stored macro MAP@15; what is not scored comes after, by its title.
    """

    def key(ranking: Ranking) -> tuple[bool, float, str]:
        stored = catalogue.objective(collection, ranking.system)
        macro = stored["conventions"][collection.convention]["macro"] if stored else {}
        return ranking.provenance == SIMULATED, -(macro.get("map@15") or 0.0), ranking.title

    return sorted(rankings, key=key)


def short_names(rankings: Sequence[Ranking]) -> dict[str, str]:
    """Return a short name for each system: its title up to the first dot where that says which."""
    names = {ranking.system: ranking.title.split(" · ")[0] for ranking in rankings}
    often = Counter(names.values())
    return {
        ranking.system: names[ranking.system]
        if often[names[ranking.system]] == 1
        else ranking.title
        for ranking in rankings
    }


def chooser(systems: Sequence[Ranking], state: State) -> list[Ranking]:
    """Return all systems as they are offered: those that are shown first, in their order."""
    place = {system: number for number, system in enumerate(state.columns)}
    return sorted(systems, key=lambda ranking: place.get(ranking.system, len(place)))


def side_by_side(
    collection: Collection, rankings: Sequence[Ranking], state: State, query: int, asked: str | None
) -> Columns:
    """Return the columns that the state asks for, of the clip in row `query`.

    `asked` is the class that is asked about; None means any shared label.
    """
    by_name = {ranking.system: ranking for ranking in rankings}
    shown = [by_name[system] for system in state.columns]
    lists = [ranked(ranking, query, RANKS) for ranking in shown]
    overlaps = rank_biased_overlap(lists)
    compared = state.columns.index(state.compare) if state.compare else 0
    names = short_names(rankings)
    found = places(lists, state.depth)
    columns = []
    for number, ranking in enumerate(shown):
        scores = catalogue.query_scores(collection, ranking.system)
        hubs = catalogue.hubness(collection, ranking)
        overlap = overlaps[number, compared]
        columns.append(
            Column(
                listing(collection, ranking, scores, query, asked, first=state.first),
                short=names[ranking.system],
                elsewhere=_elsewhere(found, number, [names[one.system] for one in shown]),
                unique=sum(len(found[row]) == 1 for row in lists[number][: state.depth].tolist()),
                overlap=None if number == compared or np.isnan(overlap) else float(overlap),
                hubness=hubs,
                occurrences=int(hubs.occurrences[query]),
            )
        )
    longest = max((len(one) for one in lists), default=0)
    return Columns(columns, columns[compared] if columns else None, overlaps, -(-longest // SHOWN))


def _elsewhere(
    found: dict[int, list[tuple[int, int]]], number: int, names: Sequence[str]
) -> dict[int, list[tuple[str, int]]]:
    """Return what stands in column `number` and where else: clip row -> [(name, rank)]."""
    own = {row for row, where in found.items() if any(number == one for one, _ in where)}
    return {
        row: [(names[other], rank) for other, rank in found[row] if other != number] for row in own
    }
