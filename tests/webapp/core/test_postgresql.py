"""PostgreSQL below the app: its address, its connections, and what breaks on the way to it."""

import itertools
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from tests.support.databases.cluster import Cluster
from tests.support.places import BASE, ROOT
from tests.support.ports import HOST, Port
from tests.support.studies.rater import PROTOCOL, Page
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.core import database
from webapp.core.database import db
from webapp.core.postgresql import CONNECTIONS, database_address
from webapp.core.security import public
from webapp.models import Assignment, Judgement, Query

SECRET = "sesame-47-open"


@pytest.fixture
def served(
    data: Path, ranked: list[Ranking], postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> Flask:
    """An app on a PostgreSQL database of its own, with an open study."""
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", postgresql_url)
    app = create_app({"TESTING": True, "DATA": data})
    (data / "way.toml").write_text(PROTOCOL)
    for command in (["create", str(data / "way.toml")], ["open", "way"]):
        done = app.test_cli_runner().invoke(args=["studies", *command])
        assert done.exit_code == 0, done.output
    return app


@pytest.fixture
def page(served: Flask) -> Page:
    """The page of a rater of that study, past practice."""
    said = served.test_cli_runner().invoke(args=["studies", "invite", "way"]).output
    return Page(served.test_client(), said.split()[1].removeprefix(BASE))


def grades(app: Flask) -> list[int]:
    """Return the grades stored, in their order, practice included."""
    with app.app_context():
        return list(db.session.scalars(sa.select(Judgement.grade).order_by(Judgement.id)))


def test_the_cluster_keeps_what_was_committed_when_it_is_stopped_and_killed(
    cluster: Cluster, postgresql_name: str
) -> None:
    cluster.execute("CREATE TABLE kept (n int)", name=postgresql_name)
    for number, end in enumerate((cluster.stop, cluster.kill)):
        cluster.execute("INSERT INTO kept VALUES (%s)", (number,), postgresql_name)
        end()
        with pytest.raises(psycopg.OperationalError):
            cluster.execute("SELECT 1")
        cluster.start()
        found = cluster.execute("SELECT n FROM kept ORDER BY n", name=postgresql_name)
        assert found == [(one,) for one in range(number + 1)]
    assert cluster.execute("SHOW fsync") == [("on",)]


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("postgresql://me:x@h/n", "postgresql+psycopg"),
        ("postgres://me:x@h/n", "postgresql+psycopg"),
        ("postgresql+psycopg://me:x@h/n", "postgresql+psycopg"),
        ("sqlite:////tmp/x.sqlite", "sqlite"),
    ],
)
def test_an_address_names_what_is_used(text: str, driver: str) -> None:
    assert database_address(text).drivername == driver


@pytest.mark.parametrize(
    "text",
    [
        f"me:{SECRET}@host/name",
        f"postgresql+psycopg2://me:{SECRET}@host/name",
        f"postgresql+asyncpg://me:{SECRET}@host/name",
        f"mysql://me:{SECRET}@host/name",
        f"postgresql://me:{SECRET}@host:port/name",
        "/var/lib/board.sqlite",
    ],
)
def test_another_address_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(InputError, match=r"^The database_url .*\.$") as caught:
        database_address(text)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_driver_is_one_sentence(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "SOUNDING_BOARD_DATABASE_URL": f"postgresql://me:{SECRET}@host/name",
        "SOUNDING_BOARD_DATA": str(data), "PATH": "/usr/bin",
    }  # fmt: skip
    script = "import sys; sys.modules['psycopg'] = None; from flask.cli import main; main()"
    command = [sys.executable, "-c", script, "--app", "webapp", "studies", "list"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "pip install -r requirements-postgresql.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr


def test_a_database_that_is_not_there_is_503_and_one_sentence_without_the_password(
    data: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Port() as port:
        nobody = f"postgresql://me:{SECRET}@{HOST}:{port.number}/name"
        for url in (nobody, cluster.url("postgres", password=SECRET), cluster.url("none")):
            monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", url)
            app = create_app({"DATA": data})
            caplog.clear()
            with caplog.at_level(logging.INFO):
                answer = app.test_client().get("/join/way")
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert "The database cannot be used just now" in answer.text
            said = app.test_cli_runner().invoke(args=["studies", "list"])
            assert said.exit_code != 0
            assert said.output.startswith("Error: The database cannot be used: connection failed")
            assert said.output.count("\n") == 1
            assert "The database cannot be used: connection failed" in caplog.text
            for text in (caplog.text, said.output, answer.text):
                assert SECRET not in text
                assert cluster.password not in text
                assert "Traceback" not in text


def test_processes_that_start_together_on_an_empty_database_migrate_once(
    cluster: Cluster, postgresql_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one data folder, as two machines share it."""
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", cluster.url(postgresql_name))
    script = (
        "import sys; from webapp import create_app; from webapp.core import database;"
        "from pathlib import Path; app = create_app({'DATA': Path(sys.argv[1])});"
        "database.prepare(app)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "shared")],
            cwd=ROOT, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    app = create_app({"DATA": tmp_path / "shared"})
    assert database._revision(app) == database._newest(app)


def test_migrations_give_the_models_tables_here_too(served: Flask) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with served.app_context(), db.engine.connect() as connection:
        assert connection.dialect.name == "postgresql"
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_a_restarted_database_is_found_again_by_whoever_comes_next(
    served: Flask, page: Page, cluster: Cluster
) -> None:
    for end in (cluster.restart, cluster.kill):
        end()
        cluster.start()
        assert page.post(page.grade(page.candidates[0], 40)).status_code == 200
        end()
        cluster.start()
        assert page.client.get(page.path).status_code == 200
    assert grades(served)[-2:] == [40, 40]


def break_at_commit(app: Flask, how: Callable[[], object], *, after: bool = False) -> None:
    """Break the connection in the next commit: before it arrives, or before its answer does."""
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "commit", once=True)
    def at_commit(connection: sa.Connection) -> None:
        if after:
            connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]
        how()


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_that_breaks_in_a_commit_loses_and_doubles_nothing(
    served: Flask, page: Page, cluster: Cluster, postgresql_name: str, after: bool
) -> None:
    before = grades(served)
    break_at_commit(served, lambda: cluster.throw_out(postgresql_name), after=after)
    body = page.grade(page.candidates[0], 40)
    assert page.post(body).json == {"saved": body["uuid"]}
    assert grades(served) == [*before, 40]


def test_what_was_not_stored_is_not_called_saved_and_is_taken_later(
    served: Flask, page: Page, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    before = grades(served)
    break_at_commit(served, cluster.kill)
    body = page.grade(page.candidates[0], 40)
    answer = page.post(body)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert set(answer.json) == {"error"}  # neither "saved" nor "refused": the browser keeps it
    assert page.client.get(page.path).status_code == 503
    assert "Traceback" not in caplog.text
    cluster.start()
    assert grades(served) == before
    assert page.post(body).json == {"saved": body["uuid"]}
    assert grades(served) == [*before, 40]


def test_a_fault_of_the_code_is_no_outage(served: Flask) -> None:
    @public
    def wrong(slug: str) -> str:
        return str(db.session.execute(sa.text("SELECT wrong")))

    served.view_functions["join.join"] = wrong
    served.config["PROPAGATE_EXCEPTIONS"] = False
    assert served.test_client().get("/join/way").status_code == 500


def test_a_process_has_no_more_connections_than_it_may(served: Flask) -> None:
    with served.app_context():
        pool = db.engine.pool
        held = [db.engine.connect() for _ in range(CONNECTIONS)]
        pool._timeout = 0.1
        with pytest.raises(sa.exc.TimeoutError):
            db.engine.connect()
        for one in held:
            one.close()


class Tab:
    """One of a rater's tabs: it grades what it is shown and asks again where it is answered 503.

    `after` is called after each answer.
    """

    def __init__(self, app: Flask, path: str, after: Callable[[], object]) -> None:
        self.client, self.path, self.after = app.test_client(), path, after
        self.saved: list[str] = []

    def ask(self, ask: Callable[[], TestResponse]) -> TestResponse:
        """Ask until the database can be used."""
        found: list[TestResponse] = []

        def answered() -> bool:
            found.append(ask())
            self.after()
            return found[-1].status_code != 503

        wait_for(answered)
        return found[-1]

    def judge(self) -> None:
        """Judge to the end."""
        while True:
            shown = self.ask(lambda: self.client.get(self.path))
            assert shown.status_code == 200
            page = Page.__new__(Page)
            page.client, page.path, page.text = self.client, self.path, shown.text
            sounds = re.findall(r'data-sound="(\w+)"', shown.text)
            if not sounds:
                return
            for sound in sounds:
                body = page.grade(sound, 40)
                answer = self.ask(lambda page=page, body=body: page.post(body))  # type: ignore[misc]
                assert answer.json == {"saved": body["uuid"]}
                self.saved.append(str(body["uuid"]))
            assert self.ask(page.next).status_code == 302


def test_two_servers_whose_connections_break_lose_and_double_nothing(
    served: Flask, data: Path, cluster: Cluster, postgresql_name: str
) -> None:
    """Four raters with two tabs each, at two apps; every fourth answer breaks two connections."""
    answers, thrown = itertools.count(), []

    def break_some() -> None:
        if next(answers) % 4 == 0:
            thrown.append(cluster.throw_out(postgresql_name, 2))

    other = create_app({"TESTING": True, "DATA": data})
    runner = served.test_cli_runner()
    said = runner.invoke(args=["studies", "invite", "way", "-n", "4"]).output
    links = [line.split()[1].removeprefix(BASE) for line in said.splitlines()]
    tabs = [Tab(app, link, break_some) for link in links for app in (served, other)]
    with ThreadPoolExecutor(len(tabs)) as pool:
        list(pool.map(Tab.judge, tabs))
    assert sum(thrown) > 0
    saved = [one for tab in tabs for one in tab.saved]
    with served.app_context():
        assert sorted(db.session.scalars(sa.select(Judgement.client_uuid))) == sorted(saved)
        given = sa.select(Assignment.rater_id, Assignment.query_id)
        pairs = [tuple(one) for one in db.session.execute(given)]
        assert len(pairs) == len(set(pairs))
        of_block = sa.select(sa.func.count(Assignment.id)).join(Assignment.query)
        of_block = of_block.where(Query.practice.is_(False)).group_by(Assignment.block_id)
        assert max(db.session.scalars(of_block)) <= 5  # as many as are planned
