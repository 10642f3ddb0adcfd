"""A restore that is killed leaves nothing that is used; the next one begins anew, and is whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.errors import InputError
from tests.support.backups.lost import exports, files, left_in, place, run
from tests.support.chosen import chosen
from tests.support.instance import Instance
from tests.support.places import ROOT
from webapp.backups import engines
from webapp.core import database
from webapp.core.database import db

KILLED = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
import webapp.backups.restoring as restoring
from webapp import create_app

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

where, data, url, backup = sys.argv[1:]
if where == "filling":
    restoring.filling.check_same = die
elif where == "before moving":
    restoring.os.sync = die
elif where == "half moved":
    rename, moved = Path.rename, []
    def some(self, target):
        if len(moved) == 4:
            die()
        moved.append(target)
        return rename(self, target)
    Path.rename = some
more = {"SQLALCHEMY_DATABASE_URI": url} if url else {}
app = create_app({"TESTING": True, "DATA": Path(data), **more})
if where == "all moved":  # all files are at their places, the database is not
    move = restoring._moving

    @contextmanager
    def moving(stage, data):
        with move(stage, data) as go:
            yield lambda: (go(), die())
    restoring._moving = moving
app.test_cli_runner().invoke(args=["restore", backup])
"""


@pytest.mark.parametrize(
    "where", chosen(["filling", "before moving", "half moved", "all moved"], "half moved")
)
def test_a_killed_restore_is_none(
    kept: Instance, exported: dict[str, str], other_url: str, where: str, tmp_path: Path
) -> None:
    backup, data = tmp_path / "all.zip", tmp_path / "new"
    run(kept.app, "backup", str(backup), "--collections", "all")
    command = [sys.executable, "-c", KILLED, where, str(data), other_url, str(backup)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr

    app = place(data, other_url)
    with app.app_context():
        assert engines.is_empty(db.engine.url)
    if where in ("half moved", "all moved"):  # who serves it now would serve half of it
        with pytest.raises(InputError, match="give the same flask restore again"):
            database.prepare(app)
    run(app, "restore", str(backup))
    app = place(data, other_url)
    assert exports(app, tmp_path / "after") == exported
    wanted = {name: one for name, one in files(kept.data).items() if "fedcba" not in name}
    assert files(data) == wanted
    assert [name for name in os.listdir(data) if name.startswith(".")] == []
    if not other_url:
        assert left_in(data) >= {"studies", "collections", "own", "sounding_board.sqlite"}


def test_what_goes_wrong_at_the_end_takes_all_back(
    kept: Instance, other_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the last file is to be moved."""
    backup, data = tmp_path / "all.zip", tmp_path / "new"
    run(kept.app, "backup", str(backup))
    app, rename, moved = place(data, other_url), Path.rename, []

    def full(path: Path, target: Path) -> Path:
        if path.name == "studies" and not moved:
            moved.append(path)
            raise OSError(28, "No space left on device", str(path))
        return rename(path, target)

    before = files(data)
    monkeypatch.setattr(Path, "rename", full)
    said = run(app, "restore", str(backup), wrong=True).output
    assert "No space left on device" in said
    assert moved
    assert files(data) == before
    assert left_in(data) == set()
    with app.app_context():
        assert engines.is_empty(db.engine.url)
    run(app, "restore", str(backup))
