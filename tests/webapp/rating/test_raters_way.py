"""A rater's way over HTTP: in, consent, checks, blocks, repeats, out, and away again."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from embeddings.errors import InputError
from tests.support.studies.full_study import FULL, form, judge_until_end
from tests.support.studies.rater import PROTOCOL, Page, join
from webapp.core.database import db, now
from webapp.models import (
    Assignment,
    ExternalId,
    Judgement,
    Query,
    Rater,
    Sitting,
    Slot,
    Study,
    Withdrawal,
)
from webapp.rating import assigning, people
from webapp.study import lifecycle
from webapp.tables.study_tables import Tables


def test_the_whole_way(app: Flask, study, client: FlaskClient) -> None:
    study(FULL, invited=0)
    text = client.get("/join/way?PROLIFIC_PID=p1").text
    assert "I <strong>agree</strong> to listen." in text
    assert "<script>alert" not in text
    path = join(client, "/join/way?PROLIFIC_PID=p1&STUDY_ID=s1&ignored=x").headers["Location"]
    assert re.fullmatch(r"/rate/way/[\w-]{24}", path)
    assert client.get("/join/way?PROLIFIC_PID=p1").headers["Location"] == path
    answer = form(client, path, "questions/before", **{"q-age": "forty"})
    assert "This must be a number, not &#39;forty&#39;." in answer.text
    form(client, path, "questions/before", **{"q-age": "40"})
    assert "/sounds/" in client.get(path).text
    tone = re.search(r'data-src="([^"]+)"', client.get(path).text).group(1)
    assert client.get(tone, buffered=True).data.startswith(b"fLaC")
    form(client, path, "sound-check")
    practice = Page(client, path, practise=False)
    assert practice.is_practice
    headings = judge_until_end(client, path)
    assert headings[0] == "Practice"
    assert headings[-2:] == ["A few more sounds"] * 2  # the repeats of both blocks, at the end
    answer = form(client, path, "questions/after", **{"q-device": "the moon"})
    assert "Please choose one of the answers." in answer.text
    form(client, path, "questions/after", **{"q-device": "headphones"})
    end = client.get(path).text
    assert "DONE42" in end
    assert "https://example.org/back?cc=DONE42" in end
    with app.app_context():
        rater = db.session.scalar(sa.select(Rater))
        assert json.loads(rater.before) == {"age": "40"}
        assert json.loads(rater.after) == {"device": "headphones"}
        assert rater.finished_at
        ids = {
            one.name: (one.value, one.person) for one in db.session.scalars(sa.select(ExternalId))
        }
        assert ids == {"PROLIFIC_PID": ("p1", True), "STUDY_ID": ("s1", False)}
        study_row = db.session.scalar(sa.select(Study))
        found = list(Tables(study_row).table("judgements").itertuples())
        kinds = Counter((one.kind, one.repeat) for one in found)
        assert kinds["identity", 0] == kinds["distractor", 0] == 2
        assert kinds["result", 1] == 4
        assert all(one.page <= 3 for one in found)


def test_who_does_not_agree_is_let_go(study, client: FlaskClient) -> None:
    path = study(FULL)[0]
    form(client, path, "consent", answer="no")
    assert "NO42" in client.get(path).text
    assert "You did not agree" in client.get(path).text


def test_joining_is_capped_and_asks_who_it_is(app: Flask, study) -> None:
    study(FULL, invited=0)
    for person in ("a", "b"):
        answer = join(app.test_client(), f"/join/way?PROLIFIC_PID={person}")
        assert answer.status_code == 302
    full = app.test_client().get("/join/way?PROLIFIC_PID=c")
    assert full.status_code == 200
    assert "There is nothing to do just now" in full.text
    nobody = app.test_client().get("/join/way")
    assert nobody.status_code == 400
    assert "The address lacks PROLIFIC_PID" in nobody.text
    long = app.test_client().get("/join/way?PROLIFIC_PID=" + 201 * "x")
    assert "must have at most 200 characters" in long.text
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Rater.id))) == 2


def test_a_study_that_is_not_open_to_all_cannot_be_joined(study, client: FlaskClient) -> None:
    study(PROTOCOL, invited=0)
    assert client.get("/join/way").status_code == 400
    assert client.get("/join/nothing").status_code == 404


def test_without_ids_a_browser_is_a_rater(app: Flask, study) -> None:
    study(PROTOCOL + "[joining]\nopen = true\nids = []\n", invited=0)
    client = app.test_client()
    path = join(client, "/join/way").headers["Location"]
    assert client.get("/join/way").headers["Location"] == path
    assert join(app.test_client(), "/join/way").headers["Location"] != path


def test_a_rater_who_withdraws_leaves_a_note_and_no_row(app: Flask, study) -> None:
    one, _ = study(PROTOCOL, invited=2)
    client = app.test_client()
    page = Page(client, one)
    page.grade_all()
    with app.app_context():
        loads = sum(count for *_, count in assigning.loads(1, now()))
        db.session.execute(sa.insert(Sitting), [{"rater_id": 1}, {"rater_id": 2}])  # of 0.1.0
        db.session.commit()
    assert "cannot be undone" in client.get(f"{one}/withdraw").text
    answer = form(client, one, "withdraw")
    assert "You have withdrawn" in answer.text
    assert client.get(one).status_code == 404
    with app.app_context():
        gone = db.session.scalar(sa.select(Withdrawal))
        assert gone.judgements == len(page.candidates)
        assert [rater.number for rater in db.session.scalars(sa.select(Rater))] == [2]
        assert db.session.scalar(sa.select(sa.func.count(Judgement.id))) == 0
        assert db.session.scalar(sa.select(sa.func.count(Slot.id))) == 0
        assert [one.rater_id for one in db.session.scalars(sa.select(Sitting))] == [2]
        assert sum(count for *_, count in assigning.loads(1, now())) == loads - 1
        new = people.invite(lifecycle.find_study("way"), 1)[0]
        assert new.number == 4  # never the number of somebody who left


def test_withdrawal_ends_by_the_protocols_date(study, client: FlaskClient) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    path = study(f'withdrawal_until = "{yesterday}"\n' + PROTOCOL)[0]
    page = Page(client, path)
    assert "/withdraw" not in page.text
    answer = client.post(f"{path}/withdraw", data={"csrf_token": page.csrf})
    assert answer.status_code == 400
    assert f"Withdrawal was possible until {yesterday}" in answer.text


def test_a_study_that_has_ended_takes_no_one(app: Flask, study, client: FlaskClient) -> None:
    path = study('ends = "2099-01-01"\n' + PROTOCOL)[0]
    assert "This study is closed" not in client.get(path).text
    with app.app_context():
        found = lifecycle.find_study("way")
        found.protocol = found.protocol.replace("2099-01-01", "2020-01-01")
        db.session.commit()
        with pytest.raises(InputError, match="ends must be today or later, not 2020-01-01"):
            lifecycle.subject(found.terms)
    assert "This study is closed" in client.get(path).text


def test_overlap_is_as_planned(app: Flask, study) -> None:
    links = study("raters_per_query = 2\n" + PROTOCOL, invited=4)
    for path in links:
        judge_until_end(app.test_client(), path)
    with app.app_context():
        given = db.session.scalars(
            sa.select(Assignment.query_id).join(Assignment.query).where(Query.practice.is_(False))
        )
        assert set(Counter(given).values()) == {2}
    assert "There is nothing to do just now" in app.test_client().get(links[3]).text


def test_a_sitting_is_as_long_as_planned(app: Flask, study) -> None:
    path = study("sitting = 2\n" + PROTOCOL)[0]
    seen = judge_until_end(app.test_client(), path)
    assert [one for one in seen if one.startswith("Round")] == ["Round 1 of 2", "Round 2 of 2"]


def test_a_lease_that_expires_returns_the_block(app: Flask, study) -> None:
    one, other = study(
        "raters_per_query = 1\n" + PROTOCOL.replace('"hum-0", "hiss-1", "beep-2"', '"hum-0"'), 2
    )
    first = Page(app.test_client(), one)
    first.post(first.grade(first.candidates[0], 40))
    waiting = Page(app.test_client(), other)
    assert not waiting.candidates
    with app.app_context():
        for assignment in db.session.scalars(sa.select(Assignment)):
            if not assignment.query.practice and assignment.rater.number == 1:
                assigning.recall(assignment)
    second = Page(app.test_client(), other)
    assert sorted(second.candidates) != sorted(first.candidates)
    assert len(second.candidates) == len(first.candidates)
    assert not Page(first.client, one).candidates  # it is another's now; the grade given stays
    with app.app_context():
        assert len(list(Tables(lifecycle.find_study("way")).table("judgements").itertuples())) == 1


def test_an_expired_lease_that_nobody_took_is_still_the_raters(app: Flask, study) -> None:
    path = study(PROTOCOL)[0]
    page = Page(app.test_client(), path)
    with app.app_context():
        db.session.execute(sa.update(Assignment).values(lease_until=now() - timedelta(days=1)))
        db.session.commit()
    assert Page(page.client, path).candidates == page.candidates


def test_repeats_come_ten_minutes_later_between_blocks(app: Flask, study) -> None:
    text = PROTOCOL.replace("repeats = 0", "repeats = 1\nrepeat_minutes = 10")
    path = study(text)[0]
    client = app.test_client()
    page = Page(client, path)
    page.grade_all(40)
    assert "Round 2 of 3" in client.get(path).text
    with app.app_context():
        done = db.session.scalars(sa.select(Assignment).where(Assignment.finished_at.is_not(None)))
        for one in done:
            one.finished_at -= timedelta(minutes=11)
        db.session.commit()
    Page(client, path).grade_all()  # the second block, which was begun before
    short = Page(client, path)
    assert "A few more sounds" in short.text
    assert len(short.candidates) == 1
    assert short.candidates[0] not in page.candidates
    short.grade_all(80)
    assert "Round 3 of 3" in client.get(path).text
    with app.app_context():
        found = list(Tables(lifecycle.find_study("way")).table("judgements").itertuples())
        again = next(one for one in found if one.repeat)
        before = next(
            one for one in found
            if not one.repeat and (one.query, one.candidate) == (again.query, again.candidate)
        )  # fmt: skip
        assert (before.grade, again.grade) == (40, 80)
        assert (before.counts, again.counts) == (1, 1)
