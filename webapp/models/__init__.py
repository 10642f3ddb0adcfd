"""The tables. Words as in docs/explanation; moments are UTC; judgements are append-only."""

from webapp.models.installation import Installation
from webapp.models.job import Job
from webapp.models.log import LogEntry
from webapp.models.rater import (
    Assignment,
    Browser,
    CannotSay,
    ExternalId,
    Flag,
    Judgement,
    LastAnswer,
    Listen,
    Preference,
    Rater,
    Remark,
    Sitting,
    Slot,
    Withdrawal,
)
from webapp.models.signin import AccessToken, Account, SigninLink, SigninSession
from webapp.models.study import (
    Block,
    BlockItem,
    Candidate,
    CandidateSource,
    Query,
    Study,
    System,
    Unfinished,
)

__all__ = [
    "AccessToken",
    "Account",
    "Assignment",
    "Block",
    "BlockItem",
    "Browser",
    "Candidate",
    "CandidateSource",
    "CannotSay",
    "ExternalId",
    "Flag",
    "Installation",
    "Job",
    "Judgement",
    "LastAnswer",
    "Listen",
    "LogEntry",
    "Preference",
    "Query",
    "Rater",
    "Remark",
    "SigninLink",
    "SigninSession",
    "Sitting",
    "Slot",
    "Study",
    "System",
    "Unfinished",
    "Withdrawal",
]
