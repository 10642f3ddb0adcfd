"""Studies that the tests of a rater's way begin from."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from embeddings.systems.store import Ranking
from tests.support.places import BASE
from tests.support.studies.rater import PROTOCOL


@pytest.fixture
def study(app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], tmp_path: Path):
    """Return a function that opens a study from TOML and gives the paths of some raters."""

    def start(text: str, invited: int = 1) -> list[str]:
        path = tmp_path / "way.toml"
        path.write_text(text)
        for command in (["create", str(path)], ["open", "way"]):
            result = runner.invoke(args=["studies", *command])
            assert result.exit_code == 0, result.output
        if not invited:
            return []
        output = runner.invoke(args=["studies", "invite", "way", "-n", str(invited)]).output
        return [line.split()[1].removeprefix(BASE) for line in output.splitlines()]

    return start


@pytest.fixture
def links(runner: FlaskCliRunner, ranked: list[Ranking], tmp_path: Path) -> list[str]:
    """The paths of three raters' links to an open study of three queries."""
    path = tmp_path / "which.toml"
    path.write_text(PROTOCOL)
    for command in (["create", str(path)], ["open", "which"]):
        result = runner.invoke(args=["studies", *command])
        assert result.exit_code == 0, result.output
    invited = runner.invoke(args=["studies", "invite", "which", "-n", "3"])
    assert invited.exit_code == 0, invited.output
    lines = [line.split() for line in invited.output.splitlines()]
    assert [name for name, _ in lines] == ["rater-001", "rater-002", "rater-003"]
    return [link.removeprefix(BASE) for _, link in lines]
