"""Many raters at once over real HTTP, while workers are killed: the benchmark, small and whole."""

import numpy as np
import pytest

from benchmarks import rating
from tests.support.evidence import note


@pytest.mark.serial
def test_every_acknowledged_grade_is_there_once_although_workers_are_killed() -> None:
    run = rating.measure(raters=10, kill=True)
    assert len(run.killed) >= 1
    assert_nothing_lost(run, 500)


@pytest.mark.long
@pytest.mark.parametrize("kill", [False, True], ids=["undisturbed", "killed"])
def test_fifty_raters_at_once(kill: bool) -> None:
    run = rating.measure(raters=50, kill=kill)
    milliseconds = 1000 * np.quantile(run.outcome.latencies, [0.5, 0.95, 0.99])
    figures = run.found | {
        "workers killed": len(run.killed),
        "retries": run.outcome.retries,
        "milliseconds for a grade: median, 95 %, 99 %": milliseconds.round(1).tolist(),
        "seconds": round(run.seconds, 1),
    }
    note("load", "50 raters, workers killed" if kill else "50 raters", figures)
    assert len(run.killed) >= (3 if kill else 0)
    assert_nothing_lost(run, 2500)


def assert_nothing_lost(run: rating.Run, grades: int) -> None:
    """More than so many grades were acknowledged, and each is there once."""
    assert run.outcome.failures == []
    assert run.found["grades acknowledged"] > grades
    for what in ("lost", "doubled", "refused", "queries given twice to a rater"):
        assert run.found[what] == 0, what
