"""Accounts: made on the command line, known by name, disabled and never removed."""

import re

import sqlalchemy as sa

from embeddings.errors import InputError
from webapp.core.database import db, now
from webapp.logbook import record
from webapp.models import Account, SigninLink
from webapp.models.signin import ROLES
from webapp.signin import access_tokens, sessions

FIRST = "experimenter"
"""The owner of an instance to which nobody was added."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def every() -> list[Account]:
    """Return all accounts, the oldest first."""
    return list(db.session.scalars(sa.select(Account).order_by(Account.id)))


def add(name: str, role: str) -> Account:
    """Add an account, or take back one that was disabled, which may have another role then.

    Raises
    ------
    InputError
        There is an account of that name, or the name is none, or the first one is no owner's.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "The name of an account must be of at most 40 small letters, digits, dots, hyphens "
            f"and underscores, a letter or digit first, not {name!r}."
        )
    if role not in ROLES:
        raise InputError(f"The role of an account must be one of {', '.join(ROLES)}, not {role!r}.")
    known = {one.name: one for one in every()}
    if role != "owner" and not any(_is_owner(one) for one in known.values()):
        raise InputError(f"The first account must be an owner's, not a {role}'s.")
    account = known.get(name)
    if account is None:
        account = Account(name=name)
        db.session.add(account)
    elif not account.disabled_at:
        raise InputError(f"There is an account {name!r} already; it is {_a(account.role)}'s.")
    account.role, account.disabled_at = role, None
    record("account added", note=f"{name}, {role}")
    db.session.commit()
    return account


def disable(name: str) -> int:
    """Disable an account: its sessions, links and tokens end; return how many sessions there were.

    Raises InputError where there is none, or where no owner would be left.
    """
    account = find(name)
    if _is_owner(account) and sum(map(_is_owner, every())) == 1:
        raise InputError(f"{name!r} is the only owner, and stays; add another one first.")
    account.disabled_at = now()
    ended = sessions.end(account_id=account.id)
    db.session.execute(sa.delete(SigninLink).where(SigninLink.account_id == account.id))
    access_tokens.revoke_of(account)
    record("account disabled", note=name)
    db.session.commit()
    return ended


def find(name: str) -> Account:
    """Return the account of a name; raise InputError where there is none, or it is disabled."""
    known = {one.name: one for one in every() if not one.disabled_at}
    if name not in known:
        raise InputError(
            f"There is no account {name!r}; there are: {', '.join(known) or 'none yet'}."
        )
    return known[name]


def only_owner() -> Account | None:
    """Return the one owner, made where there is no account yet; None where there are several."""
    owners = [one for one in every() if _is_owner(one)]
    if not owners:
        return add(FIRST, "owner")
    return owners[0] if len(owners) == 1 else None


def chosen(name: str | None) -> Account:
    """Return the account that is named, or the one owner; InputError where there are several."""
    account = find(name) if name else only_owner()
    if account is None:
        known = ", ".join(one.name for one in every() if not one.disabled_at)
        raise InputError(f"Say whose with --account; there are: {known}.")
    return account


def _is_owner(account: Account) -> bool:
    return account.role == "owner" and not account.disabled_at


def _a(role: str) -> str:
    return f"{'an' if role == 'owner' else 'a'} {role}"
