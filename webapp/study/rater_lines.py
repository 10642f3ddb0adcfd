"""The raters of a study, each in a line: how far, how long, and how far they can be trusted."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean

import sqlalchemy as sa

from embeddings.errors import InputError
from evaluation.design.screening import (
    ControlReport,
    Graded,
    Verdict,
    control_report,
    heard_of,
    verdict,
)
from evaluation.protocol.terms import Protocol
from webapp.core.database import db, now
from webapp.models import Assignment, Candidate, Judgement, Listen, Query, Rater, Slot, Study
from webapp.study.last_words import unsaid_at_last

BREAK = timedelta(minutes=5)
"""A longer time without an answer or a sound is a break."""


@dataclass(frozen=True, slots=True)
class RaterLine:
    """One rater.

    Attributes
    ----------
    stage : "invited", "declined", "screened", "begun" (before the practice), "practice",
        "judging", "done"
    finished : blocks that are done
    at : the unfinished block that is kept for the rater; None where there is none
    minutes : spent with the study's sounds, without breaks
    heard : the mean share of a sound that was heard when it was graded, by the first facet;
        None where unknown
    report, verdict : what the controls say; None where nothing was graded, or lists were
    """

    rater: Rater
    stage: str
    finished: int
    at: Assignment | None
    minutes: float
    heard: float | None
    report: ControlReport | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class _Grade:
    """The last grade of one place."""

    query: int
    candidate: int
    kind: str
    repeat: bool
    grade: int
    heard: float | None


@dataclass(slots=True)
class _Given:
    """What one rater gave: the last grade of each place, and when anything happened."""

    grades: dict[int, _Grade] = field(default_factory=dict)
    heard: dict[int, float] = field(default_factory=dict)
    moments: list[datetime] = field(default_factory=list)


def rater_lines(study: Study) -> list[RaterLine]:
    """Return every rater of a study, in the order in which they were invited or joined."""
    terms, at = study.terms, now()
    given = _given(study)
    raters = db.session.scalars(
        sa.select(Rater)
        .where(Rater.study_id == study.id)
        .order_by(Rater.number)
        .options(sa.orm.selectinload(Rater.assignments).joinedload(Assignment.query))
    )
    return [_line(rater, terms, given[rater.id], at) for rater in raters]


def find_numbered(study: Study, name: str) -> Rater:
    """Return the rater that a pseudonym or a number names; raise InputError if there is none."""
    number = name.removeprefix("rater-").removeprefix("simulated-")
    for rater in study.raters:
        if number.isdecimal() and rater.number == int(number):
            return rater
    raise InputError(f"The study {study.slug!r} has no rater {name!r}.")


def kept_block(rater: Rater, at: datetime) -> Assignment | None:
    """Return the unfinished block that is kept for a rater, None where there is none."""
    for one in rater.assignments:
        if not (one.finished_at or one.query.practice) and one.lease_until > at:
            return one
    return None


def _line(rater: Rater, terms: Protocol, given: _Given, at: datetime) -> RaterLine:
    grades = list(given.grades.values())
    report = said = None
    if grades and terms.method == "graded":
        facet = terms.scale.facets[0]
        report = control_report(_graded(grades), facet.lowest, facet.highest)
        said = verdict(report, terms.screening, heard_of([one.heard for one in grades]))
    return RaterLine(
        rater=rater,
        stage=_stage(rater),
        # of what was loaded with all raters; `blocks_done` would ask for each
        finished=sum(1 for one in rater.assignments if one.finished_at and not one.query.practice),
        at=kept_block(rater, at),
        minutes=_minutes(given.moments),
        heard=said.heard.share if said else fmean(given.heard.values()) if given.heard else None,
        report=report,
        verdict=said,
    )


def _stage(rater: Rater) -> str:
    """Return where a rater was last; unlike `webapp.rating.people.where`, it gives no new block."""
    marks = (
        ("declined", rater.declined_at),
        ("screened", rater.screened_at),
        ("done", rater.finished_at),
        ("judging", any(not one.query.practice for one in rater.assignments)),
        ("practice", rater.assignments),
        ("begun", rater.consented_at or rater.checked_at or rater.before or rater.joined),
    )
    return next((name for name, reached in marks if reached), "invited")


def _given(study: Study) -> dict[int, _Given]:
    """Return what each rater gave, by the rater's id. Practice counts as time and no more."""
    found: dict[int, _Given] = defaultdict(_Given)
    main = study.terms.scale.facets[0].name
    unsaid = unsaid_at_last(study)
    answers = db.session.execute(
        sa.select(
            Assignment.rater_id, Assignment.query_id, Query.practice, Slot.id, Slot.candidate_id,
            Slot.repeat, Candidate.kind, Judgement.facet, Judgement.grade, Judgement.heard,
            Judgement.given_at, Judgement.taken_back,
        )
        .select_from(Judgement)
        .join(Judgement.slot)
        .join(Slot.assignment)
        .join(Assignment.query)
        .outerjoin(Slot.candidate)
        .where(Query.study_id == study.id)
        .order_by(Judgement.id)
    )  # fmt: skip
    for (
        rater,
        query,
        practice,
        slot,
        candidate,
        repeat,
        kind,
        facet,
        grade,
        heard,
        when,
        back,
    ) in answers:
        one = found[rater]
        one.moments.append(when)
        if practice:
            continue
        if heard is not None:
            one.heard[slot] = heard
        if facet == main and back:
            one.grades.pop(slot, None)
        elif facet == main and candidate and (slot, facet) not in unsaid:
            one.grades[slot] = _Grade(query, candidate, kind, repeat, grade, heard)
    for rater, began, seconds in db.session.execute(_listens(study)):
        found[rater].moments += [began, began + timedelta(seconds=seconds)]
    return found


def _listens(study: Study) -> sa.Select:
    return (
        sa.select(Assignment.rater_id, Listen.started_at, Listen.seconds)
        .select_from(Listen)
        .join(Assignment, Listen.assignment_id == Assignment.id)
        .join(Assignment.query)
        .where(Query.study_id == study.id)
    )


def _graded(grades: Sequence[_Grade]) -> list[Graded]:
    """Return grades as screening takes them; a repeat whose first grade is missing is left out."""
    first = {(one.query, one.candidate): one.grade for one in grades if not one.repeat}
    found = []
    for one in grades:
        earlier = first.get((one.query, one.candidate)) if one.repeat else None
        if not one.repeat or earlier is not None:
            found.append(Graded(one.kind, str(one.query), one.grade, earlier))
    return found


def _minutes(moments: Iterable[datetime]) -> float:
    """Return the time from moment to moment, without breaks."""
    ordered = sorted(moments)
    steps = (later - earlier for earlier, later in pairwise(ordered))
    return sum((step for step in steps if step <= BREAK), timedelta()).total_seconds() / 60
