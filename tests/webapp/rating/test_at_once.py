"""Many at the same moment: no error, no block given twice, no place made twice."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.database import db
from webapp.models import Assignment, ExternalId, Query, Rater

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
