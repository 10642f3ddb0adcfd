"""A backup while a rater's grades come as fast as they can: all of one moment, and none lost."""

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.backups.lost import place, run
from tests.support.chosen import chosen
from tests.support.instance import Instance
from tests.support.places import ROOT
from tests.support.waiting import wait_for
from webapp.core.database import db, now
from webapp.models import Judgement, Slot


@contextmanager
def grading(app: Flask) -> Iterator[list[str]]:
    """Store grades, one a transaction, until the block ends; give the uuids of those that are."""
    stored, stop, errors = [], threading.Event(), []

    def write() -> None:
        try:
            with app.app_context():
                slot = db.session.scalar(sa.select(Slot.id).order_by(Slot.id))
                while not stop.is_set():
                    name = str(uuid.uuid4())
                    moment = now() + timedelta(microseconds=len(stored))
                    db.session.add(
                        Judgement(slot_id=slot, grade=50, client_uuid=name, listened_seconds=1.0,
                                  given_at=moment, received_at=moment)
                    )  # fmt: skip
                    db.session.commit()
                    stored.append(name)
        except Exception as error:
            errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_for(lambda: len(stored) > 20 or errors, "no grade is stored")
        yield stored
    finally:
        stop.set()
        writer.join()
    assert errors == []


def uuids(backup: Path) -> list[str]:
    """Return the uuids of the judgements in a backup, in their order."""
    with zipfile.ZipFile(backup) as file:
        first, *lines = map(json.loads, file.read("database/judgement.jsonl").splitlines())
    place = sorted(first["columns"]).index("client_uuid")
    return [line[place] for line in lines]


def test_a_backup_has_every_grade_that_was_acknowledged_before(
    kept: Instance, other_url: str, tmp_path: Path
) -> None:
    app = kept.app
    if other_url:
        run(kept.app, "backup", str(tmp_path / "first.zip"))
        app = place(tmp_path / "served", other_url)
        run(app, "restore", str(tmp_path / "first.zip"))
    own = place(app.config["DATA"], other_url)  # as the command is a process of its own
    with grading(app) as stored:
        for number in range(3):
            before = list(stored)
            backup = tmp_path / f"{number}.zip"
            run(own, "backup", str(backup))
            after = len(stored)
            found = uuids(backup)[-len(before) - 1 :]
            # those before, and of those that came meanwhile the first ones, without a hole
            some = [one for one in uuids(backup) if one in set(stored)]
            assert some == stored[: len(some)]
            assert len(before) <= len(some) <= after + 1
            assert found
        grown = len(stored)
        wait_for(lambda: len(stored) > grown, "grades wait for a backup")
    run(own, "restore", str(backup), "--check")
    back = place(tmp_path / "back")
    run(back, "restore", str(backup))  # where foreign keys are looked at
    with back.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_no_grade_waits_for_a_backup(kept: Instance, tmp_path: Path) -> None:
    """A backup reads in a transaction that stays open while grades are stored."""
    from webapp.backups.engines import snapshot

    with kept.app.app_context(), snapshot(db.engine) as reading:
        count = sa.select(sa.func.count(Judgement.id))
        first = reading.scalar(count)
        with grading(kept.app) as stored:
            wait_for(lambda: len(stored) > 50, "grades wait")
        assert reading.scalar(count) == first


def test_a_copy_of_the_sqlite_file_alone_loses_grades(kept: Instance, tmp_path: Path) -> None:
    """Why the docs say so: what was acknowledged last is in the file's log (WAL) beside it."""
    with grading(kept.app) as stored:
        before = len(stored)
        shutil.copy(kept.data / "sounding_board.sqlite", tmp_path / "copy.sqlite")
        run(kept.app, "backup", str(tmp_path / "whole.zip"))
        known = set(stored[:before])
    with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
        names = {row[0] for row in copy.execute("SELECT client_uuid FROM judgement")}
    copy.close()
    assert known - names != set()
    assert known <= set(uuids(tmp_path / "whole.zip"))


MEASURED = """
import sys
from pathlib import Path
from tests.support.sounds.mutated import peak_megabytes
from webapp import create_app
app = create_app({"TESTING": True, "DATA": Path(sys.argv[1])})
done = app.test_cli_runner().invoke(args=sys.argv[2:])
assert done.exit_code == 0, done.output
print(peak_megabytes())
"""


def peak(data: Path, *args: str) -> float:
    """Run a command in a process of its own; return the most memory that it took, in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(data), *args],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.parametrize("files", chosen([2, 6], 2), ids=["100 MB", "300 MB"])
def test_memory_does_not_grow_with_what_is_backed_up(
    kept: Instance, files: int, tmp_path: Path
) -> None:
    """So many MB of sounds, and 10,000 rows a file more, take as much memory as nearly none."""
    small, large = tmp_path / "small.zip", tmp_path / "large.zip"
    backing = peak(kept.data, "backup", str(small))
    restoring = peak(tmp_path / "from-small", "restore", str(small))
    sounds = kept.data / "studies" / "running" / "sounds"
    for number in range(files):
        with (sounds / f"{number}.flac").open("wb") as file:
            file.truncate(50_000_000)
    with kept.app.app_context():
        moment = now()
        rows = [{"slot_id": 1, "grade": 5, "client_uuid": f"uuid-{one}", "listened_seconds": 1.0,
                 "given_at": moment, "received_at": moment}
                for one in range(10_000 * files)]  # fmt: skip
        db.session.execute(sa.insert(Judgement), rows)
        db.session.commit()
    more = 40  # MiB: less than one of the files, and far less than all rows as Python's
    assert peak(kept.data, "backup", str(large)) < backing + more
    assert large.stat().st_size > files * 50_000_000
    assert peak(tmp_path / "from-large", "restore", str(large)) < restoring + more
