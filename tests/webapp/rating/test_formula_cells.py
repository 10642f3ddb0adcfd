"""What strangers type runs in no spreadsheet, and is in the bundle as they typed it."""

import csv
import io

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from evaluation.records.formulas import as_typed
from tests.support.places import BASE
from tests.support.studies.rater import PROTOCOL, join
from webapp.bundles.export_import import bundle_files
from webapp.bundles.payments import payments_csv
from webapp.core.database import db
from webapp.models import ExternalId, Study

ASKED = PROTOCOL + (
    '[joining]\nopen = true\nids = ["PROLIFIC_PID", "STUDY_ID"]\n'
    '[[questionnaire.before]]\nid = "remark"\ntext = "Remark?"\n'
)
FORMULA = '=HYPERLINK("http://example.org","x")'


def column(text: str, name: str) -> list[str]:
    return [row[name] for row in csv.DictReader(io.StringIO(text, newline=""))]


def test_no_cell_of_a_stranger_runs(app: Flask, study, runner: FlaskCliRunner) -> None:
    study(ASKED, invited=0)
    client = app.test_client()
    place = join(client, "/join/way?PROLIFIC_PID=p1&STUDY_ID=s1").headers["Location"]
    app.config["WTF_CSRF_ENABLED"] = False
    client.post(f"{place}/questions/before", data={"q-remark": FORMULA})
    with app.app_context():
        # an id that was let in before such ids were refused
        db.session.execute(sa.update(ExternalId).values(value="=cmd|'/c calc'!A0"))
        db.session.commit()
        found = db.session.scalar(sa.select(Study))
        paid, bundle = payments_csv(found), bundle_files(found)
    assert column(paid, "id.PROLIFIC_PID") == ["'=cmd|'/c calc'!A0"]
    assert as_typed(column(paid, "id.STUDY_ID")[0]) == "=cmd|'/c calc'!A0"
    assert column(bundle["raters.csv"].decode(), "before.remark") == [FORMULA]
    export = ["studies", "export", "way", "-o", "-", "--table", "raters"]
    assert column(runner.invoke(args=export).stdout, "before.remark") == [f"'{FORMULA}"]


def test_an_export_says_which_names_of_clips_would_run(
    app: Flask, study, runner: FlaskCliRunner
) -> None:
    study(PROTOCOL, invited=0)
    export = ["studies", "export", "way", "-o", "-", "--table", "clips"]
    assert runner.invoke(args=export).stderr == ""
    clips = app.config["DATA"] / "studies" / "way" / "clips.csv"
    text = clips.read_text().replace("Hum,", "=Hum,")
    clips.write_text(text)
    said = runner.invoke(args=export)
    assert said.stdout == text
    assert "cells begin as formulas do, as '=Hum" in said.stderr
    client = app.test_client()
    client.get(runner.invoke(args=["signin-link"]).output.strip().removeprefix(BASE))
    assert "such cells begin as formulas do" in client.get("/studies/way").text
    clips.unlink()
    assert client.get("/studies/way").status_code == 200
