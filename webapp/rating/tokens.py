"""What a rater hears, by opaque names: tokens of queries, slots and clips in one sitting.

A token is sealed: whose it is, which sitting's and what it names are in it, hidden and signed by
the app's key. It is opened by itself, without the database, so that junk costs a hash; nothing is
stored of a sitting, so that a page load leaves nothing behind. Its last letters are the mark of the
key, so that a token of a key that was replaced is known as one; those of before have none.
"""

import hashlib
import hmac
import re
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy.orm import joinedload

from webapp.core.database import db, now
from webapp.core.other_keys import key_mark
from webapp.models import Assignment, Candidate, Query, Rater, Slot

QUERY, SLOT, CLIP, TONE = range(4)
_PLACE = struct.Struct(">QBQQ")  # rater, kind, number, and the candidate where it is a clip
_SITTING = struct.Struct(">I4s")  # when it began (seconds since 1970), and chance
_TAG = 16  # bytes
_WITH_BLOCK = (joinedload(Slot.assignment, innerjoin=True),)
_WHOLE = _TAG + _SITTING.size + _PLACE.size
_TOKEN = re.compile(rf"([0-9a-f]{{{2 * _TAG}}})([0-9a-f]{{{2 * (_WHOLE - _TAG)}}})([0-9a-f]{{4}})?")


@dataclass(frozen=True, slots=True)
class Thing:
    """What a token stands for: a slot, a clip in a list, or (neither) a block's query."""

    assignment: Assignment
    slot: Slot | None = None
    candidate: Candidate | None = None

    @property
    def sound(self) -> str:
        """The file of its sound; "" for a list."""
        if self.slot and self.slot.repeat and self.slot.candidate and self.slot.candidate.again:
            return self.slot.candidate.again
        heard: Candidate | Query | None = self.candidate or (self.slot and self.slot.candidate)
        if heard is None and self.slot is None:
            heard = self.assignment.query
        return heard.sound if heard else ""


@dataclass(frozen=True, slots=True)
class Name:
    """What an opened token says.

    Attributes
    ----------
    rater : the rater's id
    sitting : the sitting in which the token was given out, in hexadecimal
    since : when that sitting began: nothing can be said under this name before
    kind, number, candidate : what is named
    """

    rater: int
    sitting: str
    since: datetime
    kind: int
    number: int
    candidate: int = 0


def new_sitting() -> str:
    """Return the name of a new sitting, for the browser's cookie: when it began, and chance."""
    return _SITTING.pack(int(now().timestamp()), secrets.token_bytes(4)).hex()


def is_sitting(name: object) -> bool:
    """Return whether it is the name of a sitting, as a cookie holds it."""
    return isinstance(name, str) and re.fullmatch(r"[0-9a-f]{16}", name) is not None


def token(sitting: str, thing: Thing) -> str:
    """Return the opaque name of a thing in one sitting.

    It says nothing of the clip and is another one for every rater, every sitting and every place.
    """
    if thing.candidate is not None:
        place = CLIP, thing.assignment.id, thing.candidate.id
    elif thing.slot is not None:
        place = SLOT, thing.slot.id, 0
    else:
        place = QUERY, thing.assignment.id, 0
    return _seal(sitting, thing.assignment.rater_id, *place)


def check_token(sitting: str, rater: Rater, place: int) -> str:
    """Return the opaque name of a sound of the sound check in one sitting."""
    return _seal(sitting, rater.id, TONE, place, 0)


def open_token(name: str, secret: str = "") -> Name | None:
    """Return what a token says, None where it is no token of this key, the app's unless told.

    Asks no database.
    """
    found = _TOKEN.fullmatch(name)
    if not found or (found[3] and found[3] != key_mark(secret)):
        return None
    tag = bytes.fromhex(found[1])
    packed = _masked(tag, bytes.fromhex(found[2]), secret)
    if not hmac.compare_digest(_keyed("sealed-tag", packed, secret)[:_TAG], tag):
        return None
    sitting = packed[: _SITTING.size]
    began, _chance = _SITTING.unpack(sitting)
    rater, kind, number, candidate = _PLACE.unpack(packed[_SITTING.size :])
    since = datetime.fromtimestamp(began, UTC)
    return Name(rater, sitting.hex(), since, kind, number, candidate)


def other_mark(name: str) -> str:
    """Return the mark of the key that made a token, "" where it is the app's or there is none."""
    found = _TOKEN.fullmatch(name)
    return found[3] if found and found[3] and found[3] != key_mark() else ""


def find_thing(rater: Rater, name: Name | None) -> Thing | None:
    """Return what an opened token names, if it is the rater's still, or None."""
    if name is None or name.rater != rater.id or name.kind == TONE:
        return None
    if name.kind == SLOT:
        slot = db.session.get(Slot, name.number, options=_WITH_BLOCK)
        mine = slot is not None and slot.assignment.rater_id == rater.id
        return Thing(slot.assignment, slot) if slot is not None and mine else None
    assignment = db.session.get(Assignment, name.number)
    if assignment is None or assignment.rater_id != rater.id:
        return None
    if name.kind == QUERY:
        return Thing(assignment)
    heard = db.session.get(Candidate, name.candidate)
    return heard and Thing(assignment, candidate=heard)


def _seal(sitting: str, rater: int, kind: int, number: int, candidate: int) -> str:
    packed = bytes.fromhex(sitting) + _PLACE.pack(rater, kind, number, candidate)
    tag = _keyed("sealed-tag", packed)[:_TAG]
    return (tag + _masked(tag, packed)).hex() + key_mark()


def _keyed(purpose: str, message: bytes, secret: str = "") -> bytes:
    key = (secret or current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, f"{purpose}:".encode() + message, hashlib.sha512)


def _masked(tag: bytes, packed: bytes, secret: str = "") -> bytes:
    """Hide what is packed, or show what is hidden: the same operation twice undoes itself.

    The mask is keyed by the tag, which is a keyed hash of all that is packed: it serves once.
    """
    mask = _keyed("sealed-mask", tag, secret)
    return bytes(a ^ b for a, b in zip(packed, mask, strict=False))
