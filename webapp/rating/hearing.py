"""The question of the sound check that needs hearing: how many beeps a recording has.

Which recording a rater hears at which try is drawn by the server's key: nothing that the rater's
browser is told says it, and the next try is another recording. Whoever counts wrong three times is
told what to do, and waits before the next three: a silent device is not passed by guessing.
"""

import hashlib
import hmac
import json
from datetime import timedelta

from flask import current_app

from webapp.core.database import db, now
from webapp.models import Rater

TRIES = 3
"""So many, and then a rest."""

REST = timedelta(minutes=2)


def is_asked(rater: Rater) -> bool:
    """Return whether the rater's study has the question; one opened before it came has none."""
    return rater.study.beeps != "[]"


def tries_of(rater: Rater) -> int:
    """Return how often the rater answered."""
    return len(json.loads(rater.hearing or "[]"))


def rests(rater: Rater) -> bool:
    """Return whether the rater answered wrong so often that the next try has to wait."""
    tries = json.loads(rater.hearing or "[]")
    if not tries or len(tries) % TRIES or tries[-1] or rater.hearing_at is None:
        return False
    return now() < rater.hearing_at + REST


def recordings(rater: Rater) -> list[tuple[str, int]]:
    """Return (file, beeps) of the study's recordings, in the order of the rater's tries."""
    key = current_app.config["SECRET_KEY"].encode()

    def drawn(one: tuple[str, int]) -> bytes:
        return hmac.digest(key, f"beeps:{rater.id}:{one[0]}".encode(), hashlib.sha256)

    return sorted(((file, count) for file, count in json.loads(rater.study.beeps)), key=drawn)


def place_of(rater: Rater) -> int:
    """Return the place in `recordings` of the try at hand."""
    return tries_of(rater) % len(json.loads(rater.study.beeps))


def answer(rater: Rater, count: int) -> bool:
    """Store one try, and that the sound check is passed where it is right; return whether it is.

    While the rater has to wait nothing is stored.
    """
    if rests(rater):
        return False
    right = recordings(rater)[place_of(rater)][1] == count
    tries = [*json.loads(rater.hearing or "[]"), int(right)]
    rater.hearing, rater.hearing_at = json.dumps(tries), now()
    if right:
        rater.checked_at = now()
    db.session.commit()
    return right
