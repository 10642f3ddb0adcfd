"""A rater's way over HTTP: pages of blocks, what must be heard, sounds that are broken."""

from uuid import uuid4

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.database import db, now
from webapp.models import (
    Block,
    Listen,
    Query,
)


def test_pages_hold_as_many_as_planned_and_can_be_looked_back_at(app: Flask, study) -> None:
    path = study("page = 2\n" + PROTOCOL)[0]
    client = app.test_client()
    first = Page(client, path)
    assert len(first.candidates) == 2
    first.grade_all(20)
    second = Page(client, path)
    assert set(second.candidates).isdisjoint(first.candidates)
    back = client.get(f"{path}?page=1").text
    assert all(sound in back for sound in first.candidates)
    ahead = client.get(f"{path}?page=3").text
    assert all(sound in ahead for sound in second.candidates)  # not before its time


def test_a_large_pool_is_split_into_parts_that_share_three(
    app: Flask, study, client: FlaskClient
) -> None:
    text = PROTOCOL.replace("depth = 3", "depth = 9\nlargest_block = 10").replace(
        '"hum-0", "hiss-1", "beep-2"', '"hum-0"'
    )
    study(text)
    with app.app_context():
        blocks = list(
            db.session.scalars(sa.select(Block).join(Block.query).where(Query.practice.is_(False)))
        )
        parts = [{item.candidate_id for item in block.items} for block in blocks]
        pool = {one.id for one in blocks[0].query.candidates}
        assert len(parts) >= 2
        assert set.union(*parts) == pool
        assert len(set.intersection(*parts)) == 3
        assert all(len(part) <= 10 for part in parts)
        assert all(block.partial for block in blocks)


def test_sounds_that_are_reported_need_no_grade(app: Flask, study, client: FlaskClient) -> None:
    path = study(PROTOCOL)[0]
    page = Page(client, path)
    for sound in page.candidates[1:]:
        page.post(page.grade(sound, 60))
    body = {"sound": page.candidates[0], "uuid": str(uuid4()), "given_at": now().isoformat()}
    for _ in range(2):
        assert page.post(body, "flags").json == {"saved": body["uuid"]}
    page.next()
    assert "Round 2 of 3" in client.get(path).text


def test_listening_is_stored_once(app: Flask, study, client: FlaskClient) -> None:
    path = study(PROTOCOL)[0]
    page = Page(client, path)
    query = page.sounds[0].rpartition("/")[2]
    for sound in (query, page.candidates[0]):
        body = {"sound": sound, "uuid": str(uuid4()), "started_at": now().isoformat()}
        for _ in range(2):
            answer = page.post(body | {"seconds": 0.5}, "listens")
            assert answer.json == {"saved": body["uuid"]}
    bad = page.post(body | {"uuid": str(uuid4()), "seconds": -1}, "listens")
    assert "seconds must be from 0 to 1000000, not -1.0" in bad.json["refused"]
    with app.app_context():
        rows = list(db.session.scalars(sa.select(Listen).order_by(Listen.id)))
        assert [(row.slot_id is None, row.seconds) for row in rows] == [(True, 0.5), (False, 0.5)]


def test_must_listen_is_asked_of_the_server_too(study, client: FlaskClient) -> None:
    text = PROTOCOL.replace("[listening]", "[listening]\nmust_listen = 0.5")
    page = Page(client, study(text)[0])
    answer = page.post(page.grade(page.candidates[0], 60, heard=0.3))
    assert answer.json == {"refused": "50 % of a sound must be heard first, not 30 %."}
    assert page.post(page.grade(page.candidates[0], 60, heard=0.5)).json["saved"]


def test_two_facets_are_both_asked(app: Flask, study, client: FlaskClient) -> None:
    path = study(PROTOCOL + '[scale]\nfacets = ["semantic", "acoustic"]\n')[0]
    page = Page(client, path, practise=False)
    for facet in ("semantic", "acoustic"):
        for sound in page.candidates:
            assert page.post(page.grade(sound, 60, facet=facet)).json["saved"]
    page.next()
    page = Page(client, path)
    for sound in page.candidates:
        page.post(page.grade(sound, 60, facet="semantic"))
    page.next()
    assert "sounds have no grade yet" in client.get(path).text
    bad = page.post(page.grade(page.candidates[0], 60, facet="relevance"))
    assert "must be one of semantic, acoustic, not 'relevance'" in bad.json["refused"]
