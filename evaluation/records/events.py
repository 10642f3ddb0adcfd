"""What is known of a study, as tables that others can read: the records and their columns.

Each dataclass is a table, each of its fields a column (see :mod:`evaluation.records.csv_tables`);
the dict beside it says what the columns mean, and the codebook of a bundle is made from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evaluation.records.csv_tables import table_csv

_RATER = "the rater's pseudonym in the study; simulated-001 is nobody"
_QUERY = "clip id of the query"
_CLASS = "the class that the query stands for"
_FAMILY = "its family; empty where it has none"
_BLOCK = "the block's number in its query, from 1: the query's pool, or a part of it"
_PAGE = "the page of the block, from 1"
_POSITION = "the place in the order that the rater got, from 1; repeats follow"
_REPEAT = "1 where the candidate was asked once more, else 0"
_RECEIVED = "when the server stored it, UTC"

RANKS = {
    "prefix": "rank.",
    "about": "the rank, from 1, at which {} returned the candidate; empty where it did not",
}
"""What a field is that maps each system to the rank at which it returned a candidate."""

JUDGEMENT_COLUMNS: dict[str, str] = {
    "study": "the study's slug; its parent's, where the judgement was made there and is used again",
    "rater": f"{_RATER}; behind SLUG/ where it is another study's",
    "query": _QUERY,
    "query_class": _CLASS,
    "query_family": _FAMILY,
    "candidate": "clip id of the judged candidate; empty where a list was judged",
    "kind": "result, a control (identity, distractor), or list",
    "list_of": "the system whose list was judged; empty where a candidate was",
    "facet": "what was asked: relevance, or one of several facets",
    "grade": "the grade given, on the study's scale",
    "counts": "1 for the last grade of this place and facet to reach the server, else 0",
    "repeat": _REPEAT,
    "block": _BLOCK,
    "page": _PAGE,
    "position": _POSITION,
    "listened_seconds": "seconds of the candidate that the rater had heard when grading",
    "heard": "share of the sound that had been heard at least once, 0 to 1; empty if unknown",
    "given_at": "when the grade was given, by the rater's own clock, UTC",
    "received_at": _RECEIVED,
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
    kind: str
    list_of: str
    facet: str
    grade: int
    counts: bool
    repeat: bool
    block: int
    page: int
    position: int
    listened_seconds: float
    heard: float | None
    given_at: datetime
    received_at: datetime
    uuid: str
    ranks: Mapping[str, int] = field(metadata=RANKS)


def judgements_csv(records: Sequence[JudgementRecord], systems: Sequence[str]) -> str:
    """Return ``judgements.csv``, a row a judgement in the order given, as UTF-8 text.

    Before: ``[JudgementRecord(rater="r1", candidate="rain-2", grade=80, ranks={"a": 1}), ...]``

    After::

        study,rater,...,candidate,...,grade,...,rank.a,rank.b
        s,r1,...,rain-2,...,80,...,1,
    """
    return table_csv(JudgementRecord, records, {"ranks": systems})


PREFERENCE_COLUMNS: dict[str, str] = {
    "rater": _RATER,
    "query": _QUERY,
    "query_class": _CLASS,
    "query_family": _FAMILY,
    "block": "the number of the pair of lists in its query, from 1",
    "list_a": "the system whose list was shown as A, the first one",
    "list_b": "the system whose list was shown as B",
    "choice": "A, B, or none for no difference",
    "preferred": "the system that was preferred; empty for no difference",
    "counts": "1 for the last choice in this block to reach the server, else 0",
    "given_at": "when the choice was made, by the rater's own clock, UTC",
    "received_at": _RECEIVED,
    "uuid": "the choice's unique id, made by the rater's browser",
}


@dataclass(frozen=True, slots=True)
class PreferenceRecord:
    """One choice between two lists; see `PREFERENCE_COLUMNS`."""

    rater: str
    query: str
    query_class: str
    query_family: str
    block: int
    list_a: str
    list_b: str
    choice: str
    preferred: str
    counts: bool
    given_at: datetime
    received_at: datetime
    uuid: str


_PLACE = {
    "rater": _RATER,
    "query": _QUERY,
    "block": _BLOCK,
    "page": f"{_PAGE}; empty where the query itself was heard",
    "position": f"{_POSITION}; empty where the query itself was heard",
    "repeat": _REPEAT,
    "candidate": "clip id of the candidate, or of the sound in a list; empty for the query",
    "kind": "query, result, identity, distractor, or list (a sound of it)",
    "list_of": "the system whose list it is; empty where it is none",
}

LISTEN_COLUMNS: dict[str, str] = _PLACE | {
    "seconds": "seconds heard without a stop",
    "started_at": "when the sound was started, by the rater's own clock, UTC",
    "received_at": _RECEIVED,
    "uuid": "the event's unique id, made by the rater's browser",
}

FLAG_COLUMNS: dict[str, str] = _PLACE | {
    "given_at": "when the sound was reported as broken, by the rater's own clock, UTC",
    "received_at": _RECEIVED,
    "uuid": "the report's unique id, made by the rater's browser",
}

SLOT_COLUMNS: dict[str, str] = _PLACE | {
    "page": _PAGE,
    "position": _POSITION,
    "candidate": "clip id of the candidate; empty for a list",
    "kind": "result, identity, distractor, or list",
}


@dataclass(frozen=True, slots=True)
class SlotRecord:
    """One place in what a rater was given; see `SLOT_COLUMNS`."""

    rater: str
    query: str
    block: int
    page: int
    position: int
    repeat: bool
    candidate: str
    kind: str
    list_of: str


@dataclass(frozen=True, slots=True)
class ListenRecord:
    """One stretch of listening; see `LISTEN_COLUMNS`."""

    rater: str
    query: str
    block: int
    page: int | None
    position: int | None
    repeat: bool
    candidate: str
    kind: str
    list_of: str
    seconds: float
    started_at: datetime
    received_at: datetime
    uuid: str


@dataclass(frozen=True, slots=True)
class FlagRecord:
    """One report of a broken sound; see `FLAG_COLUMNS`."""

    rater: str
    query: str
    block: int
    page: int | None
    position: int | None
    repeat: bool
    candidate: str
    kind: str
    list_of: str
    given_at: datetime
    received_at: datetime
    uuid: str


ASSIGNMENT_COLUMNS: dict[str, str] = {
    "rater": _RATER,
    "query": _QUERY,
    "block": _BLOCK,
    "order_seed": "the seed of the order that the rater got",
    "assigned_at": "when the rater was given the block, UTC",
    "finished_at": "when the rater finished it, but for its repeats, UTC; empty: not yet",
    "repeated_at": "when its repeats were finished, too, UTC; empty: not yet",
}


@dataclass(frozen=True, slots=True)
class AssignmentRecord:
    """That a block was given to a rater; see `ASSIGNMENT_COLUMNS`."""

    rater: str
    query: str
    block: int
    order_seed: int
    assigned_at: datetime
    finished_at: datetime | None
    repeated_at: datetime | None


WITHDRAWAL_COLUMNS: dict[str, str] = {
    "withdrawn_at": "when a rater withdrew and everything of that rater was removed, UTC",
    "judgements": "how many grades and choices were removed",
}


@dataclass(frozen=True, slots=True)
class WithdrawalRecord:
    """What stays of a rater who withdrew; see `WITHDRAWAL_COLUMNS`."""

    withdrawn_at: datetime
    judgements: int
