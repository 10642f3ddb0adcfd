"""Answers that come late, in a file: checked against their study, and stored once each.

What holds for an answer that a browser sends holds here, too: it is about a place that was given
to its rater, within the scale, no older than its page, under an id of its own. Whose it is, the
link in its address says; where that link leads nowhere any more, its owner does, and the name of
its sound must agree. An answer after which its rater gave another one to the same question is not
stored: the last row counts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from embeddings.errors import InputError
from evaluation.keys import shown
from webapp.core.database import db, writing
from webapp.logbook import record
from webapp.models import Rater, Study
from webapp.rating.answer_files import KeptAnswer
from webapp.rating.answer_kinds import KINDS, Row, answered_later
from webapp.rating.answers import Answer, add_once, is_stored, parse_answer
from webapp.rating.moments import is_since
from webapp.rating.old_tokens import is_old, open_old_token
from webapp.rating.tokens import Name, Thing, find_thing, open_token, other_mark

Step = Callable[[], object]
"""Called after each answer that was looked at."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that can be stored: whose it is, and its row."""

    rater: str
    moment: datetime
    uuid: str
    row: Row


@dataclass(slots=True)
class Plan:
    """What taking in some answers comes to.

    Attributes
    ----------
    ready : what is to be stored, in the order in which it was given
    stored : how many are stored already
    refused : (where, why) of those that cannot be
    """

    ready: list[Ready] = field(default_factory=list)
    stored: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms answers are taken in.

    Attributes
    ----------
    rater : the pseudonym of whoever gave those whose link leads nowhere; "" where nobody says so
    keys : secret keys of before, by which names of sounds are opened, too
    after_closing : whether a closed study takes what was given before its closing
    """

    rater: str = ""
    keys: tuple[str, ...] = ()
    after_closing: bool = False


class _Not(Exception):
    """Why an answer is not taken in, in words."""


def check_study(study: Study, terms: Terms) -> None:
    """Raise InputError where a study takes no answers in."""
    if study.imported:
        raise InputError(f"The study {study.slug!r} was imported, and is as its bundle has it.")
    if study.simulated:
        raise InputError(f"The study {study.slug!r} is simulated; nobody answered in it.")
    if study.state == "draft":
        raise InputError(f"The study {study.slug!r} is a draft; nobody answered in it.")
    if study.state == "closed" and not terms.after_closing:
        raise InputError(
            f"The study {study.slug!r} was closed at {study.closed_at:%Y-%m-%d %H:%M} UTC; with "
            "--after-closing it takes in what was given before. Whoever has its results or its "
            "bundle has others then."
        )


def plan(study: Study, answers: Sequence[KeptAnswer], terms: Terms, step: Step = int) -> Plan:
    """Return what taking the answers in would come to. Nothing is stored."""
    check_study(study, terms)
    found, seen = Plan(), dict[str, Row]()
    raters = {rater.token: rater for rater in study.raters}
    for one in answers:
        try:
            ready = _checked(study, raters, one, terms)
            if _is_new(ready, seen):
                found.ready.append(ready)
            else:
                found.stored += 1
        except _Not as why:
            found.refused.append((one.where, str(why)))
        step()
    found.ready.sort(key=lambda ready: ready.moment)
    return found


def take_in(study: Study, answers: Sequence[KeptAnswer], terms: Terms, step: Step = int) -> Plan:
    """Store the answers that can be, all or none, with a line in the log; return what was done."""
    slug = study.slug
    with writing():
        study = db.session.scalars(sa.select(Study).where(Study.slug == slug)).one()
        done = plan(study, answers, terms, step)
        for one in done.ready:
            add_once(one.row.model, one.uuid, one.row.same, one.row.rest)
        if done.ready:
            late = ", after the closing" if study.state == "closed" else ""
            record("took in", slug, f"{counted(len(done.ready))}{late}")
    return done


def counted(count: int) -> str:
    """Return how many answers there are, in words."""
    return "1 answer" if count == 1 else f"{count} answers"


def _checked(study: Study, raters: dict[str, Rater], kept: KeptAnswer, terms: Terms) -> Ready:
    if kept.wrong:
        raise _Not(kept.wrong)
    if kept.slug != study.slug:
        raise _Not(f"it is of the study {shown(kept.slug)}")
    how = KINDS[kept.kind]
    try:
        body = kept.body
        if isinstance(body, dict):  # sent_at: the clock that its moment is by
            body = body | {"sent_at": kept.refused if kept.seen else None}
        answer = parse_answer(body, how.moment, how.about, seen=kept.seen)
        rater, name, thing = _place(study, raters, kept, answer, terms)
        _check_moment(study, name, thing, answer)
        row = how.row(thing, answer, body, study.terms)
    except InputError as error:
        raise _Not(str(error).removesuffix(".")) from error
    except LookupError as error:
        raise _Not("nothing of that kind is asked there") from error
    return Ready(rater.pseudonym, answer.moment, answer.uuid, row)


def _place(
    study: Study, raters: dict[str, Rater], kept: KeptAnswer, answer: Answer, terms: Terms
) -> tuple[Rater, Name, Thing]:
    """Return whose an answer is and what it is about."""
    rater = raters.get(kept.token)
    stated = next((one for one in study.raters if one.pseudonym == terms.rater), None)
    if rater and stated and rater is not stated:
        raise _Not(f"its link is that of {rater.pseudonym}, not of {stated.pseudonym}")
    rater = rater or stated
    names = _names(rater, study, answer.sound, terms)
    if rater is None:
        whose = next((one.pseudonym for one in study.raters for name in names
                      if one.id == name.rater), "")  # fmt: skip
        hint = f" Its sound was given to {whose}." if whose else ""
        raise _Not(
            "its link leads nowhere: it was replaced, or its rater withdrew. "
            f"Whose it is, --rater says.{hint}".removesuffix(".")
        )
    if not names:
        if other_mark(answer.sound):
            raise _Not("another secret_key made its page: --key names the file with that key")
        raise _Not("its sound is none of this study's, or another secret_key made its page")
    for name in names:
        thing = find_thing(rater, name)
        if thing:
            return rater, name, thing
    raise _Not(f"its sound was not given to {rater.pseudonym}")


def _names(rater: Rater | None, study: Study, sound: str, terms: Terms) -> list[Name]:
    """Return what the name of a sound says, by the app's key and by those of before."""
    found: Iterator[Name | None]
    if is_old(sound):
        owners = [rater] if rater else study.raters
        found = (open_old_token(one, sound, key) for key in ("", *terms.keys) for one in owners)
    else:
        found = (open_token(sound, key) for key in ("", *terms.keys))
    return [name for name in found if name]


def _check_moment(study: Study, name: Name, thing: Thing, answer: Answer) -> None:
    if not is_since(name, thing, answer.moment):
        raise _Not("it is dated before its rater had that page")
    if study.state == "closed" and study.closed_at and answer.moment > study.closed_at:
        raise _Not("it was given after the closing")


def _is_new(ready: Ready, seen: dict[str, Row]) -> bool:
    """Return whether an answer is neither stored nor another one of this plan's."""
    row, before = ready.row, seen.get(ready.uuid)
    known: Any = before and (before.model, before.same) == (row.model, row.same)
    if before is None:
        known = is_stored(row.model, ready.uuid, row.same)
    if known is None or (before and not known):
        raise _Not("another answer has its id already")
    if not known and answered_later(row):
        raise _Not(f"{ready.rater} answered the same question later, and that is stored")
    seen[ready.uuid] = row
    return not known
