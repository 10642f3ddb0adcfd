"""What the database has of each table of a study: one SELECT a table, and no row of practice.

A SELECT may find more than the table's columns: "id" is what others name a row by, "assignment_id"
and "candidate_id" name such rows. Text that few rows have is read once, by its id.
"""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from webapp.core.database import UtcDateTime, db
from webapp.models import (
    Assignment,
    Block,
    BlockItem,
    Candidate,
    CandidateSource,
    CannotSay,
    Flag,
    Judgement,
    Listen,
    Preference,
    Query,
    Rater,
    Remark,
    Slot,
    Study,
    System,
    Withdrawal,
)

if TYPE_CHECKING:
    import pandas as pd

_STUDY = sa.bindparam("study")
_COUNTED = Query.study_id == _STUDY, Query.practice.is_(False)
_LIST_OF = System.ranking.label("list_of")
_PLACE = Slot.assignment_id, Slot.candidate_id, Slot.page, Slot.position, Slot.repeat, _LIST_OF


def _of_sounds(model: Any, *columns: Any) -> sa.Select:
    """Return the SELECT of what is told of sounds: of places, or of the queries themselves."""
    return (
        sa.select(
            model.assignment_id, Slot.page, Slot.position, _LIST_OF,
            sa.func.coalesce(Slot.repeat, sa.false()).label("repeat"),
            sa.func.coalesce(model.candidate_id, Slot.candidate_id).label("candidate_id"),
            *columns, model.received_at, model.client_uuid.label("uuid"),
        )
        .select_from(model)
        .join(Assignment, model.assignment_id == Assignment.id)
        .join(Assignment.query)
        .outerjoin(Slot, model.slot_id == Slot.id)
        .outerjoin(Slot.system)
        .where(*_COUNTED)
        .order_by(model.id)
    )  # fmt: skip


def _list_shown(order: Any) -> sa.ScalarSelect:
    """Return whose list comes first in this order of the places of a choice."""
    shown = sa.select(System.ranking).join(Slot, Slot.system_id == System.id)
    shown = shown.where(Slot.assignment_id == Preference.assignment_id)
    return shown.order_by(order).limit(1).scalar_subquery()


_FIRST, _SECOND = _list_shown(Slot.position), _list_shown(Slot.position.desc())

# What stands for a query of which nothing was pooled, where others have a candidate.
_NOTHING = -Query.id

SELECTS: dict[str, sa.Select] = {
    "assignments": sa.select(
        Assignment.id, Rater.number, Query.clip.label("query"), Query.query_class,
        Query.family.label("query_family"), Block.number.label("block"), Assignment.order_seed,
        Assignment.assigned_at, Assignment.finished_at, Assignment.repeated_at,
    )
    .join(Assignment.rater)
    .join(Assignment.query)
    .join(Assignment.block)
    .where(*_COUNTED)
    # not by id alone: a study that was imported has its assignments rater by rater
    .order_by(Assignment.assigned_at, Assignment.id),
    "cannot_say": sa.select(
        CannotSay.slot_id, *_PLACE, CannotSay.facet, CannotSay.listened_seconds, CannotSay.heard,
        CannotSay.language, CannotSay.given_at, CannotSay.received_at,
        CannotSay.client_uuid.label("uuid"),
    )
    .join(CannotSay.slot)
    .join(Slot.assignment)
    .join(Assignment.query)
    .outerjoin(Slot.system)
    .where(*_COUNTED)
    .order_by(CannotSay.id),
    "flags": _of_sounds(Flag, Flag.given_at),
    "judgements": sa.select(
        Judgement.slot_id, *_PLACE, Judgement.facet, Judgement.grade, Judgement.listened_seconds,
        Judgement.heard, Judgement.language, Judgement.way, Judgement.taken_back,
        Judgement.given_at, Judgement.received_at, Judgement.client_uuid.label("uuid"),
    )
    .join(Judgement.slot)
    .join(Slot.assignment)
    .join(Assignment.query)
    .outerjoin(Slot.system)
    .where(*_COUNTED)
    .order_by(Judgement.id),
    "listens": _of_sounds(Listen, Listen.seconds, Listen.started_at),
    "lists": sa.select(Query.clip.label("query"), Block.number.label("block"), _LIST_OF)
    .select_from(Query)
    .join(Query.blocks)
    .join(Block.items)
    .join(BlockItem.system)
    .where(*_COUNTED)
    .order_by(Query.id, Block.number, BlockItem.id),
    "pools": sa.select(
        sa.func.coalesce(Candidate.id, _NOTHING).label("id"), Query.clip.label("query"),
        Query.query_class, Query.family.label("query_family"), Query.weight,
        Candidate.clip.label("candidate"), Candidate.kind,
        sa.func.coalesce(Candidate.reused, sa.false()).label("reused"),
    )
    .select_from(Query)
    .outerjoin(Query.candidates)
    .where(*_COUNTED)
    .order_by(Query.id, Candidate.id),
    "preferences": sa.select(
        Preference.assignment_id, _FIRST.label("list_a"), _SECOND.label("list_b"),
        Preference.choice, Preference.language, Preference.way,
        sa.case((Preference.choice == "A", _FIRST), (Preference.choice == "B", _SECOND), else_="")
        .label("preferred"),
        Preference.given_at, Preference.received_at, Preference.client_uuid.label("uuid"),
    )
    .join(Preference.assignment)
    .join(Assignment.query)
    .where(*_COUNTED)
    .order_by(Preference.id),
    "raters": sa.select(
        Rater.number, Rater.joined, Rater.invited_at, Rater.consented_at, Rater.declined_at,
        Rater.checked_at, Rater.screened_at, Rater.finished_at, Rater.headphones, Rater.hearing,
        Rater.before, Rater.after,
    )
    .where(Rater.study_id == _STUDY)
    .order_by(Rater.number),
    "remarks": _of_sounds(Remark, Remark.text.label("remark"), Remark.given_at),
    "slots": sa.select(*_PLACE)
    .join(Slot.assignment)
    .join(Assignment.query)
    .outerjoin(Slot.system)
    .where(*_COUNTED)
    .order_by(Assignment.assigned_at, Assignment.id, Slot.position),
    "withdrawals": sa.select(Withdrawal.withdrawn_at, Withdrawal.judgements)
    .where(Withdrawal.study_id == _STUDY)
    .order_by(Withdrawal.id),
}  # fmt: skip
"""By the name of the table in `evaluation.records.codebook.TABLES`."""

BLOCKS = (
    sa.select(
        sa.func.coalesce(BlockItem.candidate_id, _NOTHING).label("id"), Block.number, Block.partial
    )
    .join(Block.query)
    .outerjoin(Block.items)
    .where(*_COUNTED)
    .distinct()
    .order_by(Block.number)
)
"""Which blocks a candidate, or a query of which nothing was pooled, is in."""

SOURCES = (
    sa.select(
        CandidateSource.candidate_id, System.ranking, CandidateSource.rank, CandidateSource.score
    )
    .join(CandidateSource.system)
    .join(Candidate, Candidate.id == CandidateSource.candidate_id)
    .join(Candidate.query)
    .where(*_COUNTED)
)
"""At which rank, and with which score, each system returned a candidate."""


def read(query: sa.Select, study: Study, without: frozenset[str] = frozenset()) -> "pd.DataFrame":
    """Return what a SELECT finds of a study, but for the columns `without`.

    Moments come as they are stored: pandas reads them all at once.
    """
    import pandas as pd

    wanted = {
        name: sa.type_coerce(one, sa.String) if isinstance(one.type, UtcDateTime) else one
        for name, one in query.selected_columns.items()
        if name not in without
    }
    columns = [one.label(name) for name, one in wanted.items()]
    asked = query.with_only_columns(*columns)
    # past the session, which is slower
    rows = db.session.connection().execute(asked, {"study": study.id}).all()
    values = zip(*rows, strict=True) if rows else ((),) * len(wanted)
    return pd.DataFrame(dict(zip(wanted, values, strict=True)))
