"""Other sites show raters' pages in a frame where a setting says so, and nobody else's ever."""

from pathlib import Path

import pytest
from flask import Flask

from embeddings.errors import InputError
from tests.support.places import BASE
from webapp import CannotStart, create_app
from webapp.core.database import db
from webapp.core.hosting.framing import ancestors

SITES = "https://panel.example.org https://*.lab.example:8443"
RATERS = ("/rate/way/nobody", "/join/way", "/join/way?a=%01")


@pytest.fixture
def framed(data: Path, monkeypatch: pytest.MonkeyPatch):
    """An app whose raters' pages may be shown by two sites."""
    monkeypatch.setenv("SOUNDING_BOARD_FRAME_ANCESTORS", SITES)
    monkeypatch.setenv("SOUNDING_BOARD_SECURE_COOKIES", "yes")
    app = create_app({"TESTING": True, "DATA": data})
    yield app
    with app.app_context():
        db.engine.dispose()


def test_no_site_shows_anything_unless_it_is_told(app: Flask) -> None:
    for path in ("/", *RATERS):
        headers = app.test_client().get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
    assert "SameSite=Lax" in app.test_client().get(f"{RATERS[1]}?language=es").headers["Set-Cookie"]


def test_told_sites_show_raters_pages_alone(framed: Flask) -> None:
    client = framed.test_client()
    for path in RATERS:
        headers = client.get(path, base_url="https://localhost").headers
        assert f"frame-ancestors {SITES}" in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in headers
    for path in ("/", "/healthz", "/ratex"):
        headers = client.get(path, base_url="https://localhost").headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def test_a_raters_cookies_go_along_and_no_experimenters(framed: Flask) -> None:
    client, at = framed.test_client(), {"base_url": "https://localhost"}
    told = client.get(f"{RATERS[1]}?language=es", **at).headers["Set-Cookie"]
    assert "SameSite=None" in told
    assert "Secure" in told
    shown = client.get(RATERS[0], **at).headers.getlist("Set-Cookie")
    assert all("SameSite=None" in one for one in shown)
    link = framed.test_cli_runner().invoke(args=["signin-link"]).output.strip()
    made = client.get(link.removeprefix(BASE), **at).headers.getlist("Set-Cookie")
    assert made
    assert not [one for one in made if "SameSite=None" in one]


@pytest.mark.parametrize(
    "site",
    ["*", "'self'", "panel.example.org", "http://panel.example.org", "https://*", "https://*.org",
     "https://a.b/path", "https://a.b;", "https://a.b:x", "https://-a.b", "https://a..b"],
)  # fmt: skip
def test_what_is_no_site_is_named(site: str) -> None:
    with pytest.raises(InputError, match="frame_ancestors must have sites as https://NAME") as told:
        ancestors({"frame_ancestors": f"https://a.b {site}", "secure_cookies": True})
    assert repr(site) in str(told.value)


def test_frames_need_cookies_by_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_FRAME_ANCESTORS", "https://a.b")
    with pytest.raises(CannotStart, match="frame_ancestors needs secure_cookies"):
        create_app({"TESTING": True, "DATA": tmp_path})
