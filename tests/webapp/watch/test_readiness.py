"""Whether the server lives and is ready: databases, disks and folders that are really bad."""

import json
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from flask import Flask

from embeddings.files import only_writer
from tests.support.databases.cluster import Cluster
from tests.support.instance import open_instance
from tests.support.places import ROOT
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.core import database
from webapp.core.health import readiness

ASK = """
import json, os, resource, sys, tempfile
from pathlib import Path
from webapp import create_app

def ask(data):
    answer = create_app({"DATA": data}).test_client().get("/readyz")
    return answer.status_code, answer.json

with tempfile.TemporaryDirectory() as folder:
    while ask(Path(folder))[0] != 200:  # so that all is imported that another user may not read
        pass
{change}
print(json.dumps(ask(Path(sys.argv[1]))))
"""
ANOTHER = "os.setgroups([]); os.setgid({gid}); os.setuid({uid})"
LIMITED = "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
INSTANCE = ROOT / "tests" / "instances" / "0.1.0"


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found is not kept for a second, unless a test wants that."""
    monkeypatch.setattr(readiness, "KEPT", 0.0)


@pytest.fixture
def place() -> Iterator[Path]:
    """A data folder outside of pytest's own, which other users of this machine may not enter."""
    folder = Path(tempfile.mkdtemp(prefix="sounding-board-ready."))
    folder.chmod(0o755)
    yield folder / "data"
    shutil.rmtree(folder)


def ready(app: Flask) -> tuple[int, list[str]]:
    """Return the status of /readyz, and what it says is wrong."""
    answer = app.test_client().get("/readyz")
    assert set(answer.json) <= {"status", "failed"}
    assert str(app.config["DATA"]) not in answer.text
    return answer.status_code, answer.json.get("failed", [])


def in_a_process(data: Path, change: str) -> tuple[int, list[str]]:
    """Return what /readyz says in a process that something is changed in first."""
    script = ASK.replace("{change}", change)
    done = subprocess.run(
        [sys.executable, "-c", script, str(data)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    status, answer = json.loads(done.stdout.splitlines()[-1])
    return status, answer.get("failed", [])


def unprivileged(data: Path) -> tuple[int, list[str]]:
    """Return what /readyz says to an app of somebody whom permissions bind."""
    owner = pwd.getpwnam("nobody")
    change = ANOTHER.format(uid=owner.pw_uid, gid=owner.pw_gid)
    return in_a_process(data, change if os.geteuid() == 0 else "")


def given_away(folder: Path) -> None:
    """Let the unprivileged user own a folder with all that is in it, where there is such a one."""
    if os.geteuid() == 0:
        owner = pwd.getpwnam("nobody")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)


def test_a_server_that_can_take_answers_is_ready(app: Flask) -> None:
    assert ready(app) == (200, [])
    assert app.test_client().get("/readyz").json == {"status": "ready"}
    assert list(app.config["DATA"].glob(".ready.*")) == []


@pytest.mark.usefixtures("without_tables")
def test_the_process_lives_while_somebody_else_migrates(data: Path) -> None:
    app = create_app({"DATA": data})
    with only_writer(data / "locks" / "migration", "migrating"):
        assert app.test_client().get("/healthz").json == {"status": "ok"}
        assert ready(app) == (503, ["migrations"])
    wait_for(lambda: ready(app) == (200, []))


@pytest.mark.usefixtures("without_tables")
def test_the_process_lives_where_the_database_is_broken(data: Path) -> None:
    (data / "sounding_board.sqlite").write_bytes(b"no database at all" * 1000)
    app = create_app({"DATA": data})
    assert app.test_client().get("/join/x").status_code >= 500
    assert app.test_client().get("/healthz").json == {"status": "ok"}
    assert ready(app) == (503, ["migrations", "database"])


def test_a_file_that_cannot_be_written_is_not_ready(place: Path, imported: Path) -> None:
    shutil.copytree(imported, place)
    given_away(place)
    assert unprivileged(place) == (200, [])
    path = place / "sounding_board.sqlite"
    if os.geteuid() == 0:
        os.chown(path, 0, 0)
    path.chmod(0o444)
    assert unprivileged(place) == (503, ["database"])


def test_a_folder_that_cannot_be_written_is_not_ready(place: Path, imported: Path) -> None:
    shutil.copytree(imported, place)
    given_away(place)
    assert unprivileged(place) == (200, [])
    if os.geteuid() == 0:
        os.chown(place, 0, 0)
    place.chmod(0o555)
    try:
        status, failed = unprivileged(place)
    finally:
        place.chmod(0o755)
    assert (status, failed[-1]) == (503, "data")


def test_a_postgresql_that_only_reads_is_not_ready(
    data: Path, cluster: Cluster, postgresql_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", cluster.url(postgresql_name))
    app = create_app({"DATA": data})
    wait_for(lambda: ready(app) == (200, []))
    cluster.execute(f'ALTER DATABASE "{postgresql_name}" SET default_transaction_read_only = on')
    assert ready(app) == (503, ["database"])
    cluster.execute(f'ALTER DATABASE "{postgresql_name}" RESET default_transaction_read_only')
    assert ready(app) == (200, [])
    cluster.stop()
    assert ready(app) == (503, ["migrations", "database"])
    assert app.test_client().get("/healthz").status_code == 200
    cluster.start()
    assert ready(app) == (200, [])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 3 MB; where it cannot be had, the test is skipped."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_not_ready(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_LEAST_FREE_MB", "1")
    app = create_app({"DATA": small_disk})
    wait_for(lambda: ready(app) == (200, []))
    fill = small_disk / "fill"
    with suppress(OSError), fill.open("wb", 0) as file:  # until no space is left
        while True:
            file.write(bytes(4096))
    assert ready(app) == (503, ["disk", "data"])
    fill.unlink()
    fill.write_bytes(bytes(shutil.disk_usage(small_disk).free - 500_000))
    assert ready(app) == (503, ["disk"])  # a little room
    fill.unlink()
    assert ready(app) == (200, [])


def test_a_limit_to_what_a_process_writes_is_not_ready(data: Path) -> None:
    """As a quota: the disk has room, and this process may not use it."""
    assert in_a_process(data, "")[0] == 200
    status, failed = in_a_process(data, LIMITED)
    assert (status, failed[-1]) == (503, "data")


def test_tables_of_a_newer_version_are_not_ready_and_stay(app: Flask, data: Path) -> None:
    database.prepare(app)
    with closing(sqlite3.connect(data / "sounding_board.sqlite")) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
        assert ready(create_app({"DATA": data})) == (503, ["migrations"])
        found = other.execute("SELECT version_num FROM alembic_version").fetchall()
    assert found == [("9999",)]


def test_tables_that_change_below_a_running_server_are_not_ready(app: Flask, data: Path) -> None:
    assert ready(app) == (200, [])
    with closing(sqlite3.connect(data / "sounding_board.sqlite")) as other:
        other.execute("UPDATE alembic_version SET version_num = '0003'")
        other.commit()
    assert ready(app) == (503, ["migrations"])


def test_older_tables_are_brought_up_to_date_without_a_visitor(tmp_path: Path) -> None:
    app = open_instance(INSTANCE, tmp_path).app
    before, newest = database.revisions(app)
    assert before != newest
    ready(app)
    wait_for(lambda: ready(app) == (200, []))
    assert database.revisions(app) == (newest, newest)


def test_who_is_writing_is_not_waited_for(
    app: Flask, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be written: somebody does. Only one who never ends is a fault."""
    assert ready(app) == (200, [])
    with closing(sqlite3.connect(data / "sounding_board.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ready(app) == (200, [])
        monkeypatch.setattr(readiness, "_TOO_LONG", 0.0)
        assert ready(app) == (503, ["database"])
        other.execute("ROLLBACK")
    assert ready(app) == (200, [])


def test_strangers_who_ask_often_take_no_turns(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "KEPT", 3600.0)
    tried = []
    prober = app.extensions["sounding_board_prober"]
    real = prober._writable
    monkeypatch.setattr(prober, "_writable", lambda: tried.append(1) or real())
    askers = [threading.Thread(target=lambda: [ready(app) for _ in range(5)]) for _ in range(4)]
    for one in askers:
        one.start()
    for one in askers:
        one.join()
    assert tried == [1]


def test_what_is_wrong_is_in_the_log_once(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config["SETTINGS"], "least_free_mb", 10**9)
    for _ in range(3):
        assert ready(app) == (503, ["disk"])
    (line,) = (one for one in caplog.messages if "Not ready" in one)
    assert str(app.config["DATA"]) in line
    assert "fewer than the 1000000000 of least_free_mb" in line


def test_a_data_folder_that_is_another_one_now_is_not_ready(place: Path) -> None:
    """What was mounted at its path is gone: an empty folder that can be written to is left."""
    app = create_app({"TESTING": True, "DATA": place})
    wait_for(lambda: ready(app) == (200, []))
    (place / "installation").rename(place / "elsewhere")
    assert ready(app) == (503, ["data"])
    (place / "elsewhere").rename(place / "installation")
    assert ready(app) == (200, [])
