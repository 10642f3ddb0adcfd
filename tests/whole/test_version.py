"""One version number: where it stands, who sees it, and what is done with newer data."""

import logging
import re
import tomllib
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa
from click import Command, Context
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings import __version__
from tests.support.places import ROOT
from webapp import create_app
from webapp.core import database
from webapp.core.database import db


def test_the_number_is_written_once() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in table["project"]["dynamic"]
    assert "version" not in table["project"]
    assert table["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "embeddings.__version__"}
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## ([\d.]+)", changes, flags=re.MULTILINE)[1] == __version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", citation, flags=re.MULTILINE) == [__version__]


def test_the_experimenter_sees_it_and_nobody_else(
    experimenter: FlaskClient, client: FlaskClient
) -> None:
    words = f"Sounding Board {__version__}"
    for path in ("/", "/studies", "/nothing"):
        assert words in experimenter.get(path).text
    for path in ("/", "/healthz", "/rate/a/b", "/nothing"):
        assert __version__ not in client.get(path).text


@pytest.mark.parametrize(("command", "said"), [("run", True), (None, True), ("studies", False)])
def test_the_server_says_it_in_its_first_line(
    command: str | None, said: bool, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Under `flask run`, and under a server without click; commands may print what is read."""
    caplog.set_level(logging.INFO)
    context = Context(Command(command), info_name=command) if command else nullcontext()
    with context:
        create_app({"DATA": data})
    assert caplog.messages == [f"Sounding Board {__version__}, data in {data}"] * said


@pytest.fixture
def newer(app: Flask) -> Flask:
    """The app on a database that a later version has written."""
    database.prepare(app)
    with app.app_context():
        db.session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        db.session.execute(sa.text("CREATE TABLE later (id INTEGER)"))
        db.session.commit()
    return app


def dump(app: Flask) -> list[str]:
    """Return the database as SQL."""
    with app.app_context():
        connection = db.engine.raw_connection()
        lines = list(connection.driver_connection.iterdump())
        connection.close()
        return lines


def test_a_newer_database_is_refused_by_commands_and_stays_as_it_is(
    newer: Flask, runner: FlaskCliRunner
) -> None:
    before = dump(newer)
    for command in (["studies", "list"], ["signin-link"]):
        done = runner.invoke(args=command)
        assert done.exit_code == 1
        assert done.output.startswith("Error: The database was written by a newer version")
        assert f"revision 9999, and Sounding Board {__version__} knows them up to" in done.output
        assert "docs/upgrading.md" in done.output
    assert dump(newer) == before
    assert (ROOT / "docs" / "upgrading.md").is_file()


def test_a_newer_database_is_refused_by_pages(newer: Flask, data: Path) -> None:
    app = create_app({"TESTING": True, "DATA": data})  # has not looked at the database yet
    client, before = app.test_client(), dump(app)
    for _ in range(2):
        answer = client.get("/")
        assert answer.status_code == 503
        assert "The database cannot be used just now" in answer.text
        assert __version__ not in answer.text
    # a rater's browser keeps what gets such an answer, and sends it again: it is no refusal
    answer = client.post("/rate/a/b/grades", json={})
    assert (answer.status_code, list(answer.json)) == (503, ["error"])
    assert client.get("/static/css/sounding-board.css", buffered=True).status_code == 200
    assert dump(app) == before
