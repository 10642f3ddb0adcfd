"""External ids are forgotten some time after the closing."""

import csv
import io
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from tests.support.studies.rater import PROTOCOL, Page, join
from webapp.core.database import db, now
from webapp.models import ExternalId, Study

OPEN = PROTOCOL + '[joining]\nopen = true\nids = ["PID", "STUDY"]\n'


def ask(runner: FlaskCliRunner, *args: str) -> str:
    """Run a command of studies; return what it says, good or bad."""
    return runner.invoke(args=["studies", *args]).output


def age(app: Flask, days: float) -> None:
    """Let the study have been closed so many days ago."""
    with app.app_context():
        db.session.execute(sa.update(Study).values(closed_at=now() - timedelta(days=days)))
        db.session.commit()


def test_ids_are_forgotten_when_they_are_due(
    app: Flask, study, runner: FlaskCliRunner, experimenter: FlaskClient
) -> None:
    study(OPEN, invited=0)
    client = app.test_client()
    page = Page(client, join(client, "/join/way?PID=alice&STUDY=s").headers["Location"])
    page.post(page.grade(page.candidates[0], 40))
    assert "ids are forgotten once it is closed" in ask(runner, "forget-ids", "way")
    assert "External ids" not in ask(runner, "status", "way")
    ask(runner, "close", "way")
    age(app, 89)
    assert "--early forgets them now" in ask(runner, "forget-ids", "way")
    assert "External ids: 2 ids of raters are kept until" in ask(runner, "status", "way")
    assert "alice" in ask(runner, "payments", "way", "-o", "-")
    age(app, 91)
    for said in (ask(runner, "status", "way"), experimenter.get("/studies/way/raters").text):
        assert "2 ids of raters are due since" in said
    exported = ask(runner, "export", "way", "-o", "-")
    assert "Forgot 2 ids" in ask(runner, "forget-ids", "way")
    payments = ask(runner, "payments", "way", "-o", "-")
    assert "alice" not in payments
    (row,) = csv.DictReader(io.StringIO(payments))
    assert (row["rater"], row["id.PID"], row["id.STUDY"]) == ("rater-001", "", "")
    assert ask(runner, "export", "way", "-o", "-") == exported
    assert "External ids" not in ask(runner, "status", "way")


def test_ids_may_be_forgotten_early(app: Flask, study, runner: FlaskCliRunner) -> None:
    study(OPEN, invited=0)
    join(app.test_client(), "/join/way?PID=alice")
    ask(runner, "close", "way")
    assert "Forgot 1 ids" in ask(runner, "forget-ids", "way", "--early")
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(ExternalId.id))) == 0
