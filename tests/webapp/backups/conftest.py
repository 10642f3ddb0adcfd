"""The instance that 0.1.0 made, brought up to date, with all that a backup has to bring back."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.backups.lost import exports, place
from tests.support.instance import INSTANCES, Instance, open_instance
from tests.support.ready import ready
from webapp.core import database
from webapp.results.cache import forget


@pytest.fixture(scope="session")
def kept_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an up-to-date instance, to be copied and not changed."""

    def make(folder: Path) -> None:
        one = open_instance(INSTANCES[0], folder)
        database.prepare(one.app)
        with one.app.app_context():
            database.db.engine.dispose()
        shutil.rmtree(one.data / "backups")

    return ready(tmp_path_factory, "instance-to-lose", make) / "data"


@pytest.fixture(scope="session")
def exported(kept_made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The SHA-256 of every study's bundle of that instance: what has to come out of any copy."""

    def make(folder: Path) -> None:
        app = place(shutil.copytree(kept_made, folder / "data"))
        found = exports(app, folder / "bundles")
        with app.app_context():
            database.db.engine.dispose()
        (folder / "exported.json").write_text(json.dumps(found), encoding="utf-8")

    folder = ready(tmp_path_factory, "exported", make)
    return json.loads((folder / "exported.json").read_text(encoding="utf-8"))


@pytest.fixture
def kept(kept_made: Path, tmp_path: Path) -> Iterator[Instance]:
    """An up-to-date instance of the test's own, with an own sound and a signed study's secret."""
    forget()
    data = tmp_path / "kept"
    shutil.copytree(kept_made, data)
    sound = data / "own" / "0123456789abcdef"
    sound.mkdir(parents=True, mode=0o700)
    (sound / "kept").touch()
    (sound / "given").write_bytes(b"a sound")
    passing = data / "own" / "fedcba9876543210"
    passing.mkdir()
    (passing / "given").write_bytes(b"a sound that nobody keeps")
    secret = data / "studies" / "running" / "join_secret"
    secret.write_text("s" * 64)
    secret.chmod(0o600)
    made = INSTANCES[0]
    raters = json.loads((made / "raters.json").read_text(encoding="utf-8"))
    yield Instance(made, data, place(data), raters)
    forget()


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind; "" for a file in the data folder."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
