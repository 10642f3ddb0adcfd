"""Being signed in is a row on the server: what a browser keeps is worth nothing without it."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_login import encode_cookie

from tests.support.pages.signing import copied, csrf, link, said, signed_in
from webapp import create_app
from webapp.core import database
from webapp.core.database import db, now
from webapp.models import LogEntry, SigninSession
from webapp.signin import sessions
from webapp.signin.sessions import KEPT, SEEN_EVERY, browser_words, digest

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def status(client: FlaskClient) -> int:
    """Return what the first page answers: 200 to who is signed in, 401 to others."""
    return client.get("/").status_code


def stored(app: Flask) -> list[SigninSession]:
    """Return all sessions, the oldest first."""
    with app.app_context():
        found = list(db.session.scalars(sa.select(SigninSession).order_by(SigninSession.id)))
        db.session.expunge_all()
        return found


def move(app: Flask, **moments: timedelta) -> None:
    """Put moments of all sessions so far into the past."""
    with app.app_context():
        past = {name: now() - ago for name, ago in moments.items()}
        db.session.execute(sa.update(SigninSession).values(**past))
        db.session.commit()


def test_cookies_that_were_copied_are_worth_nothing_after_sign_out(app: Flask) -> None:
    client = signed_in(app)
    thief = copied(client, app)
    assert status(thief) == 200
    assert client.post("/signout", data=csrf(client)).status_code == 302
    assert status(client) == 401
    assert status(thief) == 401
    (session,) = stored(app)
    assert session.ended_at is not None


def test_signing_out_leaves_the_other_browser_in(app: Flask) -> None:
    here, there = signed_in(app), signed_in(app)
    here.post("/signout", data=csrf(here))
    assert (status(here), status(there)) == (401, 200)


def test_signing_out_everywhere_leaves_no_browser_of_this_account_in(app: Flask) -> None:
    said(app, "accounts", "add", "ana")
    here, there = signed_in(app, "ana"), signed_in(app, "ana")
    said(app, "accounts", "add", "bo")
    other = signed_in(app, "bo")
    answer = here.post("/signout/everywhere", data=csrf(here))
    assert answer.status_code == 302
    assert "You are signed out everywhere." in here.get("/").text
    assert [status(one) for one in (here, there, other)] == [401, 401, 200]


@pytest.mark.parametrize(("setting", "days"), [(30, 30), (2, 2), (0, 1)])
def test_the_server_ends_a_session_after_signin_days(app: Flask, setting: int, days: int) -> None:
    """Whatever the browser does with its cookies; the setting may be changed while it runs."""
    client = signed_in(app)
    app.config["SETTINGS"]["signin_days"] = setting
    move(app, made_at=timedelta(days=days) - timedelta(minutes=1))
    assert status(client) == 200
    move(app, made_at=timedelta(days=days) + timedelta(minutes=1))
    assert status(client) == 401
    assert said(app, "sessions", "list") == ""


def test_the_cookies_end_with_the_session(app: Flask) -> None:
    client = signed_in(app)
    kept = client.get_cookie(app.config["REMEMBER_COOKIE_NAME"])
    (session,) = stored(app)
    days = timedelta(days=app.config["SETTINGS"]["signin_days"])
    assert kept is not None
    assert abs(kept.expires - (session.made_at + days)) < timedelta(minutes=1)
    passing = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert passing is not None
    assert (passing.expires, passing.max_age) == (None, None)  # until the browser is closed


def test_a_revoked_session_is_out_with_its_next_request(app: Flask) -> None:
    here, there = signed_in(app, user_agent=FIREFOX), signed_in(app)
    first = said(app, "sessions", "list").splitlines()
    assert len(first) == 2
    assert "experimenter" in first[0]
    number = next(line.split()[0] for line in first if "Firefox on Linux" in line)
    assert said(app, "sessions", "revoke", number) == "Sessions ended: 1.\n"
    assert (status(here), status(there)) == (401, 200)
    assert said(app, "sessions", "revoke", number) == "Sessions ended: 0.\n"
    said(app, "accounts", "add", "ana")
    assert said(app, "sessions", "revoke", "--account", "ana") == "Sessions ended: 0.\n"
    assert said(app, "sessions", "revoke", "--account", "experimenter") == "Sessions ended: 1.\n"
    assert status(there) == 401
    again = signed_in(app, "ana")
    assert said(app, "sessions", "revoke", "--all") == "Sessions ended: 1.\n"
    assert status(again) == 401


@pytest.mark.parametrize("words", [(), ("1", "--all"), ("--account", "x", "--all")])
def test_what_is_to_be_revoked_must_be_said(app: Flask, words: tuple[str, ...]) -> None:
    done = app.test_cli_runner().invoke(args=["sessions", "revoke", *words])
    assert done.exit_code == 1
    assert "Say which: numbers of sessions, --account NAME, or --all." in done.output


def test_the_cookies_of_0_1_0_sign_nobody_in(app: Flask) -> None:
    """They named the one account there was, signed by the key that is still the same."""
    app.test_client().get("/")
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie.update(_user_id="experimenter", _fresh=True)
    assert status(client) == 401
    with app.test_request_context():
        remembered = encode_cookie("experimenter")
    client.set_cookie(app.config["REMEMBER_COOKIE_NAME"], remembered)
    assert status(client) == 401
    assert client.get(link(app)).status_code == 302
    assert status(client) == 200


def test_every_sign_in_has_a_secret_of_its_own(app: Flask) -> None:
    """What a browser was made to bring along is not what it is known by afterwards."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie.update(_user_id="planted", csrf_token="planted")
    fixed = copied(client, app)
    assert client.get(link(app)).status_code == 302
    with client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    assert len(secret) >= 43  # 256 bits
    assert status(fixed) == 401
    (session,) = stored(app)
    assert session.secret_sha256 == digest(secret)
    other = signed_in(app)
    with other.session_transaction() as cookie:
        assert cookie["_user_id"] != secret


def test_who_guesses_a_link_takes_nobodys_turn(app: Flask) -> None:
    begun: list[str] = []
    signed_in(app)  # an account, and links that are used up
    with app.app_context():
        sa.event.listen(
            db.engine, "before_cursor_execute", lambda conn, cursor, text, *rest: begun.append(text)
        )
    assert app.test_client().get("/signin/guessed").status_code == 403
    assert "BEGIN IMMEDIATE" not in begun
    signed_in(app)
    assert "BEGIN IMMEDIATE" in begun


def test_nobody_is_made_another_account_without_signing_out(app: Flask) -> None:
    """A link that one is led to, of somebody else's account, would have one work in that name."""
    said(app, "accounts", "add", "ana")
    said(app, "accounts", "add", "bo", "--role", "viewer")
    client, path = signed_in(app, "bo"), link(app, "--account", "ana")
    answer = client.get(path, follow_redirects=True)
    assert "You are signed in as bo. To come in as ana, sign out first." in answer.text
    assert "signed in as bo, a viewer" in answer.text
    own = link(app, "--account", "bo")
    assert "sign out first" not in client.get(own, follow_redirects=True).text
    client.post("/signout", data=csrf(client))
    assert client.get(path).status_code == 302  # neither is used up
    assert "signed in as ana<" in client.get("/").text
    assert app.test_client().get(own).status_code == 302


def test_of_browsers_that_use_a_link_at_once_one_gets_in(data: Path) -> None:
    apps = [create_app({"TESTING": True, "DATA": data}) for _ in range(8)]
    for app in apps:
        database.prepare(app)
    path, start, answers = link(apps[0]), threading.Barrier(len(apps)), []

    def come(app: Flask) -> None:
        client = app.test_client()
        start.wait()
        answers.append((client.get(path).status_code, status(client)))

    threads = [threading.Thread(target=come, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(302, 200), *[(403, 401)] * (len(apps) - 1)]
    assert len(stored(apps[0])) == 1


def test_being_seen_is_written_once_in_some_minutes(app: Flask) -> None:
    client = signed_in(app)
    seen = stored(app)[0].seen_at
    client.get("/studies")
    assert stored(app)[0].seen_at == seen
    move(app, seen_at=SEEN_EVERY + timedelta(seconds=1))
    assert status(client) == 200
    assert stored(app)[0].seen_at > seen


def test_nobody_waits_to_be_seen(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody else writes, the page comes all the same."""
    client = signed_in(app)
    move(app, seen_at=SEEN_EVERY + timedelta(seconds=1))
    monkeypatch.setattr(database, "_PRAGMAS", ("busy_timeout=0",))
    with app.app_context():
        db.engine.dispose()
        writer = db.engine.connect()
        writer.begin()
        writer.exec_driver_sql("UPDATE account SET role = role")
        assert status(client) == 200
        writer.close()
    assert stored(app)[0].seen_at < now() - SEEN_EVERY


def test_a_page_that_only_reads_still_begins_as_a_reader(app: Flask) -> None:
    client, begun = signed_in(app), []
    with app.app_context():
        sa.event.listen(
            db.engine, "before_cursor_execute", lambda conn, cursor, text, *rest: begun.append(text)
        )
    move(app, seen_at=SEEN_EVERY * 2)
    begun.clear()
    assert status(client) == 200
    assert begun.count("BEGIN IMMEDIATE") == 1  # for that it was seen
    assert begun.count("COMMIT") <= 1
    after = begun[begun.index("BEGIN IMMEDIATE") + 1 :]
    assert "BEGIN" in after
    begun.clear()
    assert status(client) == 200
    assert "BEGIN IMMEDIATE" not in begun


def test_sessions_that_are_long_over_are_forgotten(app: Flask) -> None:
    signed_in(app)
    said(app, "sessions", "revoke", "--all")
    signed_in(app)
    assert len(stored(app)) == 2
    move(app, ended_at=KEPT + timedelta(minutes=1))
    signed_in(app)
    assert len(stored(app)) == 1
    days = timedelta(days=app.config["SETTINGS"]["signin_days"])
    move(app, made_at=days + KEPT + timedelta(minutes=1))
    signed_in(app)
    assert len(stored(app)) == 1


def test_raters_on_the_same_browser_stay_where_they_are(app: Flask) -> None:
    client = signed_in(app)
    with client.session_transaction() as cookie:
        cookie.update({"sitting-7": 3, "joined-1": "token"})
    client.post("/signout", data=csrf(client))
    with client.session_transaction() as cookie:
        assert (cookie["sitting-7"], cookie["joined-1"]) == (3, "token")


def test_the_page_of_the_account_shows_its_sessions(app: Flask) -> None:
    said(app, "accounts", "add", "ana")
    said(app, "accounts", "add", "bo")
    client = signed_in(app, "ana", FIREFOX)
    signed_in(app, "ana", "curl/8")
    signed_in(app, "bo", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0")
    page = client.get("/account").text
    assert "You are signed in as ana, an owner" in page
    assert page.count('<tr><th scope="row">') == 2
    assert 'Firefox on Linux <span class="quiet">(this one)</span>' in page
    assert "another browser" in page
    assert "Edge" not in page


@pytest.mark.parametrize(
    ("said_of_itself", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140", "Chrome on iOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537", "Chrome on Android"),
        ("", "another browser"),
        ("<script>alert(1)</script>", "another browser"),
    ],
)
def test_a_browser_is_told_in_words(said_of_itself: str, words: str) -> None:
    assert browser_words(said_of_itself) == words


def test_a_database_that_fails_answers_with_a_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even who is signed in can be asked then, and the page does not try."""
    client = signed_in(app)
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    def fails(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(sessions, "digest", fails)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "The database cannot be used just now. Load this again in a moment." in answer.text


def test_the_first_request_may_come_with_a_session(app: Flask, data: Path) -> None:
    """Also one that is looked at before anything else, as a sound that is brought."""
    client = signed_in(app)
    new = create_app({"TESTING": True, "DATA": data, "WTF_CSRF_ENABLED": False})
    other = copied(client, new)
    assert other.post("/browse/small/own").status_code == 400
    with new.app_context():
        db.session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        db.session.commit()
    refused = create_app({"TESTING": True, "DATA": data})
    assert copied(client, refused).get("/").status_code == 503


def test_what_the_command_line_revokes_is_in_the_log(app: Flask) -> None:
    signed_in(app)
    said(app, "sessions", "revoke", "--all")
    with app.app_context():
        last = db.session.scalar(sa.select(LogEntry).order_by(LogEntry.id.desc()))
        assert (last.who, last.what, last.note) == (
            "the command line", "sessions ended", "1, of everybody",
        )  # fmt: skip
