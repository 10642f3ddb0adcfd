"""A deployment that is well: served by gunicorn, with a study, and a backup of today."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from embeddings.collection.clips import open_collection
from tests.support.deployment.looked import Findings, write_settings
from tests.support.ports import HOST, Port
from tests.support.ready import ready
from tests.support.server import is_ready
from tests.support.small import rank
from tests.support.studies.rater import PROTOCOL
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.backups.making import LAST
from webapp.core.database import db
from webapp.core.metrics import FOLDER


@pytest.fixture(scope="session")
def well_made(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an open study, to be copied and not changed."""

    def make(folder: Path) -> None:
        data = shutil.copytree(imported, folder / "data")
        rank(open_collection(data, "small"))
        (folder / "way.toml").write_text(PROTOCOL)
        app = create_app({"TESTING": True, "DATA": data})
        for command in (["create", str(folder / "way.toml")], ["open", "way"]):
            done = app.test_cli_runner().invoke(args=["studies", *command])
            assert done.exit_code == 0, done.output
        with app.app_context():
            db.engine.dispose()

    return ready(tmp_path_factory, "well", make) / "data"


@pytest.fixture
def data(well_made: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own that is well."""
    data = shutil.copytree(well_made, tmp_path / "data")
    for path in (data, *data.rglob("*")):
        os.utime(path, follow_symlinks=False)
    (data / "backups").mkdir()
    (data / "backups" / LAST).touch()
    (data / "secret_key").chmod(0o600)
    for path in data.glob("sounding_board.sqlite*"):
        path.chmod(0o600)
    return data


@pytest.fixture
def look(data: Path) -> Callable[..., Findings]:
    """Returns what `flask doctor` finds; it must exit with 1 where there is a fault, and only so.

    With a name, what the check of that name finds.
    """

    def asked(name: str = "", *options: str) -> Findings:
        app = create_app({"TESTING": True, "DATA": data})
        done = app.test_cli_runner().invoke(args=["doctor", "--json", *options])
        found: list[dict[str, Any]] = json.loads(done.stdout)
        assert done.exit_code == any(one["state"] == "fault" for one in found)
        return [one for one in found if name in ("", one["check"])]

    return asked


@pytest.fixture
def served(data: Path, tmp_path: Path) -> Iterator[str]:
    """The address of gunicorn, which serves the data folder as a deployment does."""
    (tmp_path / "metrics").mkdir()
    with Port() as port:
        url = f"http://{HOST}:{port.number}"
        write_settings(data, base_url=url, least_free_mb=1)
        environment = os.environ | {
            "SOUNDING_BOARD_DATA": str(data), FOLDER: str(tmp_path / "metrics")
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "webapp:create_app()", "--bind",
             f"{HOST}:{port.number}", "--threads", "4"],
            env=environment, stderr=subprocess.DEVNULL,
        )  # fmt: skip

        def answers() -> bool:
            try:
                return is_ready(url)
            except OSError:
                return False

        try:
            wait_for(answers)
            yield url
        finally:
            process.terminate()
            process.wait()
