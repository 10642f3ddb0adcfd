"""Who runs studies, and how they come in. Of secrets, digests alone are kept."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.database import UtcDateTime, db, now

SCOPES = ("scores", "results", "judgements")
"""What a token may open: collections with their rankings and scores; studies with the tables of
their results; their judgements, one by one."""

ROLES = ("owner", "viewer")
"""What an account may do: an owner changes studies, a viewer looks at them."""


class Account(db.Model):
    """Somebody who runs studies. A name is never another person's: the log speaks of it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("role IN ('owner', 'viewer')", name="role"),)


class SigninLink(db.Model):
    """A link that signs an account in, once."""

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_sha256: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()


class SigninSession(db.Model):
    """An account's being signed in on one browser, from a link to its end.

    `seen_at` is not that of every request: it is written once in some minutes. `browser` are a
    few words, such as "Firefox on Linux".
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    secret_sha256: Mapped[str] = mapped_column(unique=True)
    browser: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()


class AccessToken(db.Model):
    """What a script shows to read some of what its account may read, until a day.

    `scopes` are some of `SCOPES` with commas between; `study` is the slug of the one study whose
    data it opens, "" for all. `used_at` is written once in some minutes.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    token_sha256: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[str]
    study: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()
