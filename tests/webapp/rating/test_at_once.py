"""Many at the same moment: no error, no block given twice, no place made twice."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from tests.support.studies.full_study import form
from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.database import db
from webapp.models import Assignment, ExternalId, Judgement, Query, Rater

pytestmark = pytest.mark.usefixtures("each_database")
OPEN = PROTOCOL + '[joining]\nopen = true\nmost = 30\nids = ["PID"]\n'
THREADS = 20


def at_once(work: Sequence[Callable[[], object]]) -> list:
    """Do all of it, so many at the same moment as there are threads."""
    barrier = Barrier(THREADS)

    def start(one: Callable[[], object]) -> object:
        barrier.wait(timeout=60)
        return one()

    assert len(work) % THREADS == 0
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, work))


def ready(client: FlaskClient, address: str) -> Callable[[], object]:
    """Load a join page, and return what presses its button."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)[1]
    data = {"answer": "yes", "csrf_token": token}
    return lambda: client.post(address, data=data)


def test_it_is_the_database_that_is_meant(app: Flask, each_database: str) -> None:
    with app.app_context():
        assert db.engine.dialect.name == each_database


def test_forty_who_join_at_once_get_no_more_places_than_there_are(app: Flask, study) -> None:
    study(OPEN, invited=0)
    found = at_once([ready(app.test_client(), f"/join/way?PID=p{one}") for one in range(40)])
    assert sorted(answer.status_code for answer in found) == [200] * 10 + [302] * 30
    with app.app_context():
        raters = list(db.session.scalars(sa.select(Rater.number).order_by(Rater.number)))
        assert raters == list(range(1, 31))


def test_one_id_that_joins_at_once_from_many_tabs_and_browsers_is_one_place(
    app: Flask, study
) -> None:
    study(OPEN, invited=0)
    tabs, cookies = [], {}
    for number in range(40):  # twenty tabs of one browser, and twenty other browsers
        client = app.test_client()
        for name, value in cookies.items():
            client.set_cookie(name, value, path="/join/" if name.endswith("_browser") else "/")
        tabs.append(ready(client, "/join/way?PID=alice"))
        if number == 0:
            cookies = {
                one.key: one.value for one in client._cookies.values()
            }  # what this browser's other tabs have, too
        if number == 19:
            cookies = {}
    found = at_once(tabs)
    places = {one.headers["Location"] for one in found if one.status_code == 302}
    assert {one.status_code for one in found} <= {302, 403}
    assert len(places) == 1
    mine = [one.status_code for one in found[:20]]
    assert mine.count(302) in (0, 20)  # a browser has it in all of its tabs, or in none
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Rater.id))) == 1
        assert db.session.scalar(sa.select(sa.func.count(ExternalId.id))) == 1


def test_a_hundred_tabs_of_fifty_raters_give_each_one_block(app: Flask, study) -> None:
    text = "raters_per_query = 20\npractice = false\n" + PROTOCOL
    links = study(text, invited=50)
    tabs = [(path, app.test_client()) for path in links for _ in range(2)]

    def load(path: str, client: FlaskClient) -> Callable[[], Page]:
        return lambda: Page(client, path)

    pages = at_once([load(path, client) for path, client in tabs])

    def grade(page: Page) -> Callable[[], object]:
        body = page.grade(page.candidates[0], 40)
        return lambda: page.post(body)

    assert {one.status_code for one in at_once([grade(page) for page in pages])} == {200}
    with app.app_context():
        given = db.session.execute(
            sa.select(Assignment.rater_id, sa.func.count())
            .join(Assignment.query)
            .where(Query.practice.is_(False))
            .group_by(Assignment.rater_id)
        )
        assert [count for _, count in given] == [1] * 50
        loads = sa.select(sa.func.count()).select_from(Assignment).group_by(Assignment.block_id)
        assert max(db.session.scalars(loads)) <= 20


def test_no_more_raters_get_a_query_than_are_planned(app: Flask, study) -> None:
    """Three queries for two raters each: of twenty who ask at once six get one, the others none."""
    links = study("raters_per_query = 2\npractice = false\n" + PROTOCOL, invited=20)
    shown = at_once([lambda path=path: app.test_client().get(path) for path in links])
    assert {one.status_code for one in shown} == {200}
    with app.app_context():
        counts = sa.select(sa.func.count(Assignment.id)).group_by(Assignment.block_id)
        assert sorted(db.session.scalars(counts)) == [2, 2, 2]
    assert sum('data-sound="' in one.text for one in shown) == 6


def test_one_answer_that_is_sent_twenty_times_at_once_is_stored_once(app: Flask, study) -> None:
    (link,) = study("practice = false\n" + PROTOCOL)
    pages = [Page(app.test_client(), link) for _ in range(THREADS)]
    body = pages[0].grade(pages[0].candidates[0], 40)
    answers = at_once([lambda page=page: page.post(body) for page in pages])
    assert [one.json for one in answers] == [{"saved": body["uuid"]}] * THREADS
    with app.app_context():
        assert list(db.session.scalars(sa.select(Judgement.client_uuid))) == [body["uuid"]]


def test_tabs_that_come_to_the_headphone_test_at_once_hear_one_draw(app: Flask, study) -> None:
    text = PROTOCOL.replace("sound_check = false", "sound_check = false\nheadphones = true")
    (link,) = study(text)

    def look() -> str:
        assert app.test_client().get(link).status_code == 200
        with app.app_context():
            return db.session.scalars(sa.select(Rater.drawn)).one()

    assert len(set(at_once([look] * THREADS))) == 1


@pytest.mark.parametrize("what", ["closes", "withdraws", "opens"])
def test_what_happens_to_a_study_while_raters_write_loses_nothing_that_was_acknowledged(
    app: Flask, runner: FlaskCliRunner, study, tmp_path, what: str
) -> None:
    """One of twenty closes the study, leaves it, or opens another; the others grade."""
    links = study("raters_per_query = 20\npractice = false\n" + PROTOCOL, invited=THREADS)
    pages = [Page(app.test_client(), link) for link in links]
    bodies = [page.grade(page.candidates[0], 40) for page in pages]

    def other() -> object:
        if what == "withdraws":
            return form(pages[0].client, pages[0].path, "withdraw")
        if what == "closes":
            return app.test_cli_runner().invoke(args=["studies", "close", "way"])
        (tmp_path / "more.toml").write_text(PROTOCOL)
        runner.invoke(args=["studies", "create", str(tmp_path / "more.toml")])
        return runner.invoke(args=["studies", "open", "more"])

    posts = [
        lambda page=page, body=body: page.post(body)
        for page, body in zip(pages, bodies, strict=True)
    ]
    came, *answers = at_once([other, *posts[1:]])
    assert getattr(came, "exit_code", 0) == 0, came.output
    assert {one.status_code for one in answers} <= {200, 409}
    saved = {one.json["saved"] for one in answers if one.status_code == 200}
    if what != "closes":
        assert len(saved) == THREADS - 1
    with app.app_context():
        assert set(db.session.scalars(sa.select(Judgement.client_uuid))) == saved
