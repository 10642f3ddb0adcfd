"""Who compares bytes, lengths and addresses finds neither the identity control nor a repeat."""

import hashlib
from itertools import combinations

import numpy as np
import pytest
import soundfile
import sqlalchemy as sa
from flask import Flask

from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.database import db
from webapp.models import Assignment, Candidate, Slot
from webapp.rating.tokens import Thing

CONTROLS = PROTOCOL.replace("identity = false", "identity = true").replace(
    "repeats = 0", "repeats = 2"
)
FORMATS = {"flac": "level = false", "mp3": 'format = "mp3"'}


@pytest.fixture(params=FORMATS)
def folder(request: pytest.FixtureRequest, app: Flask, study):
    """The sounds of an open study with controls, of which a rater has a block."""
    path = study(CONTROLS.replace("level = false", FORMATS[request.param]))[0]
    Page(app.test_client(), path)
    with app.app_context():
        yield app.config["DATA"] / "studies" / "way" / "sounds"


def blocks() -> list[Assignment]:
    found = db.session.scalars(sa.select(Assignment)).all()
    return [one for one in found if not one.query.practice]


def test_no_two_sounds_of_a_block_are_the_same_file(folder) -> None:
    for block in blocks():
        heard = [Thing(block), *(Thing(block, slot) for slot in block.slots)]
        assert {slot.candidate.kind for slot in block.slots} == {"result", "identity"}
        assert sum(slot.repeat for slot in block.slots) == 2
        assert len({one.sound for one in heard}) == len(heard)
        contents = [(folder / one.sound).read_bytes() for one in heard]
        assert len({hashlib.sha256(one).digest() for one in contents}) == len(heard)
        for one, other in combinations(contents, 2):
            assert one[4096:8192] != other[4096:8192]  # nor are they alike behind a header


def pairs() -> list[tuple[str, str]]:
    """Return the files of each clip that is met twice in a block."""
    found = []
    for block in blocks():
        for slot in block.slots:
            if slot.candidate.kind == "identity":
                found.append((Thing(block).sound, Thing(block, slot).sound))
            if slot.repeat:
                found.append((slot.candidate.sound, Thing(block, slot).sound))
    assert len(found) == 3
    return found


def test_the_second_copy_is_the_sound_behind_1_to_50_ms_of_silence(folder) -> None:
    for names in pairs():
        (one, rate), (other, same) = (soundfile.read(folder / name) for name in names)
        assert rate == same
        shorter, longer = sorted((one, other), key=len)
        silent = len(longer) - len(shorter)
        assert 0.001 <= silent / rate <= 0.0501
        if names[0].endswith(".flac"):
            assert not longer[:silent].any()
            assert np.array_equal(longer[silent:], shorter)
        else:
            like = np.corrcoef(longer[silent:].ravel(), shorter.ravel())[0, 1]
            assert like > 0.9  # coded once more, a hiss comes out otherwise


def test_a_study_without_such_controls_has_one_copy_of_each(app: Flask, study) -> None:
    study(PROTOCOL)
    with app.app_context():
        folder = app.config["DATA"] / "studies" / "way" / "sounds"
        assert set(db.session.scalars(sa.select(Candidate.again))) == {""}
        heard = set(db.session.scalars(sa.select(Candidate.clip))) | {"hum-0", "hiss-1", "beep-2"}
        assert len(list(folder.iterdir())) == len(heard)
        assert db.session.scalar(sa.select(sa.func.count(Slot.id))) == 0
