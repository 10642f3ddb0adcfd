"""PostgreSQL below the app: the cluster of the tests, and what breaks on the way to it."""

import psycopg
import pytest

from tests.support.databases.cluster import Cluster


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
