"""flask studies plan: power as a table, what was assumed, and where that is from."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from evaluation.analysis.power import Power
from tests.support.studies.lab import Lab
from webapp import create_app
from webapp.cli.of_studies.plans import reached

PROTOCOL = """
title = "Planned"
collection = "none"
systems = ["a", "b", "c"]
raters_per_query = 0
[queries]
per_family = 2
"""
ROW = re.compile(r"^ +(\d+) +(\d+) +(\d+) +(\d+)% +([\d.]+)% +± ([\d.]+)$", re.MULTILINE)


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """A protocol of three systems; its collection is not asked for."""
    path = tmp_path / "planned.toml"
    path.write_text(PROTOCOL)
    return path


def plan(runner: FlaskCliRunner, path: Path, *args: str) -> str:
    """Return what the command says of few runs."""
    command = ["studies", "plan", str(path), "--runs", "60", *args]
    return runner.invoke(args=command).output


def rows(said: str) -> dict[tuple[int, int], int]:
    """Return (queries, raters) -> power in %."""
    return {(int(row[0]), int(row[1])): int(row[3]) for row in ROW.findall(said)}


def test_power_of_every_size_and_what_was_assumed(runner: FlaskCliRunner, toml: Path) -> None:
    said = plan(runner, toml, "--effect", "8", "--queries", "40,10", "--raters", "5,20")
    assert list(found := rows(said)) == [(10, 5), (10, 20), (40, 5), (40, 20)]
    assert found[40, 20] > found[10, 5]
    assert "difference     8 grades of 100, between two systems" in said
    assert "from           a guess, that no study stands behind: 12%, 4%, 15%" in said
    assert "comparisons    3, all pairs of systems: found is p <= 0.017" in said
    assert "60 studies of each size, seed 1" in said
    assert plan(runner, toml, "--effect", "8", "--queries", "40,10", "--raters", "5,20") == said


def test_comparisons_and_overlap_are_the_protocols(runner: FlaskCliRunner, toml: Path) -> None:
    more = PROTOCOL.replace("raters_per_query = 0", "raters_per_query = 4")
    toml.write_text(more + '[analysis]\ncomparisons = "vs:a"\n')
    said = plan(runner, toml, "--raters", "3,8", "--queries", "12")
    assert "comparisons    2, the protocol's: found is p <= 0.025" in said
    assert [int(row[2]) for row in ROW.findall(said)] == [3, 4]
    whole = plan(runner, toml, "--raters", "8", "--queries", "12", "--per-query", "0")
    assert [int(row[2]) for row in ROW.findall(whole)] == [8]


def test_a_large_effect_is_found_and_lapses_hide_it(runner: FlaskCliRunner, toml: Path) -> None:
    args = ("--effect", "30", "--raters", "8", "--queries", "20")
    assert rows(plan(runner, toml, *args))[20, 8] > 90
    assert "80% is reached by: 20 queries, 8 raters" in plan(runner, toml, *args)
    assert rows(plan(runner, toml, *args, "--lapses", "0.8"))[20, 8] < 50


def test_a_pilot_stands_for_the_guess(lab: Lab, toml: Path, tmp_path: Path) -> None:
    """From here, and from its bundle elsewhere: the same plan."""
    runner = lab.app.test_cli_runner()
    args = ("--raters", "6", "--queries", "12")
    here = plan(runner, toml, *args, "--pilot", "a-graded-study")
    assert "from           the pilot a-graded-study: 3 queries, 3 raters" in here
    elsewhere = create_app({"TESTING": True, "DATA": tmp_path / "elsewhere"}).test_cli_runner()
    bundle = str(lab.bundles["a-graded-study"])
    assert plan(elsewhere, toml, *args, "--pilot", bundle) == here


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--effect", "0"], "--effect must be above 0 and at most 100 grades, not 0"),
        (["--effect", "101"], "--effect must be above 0 and at most 100 grades, not 101"),
        (["--raters", "5,many"], "must be numbers as in 5,10,20, not '5,many'"),
        (["--queries", "1"], "The number of queries must be at least 2, not 1"),
        (["--lapses", "1"], "lapses must be a share from 0 to below 1, not 1"),
        (["--pilot", "nobody"], "There is no study 'nobody'"),
        (["--pilot", "nowhere.zip"], "nowhere.zip: there is no such file"),
    ],
)
def test_what_cannot_be_planned(
    runner: FlaskCliRunner, toml: Path, args: list[str], sentence: str
) -> None:
    assert sentence in plan(runner, toml, *args)


def test_methods_and_pilots_that_do_not_fit(lab: Lab, toml: Path) -> None:
    runner = lab.app.test_cli_runner()
    said = plan(runner, toml, "--pilot", "a-rating-study")
    assert "The pilot 'a-rating-study' has no single grades" in said
    toml.write_text(PROTOCOL + '[scale]\npreset = "graded-3"\n')
    said = plan(runner, toml, "--pilot", "a-graded-study")
    assert "The pilot's grades go from 0 to 100, the protocol's from 0 to 3" in said
    toml.write_text(PROTOCOL.replace("raters_per", 'method = "preference"\nraters_per'))
    assert "Only studies that grade single results are planned" in plan(runner, toml)


def test_the_cheapest_size_is_named_first() -> None:
    found = [Power(20, 40, 20, 0.95, 0.01, 3.0, 20, filled=True),
             Power(10, 40, 10, 0.85, 0.02, 4.0, 10, filled=True),
             Power(5, 40, 5, 0.5, 0.02, 6.0, 5, filled=True)]  # fmt: skip
    assert reached(found).startswith("80% is reached by: 40 queries, 10 raters (85%); 40 queries,")
    assert reached(found[2:]).startswith("No size reaches 80%; 40 queries and 5 raters come to 50%")


def test_sittings_that_are_too_short_are_said(runner: FlaskCliRunner, toml: Path) -> None:
    toml.write_text(PROTOCOL.replace("raters_per_query = 0", "raters_per_query = 0\nsitting = 10"))
    said = plan(runner, toml, "--raters", "5", "--queries", "10,40", "--effect", "10")
    assert "sitting        10 queries a rater at most" in said
    lines = [line for line in said.splitlines() if re.match(" +(10|40) +5 ", line)]
    assert [line.split("%")[0].split()[2:-1] for line in lines] == [["5"], ["1.2", "of", "5"]]
    sentence = "Not filled, since a rater is given 10 queries at most (sitting): 40 queries by 5 " \
        "raters, 1.2 of 5 a query."  # fmt: skip
    assert sentence in said
    toml.write_text(PROTOCOL)
    without = plan(runner, toml, "--raters", "5", "--queries", "40", "--effect", "10")
    assert "Not filled" not in without
    assert rows(without)[40, 5] > int(lines[1].split("%")[0].split()[-1]) + 10


def test_twelve_raters_or_more_are_recommended(runner: FlaskCliRunner, toml: Path) -> None:
    words = "Plan 12 raters or more: a minority with another taste can hide among fewer"
    assert words in plan(runner, toml, "--raters", "5,12", "--queries", "10")
    assert words not in plan(runner, toml, "--raters", "12", "--queries", "10")


def test_help_says_what_it_does(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["studies", "plan", "--help"]).output
    assert "which size would find a difference?" in " ".join(said.split())
