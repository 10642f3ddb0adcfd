"""Links that sign an account in, once."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from webapp.core.database import db, now
from webapp.models import Account, SigninLink
from webapp.signin import accounts, sessions


def new_token(account: Account | None = None) -> str:
    """Store a new sign-in link, the one owner's unless told; return its token, kept nowhere.

    Links that sign nobody in any more are removed.
    """
    account = account or accounts.chosen(None)
    token = secrets.token_urlsafe(24)
    old = sa.or_(SigninLink.used_at.is_not(None), SigninLink.made_at <= _oldest())
    db.session.execute(sa.delete(SigninLink).where(old))
    db.session.add(SigninLink(account=account, token_sha256=sessions.digest(token)))
    db.session.commit()
    return token


def account_of(token: str) -> Account | None:
    """Return whom a link signs in; None for one that is used up, too old, or none."""
    return db.session.scalar(
        sa.select(Account)
        .join(SigninLink, SigninLink.account_id == Account.id)
        .where(*_good(token))
    )


def use(token: str) -> bool:
    """Use a link up, and return whether it was good: of two who try, one gets in.

    The caller commits, together with the session that comes of it.
    """
    used = db.session.execute(
        sa.update(SigninLink)
        .where(*_good(token))
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
    return used.rowcount == 1


def _good(token: str) -> list[sa.ColumnElement[bool]]:
    return [
        SigninLink.token_sha256 == sessions.digest(token),
        SigninLink.used_at.is_(None),
        SigninLink.made_at > _oldest(),
    ]


def _oldest() -> datetime:
    return now() - timedelta(minutes=current_app.config["SETTINGS"]["signin_minutes"])
