"""What the browse page shows, as its address holds it: read, checked and written.

An address that is opened afresh shows the same. Whatever is as usual is left out of it::

    family, class*, match, exclude*   the clips to walk through; see `evaluation.browsing.filters`
    order, by, than, seed             in which order; see `evaluation.browsing.query_order`
    query, asked                      the clip, and the class that is asked about; "": any label
    system*, columns=all              the systems side by side, in their order
    compare, tab, page                the system that others are compared with, the one that narrow
                                      screens show, and which 15 ranks
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from evaluation.browsing.filters import MATCHES, Choice
from evaluation.browsing.listing import SHOWN
from evaluation.browsing.query_order import ORDERS

RANKS = 150
PAGES = RANKS // SHOWN
USUAL = 4  # columns: as many as a wide screen shows at once
_NEEDS = {"random": 0, "lowest": 1, "difference": 2, "overlap": 2, "hubs": 1}  # systems


@dataclass(frozen=True, slots=True)
class State:
    """The state of the page; see the module's text. `columns` are the systems as shown."""

    name: str
    columns: tuple[str, ...]
    choice: Choice
    order: str = "random"
    by: str = ""
    than: str = ""
    seed: int | None = None
    query: str = ""
    asked: str | None = None
    systems: tuple[str, ...] = ()
    every: bool = False
    compare: str = ""
    tab: str = ""
    page: int = 1

    @property
    def first(self) -> int:
        """The first rank that is shown."""
        return (self.page - 1) * SHOWN + 1

    @property
    def depth(self) -> int:
        """The last rank that is shown."""
        return self.page * SHOWN

    @property
    def preferred(self) -> tuple[str, ...]:
        """The classes to ask a query about: the first of them that it carries, or any label."""
        if self.asked == "":
            return ()
        return (self.asked, *self.choice.classes) if self.asked else self.choice.classes

    def parameters(self) -> list[tuple[str, str]]:
        """Return what stands in the address, the query last."""
        choice = self.choice
        pairs = [
            ("family", choice.family),
            *(("class", label) for label in choice.classes),
            ("match", choice.match if choice.match != MATCHES[0] else ""),
            *(("exclude", label) for label in choice.exclude),
            ("order", self.order if self.order != ORDERS[0] else ""),
            ("by", self.by),
            ("than", self.than),
            ("seed", "" if self.seed is None else str(self.seed)),
            *(("system", system) for system in self.systems),
            ("columns", "all" if self.every and not self.systems else ""),
            ("compare", self.compare),
            ("tab", self.tab),
            ("page", str(self.page) if self.page > 1 else ""),
            ("query", self.query),
        ]
        asked = [] if self.asked is None else [("asked", self.asked)]
        return asked + [(key, value) for key, value in pairs if value]

    def fields(self, without: Iterable[str] = ()) -> list[tuple[str, str]]:
        """Return what a form carries along unseen: all but what it asks for itself."""
        left_out = set(without)
        return [(key, value) for key, value in self.parameters() if key not in left_out]

    def address(self, **changes: Any) -> str:
        """Return the address of the page with some of its state changed."""
        path = url_for("browse.browse", name=self.name)
        parameters = replace(self, **changes).parameters()
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def moved(self, place: int, step: int) -> str:
        """Return the address with the column at `place` moved, and nothing else changed by that."""
        order, first = list(self.columns), self.columns[0]
        order.insert(place + step, order.pop(place))
        return self.address(
            systems=tuple(order), compare=self.compare or first, tab=self.tab or first
        )

    def without(self, place: int) -> str:
        """Return the address without the column at `place`."""
        return self.address(systems=self.columns[:place] + self.columns[place + 1 :], tab="")

    def toward(self) -> str:
        """Return the beginning of the addresses of other queries: their ids follow."""
        start = self.address(query="", page=1)
        return f"{start}{'&' if '?' in start else '?'}query="


def read_state(
    arguments: MultiDict[str, str], collection: Collection, systems: Sequence[Ranking]
) -> State:
    """Return the state that an address holds; raise InputError where a value cannot be used.

    `systems` are all of the collection's, in the order that they are shown in.
    """
    names = [ranking.system for ranking in systems]
    own = _systems(arguments.getlist("system"), collection, systems)
    every = arguments.get("columns") == "all"
    columns = own or tuple(names if every else names[:USUAL])
    order = "random" if arguments.get("draw") == "random" else arguments.get("order", ORDERS[0])
    by, than = _pair(_one_of("order", order, ORDERS), arguments, columns, names, collection)
    return State(
        name=collection.name,
        columns=columns,
        choice=_choice(arguments),
        order=order,
        by=by,
        than=than,
        seed=_number("seed", arguments.get("seed"), 0, 10**9) if order == ORDERS[0] else None,
        query=arguments.get("query", "").strip(),
        asked=_asked(arguments.get("asked"), collection),
        systems=own,
        every=every,
        compare=_shown(arguments.get("compare", ""), columns),
        tab=_shown(arguments.get("tab", ""), columns),
        page=_number("page", arguments.get("page"), 1, PAGES) or 1,
    )


def _choice(arguments: MultiDict[str, str]) -> Choice:
    """Return which clips to walk through; that its names are known is checked by `Labels`."""
    return Choice(
        arguments.get("family", ""),
        tuple(dict.fromkeys(label for label in arguments.getlist("class") if label)),
        _one_of("match", arguments.get("match", MATCHES[0]), MATCHES),
        tuple(dict.fromkeys(label for label in arguments.getlist("exclude") if label)),
    )


def _systems(
    wanted: Iterable[str], collection: Collection, systems: Sequence[Ranking]
) -> tuple[str, ...]:
    """Return the systems that are asked for, once each, those of simulated vectors last."""
    provenance = {ranking.system: ranking.provenance for ranking in systems}
    own = [name for name in dict.fromkeys(wanted) if name]
    for name in own:
        _known(name, provenance, collection)
    return tuple(sorted(own, key=lambda name: provenance[name] == "simulated"))


def _pair(
    order: str,
    arguments: MultiDict[str, str],
    columns: Sequence[str],
    names: Sequence[str],
    collection: Collection,
) -> tuple[str, str]:
    """Return the systems that the order looks at, "" where it needs none."""
    needed = _NEEDS[order]
    if needed > len(names):
        raise InputError(
            f"The order {order!r} needs {needed} systems; "
            f"the collection {collection.name!r} has {len(names)}."
        )
    pair: list[str] = []
    for key in ("by", "than")[:needed]:
        others = [name for name in (*columns, *names) if name not in pair]
        pair.append(_known(arguments.get(key) or others[0], names, collection))
    if needed == 2 and pair[0] == pair[1]:
        raise InputError(f"The order {order!r} needs two different systems, not {pair[0]!r} twice.")
    return (*pair, "", "")[0], (*pair, "", "")[1]


def _known(name: str, names: Iterable[str], collection: Collection) -> str:
    known = list(names)
    if name not in known:
        raise InputError(
            f"The collection {collection.name!r} has no system {name!r} to show; "
            f"it has: {', '.join(known) or 'none yet'}."
        )
    return name


def _shown(name: str, columns: Sequence[str]) -> str:
    """Return a column's name; one that is not shown any more counts as none."""
    return name if name in columns else ""


def _asked(label: str | None, collection: Collection) -> str | None:
    if label and label not in collection.class_counts:
        raise InputError(f"The collection {collection.name!r} has no class {label!r}.")
    return label


def _one_of(key: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise InputError(f"{key} must be one of {', '.join(known)}, not {value!r}.")
    return value


def _number(key: str, text: str | None, least: int, most: int) -> int | None:
    if text is None:
        return None
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not (digits and least <= int(text) <= most):
        raise InputError(f"{key} must be a whole number from {least} to {most}, not {text!r}.")
    return int(text)
