"""flask doctor asks the running app as raters do: through real proxies, by real https."""

import json
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.support.deployment.looked import Findings, write_settings
from tests.support.ports import HOST, Port
from tests.support.server import Thread
from tests.support.waiting import wait_for
from webapp import create_app

Look = Callable[..., Findings]

CONFIGURATION = """
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen {host}:{port}; location / {{ proxy_pass {app}; {lines} }} }}
}}
"""
HOST_LINE = "proxy_set_header Host $http_host;"
REPLACED = "proxy_set_header X-Forwarded-For $remote_addr;"
APPENDED = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"


@contextmanager
def behind_nginx(nginx: str, data: Path, lines: str, proxies: int) -> Iterator[str]:
    """Serve a data folder behind nginx with some lines of configuration; give the address."""
    folder = data.parent / "nginx"
    folder.mkdir(mode=0o755)
    with Port() as port:
        url = f"http://{HOST}:{port.number}"
        write_settings(data, base_url=url, trusted_proxies=proxies, least_free_mb=1)
        app = Thread(create_app({"DATA": data}))
        text = CONFIGURATION.format(
            folder=folder, host=HOST, port=port.number, app=app.url, lines=lines
        )
        (folder / "conf").write_text(text)
        command = [nginx, "-e", str(folder / "error.log"), "-c", str(folder / "conf")]
        if os.geteuid() == 0:
            command += ["-g", "user root;"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        try:
            wait_for(lambda: (folder / "pid").exists() or process.poll() is not None)
            assert process.poll() is None, process.stderr and process.stderr.read()
            yield url
        finally:
            process.terminate()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()
            app.stop()


@pytest.mark.parametrize(
    ("lines", "proxies", "name", "words", "remedy"),
    [
        (HOST_LINE + REPLACED, 1, "", "", ""),
        (HOST_LINE + APPENDED, 1, "", "", ""),
        (HOST_LINE + REPLACED, 0, "trusted_proxies", "a proxy stands in front", "= 1"),
        (HOST_LINE + APPENDED, 0, "trusted_proxies", "a proxy stands in front", "= 1"),
        (HOST_LINE + APPENDED, 2, "trusted_proxies", "can choose the network address", "(1 were"),
        (HOST_LINE, 1, "trusted_proxies", "can choose the network address", "X-Forwarded-For"),
        (HOST_LINE + REPLACED, 2, "trusted_proxies", "1 proxies were seen", "= 1"),
        (REPLACED, 1, "scheme and host", "links name another host", "Host"),
        (
            HOST_LINE + REPLACED + "proxy_set_header X-Forwarded-Proto https;",
            1, "scheme and host", "the app sees https", "X-Forwarded-Proto",
        ),
    ],
)  # fmt: skip
def test_what_a_proxy_hides_is_named(
    nginx: str, data: Path, look: Look, lines: str, proxies: int, name: str, words: str, remedy: str
) -> None:
    with behind_nginx(nginx, data, lines, proxies):
        found = [one for one in look() if one["state"] == "fault"]
    assert [one["check"] for one in found] == [name] * bool(name)
    if name:
        assert words in found[0]["words"]
        assert remedy in found[0]["remedy"]


def test_another_installation_at_the_address_is_a_fault(
    data: Path, tmp_path: Path, look: Look
) -> None:
    other = Thread(create_app({"DATA": tmp_path / "other"}))
    try:
        write_settings(data, base_url=other.url)
        (found,) = look("running app")
    finally:
        other.stop()
    assert found["state"] == "fault"
    assert "not this installation, or has another secret key" in found["words"]


def test_a_server_for_trying_out_and_other_settings_are_warnings(data: Path, look: Look) -> None:
    write_settings(data, least_free_mb=1)
    here = Thread(create_app({"DATA": data}))
    try:
        write_settings(data, base_url=here.url, least_free_mb=1)
        found = {one["check"]: one for one in look() if one["state"] == "warning"}
    finally:
        here.stop()
    assert "made for trying things out" in found["server"]["words"]
    assert "another base_url" in found["running version"]["words"]
    assert "Restart" in found["running version"]["remedy"]


def test_how_the_log_looks_is_the_servers_own(data: Path, look: Look) -> None:
    """The shipped unit asks for lines of JSON, which a command at a terminal does not."""
    write_settings(data, log_format="json", least_free_mb=1)
    here = Thread(create_app({"DATA": data}))
    try:
        write_settings(data, base_url=here.url, least_free_mb=1)
        (found,) = look("running version")
        assert "another base_url than" in found["words"]
    finally:
        here.stop()


def test_what_the_app_sees_is_told_to_who_holds_the_key_alone(data: Path, tmp_path: Path) -> None:
    from webapp.watch.seen import HEADER, question

    app = create_app({"TESTING": True, "DATA": data})
    stranger = create_app({"TESTING": True, "DATA": tmp_path / "other"})
    client = app.test_client()
    for value in ("", "x", question(stranger.config["SECRET_KEY"])):
        assert "seen" not in client.get("/healthz", headers={HEADER: value}).json
    answer = client.get("/healthz", headers={HEADER: question(app.config["SECRET_KEY"])})
    assert answer.json["seen"]["address"] == "127.0.0.1"
    assert app.config["SECRET_KEY"] not in answer.text


class _Wrong(BaseHTTPRequestHandler):
    """Answers as if it were 2001."""

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("Date", "Mon, 01 Jan 2001 00:00:00 GMT")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve _Wrong, by https with a context; give the port."""
    server = HTTPServer((HOST, 0), _Wrong)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_clock_that_is_off_is_a_fault(data: Path, look: Look) -> None:
    with serving() as port:
        write_settings(data, base_url=f"http://{HOST}:{port}")
        (found,) = look("clock")
    assert found["state"] == "fault"
    assert "seconds off" in found["words"]


@pytest.mark.parametrize(
    ("days", "trusted", "state", "words"),
    [
        (90, True, "ok", "It is good until"),
        (5, True, "warning", "days more"),
        (0, True, "fault", "certificate has expired"),  # as soon as it was made
        (90, False, "fault", "self-signed certificate"),
    ],
)
def test_a_certificate_is_looked_at(
    data: Path,
    tmp_path: Path,
    look: Look,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    trusted: bool,
    state: str,
    words: str,
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    (tmp_path / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    asked = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", "/CN=localhost"]
    made = ["-signkey", key, "-days", str(days), "-extfile", tmp_path / "names"]
    wish = subprocess.run([openssl, "req", *asked], check=True, capture_output=True).stdout
    signed = [openssl, "x509", "-req", *made, "-out", certificate]
    subprocess.run(signed, input=wish, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(context) as port:
        write_settings(data, base_url=f"https://{HOST}:{port}", secure_cookies=True)
        (found,) = look("certificate")
    assert found["state"] == state
    assert words in found["words"]


def test_without_an_address_nobody_is_asked_unless_told(data: Path, look: Look) -> None:
    write_settings(data)
    assert [one["state"] for one in look("running app")] == ["warning"]
    here = Thread(create_app({"DATA": data}))
    try:
        assert [one["state"] for one in look("running app", "--at", here.url)] == ["ok"]
    finally:
        here.stop()
    assert json.dumps(look("certificate")) == "[]"
