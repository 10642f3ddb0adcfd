"""Control characters are refused with one sentence, wherever they come in."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.database import db
from webapp.models import ExternalId, Judgement, Rater

pytestmark = pytest.mark.usefixtures("each_database")  # PostgreSQL stores no NUL, SQLite does
JOINED = PROTOCOL + '[joining]\nopen = true\nids = ["PROLIFIC_PID"]\n'
ASKED = JOINED + '[[questionnaire.before]]\nid = "years"\ntext = "Years?"\n'


@pytest.mark.parametrize("address", ["/rate/way/a%00b", "/join/w%0Aay", "/join/way%C2%85"])
def test_an_address_with_a_control_character_is_none(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_nobody_joins_by_an_id_with_control_characters(
    app: Flask, study, client: FlaskClient
) -> None:
    study(JOINED, invited=0)
    for value in ("%00x", "a%0Ab", "a%0Db", "a%09b", "a%7F", "a%E2%80%A8b"):
        answer = client.get(f"/join/way?PROLIFIC_PID={value}")
        assert answer.status_code == 400
        assert "must have no control characters." in answer.text
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(ExternalId.id))) == 0


def test_no_answer_has_control_characters(app: Flask, study, client: FlaskClient) -> None:
    questions = study(ASKED)[0] + "/questions/before"
    app.config["WTF_CSRF_ENABLED"] = False
    for answer in ("a\0b", "\x1b[2J", "\x08", "\x9b2J", "a\x85b"):
        sent = client.post(questions, data={"q-years": answer})
        assert sent.status_code == 400
        assert "What is sent must have no control characters." in sent.text
    assert client.post(questions, data={"q-years": "a\tb\r\nc"}).status_code == 302
    with app.app_context():
        assert db.session.scalar(sa.select(Rater.before)) == '{"years": "a\\tb\\r\\nc"}'


def test_a_facet_that_is_no_word_is_refused(app: Flask, study) -> None:
    page = Page(app.test_client(), study(PROTOCOL)[0], practise=False)
    for facet in ([], {}, [[]], None, 5, "\0", "no such"):
        answer = page.post(page.grade(page.candidates[0], 60, facet=facet))
        assert answer.status_code == 400
        assert answer.json["refused"].startswith("The facet must be one of relevance, not ")
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Judgement.id))) == 0


@pytest.mark.parametrize("junk", ["\0", "a\0b", "\ud800", "\ud83d\0", "9" * 400])
def test_an_answer_with_a_nul_or_half_a_letter_is_refused(app: Flask, study, junk: str) -> None:
    page = Page(app.test_client(), study(PROTOCOL)[0], practise=False)
    good = page.grade(page.candidates[0], 60)
    for key in ("sound", "uuid", "given_at", "sent_at", "facet", "heard", "listened_seconds"):
        for to in ("grades", "listens", "flags", "preferences"):
            answer = page.post(good | {key: junk, "seconds": junk, "started_at": junk}, to)
            assert answer.status_code < 500, (key, to)
            assert "saved" not in answer.json or to in ("listens", "flags"), (key, to)
    client = app.test_client()
    client.set_cookie("sounding_board_browser", "a%00b", path="/join/")
    assert client.get("/join/way").status_code < 500
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Judgement.id))) == 0
