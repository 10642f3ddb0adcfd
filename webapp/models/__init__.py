"""The tables. Words as in docs/explanation; moments are UTC; judgements are append-only."""

from webapp.models.rater import (
    Assignment,
    Browser,
    ExternalId,
    Flag,
    Judgement,
    LastAnswer,
    Listen,
    Preference,
    Rater,
    Sitting,
    Slot,
    Withdrawal,
)
from webapp.models.signin import SigninLink
from webapp.models.study import (
    Block,
    BlockItem,
    Candidate,
    CandidateSource,
    Query,
    Study,
    System,
)

__all__ = [
    "Assignment",
    "Block",
    "BlockItem",
    "Browser",
    "Candidate",
    "CandidateSource",
    "ExternalId",
    "Flag",
    "Judgement",
    "LastAnswer",
    "Listen",
    "Preference",
    "Query",
    "Rater",
    "SigninLink",
    "Sitting",
    "Slot",
    "Study",
    "System",
    "Withdrawal",
]
