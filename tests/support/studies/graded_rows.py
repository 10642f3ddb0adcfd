"""What raters gave, from the database and from the export."""

import csv
import io

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from webapp.core.database import db
from webapp.models import Assignment, Judgement, Query, Slot


def judgements(app: Flask) -> list[tuple[int, int, int]]:
    """Return (rater, candidate, grade) of every stored judgement, in order."""
    with app.app_context():
        rows = db.session.execute(
            sa.select(Assignment.rater_id, Slot.candidate_id, Judgement.grade)
            .join(Judgement.slot)
            .join(Slot.assignment)
            .join(Assignment.query)
            .where(Query.practice.is_(False))
            .order_by(Judgement.id)
        )
        return [tuple(row) for row in rows]


def exported(runner: FlaskCliRunner) -> list[dict[str, str]]:
    """Return the rows of the study's judgements.csv."""
    text = runner.invoke(args=["studies", "export", "which", "-o", "-"]).output
    return list(csv.DictReader(io.StringIO(text)))
