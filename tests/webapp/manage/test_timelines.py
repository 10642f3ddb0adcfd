"""What a rater did in each sitting, and the one sentence of how far a study is."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages.manage_pages import post
from tests.support.studies.judged import answer, judge
from tests.support.studies.lab import METHODS, Lab
from webapp.core.database import db, now
from webapp.models import Flag, Listen
from webapp.study.lifecycle import find_study
from webapp.study.sittings import controls, sittings


def played(assignment: int, slot: int | None, minutes: float, seconds: float) -> Listen:
    """Return a play of some minutes ago."""
    return Listen(
        assignment_id=assignment, slot_id=slot, seconds=seconds, client_uuid=str(uuid4()),
        started_at=now() - timedelta(minutes=minutes),
    )  # fmt: skip


def test_a_timeline_says_what_was_done_when(
    experimenter: FlaskClient, app: Flask, opened: str
) -> None:
    with app.app_context():
        rater = find_study(opened).raters[0]
        judge(rater, 20)  # the query itself is graded low
        block = next(one for one in rater.assignments if not one.query.practice)
        first, second = block.slots[:2]
        for item in (played(block.id, None, 200, 2.0), played(block.id, first.id, 199, 3.0),
                     played(block.id, first.id, 188, 1.0)):  # fmt: skip
            db.session.add(item)
        answer(first.id, 40, minutes=190)
        when = now() - timedelta(minutes=187)
        db.session.add(Flag(assignment_id=block.id, slot_id=second.id, client_uuid=str(uuid4()),
                            given_at=when))  # fmt: skip
        db.session.commit()
        earlier, later = sittings(rater)
        query = block.query.clip
        asked = controls([earlier, later])
        marks = [(one.kind, round(one.at), one.seconds) for one in earlier.lines[0].marks]
    assert marks == [
        ("query", 0, 2.0), ("sound", 60, 3.0), ("grade", 600, 0.0), ("sound", 720, 1.0),
        ("report", 780, 0.0),
    ]  # fmt: skip
    assert [(round(at), round(seconds)) for at, seconds in earlier.idle] == [(63, 537)]
    assert earlier.lines[0].query == query
    items = earlier.lines[0].listed
    assert [(one.kind == "query", one.plays, one.grades, one.reported) for one in items] == [
        (True, 1, [], False), (False, 2, ["40"], False), (False, 0, [], True),
    ]  # fmt: skip
    assert later.count("change") == 1  # the place that was graded three hours before
    assert {one.kind for one in asked} == {"identity", "distractor", "repeat"}
    low = [one for one in asked if one.kind == "identity"]
    assert [one.grades[-1] for one in low] == ["20"] * 3
    assert all(one.before for one in asked if one.kind == "repeat")
    text = experimenter.get(f"/studies/{opened}/raters/rater-001").text
    assert "Does not pass" in text
    assert "Sitting 2" in text
    assert "reported as broken" in text
    assert (
        f"/studies/{opened}/raters/rater-001" in experimenter.get(f"/studies/{opened}/raters").text
    )
    assert experimenter.get(f"/studies/{opened}/raters/rater-099").status_code == 404
    assert (
        "Nothing was played or answered yet"
        in experimenter.get(f"/studies/{opened}/raters/rater-002").text
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_timelines(lab: Lab, method: str) -> None:
    with lab.app.app_context():
        found = [sittings(one) for one in find_study(f"a-{method}-study").raters]
    lines = [line for some in found for one in some for line in one.lines]
    assert lines
    assert all(line.listed and all(mark.at >= 0 for mark in line.marks) for line in lines)
    assert any(item.grades for line in lines for item in line.listed)


def test_a_study_says_in_one_sentence_what_is_next(
    experimenter: FlaskClient, app: Flask, opened: str, run: Callable[..., str]
) -> None:
    address = f"/studies/{opened}"
    text = experimenter.get(address).text
    assert "Open, and nobody has begun yet: send raters their links." in text
    assert 'class="hours"' not in text
    assert 'class="bar"' not in text
    with app.app_context():
        judge(find_study(opened).raters[0], 100, blocks=1)
    text = experimenter.get(address).text
    assert "1 of 6 blocks done, and one rater is at it now: see how the raters do." in text
    assert 'class="hours"' in text
    with app.app_context():
        for rater in find_study(opened).raters[:2]:
            judge(rater, 100)
    text = experimenter.get(address).text
    assert "6 of 6 blocks done: close it and see the results." in text
    assert '<details class="panel" id="close" open>' in text
    post(experimenter, f"{address}/close", {"sure": "yes"})
    assert "Closed, with 6 of 6 blocks done." in experimenter.get(address).text
