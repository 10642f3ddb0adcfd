"""Long work that was asked for on a page."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.database import UtcDateTime, db, now


class Job(db.Model):
    """One piece of long work, which a process of its own does; see `webapp.work`.

    Attributes
    ----------
    kind, arguments : what is done, and with what, as JSON
    place : what no two jobs work on at once, such as "collection small"
    state : "waiting" for its turn, "running", "cancelling", and then "done", "stopped" or "failed".
        Whether a process is there at all is told by its lock alone
    who : the account that asked for it, or the command line
    created_at, started_at, ended_at : of the last try; none where it has not come to that
    doing, unit, done, total, seconds_left : how far it is, as `embeddings.progress.Step` has it
    message : how it ended, in a sentence
    result : what came of it, as JSON
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    arguments: Mapped[str]
    place: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    who: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    doing: Mapped[str] = mapped_column(default="")
    unit: Mapped[str] = mapped_column(default="")
    done: Mapped[float] = mapped_column(default=0.0)
    total: Mapped[float] = mapped_column(default=0.0)
    seconds_left: Mapped[float | None]
    message: Mapped[str] = mapped_column(default="")
    result: Mapped[str] = mapped_column(default="{}")

    __table_args__ = (Index("ix_job_state_place", "state", "place"),)
