"""Closed unless opened, and the headers of every answer."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from tests.support.places import BASE
from webapp import create_app
from webapp.core.database import db, now
from webapp.models import SigninLink

RATERS = (
    "cannot_say", "consent", "elsewhere", "finish", "flag", "grade", "headphones", "listen", "page",
    "prefer", "questions", "remark", "sound", "sound_check", "withdraw", "withdrawal",
)  # fmt: skip
OPEN = {
    "watch.healthz",
    "watch.readyz",
    "watch.metrics",  # to strangers closed, all the same: see tests/webapp/watch
    "signin.signin",
    "join.join",
    "join.begin",
    *(f"rate.{name}" for name in RATERS),
}
STATIC = {"static", "bootstrap.static", "old_static", "joined"}


def link(runner: FlaskCliRunner) -> str:
    """Return the path of a new sign-in link."""
    return runner.invoke(args=["signin-link"]).output.strip().removeprefix(BASE)


def test_strangers_get_nothing_but_the_sign_in_page(client: FlaskClient, app: Flask) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPEN | STATIC:
            continue
        values = dict.fromkeys(rule.arguments, "small")
        path = app.url_map.bind("localhost").build(rule.endpoint, values)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            app.config["WTF_CSRF_ENABLED"] = False
            answer = client.open(path, method=method)
            assert answer.status_code == 401, (path, method)
            assert b"Only the experimenter sees these pages" in answer.data
            tried += 1
    assert tried >= 15


def test_what_is_open_to_strangers_was_thought_of(app: Flask) -> None:
    """A new page is closed, and is walked above; one that opens itself belongs into this file."""
    public = {name for name, view in app.view_functions.items() if hasattr(view, "is_public")}
    assert public == OPEN


def test_a_rater_link_that_is_wrong_leads_nowhere(client: FlaskClient, app: Flask) -> None:
    """Neither the pages nor what they post to; nor does a study that is not there."""
    app.config["WTF_CSRF_ENABLED"] = False
    values = {"slug": "demo", "token": "wrong", "sound": "abc", "when": "before"}
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(("rate.", "join.")):
            path = app.url_map.bind("localhost").build(rule.endpoint, values)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert client.open(path, method=method).status_code == 404, (path, method)
                tried += 1
    assert tried == len(RATERS) + 2


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/static/js/player/player.js"])
def test_every_answer_has_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path, buffered=True).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert "Cache-Control" in headers


def test_a_sign_in_link_works_once(app: Flask, runner: FlaskCliRunner) -> None:
    path = link(runner)
    first, second = app.test_client(), app.test_client()
    assert first.get(path).status_code == 302
    assert first.get("/").status_code == 200
    answer = second.get(path)
    assert answer.status_code == 403
    assert b"used up or too old" in answer.data
    assert second.get("/").status_code == 401


def test_looking_at_a_sign_in_link_does_not_use_it_up(app: Flask, runner: FlaskCliRunner) -> None:
    path = link(runner)
    assert app.test_client().head(path).status_code == 200
    assert app.test_client().get(path).status_code == 302


def test_behind_a_proxy_the_browsers_address_counts(data: Path) -> None:
    """Over https the CSRF check compares the page's address with the app's own."""
    (data / "config.toml").write_text("trusted_proxies = 1\nsecure_cookies = true\n")
    app = create_app({"TESTING": True, "DATA": data})
    client = app.test_client()
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "listen.example.org",
        "Referer": "https://listen.example.org/",
    }
    inside = "https://127.0.0.1:8000"  # what the proxy calls; https only for the client's cookies
    path = link(app.test_cli_runner())
    assert client.get(path, base_url=inside, headers=headers).status_code == 302
    page = client.get("/", base_url=inside, headers=headers).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    body = {"csrf_token": token}
    answer = client.post("/signout", data=body, base_url=inside, headers=headers)
    assert answer.status_code == 302
    assert "Strict-Transport-Security" in answer.headers


def test_an_old_sign_in_link_is_refused(app: Flask, runner: FlaskCliRunner) -> None:
    path = link(runner)
    with app.app_context():
        made = now() - timedelta(minutes=app.config["SETTINGS"]["signin_minutes"] + 1)
        db.session.execute(sa.update(SigninLink).values(made_at=made))
        db.session.commit()
    assert app.test_client().get(path).status_code == 403


def test_the_link_itself_is_not_in_the_database(app: Flask, runner: FlaskCliRunner) -> None:
    token = link(runner).rpartition("/")[2]
    with app.app_context():
        stored = db.session.scalar(sa.select(SigninLink.token_sha256))
    assert token not in stored


@pytest.mark.parametrize("path", ["/signout", "/signout/everywhere"])
def test_signing_out_needs_the_csrf_token(experimenter: FlaskClient, path: str) -> None:
    assert experimenter.post(path).status_code == 403
    assert experimenter.get("/").status_code == 200
    page = experimenter.get("/").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    assert experimenter.post(path, data={"csrf_token": token}).status_code == 302
    assert experimenter.get("/").status_code == 401


def test_cookies_are_not_for_scripts_or_other_sites(app: Flask, runner: FlaskCliRunner) -> None:
    cookies = app.test_client().get(link(runner)).headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
