"""Opening one study keeps nobody from writing in another one until its rows are stored."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.support.studies.rater import PROTOCOL
from webapp import logbook
from webapp.core.database import db
from webapp.study import opening


@pytest.mark.usefixtures("each_database", "ranked")
def test_others_write_while_pools_are_made(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, pools = [], opening.study_pools

    def write() -> None:
        with app.app_context():
            logbook.record("closed", "another")
            db.session.commit()
            written.append(True)

    def while_somebody_writes(*given: Any) -> list[opening.Pool]:
        with ThreadPoolExecutor(1) as beside:
            beside.submit(write).result(timeout=5)
        return pools(*given)

    monkeypatch.setattr(opening, "study_pools", while_somebody_writes)
    (tmp_path / "way.toml").write_text(PROTOCOL)
    for command in (["create", str(tmp_path / "way.toml")], ["open", "way"]):
        done = runner.invoke(args=["studies", *command])
        assert done.exit_code == 0, (done.output, done.exception)
    assert written
