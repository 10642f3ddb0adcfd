"""The first page of a study's results: one figure and one table of what is looked for first."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evaluation.analysis.panel import PanelResults
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.result_tables import systems_table
from evaluation.analysis.told_apart import told_apart
from evaluation.figures.shown import Cell, Heading, Section, Table, number
from evaluation.figures.study.cast import ranked, study_cast
from evaluation.figures.study.marks import by_scores
from evaluation.figures.study.mean_figures import scores_in_short
from evaluation.figures.study.preference_figures import strengths_in_short
from evaluation.findings.view import View, of_whom
from evaluation.findings.words import by_kind, estimate_cell, share_cell
from evaluation.statistics.bradley_terry import WIN_RATE

if TYPE_CHECKING:
    import pandas as pd

_ABOVE = Heading("Above", "told apart", "How many systems it is told apart from, and above")
_BELOW = Heading("Below", "told apart", "How many systems it is told apart from, and below")
_TWO = "{:.2f}"


def glance(view: View | PreferenceAnalysis) -> Section:
    """Return the section "glance": each system's score with its interval, drawn and written."""
    if isinstance(view, PreferenceAnalysis):
        cast = study_cast(view.tables)
        parts = (strengths_in_short(view, cast), _choices(view, cast))
    else:
        reference = view.graded.reference if view.graded else None
        parts = (scores_in_short(view.of, view.cast, reference), _scores(view))
    return Section("glance", "In short", parts=tuple(one for one in parts if one is not None))


def _scores(view: View) -> Table:
    """Return the table of the primary scores."""
    of, measure = view.of, view.of.primary.measure
    table = systems_table(of.primary)
    form = view.form if measure.in_grades else _TWO
    places = _places(of) if view.tests else {}
    rows = {
        row["system"]: [
            estimate_cell(row, form),
            *places.get(row["system"], ()),
            share_cell(row["judged"], "no list has a result"),
        ]
        for row in table.to_dict("records")
    }
    better = "" if measure.higher else "lower is better"
    what = "results" if view.graded else "lists"
    headings = [
        Heading(measure.title, better, of.primary.definition),
        *((_ABOVE, _BELOW) if places else ()),
        Heading("Judged", "", f"The share of {what} that somebody graded"),
    ]
    caption = f"{measure.title} with 95 % interval. Of {of_whom(of)}. {of.primary.definition}."
    return _table(by_scores(of.primary, view.cast), headings, rows, table, caption)


def _choices(of: PreferenceAnalysis, cast: "pd.DataFrame") -> Table:
    """Return the table of the shares of comparisons won."""
    table = of.table
    places = _places(of) if of.tables.state != "open" else {}
    rows = {
        row["system"]: [
            estimate_cell(row, _TWO),
            *places.get(row["system"], ()),
            number(row["votes"], "{:,.0f}"),
        ]
        for row in table.to_dict("records")
    }
    headings = [
        Heading(WIN_RATE.title, "", WIN_RATE.definition),
        *((_ABOVE, _BELOW) if places else ()),
        Heading("Choices"),
    ]
    caption = (
        "Share of comparisons won with 95 % interval, no difference counting one half: the mean "
        "over queries of the raters' shares, in Wilson's form."
    )
    order = ranked(cast, table.set_index("system")["value"])
    return _table(order, headings, rows, table, caption)


def _places(of: PanelResults | PreferenceAnalysis) -> dict[str, tuple[Cell, Cell]]:
    """Return of how many systems each is told to be above, and below; empty where nothing is."""
    found = told_apart(of)
    if not found.enough:
        return {}
    return {
        one: (
            number(sum(better == one for better, _ in found.told), "{:.0f}"),
            number(sum(other == one for _, other in found.told), "{:.0f}"),
        )
        for one in of.protocol.systems
    }


def _table(
    order: "pd.DataFrame",
    headings: Sequence[Heading],
    rows: Mapping[str, Sequence[Cell]],
    data: "pd.DataFrame",
    caption: str,
) -> Table:
    """Return a table of systems under their short names."""
    short = order.assign(title=order["name"])
    every = data.merge(order, on="system").drop(columns="name")
    return Table(
        [Heading("System", numeric=False), *headings], by_kind(short, rows), every,
        name="glance", title="Table of the systems", caption=caption,
    )  # fmt: skip
