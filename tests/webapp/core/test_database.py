"""The database: set up for many writers, migrated on first use, moments in UTC."""

import gc
import sqlite3
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.support.places import ROOT
from webapp import create_app
from webapp.core import database
from webapp.core.database import db
from webapp.models import Account
from webapp.signin.links import new_token

pytestmark = pytest.mark.usefixtures("without_tables")


def test_sqlite_is_set_up_for_safety(app: Flask) -> None:
    database.prepare(app)
    with app.app_context(), db.engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    full = 2
    assert pragma == {
        "journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "busy_timeout": 30000,
    }  # fmt: skip


def test_the_first_request_makes_the_tables(client: FlaskClient, app: Flask) -> None:
    assert client.get("/signin/nothing").status_code == 403
    with app.app_context():
        assert set(sa.inspect(db.engine).get_table_names()) == {
            *db.metadata.tables, "alembic_version",
        }  # fmt: skip


def test_migrations_give_the_models_tables(app: Flask) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database.prepare(app)
    with app.app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_reading_and_writing_requests_begin_differently(app: Flask) -> None:
    begun = []
    database.prepare(app)
    with app.app_context():
        engine = db.engine
        token = new_token()
    listen = lambda conn, cursor, text, *rest: begun.append(text)  # noqa: E731
    sa.event.listen(engine, "before_cursor_execute", listen)
    client = app.test_client()
    client.get("/join/nothing")
    assert "BEGIN" in begun
    assert "BEGIN IMMEDIATE" not in begun
    client.get("/signin/nothing")  # who guesses takes nobody's turn
    assert "BEGIN IMMEDIATE" not in begun
    client.get(f"/signin/{token}")  # uses a link up, so it writes
    assert "BEGIN IMMEDIATE" in begun


def test_many_threads_write_at_once_and_none_is_locked_out(app: Flask) -> None:
    database.prepare(app)
    errors = []

    def write(number: int) -> None:
        try:
            with app.app_context():
                for step in range(20):
                    # read and then write in one transaction: what deferred BEGIN cannot do
                    db.session.scalar(sa.select(sa.func.count(Account.id)))
                    db.session.add(Account(name=f"{number}-{step}", role="owner"))
                    db.session.commit()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Account.id))) == 160


def test_looking_at_the_database_keeps_what_another_process_must_not_remove(
    app: Flask,
) -> None:
    """A process that opens and closes SQLite's file itself loses its locks on it: the next process
    that is through with the database then removes the log that this one still writes to."""
    database.prepare(app)
    with app.app_context():
        path = str(db.engine.url.database)
        db.engine.dispose()
    insert = "INSERT INTO account (name, role, made_at) VALUES (?, 'owner', '2026-01-01 00:00:00')"
    own = sqlite3.connect(path, isolation_level=None)  # this process has the database open
    own.execute(insert, ["before"])
    with app.app_context():
        database._for_the_owner_only()
        db.engine.dispose()
    script = f"import sqlite3; c = sqlite3.connect({path!r}); c.execute('SELECT * FROM study')"
    subprocess.run([sys.executable, "-c", f"{script}.fetchall(); c.close()"], check=True)
    own.execute(insert, ["after"])
    other = sqlite3.connect(path)
    stored = {row[0] for row in other.execute("SELECT name FROM account")}
    other.close()
    own.close()
    assert {"before", "after"} <= stored
    assert Path(path).stat().st_mode & 0o077 == 0
    assert [one.name for one in Path(path).parent.glob(".database.*")] == []


def test_an_app_that_is_forgotten_leaves_no_connection_open(tmp_path: Path) -> None:
    app = create_app({"DATA": tmp_path})
    database.prepare(app)
    opened = []
    with app.app_context():
        pool = db.engine.pool
        event.listen(pool, "close", lambda connection, record: opened.remove(connection))
        event.listen(pool, "checkout", lambda connection, *_: opened.append(connection))
        db.session.execute(sa.text("SELECT 1"))
    assert len(opened) == 1
    del app
    gc.collect()
    assert opened == []


def test_moments_come_back_in_utc(app: Flask) -> None:
    database.prepare(app)
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with app.app_context():
        db.session.add(Account(name="x", role="owner", made_at=moment))
        db.session.commit()
        db.session.expire_all()
        stored = db.session.scalar(sa.select(Account))
        assert stored.made_at == moment
        assert stored.made_at.utcoffset() == timedelta(0)
        with pytest.raises(sa.exc.StatementError, match="a moment needs a time zone"):
            db.session.execute(sa.select(Account).where(Account.made_at > datetime(2026, 1, 1)))


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    script = (
        "from webapp import create_app; from webapp.core import database; from pathlib import Path;"
        f"app = create_app({{'DATA': Path({str(tmp_path)!r})}}); database.prepare(app)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    app = create_app({"DATA": tmp_path})
    assert database._revision(app) == database._newest(app)
