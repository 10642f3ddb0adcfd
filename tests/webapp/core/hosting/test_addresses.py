"""Links and cookies where a proxy stands in front: under a path, and by no forged name."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.places import BASE
from webapp import create_app
from webapp.core.hosting import addresses

FORGED = "evil.example.net"
PROXIED = {"X-Forwarded-Prefix": "/listen", "X-Forwarded-Host": "sounds.example.org"}


def made(data: Path, settings: str) -> Flask:
    (data / "config.toml").write_text(settings)
    return create_app({"TESTING": True, "DATA": data})


def signed_in(app: Flask, **headers: str) -> FlaskClient:
    client = app.test_client()
    link = app.test_cli_runner().invoke(args=["signin-link", "--base", BASE]).output.strip()
    assert client.get(link.removeprefix(BASE), headers=headers).status_code == 302
    return client


def test_under_a_path_every_address_has_it(data: Path) -> None:
    app = made(data, "trusted_proxies = 1\n")
    client = app.test_client()
    link = app.test_cli_runner().invoke(args=["signin-link"]).output.strip()
    answer = client.get("/signin/" + link.rpartition("/")[2], headers=PROXIED)
    assert answer.headers["Location"] == "/listen/"
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) >= 2
    assert all("; Path=/listen/" in one for one in cookies), cookies
    page = client.get("/", base_url="http://localhost/listen", headers=PROXIED)  # the cookies' path
    found = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
    assert len(found) > 8
    assert [one for one in found if not one.startswith("/listen/")] == []


@pytest.mark.parametrize(
    ("prefix", "asked", "status"),
    [
        ("/lab", "/signin/none", 403),  # taken off by the proxy
        ("/lab", "/lab/signin/none", 403),  # left on
        ("/lab", "/labs/signin/none", 404),
        ("/signin", "/signin/none", 403),  # the app's own, taken off
    ],
)
def test_a_proxy_takes_its_path_off_or_not(
    data: Path, prefix: str, asked: str, status: int
) -> None:
    client = made(data, "trusted_proxies = 1\n").test_client()
    assert client.get(asked, headers={"X-Forwarded-Prefix": prefix}).status_code == status


def test_a_path_that_no_trusted_proxy_names_is_none(data: Path) -> None:
    page = made(data, "").test_client().get("/", headers=PROXIED)
    assert page.status_code == 401
    assert "/listen" not in page.text


@pytest.mark.parametrize("path", ["", "/listen"])
def test_links_begin_with_base_url_whatever_host_is_named(data: Path, path: str) -> None:
    base = f"https://sounds.example.org{path}"
    app = made(data, f'trusted_proxies = 1\nbase_url = "{base}"\n')
    headers = {"X-Forwarded-Host": FORGED, "X-Forwarded-Prefix": path, "Host": FORGED}
    with app.test_request_context("/", headers=headers):
        app.preprocess_request()
        assert addresses.link_warning() == ""
    with app.test_client() as client:
        client.get("/healthz", headers=headers)
        assert addresses.public_address("rate.page", slug="a", token="b") == f"{base}/rate/a/b"


def test_who_has_no_base_url_is_told(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = made(data, "")
    client = signed_in(app)
    said = "begin with whatever a browser calls this server"
    assert said not in client.get("/").text
    assert said not in caplog.text
    outside = {"base_url": "http://10.1.2.3"}
    browser = app.test_client()
    link = app.test_cli_runner().invoke(args=["signin-link"]).output.strip()
    browser.get("/signin/" + link.rpartition("/")[2], **outside)
    for _ in range(2):
        assert "Raters&#39; links " + said in browser.get("/", **outside).text
    assert caplog.text.count("base_url is not set") == 1


def test_behind_a_proxy_the_log_says_so_at_the_start(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (data / "config.toml").write_text("trusted_proxies = 1\n")
    create_app({"DATA": data})
    assert caplog.text.count("base_url is not set") == 1
