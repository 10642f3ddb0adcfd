"""What raters were given and gave, as tables that others can read: their records.

Each dataclass is a table, each of its fields a column with its meaning (see
:mod:`evaluation.records.table_columns`), of which the codebook of a bundle is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from evaluation.protocol.languages import ENGLISH
from evaluation.records.table_columns import Named, OnlyWhere, Typed

_NAME = "the rater's pseudonym in the study; simulated-001 is nobody"
_PAGE = "the page of the block, from 1"
_POSITION = "the place in the order that the rater got, from 1; repeats follow"

Rater = Annotated[str, _NAME]
Query = Annotated[str, "clip id of the query"]
QueryClass = Annotated[str, "the class that the query stands for"]
QueryFamily = Annotated[str, "its family; empty where it has none"]
Block = Annotated[int, "the block's number in its query, from 1: the query's pool, or a part of it"]
Repeat = Annotated[bool, "1 where the candidate was asked once more, else 0"]
Received = Annotated[datetime, "when the server stored it, UTC"]
Ranks = Annotated[
    Mapping[str, int],
    Named("rank.", "the rank, from 1, at which {} returned the candidate; empty where it did not"),
]
"""The rank at which each system returned a candidate, by the system."""
Language = Annotated[
    str, OnlyWhere("the code of the language in which the rater read the page; where the protocol "
                   "names languages")
]  # fmt: skip
"""The language of a page: of a study that names none, English, and no table has it."""
Way = Annotated[
    str, OnlyWhere("what was on when this was given, of play_on_move, go_on and by_grades; where "
                   "the protocol has a [pace]")
]  # fmt: skip
"""What helped the rater: of a study without a pace nothing, and no table has it."""


@dataclass(frozen=True, slots=True)
class JudgementRecord:
    """One judgement with what is known around it.

    `ranks` maps each system that returned the candidate to the rank.
    """

    study: Annotated[
        str,
        "the study's slug; its parent's, where the judgement was made there and is used again",
    ]
    rater: Annotated[str, f"{_NAME}; behind SLUG/ where it is another study's"]
    query: Query
    query_class: QueryClass
    query_family: QueryFamily
    candidate: Annotated[str, "clip id of the judged candidate; empty where a list was judged"]
    kind: Annotated[str, "result, a control (identity, distractor), or list"]
    list_of: Annotated[str, "the system whose list was judged; empty where a candidate was"]
    facet: Annotated[str, "what was asked: relevance, or one of several facets"]
    grade: Annotated[int, "the grade given, on the study's scale"]
    counts: Annotated[
        bool, "1 for the last grade of this place and facet to reach the server, else 0"
    ]
    repeat: Repeat
    block: Block
    page: Annotated[int, _PAGE]
    position: Annotated[int, _POSITION]
    listened_seconds: Annotated[
        float, "seconds of the candidate that the rater had heard when grading"
    ]
    heard: Annotated[
        float | None,
        "share of the sound that had been heard at least once, 0 to 1; empty if unknown",
    ]
    given_at: Annotated[datetime, "when the grade was given, by the rater's own clock, UTC"]
    received_at: Received
    uuid: Annotated[str, "the judgement's unique id, made by the rater's browser"]
    ranks: Ranks
    language: Language = ENGLISH
    way: Way = ""
    taken_back: Annotated[
        bool,
        OnlyWhere("1 where this says that the rater took back that grade, the one before it: "
                  "neither of them counts; else 0; where the protocol has a [pace]"),
    ] = False  # fmt: skip


@dataclass(frozen=True, slots=True)
class PreferenceRecord:
    """One choice between two lists."""

    rater: Rater
    query: Query
    query_class: QueryClass
    query_family: QueryFamily
    block: Annotated[int, "the number of the pair of lists in its query, from 1"]
    list_a: Annotated[str, "the system whose list was shown as A, the first one"]
    list_b: Annotated[str, "the system whose list was shown as B"]
    choice: Annotated[str, "A, B, or none for no difference"]
    preferred: Annotated[str, "the system that was preferred; empty for no difference"]
    counts: Annotated[bool, "1 for the last choice in this block to reach the server, else 0"]
    given_at: Annotated[datetime, "when the choice was made, by the rater's own clock, UTC"]
    received_at: Received
    uuid: Annotated[str, "the choice's unique id, made by the rater's browser"]
    language: Language = ENGLISH
    way: Way = ""


@dataclass(frozen=True, slots=True)
class _PlaceRecord:
    """Something about one place in what a rater was given."""

    rater: Rater
    query: Query
    block: Block
    page: Annotated[int, _PAGE]
    position: Annotated[int, _POSITION]
    repeat: Repeat
    candidate: Annotated[str, "clip id of the candidate; empty for a list"]
    kind: Annotated[str, "result, identity, distractor, or list"]
    list_of: Annotated[str, "the system whose list it is; empty where it is none"]


@dataclass(frozen=True, slots=True)
class SlotRecord(_PlaceRecord):
    """One place in what a rater was given."""


@dataclass(frozen=True, slots=True)
class _SoundRecord:
    """Something about one sound: of a place, or of a query."""

    rater: Rater
    query: Query
    block: Block
    page: Annotated[int | None, f"{_PAGE}; empty where the query itself was heard"]
    position: Annotated[int | None, f"{_POSITION}; empty where the query itself was heard"]
    repeat: Repeat
    candidate: Annotated[
        str, "clip id of the candidate, or of the sound in a list; empty for the query"
    ]
    kind: Annotated[str, "query, result, identity, distractor, or list (a sound of it)"]
    list_of: Annotated[str, "the system whose list it is; empty where it is none"]


@dataclass(frozen=True, slots=True)
class ListenRecord(_SoundRecord):
    """One stretch of listening."""

    seconds: Annotated[float, "seconds heard without a stop"]
    started_at: Annotated[datetime, "when the sound was started, by the rater's own clock, UTC"]
    received_at: Received
    uuid: Annotated[str, "the event's unique id, made by the rater's browser"]


@dataclass(frozen=True, slots=True)
class FlagRecord(_SoundRecord):
    """One report of a broken sound."""

    given_at: Annotated[
        datetime, "when the sound was reported as broken, by the rater's own clock, UTC"
    ]
    received_at: Received
    uuid: Annotated[str, "the report's unique id, made by the rater's browser"]


@dataclass(frozen=True, slots=True)
class RemarkRecord(_SoundRecord):
    """What a rater wrote of one sound."""

    remark: Annotated[str, Typed("what the rater wrote; empty where it was taken back")]
    counts: Annotated[bool, "1 for the last remark of this rater on this sound, else 0"]
    given_at: Annotated[datetime, "when it was written, by the rater's own clock, UTC"]
    received_at: Received
    uuid: Annotated[str, "the remark's unique id, made by the rater's browser"]


@dataclass(frozen=True, slots=True)
class CannotSayRecord(_PlaceRecord):
    """That a rater could not grade something: a grade that is missing, and why."""

    facet: Annotated[str, "what was asked: relevance, or one of several facets"]
    reason: Annotated[str, "why there is no grade: cannot say"]
    counts: Annotated[
        bool, "1 where no grade, and no such answer, of this place and facet came later, else 0"
    ]
    listened_seconds: Annotated[float, "seconds of it that the rater had heard by then"]
    heard: Annotated[
        float | None,
        "share of the sound that had been heard at least once, 0 to 1; empty if unknown",
    ]
    given_at: Annotated[datetime, "when the rater said so, by the rater's own clock, UTC"]
    received_at: Received
    uuid: Annotated[str, "the answer's unique id, made by the rater's browser"]
    language: Language = ENGLISH


CANNOT_SAY = "cannot say"
"""Why such a grade is missing."""


@dataclass(frozen=True, slots=True)
class AssignmentRecord:
    """That a block was given to a rater."""

    rater: Rater
    query: Query
    block: Block
    order_seed: Annotated[int, "the seed of the order that the rater got"]
    assigned_at: Annotated[datetime, "when the rater was given the block, UTC"]
    finished_at: Annotated[
        datetime | None, "when the rater finished it, but for its repeats, UTC; empty: not yet"
    ]
    repeated_at: Annotated[
        datetime | None, "when its repeats were finished, too, UTC; empty: not yet"
    ]


@dataclass(frozen=True, slots=True)
class WithdrawalRecord:
    """What stays of a rater who withdrew."""

    withdrawn_at: Annotated[
        datetime, "when a rater withdrew and everything of that rater was removed, UTC"
    ]
    judgements: Annotated[int, "how many grades and choices were removed"]
