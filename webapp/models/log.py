"""What was done, and whose hand it was."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.database import UtcDateTime, db, now


class LogEntry(db.Model):
    """One thing that was done. The database itself refuses to change or remove an entry.

    `who` is the name of an account, or "the command line" or "the rater"; `study` is the slug, and
    stays when the study is removed, "" for none. Nothing here tells one rater from another.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    who: Mapped[str]
    what: Mapped[str]
    study: Mapped[str] = mapped_column(default="", index=True)
    note: Mapped[str] = mapped_column(default="")
