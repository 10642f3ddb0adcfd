"""The tests of hearing as tests pass them: what is right in the try at hand, and time gone by."""

import json
from datetime import timedelta

import numpy as np
import soundfile
import sqlalchemy as sa
from flask import Flask

from webapp.core.database import db
from webapp.models import Rater
from webapp.rating import hearing
from webapp.study.lifecycle import sounds_folder


def right_answers(app: Flask, path: str) -> list[int]:
    """Return the right answers of the try whose page was shown last at a rater's link."""
    with app.app_context():
        rater = _rater(path)
        trials = json.loads(rater.study.trials)
        return [trials[place][1] for place in json.loads(rater.drawn)]


def right_count(app: Flask, path: str) -> int:
    """Return how many beeps the recording has that a rater's sound check plays at the try at hand.

    Every rater has another order of recordings, so it is read as the server reads it.
    """
    with app.app_context():
        rater = _rater(path)
        return hearing.recordings(rater)[hearing.place_of(rater)][1]


def time_goes_by(app: Flask, path: str, seconds: float = 24.0) -> None:
    """Let the page of the test have been shown that much earlier: its sounds last 24 seconds."""
    with app.app_context():
        rater = _rater(path)
        if rater.drawn_at:
            rater.drawn_at -= timedelta(seconds=seconds)
        db.session.commit()


def shorten(app: Flask, seconds: float = 0.3) -> None:
    """Let trials and beeps of every study last so long alone: browsers play them to the end."""
    rate = 44100
    tone = np.sin(2 * np.pi * 200 * np.arange(round(seconds * rate)) / rate) / 8
    with app.app_context():
        for rater in db.session.scalars(sa.select(Rater)):
            for name, _ in json.loads(rater.study.trials) + json.loads(rater.study.beeps):
                soundfile.write(sounds_folder(rater.study.slug) / name, tone, rate)


def _rater(path: str) -> Rater:
    token = path.rstrip("/").rsplit("/", 1)[-1]
    return db.session.scalars(sa.select(Rater).where(Rater.token == token)).one()
