"""What a study's raters were given and gave, as `evaluation.records.events` describes it.

Practice is in none of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from evaluation.records.csv_tables import read_table
from evaluation.records.events import (
    AssignmentRecord,
    FlagRecord,
    JudgementRecord,
    ListenRecord,
    PreferenceRecord,
    SlotRecord,
    WithdrawalRecord,
)
from evaluation.records.facts import ListRecord, PoolRecord
from webapp.core.database import db
from webapp.models import (
    Assignment,
    Block,
    BlockItem,
    Candidate,
    CandidateSource,
    Flag,
    Judgement,
    Listen,
    Preference,
    Query,
    Slot,
    System,
    Withdrawal,
)
from webapp.models.study import Study
from webapp.study import frozen


def judgement_records(study: Study) -> Iterator[JudgementRecord]:
    """Yield every judgement in the order in which they came."""
    slots = {slot.id: (one, slot) for one in _assignments(study) for slot in one.slots}
    found = sa.select(Judgement).join(Judgement.slot).join(Slot.assignment).join(Assignment.query)
    judgements = db.session.scalars(found.where(*_counted(study)).order_by(Judgement.id)).all()
    last = {(given.slot_id, given.facet): given.id for given in judgements}
    ranks = _ranks(study)
    for given in judgements:
        assignment, slot = slots[given.slot_id]
        place = _place(assignment, slot)
        yield JudgementRecord(
            study=study.slug,
            **place,
            query_class=assignment.query.query_class,
            query_family=assignment.query.family,
            facet=given.facet,
            grade=given.grade,
            counts=last[given.slot_id, given.facet] == given.id,
            listened_seconds=given.listened_seconds,
            heard=given.heard,
            given_at=given.given_at,
            received_at=given.received_at,
            uuid=given.client_uuid,
            ranks=ranks.get((place["query"], place["candidate"]), {}),
        )


def reused_records(study: Study) -> list[JudgementRecord]:
    """Return the judgements of earlier studies that a study which extends one uses again.

    They are the first grades (no repeats) of the pairs of query and result that are marked as
    reused. Each keeps the study that it was made in, whose slug also stands before the rater's
    name; `ranks` are those of `study`'s systems.
    """
    if study.imported:
        text = frozen.read(study, frozen.REUSED).decode()
        return [one for _, one in read_table(JudgementRecord, text, frozen.REUSED)] if text else []
    parent = db.session.scalar(sa.select(Study).where(Study.slug == study.parent))
    if parent is None:
        return []
    reused = {
        (query.clip, one.clip) for query in study.queries for one in query.candidates if one.reused
    }
    ranks = _ranks(study)
    own = (replace(one, rater=f"{one.study}/{one.rater}") for one in judgement_records(parent))
    return [
        replace(one, ranks=ranks.get((one.query, one.candidate), {}))
        for one in (*reused_records(parent), *own)
        if one.kind == "result" and not one.repeat and (one.query, one.candidate) in reused
    ]


def preference_records(study: Study) -> Iterator[PreferenceRecord]:
    """Yield every choice between two lists in the order in which they came."""
    choices = _events(study, Preference)
    assignments = {one.id: one for one in _assignments(study)} if choices else {}
    last = {given.assignment_id: given.id for given in choices}
    for given in choices:
        one = assignments[given.assignment_id]
        list_a, list_b = (slot.system.ranking for slot in one.slots)
        yield PreferenceRecord(
            rater=one.rater.pseudonym,
            query=one.query.clip,
            query_class=one.query.query_class,
            query_family=one.query.family,
            block=one.block.number,
            list_a=list_a,
            list_b=list_b,
            choice=given.choice,
            preferred={"A": list_a, "B": list_b}.get(given.choice, ""),
            counts=last[given.assignment_id] == given.id,
            given_at=given.given_at,
            received_at=given.received_at,
            uuid=given.client_uuid,
        )


def listen_records(study: Study) -> Iterator[ListenRecord]:
    """Yield every stretch of listening in the order in which they came."""
    for given, place in _heard(study, Listen):
        yield ListenRecord(
            **place,
            seconds=given.seconds,
            started_at=given.started_at,
            received_at=given.received_at,
            uuid=given.client_uuid,
        )


def flag_records(study: Study) -> Iterator[FlagRecord]:
    """Yield every report of a broken sound in the order in which they came."""
    for given, place in _heard(study, Flag):
        yield FlagRecord(
            **place,
            given_at=given.given_at,
            received_at=given.received_at,
            uuid=given.client_uuid,
        )


def assignment_records(study: Study) -> Iterator[AssignmentRecord]:
    """Yield every block that a rater was given, in the order in which they were given."""
    for one in _assignments(study):
        yield AssignmentRecord(
            rater=one.rater.pseudonym,
            query=one.query.clip,
            block=one.block.number,
            order_seed=one.order_seed,
            assigned_at=one.assigned_at,
            finished_at=one.finished_at,
            repeated_at=one.repeated_at,
        )


def slot_records(study: Study) -> Iterator[SlotRecord]:
    """Yield every place in what raters were given, block by block, in their order."""
    for assignment in _assignments(study):
        for slot in assignment.slots:
            yield SlotRecord(**_place(assignment, slot))


def withdrawal_records(study: Study) -> Iterator[WithdrawalRecord]:
    """Yield what stays of those who withdrew, in order."""
    found = sa.select(Withdrawal).where(Withdrawal.study_id == study.id).order_by(Withdrawal.id)
    for one in db.session.scalars(found):
        yield WithdrawalRecord(one.withdrawn_at, one.judgements)


def pool_records(study: Study) -> Iterator[PoolRecord]:
    """Yield every candidate of every query, in their order."""
    for query in _queries(study):
        holders: dict[int | None, list[Block]] = {}
        for block in query.blocks:
            for item in block.items:
                holders.setdefault(item.candidate_id, []).append(block)
        for one in query.candidates or [None]:
            blocks = holders.get(one.id, []) if one else query.blocks
            yield PoolRecord(
                query=query.clip,
                query_class=query.query_class,
                query_family=query.family,
                weight=query.weight,
                block=";".join(str(block.number) for block in blocks),
                partial=any(block.partial for block in blocks),
                candidate=one.clip if one else "",
                kind=one.kind if one else "",
                reused=bool(one and one.reused),
                ranks={source.system.ranking: source.rank for source in one.sources} if one else {},
                scores={s.system.ranking: s.score for s in one.sources} if one else {},
            )


def list_records(study: Study) -> Iterator[ListRecord]:
    """Yield every list of every block in which lists are judged."""
    for query in _queries(study):
        for block in query.blocks:
            for item in block.items:
                if item.system:
                    yield ListRecord(query.clip, block.number, item.system.ranking)


def _queries(study: Study) -> list[Query]:
    """Return the queries of a study in their order, with all that belongs to them."""
    pool = sa.orm.selectinload(Query.candidates).selectinload(Candidate.sources)
    items = sa.orm.selectinload(Query.blocks).selectinload(Block.items)
    found = (
        sa.select(Query)
        .where(Query.study_id == study.id, Query.practice.is_(False))
        .options(pool.joinedload(CandidateSource.system), items.joinedload(BlockItem.system))
        .order_by(Query.id)
    )
    return list(db.session.scalars(found))


def _assignments(study: Study) -> Sequence[Assignment]:
    """Return what raters were given, in order, with the slots and all that a row says of them."""
    slots = sa.orm.selectinload(Assignment.slots)
    return db.session.scalars(
        sa.select(Assignment)
        .join(Assignment.query)
        .where(*_counted(study))
        .options(
            sa.orm.contains_eager(Assignment.query),
            sa.orm.joinedload(Assignment.block),
            sa.orm.joinedload(Assignment.rater),
            slots.joinedload(Slot.candidate),
            slots.joinedload(Slot.system),
        )
        # not by id alone: a study that was imported has its assignments rater by rater
        .order_by(Assignment.assigned_at, Assignment.id)
    ).all()


def _events(study: Study, model: Any) -> Sequence[Any]:
    """Return the rows of a table that has assignments, in order."""
    ours = sa.select(Assignment.id).join(Assignment.query).where(*_counted(study))
    found = sa.select(model).where(model.assignment_id.in_(ours)).order_by(model.id)
    return db.session.scalars(found).all()


def _heard(study: Study, model: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the rows of a table about sounds, each with the columns that say which sound it is."""
    events = _events(study, model)
    assignments = {one.id: one for one in _assignments(study)} if events else {}
    slots = {slot.id: slot for one in assignments.values() for slot in one.slots}
    within = {given.candidate_id for given in events} - {None}
    named = sa.select(Candidate.id, Candidate.clip).where(Candidate.id.in_(within))
    clips = dict(tuple(row) for row in db.session.execute(named)) if within else {}
    for given in events:
        slot = slots[given.slot_id] if given.slot_id else None
        place = _place(assignments[given.assignment_id], slot)
        if given.candidate_id:
            place["candidate"] = clips[given.candidate_id]
        yield given, place


def _counted(study: Study) -> tuple[sa.ColumnElement[bool], ...]:
    return Query.study_id == study.id, Query.practice.is_(False)


def _place(assignment: Assignment, slot: Slot | None) -> dict[str, Any]:
    """Return the columns that say what was judged or heard; without a slot it is the query."""
    candidate = slot and slot.candidate
    system = slot and slot.system
    return {
        "rater": assignment.rater.pseudonym,
        "query": assignment.query.clip,
        "block": assignment.block.number,
        "page": slot and slot.page,
        "position": slot and slot.position,
        "repeat": bool(slot and slot.repeat),
        "candidate": candidate.clip if candidate else "",
        "kind": candidate.kind if candidate else ("list" if slot else "query"),
        "list_of": system.ranking if system else "",
    }


def _ranks(study: Study) -> dict[tuple[str, str], dict[str, int]]:
    """Return (query, candidate) -> system -> rank; of results, as nothing else has one."""
    rows = db.session.execute(
        sa.select(Query.clip, Candidate.clip, System.ranking, CandidateSource.rank)
        .join(Candidate.query)
        .join(Candidate.sources)
        .join(CandidateSource.system)
        .where(System.study_id == study.id, System.anchor.is_(False))
    )
    ranks: dict[tuple[str, str], dict[str, int]] = {}
    for query, candidate, system, rank in rows:
        ranks.setdefault((query, candidate), {})[system] = rank
    return ranks
