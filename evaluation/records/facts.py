"""More tables of a study: its raters, its pools and lists, and what is known of clips and systems.

As in :mod:`evaluation.records.events`, which has the tables of what raters were given and gave.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evaluation.records.events import RANKS

RATER_COLUMNS: dict[str, str] = {
    "rater": "the rater's pseudonym; behind SLUG/ where it is another study's, of whom only what "
    "the controls say is told",
    "joined": "1 who came by the open link, 0 by a personal one",
    "invited_at": "when the rater's link was made, UTC",
    "consented_at": "when the rater agreed, UTC; empty: did not, or was not asked",
    "declined_at": "when the rater declined, UTC; empty: did not",
    "checked_at": "when the rater set the volume by the sound check, UTC; empty: did not",
    "screened_at": "when the rater failed the headphone test, UTC; empty: did not",
    "finished_at": "when the rater came to the end, UTC; empty: did not",
    "headphones": "tones that were right, of 6, at each try at the headphone test, as in 3;6",
    "identities": "identity clips that were graded",
    "distractors": "distractors that were graded",
    "repeats": "candidates that were graded again",
    "identity_share": "mean grade of the identity clips as a share of the scale, 0 to 1",
    "auc": "share of (identity, distractor) pairs with identity graded higher, 0 to 1; equal "
    "grades count one half",
    "distractor_below_median": "share of distractors graded below the rater's own median grade of "
    "the query's results, 0 to 1",
    "retest_close": "share of repeats within a tenth of the scale of the first grade, 0 to 1",
    "retest_difference": "mean absolute difference of the two grades of a repeat, in grades",
    "retest_noise": "standard deviation of these differences over the square root of 2, in grades",
    "passed": "1 who passed the screening rule of the protocol, 0 who did not; empty: it cannot be "
    "told, since too little was graded",
    "reasons": "why not",
}


@dataclass(frozen=True, slots=True)
class RaterRecord:
    """One rater, with what the first facet's controls say; see `RATER_COLUMNS`.

    `before` and `after` map the questions of the questionnaires to the answers.
    """

    rater: str
    joined: bool
    invited_at: datetime | None
    consented_at: datetime | None
    declined_at: datetime | None
    checked_at: datetime | None
    screened_at: datetime | None
    finished_at: datetime | None
    headphones: str
    identities: int
    distractors: int
    repeats: int
    identity_share: float | None
    auc: float | None
    distractor_below_median: float | None
    retest_close: float | None
    retest_difference: float | None
    retest_noise: float | None
    passed: bool | None
    reasons: str
    before: Mapping[str, str] = field(metadata={"prefix": "before.", "about": "before: {}"})
    after: Mapping[str, str] = field(metadata={"prefix": "after.", "about": "after: {}"})


POOL_COLUMNS: dict[str, str] = {
    "query": "clip id of the query",
    "query_class": "the class that the query stands for",
    "query_family": "its family; empty where it has none",
    "weight": "one over the query's probability of having been drawn",
    "block": "the blocks that the candidate is in, as in 1;2; empty: in none, as it was not sent "
    "out or is judged in lists",
    "partial": "1 where those blocks hold a part of the query's pool, else 0",
    "candidate": "clip id of the candidate; empty where nothing was pooled",
    "kind": "result, or a control: identity (the query itself), distractor",
    "reused": "1 where the judgements of the study that this one extends are used again, else 0",
}


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """One candidate of a query; see `POOL_COLUMNS`. `ranks` and `scores` are by system."""

    query: str
    query_class: str
    query_family: str
    weight: float
    block: str
    partial: bool
    candidate: str
    kind: str
    reused: bool
    ranks: Mapping[str, int] = field(metadata=RANKS)
    scores: Mapping[str, float] = field(
        metadata={"prefix": "score.", "about": "the score that {} gave it; higher is more similar"}
    )


LIST_COLUMNS: dict[str, str] = {
    "query": "clip id of the query",
    "block": "the number of the pair or group of lists in its query, from 1",
    "list_of": "a system, or an anchor, whose list is in it: its first results, by rank.SYSTEM",
}


@dataclass(frozen=True, slots=True)
class ListRecord:
    """One list in a block where lists are judged; see `LIST_COLUMNS`."""

    query: str
    block: int
    list_of: str


CLIP_COLUMNS: dict[str, str] = {
    "clip": "its id in the collection",
    "labels": "its classes, as in Bark,Dog,Animal",
    "leaf_labels": "those of them that are no parent of another class",
    "families": "the families of its classes, as in Animals;Things",
    "group": "uploader, pack or source recording; empty where unknown",
    "seconds": "its duration",
    "licence": "as the source has it",
    "author": "as the source has it",
    "title": "as the source has it",
}


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """One clip that raters heard, in practice too; see `CLIP_COLUMNS`."""

    clip: str
    labels: str
    leaf_labels: str
    families: str
    group: str
    seconds: float
    licence: str
    author: str
    title: str


OBJECTIVE_COLUMNS: dict[str, str] = {
    "system": "the system",
    "convention": "how it is counted: cbmi2024 (as published) or corrected",
    "level": "query: one query of the study; class, family: the mean over the collection; macro: "
    "over its classes; micro: over all its clips as queries",
    "query": "clip id of the query; empty but at the level query",
    "name": "the class or the family; at the level query, empty for the query as a whole, to "
    "which is relevant what shares any label",
    "ap15": "AP@15; MAP@15 where it is a mean; empty: undefined",
    "ap150": "AP@150; MAP@150 where it is a mean; empty: undefined",
    "r1": "rank of the first relevant result; MR1 where it is a mean; empty: undefined",
    "censored": "1 where r1 is a lower bound, since the ranking ends before; at the level macro, "
    "how many of the means' parts are; else empty or 0",
}


@dataclass(frozen=True, slots=True)
class ObjectiveRecord:
    """One objective score of a system; see `OBJECTIVE_COLUMNS`."""

    system: str
    convention: str
    level: str
    query: str
    name: str
    ap15: float | None
    ap150: float | None
    r1: float | None
    censored: int | None
