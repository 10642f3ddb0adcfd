"""The people of a study: how they come in, where they are on their way, how they leave."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import contains_eager

from embeddings.errors import InputError
from evaluation.keys import shown
from evaluation.protocol.terms import Question
from webapp.core.database import db, now, turn
from webapp.logbook import RATER, record
from webapp.models import (
    Assignment,
    Block,
    Browser,
    CannotSay,
    ExternalId,
    Flag,
    Judgement,
    LastAnswer,
    Listen,
    Preference,
    Query,
    Rater,
    Remark,
    Sitting,
    Slot,
    Study,
    Withdrawal,
)
from webapp.rating import assigning, headphones, trying
from webapp.rating.answers import Answered, answered

MOST_INVITED = 1000
LONGEST_ANSWER = 5000  # characters

# Asked at every grade or page: made once, and the study comes with its rater.
_LINKED = Study.slug == sa.bindparam("slug"), Rater.token == sa.bindparam("token")
_BY_LINK = sa.select(Rater).join(Rater.study).where(*_LINKED).options(contains_eager(Rater.study))
_QUERIES = (
    sa.select(sa.func.count(sa.distinct(Block.query_id)))
    .join(Block.query)
    .where(Query.study_id == sa.bindparam("study"), Query.practice.is_(False))
)
_NAMED = sa.select(Rater.id).join(Rater.study).where(*_LINKED)


@dataclass(frozen=True, slots=True)
class Step:
    """Where a rater is: the page to show, and the block and its page where there is one.

    `name` is "closed", "declined", "screened", "consent", "questions" (before or after: `when`),
    "sound", "headphones", "practice", "main", "repeat", "full" or "done". `answered` is what was
    answered in the block.
    """

    name: str
    assignment: Assignment | None = None
    page: int = 1
    when: str = ""
    answered: Answered = field(default_factory=Answered)


def find_rater(slug: str, token: str) -> Rater | None:
    """Return the rater whom a link names, or None; a draft has no raters yet."""
    return db.session.scalar(_BY_LINK, {"slug": slug, "token": token})


def is_in_use(slug: str, token: str) -> bool:
    """Return whether a link names a rater."""
    return db.session.scalar(_NAMED, {"slug": slug, "token": token}) is not None


def invite(study: Study, count: int) -> list[Rater]:
    """Add `count` raters to an open study and return them, each with a secret token."""
    if study.state != "open":
        raise InputError(
            f"The study {study.slug!r} is {study.state}; raters are invited to an open one."
        )
    if study.simulated:
        raise InputError(f"The study {study.slug!r} is simulated; nobody can be invited to it.")
    if not 1 <= count <= MOST_INVITED:
        raise InputError(f"The number of raters must be from 1 to {MOST_INVITED}, not {count}.")
    raters = new_raters(study, count)
    record("invited", study.slug, f"{count}")
    db.session.commit()
    return raters


def is_open(study: Study) -> bool:
    """Return whether a study takes answers today."""
    return study.state == "open" and not _is_past(study.terms.ends)


def where(rater: Rater) -> Step:
    """Return the step the rater is at, giving a new block where it is time for one."""
    if before := _before_judging(rater):
        return before
    practice = assigning.practice_assignment(rater)
    if practice and not practice.finished_at:
        return _at(practice, "practice")
    terms, step = rater.study.terms, _judging(rater)
    if step is None and terms.questionnaire.after and not rater.after and rater.blocks_done:
        return Step("questions", when="after")
    if step is None and not rater.blocks_done:
        return Step("full")
    if step is None:
        rater.finished_at = now()
        db.session.commit()
    return step or Step("done")


def standing(rater: Rater) -> Step | None:
    """Return the step the rater is at if that can be said by reading alone, or None.

    So whoever loads a page again, or comes back to a block, waits for nobody who writes.
    """
    if before := _before_judging(rater):
        return before if before.name != "headphones" or rater.drawn else None
    practice = assigning.given_practice(rater)
    if practice and not practice.finished_at:
        return _at(practice, "practice")
    if practice is None and rater.study.terms.practice:
        return None  # it may be time for one
    begun = assigning.open_assignment(rater, renewing=False)
    return _at(begun, "main") if begun else None


def _before_judging(rater: Rater) -> Step | None:
    """Return the step of a rater who is not judging yet, or not any more; else None."""
    terms = rater.study.terms
    if rater.declined_at:
        return Step("declined")
    if rater.screened_at:
        return Step("screened")
    if rater.finished_at:
        return Step("done")  # also later: the code is still there to be copied
    if not is_open(rater.study):
        return Step("done" if rater.blocks_done >= sitting_blocks(rater) else "closed")
    if terms.consent and not rater.consented_at:
        return Step("consent")
    if terms.questionnaire.before and not rater.before:
        return Step("questions", when="before")
    if terms.listening.sound_check and rater.study.tone and not rater.checked_at:
        return Step("sound")
    if terms.listening.headphones and not headphones.passed(rater):
        return Step("headphones")
    return None


def agree(rater: Rater, answer: bool) -> None:
    """Store whether the rater consents."""
    if answer:
        rater.consented_at, rater.declined_at = now(), None
    else:
        rater.declined_at = now()
    db.session.commit()


def answer_questions(
    rater: Rater, when: str, given: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Store the answers to a questionnaire, if they are whole; return (answers, id -> error)."""
    answers = given_answers(rater, when, given)
    questions = _questions(rater, when)
    errors = {one.id: error for one in questions if (error := _error(one, answers[one.id]))}
    if not errors:
        kept = {} if trying.kind_of(rater.token) == trying.PREVIEW else answers
        setattr(rater, when, json.dumps(kept, ensure_ascii=False, sort_keys=True))
        db.session.commit()
    return answers, errors


def given_answers(rater: Rater, when: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return what a form says in answer to a questionnaire, by the questions' ids, unchecked."""
    return {one.id: given.get(f"q-{one.id}", "").strip() for one in _questions(rater, when)}


def _questions(rater: Rater, when: str) -> tuple[Question, ...]:
    asked = rater.study.terms.questionnaire
    return asked.before if when == "before" else asked.after


def pass_sound_check(rater: Rater) -> None:
    """Store that the rater set the volume."""
    rater.checked_at = now()
    db.session.commit()


def may_withdraw(rater: Rater) -> bool:
    """Return whether the rater may still withdraw, by the protocol's date."""
    return not _is_past(rater.study.terms.withdrawal_until)


def withdraw(rater: Rater) -> int:
    """Remove the rater's rows, all of them; return how many judgements and choices went.

    A note stays of when it was and how many they were. Coverage opens again by itself.
    """
    if not may_withdraw(rater):
        raise InputError(
            _(
                "Withdrawal was possible until %(day)s; please write to the people who run the "
                "study.",
                day=rater.study.terms.withdrawal_until,
            )
        )
    assignments = sa.select(Assignment.id).where(Assignment.rater_id == rater.id)
    slots = sa.select(Slot.id).where(Slot.assignment_id.in_(assignments))
    turn(rater.study)  # for the numbers of those who come
    study_id, slug, rater_id, given = rater.study_id, rater.study.slug, rater.id, _answers(rater)
    for rows in (
        sa.delete(Judgement).where(Judgement.slot_id.in_(slots)),
        sa.delete(CannotSay).where(CannotSay.slot_id.in_(slots)),
        sa.delete(Remark).where(Remark.assignment_id.in_(assignments)),
        sa.delete(Preference).where(Preference.assignment_id.in_(assignments)),
        sa.delete(Listen).where(Listen.assignment_id.in_(assignments)),
        sa.delete(Flag).where(Flag.assignment_id.in_(assignments)),
        sa.delete(Slot).where(Slot.assignment_id.in_(assignments)),
        sa.delete(Assignment).where(Assignment.rater_id == rater_id),
        sa.delete(Sitting).where(Sitting.rater_id == rater_id),
        sa.delete(LastAnswer).where(LastAnswer.rater_id == rater_id),
        sa.delete(Browser).where(Browser.rater_id == rater_id),
        sa.delete(ExternalId).where(ExternalId.rater_id == rater_id),
        sa.delete(Rater).where(Rater.id == rater_id),
    ):
        db.session.execute(rows, execution_options=_PLAIN)
    db.session.add(Withdrawal(study_id=study_id, judgements=given))
    record("withdrew", slug, who=RATER)
    db.session.commit()
    db.session.expire_all()
    return given


def _answers(rater: Rater) -> int:
    """Return how many judgements and choices a rater gave, practice apart."""
    real = sa.select(Assignment.id).join(Assignment.query)
    real = real.where(Assignment.rater_id == rater.id, Query.practice.is_(False))
    slots = sa.select(Slot.id).where(Slot.assignment_id.in_(real))
    grades = sa.select(sa.func.count(Judgement.id)).where(Judgement.slot_id.in_(slots))
    choices = sa.select(sa.func.count(Preference.id)).where(Preference.assignment_id.in_(real))
    return (db.session.scalar(grades) or 0) + (db.session.scalar(choices) or 0)


_PLAIN: dict[str, Any] = {"synchronize_session": False}


def _judging(rater: Rater) -> Step | None:
    """Return the judging page the rater is at; None when there is nothing left to judge."""
    begun = assigning.open_assignment(rater)
    if begun:
        return _at(begun, "main")
    waiting = [one for one in rater.assignments if one.finished_at and not one.repeated_at]
    terms = rater.study.terms
    late = now() - timedelta(minutes=terms.controls.repeat_minutes)
    shortened = trying.kind_of(rater.token) == trying.PREVIEW and rater.blocks_done > 0
    due = [one for one in waiting if one.finished_at <= late or shortened]
    if due:
        return _at(due[0], "repeat")
    new = None if shortened else assigning.next_assignment(rater)
    if new:
        return Step("main", new)  # nobody waits while it is looked at
    return _at(waiting[0], "repeat") if waiting else None


def _at(assignment: Assignment, name: str) -> Step:
    """Return the step at the first page of a block that is not done."""
    repeat, terms = name == "repeat", assignment.rater.study.terms
    pages = [slot.page for slot in assignment.slots if slot.repeat == repeat]
    given = answered(assignment, terms)
    left = [slot.page for slot in given.left(assignment, terms) if slot.repeat == repeat]
    return Step(name, assignment, min(left, default=max(pages, default=1)), answered=given)


def sitting_blocks(rater: Rater) -> int:
    """Return how many blocks a whole sitting has: as many as asked for, or one a query."""
    queries = db.session.scalar(_QUERIES, {"study": rater.study_id}) or 0
    return min(rater.study.terms.sitting or queries, queries)


def new_raters(study: Study, count: int) -> list[Rater]:
    """Add raters to a study, each with a number and a secret token; the caller commits."""
    turn(study)
    last = sa.select(sa.func.max(Rater.number)).where(Rater.study_id == study.id)
    gone = sa.select(sa.func.count(Withdrawal.id)).where(Withdrawal.study_id == study.id)
    # with those who withdrew, so that nobody gets the number of somebody who did
    first = (db.session.scalar(last) or 0) + (db.session.scalar(gone) or 0) + 1
    raters = [
        Rater(study=study, number=number, token=secrets.token_urlsafe(18))
        for number in range(first, first + count)
    ]
    db.session.add_all(raters)
    return raters


def _is_past(day: str) -> bool:
    """Return whether `day`, the last one that counts, is over (UTC); "" never is."""
    return bool(day) and datetime.now(UTC).date() > date.fromisoformat(day)


def _error(question: Question, answer: str) -> str:
    """Return what is wrong with an answer, "" for nothing."""
    if not answer:
        return _("This must be answered.") if question.required else ""
    if len(answer) > LONGEST_ANSWER:
        return _(
            "An answer may have %(most)d characters, not %(given)d.",
            most=LONGEST_ANSWER,
            given=len(answer),
        )
    if question.kind == "choice" and answer not in question.choices:
        return _("Please choose one of the answers.")
    if question.kind == "number":
        try:
            float(answer)
        except ValueError:
            return _("This must be a number, not %(given)s.", given=shown(answer))
    return ""
