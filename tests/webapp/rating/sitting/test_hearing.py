"""The question of the sound check that needs hearing: nobody passes it who hears nothing."""

import io
import json
import re
from datetime import timedelta

import pytest
import soundfile
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.sounds.tone import beeps_in
from tests.support.studies.full_study import form
from tests.support.studies.headphone_test import right_count
from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.database import db
from webapp.models import Rater, Study
from webapp.rating import hearing
from webapp.tables.study_tables import Tables

CHECKED = PROTOCOL.replace("sound_check = false", "sound_check = true")


def beeps(client: FlaskClient, path: str) -> str:
    """Return the address of the recording on the page."""
    return re.findall(r'data-src="([^"]+/sounds/[^"]+)"', client.get(path).text)[1]


def wrong(app: Flask, client: FlaskClient, path: str) -> None:
    form(client, path, "sound-check", beeps=str(right_count(app, path) + 1))


def test_who_counts_wrong_waits_and_who_counts_right_goes_on(app: Flask, study) -> None:
    path, client = study(CHECKED)[0], app.test_client()
    heard = set()
    for number in range(hearing.TRIES):
        assert ("That was not the number" in client.get(path).text) == (number > 0)
        heard.add(client.get(beeps(client, path), buffered=True).data)
        wrong(app, client, path)
    assert len(heard) == hearing.TRIES  # another recording each time
    rest = client.get(path).text
    assert "Three answers in a row were not the number of beeps" in rest
    assert 'name="beeps"' not in rest
    with app.app_context():
        rater = db.session.scalars(sa.select(Rater)).one()
        count = hearing.recordings(rater)[hearing.place_of(rater)][1]
        assert not hearing.answer(rater, count)  # nothing is tried while one has to wait
        assert (rater.hearing, rater.checked_at) == ("[0, 0, 0]", None)
        rater.hearing_at -= hearing.REST + timedelta(seconds=1)
        db.session.commit()
    form(client, path, "sound-check")
    assert Page(client, path, practise=False).is_practice
    with app.app_context():
        told = Tables(db.session.scalars(sa.select(Study)).one()).table("raters")
        assert list(told["hearing"]) == ["0;0;0;1"]


def test_what_is_no_number_or_sent_twice_is_no_try(app: Flask, study) -> None:
    path, client = study(CHECKED)[0], app.test_client()
    for junk in ("", "many", "-3", "9" * 5000):
        answer = form(client, path, "sound-check", beeps=junk)
        assert answer.status_code == 302
        assert "Please type how many beeps you heard" in client.get(path).text
    wrong(app, client, path)
    form(client, path, "sound-check", tries="0")  # the page of before, sent once more
    with app.app_context():
        assert db.session.scalar(sa.select(Rater.hearing)) == "[0]"


@pytest.mark.parametrize("volume", [0.0, 1.0])
def test_a_device_that_plays_nothing_does_not_pass(app: Flask, study, volume: float) -> None:
    """A rater who types what comes out of the device: at no volume, no beep."""
    path, client = study(CHECKED)[0], app.test_client()
    for _ in range(hearing.TRIES):
        if 'name="beeps"' not in client.get(path).text:
            break
        played = client.get(beeps(client, path), buffered=True).data
        samples, rate = soundfile.read(io.BytesIO(played))
        form(client, path, "sound-check", beeps=str(beeps_in(samples * volume, rate)))
    with app.app_context():
        rater = db.session.scalars(sa.select(Rater)).one()
        assert (rater.hearing, rater.checked_at is not None) == (
            ("[1]", True) if volume else ("[0, 0, 0]", False)
        )


def test_each_rater_has_a_number_of_its_own_and_hears_it(app: Flask, study) -> None:
    """As many orders as there are of seven: that six raters had one does not happen."""
    paths, orders = study(CHECKED, invited=6), set()
    for path in paths:
        client = app.test_client()
        text = client.get(path).text
        content = client.get(beeps(client, path), buffered=True).data
        assert len(re.findall("/sounds/", text)) == 2
        with app.app_context():
            token = path.rsplit("/", 1)[-1]
            rater = db.session.scalars(sa.select(Rater).where(Rater.token == token)).one()
            name = hearing.recordings(rater)[0][0]
            orders.add(tuple(count for _, count in hearing.recordings(rater)))
            assert name not in text
        assert len(soundfile.read(io.BytesIO(content))[0]) == 6 * 44100
    assert len(orders) > 1


@pytest.mark.parametrize("hears", [True, False])
def test_a_study_without_the_question_keeps_its_sound_check(app: Flask, study, hears: bool) -> None:
    """One that was opened before there was a question, or whose protocol leaves it out."""
    text = CHECKED if hears else CHECKED.replace("= true", "= true\nhearing = false", 1)
    path, client = study(text)[0], app.test_client()
    if hears:
        with app.app_context():  # as an open study has it after the upgrade
            row = db.session.scalars(sa.select(Study)).one()
            protocol = json.loads(row.protocol)
            del protocol["listening"]["hearing"]
            row.protocol, row.beeps = json.dumps(protocol, sort_keys=True), "[]"
            db.session.commit()
    page = client.get(path).text
    assert "The volume is comfortable" in page
    assert 'name="beeps"' not in page
    form(client, path, "sound-check")
    assert Page(client, path, practise=False).is_practice
    with app.app_context():
        row = db.session.scalars(sa.select(Study)).one()
        assert "hearing" not in Tables(row).table("raters")
