"""What people judged, as tables that others can read."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

JUDGEMENT_COLUMNS: dict[str, str] = {
    "study": "the study's slug",
    "rater": "the rater's pseudonym in the study",
    "query": "clip id of the query",
    "query_class": "the class that the query stands for",
    "query_family": "its family; empty where it has none",
    "candidate": "clip id of the judged candidate",
    "grade": "the grade given, on the study's scale",
    "counts": "1 for the rater's last grade of this candidate to reach the server, else 0",
    "position": "the candidate's place in the rater's list, from 1",
    "listened_seconds": "seconds of the candidate that the rater had heard when grading",
    "given_at": "when the grade was given, by the rater's own clock, UTC",
    "received_at": "when the server stored it, UTC",
    "uuid": "the judgement's unique id, made by the rater's browser",
}
"""The columns of judgements.csv that every study has; a column ``rank.SYSTEM`` follows for each
system: the rank at which it returned the candidate, empty where it did not."""


@dataclass(frozen=True, slots=True)
class JudgementRecord:
    """One judgement with what is known around it; see `JUDGEMENT_COLUMNS`.

    `ranks` maps each system that returned the candidate to the rank.
    """

    study: str
    rater: str
    query: str
    query_class: str
    query_family: str
    candidate: str
    grade: int
    counts: bool
    position: int
    listened_seconds: float
    given_at: datetime
    received_at: datetime
    uuid: str
    ranks: Mapping[str, int]


def judgements_csv(records: Sequence[JudgementRecord], systems: Sequence[str]) -> str:
    """Return ``judgements.csv``, a row a judgement in the order given, as UTF-8 text.

    Before: ``[JudgementRecord(rater="r1", candidate="rain-2", grade=80, ranks={"a": 1}), ...]``

    After::

        study,rater,...,candidate,grade,...,rank.a,rank.b
        s,r1,...,rain-2,80,...,1,
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*JUDGEMENT_COLUMNS, *(f"rank.{system}" for system in systems)])
    for record in records:
        cells = [_cell(getattr(record, column)) for column in JUDGEMENT_COLUMNS]
        writer.writerow([*cells, *(record.ranks.get(system, "") for system in systems)])
    return table.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat(timespec="milliseconds") + "Z"
    return int(value) if isinstance(value, bool) else value
