"""Grades that are missing because a rater could not say: how many, and as rows with the others."""

from typing import TYPE_CHECKING

from evaluation.records.events import CANNOT_SAY
from evaluation.records.frames import StudyTables

if TYPE_CHECKING:
    import pandas as pd


def unsaid(tables: StudyTables, facet: str | None = None) -> "pd.DataFrame | None":
    """Return the answers "I can't say" that count, of a facet or of all; None where none is asked.

    One that was followed by a grade of the same thing does not count.
    """
    found = tables.cannot_say
    if found is None:
        return None
    found = found[found["counts"] == 1]
    return found if facet is None else found[found["facet"] == facet]


def unsaid_count(tables: StudyTables, facet: str | None = None) -> int:
    """Return how many grades are missing because a rater could not say."""
    found = unsaid(tables, facet)
    return 0 if found is None else len(found)


def with_unsaid(table: "pd.DataFrame", tables: StudyTables) -> "pd.DataFrame":
    """Return what `tidy` returned with a row for each answer "I can't say" behind it.

    Before: a row a grade, such as ``rater-001, hum-0, beep-2, 60, counts``

    After: also ``rater-001, hum-0, beep-3, (no grade), cannot say``; a grade is a float64 then
    """
    import pandas as pd

    found = unsaid(tables)
    if found is None or found.empty:
        return table
    found = found[found["kind"] != "list"]
    facts = tables.pools.drop_duplicates("query").set_index("query")
    rows = found.assign(
        use=CANNOT_SAY,
        grade=float("nan"),
        query_class=found["query"].map(facts["query_class"]),
        query_family=found["query"].map(facts["query_family"]),
        passed=found["rater"].map(tables.raters.set_index("rater")["passed"]),
    )
    places = ["query", "candidate", "kind"]
    ranks = [name for name in table if name.startswith("rank.")]
    told = tables.pools[[*places, *ranks, "partial"]].drop_duplicates(places)
    rows = rows.merge(told, on=places, how="left")
    return pd.concat([table.astype({"grade": "float64"}), rows[list(table)]], ignore_index=True)
