"""What a study asks: its terms, fixed before anybody judges.

The fields have the names of the keys in a protocol's TOML file
(:mod:`evaluation.protocol.reading`), so that the canonical JSON of a protocol reads back as the
same protocol.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from evaluation.protocol.besides import Answers
from evaluation.protocol.further_texts import Texts
from evaluation.protocol.listening_terms import Listening
from evaluation.protocol.pace import Pace
from evaluation.protocol.replaced import Replaced
from evaluation.statistics.bradley_terry import WIN_RATE
from evaluation.statistics.graded_measures import MEAN_RATING, MEASURES

METHODS = ("graded", "preference", "rating")
"""graded: every pooled candidate by itself; preference: which of two lists; rating: whole lists."""

PRIMARY_MEASURES: dict[str, tuple[str, ...]] = {
    "graded": tuple(one.name for one in MEASURES.values() if one.figure),
    "preference": (WIN_RATE.name,),
    "rating": (MEAN_RATING.name,),
}
"""What a study of each method can report first; the first one is the default."""

QUESTION_KINDS = ("choice", "text", "number")

QUESTION = "How well would this sound do as an answer to “more like this one”?"

ANCHORS: tuple[tuple[int, str], ...] = (
    (0, "unrelated"),
    (20, "only a vague quality shared"),
    (40, "same general kind"),
    (60, "same kind of source or event"),
    (80, "same source and event, differs in detail"),
    (100, "could be another take of it"),
)
"""The default scale: grades from 0 to 100 and the words on their buttons."""

STEP = 5
"""By how much the arrows nudge a grade of the default scale."""

MOST_ANCHORS = 10  # each has a digit as its key

ALL, NONE = "all", "none"
"""What stands for comparisons that are not named one by one: all pairs, or none fixed."""
PASSED = "passed"
RATERS = (PASSED, ALL)
"""Whose grades are reported first: of the raters who pass the screening rule, or of all."""

_TRUST = (
    "There is no right answer: trust your ears. You can listen as often as you like and change "
    "your mind."
)
INSTRUCTIONS_FOR = {
    "preference": "You will hear a sound, and then two lists of other sounds. Say which list would "
    f"do better as an answer to “more like this one”. {_TRUST}",
    "rating": "You will hear a sound, and then several lists of other sounds. Grade each list as a "
    f"whole: how well would it do as an answer to “more like this one”? {_TRUST}",
}
"""What raters of the methods other than "graded" read, unless told otherwise."""
INSTRUCTIONS = (
    "You will hear a sound, and then a list of other sounds. For each of them, press the button "
    "that fits best. There is no right answer: trust your ears. You can listen as often as you "
    "like and change your mind."
)


@dataclass(frozen=True, slots=True)
class Queries:
    """Which clips are asked about: named ones, or some drawn from each family or leaf class.

    Attributes
    ----------
    clips : clips that are named; then nothing is drawn. Once a study is made, their ids
    per_family, per_class : how many are drawn from each family, or from each leaf class
    seed : of the draw
    leave_out : classes that no query is drawn from
    exclude_same_group : whether results of the query's own group (uploader, pack, recording) are
        left out of every system's list
    replaced : of those that were drawn, in the order in which they were replaced
    """

    clips: tuple[str, ...] = ()
    per_family: int = 0
    per_class: int = 0
    seed: int = 1
    leave_out: tuple[str, ...] = ()
    exclude_same_group: bool = False
    replaced: tuple[Replaced, ...] = ()

    @property
    def replaced_at_last(self) -> int:
        """How many queries are others than the seed drew first: one may be replaced again."""
        between = {one.by for one in self.replaced}
        return sum(1 for one in self.replaced if one.clip not in between)


@dataclass(frozen=True, slots=True)
class Facet:
    """One question that is asked of every candidate, and the grades that answer it.

    Attributes
    ----------
    name : in exports: "relevance", or one of several such as "semantic" and "acoustic"
    question : what the rater reads
    anchors : (grade, words) of each button, grades from 0 to 100 and rising
    step : grades between the anchors are the lowest one plus multiples of it; it divides the scale
        evenly; 0: the anchors are all there is
    """

    name: str = "relevance"
    question: str = QUESTION
    anchors: tuple[tuple[int, str], ...] = ANCHORS
    step: int = STEP

    @property
    def keys(self) -> tuple[str, ...]:
        """The digit that gives each anchor: the grade where all have one digit, else 0, 1, ..."""
        grades = [grade for grade, _ in self.anchors]
        return tuple(map(str, grades if max(grades) < MOST_ANCHORS else range(len(grades))))

    @property
    def lowest(self) -> int:
        """The lowest grade."""
        return self.anchors[0][0]

    @property
    def highest(self) -> int:
        """The highest grade."""
        return self.anchors[-1][0]

    @property
    def allowed(self) -> tuple[int, ...]:
        """Every grade that can be given, lowest first."""
        grades = {grade for grade, _ in self.anchors}
        if self.step:
            grades |= set(range(self.lowest, self.highest + 1, self.step))
        return tuple(sorted(grades))


@dataclass(frozen=True, slots=True)
class Scale:
    """What is asked of every candidate: one facet, or several."""

    facets: tuple[Facet, ...] = (Facet(),)


@dataclass(frozen=True, slots=True)
class Controls:
    """What is mixed into every block to learn how far a rater can be trusted.

    Attributes
    ----------
    identity : whether the query itself is among its candidates
    distractors : how many clips of another family that no system ranks in its upper half
    repeats : how many of a block's candidates are asked again
    repeat_minutes : how much later, at the earliest, unless the sitting ends before
    """

    identity: bool = True
    distractors: int = 1
    repeats: int = 2
    repeat_minutes: int = 10


@dataclass(frozen=True, slots=True)
class Screening:
    """When a rater passes; a number of 0 asks nothing. Nobody is dropped silently.

    Attributes
    ----------
    identity : least mean grade of the identity clips, as a share of the scale, in [0, 1]
    auc : least share of (identity, distractor) pairs in which identity is graded higher
    heard : least mean share of a sound that was heard when it was graded, in [0, 1]. A fifth: who
        stops a sound of 30 s after 6 s still passes. None: a protocol that was stored before this
        was asked, and asks nothing
    """

    identity: float = 0.8
    auc: float = 0.9
    heard: float | None = 0.2


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a questionnaire.

    Attributes
    ----------
    id : its column in exports
    text : what the rater reads
    kind : of the answer: "choice", "text" or "number"
    choices : two or more, where the kind is "choice"
    required : whether it must be answered
    """

    id: str
    text: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What raters are asked of themselves, before the first and after the last sound."""

    before: tuple[Question, ...] = ()
    after: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Joining:
    """Whether strangers may come in at /join/SLUG, and what they bring and get.

    Attributes
    ----------
    open : whether they may
    most : how many may
    ids : names of address parameters that identify a person, such as PROLIFIC_PID
    signed : whether the first of them must be signed by the panel (webapp.study.signatures)
    completion_code, screen_out_code, no_consent_code : shown at the end; "" for none
    redirect : where the last page leads, "{code}" standing for the code; "" for nowhere
    """

    open: bool = False
    most: int = 100
    ids: tuple[str, ...] = ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
    signed: bool = False
    completion_code: str = ""
    screen_out_code: str = ""
    no_consent_code: str = ""
    redirect: str = ""


@dataclass(frozen=True, slots=True)
class PlannedAnalysis:
    """What will be reported first, fixed before there are data.

    Attributes
    ----------
    primary_measure : one of the method's in `PRIMARY_MEASURES`; of several facets, the first one's
    comparisons : the pairs of systems that were fixed beforehand; `ALL`: every pair; `NONE`: what
        is found between any two is exploratory. (): a protocol that was stored when `ALL` and
        `NONE` were not told apart
    good : from which share of the scale, above 0 and up to 1, a grade counts as good
    raters : one of `RATERS`, those whose grades are primary; None: a protocol that was stored
        before it was asked, whose primary raters are all
    """

    primary_measure: str = "mean_grade"
    comparisons: tuple[tuple[str, str], ...] | str = NONE
    good: float = 0.6
    raters: str | None = PASSED

    @property
    def screened(self) -> bool:
        """Whether the primary raters are those who pass the screening rule."""
        return self.raters == PASSED

    @property
    def exploratory(self) -> bool:
        """Whether it was said that no comparison is fixed beforehand."""
        return self.comparisons == NONE

    def fixed(self, systems: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return the pairs of these systems that were fixed beforehand; none where none were."""
        if self.comparisons == ALL:
            return tuple(combinations(systems, 2))
        return () if isinstance(self.comparisons, str) else self.comparisons


@dataclass(frozen=True, slots=True)
class Protocol:
    """One listening test, as its experimenter fixed it.

    Attributes
    ----------
    slug : its name in commands and addresses
    title : what raters read
    collection : the collection's name
    systems : the names of the rankings that are compared
    queries : which clips are asked about
    method : one of `METHODS`
    depth : how many results of each system are pooled (K)
    raters_per_query : how many raters judge each block
    page : how many candidates a page shows at most; two lists with "preference"; with "rating" how
        many lists, two of which are anchors
    largest_block : a larger pool is split into parts that share three candidates
    sitting : how many blocks a rater is given; 0: every query
    lease_minutes : how long an unfinished block is kept for its rater
    practice : whether a page to practise on, which counts nowhere, comes first
    instructions, consent : Markdown that raters read first; no consent is asked where it is ""
    ends, withdrawal_until : dates (YYYY-MM-DD, the last day, UTC), "" for none
    contact : whom raters write to, in one line; "" for nobody who is named
    pace : what helps raters through a long sitting; None: a protocol that was stored before this
        was asked, and offers none of it
    answers : what raters can say besides a grade
    languages : codes of those that raters read it in, its own first; () for its own alone
    texts : what they read in the further ones (`evaluation.protocol.languages`)
    """

    slug: str
    title: str
    collection: str
    systems: tuple[str, ...]
    queries: Queries
    method: str = "graded"
    depth: int = 5
    raters_per_query: int = 3
    page: int = 12
    largest_block: int = 40
    sitting: int = 0
    lease_minutes: int = 240
    practice: bool = True
    scale: Scale = field(default_factory=Scale)
    controls: Controls = field(default_factory=Controls)
    screening: Screening = field(default_factory=Screening)
    listening: Listening = field(default_factory=Listening)
    questionnaire: Questionnaire = field(default_factory=Questionnaire)
    joining: Joining = field(default_factory=Joining)
    analysis: PlannedAnalysis = field(default_factory=PlannedAnalysis)
    instructions: str = INSTRUCTIONS
    consent: str = ""
    ends: str = ""
    withdrawal_until: str = ""
    contact: str = ""
    pace: Pace | None = field(default_factory=Pace)
    answers: Answers = field(default_factory=Answers)
    languages: tuple[str, ...] = ()
    texts: tuple[Texts, ...] = ()

    def texts_in(self, language: str) -> Texts:
        """Return the texts of a language; those of its own are all ""."""
        return next((one for one in self.texts if one.language == language), Texts(language))

    def as_table(self) -> dict[str, Any]:
        """Return the protocol as a table of plain values.

        What it is silent about is not in it, and what came after 0.1.0 only where it is used: so a
        protocol of before stays the same text and has the same SHA-256.
        """
        table = asdict(self)
        for key in ("screening", "listening", "analysis"):
            table[key] = {name: one for name, one in table[key].items() if one is not None}
        if not self.joining.signed:
            del table["joining"]["signed"]
        if not self.listening.must_seconds:
            del table["listening"]["must_seconds"]
        for key in ("contact", "pace", "languages", "texts", "answers"):
            if not table[key] or (key == "answers" and self.answers == Answers()):
                del table[key]
        for key, name in (("queries", "replaced"), ("listening", "leave_out")):
            if not table[key][name]:
                del table[key][name]
        for one in table.get("texts", ()):
            for key in [key for key, value in one.items() if value in ("", ())]:
                del one[key]
        return table

    def as_json(self) -> str:
        """Return the protocol as canonical JSON: the same protocol, the same text."""
        return json.dumps(self.as_table(), sort_keys=True, ensure_ascii=False)

    def sha256(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()
