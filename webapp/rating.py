"""What a rater is given and gives: blocks, orders, opaque tokens, grades. No HTTP in here."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite

from embeddings.errors import InputError
from webapp.database import db, now
from webapp.models import Assignment, Candidate, Judgement, Query, Rater, Sitting, Study

_TOKEN = re.compile(r"[0-9a-f]{32}")


def find_rater(slug: str, token: str) -> Rater | None:
    """Return the rater whom a link names, or None; a draft has no raters yet."""
    return db.session.scalar(
        sa.select(Rater).join(Rater.study).where(Study.slug == slug, Rater.token == token)
    )


def start_sitting(rater: Rater) -> Sitting:
    """Store and return a new sitting of `rater`."""
    sitting = Sitting(rater_id=rater.id)
    db.session.add(sitting)
    db.session.commit()
    return sitting


def current_assignment(rater: Rater) -> Assignment | None:
    """Return the block the rater is at: the one begun, else a new one; None when all are done.

    A new block is the query that the fewest raters were given so far; among equals, chance
    decides, so that raters do not all go the same way.
    """
    begun = db.session.scalar(
        sa.select(Assignment)
        .where(Assignment.rater_id == rater.id, Assignment.finished_at.is_(None))
        .order_by(Assignment.id)
    )
    if begun:
        return begun
    had = sa.select(Assignment.query_id).where(Assignment.rater_id == rater.id)
    given = sa.func.count(Assignment.id)
    open_queries = db.session.execute(
        sa.select(Query.id, given)
        .outerjoin(Assignment, Assignment.query_id == Query.id)
        .where(Query.study_id == rater.study_id, Query.id.not_in(had))
        .group_by(Query.id)
    ).all()
    if not open_queries:
        return None
    fewest = min(count for _, count in open_queries)
    query_id = secrets.choice([query for query, count in open_queries if count == fewest])
    assignment = Assignment(
        rater_id=rater.id, query_id=query_id, order_seed=secrets.randbelow(2**31)
    )
    db.session.add(assignment)
    db.session.commit()
    return assignment


def ordered_candidates(assignment: Assignment) -> list[Candidate]:
    """Return the block's candidates in the order this rater hears them, fixed by its seed."""
    candidates = assignment.query.candidates
    order = np.random.default_rng(assignment.order_seed).permutation(len(candidates))
    return [candidates[place] for place in order]


def sound_token(sitting: Sitting, thing: Query | Candidate) -> str:
    """Return the opaque name of a query's or candidate's sound in one sitting.

    It says nothing of the clip and is another one for every rater and every sitting.
    """
    message = f"{sitting.id}:{type(thing).__name__}:{thing.id}"
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()[:32]


def find_sound(rater: Rater, token: str) -> tuple[Assignment, Query | Candidate] | None:
    """Return what a token of any of the rater's sittings stands for, or None.

    Older sittings count too: a grade that waited in a closed tab carries its old token.
    """
    if not _TOKEN.fullmatch(token):
        return None
    sittings = db.session.scalars(
        sa.select(Sitting).where(Sitting.rater_id == rater.id).order_by(Sitting.id.desc())
    ).all()
    for assignment in reversed(rater.assignments):
        for thing in (assignment.query, *assignment.query.candidates):
            for sitting in sittings:
                if hmac.compare_digest(sound_token(sitting, thing), token):
                    return assignment, thing
    return None


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade as a rater's browser sends it."""

    sound: str
    grade: int
    uuid: str
    given_at: datetime
    listened_seconds: float


def parse_grade(body: Any, allowed: Sequence[int]) -> Grade:
    """Return the grade that a JSON body says; raise InputError naming what is wrong with it."""
    if not isinstance(body, dict):
        raise InputError("A grade must be one JSON object.")
    try:
        sound, grade, uuid = str(body["sound"]), body["grade"], str(UUID(str(body["uuid"])))
        given_at = datetime.fromisoformat(str(body["given_at"]))
        listened = float(body["listened_seconds"])
    except KeyError as error:
        raise InputError(f"A grade must have {error}.") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"A grade must be complete: {error}.") from error
    if type(grade) is not int or grade not in allowed:
        raise InputError(f"The grade must be one of {', '.join(map(str, allowed))}, not {grade!r}.")
    if given_at.tzinfo is None:
        raise InputError(f"given_at must have a time zone, not {body['given_at']!r}.")
    if not 2000 <= given_at.year <= 2999:
        raise InputError(f"given_at must be from 2000 on, not {body['given_at']!r}.")
    if not 0 <= listened < 1e6:
        raise InputError(f"listened_seconds must be from 0 to 1000000, not {listened!r}.")
    return Grade(sound, grade, uuid, given_at, listened)


def store_grade(rater: Rater, assignment: Assignment, candidate: Candidate, grade: Grade) -> bool:
    """Store a grade, once however often it is sent, and return only when it is on disk.

    Returns False, and stores nothing, where the grade's UUID is that of another grade.
    """
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    order = [other.id for other in ordered_candidates(assignment)]
    added = db.session.execute(
        dialect.insert(Judgement)
        .values(
            rater_id=rater.id,
            candidate_id=candidate.id,
            grade=grade.grade,
            client_uuid=grade.uuid,
            position=order.index(candidate.id) + 1,
            listened_seconds=grade.listened_seconds,
            given_at=grade.given_at,
            received_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["client_uuid"])
    )
    db.session.commit()
    if added.rowcount:
        return True
    stored = db.session.scalar(sa.select(Judgement).where(Judgement.client_uuid == grade.uuid))
    same = (stored.rater_id, stored.candidate_id, stored.grade)
    return same == (rater.id, candidate.id, grade.grade)


def grades_given(rater: Rater, assignment: Assignment) -> dict[int, int]:
    """Return candidate id -> the rater's last grade, for the candidates of one block."""
    rows = db.session.execute(
        sa.select(Judgement.candidate_id, Judgement.grade)
        .join(Judgement.candidate)
        .where(Judgement.rater_id == rater.id, Candidate.query_id == assignment.query_id)
        .order_by(Judgement.id)
    )
    return {row.candidate_id: row.grade for row in rows}


def finish(rater: Rater, assignment: Assignment) -> int:
    """Finish a block if all its candidates are graded; return how many are not.

    A block that was finished before stays so.
    """
    missing = len(assignment.query.candidates) - len(grades_given(rater, assignment))
    if not missing and not assignment.finished_at:
        assignment.finished_at = now()
        db.session.commit()
    return missing
