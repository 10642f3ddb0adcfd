"""Studies that the tests of the management pages begin from."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from embeddings.collection.clips import open_collection
from embeddings.systems.store import Ranking
from tests.support.small import rank
from tests.support.studies.judged import PROTOCOL
from webapp import create_app
from webapp.core.database import db


@pytest.fixture
def path(tmp_path: Path, ranked: list[Ranking]) -> Path:
    """A protocol's file, and the systems that it names."""
    (tmp_path / "which.toml").write_text(PROTOCOL)
    return tmp_path / "which.toml"


@pytest.fixture
def run(runner: FlaskCliRunner) -> Callable[..., str]:
    """Runs a command of `flask studies` that must work; returns what it prints."""

    def invoke(*arguments: object) -> str:
        done = runner.invoke(args=["studies", *map(str, arguments)])
        assert done.exit_code == 0, done.output
        return done.output

    return invoke


@pytest.fixture(scope="module")
def with_study(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an open study of three invited raters, to be copied and not changed."""
    folder = tmp_path_factory.mktemp("opened")
    shutil.copytree(imported, folder / "data")
    rank(open_collection(folder / "data", "small"))
    (folder / "which.toml").write_text(PROTOCOL)
    app = create_app({"TESTING": True, "DATA": folder / "data"})
    for command in (["create", str(folder / "which.toml")], ["open", "which"],
                    ["invite", "which", "-n", "3"]):  # fmt: skip
        done = app.test_cli_runner().invoke(args=["studies", *command])
        assert done.exit_code == 0, done.output
    with app.app_context():
        db.engine.dispose()
    return folder / "data"


@pytest.fixture
def data(request: pytest.FixtureRequest, imported: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own: with the open study, where the test asks for it."""
    opened = "opened" in request.fixturenames
    source = request.getfixturevalue("with_study") if opened else imported
    shutil.copytree(source, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def opened(data: Path) -> str:
    """The slug of an open study with three invited raters."""
    return "which"
