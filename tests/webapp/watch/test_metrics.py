"""/metrics: who gets it, what it counts, and that it counts right over processes that die."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages.signing import said, signed_in
from tests.support.places import ROOT
from tests.support.ports import HOST, Port
from tests.support.studies.rater import PROTOCOL, Page
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.core import metrics


def numbers(text: str) -> dict[str, float]:
    """Return the samples of an answer by their name with its labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_the_owner_and_programs_on_this_machine_get_it(
    app: Flask, experimenter: FlaskClient, client: FlaskClient
) -> None:
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert experimenter.get("/metrics", environ_overrides=far).status_code == 200
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    said(app, "accounts", "add", "vi", "--role", "viewer")
    viewer = signed_in(app, "vi")
    assert viewer.get("/metrics", environ_overrides=far).status_code == 401


@pytest.mark.parametrize(
    "asked",
    [
        {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}},
        {"environ_overrides": {"REMOTE_ADDR": ""}},  # by a socket, as proxies do
        {"headers": {"Host": "listen.example.org"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"headers": {"Via": "1.1 somebody"}},
        {"headers": {"X-Real-IP": "127.0.0.1"}},
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_strangers_get_what_they_get_everywhere(
    data: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], proxies: int
) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_TRUSTED_PROXIES", str(proxies))
    answer = create_app({"TESTING": True, "DATA": data}).test_client().get("/metrics", **asked)
    assert answer.status_code == 401
    assert "Only the experimenter sees these pages" in answer.text
    assert "sounding_board_" not in answer.text


def test_it_counts_what_is_done(study: Callable, client: FlaskClient, app: Flask) -> None:
    (path,) = study(PROTOCOL)
    before = numbers(client.get("/metrics").text)
    page = Page(client, path)
    page.grade_all()
    found = numbers(client.get("/metrics").text)

    def more(name: str) -> float:
        return found[name] - before.get(name, 0)

    assert more('sounding_board_answers_stored_total{kind="judgement"}') >= len(page.candidates)
    grades = 'endpoint="rate.grade",method="POST"'
    assert more(f'sounding_board_requests_total{{{grades},status="200"}}') > len(page.candidates)
    assert more(f"sounding_board_request_seconds_count{{{grades}}}") > len(page.candidates)
    assert more("sounding_board_database_wait_seconds_count") > 0
    assert found['sounding_board_blocks{state="done",study="way"}'] == 1
    assert found['sounding_board_ready{check="database"}'] == 1
    assert found["sounding_board_disk_free_bytes"] > 0
    token = path.rpartition("/")[2]
    assert token not in client.get("/metrics").text


def test_a_broken_database_leaves_the_other_numbers(data: Path) -> None:
    (data / "sounding_board.sqlite").write_bytes(b"no database" * 1000)
    found = numbers(create_app({"DATA": data}).test_client().get("/metrics").text)
    assert found['sounding_board_ready{check="database"}'] == 0
    assert found["sounding_board_disk_free_bytes"] > 0


COUNT = """
import sys
from webapp.core import metrics
for _ in range(int(sys.argv[1])):
    metrics.count_request("page", "GET", 200, 0.02)
metrics._CONNECTIONS.inc()
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_killed_processes_counted_stays_in_few_files(tmp_path: Path) -> None:
    environment = os.environ | {metrics.FOLDER: str(tmp_path)}
    for number in range(1, 5):
        command = [sys.executable, "-c", COUNT, str(number)]
        done = subprocess.run(command, cwd=ROOT, env=environment)
        assert done.returncode == -signal.SIGKILL
        if number == 2:
            metrics.fold(tmp_path)
    (tmp_path / "counter_999999999.db").touch()  # killed before it wrote anything
    script = (
        "from prometheus_client import generate_latest; from webapp.core.metrics import registry;"
        "print(generate_latest(registry()).decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    found = numbers(done.stdout.strip())
    page = 'endpoint="page",method="GET"'
    assert found[f'sounding_board_requests_total{{{page},status="200"}}'] == 1 + 2 + 3 + 4
    assert found[f"sounding_board_request_seconds_count{{{page}}}"] == 10
    assert found[f"sounding_board_request_seconds_sum{{{page}}}"] == pytest.approx(0.2)
    assert found.get("sounding_board_database_connections", 0) == 0  # who is dead has none
    metrics.fold(tmp_path)
    left = sorted(path.name for path in tmp_path.glob("*.db"))
    assert left == ["counter_ended.db", "histogram_ended.db"]


def get(url: str) -> str:
    """Return the text at an address; "" where nothing answers, as while a worker is replaced."""
    try:
        with urlopen(url, timeout=30) as answer:
            return answer.read().decode()
    except HTTPError as error:
        error.close()
        return ""
    except OSError:
        return ""


def workers(master: int) -> list[int]:
    """Return the ids of the processes of a server."""
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if re.search(rf"\) \S {master} ", _read(path))
    ]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@contextmanager
def gunicorn(*options: str) -> Iterator[tuple[str, int]]:
    """Serve by gunicorn; yield the address and the first process."""
    with Port() as port:
        url = f"http://{HOST}:{port.number}"
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, "--bind", f"{HOST}:{port.number}"],
            cwd=ROOT, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(lambda: get(f"{url}/healthz"))
            yield url, server.pid
        finally:
            server.terminate()
            server.wait()


SHIPPED = ("-c", "deploy/gunicorn.conf.py")
LATE = ("webapp:create_app()", "--workers", "2", "--threads", "4")
"""Each worker loads the app, and no configuration names the folder."""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
@pytest.mark.parametrize("options", [SHIPPED, LATE], ids=["shipped", "loaded late"])
def test_gunicorns_workers_count_together_and_one_that_is_killed_is_not_forgotten(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setenv(metrics.FOLDER, str(folder))
    monkeypatch.setenv("SOUNDING_BOARD_DATA", str(data))
    with gunicorn(*options) as (url, master):
        name = 'sounding_board_requests_total{endpoint="join.join",method="GET",status="404"}'
        asked = 0
        for _ in range(3):
            for _ in range(10):
                get(f"{url}/join/none")
                asked += 1
            assert numbers(get(f"{url}/metrics"))[name] == asked
            os.kill(workers(master)[0], signal.SIGKILL)
            wait_for(lambda: len(workers(master)) == 2)
            wait_for(lambda: get(f"{url}/healthz"))
            time.sleep(0.1)
            wait_for(lambda: get(f"{url}/metrics"))
    assert len(list(folder.glob("*.db"))) <= 2 + 3 * 4


def test_the_folder_that_is_counted_in_is_made_and_removed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(runtime))
    monkeypatch.delenv(metrics.FOLDER, raising=False)
    monkeypatch.setenv("SOUNDING_BOARD_DATA", str(data))
    with gunicorn(*SHIPPED):
        (folder,) = runtime.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
        assert list(folder.glob("*.db"))
    assert list(runtime.iterdir()) == []
