"""How an answer is stored: once however often it comes, if its study takes it, and then told."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.core.database import db
from webapp.core.languages.choosing import offer
from webapp.core.metrics import count_answer
from webapp.models import Assignment, Rater, Slot, Study
from webapp.models.study import terms_of
from webapp.rating.answer_kinds import KINDS, Row, answered_later, grade_row
from webapp.rating.answers import Answer, add_once, is_stored
from webapp.rating.assigning import is_kept, renew
from webapp.rating.moments import is_since, note_answer, takes
from webapp.rating.tokens import SLOT, Name, Thing

_slots, _blocks, _raters, _studies = (model.__table__ for model in (Slot, Assignment, Rater, Study))
_PLACE = (
    sa.select(_studies.c.protocol, _blocks.c.lease_until, _blocks.c.finished_at)
    .select_from(_slots)
    .join(_blocks, _blocks.c.id == _slots.c.assignment_id)
    .join(_raters, _raters.c.id == _blocks.c.rater_id)
    .join(_studies, _studies.c.id == _raters.c.study_id)
    .where(
        _slots.c.id == sa.bindparam("slot"),
        _raters.c.id == sa.bindparam("rater"),
        _raters.c.token == sa.bindparam("token"),
        _studies.c.slug == sa.bindparam("slug"),
        _studies.c.state == "open",
    )
)


def store_plainly(
    link: tuple[str, str], name: Name, given: Answer, kind: str, body: dict[str, Any]
) -> str | None:
    """Store a grade as nearly all are, as `store` would; None where there is more to be looked at.

    All others wait while a grade is stored, so what is known of its place comes by one question,
    and no row becomes an object. `link` is the slug and the token that it came by.
    Raises InputError where its body is wrong.
    """
    if kind != "grades" or name.kind != SLOT or body.get("kept"):
        return None
    named = {"slug": link[0], "token": link[1], "rater": name.rater, "slot": name.number}
    found = db.session.connection().execute(_PLACE, named).first()
    if found is None:
        return None
    terms = terms_of(found.protocol)
    offer(terms.languages)
    if not is_kept(found.lease_until, found.finished_at, terms):
        return None
    row = grade_row(name.number, given, body, terms)
    note_answer(name, given.moment)
    return _add(row, given)


def store(
    study: Study, name: Name, thing: Thing, given: Answer, kind: str, body: dict[str, Any]
) -> str:
    """Store an answer, and return ""; or return why it cannot be stored.

    A body with `kept` was refused before, and comes out of its order.
    Raises LookupError where it is about nothing of the rater's, InputError where it is wrong.
    """
    how, terms = KINDS[kind], study.terms
    row = how.row(thing, given, body, terms)
    in_time = takes(study, name, thing, given.moment, in_order=how.in_order)
    if (body.get("kept") or not in_time) and is_stored(row.model, given.uuid, row.same):
        return ""
    if not in_time:
        return _("The study is closed; it takes no more grades.")
    if body.get("kept") and not is_since(name, thing, given.moment):
        raise LookupError  # the place was somebody else's then
    if body.get("kept") and answered_later(row):
        return _("You answered this once more later, and that answer is stored.")
    if how.in_order:
        note_answer(name, given.moment)
        renew(thing.assignment, terms)
    return _add(row, given)


def _add(row: Row, given: Answer) -> str:
    """Add an answer and commit; return "", or that another one has its id."""
    is_new = add_once(row.model, given.uuid, row.same, row.rest)
    db.session.commit()
    if is_new:
        count_answer(row.model.__tablename__)
    elif not is_stored(row.model, given.uuid, row.same):
        return _("Another answer has this answer's id already.")
    return ""
