"""The kinds of answers that a rater's browser sends, by where they go: what each comes to as a row.

The pages store them as they come, `webapp.rating.taking_in` those that come in a file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from embeddings.errors import InputError
from evaluation.keys import shown
from evaluation.protocol.besides import LONGEST_REMARK, clean_remark
from evaluation.protocol.terms import Protocol
from webapp.core.database import db
from webapp.models import CannotSay, Flag, Judgement, Listen, Preference, Remark
from webapp.rating.answers import (
    CHOICES,
    Answer,
    heard_columns,
    parse_facet,
    parse_grade,
    parse_heard,
    parse_language,
    parse_seconds,
    parse_way,
)
from webapp.rating.tokens import Thing


@dataclass(frozen=True, slots=True)
class Row:
    """An answer as it is stored.

    Attributes
    ----------
    model : the table
    same : the columns by which an answer that comes twice is known as the same
    rest : the other columns, the UUID apart
    """

    model: Any
    same: dict[str, Any]
    rest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer.

    Attributes
    ----------
    endpoint : the name of the view that takes it, in the blueprint of a rater's pages
    moment, about : the keys of its body that say when it was and what it is about
    in_order : whether browsers send such answers one after the other, as they were given; the last
        one about a thing is then the one that counts
    row : what it comes to; raises LookupError where it is about no such thing, InputError where
        its body is wrong
    """

    endpoint: str
    moment: str
    about: str
    in_order: bool
    row: Callable[[Thing, Answer, dict[str, Any], Protocol], Row]


def _grade(thing: Thing, answer: Answer, body: dict[str, Any], terms: Protocol) -> Row:
    if thing.slot is None:
        raise LookupError
    return grade_row(thing.slot.id, answer, body, terms)


def grade_row(slot: int, answer: Answer, body: dict[str, Any], terms: Protocol) -> Row:
    """Return what a grade comes to of what is in the slot of that id."""
    grade = parse_grade(body, terms)
    same = {"slot_id": slot, "facet": grade["facet"], "grade": grade["grade"]}
    language = {"language": parse_language(body, terms)}
    times = {"given_at": answer.moment, "received_at": answer.received}
    heard = {name: grade[name] for name in ("listened_seconds", "heard")}
    return Row(Judgement, same, heard | language | parse_way(body, terms) | times)


def _preference(thing: Thing, answer: Answer, body: dict[str, Any], terms: Protocol) -> Row:
    choice = body.get("choice")
    if choice not in CHOICES:
        raise InputError(
            _("The choice must be one of %(allowed)s, not %(choice)s.",
              allowed=", ".join(CHOICES), choice=shown(choice))
        )  # fmt: skip
    if thing.slot or thing.candidate or terms.method != "preference":
        raise LookupError
    same = {"assignment_id": thing.assignment.id, "choice": str(choice)}
    rest = {"language": parse_language(body, terms), "way": parse_way(body, terms)["way"]}
    times = {"given_at": answer.moment, "received_at": answer.received}
    return Row(Preference, same, rest | times)


def _listen(thing: Thing, answer: Answer, body: dict[str, Any], terms: Protocol) -> Row:
    same = {"assignment_id": thing.assignment.id, **heard_columns(thing)}
    times = {"started_at": answer.moment, "received_at": answer.received}
    return Row(Listen, same, {"seconds": parse_seconds(body)} | times)


def _flag(thing: Thing, answer: Answer, body: dict[str, Any], terms: Protocol) -> Row:
    same = {"assignment_id": thing.assignment.id, **heard_columns(thing)}
    return Row(Flag, same, {"given_at": answer.moment, "received_at": answer.received})


def _cannot_say(thing: Thing, answer: Answer, body: dict[str, Any], terms: Protocol) -> Row:
    if thing.slot is None or not terms.answers.cannot_say:
        raise LookupError
    same = {"slot_id": thing.slot.id, "facet": parse_facet(body, terms).name}
    heard = parse_heard(body, terms) | {"language": parse_language(body, terms)}
    return Row(CannotSay, same, heard | _times(answer))


def _remark(thing: Thing, answer: Answer, body: dict[str, Any], terms: Protocol) -> Row:
    text = body.get("text")
    if not terms.answers.remarks:
        raise LookupError
    if not isinstance(text, str) or len(clean_remark(text)) > LONGEST_REMARK:
        raise InputError(
            _("A remark must be text of at most %(most)d characters.", most=LONGEST_REMARK)
        )
    same = {"assignment_id": thing.assignment.id, **heard_columns(thing)}
    return Row(Remark, same | {"text": clean_remark(text)}, _times(answer))


def _times(answer: Answer) -> dict[str, Any]:
    return {"given_at": answer.moment, "received_at": answer.received}


KINDS = {
    "grades": Kind("grade", "given_at", "sound", True, _grade),
    "preferences": Kind("prefer", "given_at", "block", True, _preference),
    "listens": Kind("listen", "started_at", "sound", False, _listen),
    "flags": Kind("flag", "given_at", "sound", False, _flag),
    "cannot-say": Kind("cannot_say", "given_at", "sound", True, _cannot_say),
    "remarks": Kind("remark", "given_at", "sound", False, _remark),
}
"""The last part of the address that such answers go to -> the kind."""


_SAME_QUESTION: dict[Any, tuple[Any, ...]] = {
    Judgement: (Judgement, CannotSay),
    CannotSay: (Judgement, CannotSay),
    Preference: (Preference,),
    Remark: (Remark,),
}
"""The tables with answers to the question that an answer is one to; of others none is the last."""


def answered_later(row: Row) -> bool:
    """Return whether a later answer to the same question is stored: that one counts.

    The last row counts, so an answer that comes out of its order must not be put after it.
    """
    given = ("grade", "choice", "text")
    place = {name: value for name, value in row.same.items() if name not in given}
    return any(
        db.session.scalar(
            sa.select(model.id)
            .filter_by(**place)
            .where(model.given_at > row.rest["given_at"])
            .limit(1)
        )
        is not None
        for model in _SAME_QUESTION.get(row.model, ())
    )
