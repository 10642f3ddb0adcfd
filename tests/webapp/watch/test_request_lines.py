"""The log: a line a request, and in none of them what tells people or keys apart."""

import json
import logging
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages.signing import csrf, link
from tests.support.ports import HOST, Port
from tests.support.studies.full_study import FULL, form, judge_until_end
from tests.support.studies.rater import Page, join
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.core.database import db
from webapp.core.health import logs
from webapp.models import Account, Browser, ExternalId, Rater, SigninLink

ADDRESS = "203.0.113.77"
PERSON = "panel-person-4711"
ROUTE = re.compile(r"/(?:[\w.-]+|<[\w(), ]*:?\w+>)?")

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def app(data: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An app as it is served, with a log of JSON."""
    monkeypatch.setenv("SOUNDING_BOARD_LOG_FORMAT", "json")
    return create_app({"DATA": data})


@pytest.fixture
def lines(app: Flask, capsys: pytest.CaptureFixture[str]) -> Lines:
    """Returns the lines of the log since it was asked last."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_request_is_one_line(client: FlaskClient, lines: Lines) -> None:
    lines()
    answer = client.get("/join/none?PROLIFIC_PID=x")
    (line,) = lines()
    assert set(line) == {
        "time", "level", "logger", "process", "request_id", "message", "method", "route", "status",
        "ms", "bytes",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert (line["level"], line["logger"]) == ("info", "webapp.requests")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/join/<slug>", 404)
    assert line["bytes"] == len(answer.data)
    assert line["ms"] >= 0
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert f"<code>{line['request_id']}</code>" in answer.text
    client.open("/wp-login.php", method="SESAME-77")
    client.head("/healthz")
    odd, head = lines()
    assert (odd["method"], odd["status"]) == ("OTHER", 404)
    assert "route" not in odd
    assert (head["method"], head["bytes"]) == ("HEAD", 0)


@pytest.mark.parametrize(
    ("proxies", "given", "taken"),
    [
        (1, "a1b2c3d4-e5f6", True),
        (0, "a1b2c3d4-e5f6", False),  # whoever asks could name it
        (1, "short", False),
        (1, 'quote"and}brace', False),
        (1, "x" * 65, False),
    ],
)
def test_the_id_of_a_trusted_proxy_is_taken(
    data: Path, monkeypatch: pytest.MonkeyPatch, proxies: int, given: str, taken: bool
) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_TRUSTED_PROXIES", str(proxies))
    client = create_app({"TESTING": True, "DATA": data}).test_client()
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is taken
    assert re.fullmatch(r"[\w-]{8,64}", answer.headers["X-Request-ID"])


def test_an_exception_is_one_line_without_values(
    app: Flask, client: FlaskClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "postgresql://me:sesame-password@host/name"
    monkeypatch.setitem(app.config, "SQLALCHEMY_DATABASE_URI", address)
    logs.begin(app)

    def wrong(slug: str) -> str:
        secret_in_a_variable = "sesame-of-a-variable"
        try:
            db.session.execute(sa.text("SELECT 1 FROM none WHERE x = :it"), {"it": "sesame-bound"})
        finally:
            raise ValueError(f"no {slug}, {len(secret_in_a_variable)}; {app.secret_key}; {address}")

    wrong.is_public = True  # type: ignore[attr-defined]
    app.view_functions["join.join"] = wrong
    lines()
    client.set_cookie("other", "sesame-of-a-cookie")
    answer = client.get("/join/sesame-of-a-path?query=sesame-of-a-query")
    assert answer.status_code == 500
    error, request = lines()
    assert (error["level"], error["message"]) == ("error", "Exception in GET /join/<slug>")
    assert error["request_id"] == request["request_id"]
    assert error["request_id"] in answer.text
    assert request["status"] == 500
    assert "ValueError: no […], 20; […]; postgresql://me:[…]@host/name" in error["traceback"]
    assert "no such table: none" in error["traceback"]
    assert "test_request_lines.py" in error["traceback"]
    written = ("bound", "of-a-path", "of-a-query", "of-a-cookie")
    values = error["traceback"].replace('sesame-bound"}', "")  # the line of code itself
    assert [one for one in written if f"sesame-{one}" in values] == []
    assert app.secret_key not in values


def test_no_way_through_the_app_leaves_a_token_or_a_person_in_the_log(
    app: Flask, study: Callable, lines: Lines
) -> None:
    """A rater's whole way and back, wrong links, and the experimenter's pages and forms."""
    study(FULL, invited=0)
    lines()
    rater = app.test_client()
    rater.environ_base["REMOTE_ADDR"] = ADDRESS
    path = join(rater, f"/join/way?PROLIFIC_PID={PERSON}&STUDY_ID=session-4711").headers["Location"]
    form(rater, path, "questions/before", **{"q-age": "forty"})
    form(rater, path, "questions/before", **{"q-age": "40"})
    sounds = re.findall(r'data-src="([^"]+)"', rater.get(path).text)
    for sound in sounds:
        rater.get(sound, buffered=True)
    form(rater, path, "sound-check")
    practice = Page(rater, path, practise=False)
    sounds += practice.sounds
    body = practice.grade(practice.candidates[0], 60)
    assert practice.post(body).json == {"saved": body["uuid"]}
    assert "must be" in practice.post(body | {"grade": 61}).text
    judge_until_end(rater, path)
    form(rater, path, "questions/after", **{"q-device": "headphones"})
    assert "DONE42" in rater.get(path).text
    for wrong in (f"{path}x", f"{path}/sounds/nothing", "/signin/sesame-wrong-link"):
        rater.get(wrong)
    rater.post(f"{path}/grades", data=b"{", headers={"Content-Type": "application/json"})

    way_in = link(app)
    owner = app.test_client()
    assert owner.get(way_in).status_code == 302
    for page in ("/", "/studies", "/studies/way", "/studies/way/raters", "/log", "/account"):
        owner.get(page)
    owner.post("/studies/way/invite", data=csrf(owner) | {"count": "2"})
    owner.get(f"/studies?q={PERSON}")

    with app.app_context():
        raters = db.session.scalars(sa.select(Rater)).all()
        secret = {PERSON, ADDRESS, app.secret_key, "DONE42", "sesame-wrong-link"}
        secret |= {one.token for one in raters} | {one.pseudonym for one in raters}
        secret |= {one.value for one in db.session.scalars(sa.select(ExternalId))}
        secret |= {one.name for one in db.session.scalars(sa.select(Account))}
        for model in (Browser, SigninLink):
            for row in db.session.scalars(sa.select(model)):
                secret |= {value for value in vars(row).values() if isinstance(value, str)}
    secret |= {sound.rpartition("/")[2] for sound in sounds} | set(practice.candidates)
    for client in (rater, owner):
        secret |= {one.value for one in client._cookies.values()}
    secret |= {body["uuid"], practice.csrf, way_in.rpartition("/")[2]}
    secret = {one for one in secret if one and len(one) > 3}
    assert len(secret) > 25
    found = lines()
    assert len(found) > 60
    text = json.dumps(found)
    assert [one for one in secret if one in text] == []
    routes = {line["route"] for line in found if "route" in line}
    assert "/rate/<slug>/<token>/grades" in routes
    assert [one for one in routes if not re.fullmatch(rf"(?:{ROUTE.pattern})+", one)] == []


def gunicorn(data: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> subprocess.Popen[str]:
    """Start gunicorn with our log, and an access log that somebody asked for."""
    monkeypatch.setenv("SOUNDING_BOARD_DATA", str(data))
    monkeypatch.setenv("SOUNDING_BOARD_LOG_FORMAT", "json")
    logger = "webapp.core.health.server_logs.Logger"
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "webapp:create_app()", "--bind", f"{HOST}:{port}",
         "--threads", "4", "--logger-class", logger, "--access-logfile", "-"],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def answers(url: str) -> int:
    """Return the status of an address; 0 where nothing answers."""
    try:
        with urlopen(Request(url, headers={"X-Request-ID": "mine-mine-mine"}), timeout=30) as done:
            return done.status
    except HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def test_gunicorns_lines_are_ours(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Port() as port:
        url = f"http://{HOST}:{port.number}"
        server = gunicorn(data, port.number, monkeypatch)
        try:
            wait_for(lambda: answers(f"{url}/healthz"))
            assert answers(f"{url}/rate/way/sesame-token?of=sesame-query") == 404
            with socket.create_connection((HOST, port.number)) as raw:
                raw.sendall(b"GET /rate/sesame-broken\r\n\r\n")  # no HTTP
                raw.recv(100)
        finally:
            server.terminate()
            said, log = server.communicate(timeout=60)
    assert said == ""
    found = [json.loads(line) for line in log.splitlines()]
    assert {"gunicorn.error", "webapp", "webapp.requests"} <= {line["logger"] for line in found}
    assert any("Listening at" in line["message"] for line in found)
    (bad,) = (line for line in found if line["message"].startswith("Invalid request"))
    assert bad["message"] == "Invalid request (InvalidRequestLine)"
    assert "sesame" not in log
    assert "mine-mine" not in log
    routes = [line.get("route") for line in found if line["logger"] == "webapp.requests"]
    assert routes[-1] == "/rate/<slug>/<token>"


def test_text_is_a_line_a_request_too(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client = create_app({"DATA": data}).test_client()
    capsys.readouterr()
    answer = client.get("/rate/way/sesame-token")
    said = capsys.readouterr().err
    assert re.fullmatch(
        rf"\S+Z \[\d+\] INFO \[{answer.headers['X-Request-ID']}\] "
        r"GET /rate/<slug>/<token> 404 [\d.]+ ms \d+ bytes\n",
        said,
    )


def test_werkzeugs_own_lines_are_left_out(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("werkzeug")
    log.setLevel(logging.INFO)
    log.info('127.0.0.1 - - [30/Nov/2026 12:00:00] "%s" %s %s\n', "GET /rate/a/sesame", 200, "-")
    log.info(" * Running on http://localhost")
    assert [one for one in caplog.messages if "sesame" in one or "Running" in one] == [
        " * Running on http://localhost"
    ]


def test_a_format_that_there_is_not_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_LOG_FORMAT", "yaml")
    with pytest.raises(Exception, match="log_format must be text or json, not 'yaml'"):
        create_app({"DATA": data})
