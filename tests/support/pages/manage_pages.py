"""The experimenter's pages of studies, as the app's test client asks for them."""

import re

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from webapp.core.database import db
from webapp.manage import form as study_form
from webapp.models import Assignment, Judgement, Query, Slot, Study

SYSTEMS = ["good.l2.mcss", "random.l2.mcss"]


FIELDS: dict[str, object] = {
    "title": "Which one is it?", "slug": "which", "collection": "small", "method": "graded",
    "systems-small": SYSTEMS, "way": "clips", "clips": "hum-0\nhiss-1\nbeep-2", "depth": "3",
}  # fmt: skip


def token(client: FlaskClient) -> str:
    """Return the CSRF token of the experimenter's pages."""
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text).group(1)


def post(client: FlaskClient, address: str, fields: dict[str, object] | None = None):
    """Post a form."""
    return client.post(address, data={"csrf_token": token(client), **(fields or {})})


def posted_fields(shown: dict[str, object]) -> list[tuple[str, str]]:
    """Return what a browser posts of a form's fields as they are shown."""
    posted = [(f"systems-{shown['collection']}", one) for one in shown["systems"]]
    for name, value in shown.items():
        if isinstance(value, bool):
            posted += [(name, "yes")] if value else []
        elif name != "systems":
            posted.append((name, str(value)))
    return posted


def form(**change: object) -> dict[str, object]:
    """Return what the form posts where nothing but `FIELDS` and `change` is filled in."""
    usual = dict(posted_fields(study_form.fields({})))
    return {"mode": "form", "action": "check", "toml": "", **usual, **FIELDS, **change}


def studies_stored(app: Flask) -> int:
    """Return how many studies there are."""
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count(Study.id)))


def given() -> int:
    """Return how many judgements are stored, without those of the practice."""
    return db.session.scalar(
        sa.select(sa.func.count(Judgement.id))
        .join(Judgement.slot)
        .join(Slot.assignment)
        .join(Assignment.query)
        .where(Query.practice.is_(False))
    )
