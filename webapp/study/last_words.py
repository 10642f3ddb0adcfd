"""Which places have "I can't say" as the last word: no grade counts there."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from webapp.core.database import db
from webapp.models import Assignment, CannotSay, Judgement, Query, Slot, Study

Places = frozenset[tuple[int, str]]
"""(slot, facet) of each."""


def unsaid_at_last(study: Study) -> Places:
    """Return where a rater said last that there is nothing to say, by when answers came."""
    if not study.terms.answers.cannot_say:
        return frozenset()
    unsaid = _came(CannotSay, study)
    graded = _came(Judgement, study)
    return frozenset(one for one, came in unsaid.items() if one not in graded or graded[one] < came)


def _came(model: Any, study: Study) -> dict[tuple[int, str], datetime]:
    """Return when the last answer of each slot and facet came."""
    found = sa.select(model.slot_id, model.facet, sa.func.max(model.received_at)).join(model.slot)
    found = found.join(Slot.assignment).join(Assignment.query).where(Query.study_id == study.id)
    rows = db.session.execute(found.group_by(model.slot_id, model.facet))
    return {(slot, facet): came for slot, facet, came in rows}
