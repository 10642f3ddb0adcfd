"""What raters said besides grades: how often that they could not say, and their remarks."""

from collections.abc import Iterator

from evaluation.analysis.unsaid import unsaid, unsaid_count
from evaluation.figures.charts import counted
from evaluation.figures.shown import Cell, Fact, Heading, Table
from evaluation.records.frames import StudyTables


def unsaid_facts(tables: StudyTables, facet: str) -> Iterator[Fact]:
    """Yield how many grades of a facet are missing because a rater could not say."""
    found = unsaid(tables, facet)
    if found is None:
        return
    by = counted(found["rater"].nunique(), "rater", "raters")
    note = f"by {by}; such answers are no grades, and are in no mean" if len(found) else "nobody"
    yield Fact("Answered “I can't say”", f"{unsaid_count(tables, facet):,}", note)


def remarks_of(tables: StudyTables) -> tuple[Table, ...]:
    """Return what raters wrote of sounds, in the order in which it came; nothing where none did."""
    if tables.remarks is None:
        return ()
    written = tables.remarks
    written = written[(written["counts"] == 1) & (written["remark"] != "")]
    if written.empty:
        return ()
    columns = ["rater", "query", "candidate", "remark"]
    rows = [
        [
            Cell(rater, rater),
            Cell(query, query),
            Cell(candidate or query, candidate or query, listen=(query, candidate or query)),
            Cell(remark, remark, wide=True),
        ]
        for rater, query, candidate, remark in written[columns].itertuples(index=False)
    ]
    return (
        Table(
            [Heading(one, numeric=False) for one in ("Rater", "Query", "Sound", "Remark")],
            {"": rows},
            written[[*columns, "given_at"]].reset_index(drop=True),
            name="remarks",
            title="Remarks",
            caption="What raters wrote of single sounds, the last remark of each. Only those who "
            "run the study read them.",
        ),
    )
