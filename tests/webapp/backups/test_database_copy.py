"""A database is copied to the other kind and back: every row the same, or nothing is there."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.backups.lost import exports, place, rows, run, send_queue
from tests.support.instance import Instance
from webapp.backups import copying, engines
from webapp.core import database
from webapp.core.database import db
from webapp.models import Judgement, Rater


def test_there_and_back(kept: Instance, postgresql_url: str, tmp_path: Path) -> None:
    """As a person does it: the data folder stays, and database_url leads elsewhere."""
    client = kept.signed_in()
    first = kept.data / "sounding_board.sqlite"
    before = exports(kept.app, tmp_path / "before")
    run(kept.app, "backup", str(tmp_path / "first.zip"))
    said = run(kept.app, "database", "copy", str(first), postgresql_url).output
    assert "every table has the same digest on both sides" in said

    app = place(kept.data, postgresql_url)
    database.prepare(app)
    run(app, "backup", str(tmp_path / "second.zip"))
    assert rows(tmp_path / "second.zip") == rows(tmp_path / "first.zip")
    assert exports(app, tmp_path / "there") == before
    other = app.test_client()
    cookie = client.get_cookie("sounding_board_signed_in")
    other.set_cookie("sounding_board_signed_in", cookie.value)
    assert other.get("/studies").status_code == 200
    run(app, "backup", str(tmp_path / "second.zip"), "--replace")  # exports are in the log
    with app.app_context():
        db.engine.dispose()

    back = tmp_path / "back.sqlite"
    run(kept.app, "database", "copy", postgresql_url, str(back))
    assert back.stat().st_mode & 0o077 == 0
    app = place(kept.data, f"sqlite:///{back}")
    database.prepare(app)
    run(app, "backup", str(tmp_path / "third.zip"))
    assert rows(tmp_path / "third.zip") == rows(tmp_path / "second.zip")
    assert exports(app, tmp_path / "back") == before
    assert send_queue(kept, app) == [one["body"]["uuid"] for one in kept.queued]


def test_rows_go_on_after_the_last(kept: Instance, postgresql_url: str) -> None:
    run(kept.app, "database", "copy", str(kept.data / "sounding_board.sqlite"), postgresql_url)
    app = place(kept.data, postgresql_url)
    with app.app_context():
        last = db.session.scalar(sa.select(sa.func.max(Rater.id)))
    run(app, "studies", "invite", "running", "-n", "2")
    assert send_queue(kept, app) == [one["body"]["uuid"] for one in kept.queued]
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.max(Rater.id))) == last + 2


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_written_meanwhile_is_noticed(
    kept: Instance, kind: str, request: pytest.FixtureRequest, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A server that was not stopped."""
    sqlite = kind == "sqlite"
    to = str(tmp_path / "to.sqlite") if sqlite else request.getfixturevalue("postgresql_url")
    fill = copying.filling.fill

    def and_a_grade(*given: object) -> None:
        fill(*given)
        with kept.app.app_context():
            old = db.session.scalar(sa.select(Judgement).order_by(Judgement.id))
            db.session.add(
                Judgement(slot_id=old.slot_id, grade=1, client_uuid="late", listened_seconds=1.0,
                          given_at=old.given_at, received_at=old.received_at)
            )  # fmt: skip
            db.session.commit()

    monkeypatch.setattr(copying.filling, "fill", and_a_grade)
    served = str(kept.data / "sounding_board.sqlite")
    said = run(kept.app, "database", "copy", served, to, wrong=True).output
    assert "while it was copied: stop the server, and copy again" in said
    assert engines.is_empty(engines.address(to))
    assert [one.name for one in tmp_path.glob(".*")] == []
    monkeypatch.undo()
    run(kept.app, "database", "copy", served, to)


def test_what_cannot_be_copied(kept: Instance, postgresql_url: str, tmp_path: Path) -> None:
    served = str(kept.data / "sounding_board.sqlite")

    def refused(source: str, target: str) -> str:
        return run(kept.app, "database", "copy", source, target, wrong=True).output

    assert "there is no such file" in refused(str(tmp_path / "none"), str(tmp_path / "to"))
    assert "there is no such folder" in refused(served, str(tmp_path / "none" / "to"))
    assert "is not empty: it has the tables" in refused(served, served)
    assert "The database's address is no address: it must be like postgresql://" in refused(
        "postgresql://x:y@z:port/x", str(tmp_path / "to")
    )
    assert "must begin with postgresql:// or sqlite:///, not nosuch:." in refused(
        "nosuch://x/y", str(tmp_path / "to")
    )
    assert "has no tables of Sounding Board" in refused(postgresql_url, str(tmp_path / "to"))
    run(kept.app, "database", "copy", served, postgresql_url)
    said = refused(served, postgresql_url)
    assert "is not empty: it has the tables" in said
    assert postgresql_url.partition("://")[2].partition("@")[0].partition(":")[2] not in said
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept"]


def test_what_postgresql_does_not_take_is_named(
    kept: Instance, postgresql_url: str, tmp_path: Path
) -> None:
    """SQLite stores a NUL in a text, and PostgreSQL none."""
    with kept.app.app_context():
        rater = db.session.scalar(sa.select(Rater))
        rater.before = "a\0b"
        db.session.commit()
    served = str(kept.data / "sounding_board.sqlite")
    said = run(kept.app, "database", "copy", served, postgresql_url, wrong=True).output
    assert "A row of the table rater cannot be stored in postgresql" in said
    assert engines.is_empty(engines.address(postgresql_url))
