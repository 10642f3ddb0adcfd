"""The queue of those who write to SQLite's file: in a process, and among processes."""

import os
import subprocess
import sys
import threading
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


def test_nobody_asks_sqlite_while_another_has_the_turn(counted: Flask) -> None:
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
        waiting = threading.Thread(target=write)
        waiting.start()
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
