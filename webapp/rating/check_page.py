"""The pages of the sound check and the headphone test, and the sounds that their tokens name."""

from typing import Any

from flask import request, session, url_for

from webapp.models import Rater
from webapp.rating import headphones, hearing
from webapp.rating.old_tokens import is_old, old_tone, open_old_token
from webapp.rating.tokens import (
    TONE,
    check_token,
    find_thing,
    is_sitting,
    new_sitting,
    open_token,
)


def view(rater: Rater, name: str) -> tuple[str, dict[str, Any]]:
    """Return the template of a step, "sound" or "headphones", and what it shows."""
    here = sitting()
    tokens = [
        check_token(here, rater, place) for place in range(len(headphones.check_files(rater)))
    ]
    addresses = [url_for("rate.sound", **(request.view_args or {}), sound=one) for one in tokens]
    if name == "sound":
        shown: dict[str, Any] = {"tone": addresses[0]}
        if hearing.is_asked(rater):
            place = hearing.place_of(rater) - len(hearing.recordings(rater))
            tries = hearing.tries_of(rater)
            shown |= {"beeps": addresses[place], "tries": tries, "rests": hearing.rests(rater)}
        return "rating/sound.html", shown
    tries, trials = headphones.tries_of(rater), headphones.drawn_trials(rater)
    first = 1 + tries * (1 + len(trials))  # another try, other addresses: to be heard once more
    heard = [addresses[first + place] for place in trials]
    return "rating/headphones.html", {"trials": heard, "tries": tries}


def sound_file(rater: Rater, name: str) -> str:
    """Return the file of the sound that a token names; "" for none."""
    opened = open_old_token(rater, name) if is_old(name) else open_token(name)
    thing = find_thing(rater, opened)
    if thing:
        return thing.sound
    files = headphones.check_files(rater)
    place = old_tone(session.get(f"sitting-{rater.id}"), name)
    if opened and opened.rater == rater.id and opened.kind == TONE:
        place = opened.number
    return files[place] if place is not None and place < len(files) else ""


def sitting() -> str:
    """Return the sitting of this browser, a new one where it has none."""
    if not is_sitting(session.get("sitting")):
        session["sitting"] = new_sitting()
    return session["sitting"]
