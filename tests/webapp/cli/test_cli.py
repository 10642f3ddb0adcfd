"""The commands: thin, in words, and quick to answer."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.collection.clips import Collection, collection_names
from embeddings.collection.readers import READERS
from embeddings.files import only_writer
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from evaluation.objective.best_recipe import choose
from evaluation.objective.sweep_cells import cells
from tests.support.places import ROOT
from tests.support.small import RATE, make_sound


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


def test_the_help_says_what_each_reader_reads(runner: FlaskCliRunner) -> None:
    said = " ".join(run(runner, "collections", "import", "--help").split())
    for reader in READERS.values():
        assert f"--reader {reader.usage} {reader.layout}" in said


def test_broken_clips_are_listed(runner: FlaskCliRunner, source: Path) -> None:
    (source / "audio" / "hum-1.wav").write_text("no sound")
    soundfile.write(source / "audio" / "hum-2.wav", make_sound("Hum", 2), RATE, format="AIFF")
    args = ["collections", "import", "mine", str(source), "--reader", "csv"]
    result = runner.invoke(args=args)
    assert result.exit_code == 1
    assert "1 of the clips cannot be used" in result.output
    said = run(runner, *args, "--skip-broken")
    assert "left out: " in said
    assert "17 clips" in said
    told = "suspicious: hum-2: it is named .wav, but its bytes are AIFF"
    assert told in said
    assert told in run(runner, "collections", "check", "mine", "--quick")


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


def test_links_begin_with_the_address_that_is_set(runner: FlaskCliRunner, app: Flask) -> None:
    app.config["SETTINGS"]["base_url"] = "https://sounds.example.org/test/"
    said = run(runner, "signin-link")
    assert said.startswith("https://sounds.example.org/test/signin/")
    assert run(runner, "signin-link", "--base", "http://10.0.0.5:80").startswith(
        "http://10.0.0.5:80/s"
    )


def test_what_is_built_alike_is_kept_with_its_scores(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking]
) -> None:
    scores = small.folder / "rankings" / "good.l2.mcss" / "objective.json"
    args = ["rankings", "build", "small", "good", "--pca", "none"]
    assert "17 neighbours" in run(runner, *args)
    assert scores.is_file()
    assert "3 neighbours" in run(runner, *args, "--top", "3")
    assert not scores.exists()  # other neighbours: scored anew


def test_a_system_is_removed_unless_a_study_uses_it(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking], tmp_path: Path
) -> None:
    (tmp_path / "which.toml").write_text(
        'title = "Which?"\ncollection = "small"\nsystems = ["good.l2.mcss", "random.l2.mcss"]\n'
        '[queries]\nclips = ["hum-0"]\n'
    )
    run(runner, "studies", "create", str(tmp_path / "which.toml"))
    refused = runner.invoke(args=["rankings", "remove", "small", "good.l2.mcss"])
    assert refused.exit_code == 1
    assert "is used by the study 'which' and stays" in refused.output
    run(runner, "rankings", "build", "small", "good", "--normalise", "none", "--pca", "none")
    other = "good.raw.mcss"
    assert f"Removed {other}" in run(runner, "rankings", "remove", "small", other)
    left = {path.name for path in (small.folder / "rankings").iterdir()}
    assert left == {"good.l2.mcss", "random.l2.mcss"}
    missing = runner.invoke(args=["rankings", "remove", "small", other])
    assert f"has no system '{other}'; it has: good.l2.mcss, random.l2.mcss" in missing.output


def test_what_is_damaged_is_named_and_hides_nothing_else(
    runner: FlaskCliRunner, experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    neighbours = small.folder / "rankings" / "good.l2.mcss" / "neighbours.npy"
    neighbours.unlink()  # first: `ranked` has the old file mapped into memory
    neighbours.write_bytes(b"")
    listed = run(runner, "rankings", "list", "small")
    assert "The stored system 'good.l2.mcss' is damaged" in listed
    assert "(simulated)" in listed
    for path in ("/", "/browse/small?query=hum-0"):
        page = experimenter.get(path)
        assert page.status_code == 200
        assert "The stored system &#39;good.l2.mcss&#39; is damaged" in page.text
        assert "simulated" in page.text
    other = small.folder.with_name("other")
    shutil.copytree(small.folder, other)
    (other / "clips.csv").write_text("clip\nhum-0\n")
    listed = run(runner, "collections", "list")
    assert "The stored collection 'other' is damaged" in listed
    assert "18 clips" in listed
    page = experimenter.get("/")
    assert page.status_code == 200
    assert "The stored collection &#39;other&#39; is damaged" in page.text
    assert "/browse/small" in page.text


def test_a_collection_stays_while_vectors_are_computed(
    runner: FlaskCliRunner, small: Collection
) -> None:
    with only_writer(small.folder.parents[1] / "locks" / "extract-small.freesound", "it"):
        result = runner.invoke(args=["collections", "remove", "small", "--yes"])
    assert result.exit_code == 1
    assert "Another process is busy with an extraction for 'small'" in result.output
    assert small.folder.is_dir()


def test_a_taken_port_is_said_before_links_to_it(runner: FlaskCliRunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = runner.invoke(args=["setup", "--port", port])
    assert result.exit_code == 1
    assert f"Nothing can be served at 127.0.0.1, port {port}" in result.output
    assert "sign in" not in result.output
    base = runner.invoke(args=["signin-link", "--base", "listen.example.org"])
    assert "must begin with http:// or https://, unlike 'listen.example.org'" in base.output


def test_a_sweep_and_a_choice_are_printed_with_what_they_are(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking]
) -> None:
    said = run(runner, "rankings", "sweep", "small", "random")
    assert "random of small (simulated), convention corrected, macro" in said
    assert "PCA 100 and 200 are cut to 17: the vectors are of 18 clips and 64 dimensions." in said
    assert "sweep.csv" in said
    said = run(runner, "rankings", "choose", "small", "--measure", "map@15")
    assert "Chosen on the same clips that it is scored on (the test set)" in said
    assert "of 15 cells  (simulated)" in said
    said = run(runner, "rankings", "choose", "small", "--split-half", "1")
    assert re.search(r"of 15 cells, held out 0\.\d+, chosen by \d+% of the halves", said)
    assert "by hand" not in said


def test_where_there_is_nothing_to_choose_it_is_said(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking]
) -> None:
    run(runner, "rankings", "sweep", "small", "random")
    folder = small.folder / "sweeps" / "random"
    files = sorted(folder.glob("*.npz"))
    for path in files[2:]:
        path.unlink()  # as 0.1.0 left it of vectors too short for any PCA
    halves = ("--split-half", "1")
    said = run(runner, "rankings", "choose", "small", *halves)
    assert "of  2 cells, 2 of them distinct: halves say nothing below 3  (simulated)" in said
    shutil.copy(files[0], files[1])
    said = run(runner, "rankings", "choose", "small", *halves)
    assert "nothing to choose: all 2 cells score alike  (simulated)" in said
    files[1].unlink()
    said = run(runner, "rankings", "choose", "small", *halves)
    assert "nothing to choose: there is one cell  (simulated)" in said
    assert "halves" not in said.split("\n", 1)[1]
    files[0].unlink()
    result = runner.invoke(args=["rankings", "choose", "small"])
    assert result.exit_code == 1
    assert "No cell of 'random' could be scored: the column note of" in result.output


def test_a_system_built_by_hand_that_beats_the_winner_is_named(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking]
) -> None:
    run(runner, "rankings", "sweep", "small", "random")
    (best,) = choose(small, "map@15")
    embedding = open_embedding(small, "random")
    cell = next(one for one in cells(embedding) if one.name(frame_level=False) == best.cell)
    build_ranking(small, embedding, cell.recipe, cell.search)
    run(runner, "evaluate", "small")
    (small.folder / "sweeps" / "random" / f"{best.cell}.npz").unlink()
    said = run(runner, "rankings", "choose", "small", "--measure", "map@15")
    sentence = f"    A system built by hand is better: random.{best.cell}, {best.value:.4f}."
    assert sentence in said.splitlines()
    result = runner.invoke(args=["rankings", "choose", "small", "--exclude-same", "group"])
    assert "Nothing of 'small' was swept so" in result.output


def test_groups_queries_and_files_for_other_tools(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking], tmp_path: Path
) -> None:
    said = run(
        runner, "rankings", "build", "small", "good", "--pca", "none", "--exclude-same", "group"
    )
    assert "good.l2.mcss.exclude-group: Good · L2 · MCSS · same group excluded" in said
    assert "same group excluded" in run(runner, "evaluate", "small")
    (tmp_path / "some.txt").write_text("hum-0\n\nbeep-1\n")
    some = run(runner, "evaluate", "small", "--queries", str(tmp_path / "some.txt"))
    assert "    2  imported" in some
    output = tmp_path / "good.run"
    said = run(runner, "rankings", "export", "small", "good.l2.mcss", "-o", str(output))
    assert f"Wrote {output}: {18 * 17} lines." in said
    assert output.read_text().split("\n")[0].split()[3:] == ["1", "17", "good.l2.mcss"]
    qrels = tmp_path / "small.qrels"
    said = run(runner, "collections", "qrels", "small", "-o", str(qrels), "--topics", "class")
    assert f"{qrels.read_text().count(chr(10))} lines" in said
    assert qrels.read_text().startswith("hum-0|Hum 0 ")


def test_vectors_and_rankings_come_from_elsewhere(
    runner: FlaskCliRunner, experimenter: FlaskClient, small: Collection, tmp_path: Path
) -> None:
    np.save(tmp_path / "v.npy", np.random.default_rng(1).normal(size=(18, 4)))
    np.save(tmp_path / "n.npy", (np.arange(18)[:, None] + np.arange(1, 16)) % 18)
    ids = tmp_path / "ids.csv"
    ids.write_text("fname\n" + "\n".join(clip.id for clip in small.clips))
    said = run(
        runner, "embeddings", "import", "small", "Mine", str(tmp_path / "v.npy"), "--ids", str(ids)
    )
    assert "Imported mine: 18 of 18 clips, 4 dimensions, 0 without vectors." in said
    assert "imported" in run(runner, "embeddings", "list", "small")
    refused = runner.invoke(
        args=["rankings", "build", "small", "mine", "--aggregation", "max", "--pca", "2"]
    )
    assert "'mine' has one vector a clip: there are no frames to aggregate" in refused.output
    run(runner, "rankings", "build", "small", "mine", "--aggregation", "none", "--pca", "2")
    said = run(
        runner, "rankings", "import", "small", "Theirs", str(tmp_path / "n.npy"), "--ids", str(ids)
    )
    assert "Imported Theirs: 18 of 18 clips as queries, 15 neighbours of each." in said
    table = run(runner, "evaluate", "small")
    assert "Theirs" in table
    assert "imported" in table
    np.save(tmp_path / "few.npy", (np.arange(18)[:, None] + np.arange(1, 4)) % 18)
    few = tmp_path / "few.npy"
    run(runner, "rankings", "import", "small", "Few", str(few), "--ids", str(ids))
    result = runner.invoke(args=["evaluate", "small"])
    assert result.exit_code == 1
    assert "left out: The system 'Few' cannot be scored: It keeps 3 neighbours" in result.output
    assert "Theirs" in result.output
    for path in ("/", "/browse/small?query=hum-0"):
        assert experimenter.get(path).status_code == 200
    result = runner.invoke(args=["rankings", "export", "small", "Theirs", "-o", str(tmp_path)])
    assert "is a folder; -o must name a file" in result.output


def test_near_duplicates_are_listed(runner: FlaskCliRunner, source: Path) -> None:
    (source / "audio" / "hiss-1.wav").write_bytes((source / "audio" / "hiss-0.wav").read_bytes())
    run(runner, "collections", "import", "mine", str(source), "--reader", "csv")
    said = run(runner, "collections", "check", "mine")
    assert "near-duplicates: hiss-0 and hiss-1, correlation 1.0" in said
    assert "near-duplicates" not in run(runner, "collections", "check", "mine", "--quick")


def test_what_is_piped_may_be_cut_short(small: Collection, ranked: list[Ranking]) -> None:
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(small.folder.parents[1])}
    command = f"{sys.executable} -m flask evaluate small | head -1"
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.startswith("small, convention corrected")
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr
