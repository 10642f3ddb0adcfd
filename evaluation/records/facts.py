"""More tables of a study: its raters, its pools and lists, and what is known of clips and systems.

As in :mod:`evaluation.records.events`, which has the tables of what raters were given and gave.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from evaluation.records.events import Query, QueryClass, QueryFamily, Ranks
from evaluation.records.table_columns import Named, OnlyWhere


@dataclass(frozen=True, slots=True)
class RaterRecord:
    """One rater, with what the first facet's controls say.

    `before` and `after` map the questions of the questionnaires to the answers.
    """

    rater: Annotated[
        str,
        "the rater's pseudonym; behind SLUG/ where it is another study's, of whom only what the "
        "controls say is told",
    ]
    joined: Annotated[bool, "1 who came by the open link, 0 by a personal one"]
    invited_at: Annotated[datetime | None, "when the rater's link was made, UTC"]
    consented_at: Annotated[
        datetime | None, "when the rater agreed, UTC; empty: did not, or was not asked"
    ]
    declined_at: Annotated[datetime | None, "when the rater declined, UTC; empty: did not"]
    checked_at: Annotated[
        datetime | None, "when the rater set the volume by the sound check, UTC; empty: did not"
    ]
    screened_at: Annotated[
        datetime | None, "when the rater failed the headphone test, UTC; empty: did not"
    ]
    finished_at: Annotated[datetime | None, "when the rater came to the end, UTC; empty: did not"]
    headphones: Annotated[
        str, "tones that were right, of 6, at each try at the headphone test, as in 3;6"
    ]
    identities: Annotated[int, "identity clips that were graded"]
    distractors: Annotated[int, "distractors that were graded"]
    repeats: Annotated[int, "candidates that were graded again"]
    identity_share: Annotated[
        float | None, "mean grade of the identity clips as a share of the scale, 0 to 1"
    ]
    auc: Annotated[
        float | None,
        "share of (identity, distractor) pairs with identity graded higher, 0 to 1; equal grades "
        "count one half",
    ]
    distractor_below_median: Annotated[
        float | None,
        "share of distractors graded below the rater's own median grade of the query's results, "
        "0 to 1",
    ]
    retest_close: Annotated[
        float | None, "share of repeats within a tenth of the scale of the first grade, 0 to 1"
    ]
    retest_difference: Annotated[
        float | None, "mean absolute difference of the two grades of a repeat, in grades"
    ]
    retest_noise: Annotated[
        float | None,
        "standard deviation of these differences over the square root of 2, in grades",
    ]
    passed: Annotated[
        bool | None,
        "1 who passed the screening rule of the protocol, 0 who did not; empty: it cannot be told, "
        "since too little was graded",
    ]
    reasons: Annotated[str, "why not"]
    before: Annotated[Mapping[str, str], Named("before.", "before: {}")]
    after: Annotated[Mapping[str, str], Named("after.", "after: {}")]
    hearing: Annotated[
        str,
        OnlyWhere(
            "whether the beeps of the sound check were counted right (1) or not (0), at each try, "
            "as in 0;1; where the protocol asks for them"
        ),
    ] = ""


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """One candidate of a query. `ranks` and `scores` are by system."""

    query: Query
    query_class: QueryClass
    query_family: QueryFamily
    weight: Annotated[float, "one over the query's probability of having been drawn"]
    block: Annotated[
        str,
        "the blocks that the candidate is in, as in 1;2; empty: in none, as it was not sent out or "
        "is judged in lists",
    ]
    partial: Annotated[bool, "1 where those blocks hold a part of the query's pool, else 0"]
    candidate: Annotated[str, "clip id of the candidate; empty where nothing was pooled"]
    kind: Annotated[str, "result, or a control: identity (the query itself), distractor"]
    reused: Annotated[
        bool, "1 where the judgements of the study that this one extends are used again, else 0"
    ]
    ranks: Ranks
    scores: Annotated[
        Mapping[str, float],
        Named("score.", "the score that {} gave it; higher is more similar"),
    ]


@dataclass(frozen=True, slots=True)
class ListRecord:
    """One list in a block where lists are judged."""

    query: Query
    block: Annotated[int, "the number of the pair or group of lists in its query, from 1"]
    list_of: Annotated[
        str, "a system, or an anchor, whose list is in it: its first results, by rank.SYSTEM"
    ]


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """One clip that raters heard, in practice too."""

    clip: Annotated[str, "its id in the collection"]
    labels: Annotated[str, "its classes, as in Bark,Dog,Animal; one with a comma is quoted"]
    leaf_labels: Annotated[str, "those of them that are no parent of another class"]
    families: Annotated[str, "the families of its classes, as in Animals;Things"]
    group: Annotated[str, "uploader, pack or source recording; empty where unknown"]
    seconds: Annotated[float, "its duration"]
    licence: Annotated[str, "as the source has it"]
    author: Annotated[str, "as the source has it"]
    title: Annotated[str, "as the source has it"]


@dataclass(frozen=True, slots=True)
class ObjectiveRecord:
    """One objective score of a system."""

    system: Annotated[str, "the system"]
    convention: Annotated[str, "how it is counted: cbmi2024 (as published) or corrected"]
    level: Annotated[
        str,
        "query: one query of the study; class, family: the mean over the collection; macro: over "
        "its classes; micro: over all its clips as queries",
    ]
    query: Annotated[str, "clip id of the query; empty but at the level query"]
    name: Annotated[
        str,
        "the class or the family; at the level query, empty for the query as a whole, to which is "
        "relevant what shares any label",
    ]
    ap15: Annotated[float | None, "AP@15; MAP@15 where it is a mean; empty: undefined"]
    ap150: Annotated[float | None, "AP@150; MAP@150 where it is a mean; empty: undefined"]
    r1: Annotated[
        float | None,
        "rank of the first relevant result; MR1 where it is a mean; empty: undefined",
    ]
    censored: Annotated[
        int | None,
        "1 where r1 is a lower bound, since the ranking ends before; at the level macro, how many "
        "of the means' parts are; else empty or 0",
    ]
