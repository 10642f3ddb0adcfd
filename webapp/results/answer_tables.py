"""What raters gave, as tables: grades, choices between lists, reports of broken sounds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from evaluation.records.events import FlagRecord, JudgementRecord, PreferenceRecord
from evaluation.records.frames import as_frame, column_kinds
from webapp.core.database import db
from webapp.models import (
    Assignment,
    Block,
    Candidate,
    Flag,
    Judgement,
    Preference,
    Query,
    Rater,
    Slot,
    Study,
    System,
)
from webapp.models.rater import pseudonym
from webapp.results.pool_tables import Pools, counted, read_columns

if TYPE_CHECKING:
    import pandas as pd


UNREAD = {
    "listened_seconds": Judgement.listened_seconds, "heard": Judgement.heard,
    "received_at": Judgement.received_at, "uuid": Judgement.client_uuid,
}  # fmt: skip
"""The columns of judgements that no analysis reads, and that take as long to read as the others."""


def judgements_frame(study: Study, pools: Pools, *, whole: bool = True) -> "pd.DataFrame":
    """Return every judgement in the order in which they came, as ``judgements.csv`` has them.

    What is used again of an earlier study is not in it. Without `whole`, the columns `UNREAD` are
    left out.
    """
    import pandas as pd

    unread = UNREAD.items() if whole else ()
    found = read_columns(
        sa.select(
            Judgement.slot_id, Slot.assignment_id, Slot.page, Slot.position, Slot.repeat,
            Slot.candidate_id, Slot.system_id, Judgement.facet, Judgement.grade,
            *_moments(Judgement.given_at),
            *(sa.type_coerce(one, sa.String).label(name) if name == "received_at"
              else one.label(name) for name, one in unread),
        )
        .join(Judgement.slot)
        .join(Slot.assignment)
        .join(Assignment.query)
        .where(*counted(study))
        .order_by(Judgement.id)
    )  # fmt: skip
    places = pd.DataFrame({"slot": found["slot_id"], "facet": found["facet"]})
    found |= _placed(study, found, np.ones(len(places), dtype=bool))
    found |= {"study": [study.slug] * len(places), "counts": ~places.duplicated(keep="last")}
    found |= pools.ranks_of(found["candidate_id"])
    kinds = column_kinds(JudgementRecord, pools.names["judgements"])
    return as_frame(JudgementRecord, found, pools.names["judgements"],
                    only=None if whole else kinds.keys() - UNREAD.keys())  # fmt: skip


def preferences_frame(study: Study) -> "pd.DataFrame":
    """Return every choice between two lists in the order in which they came."""
    import pandas as pd

    found = read_columns(
        sa.select(
            Preference.assignment_id, Preference.choice, *_moments(Preference.given_at),
            *_moments(Preference.received_at), Preference.client_uuid.label("uuid"),
        )
        .join(Preference.assignment)
        .join(Assignment.query)
        .where(*counted(study))
        .order_by(Preference.id)
    )  # fmt: skip
    lists: dict[int, list[str]] = {}
    shown = sa.select(Slot.assignment_id, System.ranking).join(Slot.system)
    shown = shown.join(Slot.assignment).join(Assignment.query).where(*counted(study))
    for assignment, ranking in db.session.execute(shown.order_by(Slot.position)):
        lists.setdefault(assignment, []).append(ranking)
    own = [lists[one] for one in found["assignment_id"]]
    found |= _assigned(study, found["assignment_id"])
    found["list_a"], found["list_b"] = [one[0] for one in own], [one[1] for one in own]
    sides = zip(found["choice"], own, strict=True)
    found["preferred"] = [dict(zip("AB", one, strict=True)).get(side, "") for side, one in sides]
    found["counts"] = ~pd.Series(found["assignment_id"], dtype="int64").duplicated(keep="last")
    return as_frame(PreferenceRecord, found)


def flags_frame(study: Study) -> "pd.DataFrame":
    """Return every report of a broken sound in the order in which they came."""
    found = read_columns(
        sa.select(
            Flag.assignment_id, Flag.slot_id, Slot.page, Slot.position, Slot.repeat,
            Slot.candidate_id, Slot.system_id, Flag.candidate_id.label("within"),
            *_moments(Flag.given_at), *_moments(Flag.received_at), Flag.client_uuid.label("uuid"),
        )
        .join(Assignment, Flag.assignment_id == Assignment.id)
        .join(Assignment.query)
        .outerjoin(Slot, Flag.slot_id == Slot.id)
        .where(*counted(study))
        .order_by(Flag.id)
    )  # fmt: skip
    found |= _placed(study, found, np.array([one is not None for one in found["slot_id"]]))
    found["repeat"] = [bool(one) for one in found["repeat"]]
    within = _candidates(study).at(found["within"])["candidate"]  # of a list: no slot's own
    found["candidate"] = [one or clip for one, clip in zip(within, found["candidate"], strict=True)]
    return as_frame(FlagRecord, found)


def _moments(column: Any) -> tuple[Any]:
    """Return a column of moments as it is stored: pandas reads them all at once."""
    return (sa.type_coerce(column, sa.String).label(column.key),)


class _Known:
    """A table of few rows, looked up by id for many: None stands for a row of blanks.

    Parameters
    ----------
    query : selects the column "id" and others, ordered by it
    """

    def __init__(self, query: sa.Select) -> None:
        self.columns = read_columns(query)
        self.ids = np.array(self.columns.pop("id"), dtype=np.int64)

    def at(self, ids: Sequence[int | None]) -> dict[str, Any]:
        """Return the columns with a value for each of `ids`."""
        import pandas as pd

        asked = np.fromiter((one or 0 for one in ids), dtype=np.int64, count=len(ids))
        place = np.where(asked > 0, np.searchsorted(self.ids, asked), len(self.ids))
        # Text of few rows is made once and taken often: pandas need not look at each value.
        return {
            name: pd.array([*values, ""], dtype="str").take(place)
            if not values or isinstance(values[0], str)
            else np.array([*values, 0])[place]
            for name, values in self.columns.items()
        }


def _assigned(study: Study, assignments: Sequence[int]) -> dict[str, Any]:
    """Return the columns that say whose block it was, one value for each of `assignments`."""
    known = _Known(
        sa.select(
            Assignment.id, Rater.number.label("rater"), Query.clip.label("query"),
            Query.query_class.label("query_class"), Query.family.label("query_family"),
            Block.number.label("block"),
        )
        .join(Assignment.rater)
        .join(Assignment.query)
        .join(Assignment.block)
        .where(*counted(study))
        .order_by(Assignment.id)
    )  # fmt: skip
    known.columns["rater"] = [pseudonym(one, study.simulated) for one in known.columns["rater"]]
    return known.at(assignments)


def _candidates(study: Study) -> _Known:
    pooled = sa.select(Candidate.id, Candidate.clip.label("candidate"), Candidate.kind)
    return _Known(pooled.join(Candidate.query).where(*counted(study)).order_by(Candidate.id))


def _placed(study: Study, found: dict[str, Any], slotted: np.ndarray) -> dict[str, Any]:
    """Return the columns that say what was judged or heard; without a slot it is the query."""
    systems = sa.select(System.id, System.ranking.label("list_of"))
    systems = systems.where(System.study_id == study.id).order_by(System.id)
    placed = {
        **_assigned(study, found["assignment_id"]),
        **_candidates(study).at(found["candidate_id"]),
        **_Known(systems).at(found["system_id"]),
    }
    other = np.where(slotted, "list", "query").astype(object)
    kinds = np.asarray(placed["kind"], dtype=object)
    return placed | {"kind": np.where(kinds == "", other, kinds)}
