"""How the experimenter comes in."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.database import UtcDateTime, db, now


class SigninLink(db.Model):
    """A link that signs the experimenter in, once. Only its digest is kept."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
