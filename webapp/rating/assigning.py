"""Who judges what: blocks given to raters, least judged first, kept for a while, given back.

Everything here happens in a transaction that began as a writer (see :mod:`webapp.core.database`),
so that of one rater's tabs one is here at a time. Who counts what raters have, and who changes what
is counted, takes the study's turn first, so that raters who ask at the same moment get their blocks
one after the other.
"""

import math
import secrets
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from evaluation.protocol.terms import Protocol
from webapp.core.database import db, now, turn
from webapp.models import Assignment, Block, BlockItem, Candidate, Flag, Query, Rater, Slot

_WITH_QUERY = (sa.orm.joinedload(Block.query, innerjoin=True),)


def loads(study_id: int, at: datetime, *, practice: bool = False) -> list[tuple[int, int, int]]:
    """Return (block, query, raters who finished it or are at it) of all blocks of a study.

    An unfinished block counts for as long as it is kept for its rater.
    """
    taken = sa.or_(Assignment.finished_at.is_not(None), Assignment.lease_until > at)
    rows = db.session.execute(
        sa.select(Block.id, Block.query_id, sa.func.count(Assignment.id))
        .join(Block.query)
        .outerjoin(Assignment, sa.and_(Assignment.block_id == Block.id, taken))
        .where(Query.study_id == study_id, Query.practice.is_(practice))
        .group_by(Block.id, Block.query_id)
        .order_by(Block.id)
    )
    return [tuple(row) for row in rows]


def blocks_of(rater: Rater) -> list[Assignment]:
    """Return the rater's blocks as they were given, each with its query: all by one question."""
    if "assignments" in sa.inspect(rater).unloaded:
        found = sa.select(Assignment).where(Assignment.rater_id == rater.id)
        found = found.options(sa.orm.joinedload(Assignment.query, innerjoin=True))
        blocks = list(db.session.scalars(found.order_by(Assignment.id)))
        sa.orm.attributes.set_committed_value(rater, "assignments", blocks)
    return rater.assignments


def open_assignment(rater: Rater, *, renewing: bool = True) -> Assignment | None:
    """Return the rater's unfinished block, or None.

    One that was kept too long, and that others have taken since, is the rater's no more; the
    grades that were given in it stay. Else it is kept anew; not by who only reads, and so may not
    be `renewing`: then there is None.
    """
    at = now()
    for assignment in blocks_of(rater):
        if assignment.finished_at or assignment.query.practice:
            continue
        if _query_is_broken(assignment):
            continue
        if assignment.lease_until > at:
            return assignment
        if not renewing:
            return None
        turn(rater.study)
        if _wanted(assignment, now()):
            renew(assignment, rater.study.terms)
            db.session.commit()
            return assignment
    return None


def next_assignment(rater: Rater) -> Assignment | None:
    """Give the rater a new block and return it; None when there is none for this rater.

    It is the block that the fewest raters were given so far, of a query that this rater has not
    had. Among equals it is of a query that most of the others who may yet be given something have
    had, so that at the end nobody is left with what they know; then chance decides, so that raters
    do not all go the same way.
    """
    terms = rater.study.terms
    had = {one.query_id for one in blocks_of(rater)}
    if terms.sitting and rater.blocks_done >= terms.sitting:
        return None
    turn(rater.study)
    found = [
        (count, block, query)
        for block, query, count in loads(rater.study_id, now())
        if query not in had and (not terms.raters_per_query or count < terms.raters_per_query)
    ]
    if not found:
        return None
    fewest = min(count for count, *_ in found)
    equal = [(block, query) for count, block, query in found if count == fewest]
    known = _had_by_others(rater) if terms.sitting and len(equal) > 1 else {}
    most = max(known.get(query, 0) for _, query in equal)
    return assign(
        rater, secrets.choice([block for block, query in equal if known.get(query, 0) == most])
    )


def _had_by_others(rater: Rater) -> dict[int, int]:
    """Return, for queries, how many others had them whose sittings have room for more."""
    given = (
        sa.select(Assignment.rater_id, Assignment.query_id)
        .join(Query, Query.id == Assignment.query_id)
        .join(Rater, Rater.id == Assignment.rater_id)
        .where(
            Query.study_id == rater.study_id,
            Query.practice.is_(False),
            Rater.finished_at.is_(None),
            Rater.id != rater.id,
        )
        .cte("given")
    )
    going_on = (
        sa.select(given.c.rater_id)
        .group_by(given.c.rater_id)
        .having(sa.func.count() < rater.study.terms.sitting)
    )
    had = sa.select(given.c.query_id, sa.func.count()).where(given.c.rater_id.in_(going_on))
    found = db.session.execute(had.group_by(given.c.query_id))
    return {query: int(count) for query, count in found}


def given_practice(rater: Rater) -> Assignment | None:
    """Return the practice block that the rater was given, or None."""
    return next((one for one in blocks_of(rater) if one.query.practice), None)


def practice_assignment(rater: Rater) -> Assignment | None:
    """Return the rater's practice block, given now if need be; None where the study has none."""
    if given := given_practice(rater):
        return given
    blocks = loads(rater.study_id, now(), practice=True) if rater.study.terms.practice else []
    return assign(rater, blocks[0][0]) if blocks else None


def assign(rater: Rater, block_id: int) -> Assignment:
    """Give a block to a rater: fix the order of what is in it, and store it."""
    block = db.session.get_one(Block, block_id, options=_WITH_QUERY)
    terms = rater.study.terms
    seed = secrets.randbelow(2**31)
    slots = slots_of(block, terms, seed)
    assignment = Assignment(
        rater=rater,
        query=block.query,
        block=block,
        order_seed=seed,
        lease_until=now() + timedelta(minutes=terms.lease_minutes),
    )
    db.session.add(assignment)
    db.session.flush()
    # Others wait for this writer: all at once, and none as an object.
    rows = [slot | {"assignment_id": assignment.id} for slot in slots]
    if rows:
        db.session.execute(sa.insert(Slot.__table__), rows)  # type: ignore[arg-type]
    db.session.commit()
    return assignment


def renew(assignment: Assignment, terms: Protocol) -> None:
    """Keep a block for its rater from now on; the caller commits.

    Only when half of the time is over, so that not every grade writes two rows. A block that was
    kept too long, or recalled, stays with those who have it now.
    """
    if is_kept(assignment.lease_until, assignment.finished_at, terms):
        return
    turn(assignment.rater.study)
    at, whole = now(), timedelta(minutes=terms.lease_minutes)
    if assignment.lease_until > at or _wanted(assignment, at):
        assignment.lease_until = at + whole


def is_kept(lease_until: datetime, finished_at: datetime | None, terms: Protocol) -> bool:
    """Return whether a block need not be renewed: half of its time is left, or it is finished."""
    return finished_at is not None or (
        lease_until > now() + timedelta(minutes=terms.lease_minutes) / 2
    )


def recall(assignment: Assignment) -> None:
    """Give an unfinished block back, so that others get it; the rater's grades stay."""
    assignment.lease_until = now()
    db.session.commit()


def _query_is_broken(assignment: Assignment) -> bool:
    """Return whether the rater reported the block's query, so that nothing can be judged by it."""
    found = sa.select(Flag.id).where(
        Flag.assignment_id == assignment.id, Flag.slot_id.is_(None), Flag.candidate_id.is_(None)
    )
    return db.session.scalar(found.limit(1)) is not None


def _wanted(assignment: Assignment, at: datetime) -> bool:
    """Return whether an unfinished block that was kept too long still needs its rater."""
    wanted = assignment.rater.study.terms.raters_per_query
    count = next(
        count for block, _, count in loads(assignment.rater.study_id, at)
        if block == assignment.block_id
    )  # fmt: skip
    return not wanted or count < wanted


def slots_of(block: Block, terms: Protocol, seed: int) -> list[dict[str, Any]]:
    """Return the places of a block in the order that one rater gets, and those of its repeats.

    Each as the columns of its slot, all but the assignment.
    """
    rng = np.random.default_rng(seed)
    items = _items(block)
    if terms.method == "preference":
        # the sides change from rater to rater, from pair to pair and from query to query
        given = sa.select(sa.func.count(Assignment.id)).where(Assignment.block_id == block.id)
        turned = (block.query_id + block.number + (db.session.scalar(given) or 0)) % 2
        items = items[::-1] if turned else items
    else:
        items = [items[place] for place in rng.permutation(len(items))]
    pages = 1 if terms.method != "graded" else math.ceil(len(items) / terms.page)
    slots = []
    for page, part in enumerate(np.array_split(np.arange(len(items)), max(pages, 1)), 1):
        slots += [_slot(items[place], page, int(place) + 1) for place in part]
    if block.query.practice or not terms.controls.repeats:
        return slots
    results = [one for one in items if one.kind == "result"]
    again = min(terms.controls.repeats, len(results))
    for place in rng.choice(len(results), again, replace=False) if again else ():
        slots.append(_slot(results[place], pages + 1, len(slots) + 1, repeat=True))
    return slots


def _items(block: Block) -> list[Any]:
    """Return (candidate_id, system_id, the candidate's kind) of each thing in a block."""
    found = sa.select(BlockItem.candidate_id, BlockItem.system_id, Candidate.kind)
    found = found.outerjoin(BlockItem.candidate).where(BlockItem.block_id == block.id)
    return [*db.session.execute(found.order_by(BlockItem.id))]


def _slot(item: Any, page: int, position: int, *, repeat: bool = False) -> dict[str, Any]:
    return {
        "page": page, "position": position, "repeat": repeat,
        "candidate_id": item.candidate_id, "system_id": item.system_id,
    }  # fmt: skip
