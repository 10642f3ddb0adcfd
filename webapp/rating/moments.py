"""When an answer was given, by the server's clock, and whether a closed study takes it.

The rule: an answer that comes after the closing is taken for a day, if it was given before the
closing, and not before anything that the server already had from the same sitting: the page that it
is about, and the answers that the browser sent before, since a browser sends them in their order.
"""

from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.dialects import postgresql, sqlite

from embeddings.errors import InputError
from evaluation.keys import shown
from webapp.core.database import db, now
from webapp.models import LastAnswer, Rater, Study
from webapp.rating.tokens import Name, Thing

_LATEST = timedelta(days=1)
_LATELY = timedelta(hours=1)
"""Where answers of before came from is no news: the browser was closed since, or is elsewhere."""

_SLIGHT = timedelta(minutes=1)
"""A clock that is off by less is left as it is: what a message takes on its way is in it, too."""


def read_moment(text: object, key: str) -> datetime:
    """Return a moment that a browser says; raise InputError naming the key where it is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InputError(unreadable(key, text)) from error
    if moment.tzinfo is None:
        raise InputError(
            _("%(key)s must have a time zone, unlike %(value)s.", key=key, value=shown(text))
        )
    return moment


def unreadable(key: str, value: object) -> str:
    """Return that what an answer has under a key is not what has to be there."""
    return _(
        "An answer must be complete: %(key)s cannot be %(value)s.", key=key, value=shown(value)
    )


def server_moment(given: datetime, sent: datetime | None, received: datetime) -> datetime:
    """Return when an answer was given, by the server's clock: never later than `received`.

    Parameters
    ----------
    given, sent : by the browser's clock: when it was given, and when it was sent; None where the
        browser does not say so
    received : by the server's clock

    Raises OverflowError where there is no such moment.
    """
    off = received - sent if sent else timedelta()
    return min(given if abs(off) < _SLIGHT else given + off, received)


def takes(
    study: Study, name: Name, thing: Thing, given: datetime, *, in_order: bool = True
) -> bool:
    """Return whether a study takes the answer under a name that was given at that moment.

    `in_order` says that browsers send such answers one after the other, as they were given.
    """
    closed = study.closed_at
    if study.state == "open":
        return True
    if closed is None or study.imported or now() >= closed + _LATEST:
        return False
    last = db.session.get(LastAnswer, (name.rater, name.sitting)) if in_order else None
    if last and given < last.given_at - _SLIGHT:
        return False
    return is_since(name, thing, given) and given <= closed


def is_since(name: Name, thing: Thing, given: datetime) -> bool:
    """Return whether an answer is no older than its page, and than the block that it is in."""
    return max(name.since, thing.assignment.assigned_at) - _SLIGHT <= given


def last_elsewhere(rater: Rater, sitting: str) -> str:
    """Return when the rater's last answer was given, where that was lately and in another sitting.

    In ISO 8601, in UTC; "" where the last one is of this sitting, or there is none.
    """
    found = sa.select(LastAnswer).where(LastAnswer.rater_id == rater.id)
    last = db.session.scalar(found.order_by(LastAnswer.given_at.desc()).limit(1))
    if last is None or last.sitting == sitting or last.given_at < now() - _LATELY:
        return ""
    return last.given_at.isoformat()


def note_answer(name: Name, given: datetime) -> None:
    """Remember when the last answer of a sitting was given; the caller commits."""
    row = {"rater_id": name.rater, "sitting": name.sitting, "given_at": given}
    db.session.execute(_noting(db.engine.dialect.name), row)


@cache  # at every grade
def _noting(dialect: str) -> sa.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    noting = insert(LastAnswer.__table__)
    later = noting.excluded.given_at
    return noting.on_conflict_do_update(
        index_elements=["rater_id", "sitting"],
        set_={"given_at": later},
        where=LastAnswer.given_at < later,
    )
