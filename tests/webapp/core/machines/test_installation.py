"""One database, one data folder, one secret key: another of them is refused, in a sentence."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from click import ClickException
from flask import Flask

from embeddings.errors import InputError
from webapp import create_app
from webapp.core import database
from webapp.core.config import DATABASE
from webapp.core.database import db
from webapp.core.machines import mounts
from webapp.core.machines.installation import MARK, here, known
from webapp.models import LogEntry


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the database of every app made in the test, which is in no data folder."""
    (tmp_path / "elsewhere").mkdir()
    url = f"sqlite:///{tmp_path / 'elsewhere' / 'one.sqlite'}"
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", url)
    return tmp_path / "elsewhere"


def started(data: Path) -> Flask:
    """An app whose tables are up to date."""
    app = create_app({"TESTING": True, "DATA": data})
    database.prepare(app)
    return app


def close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def test_the_first_start_writes_who_belongs_together(tmp_path: Path) -> None:
    app = started(tmp_path)
    mine = here(app)
    assert (tmp_path / MARK).read_text().strip() == mine.folder
    with app.app_context(), db.engine.connect() as connection:
        assert known(connection) == mine
    key = (tmp_path / "secret_key").read_text().strip()
    assert key not in mine.key
    assert len(mine.key) == 64
    started(tmp_path)  # and nothing changes at the next one
    assert here(app) == mine


def test_a_folder_without_hard_links_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    app = started(tmp_path)
    assert (tmp_path / MARK).read_text() == f"{here(app).folder}\n"
    assert not list(tmp_path.glob(f".{MARK}.*"))
    started(tmp_path)


def test_a_copied_folder_serves(tmp_path: Path) -> None:
    close(started(tmp_path / "first"))
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    assert started(tmp_path / "second").test_client().get("/healthz").status_code == 200


def test_a_folder_that_is_not_shared_is_refused(tmp_path: Path, elsewhere: Path) -> None:
    first = started(tmp_path / "first")
    app = create_app({"TESTING": True, "DATA": tmp_path / "second"})
    with pytest.raises(InputError) as refused:
        database.prepare(app)
    said = str(refused.value)
    assert said.startswith(f"The data folder {tmp_path / 'second'} has no id, and the database")
    assert here(first).folder[:12] in said
    assert "mount that one there" in said
    assert app.test_client().get("/").status_code == 503
    assert not (tmp_path / "second" / MARK).exists()
    (tmp_path / "second" / MARK).write_text("0123456789abcdef\n")
    with pytest.raises(InputError, match=r"second is 0123456789ab, and the database belongs to"):
        database.prepare(app)


def test_another_key_is_refused_until_it_is_accepted(tmp_path: Path) -> None:
    before = started(tmp_path)
    old = here(before).key
    (tmp_path / "secret_key").write_text("another" * 10)
    app = create_app({"TESTING": True, "DATA": tmp_path})
    with pytest.raises(InputError, match="put that file back") as refused:
        database.prepare(app)
    assert old[:12] in str(refused.value)
    assert here(app).key[:12] in str(refused.value)
    runner = app.test_cli_runner()
    shown = runner.invoke(args=["installation", "show"]).output
    assert f"{here(app).key}\n{'':14}{old} by the database" in shown
    assert runner.invoke(args=["installation", "accept"], input="n\n").exit_code == 1
    with pytest.raises(InputError, match="put that file back"):
        database.prepare(app)
    assert runner.invoke(args=["installation", "accept", "--yes"]).exit_code == 0
    database.prepare(app)
    with app.app_context():
        assert [one.what for one in db.session.scalars(db.select(LogEntry))] == [
            "installation accepted"
        ]
    assert "by the database" not in runner.invoke(args=["installation", "show"]).output


def test_a_new_folder_is_accepted_on_purpose(tmp_path: Path, elsewhere: Path) -> None:
    close(started(tmp_path / "first"))
    app = create_app({"TESTING": True, "DATA": tmp_path / "second"})
    said = app.test_cli_runner().invoke(args=["installation", "accept", "--yes"]).output
    assert said == f"The database belongs to {tmp_path / 'second'} and its secret key now.\n"
    database.prepare(app)
    with pytest.raises(InputError, match="The data folder"):
        started(tmp_path / "first")


def test_a_folder_whose_mark_was_lost_has_its_own_database(tmp_path: Path) -> None:
    mine = here(started(tmp_path))
    (tmp_path / MARK).unlink()  # as by a copy of only what an older version knew
    assert here(started(tmp_path)) == mine


def test_what_0_1_0_or_a_copy_of_it_stored_is_known_from_the_first_start(tmp_path: Path) -> None:
    app = started(tmp_path)
    close(app)
    with sqlite3.connect(tmp_path / DATABASE) as stored:
        stored.execute("DELETE FROM installation")
    stored.close()
    (tmp_path / MARK).unlink()
    app = started(tmp_path)
    with app.app_context(), db.engine.connect() as connection:
        assert known(connection) == here(app)


def test_a_server_does_not_start_with_another_folder(tmp_path: Path, elsewhere: Path) -> None:
    close(started(tmp_path / "first"))
    with pytest.raises(ClickException, match="mount that one there"):
        create_app({"DATA": tmp_path / "second"})  # as gunicorn does


MOUNTS = r"""
1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
2 1 0:9 / /srv rw - tmpfs tmpfs rw
3 2 0:9 / /srv/the\040study rw,relatime master:3 - nfs4 server:/study rw,vers=4.2
this line is broken
"""


@pytest.mark.parametrize(
    ("path", "system"),
    [("/etc", "ext4"), ("/srv/x", "tmpfs"), ("/srv/the study/data", "nfs4"), ("/srvs", "ext4")],
)
def test_the_file_system_of_a_folder(path: str, system: str) -> None:
    assert mounts.of_mounts(MOUNTS, Path(path)) == system


def test_sqlite_over_a_network_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert mounts.file_system(tmp_path)
    monkeypatch.setattr(mounts, "file_system", lambda path: "nfs4")
    create_app({"DATA": tmp_path})
    assert "comes over the network (nfs4)" in caplog.text
    assert mounts.warning(tmp_path, "postgresql") == ""
    monkeypatch.setattr(mounts, "file_system", lambda path: "ext4")
    assert mounts.warning(tmp_path, "sqlite") == ""


def test_showing_what_belongs_together_makes_no_database(tmp_path: Path) -> None:
    """It would be open to everybody on the machine, and stay so."""
    app = create_app({"TESTING": True, "DATA": tmp_path})
    shown = app.test_cli_runner().invoke(args=["installation", "show"]).output
    assert "none yet by the database" in shown
    assert not (tmp_path / DATABASE).exists()
    database.prepare(app)
    assert (tmp_path / DATABASE).stat().st_mode & 0o777 == 0o600
