"""What the scores page shows, as its address holds it: read, checked and written.

The page has parts, each with its own path: an overview, and `PARTS`. An address that is opened
afresh shows the same. Whatever is as usual is left out of it::

    convention, average   how the scores are counted, and what is averaged of systems
    measure               what the overview, the tables of families and classes, and the comparison
                          show
    sort                  the column that the systems are sorted by; "-" before it: descending
    order, find           the same of the classes, and the text that a class's name must have
    a, b                  the two systems that are compared
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.errors import InputError
from evaluation.objective.definitions import AVERAGES, METRICS, check_word

PARTS = (
    "systems", "families", "classes", "compare", "modality", "size", "processing", "meaning",
)  # fmt: skip
"""The parts of the page beside the overview, whose name is ""."""
BEST_FIRST = "-map@15"
SORTABLE = (
    "title", "provenance", "modality", "parameters", "dimensions", *METRICS,
    *(f"published_{measure}" for measure in METRICS),
    *(f"difference_{measure}" for measure in METRICS),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class State:
    """The state of the page; see the module's text. `usual` is the collection's own convention."""

    name: str
    usual: str
    convention: str
    average: str = "class"
    measure: str = "map@15"
    sort: str = BEST_FIRST
    order: str = "class"
    find: str = ""
    a: str = ""
    b: str = ""
    part: str = ""

    def parameters(self) -> dict[str, str]:
        """Return what stands in the address."""
        usual = State(self.name, self.usual, self.usual)
        keys = ("convention", "average", "measure", "sort", "order", "find", "a", "b")
        own = {key: getattr(self, key) for key in keys}
        return {key: value for key, value in own.items() if value != getattr(usual, key)}

    def fields(self, without: Iterable[str]) -> list[tuple[str, str]]:
        """Return what a form carries along unseen: all but what it asks for itself."""
        left_out = set(without)
        return [(key, value) for key, value in self.parameters().items() if key not in left_out]

    def address(self, **changes: str) -> str:
        """Return the address of the page with some of its state changed."""
        part = changes.get("part", self.part) or None
        return self._with(url_for("scores.scores", name=self.name, part=part), changes)

    def table(self, table: str) -> str:
        """Return the address of a table of the page as CSV."""
        return self._with(url_for("scores.table_csv", name=self.name, table=table), {})

    def figure(self, figure: str) -> str:
        """Return the address of a figure's numbers as CSV."""
        return self._with(url_for("scores.figure_csv", name=self.name, figure=figure), {})

    def _with(self, path: str, changes: Mapping[str, Any]) -> str:
        parameters = replace(self, **changes).parameters()
        return f"{path}?{urlencode(parameters)}" if parameters else path


def read_state(
    arguments: Mapping[str, str], collection: Collection, scored: Iterable[str], part: str = ""
) -> State:
    """Return the state that an address holds; raise InputError where a value cannot be used.

    `scored` are the names of the systems that have scores.
    """
    known = tuple(scored)
    usual = collection.convention
    state = State(
        name=collection.name,
        usual=usual,
        convention=check_word("convention", arguments.get("convention", usual), CONVENTIONS),
        average=check_word("average", arguments.get("average", "class"), AVERAGES),
        measure=check_word("measure", arguments.get("measure", "map@15"), METRICS),
        sort=_column("sort", arguments.get("sort", BEST_FIRST), SORTABLE),
        order=_column(
            "order", arguments.get("order", "class"), ("class", "family", "clips", *known)
        ),
        find=arguments.get("find", "").strip(),
        a=arguments.get("a", ""),
        b=arguments.get("b", ""),
        part=part,
    )
    for key, system in (("a", state.a), ("b", state.b)):
        if system and system not in known:
            raise InputError(
                f"{key} must be a scored system of {collection.name!r}, not {system!r}; it has: "
                f"{', '.join(known) or 'none yet'}."
            )
    return state


def _column(key: str, value: str, known: tuple[str, ...]) -> str:
    check_word(key, value.removeprefix("-"), known)
    return value
