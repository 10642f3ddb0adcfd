"""The grades of a study by the language that they were given in, where there is more than one."""

from typing import TYPE_CHECKING

from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.figures.charts import counted
from evaluation.figures.shown import Cell, Heading, Section, Table, number
from evaluation.findings.view import View
from evaluation.protocol.languages import LANGUAGES
from evaluation.records.frames import StudyTables

if TYPE_CHECKING:
    import pandas as pd


def languages(view: View) -> Section | None:
    """Return the section "languages" of grades; None where one language was used."""
    given = view.of.tables.judgements
    if "language" not in given:
        return None
    kept = given["kind"].isin(("result", "list")) & (given["repeat"] == 0) & (given["counts"] == 1)
    kept &= given["facet"].eq(view.of.facet.name) & given["rater"].isin(view.of.ratings.raters)
    grouped = given[kept].groupby("language")
    table = grouped.agg(
        raters=("rater", "nunique"), grades=("grade", "size"), mean_grade=("grade", "mean")
    )
    rows = [
        [*_counts(code, row, "grades"), number(row["mean_grade"], view.form)]
        for code, row in table.iterrows()
    ]
    headings = [Heading("Raters"), Heading("Grades"), Heading(view.level)]
    caption = (
        "Who read the scale in which language, and the mean of their grades. Raters of one "
        "language may have judged other sounds, too: a difference is not of the words alone."
    )
    return _section(table, rows, headings, caption)


def languages_of_choices(of: PreferenceAnalysis) -> Section | None:
    """Return the section "languages" of choices between lists; None where one was used."""
    if "language" not in of.tables.preferences:
        return None
    grouped = of.choices.groupby("language")
    table = grouped.agg(raters=("rater", "nunique"), choices=("choice", "size"))
    rows = [_counts(code, row, "choices") for code, row in table.iterrows()]
    headings = [Heading("Raters"), Heading("Choices")]
    return _section(table, rows, headings, "Who read the question in which language.")


def language_notice(tables: StudyTables) -> tuple[str, ...]:
    """Return that answers were given in several languages; () where they were not."""
    used: dict[str, None] = {}
    for table in (tables.judgements, tables.preferences):
        if "language" in table:
            used |= dict.fromkeys(table["language"].unique())
    if len(used) < 2:
        return ()
    names = ", ".join(LANGUAGES.get(one, one) for one in sorted(used))
    return (
        f"Raters read the scale in {counted(len(used), 'language', 'languages')} ({names}). Its "
        "words are part of the measure: that they mean the same was confirmed, not measured.",
    )


def _counts(code: object, row: "pd.Series", what: str) -> list[Cell]:
    name = LANGUAGES.get(str(code), str(code))
    return [Cell(name, name), *(number(row[one], "{:,.0f}") for one in ("raters", what))]


def _section(
    table: "pd.DataFrame", rows: list[list[Cell]], headings: list[Heading], caption: str
) -> Section | None:
    if len(table) < 2:
        return None
    shown = Table(
        [Heading("Language", numeric=False), *headings], {"": rows}, table.reset_index(),
        name="by-language", title="Table of the languages", caption=caption,
    )  # fmt: skip
    return Section("languages", "Languages", parts=(shown,))
