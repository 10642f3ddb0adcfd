"""The scores page's tables of families and classes, and the comparison of two systems."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from embeddings.collection.clips import Collection
from evaluation.numerals import numeral
from evaluation.objective.definitions import METRICS, wording
from evaluation.objective.scoreboard import compare_classes, sorted_rows
from webapp.scores.score_tables import Board, scored
from webapp.scores.state import State

if TYPE_CHECKING:
    import pandas as pd

MOVED = 20
"""Classes of a comparison that the page shows; the CSV has all."""


class FamilyRow(NamedTuple):
    """A system's row: its facts, and (ours, published) of each family and of their mean; "" where
    nothing is published, "–" where ours is undefined."""

    facts: dict[str, Any]
    cells: list[tuple[str, str]]


class ClassCell(NamedTuple):
    """A system's value of a class, shown and to sort by, and whether it is its group's best."""

    text: str
    value: str
    best: bool


class ClassRow(NamedTuple):
    """A class's row, and whether it is one of those that are looked for."""

    label: str
    family: str
    clips: int
    place: int
    shown: bool
    cells: list[ClassCell]


class MovedClass(NamedTuple):
    """A class's row in a comparison."""

    label: str
    family: str
    clips: int
    a: str
    b: str
    difference: str


def family_rows(found: Board, state: State) -> dict[str, list[FamilyRow]]:
    """Return "measured" and "simulated" -> the rows of the table of families."""
    own: dict[str, list[dict[str, Any]]] = {}
    for table in (found.families, found.means):  # the mean is the last of a system's
        for one in table.to_dict("records"):
            own.setdefault(one["system"], []).append(one)
    groups: dict[str, list[FamilyRow]] = {}
    for facts in scored(found, state).to_dict("records") if own else []:
        cells = [_beside(one, state) for one in own[facts["system"]]]
        groups.setdefault(facts["group"], []).append(FamilyRow(facts, cells))
    return groups


def class_values(found: Board, state: State) -> "pd.DataFrame":
    """Return the classes sorted as asked: a row a class, a column a system.

    It is indexed by class, family, clips and place (in alphabetical order).
    """
    systems = list(scored(found, state)["system"])
    keys = ["class", "family", "clips"]
    table = found.classes.pivot(index=keys, columns="system", values=state.measure)
    table = table.reindex(columns=systems).reset_index()
    table = table.sort_values("class", kind="stable").reset_index(names="place")
    order = state.order.removeprefix("-")
    by = order if order in table else "class"
    rows = sorted_rows(table[by], descending=state.order.startswith("-"))
    return table.loc[rows].set_index([*keys, "place"])


def looked_for(values: "pd.DataFrame", state: State) -> list[bool]:
    """Return whether each row of `class_values` has the text that is looked for in its names."""
    wanted = _plain(state.find)
    return [wanted in _plain(f"{label} {family}") for label, family, *_ in values.index]


def class_rows(found: Board, state: State) -> list[ClassRow]:
    """Return the rows of the table of classes, the best of each group of systems marked."""
    values = class_values(found, state)
    groups = scored(found, state)["group"].to_numpy()
    numbers = values.to_numpy(dtype=float)
    best = np.zeros(numbers.shape, dtype=bool)
    for group in np.unique(groups):
        own = groups == group
        if own.sum() > 1:
            best[:, own] = _is_best(numbers[:, own], state.measure)
    digits = wording(state.measure, state.convention).digits
    shown = looked_for(values, state)
    return [
        ClassRow(*keys, is_shown, [_class_cell(*one, digits) for one in zip(*row, strict=True)])
        for keys, is_shown, *row in zip(
            values.index, shown, numbers.tolist(), best.tolist(), strict=True
        )
    ]


def pair(found: Board, state: State) -> tuple[str, str] | None:
    """Return the two systems to compare: those asked for, or the best two of one group.

    None where fewer than two are scored. A computed and a simulated system are only compared where
    that is asked for, or where there are no others.
    """
    table = scored(found, state)
    names = table["system"].tolist()
    if len(names) < 2:
        return None
    groups = [list(one["system"]) for _, one in table.groupby("group", sort=False)]
    enough = next((one for one in groups if len(one) > 1), names)
    a = state.a or next(one for one in enough if one != state.b)
    return a, state.b or next(one for one in [*enough, *names] if one != a)


def comparison(collection: Collection, state: State, a: str, b: str) -> "pd.DataFrame":
    """Return the classes by how far two systems are apart; see `scoreboard.compare_classes`."""
    return compare_classes(collection, state.convention, a, b, state.measure)


def moved_rows(table: "pd.DataFrame", state: State) -> list[MovedClass]:
    """Return the rows of the classes that move most."""
    digits = wording(state.measure, state.convention).digits
    return [
        MovedClass(
            one["class"], one["family"], one["clips"],
            *(_number(one[key], digits) for key in ("a", "b")),
            _number(one["difference"], digits, "+"),
        )
        for one in table.head(MOVED).to_dict("records")
    ]  # fmt: skip


def _plain(text: str) -> str:
    """Return a name as it is searched: in small letters, with spaces for underscores."""
    return text.lower().replace("_", " ")


def _beside(facts: dict[str, Any], state: State) -> tuple[str, str]:
    digits = wording(state.measure, state.convention).digits
    known = facts["published_map@15"] if state.measure == "map@15" else np.nan
    return _number(facts[state.measure], digits), "" if np.isnan(known) else f"{known:.3f}"


def _is_best(numbers: np.ndarray, measure: str) -> np.ndarray:
    """Return, bool [classes, systems], where a value is its row's best; a tie has several."""
    sign = 1 if METRICS[measure].higher else -1
    filled = np.where(np.isnan(numbers), -np.inf, sign * numbers)
    best = filled.max(axis=1)
    return (filled == best[:, None]) & np.isfinite(filled)


def _class_cell(value: float, best: bool, digits: int) -> ClassCell:
    return ClassCell(_number(value, digits), "" if value != value else f"{value:.9g}", best)


def _number(value: float, digits: int, sign: str = "") -> str:
    return "–" if value != value else numeral(value, f"{{:{sign}.{digits}f}}")
