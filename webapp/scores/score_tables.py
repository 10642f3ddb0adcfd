"""The tables of the scores page: which columns there are, what stands in them, and as CSV."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from flask_babel import gettext as _

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import read_json
from evaluation.numerals import numeral
from evaluation.objective import scoreboard
from evaluation.objective.beside_published import COMPARISONS
from evaluation.objective.definitions import METRICS
from evaluation.objective.published import convention as published_convention
from evaluation.objective.stored_systems import stored_systems
from webapp.scores.state import BEST_FIRST, State

if TYPE_CHECKING:
    import pandas as pd

_FORMATS = {
    "dimensions": "{:,.0f}",
    **{name: f"{{:.{one.digits}f}}" for name, one in METRICS.items()},
    **{f"published_{name}": f"{{:.{one.published[0]}f}}" for name, one in METRICS.items()},
    **{f"difference_{name}": f"{{:+.{one.published[1]}f}}" for name, one in METRICS.items()},
}
"""How a column's numbers are shown. The paper prints two decimals of MAP and none of MR1, and a
difference from it is no finer."""


@dataclass(frozen=True, slots=True)
class Board:
    """All numbers of a collection under one convention; see `evaluation.objective.scoreboard`."""

    systems: "pd.DataFrame"
    families: "pd.DataFrame"
    means: "pd.DataFrame"
    classes: "pd.DataFrame"
    damaged: list[str]


def board(collection: Collection, convention: str) -> Board:
    """Return the tables of a collection under a convention."""
    return Board(
        scoreboard.systems_table(collection, convention),
        scoreboard.family_table(collection, convention),
        scoreboard.family_means(collection, convention),
        scoreboard.class_table(collection, convention),
        stored_systems(collection)[1],
    )


def tuning(collection: Collection) -> float | None:
    """Return how far at most a family's score that was tuned is from what was wanted.

    It is None where the collection has no simulated vectors that were tuned.
    """
    apart = []
    for path in sorted(collection.folder.glob("embeddings/[!.]*/meta.json")):
        with suppress(InputError, OSError, KeyError):  # what is damaged is said elsewhere
            made = read_json(path).get("simulation") or {"wanted": {}, "reached": {}}
            reached = made["reached"]
            apart += [abs(made["wanted"][family] - reached[family]) for family in reached]
    return max(apart, default=None)


class Column(NamedTuple):
    """A column of the table of systems: its name in addresses, its heading and what it means."""

    key: str
    title: str
    kind: str
    definition: str
    descending: bool
    numeric: bool


class Cell(NamedTuple):
    """What stands in a cell, the value that it is sorted by ("" for none), and why if need be."""

    text: str
    value: str
    reason: str


class Row(NamedTuple):
    """A system's row: the facts of the table, its place without sorting, notes, and its cells."""

    facts: dict[str, Any]
    place: int
    notes: list[str]
    cells: list[Cell]


def shows_published(found: Board, state: State) -> bool:
    """Return whether published values may stand beside ours."""
    comparable = state.convention == published_convention() and state.average == "class"
    return comparable and bool(found.systems["published_map@15"].notna().any())


def columns(found: Board, state: State) -> list[Column]:
    """Return the columns of the table of systems, the first two being the system's and its own."""
    some = [
        Column("title", _("System"), "", _("Representation, processing and search"), False, False),
        Column("provenance", _("Vectors"), "", _("Where the vectors come from"), False, False),
        Column("modality", _("Modality"), "",
               _("What the representation learned from: A audio, I image, L language, O others"),
               False, False),
        Column("parameters", _("Parameters"), "", _("Numbers that were learned, as published"),
               True, True),
        Column("dimensions", _("Dimensions"), "", _("Numbers in a vector before any PCA"),
               True, True),
    ]  # fmt: skip
    for measure, one in METRICS.items():
        words, high = one.wording(state.convention, state.average), bool(one.higher)
        some.append(Column(measure, words.name, words.kind, words.definition, high, True))
        if shows_published(found, state) and found.systems[f"published_{measure}"].notna().any():
            for key, title, what in (
                ("published", _("published"), _("As published, class-averaged")),
                ("difference", _("difference"), _("Ours less the published value")),
            ):
                some.append(Column(f"{key}_{measure}", words.name, title, what, high, True))
    return some


def sorting(state: State, shown: Sequence[Column]) -> tuple[str, bool]:
    """Return the column that the systems are sorted by, and whether descending."""
    sort = state.sort if state.sort.removeprefix("-") in {one.key for one in shown} else BEST_FIRST
    return sort.removeprefix("-"), sort.startswith("-")


def systems_sorted(found: Board, state: State) -> "pd.DataFrame":
    """Return the systems as the page shows them: in groups, sorted, with the asked average.

    The columns of the measures are those of the average that is shown.
    """
    table = found.systems.assign(place=range(len(found.systems)))
    if state.average == "micro":
        table = table.assign(**{measure: table[f"micro_{measure}"] for measure in METRICS})
    by, descending = sorting(state, columns(found, state))
    return scoreboard.in_groups(table, by, descending)


def measured(found: Board, state: State) -> list[Column]:
    """Return the columns of the measures alone: those of the overview."""
    return [one for one in columns(found, state) if one.key in METRICS]


def overview_rows(found: Board, state: State, name: str) -> dict[str, list[Row]]:
    """Return the rows of the overview's table, the best by the measure first in each group."""
    sort = f"{'-' if METRICS[state.measure].higher else ''}{state.measure}"
    return _rows(found, replace(state, sort=sort), name, measured(found, state))


def system_rows(found: Board, state: State, name: str) -> dict[str, list[Row]]:
    """Return "measured" and "simulated" -> the rows of the table of systems."""
    return _rows(found, state, name, columns(found, state)[2:])


def _rows(found: Board, state: State, name: str, shown: Sequence[Column]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for facts in systems_sorted(found, state).to_dict("records"):
        cells = [_cell(facts, column, name) for column in shown]
        row = Row(facts, facts["place"], _notes(facts, name), cells)
        groups.setdefault(facts["group"], []).append(row)
    return groups


def _cell(facts: dict[str, Any], column: Column, name: str) -> Cell:
    value = facts[column.key]
    if not column.numeric:
        return Cell(value or "–", value.lower(), "" if value else _("It has no card"))
    if value != value:
        return Cell("–", "", _why_unknown(facts, column.key, name))
    if facts["censored"] and column.key in METRICS and METRICS[column.key].lower_bound:
        reason = _("At least this: some first relevant results lie beyond the ranks that are kept")
        return Cell(f"≥ {_shown(column.key, value)}", f"{value:.9g}", reason)
    return Cell(_shown(column.key, value), f"{value:.9g}", "")


def _shown(key: str, value: float) -> str:
    if key == "parameters":
        millions = value >= 1e6
        return f"{value / 1e6:g}M" if millions else f"{value / 1e3:g}K"
    return numeral(value, _FORMATS[key])


def _why_unknown(facts: dict[str, Any], key: str, name: str) -> str:
    """Return why a number of a system is not there."""
    if key == "parameters":
        return _("None are published, or there are none")
    if key == "dimensions":
        return _("The vectors are not here")
    if not facts["scored"]:
        return _("Not scored yet: flask evaluate %(name)s", name=name)
    if key.startswith(("published", "difference")):
        return COMPARISONS[facts["comparison"]]
    if facts["known_ranks"] < METRICS[key].cutoff:
        return _("Only %(ranks)d ranks of this ranking are known", ranks=facts["known_ranks"])
    if any(facts[one] == facts[one] for one in METRICS):
        return _("Scored before this measure was there: flask evaluate %(name)s", name=name)
    return _("Undefined: there is no other relevant clip")


def _notes(facts: dict[str, Any], name: str) -> list[str]:
    """Return what must be known of a system's row beside its numbers."""
    if not facts["scored"]:
        return [_("not scored yet: flask evaluate %(name)s", name=name)]
    notes = []
    if facts["failed"]:
        notes.append(_("%(number)d clips without vectors", number=facts["failed"]))
    if facts["undefined"]:
        notes.append(_("%(number)d pairs undefined", number=facts["undefined"]))
    if facts["censored"]:
        notes.append(_("%(number)d pairs censored", number=facts["censored"]))
    return notes


def scored(found: Board, state: State) -> "pd.DataFrame":
    """Return the scored systems in groups, those that are best by the measure first in each."""
    table = found.systems[found.systems["scored"]]
    return scoreboard.in_groups(table, state.measure, bool(METRICS[state.measure].higher))
