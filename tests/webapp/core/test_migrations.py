"""What an older version stored is read by this one, and nothing of it is lost."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from webapp.core.database import db
from webapp.models import Assignment, Judgement, Slot, Study
from webapp.tables.study_tables import Tables

pytestmark = pytest.mark.usefixtures("without_tables")

MOMENT = datetime(2026, 1, 2, 3, 4, 5)
SEED = 77
POOL = [11, 12, 13, 14]  # candidates of the one query
FIRST_PROTOCOL = {
    "slug": "old",
    "title": "An old study",
    "collection": "small",
    "systems": ["good.l2.mcss", "random.l2.mcss"],
    "queries": {"clips": ["hum-0"], "per_family": 0, "seed": 1},
    "depth": 2,
    "scale": {"question": "How alike?", "anchors": [[0, "not"], [20, "so so"], [100, "very"]]},
    "instructions": "Listen.",
}
GIVEN = [(12, 20), (11, 100), (12, 0)]  # (candidate, grade), a change of mind among them


@pytest.fixture
def old(app: Flask) -> Flask:
    """The app with a database of the first revision in it: a study, a rater, three grades."""
    with app.app_context():
        upgrade(revision="0001")
        moment = {"moment": MOMENT.isoformat(sep=" ")}
        text = json.dumps(FIRST_PROTOCOL)
        for statement, values in (
            (
                "INSERT INTO study VALUES (1, 'old', 'An old study', :protocol, 'abc', 'open', "
                "'0.1', :moment, :moment)",
                {"protocol": text},
            ),
            ("INSERT INTO query VALUES (5, 1, 'hum-0', 'Hum', 'Things', 'q.flac')", {}),
            ("INSERT INTO system VALUES (1, 1, 'good.l2.mcss', 'Good', 'imported')", {}),
            ("INSERT INTO rater VALUES (3, 1, 1, 'secret', :moment)", {}),
            (f"INSERT INTO assignment VALUES (9, 3, 5, {SEED}, :moment, NULL)", {}),
            *(
                (f"INSERT INTO candidate VALUES ({one}, 5, 'clip-{one}', 'result', 's.flac')", {})
                for one in POOL
            ),
            ("INSERT INTO candidate_source VALUES (12, 1, 1, 0.5)", {}),
            *(
                (
                    f"INSERT INTO judgement VALUES ({number}, 3, {candidate}, {grade}, "
                    f"'uuid-{number}', {position(candidate)}, 1.5, :moment, :moment)",
                    {},
                )
                for number, (candidate, grade) in enumerate(GIVEN, 1)
            ),
        ):
            db.session.execute(sa.text(statement), moment | values)
        db.session.commit()
    return app


def position(candidate: int) -> int:
    """Return the place that the first version gave a candidate in its order."""
    order = np.random.default_rng(SEED).permutation(len(POOL))
    return [POOL[place] for place in order].index(candidate) + 1


def test_judgements_move_to_the_slots_they_were_given_in(old: Flask) -> None:
    with old.app_context():
        upgrade()
        assignment = db.session.scalar(sa.select(Assignment))
        assert [slot.candidate_id for slot in assignment.slots] == sorted(POOL, key=position)
        assert [item.candidate_id for item in assignment.block.items] == POOL
        found = [
            (one.slot.candidate_id, one.grade, one.slot.position, one.client_uuid, one.given_at)
            for one in db.session.scalars(sa.select(Judgement).order_by(Judgement.id))
        ]
        moment = MOMENT.replace(tzinfo=UTC)
        assert found == [
            (candidate, grade, position(candidate), f"uuid-{number}", moment)
            for number, (candidate, grade) in enumerate(GIVEN, 1)
        ]
        study = db.session.scalar(sa.select(Study))
        exported = Tables(study).table("judgements")
        assert exported["counts"].tolist() == [0, 1, 1]
        assert exported.filter(like="rank.").iloc[2].dropna().to_dict() == {"rank.good.l2.mcss": 1}


def test_an_old_study_keeps_its_rules(old: Flask) -> None:
    with old.app_context():
        upgrade()
        terms = db.session.scalar(sa.select(Study)).terms
        assert terms.raters_per_query == 0
        assert terms.scale.facets[0].allowed == (0, 20, 100)
        asked = terms.controls.identity, terms.practice, terms.listening.sound_check
        assert asked == (False, False, False)
    page = old.test_client().get("/rate/old/secret").text
    assert page.count("data-sound=") == len(POOL)
    assert page.count('aria-pressed="true"') == 2


def test_going_back_and_forth_loses_no_judgement(old: Flask) -> None:
    with old.app_context():
        upgrade()
        downgrade(revision="0001")
        columns = "rater_id, candidate_id, grade, position, client_uuid"
        rows = db.session.execute(sa.text(f"SELECT {columns} FROM judgement ORDER BY id")).all()
        assert [tuple(row) for row in rows] == [
            (3, candidate, grade, position(candidate), f"uuid-{number}")
            for number, (candidate, grade) in enumerate(GIVEN, 1)
        ]
        db.session.rollback()
        upgrade()
        assert db.session.scalar(sa.select(sa.func.count(Judgement.id))) == len(GIVEN)
        assert db.session.scalar(sa.select(sa.func.count(Slot.id))) == len(POOL)
