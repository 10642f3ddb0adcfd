"""Links of those who try a draft: a rehearsal, whose answers lie apart, or a preview, without any.

A preview goes the whole way with one query, and nothing that is answered in it is stored; only
where it is.
"""

from webapp.core.database import db, now
from webapp.core.machines import rehearsal_tables
from webapp.models import Assignment

PREVIEW, REHEARSAL = "preview", "rehearsal"
_KINDS = (PREVIEW, REHEARSAL)


def kind_of(token: str) -> str:
    """Return what a link is for: `PREVIEW`, `REHEARSAL`, or "" for a rater's own."""
    kind, dash, _ = token.partition(".")
    return kind if dash and kind in _KINDS else ""


def enter(slug: str, token: str) -> bool:
    """Let a request by such a link work in the rehearsal's tables; False where there are none."""
    return not kind_of(token) or rehearsal_tables.enter(db, slug)


def finish_page(assignment: Assignment, page: int) -> int:
    """Go on from a page of a preview, whatever is answered; return the next page, 0 for none."""
    pages = {slot.page for slot in assignment.slots if not slot.repeat}
    if page < max(pages):
        return page + 1
    if page in pages:
        assignment.finished_at = now()
    if page not in pages or not any(slot.repeat for slot in assignment.slots):
        assignment.repeated_at = now()
    db.session.commit()
    return 0
