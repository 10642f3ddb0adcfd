"""What another secret_key signed is named as that: to raters, to the experimenter, in the log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from tests.support.places import BASE
from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.other_keys import key_mark
from webapp.rating.tokens import new_sitting, open_token, other_mark

ANOTHER = "f" * 64
SENTENCE = "before the server's key was changed"
LOGGED = "was signed by another secret_key"


@pytest.fixture
def page(app: Flask, runner: FlaskCliRunner, ranked: object, tmp_path) -> Page:
    """A rater's page that the first key signed."""
    path = tmp_path / "which.toml"
    path.write_text(PROTOCOL + '[[questionnaire.after]]\nid = "words"\ntext = "Words?"\n')
    for command in (["create", str(path)], ["open", "which"]):
        assert runner.invoke(args=["studies", *command]).exit_code == 0
    link = runner.invoke(args=["studies", "invite", "which"]).output.split()[-1]
    return Page(app.test_client(), link.removeprefix(BASE))


@contextmanager
def another_key(app: Flask) -> Iterator[None]:
    """Let the app have another key."""
    before, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], ANOTHER
    yield
    app.config["SECRET_KEY"] = before


def test_a_mark_tells_keys_apart_and_stands_in_every_token(app: Flask, page: Page) -> None:
    name = page.candidates[0]
    with app.app_context():
        first, mark = app.config["SECRET_KEY"], key_mark()
        assert len(mark) == 4
        assert name.endswith(mark)
        assert open_token(name[:-4]) == open_token(name) is not None  # as before there were marks
        assert other_mark(name) == other_mark(name[:-4]) == other_mark("junk") == ""
        assert mark not in (first, new_sitting())
        with another_key(app):
            assert open_token(name) is None
            assert other_mark(name) == mark != key_mark()
            assert other_mark(name[:-4]) == ""
            assert open_token(name, first) is not None
            assert key_mark(first) == mark


def test_a_rater_is_told_and_the_log_has_it_once(
    app: Flask, page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    body = page.grade(page.candidates[0], 40)
    with another_key(app), caplog.at_level(logging.WARNING):
        answer = page.post(body)
        assert answer.status_code == 403
        assert answer.json["reload"] and answer.json["other_key"]  # noqa: PT018
        assert SENTENCE in answer.json["error"]
        for _ in range(3):
            heard = page.client.get(page.sounds[1])
            assert heard.status_code == 404
            assert "This page was made before the server's key was changed" in heard.text
        again = Page(page.client, page.path)
        answer = again.post(body)
        assert answer.status_code == 404
        assert SENTENCE in answer.json["refused"]
        assert again.post(again.grade(again.candidates[0], 60)).json["saved"]
    lines = [one for one in caplog.messages if LOGGED in one]
    assert len(lines) == 2
    assert lines[0].startswith("A page or its cookie")
    assert lines[1].startswith("The name of a sound")
    assert page.path.split("/")[-1] not in "".join(caplog.messages)
    assert page.post(body).status_code == 403  # the cookie is the other key's now
    assert Page(app.test_client(), page.path).post(body).json["saved"]  # it is good again


@pytest.mark.parametrize("junk", ["", "x", "a.b.c", "IjEi.x.y", "!!"])
def test_junk_is_no_other_key(app: Flask, page: Page, junk: str) -> None:
    headers = {"X-CSRFToken": junk}
    answer = app.test_client().post(f"{page.path}/grades", json={}, headers=headers)
    assert answer.status_code == 403
    assert "other_key" not in answer.json


def test_the_experimenter_is_told_at_the_sign_in(
    app: Flask, client: FlaskClient, runner: FlaskCliRunner, caplog: pytest.LogCaptureFixture
) -> None:
    link = runner.invoke(args=["signin-link"]).output.split()[-1].removeprefix(BASE)
    assert client.get(link).status_code == 302
    assert client.get("/account").status_code == 200
    words = "signed by another secret key than this server's"
    with another_key(app):
        answer = client.get("/account")
        assert answer.status_code == 401
        assert words in answer.text
        assert words not in app.test_client().get("/account").text  # strangers hear nothing
    assert any(one.startswith("A browser's sign-in") for one in caplog.messages)
    assert client.get("/account").status_code in (200, 401)


def test_what_was_typed_stays_where_the_page_is_out_of_date(app: Flask, page: Page) -> None:
    while page.candidates:
        page.grade_all()
        page.load()
    data = {"q-words": "<typed & kept>", "csrf_token": page_token(page)}
    with another_key(app):
        answer = page.client.post(f"{page.path}/questions/after", data=data)
        assert answer.status_code == 200
        assert "That page was out of date. Nothing was lost" in answer.text
        assert "&lt;typed &amp; kept&gt;" in answer.text
        page.text = answer.text
        again = page.client.post(
            f"{page.path}/questions/after", data=data | {"csrf_token": page_token(page)}
        )
        assert again.status_code == 302
        consent = page.client.post(f"{page.path}/consent", data={"answer": "yes"})
        assert consent.headers["Location"].endswith(page.path)
        nobody = page.client.post("/rate/which/nobody/consent", data={"answer": "yes"})
        assert nobody.status_code == 404


def page_token(page: Page) -> str:
    """Return the CSRF token of the page's form."""
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]
