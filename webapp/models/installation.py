"""Which data folder and which secret key belong to the database."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.database import UtcDateTime, db


class Installation(db.Model):
    """The one row of what this database is served with; see `webapp.core.machines.installation`.

    `folder` is the id that the data folder bears, `key` a fingerprint that tells nothing of the
    secret key itself.
    """

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    folder: Mapped[str]
    key: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
