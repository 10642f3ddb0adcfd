"""The experimenter's pages of studies, as the app's test client asks for them."""

import html
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
    "systems": SYSTEMS, "way": "clips", "clips": "hum-0\nhiss-1\nbeep-2", "depth": "3",
}  # fmt: skip


def token(client: FlaskClient) -> str:
    """Return the CSRF token of the experimenter's pages."""
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text).group(1)


def post(client: FlaskClient, address: str, fields: dict[str, object] | None = None):
    """Post a form."""
    return client.post(address, data={"csrf_token": token(client), **(fields or {})})


def posted_fields(shown: dict[str, object]) -> list[tuple[str, str]]:
    """Return what a browser posts of the fields of all steps as they are shown."""
    posted = [("systems", one) for one in shown["systems"]]
    posted.append((study_form.SYSTEMS_OF, str(shown["collection"])))
    for name, value in shown.items():
        if isinstance(value, bool):
            posted.append((study_form.SHOWN, name))
            posted += [(name, "yes")] if value else []
        elif name != "systems":
            posted.append((name, str(value)))
    return posted


def form(**change: object) -> dict[str, object]:
    """Return what the steps post where nothing but `FIELDS` and `change` is filled in."""
    usual: dict[str, object] = dict(posted_fields(study_form.fields({})))
    usual[study_form.SHOWN] = list(study_form.FLAGS)
    fields = {**usual, **FIELDS, **change}
    return {study_form.SYSTEMS_OF: fields["collection"], **fields} | {
        study_form.SYSTEMS_OF: fields["collection"]
    }


class Writing:
    """A study that is being written by a client, from an address such as "/studies/new"."""

    def __init__(self, client: FlaskClient, address: str = "/studies/new") -> None:
        self.client = client
        answer = client.get(address)
        assert answer.status_code == 302, answer.text
        first = answer.headers["Location"]
        self.base, _, self.query = first.partition("?")
        self.base = self.base.rpartition("/")[0]

    def address(self, step: str) -> str:
        """Return where a step is; where the study begins is told until something is stored."""
        return f"{self.base}/{step}" + (f"?{self.query}" if self.query else "")

    def post(self, step: str, action: str, fields: dict[str, object] | None = None):
        """Press a button of a step, with what is typed there."""
        return post(self.client, self.address(step), {**(fields or {}), "action": action})

    def page(self, step: str) -> str:
        """Return a step as it is shown."""
        answer = self.client.get(self.address(step))
        assert answer.status_code == 200, answer.text[-900:]
        return answer.text

    def problems(self, step: str = "review") -> list[str]:
        """Return what a step says is wrong, as it has it at its top."""
        alert = re.search(r'role="alert".*?</ul>', self.page(step), re.DOTALL)
        found = re.findall(r"<li>(?:<a[^>]*>)?([^<]*)<", alert[0]) if alert else []
        return [html.unescape(one) for one in found]

    def plan(self) -> dict[str, object]:
        """Return what is sent of the plan."""
        return self.client.get(self.address("plan")).json


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
