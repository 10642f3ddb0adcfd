"""The sites that are shipped, by the real nginx and Caddy: https, whole requests, under a path."""

import gzip
import json
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from socket import create_connection
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.support.browser.watching import watch
from tests.support.places import BASE
from tests.support.ports import HOST, Port
from tests.support.server import GUNICORN, Process
from tests.support.serving.proxies import Proxy
from tests.support.serving.unprivileged import open_folder
from tests.support.waiting import PATIENCE
from webapp import create_app
from webapp.browse.own_views import MOST_BYTES

BASE_URL = "https://sounds.example.org"
PROTOCOL = """
title = "Which?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 2
practice = false
raters_per_query = 20
sitting = 1
[queries]
clips = ["hum-0"]
[joining]
open = true
[listening]
must_listen = 0
sound_check = false
"""


@dataclass
class Behind:
    """What a proxy is put in front of: an app with a study, served by gunicorn."""

    app: Flask
    served: Process

    def run(self, *args: str) -> str:
        done = self.app.test_cli_runner().invoke(args=list(args))
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture(scope="module")
def behind(
    imported: Path, ranked_made: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    data = shutil.copytree(imported, tmp_path_factory.mktemp("behind") / "data")
    for part in ("embeddings", "rankings"):
        shutil.copytree(ranked_made / part, data / "collections" / "small" / part)
    (data / "config.toml").write_text(
        f'trusted_proxies = 1\nsecure_cookies = true\nbase_url = "{BASE_URL}"\n'
    )
    app = create_app({"TESTING": True, "DATA": data})
    (data / "which.toml").write_text(PROTOCOL)
    found = Behind(app, served=None)  # type: ignore[arg-type]
    for args in (["create", str(data / "which.toml")], ["open", "which"]):
        found.run("studies", *args)
    found.served = Process(data, GUNICORN)
    yield found
    found.served.stop()


@pytest.fixture(scope="module", params=["nginx", "nginx/listen", "caddy", "caddy/listen"], ids=str)
def site(request: pytest.FixtureRequest, behind: Behind) -> Iterator["Site"]:
    name, slash, path = request.param.partition("/")
    upstream = int(behind.served.url.rpartition(":")[2])
    with open_folder() as folder, Proxy(name, folder, upstream, slash + path) as proxy:
        yield Site(name, slash + path, proxy, behind)


@dataclass
class Answered:
    """An answer: its status, headers and bytes."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: a test looks at where it leads."""


class Browser:
    """A client with cookies that trusts the proxy's certificate and no other."""

    def __init__(self, proxy: Proxy) -> None:
        trusting = ssl.create_default_context(cafile=str(proxy.certificate))
        self._url = proxy.url
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trusting),
            urllib.request.HTTPCookieProcessor(CookieJar()),
            _Stays,
        )

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> Answered:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(self._url + path, body, named)
        try:
            with self._opener.open(asked, timeout=PATIENCE) as answer:
                return Answered(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answered(error.code, error.headers, error.read())


@dataclass
class Site:
    """A proxy with the shipped site, at a path or none."""

    name: str
    path: str
    proxy: Proxy
    behind: Behind

    def browser(self) -> Browser:
        return Browser(self.proxy)

    def signed_in(self) -> Browser:
        link = self.behind.run("signin-link", "--base", BASE).strip()
        browser = self.browser()
        answer = browser.ask(link.removeprefix(BASE))
        assert answer.status == 302, answer.text
        assert answer.headers["Location"] == f"{self.path}/"
        cookies = answer.headers.get_all("Set-Cookie")
        assert cookies
        for one in cookies:
            assert f"Path={self.path}/" in one.split("; ")
            assert "Secure" in one.split("; ")
        return browser

    def rater(self) -> tuple[str, Browser]:
        """Join the study; return the path of the rater's link, without the proxy's own."""
        browser = self.browser()
        join = f"/join/which?PROLIFIC_PID={uuid4()}"
        page = browser.ask(join)
        csrf = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert csrf, page.text
        sent = f"answer=yes&csrf_token={csrf[1]}".encode()
        joined = browser.ask(join, sent, Referer=f"{self.proxy.url}{join}")
        assert joined.status == 302, joined.text
        link = joined.headers["Location"]
        assert link.startswith(f"{self.path}/rate/which/")
        return link.removeprefix(self.path), browser


def test_the_experimenter_signs_in_and_out(site: Site) -> None:
    browser = site.signed_in()
    page = browser.ask("/")
    assert page.status == 200
    assert "max-age=" in page.headers["Strict-Transport-Security"]
    addresses = re.findall(r'(?:href|src|action)="([^#"][^"]*)"', page.text)
    assert len(addresses) > 8
    assert [one for one in addresses if not one.startswith(f"{site.path}/")] == []
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert csrf
    sent = f"csrf_token={csrf[1]}".encode()
    forged = browser.ask("/signout", sent, Referer="https://evil.example.net/")
    assert forged.status == 403
    assert browser.ask("/signout", sent, Referer=f"{site.proxy.url}/").status == 302
    assert browser.ask("/").status == 401


def test_a_rater_hears_a_part_of_a_sound_and_is_saved(site: Site) -> None:
    link, browser = site.rater()
    page = browser.ask(link)
    assert page.status == 200
    assert f"{BASE_URL}{link}" in page.text  # the link for another device, by base_url
    csrf = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    sounds = re.findall(r'data-src="([^"]+)"', page.text)
    assert csrf
    assert all(one.startswith(f"{site.path}/rate/") for one in sounds), sounds
    sound = browser.ask(sounds[0].removeprefix(site.path), Range="bytes=10-109")
    assert sound.status == 206
    assert sound.headers["Content-Range"].startswith("bytes 10-109/")
    assert len(sound.body) == 100
    [name, *_] = re.findall(r'data-sound="(\w+)"', page.text)
    answer = {
        "sound": name, "grade": 60, "uuid": str(uuid4()), "heard": 1.0, "listened_seconds": 1.0,
        "given_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    saved = browser.ask(
        f"{link}/grades", json.dumps(answer).encode(), Content_Type="application/json",
        X_CSRFToken=csrf[1], Referer=f"{site.proxy.url}{link}",
    )  # fmt: skip
    assert json.loads(saved.body) == {"saved": answer["uuid"]}


def test_files_are_kept_and_packed(site: Site) -> None:
    browser = site.browser()
    page = browser.ask("/")
    style = re.search(r'href="([^"]+bootstrap[^"]+\.css)"', page.text)
    assert style
    address = style[1].removeprefix(site.path)
    plain = browser.ask(address)
    packed = browser.ask(address, Accept_Encoding="gzip")
    for answer in (plain, packed):
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 4
    assert "Accept-Encoding" in ", ".join(packed.headers.get_all("Vary", []))
    script = browser.ask(re.findall(r'src="([^"]+\.js)"', page.text)[0].removeprefix(site.path))
    assert script.headers["Content-Type"].startswith("text/javascript")
    if site.name == "caddy":
        zstd = browser.ask(address, Accept_Encoding="zstd")
        assert zstd.headers["Content-Encoding"] == "zstd"
        assert zstd.body.startswith(b"\x28\xb5\x2f\xfd")  # RFC 8878's magic number
        assert len(zstd.body) < len(plain.body) / 4


def test_what_is_too_large_is_answered_with_a_sentence(site: Site) -> None:
    browser = site.signed_in()
    kinds = {"Content_Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    by_app = browser.ask("/signout", b"a=" + b"b" * 1_100_000, **kinds)
    assert by_app.status == 413
    assert "That is too large." in by_app.text
    sound = browser.ask("/browse/small/own", b"a=" + b"b" * (MOST_BYTES + 1), **kinds)
    assert sound.status == 400
    assert "a sound may have at most 20 MB" in sound.text
    by_proxy = browser.ask("/browse/small/own", b"b" * 26_000_000, **kinds)
    # Caddy sends on what it has, which the app refuses by what the headers say.
    assert by_proxy.status == {"nginx": 413, "caddy": 400}[site.name]
    assert "a sound may have at most 20 MB" in by_proxy.text


def test_what_is_for_inside_is_not_there_outside(site: Site) -> None:
    browser = site.browser()
    for path in ("/metrics", "/readyz"):
        answer = browser.ask(path)
        assert answer.status == 404
        assert len(answer.body) < 200  # the proxy's own: the app's pages are longer
        assert "gunicorn" not in str(answer.headers)
    assert json.loads(browser.ask("/healthz").body) == {"status": "ok"}


def test_what_a_browser_says_of_proxies_is_not_believed(site: Site) -> None:
    forged = {
        "X_Forwarded_For": "203.0.113.9", "X_Forwarded_Host": "evil.example.net",
        "X_Forwarded_Proto": "http", "X_Forwarded_Prefix": "/evil", "Forwarded": "for=203.0.113.9",
    }  # fmt: skip
    page = site.browser().ask("/", **forged)
    assert page.status == 401
    assert "evil" not in page.text
    link, browser = site.rater()
    rater = browser.ask(link, **forged)
    assert "evil" not in rater.text
    assert f"{BASE_URL}{link}" in rater.text


def test_slow_and_silent_clients_keep_none_of_the_apps_threads(site: Site) -> None:
    """Twice as many as gunicorn has threads, of which each has sent half a body."""
    trusting = ssl.create_default_context(cafile=str(site.proxy.certificate))
    half = (
        f"POST {site.path}/signout HTTP/1.1\r\nHost: localhost:{site.proxy.port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na="
    )
    slow = []
    try:
        for _ in range(128):
            plain = create_connection((HOST, site.proxy.port), PATIENCE)
            slow.append(trusting.wrap_socket(plain, server_hostname="localhost"))
            slow[-1].sendall(half.encode())
        begun = time.monotonic()
        assert json.loads(site.browser().ask("/healthz").body) == {"status": "ok"}
        assert time.monotonic() - begun < 10, "the app waits for who is slow"
    finally:
        for one in slow:
            one.close()


@pytest.mark.browser
def test_a_page_works_in_a_browser_under_a_path(browser: Any, behind: Behind) -> None:
    """Styles, modules, sounds and the queue of grades: whatever a page asks for is found."""
    upstream = int(behind.served.url.rpartition(":")[2])
    with open_folder() as folder, Proxy("nginx", folder, upstream, "/listen") as proxy:
        context = browser.new_context(ignore_https_errors=True)
        tab, failed = context.new_page(), []
        watch(tab)
        tab.on("response", lambda one: failed.append(one.url) if one.status >= 400 else None)
        tab.goto(behind.run("studies", "invite", "which", "--base", proxy.url).split()[-1])
        tab.locator(".candidate").first.focus()
        tab.keyboard.press("5")
        tab.locator(".candidate").first.get_by_text("saved ✓").wait_for()
        tab.goto(behind.run("signin-link", "--base", proxy.url).strip())
        for path in ("/", "/browse/small?query=hum-0", "/scores/small", "/studies/which/raters"):
            assert tab.goto(f"{proxy.url}{path}", wait_until="networkidle").status == 200
        assert {one["path"] for one in context.cookies()} == {"/listen/"}
        assert (failed, tab.problems) == ([], [])
        context.close()


def test_an_app_that_is_away_is_answered_for_in_a_sentence(site: Site) -> None:
    with (
        open_folder() as folder,
        Port() as away,
        Proxy(site.name, folder, away.number, site.path) as alone,
    ):
        answer = Browser(alone).ask("/rate/which/a-key-of-a-rater")
        logs = [folder / name for name in ("said", "error.log") if (folder / name).exists()]
        said = "".join(one.read_text(encoding="utf-8") for one in logs)
    assert logs
    assert "a-key-of-a-rater" not in said
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.text.startswith("The app is being started again. Nothing was lost")
