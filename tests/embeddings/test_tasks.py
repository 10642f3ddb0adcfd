"""Tasks come to the same whoever runs them; a crash or Ctrl-C takes with it what it must."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from embeddings.errors import InputError
from embeddings.tasks import (
    Engine,
    Failure,
    Here,
    Processes,
    default_workers,
    engine,
    in_order,
    result_of,
)
from tests.support.places import ROOT, hear_ctrl_c
from tests.support.waiting import PATIENCE, wait_for

ENGINES = [Here(), Here(3), Processes(2)]


def blas_threads() -> set[int]:
    """Return how many threads each loaded BLAS uses."""
    np.ones((8, 8)) @ np.ones((8, 8))
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    first = threading.Event()

    def work(item: int) -> int:
        if threads > 1 and item == 0:
            first.wait(60)  # the last of those that are begun with it
        elif item == threads - 1:
            first.set()
        return item * item

    assert list(in_order(work, range(20), threads)) == [item * item for item in range(20)]


def test_few_are_in_the_making() -> None:
    asked = []

    def items() -> Iterator[int]:
        for item in count():
            asked.append(item)
            yield item

    made = in_order(lambda item: item, items(), 3)
    assert [next(made) for _ in range(10)] == list(range(10))
    assert len(asked) <= 10 + 3
    made.close()  # type: ignore[attr-defined]


def test_what_one_raises_is_raised_and_the_others_are_not_begun() -> None:
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 5:
            raise ValueError("five")
        return item

    made = in_order(work, range(1000), 2)
    with pytest.raises(ValueError, match="five"):
        list(made)
    assert len(begun) < 12


def test_blas_has_one_thread_meanwhile_and_its_own_again_after_the_last() -> None:
    before = blas_threads()
    outer, inner = (in_order(lambda item: item, range(9), 2) for _ in range(2))
    next(outer)
    next(inner)
    assert blas_threads() == {1}
    outer.close()  # type: ignore[attr-defined]
    assert blas_threads() == {1}
    inner.close()  # type: ignore[attr-defined]
    assert blas_threads() == before


def double(number: int) -> int:
    """Return the double of a number; not of 5."""
    if number == 5:
        raise InputError("five\nis not liked")
    return 2 * number


def name_of(one: Engine) -> str:
    """Return how an engine is called in the list of tests."""
    return f"{type(one).__name__} {one.at_once}"


@pytest.mark.parametrize("by", ENGINES, ids=name_of)
def test_every_engine_gives_each_item_its_result_or_why_there_is_none(by: Engine) -> None:
    found = dict(by.run(double, iter(range(30))))
    assert sorted(found) == list(range(30))
    failed = found.pop(5)
    assert found == {number: 2 * number for number in range(30) if number != 5}
    assert isinstance(failed, Failure)
    assert failed.reason == "five is not liked"
    with pytest.raises(InputError, match="five\nis not liked"):
        result_of(failed)
    assert list(by.run(double, [])) == []


@pytest.mark.parametrize("by", ENGINES, ids=name_of)
def test_items_are_asked_for_as_they_are_needed(by: Engine) -> None:
    asked = []

    def items() -> Iterator[int]:
        for item in count(10):
            asked.append(item)
            yield item

    running = by.run(double, items())
    for _ in range(10):
        next(running)
    running.close()  # type: ignore[attr-defined]
    assert len(asked) <= 10 + 2 * by.at_once


def test_what_a_crash_leaves_is_raised_as_a_sentence() -> None:
    assert result_of(3) == 3
    with pytest.raises(InputError, match=r"^The process crashed\.$"):
        result_of(Failure("the process crashed"))


def test_ctrl_c_in_the_calling_process_is_no_failure_of_the_item() -> None:
    def stop(item: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Here().run(stop, [1]))


def test_an_option_chooses_who_runs_tasks() -> None:
    assert (type(engine(3)), engine(3).at_once) == (Processes, 3)
    assert (type(engine(0)), engine(0).at_once) == (Here, 1)
    assert (type(engine()), engine().at_once) == (Processes, default_workers())
    usual = Here(2)
    assert engine(None, usual) is usual
    assert engine(1, usual) is not usual


def cores_of(_: int) -> int:
    """Return on how many cores a task may count."""
    return default_workers()


def test_processes_share_the_cores() -> None:
    there = default_workers()
    for workers in (1, there + 1):
        found = dict(Processes(workers).run(cores_of, range(2)))
        assert set(found.values()) == {max(1, there // workers)}
    assert default_workers() == there


def double_or_die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 5:
        raise InputError("five is not liked")
    return 2 * number


@pytest.mark.parametrize("pause", [0.0, 0.2], ids=["quick consumer", "slow consumer"])
def test_parallel_work_survives_errors_and_dead_workers(pause: float) -> None:
    results = {}
    for item, result in Processes(2).run(double_or_die, range(12)):
        results[item] = result
        time.sleep(pause)  # a worker may die while the consumer is busy
    assert sorted(results) == list(range(12))
    reasons = {item: one.reason for item, one in results.items() if isinstance(one, Failure)}
    assert reasons == {3: "the process working on it crashed", 5: "five is not liked"}
    assert all(results[item] == 2 * item for item in results if item not in reasons)


@pytest.mark.parametrize(
    "consume",
    [
        "list(Processes(2).run(nap, [300, 301]))",
        "for _ in progress(2, 'nap', 'Napping', items=Processes(2).run(nap, [0, 300])): nap(302)",
    ],
    ids=["while it waits for work", "while it uses what is done"],
)
def test_a_second_ctrl_c_stops_at_once(consume: str, tmp_path: Path) -> None:
    script = (
        "import time\n"
        "from pathlib import Path\n"
        "from embeddings.progress import progress\n"
        "from embeddings.tasks import Processes\n"
        "def nap(seconds):\n"
        "    Path(__file__).with_name(f'napping-{seconds}').touch()\n"
        "    time.sleep(seconds)\n"
        "if __name__ == '__main__':\n"
        f"    {consume}\n"
    )
    (tmp_path / "long.py").write_text(script)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "long.py")],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
    )
    assert process.stderr is not None
    try:
        wait_for(lambda: len(list(tmp_path.glob("napping-30*"))) == 2)
        process.send_signal(signal.SIGINT)
        while "Stopping after what is in progress" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(0.5)
        assert process.poll() is None  # it waits for what is in progress
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode != 0
        assert "ignored" not in said
    finally:
        process.kill()
        process.communicate()
