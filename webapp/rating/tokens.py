"""What a rater hears, by opaque names: tokens of queries, slots and clips in one sitting."""

import hashlib
import hmac
import re
import struct
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from webapp.core.database import db
from webapp.models import Assignment, Candidate, Query, Rater, Sitting, Slot

_QUERY, _SLOT, _CLIP = range(3)
_PLACE = struct.Struct(">BQQ")  # kind, number, and the candidate where it is a clip in lists
_TAG = 8  # bytes
_TOKEN = re.compile(rf"[0-9a-f]{{{2 * (_TAG + _PLACE.size)}}}")


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


def start_sitting(rater: Rater) -> Sitting:
    """Store and return a new sitting of `rater`."""
    sitting = Sitting(rater_id=rater.id)
    db.session.add(sitting)
    db.session.commit()
    return sitting


def token(sitting: Sitting, thing: Thing) -> str:
    """Return the opaque name of a thing in one sitting.

    It says nothing of the clip and is another one for every rater, every sitting and every place.
    The thing's number is in it, hidden under a keyed hash, so that it is found without a search.
    """
    if thing.candidate is not None:
        place = _CLIP, thing.assignment.id, thing.candidate.id
    elif thing.slot is not None:
        place = _SLOT, thing.slot.id, 0
    else:
        place = _QUERY, thing.assignment.id, 0
    packed = _PLACE.pack(*place)
    tag = _keyed(sitting, "tag", packed)[:_TAG]
    return (tag + _masked(sitting, tag, packed)).hex()


def check_token(sitting: Sitting, place: int) -> str:
    """Return the opaque name of a sound of the sound check in one sitting."""
    return _keyed(sitting, "check", bytes([place]))[: _TAG + _PLACE.size].hex()


def find_thing(rater: Rater, name: str) -> Thing | None:
    """Return what a token of any of the rater's sittings stands for, or None.

    Older sittings count too: a grade that waited in a closed tab carries its old token.
    """
    if not _TOKEN.fullmatch(name):
        return None
    tag, hidden = bytes.fromhex(name)[:_TAG], bytes.fromhex(name)[_TAG:]
    sittings = sa.select(Sitting).where(Sitting.rater_id == rater.id).order_by(Sitting.id.desc())
    for sitting in db.session.scalars(sittings):
        packed = _masked(sitting, tag, hidden)
        if hmac.compare_digest(_keyed(sitting, "tag", packed)[:_TAG], tag):
            return _thing(rater, *_PLACE.unpack(packed))
    return None


def _thing(rater: Rater, kind: int, number: int, candidate: int) -> Thing | None:
    """Return the thing that a token names, if it is the rater's still."""
    if kind == _SLOT:
        slot = db.session.get(Slot, number)
        mine = slot is not None and slot.assignment.rater_id == rater.id
        return Thing(slot.assignment, slot) if slot is not None and mine else None
    assignment = db.session.get(Assignment, number)
    if assignment is None or assignment.rater_id != rater.id:
        return None
    if kind == _QUERY:
        return Thing(assignment)
    heard = db.session.get(Candidate, candidate)
    return heard and Thing(assignment, candidate=heard)


def _keyed(sitting: Sitting, purpose: str, message: bytes) -> bytes:
    secret = current_app.config["SECRET_KEY"].encode()
    return hmac.digest(secret, f"{purpose}:{sitting.id}:".encode() + message, hashlib.sha256)


def _masked(sitting: Sitting, tag: bytes, packed: bytes) -> bytes:
    """Hide a place, or show a hidden one: the same operation twice gives back what was there."""
    mask = _keyed(sitting, "mask", tag)
    return bytes(a ^ b for a, b in zip(packed, mask, strict=False))
