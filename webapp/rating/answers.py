"""What a rater answers: grades, choices, listening, broken sounds. No HTTP in here."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.dialects import postgresql, sqlite

from embeddings.errors import InputError
from evaluation.keys import shown
from evaluation.protocol.languages import ENGLISH
from evaluation.protocol.pace import way_of
from evaluation.protocol.terms import Facet, Protocol
from webapp.core.database import db, now, turn
from webapp.models import Assignment, CannotSay, Flag, Judgement, Preference, Remark, Slot
from webapp.rating.assigning import renew
from webapp.rating.moments import read_moment, server_moment, unreadable
from webapp.rating.tokens import Thing

CHOICES = ("A", "B", "none")
_ROUNDING = 0.02  # of a sound: what a browser's clock may be off
_SLIGHT = 0.05  # seconds, likewise


@dataclass(frozen=True, slots=True)
class Answer:
    """What every answer of a rater's browser has: what it is about, its id, and when.

    `moment` and `received` are by the server's clock.
    """

    sound: str
    uuid: str
    moment: datetime
    received: datetime


def parse_answer(
    body: Any, moment: str = "given_at", about: str = "sound", *, seen: datetime | None = None
) -> Answer:
    """Return what a JSON body says under the keys that every answer has.

    `seen` is when it was sent, by the server's clock: now, unless it comes later by other ways. It
    is not believed where it is yet to come.
    Raises InputError naming what is wrong with it.
    """
    if not isinstance(body, dict):
        raise InputError(_("An answer must be one JSON object."))
    received = now()
    arrived = min(seen, received) if seen else received
    own = _there(body, "uuid")
    try:
        uuid = str(UUID(str(own)))
    except ValueError as error:
        raise InputError(unreadable("uuid", own)) from error
    given, sent = read_moment(_there(body, moment), moment), body.get("sent_at")
    name = str(_there(body, about))
    try:
        when = server_moment(given, sent and read_moment(sent, "sent_at"), arrived)
    except OverflowError as error:
        raise InputError(unreadable(moment, body[moment])) from error
    if when.year < 2000:
        raise InputError(
            _("%(key)s must be from 2000 on, not %(value)s.", key=moment, value=shown(body[moment]))
        )
    return Answer(name, uuid, when, received)


def _there(body: dict[str, Any], key: str) -> Any:
    if key not in body:
        raise InputError(_("An answer must have %(key)s.", key=repr(key)))
    return body[key]


def parse_grade(body: dict[str, Any], terms: Protocol) -> dict[str, Any]:
    """Return facet, grade, listened_seconds and heard of a grade's body, checked."""
    facet, grade = parse_facet(body, terms), body.get("grade")
    if type(grade) is not int or grade not in facet.allowed:
        raise InputError(_no_grade(facet, grade))
    return {"facet": facet.name, "grade": grade} | parse_heard(body, terms)


def parse_facet(body: dict[str, Any], terms: Protocol) -> Facet:
    """Return the facet that an answer is about, the first where it names none."""
    facets = {facet.name: facet for facet in terms.scale.facets}
    name = body.get("facet", next(iter(facets)))
    if not isinstance(name, str) or name not in facets:
        raise InputError(
            _("The facet must be one of %(allowed)s, not %(name)s.",
              allowed=", ".join(facets), name=shown(name))
        )  # fmt: skip
    return facets[name]


def parse_heard(body: dict[str, Any], terms: Protocol) -> dict[str, float | None]:
    """Return listened_seconds and heard of an answer, checked: whether it was enough."""
    listened = _number(body, "listened_seconds", 1e6)
    heard = _number(body, "heard", 1.0) if body.get("heard") is not None else None
    share = terms.listening.must_listen if terms.method == "graded" else 0.0
    enough = 0 < terms.listening.must_seconds <= listened + _SLIGHT
    if (heard or 0.0) + _ROUNDING < share and not enough:
        raise InputError(
            _("%(share)d %% of a sound must be heard first, not %(heard)d %%.",
              share=round(100 * share), heard=round(100 * (heard or 0)))
        )  # fmt: skip
    return {"listened_seconds": listened, "heard": heard}


def _no_grade(facet: Facet, grade: Any) -> str:
    """Return that a scale has no such grade."""
    if not facet.step:
        allowed = ", ".join(map(str, facet.allowed))
        return _("The grade must be one of %(allowed)s, not %(grade)s.",
                 allowed=allowed, grade=shown(grade))  # fmt: skip
    return _(
        "The grade must be from %(low)d to %(high)d in steps of %(step)d, not %(grade)s.",
        low=facet.lowest,
        high=facet.highest,
        step=facet.step,
        grade=shown(grade),
    )


def parse_language(body: dict[str, Any], terms: Protocol) -> str:
    """Return the language of the page that an answer was given on, checked.

    A page of before there were languages says none: it was in English.
    """
    offered = terms.languages or (ENGLISH,)
    name = body.get("language", offered[0])
    if name not in offered:
        raise InputError(
            _("The language must be one of %(allowed)s, not %(name)s.",
              allowed=", ".join(offered), name=shown(name))
        )  # fmt: skip
    return str(name)


def parse_way(body: dict[str, Any], terms: Protocol) -> dict[str, Any]:
    """Return what was on when a grade was given, and whether it was taken back, checked.

    Raises InputError where it is junk, or the study has none of that.
    """
    way, back = way_of(body.get("way", "")), body.get("taken_back", False)
    if way is None or (way and terms.pace is None):
        raise InputError(unreadable("way", body["way"]))
    if not isinstance(back, bool) or (back and terms.pace is None):
        raise InputError(unreadable("taken_back", back))
    return {"way": way, "taken_back": back}


def parse_seconds(body: dict[str, Any]) -> float:
    """Return the seconds of a stretch of listening, checked."""
    return _number(body, "seconds", 1e6)


def _number(body: dict[str, Any], key: str, most: float) -> float:
    given = _there(body, key)
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(unreadable(key, given)) from error
    if not (math.isfinite(value) and 0 <= value <= most):
        raise InputError(
            _("%(key)s must be from 0 to %(most)d, not %(value)s.",
              key=key, most=round(most), value=shown(value))
        )  # fmt: skip
    return value


def heard_columns(thing: Thing) -> dict[str, int | None]:
    """Return the columns that say which sound it is; for a clip in lists, the first that has it."""
    if thing.candidate is None:
        return {"slot_id": thing.slot.id if thing.slot else None, "candidate_id": None}
    holders = {source.system_id for source in thing.candidate.sources}
    slots = (slot.id for slot in thing.assignment.slots if slot.system_id in holders)
    return {"slot_id": next(slots, None), "candidate_id": thing.candidate.id}


def add_once(model: Any, uuid: str, same: dict[str, Any], rest: dict[str, Any]) -> bool:
    """Add an answer, once however often it comes; the caller commits.

    Returns whether it is new; `is_stored` tells whether one that is not is the same.
    """
    adding = _adding(model, db.engine.dialect.name)
    return bool(db.session.execute(adding, {"client_uuid": uuid} | same | rest).rowcount)


@cache  # at every grade
def _adding(model: Any, dialect: str) -> sa.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(model.__table__).on_conflict_do_nothing(index_elements=["client_uuid"])


def is_stored(model: Any, uuid: str, same: dict[str, Any]) -> bool | None:
    """Return whether an answer is stored already; None where another one has its UUID."""
    stored = db.session.scalar(sa.select(model).where(model.client_uuid == uuid))
    if stored is None:
        return False
    return all(getattr(stored, name) == value for name, value in same.items()) or None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a rater answered in one block.

    Attributes
    ----------
    grades : slot -> facet -> the last grade given
    flags : (slot or None, candidate or None) of each sound that was reported as broken
    choice : the last choice between two lists, or None
    unsaid : slot -> the facets of which the rater said last that there is nothing to say
    remarks : (slot or None, candidate or None) of each sound -> the last remark on it
    """

    grades: dict[int, dict[str, int]] = field(default_factory=dict)
    flags: frozenset[tuple[int | None, int | None]] = frozenset()
    choice: str | None = None
    unsaid: dict[int, set[str]] = field(default_factory=dict)
    remarks: dict[tuple[int | None, int | None], str] = field(default_factory=dict)

    @property
    def broken(self) -> set[int | None]:
        """The slots whose sound is broken; None is the query.

        A list is not broken because one of its sounds is.
        """
        return {slot for slot, candidate in self.flags if candidate is None}

    @property
    def broken_in_lists(self) -> set[int]:
        """The candidates in a block's lists that are broken."""
        return {candidate for _, candidate in self.flags if candidate is not None}

    def left(self, assignment: Assignment, terms: Protocol) -> list[Slot]:
        """Return the slots that want an answer: not wholly graded, and not reported broken."""
        if terms.method == "preference":
            return [] if self.choice else list(assignment.slots)
        asked, broken = len(terms.scale.facets), self.broken
        return [
            slot for slot in assignment.slots
            if self._said(slot.id) < asked and slot.id not in broken
        ]  # fmt: skip

    def _said(self, slot: int) -> int:
        """Return of how many facets there is an answer."""
        return len(self.grades.get(slot, ())) + len(self.unsaid.get(slot, ()))


def answered(assignment: Assignment, terms: Protocol) -> Answered:
    """Return what was answered in a block."""
    ours = Slot.assignment_id == assignment.id
    rows = db.session.execute(
        sa.select(
            Judgement.slot_id,
            Judgement.facet,
            Judgement.grade,
            Judgement.taken_back,
            Judgement.received_at,
        )
        .join(Judgement.slot)
        .where(ours)
        .order_by(Judgement.id)
    )
    grades: dict[int, dict[str, int]] = {}
    came: dict[tuple[int, str], datetime] = {}
    for slot, facet, grade, taken_back, received in rows:
        if taken_back:
            grades.get(slot, {}).pop(facet, None)
        else:
            grades.setdefault(slot, {})[facet] = grade
        came[slot, facet] = received
    unsaid: dict[int, set[str]] = {}
    for slot, facet, received in _unsaid(ours) if terms.answers.cannot_say else ():
        if (slot, facet) not in came or came[slot, facet] < received:
            grades.get(slot, {}).pop(facet, None)
            unsaid.setdefault(slot, set()).add(facet)
    found = sa.select(Flag.slot_id, Flag.candidate_id).where(Flag.assignment_id == assignment.id)
    flags = frozenset((slot, candidate) for slot, candidate in db.session.execute(found))
    choice = _choice_given(assignment) if terms.method == "preference" else None
    remarks = _remarks(assignment) if terms.answers.remarks else {}
    return Answered(grades, flags, choice, unsaid, remarks)


def _unsaid(ours: sa.ColumnElement[bool]) -> list[Any]:
    """Return (slot, facet, when it was received last) of what a rater could not say."""
    last = sa.func.max(CannotSay.received_at)
    found = sa.select(CannotSay.slot_id, CannotSay.facet, last).join(CannotSay.slot).where(ours)
    return list(db.session.execute(found.group_by(CannotSay.slot_id, CannotSay.facet)))


def _remarks(assignment: Assignment) -> dict[tuple[int | None, int | None], str]:
    found = sa.select(Remark.slot_id, Remark.candidate_id, Remark.text)
    found = found.where(Remark.assignment_id == assignment.id).order_by(Remark.id)
    return {(slot, candidate): text for slot, candidate, text in db.session.execute(found)}


def _choice_given(assignment: Assignment) -> str | None:
    return db.session.scalar(
        sa.select(Preference.choice)
        .where(Preference.assignment_id == assignment.id)
        .order_by(Preference.id.desc())
        .limit(1)
    )


def unanswered(assignment: Assignment, terms: Protocol) -> list[Slot]:
    """Return the slots of a block that still want an answer."""
    return answered(assignment, terms).left(assignment, terms)


def finish_page(assignment: Assignment, page: int, terms: Protocol) -> int:
    """Finish a page, and with the last one the block; return how many answers it still lacks.

    A block whose query is reported as broken is given back; practice is then over.
    """
    given = answered(assignment, terms)
    left = given.left(assignment, terms)
    turn(assignment.rater.study)
    if left and not assignment.finished_at and None in given.broken:
        if assignment.query.practice:
            assignment.finished_at = assignment.repeated_at = now()
        assignment.lease_until = now()
        db.session.commit()
        return 0
    missing = sum(1 for slot in left if slot.page == page)
    if not any(not slot.repeat for slot in left) and not assignment.finished_at:
        assignment.finished_at = now()
    if not left and not assignment.repeated_at:
        assignment.repeated_at = now()
    renew(assignment, terms)
    db.session.commit()
    return missing
