"""Ears next to labels: the two orders of the systems, and the single results they differ on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.analysis.ears_tables import LEVELS, SCORES, disagreements_table
from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.relabelling import RELABELLINGS
from evaluation.figures.charts import counted
from evaluation.figures.shown import Cell, Fact, Heading, Section, Table, number
from evaluation.figures.study.above import above_matrix
from evaluation.figures.study.beside import ears_and_labels
from evaluation.figures.study.cast import ranked
from evaluation.figures.study.orders import rank_slopes, relabelled_slopes
from evaluation.figures.study.sentences import sampled
from evaluation.findings.summary import system_names
from evaluation.findings.view import View
from evaluation.findings.words import estimate_cell, known_cell, missing, spread, system_table
from evaluation.numerals import numeral
from evaluation.objective.definitions import FIRST_RANK
from evaluation.statistics.correlation import CORRELATIONS

if TYPE_CHECKING:
    import pandas as pd

_NO_SCORE = "the labels say nothing of it"
_NO_ORDER = "an order is unknown, or ties all systems"
_NONE_RELEVANT = "no query has a relevant result by all three"
LISTED = 60
"""How many disagreements are listed; the CSV file has all."""
_TWO = "{:.2f}"


def labels(view: View) -> Section:
    """Return the section "labels"."""
    of, cast = view.of, view.cast
    figures = [ears_and_labels(of, cast), rank_slopes(of, cast)]
    if view.tests:  # it tells of every two systems how surely they differ
        figures.append(above_matrix(of, cast))
    tables: list[Table | None] = [_systems(view, cast), _orders(view)]
    if view.graded:
        figures.append(relabelled_slopes(view.graded, cast))
        tables += [
            _rules(view.graded, view.form),
            _disagreements(view),
            _relabelled(view, cast),
        ]
    return Section(
        "labels",
        "Ears next to labels",
        words=(
            "Relevant by the labels is what carries the class that the query stands for. Scores "
            f"by the labels follow the convention {of.convention}, those of the study's own "
            "queries beside those of the whole collection.",
        ),
        facts=(_halves(of),),
        parts=tuple(one for one in (*figures, *tables) if one is not None),
    )


def _halves(of: PanelResults) -> Fact:
    """Return how far the ears agree with themselves, beside which to read what follows."""
    found, name = of.halves, f"The ears with themselves, {CORRELATIONS['tau'].title}"
    if found.tau is None:
        return Fact(name, "–", found.reason)
    note = (
        "how alike two halves of the raters order the systems: the mean of "
        f"{found.splits:,} random splits, 95 % of them between {numeral(found.low, _TWO)} and "
        f"{numeral(found.high, _TWO)}; the whole panel is surer than its halves, but labels "
        "can hardly agree with it much better"
    )
    return Fact(name, numeral(found.tau, _TWO), note)


def _systems(view: View, cast: "pd.DataFrame") -> Table:
    table = view.of.beside
    keys = [(level, score) for level in LEVELS for score in SCORES]
    rows = {
        row["system"]: [
            estimate_cell(row, view.form),
            *(
                known_cell(row[f"{level}_{score}"], f"{{:.{SCORES[score].digits}f}}", _NO_SCORE)
                for level, score in keys
            ),
        ]
        for row in table.to_dict("records")
    }
    headings = [Heading(view.level)]
    for level, score in keys:
        words = "higher is better" if SCORES[score].higher else "lower is better"
        about = f"Of {LEVELS[level]}; {words}"
        headings.append(Heading(_title(level, score), LEVELS[level], about))
    return system_table(
        ranked(cast, table.set_index("system")["value"]),
        headings,
        rows,
        table,
        name="ears-beside-labels",
        title="Table of ears beside labels",
        caption=(
            f"{view.level} with 95 % interval beside the scores by the labels, convention "
            f"{view.of.convention} (R1 counts from {FIRST_RANK[view.of.convention]}): of the "
            "study's queries for their own class, and of the whole collection, averaged over its "
            "classes."
        ),
    )


def _title(level: str, score: str) -> str:
    """Return what a score of the study's queries, or of the whole collection, is called."""
    return SCORES[score].single if level == "own" else SCORES[score].title


def _orders(view: View) -> Table:
    table = view.of.orders_table
    rows = []
    for row in table.to_dict("records"):
        title = _title(row["level"], row["score"])
        rows.append(
            [
                Cell(title, title.lower()),
                Cell(LEVELS[row["level"]], LEVELS[row["level"]]),
                *(tau_cell(row, name) for name in CORRELATIONS),
                number(row["within"], _TWO, note=_within(row)),
                number(row["systems"], "{:.0f}"),
                least_cell(row["least"]),
            ]
        )
    return Table(
        [
            Heading("By the labels", numeric=False),
            Heading("of", numeric=False),
            *(Heading(one.title, "", one.definition) for one in CORRELATIONS.values()),
            Heading("Tau in queries", "", "The mean of tau-b inside each query"),
            Heading("Systems"),
            Heading("Least tau", "significant", "The smallest tau that could be significant at 5 %"
                    " with so many systems"),
        ],
        {"": rows},
        table,
        name="orders",
        title="Table of the orders' agreement",
        caption=(
            f"How far the order of the systems by {view.level.lower()} agrees with that by the "
            "labels. Intervals (95 %, reversed percentiles) come from 2,000 random weights, over "
            f"{sampled(view.of)}, seed {view.of.seed}; they say nothing of other systems. R1 and "
            "MR1 are turned round, so that a positive number always means agreement."
            f"{' Simulated systems are in one order with others here.' if view.mixed else ''}"
        ),
    )  # fmt: skip


def least_cell(least: float | None) -> Cell:
    """Return the cell of the smallest tau that could be significant."""
    return number(least, _TWO, note="with so few systems none could be" if missing(least) else "")


def _within(row: Mapping[str, Any]) -> str:
    """Return over how many queries tau is inside them, or why there is none."""
    if row["level"] != "own":
        return "the collection's scores are of no single query"
    return _over(row["within_queries"]) or "no query tells systems apart by both"


def _over(queries: int) -> str:
    return f"over {counted(queries, 'query', 'queries')}" if queries else ""


def tau_cell(row: Mapping[str, Any], name: str) -> Cell:
    """Return the cell of a correlation with its interval, its bias in the note."""
    value = row[name]
    if missing(value):
        return Cell("–", numeric=True, note=str(row.get("reason") or _NO_ORDER))
    text = spread(value, row[f"{name}_low"], row[f"{name}_high"], _TWO)
    bias = row[f"{name}_bias"]
    note = "" if missing(bias) else f"bias of the bootstrap {numeral(bias, _TWO)}"
    return Cell(text, float(value), numeric=True, note=note)


def _both(queries: int) -> str:
    return f"{_over(queries)} with both" if queries else "no query has both"


def _rules(of: Analysis, form: str) -> Table:
    rows = [
        [
            Cell(row["about"], row["about"]),
            known_cell(row["relevant_grade"], form, "no result is relevant by this rule"),
            number(row["relevant"], "{:,.0f}"),
            known_cell(row["others_grade"], form, "every result is relevant by this rule"),
            number(row["others"], "{:,.0f}"),
            number(row["above"], "{:.3f}", note=_both(row["queries"])),
        ]
        for row in of.rules.to_dict("records")
    ]
    return Table(
        [
            Heading("Relevant is what", numeric=False),
            Heading("Mean grade", "of relevant results"),
            Heading("Results", "relevant"),
            Heading("Mean grade", "of others"),
            Heading("Results", "others"),
            Heading("P(relevant above)", "", "How often a relevant result is graded above another "
                    "one of its query; equal grades count one half"),
        ],
        {"": rows},
        of.rules,
        name="relevance-rules",
        title="Table of what labels call relevant",
        caption="Do ears prefer what the labels call relevant? By three rules of relevance.",
    )  # fmt: skip


def _disagreements(view: View) -> Table | None:
    of = view.graded
    if of is None or not of.disagreements:
        return None
    table = disagreements_table(of.ratings, of.disagreements)
    names = system_names(of)
    headings = {False: "Labels say wrong, ears say right", True: "Labels say right, ears say wrong"}
    groups: dict[str, list[list[Cell]]] = {}
    for one, label in zip(of.disagreements, table["class"], strict=True):
        rows = groups.setdefault(headings[one.relevant], [])
        if len(rows) < LISTED // 2:
            returned = sorted((rank, names[system]) for system, rank in one.systems.items())
            rows.append(
                [
                    Cell(one.clip, one.clip, listen=(one.query, one.clip)),
                    Cell(one.query, one.query, listen=(one.query, one.query)),
                    Cell(label.replace("_", " "), label.lower()),
                    number(one.grade, view.form),
                    number(one.raters, "{:.0f}"),
                    Cell(_returned(returned), wide=True),
                ]
            )
    shown = sum(map(len, groups.values()))
    return Table(
        [
            Heading("Result", numeric=False),
            Heading("Query", numeric=False),
            Heading("Class", numeric=False),
            Heading("Mean grade"),
            Heading("Raters"),
            Heading("Returned by", numeric=False),
        ],
        groups,
        table,
        name="disagreements",
        leading=True,
        title="Table of the disagreements",
        caption=(
            f"Results of which the labels and the ears (a mean grade of {of.threshold:g} or more) "
            f"say the opposite, the strongest first: {shown} of {len(table):,}; the CSV file has "
            "all."
        ),
    )


def _returned(by: Sequence[tuple[int, str]]) -> str:
    return ", ".join(f"{name} #{rank}" for rank, name in by) or "no list as deep as they are judged"


def _relabelled(view: View, cast: "pd.DataFrame") -> Table:
    assert view.graded is not None
    table, of = view.graded.relabelled, view.graded
    names = {"labels": "by labels", "ears": "by ears", "both": "by both"}
    depth = of.ratings.depth
    headings = []
    for title in (f"AP@{depth}", "Place", "R1"):
        headings += [Heading(title, names[rule]) for rule in RELABELLINGS]
    forms = {"ap": "{:.3f}", "rank": "{:g}", "r1": "{:.2f}"}
    rows = {
        row["system"]: [
            known_cell(row[f"{score}_{rule}"], forms[score], _NONE_RELEVANT)
            for score in ("ap", "rank", "r1") for rule in RELABELLINGS
        ]
        for row in table.to_dict("records")
    }  # fmt: skip
    return system_table(
        ranked(cast, table.set_index("system")["ap_ears"]),
        headings,
        rows,
        table,
        name="relabelled",
        title="Table of the scores under labels, ears and both",
        caption=(
            f"AP@{depth} and R1 within the judged pools, the mean over the {_least(table)} in "
            "which all three are defined, where relevant is what the labels say, what has a mean "
            f"grade of {of.threshold:g} or more, or both. R1 counts from 1, and is {depth + 1} "
            "where the list has none. Simulated systems have places of their own."
        ),
    )


def _least(table: "pd.DataFrame") -> str:
    """Return how many queries the systems of the table have, in words."""
    low, high = (int(one) for one in (table["queries"].min(), table["queries"].max()))
    return counted(high, "query", "queries") if low == high else f"{low} to {high} queries"
