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
from evaluation.protocol.terms import Protocol
from webapp.core.database import db
from webapp.models import Flag, Judgement, Listen, Preference
from webapp.rating.answers import (
    CHOICES,
    Answer,
    heard_columns,
    parse_grade,
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
    moment, about : the keys of its body that say when it was and what it is about
    in_order : whether browsers send such answers one after the other, as they were given; the last
        one about a thing is then the one that counts
    row : what it comes to; raises LookupError where it is about no such thing, InputError where
        its body is wrong
    """

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


KINDS = {
    "grades": Kind("given_at", "sound", True, _grade),
    "preferences": Kind("given_at", "block", True, _preference),
    "listens": Kind("started_at", "sound", False, _listen),
    "flags": Kind("given_at", "sound", False, _flag),
}
"""The last part of the address that such answers go to -> the kind."""


def answered_later(row: Row) -> bool:
    """Return whether a later answer to the same question is stored: that one counts.

    The last row counts, so an answer that comes out of its order must not be put after it.
    """
    place = {name: value for name, value in row.same.items() if name not in ("grade", "choice")}
    if row.model not in (Judgement, Preference):
        return False
    later = sa.select(row.model.id).filter_by(**place)
    later = later.where(row.model.given_at > row.rest["given_at"])
    return db.session.scalar(later.limit(1)) is not None
