"""What the screening rule says of a study's raters, with every reason for and against each."""

from dataclasses import fields, replace
from typing import Any

from evaluation.design.screening import (
    UNKNOWN,
    ControlReport,
    Heard,
    Verdict,
    heard_of,
    verdict,
)
from evaluation.records.frames import StudyTables


def verdicts(tables: StudyTables) -> dict[str, Verdict]:
    """Return the verdict on each rater in the study's table, by the rater's name.

    Who passed stands in that table, and stays: of raters of an earlier study it was told there.
    The reasons are made of what the table says of the controls, and of how much was heard of the
    sounds of the first facet.
    """
    heard = _heard(tables)
    names = [one.name for one in fields(ControlReport)]
    counts = ("identities", "distractors", "repeats")
    found = {}
    for row in tables.raters.to_dict("records"):
        known: dict[str, Any] = {one: row[one] if row[one] == row[one] else None for one in names}
        report = ControlReport(**(known | {one: int(known[one] or 0) for one in counts}))
        said = verdict(report, tables.protocol.screening, heard.get(row["rater"], UNKNOWN))
        passed = None if row["passed"] != row["passed"] else bool(row["passed"])
        found[row["rater"]] = replace(said, passed=passed)
    return found


def _heard(tables: StudyTables) -> dict[str, Heard]:
    """Return how much each rater heard of the sounds whose grades count, by the rater's name."""
    table = tables.judgements
    first = tables.protocol.scale.facets[0].name
    own = table[(table["counts"] == 1) & (table["facet"] == first) & (table["kind"] != "list")]
    return {str(name): heard_of(heard.to_numpy()) for name, heard in own.groupby("rater")["heard"]}
