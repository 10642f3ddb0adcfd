"""Locks that hold on two machines: here, two copies of a data folder with one database."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from embeddings.errors import InputError
from embeddings.files import only_writer, whole_folder, write_text
from tests.support.databases.cluster import Cluster
from tests.support.places import ROOT
from tests.support.ports import HOST
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.core import database, jobs
from webapp.core.database import db
from webapp.core.machines import database_locks

HOLDER = """
import sys, time
from pathlib import Path
from embeddings.files import only_writer
from webapp import create_app

create_app({"TESTING": True, "DATA": Path(sys.argv[1])})
with only_writer(Path(sys.argv[1]) / "locks" / "held", "it"):
    print("held", flush=True)
    time.sleep(600)
"""
FOREVER = ["http.server", "0", "--bind", HOST]


@pytest.fixture
def two(tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two data folders that are one, as two machines have it, on one PostgreSQL database.

    Nothing but the database is between them: no lock file of one is a file of the other.
    """
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", postgresql_url)
    first, second = tmp_path / "first", tmp_path / "second"
    app = create_app({"TESTING": True, "DATA": first})
    database.prepare(app)
    with app.app_context():
        db.engine.dispose()
    shutil.copytree(first, second)
    create_app({"TESTING": True, "DATA": second})
    return first, second


def taken(data: Path, name: str = "held", wait: float = 0) -> bool:
    """Take a lock for a moment; return False where another process has it."""
    try:
        with only_writer(data / "locks" / name, "an import of 'x'", wait):
            return True
    except InputError as error:
        if "Another process is busy with an import of 'x': let it finish first." not in str(error):
            raise
        return False


def test_one_writer_on_two_machines(two: tuple[Path, Path]) -> None:
    first, second = two
    with only_writer(first / "locks" / "held", "it"):
        assert not taken(second)
        assert taken(second, "another")
    assert taken(second)


def test_who_waits_goes_on_when_the_other_has_done(two: tuple[Path, Path]) -> None:
    first, second = two
    over = threading.Event()

    def hold() -> None:
        with only_writer(first / "locks" / "held", "it"):
            begun.set()
            over.wait(60)

    begun = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait(60)
    before = time.monotonic()
    assert not taken(second, wait=0.3)
    assert time.monotonic() - before >= 0.3
    threading.Timer(0.3, over.set).start()
    assert taken(second, wait=60)
    holder.join()


def test_a_killed_holder_holds_nothing(two: tuple[Path, Path]) -> None:
    first, second = two
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(first)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert not taken(second)
    holder.kill()
    holder.communicate()
    assert taken(second, wait=30)


def test_no_folder_is_put_in_place_by_who_lost_the_lock(
    two: tuple[Path, Path], cluster: Cluster, postgresql_name: str
) -> None:
    first, second = two
    (first / "made").mkdir()
    (first / "made" / "old").touch()

    def make() -> None:
        with only_writer(first / "locks" / "held", "it"), whole_folder(first / "made") as made:
            (made / "new").touch()
            assert cluster.throw_out(postgresql_name) >= 1
            assert taken(second)  # the other machine begins

    with pytest.raises(InputError, match="The database was away while this process was busy with"):
        make()
    assert [path.name for path in (first / "made").iterdir()] == ["old"]


def test_no_file_is_put_in_place_by_who_lost_the_lock(
    two: tuple[Path, Path], cluster: Cluster
) -> None:
    folder = two[0]

    def write() -> None:
        with only_writer(folder / "locks" / "held", "it"):
            write_text(folder / "whole", "in time")
            cluster.restart()
            write_text(folder / "late", "too late")

    with pytest.raises(InputError, match="what was not finished was not put in place"):
        write()
    assert (folder / "whole").read_text() == "in time"
    assert not (folder / "late").exists()


def test_what_runs_on_one_machine_is_seen_on_the_other(two: tuple[Path, Path]) -> None:
    logs = [data / "own.log" for data in two]
    process = jobs.spawn(FOREVER, logs[0], os.environ)
    assert process is not None
    try:
        for _ in range(3):  # from its first moment on, before it has a lock of its own
            assert all(jobs.running_since(log) is not None for log in logs)
            assert jobs.spawn(FOREVER, logs[1], os.environ) is None
        locks = database_locks.covering(logs[1])
        assert locks is not None
        wait_for(lambda: locks.is_held(logs[1].with_suffix(".running")), "it holds no lock")
    finally:
        os.killpg(process, signal.SIGKILL)
    for log in logs:
        wait_for(lambda log=log: jobs.running_since(log) is None, "it is over")  # type: ignore[misc]


def test_what_it_says_is_the_modules_own(two: tuple[Path, Path]) -> None:
    log = two[0] / "said.log"
    jobs.spawn(["flask", "--app", "webapp", "studies", "open", "none"], log, os.environ)
    wait_for(lambda: jobs.running_since(log) is None)
    assert jobs.last_words(log) == "Error: There is no study 'none'; there are: none yet."


def test_without_the_database_nobody_knows_what_runs(
    two: tuple[Path, Path], cluster: Cluster
) -> None:
    log = two[0] / "own.log"
    cluster.stop()
    try:
        with pytest.raises(InputError, match="The database cannot be reached"):
            jobs.running_since(log)
        with pytest.raises(InputError, match="The database cannot be reached"):
            taken(two[0])
    finally:
        cluster.start()


def test_on_sqlite_files_are_enough(tmp_path: Path) -> None:
    create_app({"TESTING": True, "DATA": tmp_path})
    assert database_locks.covering(tmp_path / "locks" / "held") is None
