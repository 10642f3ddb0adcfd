"""Before tables are changed, a copy is kept; where it cannot be, nothing is changed."""

import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from embeddings.errors import InputError
from tests.support.backups.lost import manifest, place, rows, run
from tests.support.instance import INSTANCES, open_instance
from tests.support.places import ROOT
from webapp.backups import before_migration
from webapp.backups.filling import revisions
from webapp.core import database
from webapp.core.database import db


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Flask]:
    """The instance of 0.1.0 as it was left."""
    app = open_instance(INSTANCES[0], tmp_path / "old").app
    yield app
    with app.app_context():
        db.engine.dispose()


def dump(path: Path) -> list[str]:
    """Return an SQLite database as SQL."""
    with sqlite3.connect(path) as file:
        found = list(file.iterdump())
    file.close()
    return found


def revision(app: Flask) -> str:
    """Return the revision of an app's tables."""
    with app.app_context(), db.engine.connect() as connection:
        return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def test_the_copy_is_what_older_code_opens(old: Flask) -> None:
    data = old.config["DATA"]
    before = dump(data / "sounding_board.sqlite")
    database.prepare(old)
    (copy,) = (data / "backups").iterdir()
    assert copy.name.startswith("before-0.2.0-revision-0003-")
    assert copy.stat().st_mode & 0o077 == 0
    assert (data / "backups").stat().st_mode & 0o077 == 0
    assert revision(old) == revisions()[-1]
    assert dump(copy) == before
    assert [one.name for one in (data / "backups").iterdir()] == [copy.name]  # no -wal beside it
    database.prepare(old)  # nothing to change, nothing to keep
    assert [one.name for one in (data / "backups").iterdir()] == [copy.name]


def test_of_postgresql_the_rows_are_kept_and_go_into_an_empty_database(
    old: Flask, postgresql_url: str, cluster, tmp_path: Path
) -> None:
    run(old, "database", "copy", str(old.config["DATA"] / "sounding_board.sqlite"), postgresql_url)
    app = place(tmp_path / "new", postgresql_url)
    assert revision(app) == "0003"
    run(app, "backup", str(tmp_path / "before.zip"))
    database.prepare(app)
    assert revision(app) == revisions()[-1]
    (copy,) = (tmp_path / "new" / "backups").glob("before-*")
    assert copy.name.startswith("before-0.2.0-revision-0003-")
    assert copy.stat().st_mode & 0o077 == 0
    assert rows(copy) == rows(tmp_path / "before.zip")
    assert manifest(copy)["revision"] == "0003"
    name = cluster.create()
    said = run(app, "database", "copy", str(copy), cluster.url(name)).output
    assert "every table has the same digest" in said
    back = place(tmp_path / "back", cluster.url(name))
    assert revision(back) == "0003"
    run(back, "backup", str(tmp_path / "after.zip"))
    assert rows(tmp_path / "after.zip") == rows(copy)


FULL = """
import resource, signal, sys
from pathlib import Path
from webapp import create_app
from webapp.core import database
app = create_app({"TESTING": True, "DATA": Path(sys.argv[1])})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    database.prepare(app)
except ValueError as error:
    print(error)
    raise SystemExit(3)
"""


def test_a_migration_is_not_begun_without_room_for_the_copy(old: Flask) -> None:
    """Files may have 100 kB, as on a disk that is nearly full; the database has more."""
    assert resource.RLIMIT_FSIZE is not None
    data = old.config["DATA"]
    path = data / "sounding_board.sqlite"
    before = dump(path)
    assert path.stat().st_size > 200_000
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(data)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 3, done.stderr
    (said,) = done.stdout.splitlines()
    assert said.startswith("The database was not brought up to date, since no copy of it could be")
    assert said.endswith("and start again.")
    assert dump(path) == before
    assert list((data / "backups").iterdir()) == []
    database.prepare(old)
    assert revision(old) == revisions()[-1]


def test_a_migration_is_not_begun_where_nothing_can_be_written(old: Flask) -> None:
    data = old.config["DATA"]
    (data / "backups").write_text("a file, where the folder should be")
    with pytest.raises(InputError, match="Nothing was changed"):
        database.prepare(old)
    assert revision(old) == "0003"
    assert old.test_client().get("/studies").status_code == 503
    (data / "backups").unlink()
    assert old.test_client().get("/studies").status_code == 401
    assert revision(old) == revisions()[-1]


def test_processes_that_start_together_keep_one_copy(old: Flask) -> None:
    script = (
        "from webapp import create_app; from webapp.core import database; from pathlib import Path;"
        f"app = create_app({{'DATA': Path({str(old.config['DATA'])!r})}}); database.prepare(app)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, said
    assert len(list((old.config["DATA"] / "backups").iterdir())) == 1
    assert revision(old) == revisions()[-1]


def test_the_newest_copies_stay(old: Flask, tmp_path: Path) -> None:
    folder = old.config["DATA"] / "backups"
    folder.mkdir()
    for day in range(1, 9):
        (folder / f"before-0.1.{day}-revision-0002-2026010{day}-120000.sqlite").touch()
    (folder / "mine.sqlite").touch()
    database.prepare(old)
    left = sorted(one.name for one in folder.iterdir())
    assert len(left) == before_migration.KEPT + 1
    assert left[:4] == [
        f"before-0.1.{day}-revision-0002-2026010{day}-120000.sqlite" for day in (5, 6, 7, 8)
    ]
    assert left[-1] == "mine.sqlite"


def test_a_new_installation_keeps_nothing(tmp_path: Path) -> None:
    app = place(tmp_path / "new")
    database.prepare(app)
    assert not (tmp_path / "new" / "backups").exists()
    shutil.rmtree(tmp_path / "new" / "locks")
