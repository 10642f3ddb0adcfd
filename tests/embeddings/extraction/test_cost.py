"""What an extraction will take: fitted to what some clips took, and nothing is stored."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskCliRunner

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction import cost, extract
from embeddings.extraction.cost import LEAST, estimate
from embeddings.extraction.extract import clips_to_do, extract_embedding
from embeddings.extraction.journal import open_journal
from embeddings.representations.runner import Job
from embeddings.tasks import Failure
from tests.support.made_task import TASK
from webapp.cli import embeddings as embeddings_commands

LOADING, EACH, GROWING, PEAK = 7.0, 2.0, 0.5, 300e6


def unreadable(path: Path, clip_id: str) -> np.ndarray:
    """Compute nothing."""
    raise InputError(f"{path}: cannot be read.")


def computing(collection: Collection, most: int, broken: int = 0) -> Callable[..., Any]:
    """Return a stand-in for two processes, which compute `most` clips until the time is over."""
    lengths = {clip.id: clip.seconds for clip in collection.clips}

    def run(work: object, jobs: list[Job]) -> Iterator[tuple[Job, object]]:
        for place, job in enumerate(jobs):
            process, number = place % 2, place // 2 + 1
            taken = EACH + GROWING * lengths[job[0]] + (LOADING if number == 1 else 0)
            size = 4 * (10 + round(100 * lengths[job[0]]))
            if place < broken:
                yield job, Failure("cannot be read")
            elif place < most:
                yield job, cost._Measured(process, number, taken, size, int(PEAK) - number)
            else:
                yield job, None

    return lambda workers: SimpleNamespace(at_once=workers, run=run)


def test_hours_memory_and_disk_are_those_of_all_clips(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = len(small.clips) // 2
    monkeypatch.setattr(cost, "engine", computing(small, most))
    found = estimate(small, TASK, workers=2)
    lengths = [clip.seconds for clip in small.clips]
    alone = sum(EACH + GROWING * one for one in lengths)
    vectors = 4 * (10 * len(lengths) + 100 * sum(lengths))
    assert (found.clips, found.measured, found.failed) == (len(lengths), most, 0)
    assert found.hours == pytest.approx((alone / 2 + LOADING) / 3600)
    rounded = 4 * 0.5 * len(lengths)  # of each clip's frames
    assert found.stays == pytest.approx(vectors, abs=rounded)
    assert found.disk == pytest.approx(2 * found.stays)
    assert found.memory == pytest.approx(2 * PEAK + vectors, abs=rounded + 2 * most)


def test_what_fails_is_counted_and_nothing_is_said_of_what_fails_whole(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "engine", computing(small, 8, broken=2))
    found = estimate(small, TASK, workers=2)
    assert (found.measured, found.failed) == (6, 2)
    monkeypatch.setattr(cost, "engine", computing(small, 8, broken=8))
    with pytest.raises(InputError, match="Three: none of 8 clips could be computed; the first: "):
        estimate(small, TASK, workers=2)


def test_each_process_computes_a_few_clips_and_nothing_is_stored(small: Collection) -> None:
    before = sorted(small.folder.rglob("*"))
    found = estimate(small, TASK, workers=2, seconds=1e-9)
    assert LEAST <= found.measured <= len(small.clips)
    assert (found.clips, found.workers) == (len(small.clips), 2)
    assert found.hours > 0
    assert found.memory > 10e6
    assert found.disk == pytest.approx(2 * 3 * 4 * len(small.clips))
    assert sorted(small.folder.rglob("*")) == before


def test_what_is_there_already_costs_nothing(small: Collection) -> None:
    half = small.clips[::2]
    conditions = extract._conditions(small, TASK)
    folder = extract._journal_folder(small, TASK.name)
    with open_journal(folder, conditions, TASK.dim) as journal:
        for clip in half:
            journal.add(clip.id, np.zeros(TASK.dim))
    left = [clip for clip in small.clips if clip not in half]
    assert clips_to_do(small, TASK) == left
    found = estimate(small, TASK, workers=1, seconds=1)
    assert found.clips == len(left)
    one = 4 * TASK.dim
    assert found.stays == pytest.approx(one * len(small.clips))
    assert found.disk == pytest.approx(one * (len(small.clips) + len(left)))
    assert clips_to_do(small, replace(TASK, dim=4)) == list(small.clips)
    extract_embedding(small, TASK, workers=1)
    assert clips_to_do(small, TASK) == []
    assert estimate(small, TASK) == cost.Cost("Three", 0, 0, 0, 1, 0.0, 0.0, 0.0, 0.0)


def test_the_command_prints_each_and_the_whole(
    small: Collection, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = {"Freesound": TASK, "BEATs": replace(TASK, representation="BEATs", name="beats")}

    def plan(data: Path, card: Any, **how: Any) -> Any:
        if card.name not in of:
            raise InputError(f"{card.name} lacks its weights.")
        return replace(of[card.name], representation=card.name)

    monkeypatch.setattr(embeddings_commands, "plan", plan)
    arguments = ["plan", "extract", small.name, "--workers", "1", "--seconds", "1"]
    done = runner.invoke(args=[*arguments, "--all"])
    assert done.exit_code == 0, done.output
    assert "left out: Pengi lacks its weights." in done.output
    lines = [line for line in done.output.splitlines() if "left out" not in line]
    assert lines[0].split() == ["clips", "measured", "hours", "memory", "disk"]
    assert [line.split()[:2] for line in lines[1:3]] == [
        ["Freesound", str(len(small.clips))], ["BEATs", str(len(small.clips))],
    ]  # fmt: skip
    assert lines[3].startswith("In all 0.0 hours by 1 process, at most ")
    broken = replace(of["BEATs"], embedder=unreadable)
    monkeypatch.setitem(of, "BEATs", broken)
    done = runner.invoke(args=[*arguments, "--all"])
    assert "left out: BEATs: none of " in done.output
    assert "In all 0.0 hours" in done.output
    assert runner.invoke(args=[*arguments, "BEATs"]).exit_code != 0
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=10))
    done = runner.invoke(args=[*arguments, "Freesound"])
    assert "That is more disk than is free." in done.output
    assert (
        "Name the representations to compute, or give --all."
        in runner.invoke(args=arguments).output
    )
