"""Who waited long for the writer's turn is told to come again, and does not wait twice."""

import sqlite3
import time
from pathlib import Path

import pytest
from flask import Flask

from embeddings.systems.store import Ranking
from tests.support.places import BASE
from tests.support.studies.rater import PROTOCOL, Page
from webapp import create_app
from webapp.core import database, outages
from webapp.core.config import DATABASE

WAIT = 0.4  # seconds


@pytest.fixture
def page(data: Path, ranked: list[Ranking], monkeypatch: pytest.MonkeyPatch) -> Page:
    """The page of a rater, at an app whose writers wait a moment only."""
    others = [one for one in database._PRAGMAS if not one.startswith("busy_timeout")]
    monkeypatch.setattr(database, "_PRAGMAS", (*others, f"busy_timeout={WAIT * 1000:.0f}"))
    app: Flask = create_app({"TESTING": True, "DATA": data})
    (data / "way.toml").write_text(PROTOCOL)
    for command in (["create", str(data / "way.toml")], ["open", "way"], ["invite", "way"]):
        done = app.test_cli_runner().invoke(args=["studies", *command])
        assert done.exit_code == 0, done.output
    return Page(app.test_client(), done.output.split()[1].removeprefix(BASE))


@pytest.mark.parametrize(("soon", "tries"), [(60, 2), (WAIT / 2, 1)])
def test_a_turn_that_did_not_come_is_waited_for_once(
    page: Page, data: Path, monkeypatch: pytest.MonkeyPatch, soon: float, tries: int
) -> None:
    monkeypatch.setattr(outages, "SOON", soon)
    body = page.grade(page.candidates[0], 40)
    writer = sqlite3.connect(data / DATABASE, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    began = time.perf_counter()
    answer = page.post(body)
    waited = time.perf_counter() - began
    writer.execute("ROLLBACK")
    writer.close()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert tries * WAIT <= waited
    assert tries == 2 or waited < 2 * WAIT
    assert page.post(body).json == {"saved": body["uuid"]}
