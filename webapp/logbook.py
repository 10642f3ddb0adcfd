"""The log: who did what to a study, and when. Entries are added, and never changed or removed.

An entry names an account, the command line or "the rater", and nothing that tells raters apart.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from flask import g, has_request_context, request
from flask_babel import lazy_gettext
from flask_login import current_user

from evaluation.records.frames import table_csv
from webapp.core.database import db, writing
from webapp.core.jobs import HAND
from webapp.models import LogEntry

COMMAND_LINE = "the command line"
RATER = "the rater"

ACTS = {
    "created": lazy_gettext("created"),
    "changed": lazy_gettext("changed the draft"),
    "opened": lazy_gettext("opened"),
    "closed": lazy_gettext("closed"),
    "extended": lazy_gettext("extended"),
    "renamed": lazy_gettext("renamed"),
    "archived": lazy_gettext("archived"),
    "brought back": lazy_gettext("brought back from the archive"),
    "removed": lazy_gettext("removed"),
    "imported": lazy_gettext("imported"),
    "invited": lazy_gettext("invited raters"),
    "recalled": lazy_gettext("recalled a block"),
    "reissued": lazy_gettext("replaced a rater's link"),
    "took in": lazy_gettext("took in answers from files"),
    "forgot ids": lazy_gettext("forgot external ids"),
    "withdrew": lazy_gettext("withdrew"),
    "exported": lazy_gettext("exported"),
    "account added": lazy_gettext("added an account"),
    "account disabled": lazy_gettext("disabled an account"),
    "sessions ended": lazy_gettext("ended sessions"),
    "token made": lazy_gettext("made a token"),
    "token revoked": lazy_gettext("revoked a token"),
    "job started": lazy_gettext("started a job"),
    "job cancelled": lazy_gettext("cancelled a job"),
    "job resumed": lazy_gettext("resumed a job"),
    "installation accepted": lazy_gettext("accepted another data folder or secret key"),
}
"""What can be done -> its words on a page."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the log as log.csv has it."""

    at: Annotated[datetime, "when, UTC"]
    who: Annotated[
        str,
        "the name of an account, or `the command line` or `the rater`; `NAME by the token TOKEN` "
        "where a script had it",
    ]
    what: Annotated[str, f"one of {', '.join(ACTS)}"]
    study: Annotated[str, "the study's slug; empty for what is of no study"]
    note: Annotated[
        str, "which file, how many raters or answers, which account; empty where there is no more"
    ]


def hand() -> str:
    """Return whose hand is at work: an account's name, or what stands for one."""
    if has_request_context():
        if g.get("bearer"):
            return g.bearer.hand
        return current_user.name if current_user.is_authenticated else RATER
    return os.environ.get(HAND) or COMMAND_LINE


def record(what: str, study: str = "", note: str = "", *, who: str = "") -> None:
    """Add an entry to what the caller is about to commit: both are stored, or neither."""
    if what not in ACTS:
        raise ValueError(f"the log knows no {what!r}; it knows {', '.join(ACTS)}")
    db.session.add(LogEntry(who=who or hand(), what=what, study=study, note=note))


def exported(study: str, file: str) -> None:
    """Store that a file with a study's data leaves; who calls has read, and written nothing.

    Of a request that only looks whether there is one, nothing is stored.
    """
    if has_request_context() and request.method == "HEAD":
        return
    with writing():
        record("exported", study, file)


def entries(study: str = "", most: int | None = None) -> list[LogEntry]:
    """Return the entries, newest first: those of a study, or all; at most so many."""
    found = sa.select(LogEntry).order_by(LogEntry.id.desc()).limit(most)
    return list(db.session.scalars(found.where(LogEntry.study == study) if study else found))


def count(study: str = "") -> int:
    """Return how many entries there are, of a study or in all."""
    found = sa.select(sa.func.count(LogEntry.id))
    return db.session.scalar(found.where(LogEntry.study == study) if study else found) or 0


def log_csv(found: Iterable[LogEntry]) -> str:
    """Return entries as CSV, in the order given."""
    lines = [Line(one.at, one.who, one.what, one.study, one.note) for one in found]
    return table_csv(Line, lines)
