"""Fixtures: a fresh PostgreSQL database, and one test on both kinds of database."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases.cluster import Cluster, programs
from webapp import create_app
from webapp.core import database

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL, one for all tests of a process; who breaks it starts it again.

    In CI missing programs are a failure, elsewhere a skip.
    """
    if programs() is None and os.environ.get("CI"):
        pytest.fail("PostgreSQL is missing; .ci/run installs it")
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with Cluster() as running:
        yield running


@pytest.fixture(scope="session")
def migrated(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with all tables and no rows, to be copied and not changed."""
    name = cluster.create()
    folder = tmp_path_factory.mktemp("migrated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUNDING_BOARD_DATABASE_URL", cluster.url(name))
        app = create_app({"TESTING": True, "DATA": folder})
    database.prepare(app)
    with app.app_context():
        with database.db.engine.begin() as connection:  # it will be another folder's
            connection.exec_driver_sql("DELETE FROM installation")
        database.db.engine.dispose()
    return name


@pytest.fixture
def postgresql_name(cluster: Cluster) -> Iterator[str]:
    """The name of a fresh database in the cluster, without tables."""
    name = cluster.create()
    yield name
    cluster.start()
    cluster.drop(name)


@pytest.fixture
def postgresql_url(cluster: Cluster, postgresql_name: str) -> str:
    """The address of a fresh PostgreSQL database without tables, as `database_url` takes it."""
    return cluster.url(postgresql_name)


@pytest.fixture(params=KINDS)
def each_database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Run the test on SQLite and on PostgreSQL: an app made in it has a fresh database with tables.

    By SOUNDING_BOARD_DATABASE_URL, so that servers and commands of the test have it, too; on SQLite
    that is not set, and the database is the data folder's file. Its value is "sqlite" or
    "postgresql". Name it by `usefixtures`, so that it comes before the app.
    """
    if request.param == "sqlite":
        yield "sqlite"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.create(request.getfixturevalue("migrated"))
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", cluster.url(name))
    yield "postgresql"
    cluster.start()
    cluster.drop(name)
