"""Being signed in: a row here, and its secret in the browser's cookie. What counts is the row."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from flask import Flask, current_app, g
from flask_login import AnonymousUserMixin, UserMixin, current_user

from webapp.core.database import db, is_ready, now, writing
from webapp.core.extensions import login
from webapp.logbook import record
from webapp.models import Account, SigninSession

SEEN_EVERY = timedelta(minutes=5)
"""How often it is written down that a session is used."""

KEPT = timedelta(days=30)
"""For how long a session that is over is still listed."""


class Stranger(AnonymousUserMixin):
    """Whoever is not signed in."""

    may_change = False


@dataclass(frozen=True, eq=False)
class SignedIn(UserMixin):
    """Who is signed in on this browser; `secret` is what the browser's cookie holds."""

    secret: str
    session: int
    account: int
    name: str
    role: str

    @property
    def may_change(self) -> bool:
        """Whether this is an owner."""
        return self.role == "owner"

    def get_id(self) -> str:
        """Return what Flask-Login puts into its cookies: the secret alone."""
        return self.secret


def init_app(app: Flask) -> None:
    """Tell Flask-Login who is signed in, and for how long a browser keeps its cookie."""
    login.anonymous_user = Stranger
    login.user_loader(load)
    app.config["REMEMBER_COOKIE_DURATION"] = timedelta(days=app.config["SETTINGS"]["signin_days"])
    app.jinja_env.globals["current_user"] = current_user
    app.before_request(_note_seen)  # after the guard, which was registered before


def begin(account: Account, user_agent: str) -> SignedIn:
    """Begin a session under a new secret; the caller commits. Sessions long over are removed."""
    secret = secrets.token_urlsafe(32)
    over = sa.or_(SigninSession.ended_at < now() - KEPT, SigninSession.made_at < oldest() - KEPT)
    db.session.execute(sa.delete(SigninSession).where(over))
    session = SigninSession(
        account=account, secret_sha256=digest(secret), browser=browser_words(user_agent)
    )
    db.session.add(session)
    db.session.flush()
    return SignedIn(secret, session.id, account.id, account.name, account.role)


def load(secret: str) -> SignedIn | None:
    """Return who is signed in by a secret; None where the session is over, or the account is."""
    if not is_ready():
        return None
    found = db.session.execute(
        sa.select(
            SigninSession.id, SigninSession.seen_at, Account.id, Account.name, Account.role
        )
        .join(SigninSession.account)
        .where(
            SigninSession.secret_sha256 == digest(secret),
            *_good(),
            Account.disabled_at.is_(None),
        )
    ).first()  # fmt: skip
    if found is None:
        return None
    session, seen, *account = found
    if seen < now() - SEEN_EVERY:
        g.unseen = session
    return SignedIn(secret, session, *account)


def running(account: int | None = None) -> list[SigninSession]:
    """Return the sessions that are not over, of an account or all; used last comes first."""
    found = sa.select(SigninSession).where(*_good()).order_by(SigninSession.seen_at.desc())
    if account is not None:
        found = found.where(SigninSession.account_id == account)
    return list(db.session.scalars(found))


def end(**which: int) -> int:
    """End the sessions that are not over, of an `account_id` or an `id`; return how many.

    The caller commits.
    """
    ended = db.session.execute(
        sa.update(SigninSession)
        .filter_by(**which)
        .where(*_good())
        .values(ended_at=now())
        .execution_options(synchronize_session=False)
    )
    return ended.rowcount


def revoke(whose: str, **which: int) -> int:
    """End sessions as `end` does, and store that, with a word of whose they are in the log."""
    ended = end(**which)
    if ended:
        record("sessions ended", note=f"{ended}, of {whose}")
    db.session.commit()
    return ended


def oldest() -> datetime:
    """Return when the oldest session that may still go on began."""
    return now() - timedelta(days=current_app.config["SETTINGS"]["signin_days"] or 1)


def browser_words(user_agent: str) -> str:
    """Return which browser that is, in words: no more than its owner needs to know it again."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "another browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser


def digest(secret: str) -> str:
    """Return what is kept of a secret that is random itself: its SHA-256, in hexadecimal."""
    return sha256(secret.encode()).hexdigest()


_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
"""What a browser says of itself -> its name; the first that is found counts, many say several."""


def _good() -> list[sa.ColumnElement[bool]]:
    return [SigninSession.ended_at.is_(None), SigninSession.made_at > oldest()]


def _note_seen() -> None:
    """Write down that a session is used; that is worth no waiting for who writes just now."""
    if "unseen" in g:
        with suppress(sa.exc.OperationalError), writing():
            used = sa.update(SigninSession).where(SigninSession.id == g.unseen)
            db.session.execute(used.values(seen_at=now()))
