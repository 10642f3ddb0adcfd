"""Where systems differ: what was asked, families and classes of queries, and the raters."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.design.screening import Verdict
from evaluation.figures.charts import counted
from evaluation.figures.shown import Cell, Heading, Section, Table, number
from evaluation.figures.study.cast import ranked
from evaluation.figures.study.group_figures import class_means, facet_scatter, family_means
from evaluation.findings.view import View
from evaluation.findings.words import (
    estimate_cell,
    known_cell,
    missing,
    share_cell,
    sorted_by,
    spread,
    system_table,
    undefined,
)
from evaluation.numerals import numeral

if TYPE_CHECKING:
    import pandas as pd


def facets(view: View) -> Section | None:
    """Return the section "facets"; None where one thing was asked."""
    if view.graded is None or len(view.of.protocol.scale.facets) < 2:
        return None
    table, cast = view.graded.facets, view.cast
    names = [one.name for one in view.of.protocol.scale.facets]
    shown = grouped(
        _ranked(cast, table, "facet", names[0]),
        table,
        "facet",
        {one: Heading(one) for one in names},
        _share_cell,
        name="facets-table",
        title="Table of the facets",
        caption="Mean grade in each facet as a share of its scale, with 95 % interval.",
    )
    figure = facet_scatter(table, view.of, cast)
    asked = [f"{one.name}: “{one.question}”" for one in view.of.protocol.scale.facets]
    return Section(
        "facets",
        "Facets",
        words=tuple(asked),
        parts=tuple(one for one in (figure, shown) if one is not None),
    )


def groups(view: View) -> Section | None:
    """Return the section "groups"; None where queries have neither families nor classes.

    Where every family is one class, the numbers of both are the same, and stand there once.
    """
    of, cast = view.of, view.cast
    parts: list[Any] = [family_means(of, cast)]
    same = _same_groups(of.ratings.families, of.ratings.classes)
    for table, by, title in ((of.families, "family", "families"), (of.classes, "class", "classes")):
        if not len(table) or (by == "class" and same):
            continue
        if by == "class":
            parts.append(class_means(of, cast))
        queries = table.groupby(by)["queries"].max()
        headings = {
            one: Heading(one.replace("_", " "), counted(int(count), "query", "queries"))
            for one, count in queries.items()
        }
        parts.append(
            grouped(
                _ranked(cast, table, by, queries.index[0]),
                table,
                by,
                headings,
                lambda row: estimate_cell(row, view.form),
                name=f"by-{by}",
                title=f"Table of the {title}",
                caption=f"{view.level} by the {by} of the query, with 95 % interval; few queries "
                "make it wide, and one query has none.",
                folded=True,
            )
        )
    found = tuple(one for one in parts if one is not None)
    if not found:
        return None
    words = ("Each family is one class here: its numbers are the class's, too.",) if same else ()
    return Section("groups", "Families and classes", words=words, parts=found)


def _same_groups(families: Sequence[str], classes: Sequence[str]) -> bool:
    """Return whether families and classes put the queries into the same groups."""
    pairs = set(zip(families, classes, strict=True))
    return "" not in families and len(pairs) == len(set(families)) == len(set(classes)) > 0


def people(view: View) -> Section:
    """Return the section "raters"."""
    of = view.of
    verdicts = view.graded.verdicts if view.graded else {}
    told = of.tables.raters.drop_duplicates("rater").set_index("rater")
    rows = []
    for row in of.raters.to_dict("records"):
        own = told.loc[row["rater"]].to_dict() if row["rater"] in told.index else {}
        rows.append(
            [
                Cell(row["rater"], row["rater"]),
                number(row["ratings"], "{:,.0f}"),
                number(row["queries"], "{:,.0f}"),
                known_cell(row["mean_grade"], view.form, "nothing was graded"),
                Cell(_signed(row["above_panel"], view.form), sorted_by(row["above_panel"]),
                     numeric=True, note=undefined(row["above_panel"], "nothing was graded")),
                *(share_cell(own.get(name), note) for name, note in _UNKNOWN.items()),
                _passed(own, verdicts.get(row["rater"])),
            ]
        )  # fmt: skip
    table = of.raters
    if len(table):
        kept = [one for one in _CONTROLS if one in told.columns]
        table = table.merge(told[kept].reset_index(), on="rater", how="left")
    return Section(
        "raters",
        "Raters",
        words=_left_out(view),
        parts=(
            Table(
                _PEOPLE, {"": rows}, table, name="raters", title="Table of the raters",
                caption=(
                    "What each rater gave, and how much higher than the mean of the same sounds; "
                    "what the hidden controls say of the first facet, and every reason for and "
                    "against a pass."
                ),
                folded=len(rows) > 40,
            ),
        ),
    )  # fmt: skip


def _left_out(view: View) -> tuple[str, ...]:
    """Return who is left out of the results that are shown, by the protocol's rule."""
    table = view.of.tables.raters
    gone = table[table["passed"] != 1] if view.of.screened else table[:0]
    given = set(view.of.tables.judgements["rater"].unique())
    names = [
        f"{row['rater']} ({row['reasons'] or 'it cannot be told'})"
        for row in gone.to_dict("records")
        if row["rater"] in given
    ]
    said = ["All raters who graded something are here."]
    if names:
        said = [f"Left out, since they did not pass the protocol's rule: {'; '.join(names)}."]
    heard = [
        f"{name} ({100 * (one.heard.share or 0):.3g} %)"
        for name, one in (view.graded.verdicts if view.graded else {}).items()
        if one.little and name in view.of.ratings.raters
    ]
    if heard:
        said.append(
            "Heard less than half of a sound on average when they graded it, and count here: "
            f"{', '.join(heard)}."
        )
    return tuple(said)


_UNKNOWN = {
    "identity_share": "no identity clip was graded",
    "auc": "an identity clip and a distractor were not both graded",
    "retest_close": "nothing was graded again",
}
"""What the controls say of a rater, by its column, and why it may be missing."""
_CONTROLS = [
    "identities", "distractors", "repeats", "identity_share", "auc", "retest_close",
    "retest_noise", "passed", "reasons",
]  # fmt: skip
_PEOPLE = [
    Heading("Rater", numeric=False),
    Heading("Grades"),
    Heading("Queries"),
    Heading("Mean grade"),
    Heading("Above the mean", "", "Mean of the own grades less the mean grades of the same sounds"),
    Heading("Identity", "", "Mean grade of the query itself, hidden among the results, as a share "
            "of the scale"),
    Heading("AUC", "", "How often the query itself was graded above a distractor; – without "
            "distractors"),
    Heading("Retest", "", "Repeats within a tenth of the scale of the first grade"),
    Heading("Screening", numeric=False),
]  # fmt: skip


def _passed(own: dict[str, Any], verdict: Verdict | None) -> Cell:
    """Return the cell of a verdict, with every reason for and against."""
    if verdict is None:
        return Cell("not screened: lists have no controls", "1")
    order = {True: "0", None: "1", False: "2"}[verdict.passed]
    told = own.get("reasons") or ""
    reasons = [told] if told and not verdict.reasons else list(verdict.reasons)
    said = "; ".join([*reasons, *verdict.met, *verdict.beside])
    return Cell(f"{verdict.word}: {said}", order, wide=True)


def _ranked(cast: "pd.DataFrame", table: "pd.DataFrame", by: str, first: str) -> "pd.DataFrame":
    """Return the systems by what they have in the first group."""
    return ranked(cast, table[table[by] == first].set_index("system")["value"])


def grouped(
    order: "pd.DataFrame",
    table: "pd.DataFrame",
    by: str,
    headings: Mapping[str, Heading],
    cell: Callable[[dict[str, Any]], Cell],
    **words: Any,
) -> Table:
    """Return a table of systems by groups, a column each; see `system_table`.

    Parameters
    ----------
    table : a row a system and group
    by : the column of the groups
    headings : of each group
    cell : what is shown of a row
    """
    known = {(row["system"], row[by]): row for row in table.to_dict("records")}
    nothing = Cell("–", numeric=True, note="nothing is known of it there")
    rows = {
        system: [cell(known[system, one]) if (system, one) in known else nothing
                 for one in headings]
        for system in order["system"]
    }  # fmt: skip
    return system_table(order, list(headings.values()), rows, table, **words)


def _share_cell(row: dict[str, Any]) -> Cell:
    percents = {name: None if missing(row[name]) else 100 * row[name]
                for name in ("value", "low", "high")}  # fmt: skip
    text = spread(percents["value"], percents["low"], percents["high"], "{:.0f}")
    return Cell(f"{text} %" if text != "–" else text, sorted_by(row["value"]), numeric=True,
                note=row["reason"] or "")  # fmt: skip


def _signed(value: float | None, form: str) -> str:
    return numeral(value, form.replace("{:", "{:+"))
