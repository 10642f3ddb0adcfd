"""Many raters at once over real HTTP, while workers are killed: the benchmark, small and whole."""

import pytest

from benchmarks import rating
from tests.support.databases.cluster import Cluster
from tests.support.evidence import note

PATIENT = rating.Timetable(bound=600.0)
BY_GRADES = rating.Timetable(bound=600.0, between=40)
SOON = rating.Timetable(bound=600.0, pace=0.1, away_at=1.0, restart_at=3.0, back_at=6.0)


@pytest.fixture(params=rating.DATABASES)
def own_cluster(request: pytest.FixtureRequest) -> Cluster | None:
    """A PostgreSQL that a test may restart, or None for SQLite."""
    return request.getfixturevalue("cluster") if request.param == "postgresql" else None


@pytest.mark.serial
def test_every_acknowledged_grade_is_there_once_although_workers_are_killed(
    own_cluster: Cluster | None,
) -> None:
    run = rating.measure(5, "killed", own_cluster, BY_GRADES, sitting=4)
    assert len(run.killed) >= 3
    assert_nothing_lost(run, 200)


@pytest.mark.serial
def test_two_servers_go_on_without_one_of_them_and_over_a_restart_of_postgresql(
    cluster: Cluster, nginx: str
) -> None:
    run = rating.measure(5, "two-servers", cluster, SOON)
    assert [what.partition(": ")[2][:10] for what in run.events] == [
        "a server k", "PostgreSQL", "the server",
    ]  # fmt: skip
    assert_nothing_lost(run, 500)


@pytest.mark.long
@pytest.mark.parametrize("trouble", rating.TROUBLES[:2])
def test_fifty_raters_at_once(own_cluster: Cluster | None, trouble: str) -> None:
    run = rating.measure(50, trouble, own_cluster, PATIENT)
    note("load", f"50 raters, {run.database}, {trouble}", run.figures())
    assert len(run.killed) >= (3 if trouble == "killed" else 0)
    assert_nothing_lost(run, 5000)


@pytest.mark.long
def test_fifty_raters_and_two_servers(cluster: Cluster, nginx: str) -> None:
    run = rating.measure(50, "two-servers", cluster, PATIENT)
    note("load", "50 raters, postgresql, two servers", run.figures() | {"events": run.events})
    assert len(run.events) == 3
    assert_nothing_lost(run, 5000)


def assert_nothing_lost(run: rating.Run, grades: int) -> None:
    """More than so many grades were acknowledged, each is there once, and everybody finished."""
    assert run.outcome.failures == []
    assert run.wrong() == []
    assert run.found["grades acknowledged"] > grades
