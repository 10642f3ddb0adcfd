"""The commands: thin, in words, and quick to answer."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from embeddings.collection import Collection, collection_names
from embeddings.store import Ranking
from tests.conftest import ROOT


def run(runner: FlaskCliRunner, *args: str) -> str:
    """Run a command that must succeed; return what it said."""
    result = runner.invoke(args=list(args))
    assert result.exit_code == 0, result.output
    return result.output


def test_a_collection_comes_and_goes(app: Flask, runner: FlaskCliRunner, source: Path) -> None:
    said = run(runner, "collections", "import", "mine", str(source), "--reader", "csv",
               "--group-column", "pack")  # fmt: skip
    assert "Imported mine: 18 clips, 5 classes, 2 families, 0 left out, 0 without loudness." in said
    assert "mine" in run(runner, "collections", "list")
    assert "all 18 audio files are there" in run(runner, "collections", "check", "mine")
    (source / "audio" / "hum-1.wav").unlink()
    result = runner.invoke(args=["collections", "check", "mine"])
    assert result.exit_code == 1
    assert "missing: hum-1: there is no file" in result.output
    assert "1 of 18 audio files of 'mine' are missing" in result.output
    refused = runner.invoke(args=["collections", "remove", "mine"], input="n\n")
    assert refused.exit_code == 1
    assert "mine" in collection_names(app.config["DATA"])
    (app.config["DATA"] / "collections" / "mine" / "clips.csv").write_text("broken")
    assert "Removed mine." in run(runner, "collections", "remove", "mine", "--yes")
    assert sorted(path.name for path in (app.config["DATA"] / "collections").iterdir()) == ["small"]
    assert collection_names(app.config["DATA"]) == ["small"]
    assert source.is_dir()


def test_broken_clips_are_listed(runner: FlaskCliRunner, source: Path) -> None:
    (source / "audio" / "hum-1.wav").write_text("no sound")
    args = ["collections", "import", "mine", str(source), "--reader", "csv"]
    result = runner.invoke(args=args)
    assert result.exit_code == 1
    assert "1 of the clips cannot be used" in result.output
    said = run(runner, *args, "--skip-broken")
    assert "left out: " in said
    assert "17 clips" in said


def test_systems_are_built_listed_and_scored(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking]
) -> None:
    said = run(runner, "rankings", "build", "small", "good", "--pca", "4", "--search", "nns")
    assert "good.l2-pca4.nns: Good · L2, PCA 4 · NNS, 17 neighbours of each clip." in said
    listed = run(runner, "rankings", "list", "small")
    assert "good.l2-pca4.nns" in listed
    assert "(simulated)" in listed
    assert "random" in run(runner, "embeddings", "list", "small")
    table = run(runner, "evaluate", "small")
    assert "small, convention corrected" in table
    assert "Good · L2, PCA 4 · NNS" in table
    assert "Nature" in table
    assert "convention cbmi2024" in run(runner, "evaluate", "small", "--convention", "cbmi2024")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["evaluate", "none"], "There is no collection 'none'; there are: small."),
        (["evaluate", "small"], "has no system to score: flask rankings build small"),
        (["rankings", "build", "small", "VGGish"], "has no embedding 'VGGish'; it has: none yet"),
        (["embeddings", "extract", "small", "Pengo"], "There is no representation 'Pengo'"),
        (["collections", "import", "a", "/nowhere", "--reader", "csv"], "there is no such file or"),
        (["studies", "create", "/nowhere.toml"], "there is no such file."),
        (["studies", "open", "x"], "There is no study 'x'; there are: none yet."),
        (["collections", "remove", "x"], "There is no collection 'x'; there are: small."),
        (["collections", "import", "demo", "/x", "--reader", "csv"], "is kept for the demo"),
    ],
)
def test_errors_are_one_sentence(runner: FlaskCliRunner, args: list[str], sentence: str) -> None:
    result = runner.invoke(args=args)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert sentence in result.output
    assert result.output.count("\n") == 1


def test_the_demo_is_made_once_and_is_complete(tmp_path: Path) -> None:
    """`flask setup` twice, as `make run` calls it: nothing is missing or made again."""
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(tmp_path)}

    def flask(*args: str) -> str:
        command = [sys.executable, "-m", "flask", *args]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = flask("setup", "--port", "5057")
    assert "Making the demo" in first
    assert "http://127.0.0.1:5057/signin/" in first
    assert "http://127.0.0.1:5057/rate/demo/" in first
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")}
    assert len(made) > 248
    again = flask("setup", "--port", "5057")
    assert "Making the demo" not in again
    assert made == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")}
    listed = flask("rankings", "list", "demo")
    assert listed.count("(computed)") == 3
    assert listed.count("Random ranking") == listed.count("(simulated)") == 1
    assert "demo" in flask("studies", "list")
    table = flask("evaluate", "demo")
    own = next(
        line for line in table.splitlines() if line.startswith("Freesound · min-max, PCA 100 · NNS")
    )
    floor = next(line for line in table.splitlines() if line.startswith("Random ranking"))
    assert float(own.split("NNS")[1].split()[0]) > 0.5
    assert float(floor.split("MCSS")[1].split()[0]) < 0.05


def test_links_begin_with_the_address_that_is_set(runner: FlaskCliRunner, app: Flask) -> None:
    app.config["SETTINGS"]["base_url"] = "https://sounds.example.org/test/"
    said = run(runner, "signin-link")
    assert said.startswith("https://sounds.example.org/test/signin/")
    assert run(runner, "signin-link", "--base", "http://10.0.0.5:80").startswith(
        "http://10.0.0.5:80/s"
    )


def test_gunicorn_serves_the_app_with_two_workers(tmp_path: Path) -> None:
    """As the README says for a real study."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", "webapp:create_app()", "--workers", "2",
        "--bind", f"127.0.0.1:{port}",
    ]  # fmt: skip
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(tmp_path)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                    assert json.load(answer) == {"status": "ok"}
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert (tmp_path / "sounding_board.sqlite").is_file()
