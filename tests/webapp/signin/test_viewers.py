"""A viewer looks and changes nothing: neither by a button nor by what is sent without one."""

import re
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from tests.support.pages.signing import said, signed_in
from tests.support.studies.judged import PROTOCOL
from webapp import logbook
from webapp.core.database import READING

CHANGE = {
    "signin.signout", "signin.signout_everywhere", "signin.make_token", "signin.revoke_token",
}  # fmt: skip
"""What a viewer may send: of the own sessions and tokens alone."""

KEPT_BACK = {
    "manage.links", "manage.payments", "designing.new", "designing.page", "designing.plan",
    "shelf.rename", "rehearsal.page", "rehearsal.rater", "own.new", "adding.new",
}  # fmt: skip
"""What a viewer may not see: the keys of raters, who they are, and forms for owners."""

REFUSED = "Nothing was changed: your account is a viewer&#39;s, which may look only."


@pytest.fixture
def app(app: Flask, ranked: object, tmp_path: Path) -> Flask:
    """The app with an open study and a draft; forms are taken without their tokens."""
    app.config["WTF_CSRF_ENABLED"] = False
    for name in ("which", "next"):
        (tmp_path / f"{name}.toml").write_text(
            PROTOCOL.replace("[joining]", '[joining]\nids = ["PROLIFIC_PID"]')
        )
        said(app, "studies", "create", str(tmp_path / f"{name}.toml"))
    said(app, "studies", "open", "which")
    said(app, "studies", "invite", "which", "-n", "2")
    said(app, "accounts", "add", "ana")
    said(app, "accounts", "add", "vi", "--role", "viewer")
    return app


@pytest.fixture
def viewer(app: Flask) -> FlaskClient:
    """A viewer's browser."""
    return signed_in(app, "vi")


def views(app: Flask, *, reading: bool) -> list[tuple[str, str, str]]:
    """Return (endpoint, method, path) of every view that is not for everybody."""
    values = {"slug": "which", "name": "small", "sound": "s", "embedding": "e", "method": "pca",
              "clip_id": "hum-0", "figure": "f", "table": "t", "release": "1"}  # fmt: skip
    routes = app.url_map.bind("localhost")
    return [
        (rule.endpoint, method, routes.build(rule.endpoint, {
            one: values.get(one, "x") for one in rule.arguments}))
        for rule in app.url_map.iter_rules()
        if not getattr(app.view_functions[rule.endpoint], "is_public", False)
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if (method in READING) == reading
    ]  # fmt: skip


def dump(app: Flask) -> list[str]:
    """Return the database as SQL."""
    with sqlite3.connect(app.config["DATA"] / "sounding_board.sqlite") as database:
        lines = list(database.iterdump())
    database.close()
    return lines


def test_whatever_a_viewer_sends_changes_nothing(app: Flask, viewer: FlaskClient) -> None:
    """Every address that is there, and so every one that comes: none is open unless it says so."""
    before, sent = dump(app), 0
    for endpoint, method, path in views(app, reading=False):
        if endpoint in CHANGE:
            continue
        body = {"sure": "yes", "action": "create", "count": "3"}
        answer = viewer.open(path, method=method, data=body)
        assert answer.status_code == 403, (endpoint, answer.status)
        assert REFUSED in answer.text, endpoint
        answer = viewer.open(path, method=method, json={})
        assert (answer.status_code, list(answer.json)) == (403, ["error"]), endpoint
        sent += 1
    assert sent >= 10
    assert dump(app) == before


def test_what_viewers_may_send_was_thought_of(app: Flask) -> None:
    marked = {name for name, view in app.view_functions.items() if hasattr(view, "is_for_viewers")}
    assert marked == CHANGE
    kept = {name for name, view in app.view_functions.items() if hasattr(view, "is_for_owners")}
    assert kept == KEPT_BACK


def test_a_viewer_sees_every_page_but_keys_and_forms(app: Flask, viewer: FlaskClient) -> None:
    looked = set()
    for endpoint, _, path in views(app, reading=True):
        answer = viewer.get(path, buffered=True)
        if endpoint in KEPT_BACK:
            assert answer.status_code == 403, endpoint
            assert "Only owners see this" in answer.text
        else:
            assert answer.status_code in (200, 302, 400, 404), endpoint
            looked.add(endpoint)
    assert looked >= {"home.home", "manage.index", "manage.study", "manage.people", "manage.bundle",
                      "results.page", "browse.browse", "log.page", "signin.account"}  # fmt: skip


PAGES = ("/", "/studies", "/studies/which", "/studies/next", "/studies/which/raters",
         "/studies/which/results", "/browse/small?query=hum-0", "/log", "/account",
         "/jobs", "/prepare/small", "/weights")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_a_viewers_pages_offer_nothing_that_is_refused(
    app: Flask, viewer: FlaskClient, path: str
) -> None:
    """No form posts to and no link leads to what is not a viewer's; an owner's pages have them."""
    routes = app.url_map.bind("localhost")

    def offered(client: FlaskClient) -> set[str]:
        answer = client.get(path)
        assert answer.status_code == 200
        found = set()
        for form in re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', answer.text):
            found.add(routes.match(urlsplit(form).path, method="POST")[0])
        for href in re.findall(r'href="(/[^"#]*)', answer.text):
            try:
                found.add(routes.match(urlsplit(href).path, method="GET")[0])
            except HTTPException:
                continue
        return found

    def closed(endpoints: set[str]) -> set[str]:
        sent = {endpoint for endpoint, *_ in views(app, reading=False)} - CHANGE
        return endpoints & (sent | KEPT_BACK)

    assert closed(offered(viewer)) == set()
    assert "/rate/" not in viewer.get(path).text
    owner = signed_in(app, "ana")
    if path.startswith("/browse"):  # its form is there where a system can hear a new sound
        assert 'id="own"' in owner.get(path).text
        assert 'id="own"' not in viewer.get(path).text
    elif path not in (
        "/studies/which/results",
        "/log",
        "/account",
        "/jobs",
        "/prepare/small",
        "/weights",
    ):
        assert closed(offered(owner)) != set()


def test_what_a_viewer_takes_away_is_in_the_log(app: Flask, viewer: FlaskClient) -> None:
    assert viewer.get("/studies/which/bundle.zip").status_code == 200
    for refused in ("payments.csv", "links.csv"):
        assert viewer.get(f"/studies/which/{refused}").status_code == 403
    with app.app_context():
        last = logbook.entries("which")[0]
        assert (last.who, last.what, last.note) == ("vi", "exported", "which.zip")


def test_a_viewer_may_be_a_rater_too(app: Flask, viewer: FlaskClient) -> None:
    """What is for everybody is for viewers, too: a link that they were sent as raters."""
    path = said(app, "studies", "invite", "which").split()[-1]
    path = urlsplit(path).path
    assert viewer.get(path).status_code == 200
    assert viewer.post(f"{path}/consent", data={"answer": "yes"}).status_code == 302


def test_a_viewer_signs_out(app: Flask, viewer: FlaskClient) -> None:
    assert viewer.post("/signout").status_code == 302
    assert viewer.get("/").status_code == 401
    again = signed_in(app, "vi")
    assert again.post("/signout/everywhere").status_code == 302
    assert again.get("/").status_code == 401
