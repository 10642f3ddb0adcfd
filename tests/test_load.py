"""Many raters at once over real HTTP, while workers are killed: the benchmark, small."""

import pytest

from benchmarks import rating


@pytest.mark.serial
def test_every_acknowledged_grade_is_there_once_although_workers_are_killed() -> None:
    run = rating.measure(raters=10, kill=True)
    assert run.outcome.failures == []
    assert len(run.killed) >= 1
    assert run.found["grades acknowledged"] > 500
    for what in ("lost", "doubled", "refused", "queries given twice to a rater"):
        assert run.found[what] == 0, what
