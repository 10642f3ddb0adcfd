"""The headphone test of a rater: its trials, drawn for each try, and how the tries went."""

import json
import secrets
from collections.abc import Iterable
from datetime import timedelta

from embeddings.listening.soundcheck import TRIAL_SECONDS
from webapp.core.database import db, now
from webapp.models import Rater
from webapp.rating import hearing

MOST_TRIES = 2
_LEAST_RIGHT = 5  # of the six trials


def drawn_trials(rater: Rater) -> list[int]:
    """Return the trials of the try at hand, as places in the study's, in the order to be heard.

    They are drawn when they are first asked for, for this rater and this try alone.
    """
    if not rater.drawn:
        order = list(range(len(json.loads(rater.study.trials))))
        secrets.SystemRandom().shuffle(order)
        rater.drawn, rater.drawn_at = json.dumps(order), now()
        db.session.commit()
    return json.loads(rater.drawn)


def answer(rater: Rater, answers: Iterable[str]) -> bool:
    """Store one try at the headphone test; who fails twice is screened out.

    Returns False, and stores nothing, for answers that came before the sounds could be heard.
    """
    if not rater.drawn or rater.drawn_at is None:
        return False
    trials, order = json.loads(rater.study.trials), json.loads(rater.drawn)
    if now() - rater.drawn_at < len(trials) * timedelta(seconds=TRIAL_SECONDS):
        return False
    wanted = [trials[place][1] for place in order]
    right = sum(str(one) == given for one, given in zip(wanted, answers, strict=False))
    tries = [*json.loads(rater.headphones or "[]"), right]
    rater.headphones = json.dumps(tries)
    rater.drawn, rater.drawn_at = "", None
    if len(tries) >= MOST_TRIES and max(tries) < _LEAST_RIGHT:
        rater.screened_at = now()
    db.session.commit()
    return True


def tries_of(rater: Rater) -> int:
    """Return how often the rater tried the headphone test."""
    return len(json.loads(rater.headphones or "[]"))


def passed(rater: Rater) -> bool:
    """Return whether the rater passed the headphone test."""
    return max(json.loads(rater.headphones or "[]"), default=0) >= _LEAST_RIGHT


def check_files(rater: Rater) -> list[str]:
    """Return the files of the sound check, in their order, once for each try at headphones.

    Behind them are the recordings of beeps, in the order of the rater's tries.
    """
    if not rater.study.tone:
        return []
    files = [rater.study.tone, *(name for name, _ in json.loads(rater.study.trials))]
    beeps = [name for name, _ in hearing.recordings(rater)]
    return files * MOST_TRIES + beeps
