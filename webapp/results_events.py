"""What raters gave, as tables: grades, choices between lists, reports of broken sounds."""

from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from evaluation.exchange import FlagRecord, JudgementRecord, PreferenceRecord
from evaluation.study_frames import as_frame
from webapp.database import db
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
from webapp.results_pools import Pools, counted, read_columns

if TYPE_CHECKING:
    import pandas as pd


def judgements_frame(study: Study, pools: Pools) -> "pd.DataFrame":
    """Return every judgement in the order in which they came, as ``judgements.csv`` has them.

    What is used again of an earlier study is not in it.
    """
    import pandas as pd

    found = read_columns(
        sa.select(
            Judgement.slot_id, Slot.assignment_id, Slot.page, Slot.position, Slot.repeat,
            Slot.candidate_id, Slot.system_id, Judgement.facet, Judgement.grade,
            Judgement.listened_seconds, Judgement.heard, *_moments(Judgement.given_at),
            *_moments(Judgement.received_at), Judgement.client_uuid.label("uuid"),
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
    found |= dict(pools.ranks(pd.Series(found["query"]), pd.Series(found["candidate"])))
    return as_frame(JudgementRecord, found, pools.names["judgements"])


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
    if any(found["within"]):  # a sound of a list, which is no slot's own
        clips = _by_id(study)[0]
        found["candidate"] = [
            clips[one][0] if one else clip
            for one, clip in zip(found["within"], found["candidate"], strict=True)
        ]
    return as_frame(FlagRecord, found)


def _moments(column: Any) -> tuple[Any]:
    """Return a column of moments as it is stored: pandas reads them all at once."""
    return (sa.type_coerce(column, sa.String).label(column.key),)


def _assigned(study: Study, assignments: tuple[int, ...]) -> dict[str, list[Any]]:
    """Return the columns that say whose block it was, one value for each of `assignments`."""
    rows = db.session.execute(
        sa.select(
            Assignment.id, Rater.number, Query.clip, Query.query_class, Query.family, Block.number
        )
        .join(Assignment.rater)
        .join(Assignment.query)
        .join(Assignment.block)
        .where(*counted(study))
    )
    known = {one: (pseudonym(number, study.simulated), *rest) for one, number, *rest in rows}
    names = ("rater", "query", "query_class", "query_family", "block")
    own = [known[one] for one in assignments]
    return {name: [one[place] for one in own] for place, name in enumerate(names)}


def _by_id(study: Study) -> tuple[dict[int, tuple[str, str]], dict[int, str]]:
    """Return clip and kind of every candidate, and the ranking of every system."""
    pooled = sa.select(Candidate.id, Candidate.clip, Candidate.kind).join(Candidate.query)
    systems = sa.select(System.id, System.ranking).where(System.study_id == study.id)
    return (
        {
            one: (clip, kind)
            for one, clip, kind in db.session.execute(pooled.where(*counted(study)))
        },
        dict(tuple(row) for row in db.session.execute(systems)),
    )


def _placed(study: Study, found: dict[str, Any], slotted: np.ndarray) -> dict[str, list[Any]]:
    """Return the columns that say what was judged or heard; without a slot it is the query."""
    candidates, systems = _by_id(study)
    none = ("", "")
    judged = [candidates.get(one, none) for one in found["candidate_id"]]
    kinds = [
        kind or ("list" if slot else "query")
        for (_, kind), slot in zip(judged, slotted.tolist(), strict=True)
    ]
    return {
        **_assigned(study, found["assignment_id"]),
        "candidate": [clip for clip, _ in judged],
        "kind": kinds,
        "list_of": [systems.get(one, "") for one in found["system_id"]],
    }
