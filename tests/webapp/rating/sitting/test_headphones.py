"""The headphone test: answers of one's own, and none before the sounds were heard."""

import contextlib
import io
import re
import sqlite3

import numpy as np
import soundfile
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from tests.support.studies.full_study import form
from tests.support.studies.headphone_test import right_answers, time_goes_by
from tests.support.studies.rater import PROTOCOL, Page
from webapp.core import database
from webapp.core.database import db
from webapp.models import Rater
from webapp.rating import headphones

HEADPHONES = PROTOCOL.replace("sound_check = false", "sound_check = false\nheadphones = true")
WRONG = {f"trial-{number}": "9" for number in range(1, 7)}


def heard(app: Flask, client: FlaskClient, path: str) -> list[str]:
    """Look at the headphone test, and let its time go by; return the addresses of its sounds."""
    sounds = re.findall(r'data-src="([^"]+/sounds/[^"]+)"', client.get(path).text)
    assert len(set(sounds)) == 6
    time_goes_by(app, path)
    return sounds


def right(app: Flask, path: str) -> dict[str, str]:
    answers = enumerate(right_answers(app, path), 1)
    return {f"trial-{number}": str(answer) for number, answer in answers}


def test_headphones_are_tested_twice_and_then_no_more(app: Flask, study) -> None:
    one, other = study(HEADPHONES, invited=2)
    client = app.test_client()
    first = heard(app, client, one)
    form(client, one, "headphones", tries="1", **WRONG)  # the page of a try that is over
    form(client, one, "headphones", **WRONG)
    assert not set(first) & set(heard(app, client, one))
    form(client, one, "headphones", **right(app, one) | {"trial-1": "9"})  # five of six will do
    assert Page(client, one, practise=False).is_practice
    for _ in range(2):
        heard(app, client, other)
        form(client, other, "headphones", **WRONG)
    assert "needs headphones" in client.get(other).text


def test_each_rater_and_each_try_has_its_own_answers(app: Flask, study) -> None:
    """As many orders as there are of six: that ten tries had one key does not happen."""
    paths, keys = study(HEADPHONES, invited=5), set()
    for path in paths:
        client = app.test_client()
        for _ in range(2):
            heard(app, client, path)
            keys.add(tuple(right(app, path).values()))
            assert sorted(right(app, path).values()) == list("112233")
            again = right(app, path)
            client.get(path)  # a page that is loaded again is the same try
            assert right(app, path) == again
            form(client, path, "headphones", **WRONG)
    assert len(keys) >= 5


def test_what_is_heard_at_a_place_is_what_is_right_there(app: Flask, study) -> None:
    """Each sound that the page names has its quieter tone where its answer says."""
    path, client = study(HEADPHONES)[0], app.test_client()
    sounds, answers = heard(app, client, path), right_answers(app, path)
    for address, answer in zip(sounds, answers, strict=True):
        samples = soundfile.read(io.BytesIO(client.get(address, buffered=True).data))[0]
        rate = len(samples) / 4
        levels = [
            np.abs(samples[round(start * rate) : round((start + 1) * rate)]).max()
            for start in (0, 1.5, 3)
        ]
        assert int(np.argmin(levels)) + 1 == answer


def test_who_writes_while_a_test_is_drawn_disturbs_nobody(app: Flask, study) -> None:
    """A draw is a writer's: one who read first could not turn into a writer behind another."""
    path, tries = study(HEADPHONES)[0], []

    def write(conn, cursor, statement, *rest) -> None:
        if statement.startswith("UPDATE rater") and not tries:
            other = sqlite3.connect(app.config["DATA"] / "sounding_board.sqlite", timeout=0)
            with contextlib.suppress(sqlite3.OperationalError), other:
                tries.append(1)
                other.execute("UPDATE study SET title = 'another'")
            other.close()

    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", write)
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    assert "Are you wearing headphones?" in answer.text
    assert tries


def test_answers_before_the_sounds_could_be_heard_are_no_try(app: Flask, study) -> None:
    path, client = study(HEADPHONES)[0], app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False
    unseen = client.post(f"{path}/headphones", data={"tries": "0", **WRONG})
    assert unseen.status_code == 302
    client.get(path)
    form(client, path, "headphones", **right(app, path))
    assert "Please play each of the sounds to its end" in client.get(path).text
    with app.app_context():
        assert db.session.scalar(sa.select(Rater.headphones)) == ""
    time_goes_by(app, path, 23.0)
    form(client, path, "headphones", **right(app, path))
    assert "Are you wearing headphones?" in client.get(path).text
    time_goes_by(app, path, 1.0)
    form(client, path, "headphones", **right(app, path))
    assert "Are you wearing headphones?" not in client.get(path).text


def test_who_is_at_the_test_when_the_code_is_renewed_goes_on(
    app: Flask, without_tables: None
) -> None:
    """The page that such a rater has open asks for the answers of before, for that one try."""
    moment = "2026-05-01 12:00:00"
    raters = {"at the test": 1, "before it": 0, "behind it": 1}
    with app.app_context():
        upgrade(revision="0003")
        db.session.execute(
            sa.text(
                "INSERT INTO study (id, slug, title, protocol, protocol_sha256, state, "
                "code_version, created_at) VALUES (1, 's', 's', '{}', '', 'open', '0.1.0', :at)"
            ),
            {"at": moment},
        )
        for number, (name, sittings) in enumerate(raters.items(), 1):
            facts = {"id": number, "token": name, "at": moment}
            over = ":at" if name == "behind it" else "NULL"
            db.session.execute(
                sa.text(
                    "INSERT INTO rater (id, study_id, number, token, invited_at, finished_at) "
                    f"VALUES (:id, 1, :id, :token, :at, {over})"
                ),
                facts,
            )
            if sittings:
                db.session.execute(
                    sa.text("INSERT INTO sitting (rater_id, started_at) VALUES (:id, :at)"), facts
                )
        db.session.commit()
        db.session.remove()
        database.prepare(app)
        drawn = dict(db.session.execute(sa.select(Rater.token, Rater.drawn)).all())
        assert drawn == {"at the test": "[0, 1, 2, 3, 4, 5]", "before it": "", "behind it": ""}
        rater = db.session.scalars(sa.select(Rater).where(Rater.token == "at the test")).one()
        rater.study.trials = '[["a", 2], ["b", 1], ["c", 3], ["d", 3], ["e", 1], ["f", 2]]'
        assert headphones.answer(rater, "213312")
        assert rater.headphones == "[6]"
        assert rater.drawn == ""
