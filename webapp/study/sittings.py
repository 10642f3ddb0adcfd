"""What one rater did, sitting by sitting: what was played when, graded, changed and reported.

Times are seconds since the sitting began. Who did nothing for longer than `APART` sat down anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

import sqlalchemy as sa

from evaluation.records.events import CANNOT_SAY
from webapp.core.database import db
from webapp.models import (
    Assignment,
    Candidate,
    CannotSay,
    Flag,
    Judgement,
    Listen,
    Preference,
    Rater,
    Slot,
    System,
)
from webapp.study.rater_lines import BREAK

APART = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that a rater did.

    Attributes
    ----------
    kind : "query" or "sound" (played), "grade", "change" (of a grade or choice), or "report"
    at, seconds : when, and for how long it was played
    position, name : of what, as in `Item`
    answer : what was answered, "" for nothing
    """

    kind: str
    at: float
    seconds: float = 0.0
    position: int = 0
    name: str = ""
    answer: str = ""


@dataclass(slots=True)
class Item:
    """A sound or list of a block, and what was done with it in one sitting.

    Attributes
    ----------
    name : its clip, or the system's title where it is a list
    kind : "query", "list", or what the candidate is; "repeat" where it is asked again
    position : from one, 0 where it has none
    grades : what was answered, in order
    heard : the share that had been heard by the last grade, in [0, 1]
    """

    name: str
    kind: str
    position: int
    plays: int = 0
    seconds: float = 0.0
    grades: list[str] = field(default_factory=list)
    heard: float | None = None
    reported: bool = False


@dataclass(slots=True)
class Line:
    """What was done in one block in one sitting."""

    query: str
    practice: bool
    marks: list[Mark] = field(default_factory=list)
    items: dict[object, Item] = field(default_factory=dict)

    @property
    def listed(self) -> list[Item]:
        """The items, the query first, then by position."""
        return sorted(self.items.values(), key=lambda one: (one.kind != "query", one.position))


@dataclass(slots=True)
class SittingLine:
    """One sitting.

    Attributes
    ----------
    seconds : how long it took
    lines : its blocks, in the order in which they were begun
    idle : (at, seconds) of every break in it
    """

    began: datetime
    seconds: float
    lines: list[Line]
    idle: list[tuple[float, float]]

    def count(self, *kinds: str) -> int:
        """Return how many marks it has of some kinds."""
        return sum(mark.kind in kinds for line in self.lines for mark in line.marks)


@dataclass(frozen=True, slots=True)
class Control:
    """What a rater answered to a control, of all sittings.

    Attributes
    ----------
    query, kind, name : as in `Line` and `Item`
    grades : in order; the last one counts
    before : what was answered first to what is asked again
    """

    query: str
    kind: str
    name: str
    grades: list[str]
    before: list[str]


@dataclass(frozen=True, slots=True)
class _Event:
    at: datetime
    what: str  # "play", "grade", "choice" or "report"
    assignment: int
    slot: int | None = None
    candidate: int | None = None
    seconds: float = 0.0
    answer: str = ""
    facet: str = ""
    heard: float | None = None

    @property
    def until(self) -> datetime:
        return self.at + timedelta(seconds=self.seconds)


def sittings(rater: Rater) -> list[SittingLine]:
    """Return what a rater did, sitting by sitting, practice, too; none where nothing was done."""
    events = _events(rater)
    given = {one.id: one for one in rater.assignments}
    slots, clips = _slots(rater), _clips(rater)
    answered: set[tuple[int, int | None, str]] = set()
    return [_sitting(some, given, slots, clips, answered) for some in _apart(events)]


def controls(found: Sequence[SittingLine]) -> list[Control]:
    """Return what was answered to the controls, practice apart, in the order of the blocks."""
    items: dict[tuple[str, object], list[Item]] = {}
    for sitting in found:
        for line in sitting.lines:
            for key, item in line.items.items():
                if item.grades and not line.practice:
                    items.setdefault((line.query, key), []).append(item)
    given = {
        (query, some[0].kind, some[0].name): [grade for one in some for grade in one.grades]
        for (query, _), some in items.items()
    }
    return [
        Control(query, kind, name, grades, given.get((query, "result", name), []))
        for (query, kind, name), grades in given.items()
        if kind in ("identity", "distractor", "repeat")
    ]


def _apart(events: Sequence[_Event]) -> list[list[_Event]]:
    found: list[list[_Event]] = []
    last = None
    for one in events:
        if last is None or one.at - last > APART:
            found.append([])
        found[-1].append(one)
        last = one.until if last is None else max(last, one.until)
    return found


def _sitting(
    events: Sequence[_Event],
    given: dict[int, Assignment],
    slots: dict[int, tuple[Slot, str, str]],
    clips: dict[int, str],
    answered: set[tuple[int, int | None, str]],
) -> SittingLine:
    began = events[0].at
    lines: dict[int, Line] = {}
    for one in events:
        query = given[one.assignment].query
        line = lines.setdefault(one.assignment, Line(query.clip, query.practice))
        key, item = _item(one, query.clip, slots, clips)
        item = line.items.setdefault(key, item)
        line.marks.append(_note(one, item, began, answered))
    ends = list(accumulate((one.until for one in events), max))
    idle = [
        ((end - began).total_seconds(), (later.at - end).total_seconds())
        for end, (_, later) in zip(ends, pairwise(events), strict=False)
        if later.at - end > BREAK
    ]
    return SittingLine(began, (ends[-1] - began).total_seconds(), list(lines.values()), idle)


def _item(
    one: _Event, query: str, slots: dict[int, tuple[Slot, str, str]], clips: dict[int, str]
) -> tuple[object, Item]:
    """Return what an event is about, and a key for it."""
    if one.candidate is not None:
        return ("clip", one.candidate), Item(clips.get(one.candidate, ""), "result", 0)
    if one.slot is not None:
        slot, name, kind = slots[one.slot]
        return ("slot", one.slot), Item(name, kind, slot.position)
    if one.what == "choice":
        return "choice", Item("", "choice", 0)
    return "query", Item(query, "query", 0)


def _note(
    one: _Event, item: Item, began: datetime, answered: set[tuple[int, int | None, str]]
) -> Mark:
    """Note an event at its item, and return its mark."""
    at = (one.at - began).total_seconds()
    kind = one.what
    if kind == "play":
        item.plays, item.seconds = item.plays + 1, item.seconds + one.seconds
        kind = "query" if item.kind == "query" else "sound"
    elif kind == "report":
        item.reported = True
    else:
        item.grades.append(one.answer)
        item.heard = one.heard
        key = one.assignment, one.slot, one.facet
        kind = "change" if key in answered else "grade"
        answered.add(key)
    return Mark(kind, at, one.seconds, item.position, item.name, one.answer)


def _events(rater: Rater) -> list[_Event]:
    ours = Assignment.rater_id == rater.id
    plays = db.session.execute(
        sa.select(
            Listen.started_at, Listen.assignment_id, Listen.slot_id, Listen.candidate_id,
            Listen.seconds,
        )
        .join(Assignment, Listen.assignment_id == Assignment.id)
        .where(ours)
    )  # fmt: skip
    flags = db.session.execute(
        sa.select(Flag.given_at, Flag.assignment_id, Flag.slot_id, Flag.candidate_id)
        .join(Assignment, Flag.assignment_id == Assignment.id)
        .where(ours)
    )
    grades = db.session.execute(
        sa.select(
            Judgement.given_at, Slot.assignment_id, Judgement.slot_id, Judgement.grade,
            Judgement.facet, Judgement.heard, Judgement.taken_back,
        )
        .join(Judgement.slot)
        .join(Slot.assignment)
        .where(ours)
        .order_by(Judgement.id)
    )  # fmt: skip
    choices = db.session.execute(
        sa.select(Preference.given_at, Preference.assignment_id, Preference.choice)
        .join(Preference.assignment)
        .where(ours)
        .order_by(Preference.id)
    )
    unsaid = db.session.execute(
        sa.select(
            CannotSay.given_at, Slot.assignment_id, CannotSay.slot_id, CannotSay.facet,
            CannotSay.heard,
        )
        .join(CannotSay.slot)
        .join(Slot.assignment)
        .where(ours)
    )  # fmt: skip
    several = len(rater.study.terms.scale.facets) > 1
    events = [_Event(at, "play", block, slot, clip, long) for at, block, slot, clip, long in plays]
    events += [_Event(at, "report", block, slot, clip) for at, block, slot, clip in flags]
    events += [
        _Event(at, "grade", block, slot,
               answer=(f"{facet} {grade}" if several else f"{grade}") + " taken back" * back,
               facet=facet, heard=heard)
        for at, block, slot, grade, facet, heard, back in grades
    ]  # fmt: skip
    events += [
        _Event(at, "grade", block, slot, answer=f"{facet} {CANNOT_SAY}" if several else CANNOT_SAY,
               facet=facet, heard=heard)
        for at, block, slot, facet, heard in unsaid
    ]  # fmt: skip
    events += [_Event(at, "choice", block, answer=choice) for at, block, choice in choices]
    return sorted(events, key=lambda one: one.at)  # a stable sort: answers stay in their order


def _slots(rater: Rater) -> dict[int, tuple[Slot, str, str]]:
    """Return (slot, name, kind) of every place that the rater was given."""
    rows = db.session.execute(
        sa.select(Slot, Candidate.clip, Candidate.kind, System.title)
        .join(Slot.assignment)
        .outerjoin(Slot.candidate)
        .outerjoin(Slot.system)
        .where(Assignment.rater_id == rater.id)
    )
    return {
        slot.id: (slot, clip or title, "repeat" if slot.repeat else kind or "list")
        for slot, clip, kind, title in rows
    }


def _clips(rater: Rater) -> dict[int, str]:
    """Return the clip of every candidate that the rater may have heard in a list."""
    rows = db.session.execute(
        sa.select(Candidate.id, Candidate.clip)
        .join(Assignment, Assignment.query_id == Candidate.query_id)
        .where(Assignment.rater_id == rater.id)
    )
    return dict(tuple(row) for row in rows)
