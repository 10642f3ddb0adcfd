"""Who runs the tasks of a command: as its option says, and else whoever usually does."""

import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from embeddings import tasks
from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from evaluation.analysis import power

PROTOCOL = """
title = "Planned"
collection = "none"
systems = ["a", "b"]
[queries]
per_family = 2
"""
PLAN = ("studies", "plan", "planned.toml", "--raters", "5", "--queries", "10")
COMMANDS = [
    (("rankings", "build", "small", "random", "--pca", "3"), False),
    (("rankings", "sweep", "small", "random"), False),
    (("evaluate", "small"), False),
    (("embeddings", "map", "small", "good", "--method", "pca"), False),
    (("embeddings", "map", "small", "--all", "--method", "pca"), True),
    ((*PLAN, "--runs", "10"), False),
    ((*PLAN, "--runs", "30000"), True),
]
"""Commands, and whether processes run their tasks where nothing is told."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many processes each engine was asked to have; the calling one stands for them."""
    found: list[int] = []

    def here(workers: int) -> tasks.Here:
        found.append(workers)
        return tasks.Here()

    monkeypatch.setattr(tasks, "Processes", here)
    monkeypatch.setattr(tasks, "default_workers", lambda: 7)
    return found


@pytest.mark.parametrize(("command", "usual"), COMMANDS)
def test_who_runs_the_tasks_of_a_command(
    runner: FlaskCliRunner,
    ranked: list[Ranking],
    small: Collection,
    asked: list[int],
    command: tuple[str, ...],
    usual: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "planned.toml").write_text(PROTOCOL)
    monkeypatch.setattr(power, "_simulated", lambda *_: power._Drawn(1, [2.0], 50))
    said = runner.invoke(args=[*command])
    assert said.exit_code == 0, said.output
    assert asked == ([7] if usual else [])
    asked.clear()
    shutil.rmtree(small.folder / "sweeps", ignore_errors=True)  # what is there is not done again
    shutil.rmtree(small.folder / "rankings" / "random.l2-pca3.mcss", ignore_errors=True)
    said = runner.invoke(args=[*command, "--workers", "3"])
    assert said.exit_code == 0, said.output
    assert asked == [3]
