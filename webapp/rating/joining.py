"""How people come in at /join/SLUG, and how a place stays that of whoever began it.

An external id says who somebody is, and lets nobody in: others may know it. A place is reached from
a browser that holds a secret, which came before the place did, or by the personal link or its code.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from embeddings.errors import InputError
from evaluation.keys import shown
from webapp.core.database import db, now, turn
from webapp.logbook import record
from webapp.models import Browser, ExternalId, Rater, Study
from webapp.rating.people import find_rater, is_open, new_raters
from webapp.study.signatures import check_signature

_LONGEST_ID = 200
_UNFILLED = re.compile(
    r".*(\{\{|\}\}|\$\{|\{%|%\}|\[\[|\]\]|%%).*|\{.*\}|\[.*\]|<.*>|undefined|null|none", re.I | re.S
)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing in it looks like another
_CODE = 12  # letters of five bits each


def is_unfilled(value: str) -> bool:
    """Return whether an id is a placeholder that a panel service was to fill in and did not."""
    return _UNFILLED.fullmatch(value) is not None


def person_of(study: Study, given: Mapping[str, str]) -> str:
    """Return who somebody says to be, "" where the study asks nobody.

    Raises InputError where the address lacks that id, or its signature where one is wanted.
    """
    joining = study.terms.joining
    if not joining.ids:
        return ""
    name = joining.ids[0]
    value = given.get(name, "").strip()
    if not value:
        raise InputError(
            _("The address lacks %(name)s: please come by the link you were given.", name=name)
        )
    if is_unfilled(value):
        raise InputError(
            _(
                "%(name)s was not filled in, it is still %(value)s: please come by the link you "
                "were given.",
                name=name,
                value=shown(value),
            )
        )
    if joining.signed:
        check_signature(study.slug, name, value, given)
    return value


def known(study: Study, person: str, secret: str) -> Rater | None:
    """Return the rater who came with the same id before, without ids from the same browser."""
    found = sa.select(Rater).where(Rater.study_id == study.id)
    if person:
        found = found.join(ExternalId, ExternalId.rater_id == Rater.id).where(
            ExternalId.study_id == study.id,
            ExternalId.name == study.terms.joining.ids[0],
            ExternalId.value == person,
            ExternalId.person,
        )
    else:
        found = found.join(Browser, Browser.rater_id == Rater.id)
        found = found.where(Browser.secret_sha256 == _digest(study.id, secret))
    return db.session.scalar(found)


def holds(rater: Rater, secret: str) -> bool:
    """Return whether a browser with this secret reaches the rater's place."""
    key = rater.id, _digest(rater.study_id, secret)
    return bool(secret) and db.session.get(Browser, key) is not None


def is_unclaimed(rater: Rater) -> bool:
    """Return whether no browser holds a secret of the rater's: who joined before there were any."""
    some = sa.select(Browser.rater_id).where(Browser.rater_id == rater.id).limit(1)
    return db.session.scalar(some) is None


def let_in(rater: Rater, secret: str, code: str) -> None:
    """Let a browser reach the rater's place from now on, if the code is right or nobody has it."""
    turn(rater.study)  # of two who come first, one does
    if not holds(rater, secret) and (is_unclaimed(rater) or is_resumed(rater, code)):
        digest = _digest(rater.study_id, secret)
        db.session.add(Browser(rater_id=rater.id, secret_sha256=digest))
    db.session.commit()


def resume_code(rater: Rater) -> str:
    """Return the code by which another browser reaches the rater's place; it goes with the link."""
    key = current_app.config["SECRET_KEY"].encode()
    digest = hmac.digest(key, f"resume:{rater.id}:{rater.token}".encode(), hashlib.sha256)
    letters = [_ALPHABET[byte % 32] for byte in digest[:_CODE]]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, _CODE, 4))


def is_resumed(rater: Rater, text: str) -> bool:
    """Return whether what somebody typed is the rater's code, or the personal link."""
    text = text.strip()
    code = "".join(one for one in text.upper() if one.isalnum())
    code = code.translate(str.maketrans("OIL", "011"))
    return _same(code, resume_code(rater).replace("-", "")) or _same(
        text.rpartition("/")[2], rater.token
    )


def reissue(rater: Rater) -> None:
    """Give a rater a new personal link and code; the old ones, and every browser, are let go."""
    rater.token = secrets.token_urlsafe(18)
    record("reissued", rater.study.slug)
    db.session.execute(sa.delete(Browser).where(Browser.rater_id == rater.id))
    # no browser's digest: a place that has none at all is the first comer's
    db.session.add(Browser(rater_id=rater.id, secret_sha256="reissued"))
    db.session.commit()


def is_full(study: Study) -> bool:
    """Return whether as many have joined as may."""
    joined = sa.select(sa.func.count(Rater.id)).where(Rater.study_id == study.id, Rater.joined)
    return (db.session.scalar(joined) or 0) >= study.terms.joining.most


def check_joining(study: Study, given: Mapping[str, str]) -> dict[str, str]:
    """Return the ids of somebody new, by their names; "" for those that were not filled in.

    Raises InputError where the study cannot be joined, or an id could do harm in a table.
    """
    joining = study.terms.joining
    if not is_open(study) or not joining.open or study.simulated:
        raise InputError(_("This study cannot be joined."))
    person_of(study, given)
    ids = {name: given.get(name, "").strip() for name in joining.ids}
    ids = {name: "" if is_unfilled(value) else value for name, value in ids.items()}
    for name, value in ids.items():
        if len(value) > _LONGEST_ID:
            raise InputError(
                _("%(name)s must have at most %(most)d characters.", name=name, most=_LONGEST_ID)
            )
        if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in value):
            raise InputError(
                _(
                    "%(name)s must have no control characters, unlike %(value)s.",
                    name=name,
                    value=shown(value),
                )
            )
        if value[:1] in ("=", "+", "-", "@"):
            raise InputError(
                _(
                    "%(name)s must not begin with %(sign)s, unlike %(value)s.",
                    name=name,
                    sign=value[0],
                    value=shown(value),
                )
            )
    return ids


def join(study: Study, given: Mapping[str, str], secret: str) -> Rater | None:
    """Make a place for somebody who consented and return it; one id has one place.

    Returns None where as many have joined as may. Of two who come with one id at one moment, one
    gets the place: whether the other may have it too, `holds` says.
    """
    ids = check_joining(study, given)
    person = person_of(study, given)
    turn(study)
    rater = known(study, person, secret)
    if rater is not None or is_full(study):
        return rater
    try:
        return _new_rater(study, ids, secret)
    except IntegrityError:  # somebody was quicker after all: theirs counts
        db.session.rollback()
        return known(study, person, secret)


def _new_rater(study: Study, ids: Mapping[str, str], secret: str) -> Rater:
    rater = new_raters(study, 1)[0]
    rater.joined = True
    rater.consented_at = now() if study.terms.consent else None
    db.session.flush()
    db.session.add(Browser(rater_id=rater.id, secret_sha256=_digest(study.id, secret)))
    first = next(iter(ids), "")
    db.session.add_all(
        ExternalId(
            study_id=study.id, rater_id=rater.id, name=name, value=value, person=name == first
        )
        for name, value in ids.items() if value
    )  # fmt: skip
    db.session.commit()
    return rater


def rater_of_session(study: Study, token: str) -> Rater | None:
    """Return the rater whose link a browser's session kept, as sessions of 0.1.0 did."""
    return find_rater(study.slug, token) if token else None


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), right.encode())


def _digest(study_id: int, secret: str) -> str:
    """Return the digest of a browser's secret, another one in each study."""
    return hashlib.sha256(f"{study_id}:{secret}".encode()).hexdigest()
