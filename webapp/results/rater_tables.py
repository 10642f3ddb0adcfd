"""A study's raters as a table, with what their controls say."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from evaluation.design.screening import ControlReport, Graded, control_report, verdict
from evaluation.records.facts import RaterRecord
from evaluation.records.frames import as_frame
from evaluation.records.table_columns import Names
from webapp.models import Rater, Study
from webapp.models.rater import pseudonym
from webapp.results.pool_tables import read_columns
from webapp.study.rater_lines import trust_columns

if TYPE_CHECKING:
    import pandas as pd

_MOMENTS = (
    "invited_at", "consented_at", "declined_at", "checked_at", "screened_at", "finished_at",
)  # fmt: skip


def raters_frame(study: Study, judgements: "pd.DataFrame", names: Names) -> "pd.DataFrame":
    """Return the raters of a study as ``raters.csv`` has them.

    Parameters
    ----------
    judgements : what they gave, as ``judgements.csv`` has it
    names : the questions that have columns
    """
    columns = [getattr(Rater, name) for name in ("number", "joined", *_MOMENTS)]
    answers = Rater.headphones, Rater.before, Rater.after
    rows = sa.select(*columns, *answers).where(Rater.study_id == study.id).order_by(Rater.number)
    found: dict[str, Any] = read_columns(rows)
    found["rater"] = [pseudonym(one, study.simulated) for one in found["number"]]
    found["headphones"] = [
        ";".join(map(str, json.loads(one or "[]"))) for one in found["headphones"]
    ]
    for when in ("before", "after"):
        given = [json.loads(one or "{}") for one in found[when]]
        for name in names.get(when, ()):
            found[f"{when}.{name}"] = [one.get(name, "") for one in given]
    reports = dict(_reports(study, judgements))
    told = [
        trust_columns(report, report and verdict(report, study.terms.screening))
        for report in map(reports.get, found["rater"])
    ]
    for name in trust_columns(None, None):
        found[name] = [one[name] for one in told]
    return as_frame(RaterRecord, found, names)


def _reports(study: Study, judgements: "pd.DataFrame") -> Iterator[tuple[str, ControlReport]]:
    """Yield what the controls of each rater say who graded something."""
    if study.terms.method != "graded":
        return
    facet = study.terms.scale.facets[0]
    last = judgements[(judgements["facet"] == facet.name) & (judgements["counts"] == 1)]
    for rater, own in last.groupby("rater"):
        columns = ("query", "candidate", "kind", "grade", "repeat")
        rows = list(zip(*(own[name].to_numpy().tolist() for name in columns), strict=True))
        first = {(query, clip): grade for query, clip, _, grade, again in rows if not again}
        graded = [
            Graded(kind, query, grade, first[query, clip] if again else None)
            for query, clip, kind, grade, again in rows
            if not again or (query, clip) in first
        ]
        yield str(rater), control_report(graded, facet.lowest, facet.highest)
