"""The systems' scores: the mean grade first, with its interval and what a person would reach."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.result_tables import systems_table
from evaluation.analysis.system_scores import Scores
from evaluation.figures.shown import Cell, Fact, Heading, Section, Table
from evaluation.figures.study.marks import by_scores
from evaluation.figures.study.mean_figures import mean_grades, primary_scores
from evaluation.figures.study.profile import rank_profile
from evaluation.findings.view import View, of_whom
from evaluation.findings.words import (
    BASIS,
    basis,
    estimate_cell,
    known_cell,
    share_cell,
    spread,
    system_table,
)
from evaluation.statistics.graded_measures import BY_WEIGHTS, MEASURES, GradedMeasure
from evaluation.statistics.significance import BOTH, BY_COMPONENTS, THESE

if TYPE_CHECKING:
    import pandas as pd

_BOTH = f"95 % intervals come {BY_COMPONENTS}: they speak for other queries and raters like these."
_PANEL = [one.called for one in MEASURES.values() if one.of_panel and one.figure]
_OF_PANEL = f"Those of measures of the panel's mean grades ({', '.join(_PANEL)}) come {BY_WEIGHTS}."

_NO_LIST = "no list has a result"
_CHOSEN = (
    "As chosen here, 95 % intervals are over queries and speak for these raters alone: they do not "
    "allow for what other raters would say."
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
        f"{view.level} of each system",
        words=_whom(of),
        facts=facts,
        parts=tuple(one for one in (*figures, *tables) if one is not None),
    )


def _whom(of: PanelResults) -> tuple[str, ...]:
    """Return where intervals come from, and why some speak for these raters alone."""
    found = [one.estimate for one in of.mean_grades.systems]
    said = [_BOTH] if any(one.scope == BOTH for one in found) else []
    if said and isinstance(of, Analysis):
        said.append(_OF_PANEL)
    if of.alone:
        said.append(_CHOSEN)
    narrow = [one for one in found if one.scope == THESE and one.low is not None]
    few = sorted({one.reason for one in narrow if one.reason})
    return (*said, *(f"Intervals over queries, for these raters alone: {one}." for one in few))


def _reference(of: Analysis, form: str) -> tuple[Fact, ...]:
    one, apart = of.reference, of.favourites.apart
    note = (
        "each rater's own favourites, graded by the others: a line to compare with, which a "
        "system can pass"
    )
    if one.scope == THESE:
        note += "; for these raters alone"
    if apart:
        every = of.favourites.pairs + apart
        note += (
            f"; of {every:,} ordered pairs of raters, {apart:,} are left out, in which the second "
            "graded nothing that the first liked"
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
            cells.append(estimate_cell(asdict(beside[one["system"]].estimate), view.form))
        cells += [
            known_cell(one["lower_bound"], view.form, _NO_LIST),
            known_cell(one["upper_bound"], view.form, _NO_LIST),
            share_cell(one["judged"], _NO_LIST),
            *basis(one),
        ]
        rows[one["system"]] = cells
    what = "result" if view.graded else "list"
    lists = f"each system's first {view.of.protocol.depth} results"
    if not view.graded:
        lists = f"whole lists of {view.of.protocol.depth} results"
    titles = ["All raters", "Raters who passed"]
    shown, also = titles[::-1] if view.of.screened else titles
    headings = [
        Heading(view.level, shown if view.other else "", "Mean over queries of raters' means"),
        *([Heading(view.level, also)] if view.other else []),
        *(
            Heading(
                title,
                f"by unjudged {what}s",
                f"If every {what} that nobody graded had the {end} grade; raters who left something"
                " out that others graded are not bounded by it",
            )
            for title, end in (("At least", "lowest"), ("At most", "highest"))
        ),
        Heading("Judged", definition=f"The share of {what}s that somebody graded"),
        *BASIS,
    ]
    return system_table(
        by_scores(scores, cast),
        headings,
        rows,
        table,
        name="mean-grades",
        title="Table of the mean grades",
        caption=(
            f"{view.level} ({view.scale}) of {lists} with 95 % interval, {of_whom(view.of)}. "
            f"{scores.definition}."
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
    headings = []
    for one in known:
        ids = table.loc[table["measure"] == one.name, "definition"]
        kind = "" if one.higher else "lower is better"
        headings.append(Heading(one.title, kind, str(ids.iloc[0])))
    return [
        system_table(
            by_scores(view.of.primary, cast),
            headings,
            rows,
            table,
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


def _measured(row: dict[str, Any], form: str, measure: GradedMeasure) -> Cell:
    cell = estimate_cell(row, form if measure.in_grades else "{:.2f}")
    if not measure.at_most or cell.note or row["upper_bound"] is None:
        return cell
    return cell._replace(note=measure.at_most.format(row["upper_bound"]))
