"""Two app servers, one database, one shared folder: who comes at once, by either of them."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from benchmarks.rating import ADDRESS, site
from benchmarks.rating_raters import Browser
from tests.support.databases.cluster import Cluster
from tests.support.studies.rater import PROTOCOL
from webapp import create_app
from webapp.core import database
from webapp.core.database import db
from webapp.models import Assignment, ExternalId, Judgement, Query, Rater

ASKED = {"Accept": "text/html"}


class Pair:
    """Two servers of one study, and an app to look into their database."""

    def __init__(self, data: Path, urls: Sequence[str]) -> None:
        self.app = create_app({"TESTING": True, "DATA": data})
        self.urls = urls

    def flask(self, *words: str) -> str:
        """Run a command; return what it prints."""
        done = self.app.test_cli_runner().invoke(args=list(words))
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture
def pair(
    data: Path, ranked: object, cluster: Cluster, postgresql_url: str, nginx: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Pair]:  # fmt: skip
    """Two servers that share a data folder and a PostgreSQL database."""
    monkeypatch.setenv(ADDRESS, postgresql_url)
    database.prepare(create_app({"TESTING": True, "DATA": data}))
    with site(data, cluster, {ADDRESS: postgresql_url}, 2) as served:
        made = Pair(data, [one.url for one in served.servers])
        yield made
        with made.app.app_context():
            db.engine.dispose()


def at_once(work: Sequence[Callable[[], tuple[int, str, float]]]) -> list[tuple[int, str, float]]:
    """Do all of it at the same moment."""
    barrier = Barrier(len(work))

    def start(one: Callable[[], tuple[int, str, float]]) -> tuple[int, str, float]:
        barrier.wait(timeout=120)
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(start, work))


def open_study(pair: Pair, path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    pair.flask("studies", "create", str(path))
    pair.flask("studies", "open", "way")


def test_forty_join_at_once_by_two_servers_and_take_the_places_that_there_are(
    pair: Pair, tmp_path: Path
) -> None:
    """Fifteen places; each of twenty people comes by both servers, and has one place or none."""
    joining = '[joining]\nopen = true\nmost = 15\nids = ["PID"]\n'
    open_study(pair, tmp_path / "way.toml", PROTOCOL + joining)

    def ready(number: int) -> Callable[[], tuple[int, str, float]]:
        browser, address = Browser(), f"{pair.urls[number % 2]}/join/way?PID=p{number // 2}"
        status, text, _ = browser.ask(address, headers=ASKED)
        assert status == 200
        found = re.search(r'name="csrf_token" value="([^"]+)"', text)
        assert found
        fields = urlencode({"answer": "yes", "csrf_token": found[1]})
        return lambda: browser.ask(address, fields, ASKED)

    answered = at_once([ready(number) for number in range(40)])
    assert {status for status, _, _ in answered} <= {200, 403}  # 403: the other browser has it
    with pair.app.app_context():
        raters = list(db.session.scalars(sa.select(Rater.number).order_by(Rater.number)))
        assert raters == list(range(1, 16))
        ids = list(db.session.scalars(sa.select(ExternalId.value)))
    assert len(ids) == len(set(ids)) == 15


def test_a_hundred_tabs_of_fifty_raters_at_two_servers_give_each_one_block(
    pair: Pair, tmp_path: Path
) -> None:
    text = "raters_per_query = 20\npractice = false\n" + PROTOCOL
    open_study(pair, tmp_path / "way.toml", text)
    said = pair.flask("studies", "invite", "way", "-n", "50")
    paths = re.findall(r"/rate/way/\S+", said)
    assert len(paths) == 50
    tabs = [(Browser(), url + path) for path in paths for url in pair.urls]

    def load(browser: Browser, address: str) -> Callable[[], tuple[int, str, float]]:
        return lambda: browser.ask(address, headers=ASKED)

    pages = at_once([load(*tab) for tab in tabs])
    assert {status for status, _, _ in pages} == {200}

    def grade(tab: tuple[Browser, str], text: str, number: int) -> Callable[..., object]:
        browser, address = tab
        uuid = f"00000000-0000-4000-8000-{number:012d}"
        sound = re.findall(r'data-sound="(\w+)"', text)[0]
        csrf = re.findall(r'name="csrf-token" content="([^"]+)"', text)[0]
        body = json.dumps(
            {
                "sound": sound, "grade": 40, "uuid": uuid, "listened_seconds": 0.4, "heard": 1.0,
                "given_at": datetime.now(UTC).isoformat(),
            }
        )  # fmt: skip
        headers = {
            "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": csrf,
        }  # fmt: skip
        return lambda: browser.ask(f"{address}/grades", body, headers)

    work = [grade(tab, text, number) for number, (tab, (_, text, _)) in
            enumerate(zip(tabs, pages, strict=True))]  # fmt: skip
    answered = at_once(work)  # type: ignore[arg-type]
    assert {status for status, _, _ in answered} == {200}
    with pair.app.app_context():
        given = db.session.execute(
            sa.select(Assignment.rater_id, sa.func.count())
            .join(Assignment.query)
            .where(Query.practice.is_(False))
            .group_by(Assignment.rater_id)
        )
        assert [count for _, count in given] == [1] * 50
        loads = sa.select(sa.func.count()).select_from(Assignment).group_by(Assignment.block_id)
        assert max(db.session.scalars(loads)) <= 20
        uuids = list(db.session.scalars(sa.select(Judgement.client_uuid)))
    assert len(uuids) == len(set(uuids)) == 100
