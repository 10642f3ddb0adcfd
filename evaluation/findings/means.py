"""The systems' scores: the mean grade first, with its interval and what a person would reach."""

from typing import TYPE_CHECKING, Any

from evaluation.analysis import Analysis
from evaluation.findings.view import View, of_whom
from evaluation.findings.words import BASIS, basis, by_kind, estimate_cell, percent, spread
from evaluation.graded_measures import MEASURES, Measure
from evaluation.panel_results import PanelResults
from evaluation.results import systems_table
from evaluation.scores import Scores
from evaluation.shown import Cell, Fact, Heading, Section, Table, number
from evaluation.significance import THESE
from evaluation.study_figures.cast import ranked
from evaluation.study_figures.means import mean_grades, primary_scores
from evaluation.study_figures.profile import rank_profile

if TYPE_CHECKING:
    import pandas as pd

_INTERVAL = (
    "95 % intervals come from the variance components of queries, raters and their interplay with "
    "the system: they speak for other queries and raters like these"
)


def means(view: View) -> Section:
    """Return the section "means"."""
    of, cast = view.of, view.cast
    other = view.other.mean_grades if view.other else None
    reference = view.graded.reference if view.graded else None
    figures = [
        mean_grades(of, cast, None if of.screened else other, reference=reference),
        primary_scores(of, cast),
        rank_profile(of, cast),
    ]
    facts = _reference(view.graded, view.form) if view.graded else ()
    tables = [_systems(view, of.mean_grades, cast), *_measures(view, cast)]
    return Section(
        "means",
        "Mean grade of each system",
        words=(f"{_INTERVAL}.", *_whom(of)),
        facts=facts,
        parts=tuple(one for one in (*figures, *tables) if one is not None),
    )


def _whom(of: PanelResults) -> tuple[str, ...]:
    """Return why intervals speak for these raters alone, where they do."""
    found = [one.estimate for one in of.mean_grades.systems]
    reasons = {one.reason for one in found if one.scope == THESE and one.reason}
    return tuple(f"For these raters alone: {reason}." for reason in sorted(reasons))


def _reference(of: Analysis, form: str) -> tuple[Fact, ...]:
    one = of.reference
    note = (
        "each rater's own favourites, graded by the others: a line to compare with, which a "
        "system can pass"
    )
    value = spread(one.value, one.low, one.high, form)
    return (Fact("Human reference", value, note if one.value is not None else one.reason),)


def _systems(view: View, scores: Scores, cast: "pd.DataFrame") -> Table:
    """Return the table of mean grades: shown raters, the others beside, bounds, share judged."""
    table = systems_table(scores)
    beside = {one.system: one for one in view.other.mean_grades.systems} if view.other else {}
    rows: dict[str, list[Cell]] = {}
    for one in table.to_dict("records"):
        cells = [estimate_cell(one, view.form)]
        if view.other:
            cells.append(estimate_cell(_parts(beside[one["system"]].estimate), view.form))
        cells += [
            number(one["lower_bound"], view.form),
            number(one["upper_bound"], view.form),
            Cell(percent(one["judged"]), _plain(one["judged"]), numeric=True),
            *basis(one),
        ]
        rows[one["system"]] = cells
    best = table.set_index("system").loc[cast["system"], "value"].tolist()
    titles = ["All raters", "Raters who passed"]
    shown, also = titles[::-1] if view.of.screened else titles
    headings = [
        Heading("System", numeric=False),
        Heading("Mean grade", shown if view.other else "", "Mean over queries of raters' means"),
        *([Heading("Mean grade", also)] if view.other else []),
        Heading("At least", definition="If every result that nobody graded had the lowest grade"),
        Heading("At most", definition="If every result that nobody graded had the highest grade"),
        Heading("Judged", definition="Results that somebody graded"),
        *BASIS,
    ]
    data = table.merge(cast, on="system").drop(columns="name")
    return Table(
        headings,
        by_kind(ranked(cast, best), rows),
        data,
        name="mean-grades",
        title="Table of the mean grades",
        caption=(
            f"Mean grade ({view.scale}) of each system's first {view.of.ratings.depth} results "
            f"with 95 % interval, {of_whom(view.of)}. {scores.definition}."
        ),
    )


def _measures(view: View, cast: "pd.DataFrame") -> list[Table]:
    """Return the table of every measure, one column each."""
    if view.graded is None:
        return []
    table = view.graded.measures
    known = [one for one in MEASURES.values() if (table["measure"] == one.name).any()]
    kept = table.set_index(["system", "measure"])
    rows = {
        system: [_measured(kept.loc[(system, one.name)].to_dict(), view.form, one) for one in known]
        for system in cast["system"]
    }
    primary = {one.system: one.estimate for one in view.of.primary.systems}
    sign = 1 if view.of.primary.measure.higher else -1
    values = [primary[one].value for one in cast["system"]]
    best = [None if one is None else sign * one for one in values]
    headings = [Heading("System", numeric=False)]
    for one in known:
        ids = table.loc[table["measure"] == one.name, "definition"]
        kind = "" if one.higher else "lower is better"
        headings.append(Heading(one.title, kind, str(ids.iloc[0])))
    return [
        Table(
            headings,
            by_kind(ranked(cast, best), rows),
            table.merge(cast, on="system").drop(columns="name"),
            name="measures",
            title="Table of every measure",
            caption=(
                f"Every measure with its 95 % interval; the protocol reports "
                f"{view.of.primary.measure.title} first. A grade of {view.graded.threshold:g} or "
                'more counts as good. Definitions stand in the column "definition" of the CSV file.'
            ),
            folded=True,
        )
    ]


def _measured(row: dict[str, Any], form: str, measure: Measure) -> Cell:
    return estimate_cell(row, form if measure.name == "mean_grade" else "{:.2f}")


def _parts(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("value", "low", "high", "reason")}


def _plain(value: float | None) -> str | float:
    return "" if value is None or value != value else value
