"""Tokens that 0.1.0 gave out: they stay good until their study closes, and a day longer.

Each was made with the number of a stored sitting, which is not in it: the sittings of the rater are
tried, the last ones first. There are no new ones since 0.2.0, and no more than `MOST` are tried, so
that what is no token costs a few milliseconds at most. Once the studies that were open at the
upgrade are closed, this module and its table have done their work.
"""

import hashlib
import hmac
import re
import struct

import sqlalchemy as sa
from flask import current_app

from webapp.core.database import db
from webapp.models import Rater, Sitting
from webapp.rating.tokens import CLIP, QUERY, SLOT, Name

MOST = 200  # sittings of one rater
_PLACE = struct.Struct(">BQQ")
_TAG = 8
_TOKEN = re.compile(rf"[0-9a-f]{{{2 * (_TAG + _PLACE.size)}}}")
_TONES = 7  # of the sound check


def is_old(name: str) -> bool:
    """Return whether a token looks like one of 0.1.0. Asks no database."""
    return _TOKEN.fullmatch(name) is not None


def open_old_token(rater: Rater, name: str, key: str = "") -> Name | None:
    """Return what a token of one of the rater's stored sittings says, or None.

    `key` is the secret key that it was made by, the app's unless told.
    """
    tag, hidden = bytes.fromhex(name)[:_TAG], bytes.fromhex(name)[_TAG:]
    secret = key.encode() or _secret()
    stored = sa.select(Sitting.id).where(Sitting.rater_id == rater.id)
    for number in db.session.scalars(stored.order_by(Sitting.id.desc()).limit(MOST)).all():
        place = _opened(secret, number, tag, hidden)
        if place is not None:
            since = db.session.get_one(Sitting, number).started_at
            return Name(rater.id, f"sitting-{number}", since, *place)
    return None


def old_tone(sitting: object, name: str) -> int | None:
    """Return the place in the sound check that a token of a stored sitting's number names."""
    if not isinstance(sitting, int):
        return None
    names = (_keyed(_secret(), sitting, "check", bytes([place])) for place in range(_TONES))
    size = _TAG + _PLACE.size
    return next((place for place, one in enumerate(names) if one[:size].hex() == name), None)


def _opened(secret: bytes, sitting: int, tag: bytes, hidden: bytes) -> tuple[int, int, int] | None:
    mask = _keyed(secret, sitting, "mask", tag)
    if mask[0] ^ hidden[0] not in (QUERY, SLOT, CLIP):  # nearly all that the wrong sitting opens
        return None
    packed = bytes(a ^ b for a, b in zip(hidden, mask, strict=False))
    if not hmac.compare_digest(_keyed(secret, sitting, "tag", packed)[:_TAG], tag):
        return None
    return _PLACE.unpack(packed)


def _secret() -> bytes:
    return current_app.config["SECRET_KEY"].encode()


def _keyed(secret: bytes, sitting: int, purpose: str, message: bytes) -> bytes:
    return hmac.digest(secret, b"%b:%d:%b" % (purpose.encode(), sitting, message), hashlib.sha256)
