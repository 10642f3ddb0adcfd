"""Where systems differ: what was asked, families and classes of queries, and the raters."""

from typing import TYPE_CHECKING, Any

from evaluation.figures.charts import counted
from evaluation.figures.shown import Cell, Heading, Section, Table, number
from evaluation.figures.study.cast import ranked
from evaluation.figures.study.group_figures import class_means, facet_scatter, family_means
from evaluation.findings.view import View
from evaluation.findings.words import by_kind, estimate_cell, missing, percent, spread

if TYPE_CHECKING:
    import pandas as pd


def facets(view: View) -> Section | None:
    """Return the section "facets"; None where one thing was asked."""
    if view.graded is None or len(view.of.protocol.scale.facets) < 2:
        return None
    table, cast = view.graded.facets, view.cast
    names = [one.name for one in view.of.protocol.scale.facets]
    shown = _wide(table, cast, "facet", names, [Heading(one) for one in names], _share_cell)
    shown = _named(
        shown, "facets-table", "Table of the facets",
        "Mean grade in each facet as a share of its scale, with 95 % interval.",
    )  # fmt: skip
    figure = facet_scatter(table, view.of, cast)
    asked = [f"{one.name}: “{one.question}”" for one in view.of.protocol.scale.facets]
    return Section(
        "facets",
        "Facets",
        words=tuple(asked),
        parts=tuple(one for one in (figure, shown) if one is not None),
    )


def groups(view: View) -> Section | None:
    """Return the section "groups"; None where queries have neither families nor classes."""
    of, cast = view.of, view.cast
    parts: list[Any] = [family_means(of, cast)]
    for table, by, title in ((of.families, "family", "families"), (of.classes, "class", "classes")):
        if not len(table):
            continue
        if by == "class":
            parts.append(class_means(of, cast))
        queries = table.groupby(by)["queries"].max()
        headings = [
            Heading(one.replace("_", " "), counted(int(queries[one]), "query", "queries"))
            for one in queries.index
        ]
        shown = _wide(
            table, cast, by, list(queries.index), headings,
            lambda row: estimate_cell(row, view.form),
        )  # fmt: skip
        parts.append(
            _named(
                shown, f"by-{by}", f"Table of the {title}",
                f"{view.level} by the {by} of the query, with 95 % interval; few queries make it "
                "wide, and one query has none.",
                folded=True,
            )
        )  # fmt: skip
    found = tuple(one for one in parts if one is not None)
    return Section("groups", "Families and classes", parts=found) if found else None


def people(view: View) -> Section:
    """Return the section "raters"."""
    of = view.of
    told = of.tables.raters.drop_duplicates("rater").set_index("rater")
    rows = []
    for row in of.raters.to_dict("records"):
        own = told.loc[row["rater"]].to_dict() if row["rater"] in told.index else {}
        rows.append(
            [
                Cell(row["rater"], row["rater"]),
                number(row["ratings"], "{:,.0f}"),
                number(row["queries"], "{:,.0f}"),
                number(row["mean_grade"], view.form),
                Cell(_signed(row["above_panel"], view.form), _value(row["above_panel"]),
                     numeric=True),
                _share(own.get("identity_share")),
                _share(own.get("auc")),
                _share(own.get("retest_close")),
                _passed(own),
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
                    "what the hidden controls say of the first facet."
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
    if not names:
        return ("All raters who graded something are here.",)
    return (f"Left out, since they did not pass the protocol's rule: {'; '.join(names)}.",)


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


def _passed(own: dict[str, Any]) -> Cell:
    passed = own.get("passed")
    if missing(passed):
        return Cell("cannot be told", "1")
    if passed:
        return Cell("passed", "0")
    return Cell(f"not passed: {own.get('reasons') or 'no reason told'}", "2", wide=True)


def _wide(
    table: "pd.DataFrame",
    cast: "pd.DataFrame",
    by: str,
    names: list[str],
    headings: list[Heading],
    cell: Any,
) -> Table:
    """Return a table of systems by what they are grouped by."""
    known = {(row["system"], row[by]): row for row in table.to_dict("records")}
    rows = {
        system: [cell(known[system, one]) if (system, one) in known else Cell("–", numeric=True)
                 for one in names]
        for system in cast["system"]
    }  # fmt: skip
    best = [
        known[system, names[0]]["value"] if (system, names[0]) in known else None
        for system in cast["system"]
    ]
    return Table(
        [Heading("System", numeric=False), *headings],
        by_kind(ranked(cast, best), rows),
        table.merge(cast, on="system").drop(columns="name"),
    )


def _named(table: Table, name: str, title: str, caption: str, *, folded: bool = False) -> Table:
    return Table(table.headings, table.groups, table.data, name, title, caption, folded)


def _share_cell(row: dict[str, Any]) -> Cell:
    percents = {name: None if missing(row[name]) else 100 * row[name]
                for name in ("value", "low", "high")}  # fmt: skip
    text = spread(percents["value"], percents["low"], percents["high"], "{:.0f}")
    return Cell(f"{text} %" if text != "–" else text, _value(row["value"]), numeric=True,
                note=row["reason"] or "")  # fmt: skip


def _share(value: float | None) -> Cell:
    return Cell(percent(value), _value(value), numeric=True)


def _signed(value: float | None, form: str) -> str:
    if missing(value):
        return "–"
    text = form.format(value).replace("-", "−")
    return text if text.startswith("−") else f"+{text}"


def _value(value: float | None) -> str | float:
    return "" if missing(value) else float(value or 0)
