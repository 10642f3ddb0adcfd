"""The queue of those who write to SQLite's file: in a process, and among processes."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.places import ROOT
from tests.support.waiting import wait_for
from webapp.core import database, writers
from webapp.core.database import db

COUNT = sa.text("UPDATE counted SET n = n + 1")

OTHER = """
import sys
from pathlib import Path
import sqlalchemy as sa
from webapp import create_app
from webapp.core.database import db
app = create_app({"DATA": Path(sys.argv[1])})
with app.app_context():
    for _ in range(int(sys.argv[2])):
        db.session.execute(sa.text("UPDATE counted SET n = n + 1"))
        db.session.commit()
"""


@pytest.fixture
def counted(app: Flask) -> Flask:
    """Give an app whose database has a number that is to be counted up."""
    database.prepare(app)
    with app.app_context():
        db.session.execute(sa.text("CREATE TABLE counted (n INTEGER)"))
        db.session.execute(sa.text("INSERT INTO counted VALUES (0)"))
        db.session.commit()
    return app


def number(app: Flask) -> int:
    """Return what was counted."""
    with app.app_context():
        database.reads()
        return db.session.scalar(sa.text("SELECT n FROM counted")) or 0


def test_threads_and_processes_write_one_after_the_other(counted: Flask) -> None:
    def write() -> None:
        with counted.app_context():
            for _ in range(20):
                db.session.execute(COUNT)
                db.session.commit()

    command = [sys.executable, "-c", OTHER, str(counted.config["DATA"]), "50"]
    others = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait() for other in others] == [0, 0]
    assert number(counted) == 8 * 20 + 2 * 50


def test_nobody_asks_sqlite_while_another_has_the_turn(
    counted: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def write() -> None:
        with counted.app_context():
            db.session.execute(COUNT)
            db.session.commit()

    with counted.app_context():
        engine = db.engine
        sa.event.listen(
            engine, "before_cursor_execute", lambda conn, cursor, text, *_: begun.append(text)
        )
        queue = writers._queues[engine]
        db.session.execute(COUNT)
        asked: list[str] = []
        enter = queue.enter
        monkeypatch.setattr(queue, "enter", lambda: asked.append("the turn") or enter())
        waiting = threading.Thread(target=write)
        waiting.start()
        wait_for(lambda: asked == ["the turn"])
        with engine.connect() as connection:  # a reader goes on
            database.g.reads = True
            assert connection.scalar(sa.text("SELECT n FROM counted")) == 0
        assert begun.count("BEGIN IMMEDIATE") == 1
        assert queue._threads.locked()
        db.session.commit()
        waiting.join()
    assert begun.count("BEGIN IMMEDIATE") == 2
    assert number(counted) == 2
    assert not queue._threads.locked()


HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(counted: Flask) -> Iterator[subprocess.Popen]:
    """Another process that has the turn until its input ends; SQLite's file is free."""
    path = counted.config["DATA"] / "locks" / "writers"
    path.parent.mkdir(exist_ok=True)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process


def test_another_process_is_waited_for_and_no_one_else_is_woken_by_sqlite(
    counted: Flask, holder: subprocess.Popen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "_PATIENCE", 600)
    looks: list[bool] = []
    real = writers._locked
    monkeypatch.setattr(writers, "_locked", lambda file: looks.append(real(file)) or looks[-1])

    def write() -> None:
        with counted.app_context():
            db.session.execute(COUNT)
            db.session.commit()

    writing = threading.Thread(target=write)
    writing.start()
    wait_for(lambda: len(looks) > 3)
    assert not any(looks)
    assert number(counted) == 0
    holder.communicate()
    writing.join()
    assert looks[-1]
    assert number(counted) == 1


def test_who_loses_patience_with_another_process_goes_on(
    counted: Flask, holder: subprocess.Popen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "_PATIENCE", 0.01)
    with counted.app_context():
        db.session.execute(COUNT)
        db.session.commit()
        assert writers._queues[db.engine]._file is None
    assert number(counted) == 1
    holder.communicate()


def test_an_interrupt_during_the_wait_leaves_nothing_locked(
    counted: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = writers._locked

    def interrupted(file: int) -> bool:
        real(file)
        raise KeyboardInterrupt

    with counted.app_context():
        queue = writers._queues[db.engine]
        monkeypatch.setattr(writers, "_locked", interrupted)
        with pytest.raises(KeyboardInterrupt):
            db.session.execute(COUNT)
        assert not queue._threads.locked()
        assert queue._file is None
        monkeypatch.setattr(writers, "_locked", real)
        db.session.rollback()
        db.session.execute(COUNT)
        db.session.commit()
    assert number(counted) == 1


@pytest.mark.parametrize("end", ["rollback", "error", "invalidate"])
def test_the_turn_is_given_back_however_it_ends(counted: Flask, end: str) -> None:
    with counted.app_context():
        queue = writers._queues[db.engine]
        if end == "error":
            with pytest.raises(sa.exc.OperationalError):
                db.session.execute(sa.text("SELECT nothing FROM nowhere"))
            assert queue._threads.locked()
        else:
            db.session.execute(COUNT)
        if end == "invalidate":
            db.session.connection().invalidate()
            assert not queue._threads.locked()
        db.session.rollback()
        assert not queue._threads.locked()
        db.session.execute(COUNT)
        db.session.commit()
    assert number(counted) == 1


def test_a_forked_process_begins_with_an_empty_queue(counted: Flask) -> None:
    with counted.app_context():
        db.session.execute(COUNT)  # has the turn
        queue = writers._queues[db.engine]
        assert queue._file is not None
        child = os.fork()
        if child == 0:
            taken = queue._threads.acquire(blocking=False)
            os._exit(0 if taken and queue._file is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert queue._threads.locked()
        db.session.commit()
    assert number(counted) == 1


def test_who_loses_patience_waits_as_sqlite_does(
    counted: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "_PATIENCE", 0.01)
    with counted.app_context():
        queue = writers._queues[db.engine]
        with queue._threads:  # somebody who never comes back
            db.session.execute(COUNT)
            db.session.commit()
    assert number(counted) == 1


def test_a_folder_that_takes_no_lock_is_no_hindrance(counted: Flask) -> None:
    with counted.app_context():
        queue = writers._queues[db.engine]
        queue.path = Path(counted.config["DATA"]) / "sounding_board.sqlite" / "no-folder"
        db.session.execute(COUNT)
        db.session.commit()
        assert queue._file is None
    wait_for(lambda: number(counted) == 1)
