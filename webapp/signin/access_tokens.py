"""Tokens by which scripts read: shown once, kept as digests, good for some addresses until a day.

A script sends its token in a header, ``Authorization: Bearer sb_...``, and nowhere else: addresses
are written to logs. A token opens the views that `webapp.core.security.opened_by` marks with one of
its scopes, and none besides; it never sends anything, and what it takes is logged as taken by it.
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from embeddings.errors import InputError
from webapp.core.database import READING, db, now, writing
from webapp.core.error_pages import answer
from webapp.core.limits import limit_tries
from webapp.core.static_files import ENDPOINTS
from webapp.logbook import record
from webapp.models import AccessToken, Account, Study
from webapp.models.signin import SCOPES
from webapp.signin.sessions import KEPT, SEEN_EVERY, digest

PREFIX = "sb_"
"""What a token begins with, so that people and programs that look for secrets know it as one."""

DAYS = 90
"""For how many days a token is good unless told; `MOST_DAYS` at most."""
MOST_DAYS = 366

OF_STUDIES = frozenset({"results", "judgements"})
"""The scopes that a study can narrow."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Bearer:
    """The token that this request shows, which is good for it."""

    id: int
    name: str
    account: str
    study: str

    @property
    def hand(self) -> str:
        """Whose hand is at work, in the log."""
        return f"{self.account} by the token {self.name}"


def init_app(app: Flask) -> None:
    """Look for a token before anything is done of what a request asks."""
    app.before_request(_read)


def make(
    account: Account, name: str, scopes: Sequence[str], *, study: str = "", days: int = DAYS
) -> str:
    """Store a new token of an account; return it: it is kept nowhere. Those long over are removed.

    Raises
    ------
    InputError
        The name is none, or that of a token that is still good; there is no scope, or one that is
        not in `SCOPES`; there is no such study, or no scope that it narrows; days are not from 1
        to `MOST_DAYS`.
    """
    _check(name, scopes, study, days)
    over = sa.or_(AccessToken.revoked_at < now() - KEPT, AccessToken.expires_at < now() - KEPT)
    db.session.execute(sa.delete(AccessToken).where(over))
    known = db.session.scalar(sa.select(AccessToken).where(AccessToken.name == name))
    if known is not None and is_good(known):
        raise InputError(f"There is a token {name!r} already; choose another name, or revoke it.")
    if known is not None:
        db.session.delete(known)
        db.session.flush()
    token = PREFIX + secrets.token_urlsafe(32)
    kept = ",".join(one for one in SCOPES if one in scopes)
    db.session.add(
        AccessToken(
            account=account, name=name, token_sha256=digest(token), scopes=kept, study=study,
            expires_at=now() + timedelta(days=days),
        )
    )  # fmt: skip
    record("token made", study, f"{name}: {kept.replace(',', ', ')}; {days} days")
    db.session.commit()
    return token


def every(account: int | None = None) -> list[AccessToken]:
    """Return the tokens of an account, or all: also those that are good no more."""
    found = sa.select(AccessToken).order_by(AccessToken.id)
    if account is not None:
        found = found.where(AccessToken.account_id == account)
    return list(db.session.scalars(found))


def is_good(token: AccessToken) -> bool:
    """Return whether a token opens anything."""
    return not why_not(token)


def why_not(token: AccessToken) -> str:
    """Return why a token opens nothing, in a word; "" where it does."""
    if token.revoked_at or token.account.disabled_at:
        return "revoked"
    return "expired" if token.expires_at <= now() else ""


def revoke(token: AccessToken) -> None:
    """End a token, at once; the caller commits."""
    token.revoked_at = now()
    record("token revoked", token.study, token.name)


def revoke_of(account: Account) -> None:
    """End all tokens of an account, which is disabled; the caller commits."""
    db.session.execute(
        sa.update(AccessToken)
        .where(AccessToken.account_id == account.id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=now())
        .execution_options(synchronize_session=False)
    )


def revoke_named(name: str) -> None:
    """End the token of a name; raise InputError where none is good any more."""
    good = {one.name: one for one in every() if is_good(one)}
    if name not in good:
        raise InputError(
            f"There is no token {name!r} that is good; there are: {', '.join(good) or 'none'}."
        )
    revoke(good[name])
    db.session.commit()


def _check(name: str, scopes: Sequence[str], study: str, days: int) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(
            "The name of a token must be of at most 40 small letters, digits, dots, hyphens and "
            f"underscores, a letter or digit first, not {name!r}."
        )
    strange = [one for one in scopes if one not in SCOPES]
    if strange or not scopes:
        told = repr(strange[0]) if strange else "none"
        raise InputError(f"The scopes of a token must be some of {', '.join(SCOPES)}, not {told}.")
    if not 1 <= days <= MOST_DAYS:
        raise InputError(f"A token is good for 1 to {MOST_DAYS} days, not {days}.")
    if study and not OF_STUDIES.intersection(scopes):
        raise InputError("A study narrows results and judgements; the scope 'scores' is of none.")
    found = sa.select(Study.id).where(Study.slug == study, Study.state != "draft")
    if study and db.session.scalar(found) is None:  # a draft may get another slug
        raise InputError(f"There is no study {study!r} that is open or closed.")


def _read() -> ResponseReturnValue | None:
    """Let a token in where it opens what is asked for, and nowhere else."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.endpoint in ENDPOINTS or getattr(view, "is_public", False):
        return None  # of everybody
    shown = request.authorization
    if shown is None or shown.type != "bearer":
        return None
    token = shown.token or ""
    if not token.startswith(PREFIX):  # one of a proxy that asks who comes
        return None
    g.bearer = None  # from here on, errors are JSON
    if request.method not in READING:
        return answer(_("A token only reads: nothing was changed."), 405)
    found = db.session.scalar(
        sa.select(AccessToken).where(AccessToken.token_sha256 == digest(token))
    )
    if found is None:
        limit_tries()
        return _refused(_("This token is none of ours."))
    if why_not(found) == "expired":
        return _refused(
            _("This token expired on %(day)s.", day=found.expires_at.date().isoformat())
        )
    if why_not(found):
        return _refused(_("This token was revoked."))
    if view is None:
        return None  # there is nothing, for nobody
    return _let_in(found, getattr(view, "scopes", ()))


def _let_in(found: AccessToken, scopes: Sequence[str]) -> ResponseReturnValue | None:
    own = found.scopes.split(",")
    if not set(own).intersection(scopes):
        wanted = (
            _("it opens %(own)s, and this needs %(scopes)s", own=", ".join(own),
              scopes=_(" or ").join(scopes))
            if scopes
            else _("no token opens it")
        )  # fmt: skip
        return answer(_("This is not for your token: %(why)s.", why=wanted), 403)
    study = (request.view_args or {}).get("slug", found.study)
    if found.study and study != found.study:
        return answer(_("This token opens the study %(slug)s alone.", slug=found.study), 403)
    g.bearer = Bearer(found.id, found.name, found.account.name, found.study)
    _note_used(found.used_at)
    return None


def _note_used(before: datetime | None) -> None:
    """Write down that a token is used; that is worth no waiting for who writes just now."""
    if before is not None and before >= now() - SEEN_EVERY:
        return
    with suppress(sa.exc.OperationalError), writing():
        used = sa.update(AccessToken).where(AccessToken.id == g.bearer.id)
        db.session.execute(used.values(used_at=now()))


def _refused(sentence: str) -> ResponseReturnValue:
    response = current_app.make_response(answer(sentence, 401))
    response.headers["WWW-Authenticate"] = "Bearer"
    return response
