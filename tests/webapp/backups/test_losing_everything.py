"""Everything is lost, and comes back: the same exports, links, sessions, queues, on both kinds."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.backups.lost import (
    exports,
    files,
    left_in,
    manifest,
    place,
    rows,
    run,
    send_queue,
)
from tests.support.instance import INSTANCES, Instance, open_instance
from webapp.backups.filling import revisions
from webapp.core import database
from webapp.core.database import db
from webapp.models import LogEntry, Rater, SigninSession
from webapp.signin.links import new_token


def test_what_was_lost_is_back(kept: Instance, other_url: str, tmp_path: Path) -> None:
    client = kept.signed_in()
    before, stored = exports(kept.app, tmp_path / "before"), files(kept.data)
    with kept.app.app_context():
        links = [(one.id, one.token) for one in db.session.scalars(sa.select(Rater))]
    backup = tmp_path / "all.zip"
    said = run(kept.app, "backup", str(backup), "--collections", "all").output
    assert "7 studies, 1 collections" in said
    shutil.rmtree(kept.data)
    app = place(tmp_path / "new", other_url)
    said = run(app, "restore", str(backup)).output
    assert f"revision {revisions()[-1]}" in said
    assert "Studies: graded, preferred, listed, graded-2, made-up, drafted, running" in said

    app = place(tmp_path / "new", other_url)  # as a server starts: with the key that came back
    database.prepare(app)
    wanted = {name: one for name, one in stored.items() if "fedcba" not in name}
    assert files(tmp_path / "new") == wanted
    assert stored.keys() - wanted.keys() == {"own/fedcba9876543210/given"}  # nobody keeps it
    assert exports(app, tmp_path / "after") == before
    with app.app_context():
        assert [(one.id, one.token) for one in db.session.scalars(sa.select(Rater))] == links
        assert db.session.scalar(sa.select(sa.func.count(SigninSession.id))) == 1
        assert db.session.scalar(sa.select(sa.func.count(LogEntry.id))) > 0
    cookie = client.get_cookie("sounding_board_signed_in")
    other = app.test_client()
    other.set_cookie("sounding_board_signed_in", cookie.value)
    assert other.get("/studies").status_code == 200  # still signed in
    assert send_queue(kept, app) == [one["body"]["uuid"] for one in kept.queued]
    with app.app_context():
        new_token()  # new rows go on after the last of each table
        assert db.session.scalar(sa.select(sa.func.count(Rater.id))) == len(links)


def test_a_backup_of_each_kind_has_the_same_rows(
    kept: Instance, postgresql_url: str, tmp_path: Path
) -> None:
    first, second, third = (tmp_path / f"{one}.zip" for one in ("first", "second", "third"))
    run(kept.app, "backup", str(first))
    onto = place(tmp_path / "onto", postgresql_url)
    run(onto, "restore", str(first))
    run(onto, "backup", str(second))
    back = place(tmp_path / "back")
    run(back, "restore", str(second))
    back = place(tmp_path / "back")  # as a server starts: with the key that came back
    run(back, "backup", str(third))
    assert manifest(second)["database"] == "postgresql"
    assert rows(first) == rows(second) == rows(third)
    assert exports(back, tmp_path / "after") == exports(kept.app, tmp_path / "before")


def test_a_backup_of_an_older_version_is_brought_up_to_date(other_url: str, tmp_path: Path) -> None:
    """Written before any migration: it is the tables of then."""
    old = open_instance(INSTANCES[0], tmp_path / "old")
    backup = tmp_path / "old.zip"
    run(old.app, "backup", str(backup))
    assert manifest(backup)["revision"] == "0003"
    assert "browser" not in manifest(backup)["tables"]
    app = place(tmp_path / "new", other_url)
    assert "revision 0003" in run(app, "restore", str(backup)).output
    app = place(tmp_path / "new", other_url)
    with app.app_context(), db.engine.connect() as connection:
        found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    assert found == revisions()[-1]
    database.prepare(old.app)
    assert exports(app, tmp_path / "after") == exports(old.app, tmp_path / "before")


def test_restored_ids_go_on_after_the_last(kept: Instance, other_url: str, tmp_path: Path) -> None:
    run(kept.app, "backup", str(tmp_path / "all.zip"))
    app = place(tmp_path / "new", other_url)
    run(app, "restore", str(tmp_path / "all.zip"))
    app = place(tmp_path / "new", other_url)
    said = run(app, "studies", "invite", "running", "-n", "2").output
    assert len(said.splitlines()) == 2
    with app.app_context():
        ids = list(db.session.scalars(sa.select(Rater.id).order_by(Rater.id)))
        assert ids[-2:] == [ids[-3] + 1, ids[-3] + 2]


def test_settings_come_back_without_the_database_of_then(kept: Instance, tmp_path: Path) -> None:
    path = kept.data / "config.toml"
    path.write_text(
        'base_url = "https://a.example"\ndatabase_url = "postgresql://me:secret@old/db"\n'
    )
    run(kept.app, "backup", str(tmp_path / "all.zip"))
    assert b"me:secret" not in (tmp_path / "all.zip").read_bytes()
    run(place(tmp_path / "new"), "restore", str(tmp_path / "all.zip"))
    back = (tmp_path / "new" / "config.toml").read_text()
    assert 'base_url = "https://a.example"' in back
    assert "secret" not in back

    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "config.toml").write_text("audio_cache_days = 7\n")
    said = run(place(tmp_path / "own"), "restore", str(tmp_path / "all.zip")).output
    assert "The settings here stay; those of the backup are in config.toml.of-backup." in said
    assert (tmp_path / "own" / "config.toml").read_text() == "audio_cache_days = 7\n"
    assert (tmp_path / "own" / "config.toml.of-backup").read_text() == back


@pytest.mark.parametrize("where", ["folder", "database"])
def test_what_is_not_empty_is_not_restored_into(
    kept: Instance, where: str, other_url: str, tmp_path: Path
) -> None:
    run(kept.app, "backup", str(tmp_path / "all.zip"))
    app = place(tmp_path / "new", other_url)
    if where == "folder":
        (tmp_path / "new" / "studies" / "mine").mkdir(parents=True)
        (tmp_path / "new" / "studies" / "mine" / "clips.csv").write_text("x")
    else:
        database.prepare(app)
    before = files(tmp_path / "new")
    said = run(app, "restore", str(tmp_path / "all.zip"), wrong=True).output
    assert "is not empty: it has " in said
    assert "Nothing was changed" in said
    assert files(tmp_path / "new") == before
    assert left_in(tmp_path / "new") <= {"studies", "sounding_board.sqlite"}
