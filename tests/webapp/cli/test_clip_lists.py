"""The table that was imported names clips wherever a command takes a list of them."""

from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from webapp.study.lifecycle import find_study

PROTOCOL = """\
title = "Which?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
[queries]
clips = {clips}
"""


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Three clips of the small collection as a German Excel writes them, by their files' names."""
    path = tmp_path / "clips.csv"
    path.write_text("fname;labels\nhum-0.wav;Hum\nbeep-1.WAV;Beep\nhiss-2;Hiss\n;\n", "utf-8-sig")
    return path


def run(runner: FlaskCliRunner, *args: str) -> str:
    """Run a command that must go well."""
    result = runner.invoke(args=list(args))
    assert result.exit_code == 0, result.output
    return result.output


def test_evaluate_takes_the_table(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking], clips: Path, tmp_path: Path
) -> None:
    (tmp_path / "q.txt").write_bytes(b"\xef\xbb\xbfhum-0\r\nbeep-1\r\nhiss-2\r\n")
    (tmp_path / "q.ids").write_text("hum-0.wav\nhum-0\nbeep-1\nhiss-2\n", encoding="utf-16")
    said = run(runner, "evaluate", "small", "--queries", str(clips))
    assert "    3  imported" in said
    for name in ("q.txt", "q.ids"):
        assert run(runner, "evaluate", "small", "--queries", str(tmp_path / name)) == said
    clips.write_text("fname;labels\nhum-0.wav;x\nhum-9.wav;x\n")
    refused = runner.invoke(args=["evaluate", "small", "--queries", str(clips)])
    assert refused.exit_code == 1
    assert "clips.csv, line 3: 'hum-9.wav' is not in the collection 'small'." in refused.output


def test_vectors_and_rankings_are_named_by_the_table(
    runner: FlaskCliRunner, small: Collection, clips: Path, tmp_path: Path
) -> None:
    np.savez(tmp_path / "v.npz", np.eye(3))
    np.save(tmp_path / "n.npy", [[1, 2], [0, 2], [0, 1]])
    args = ["--ids", str(clips)]
    said = run(runner, "embeddings", "import", "small", "Mine", str(tmp_path / "v.npz"), *args)
    assert "Imported mine: 3 of 18 clips, 3 dimensions, 15 without vectors." in said
    run(runner, "rankings", "import", "small", "theirs", str(tmp_path / "n.npy"), *args)


@pytest.mark.parametrize(
    "named", ['"clips.csv"', '["hum-0.wav", "beep-1", "hiss-2.flac"]'], ids=["file", "list"]
)
def test_a_protocol_takes_the_table(
    app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], clips: Path, named: str
) -> None:
    """What is frozen has the clips' own ids, wherever the names came from."""
    path, plain = clips.with_name("which.toml"), clips.with_name("plain.toml")
    path.write_text(PROTOCOL.format(clips=named))
    plain.write_text('slug = "which"\n' + PROTOCOL.format(clips=["hum-0", "beep-1", "hiss-2"]))
    digests = []
    for one in (path, plain):
        run(runner, "studies", "check", str(one))
        run(runner, "studies", "create", str(one))
        with app.app_context():
            study = find_study("which")
            assert study.terms.queries.clips == ("hum-0", "beep-1", "hiss-2")
            assert [query.clip for query in study.queries] == ["hum-0", "beep-1", "hiss-2"]
            digests.append(study.protocol_sha256)
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ('["hum-0", "hum-0.wav"]', "queries.clips has the clip 'hum-0' twice"),
        ('["hum-0", "hum-9.wav"]', "has no clip 'hum-9.wav'"),
        ('"none.csv"', "none.csv: there is no such file"),
        ('["clips.csv"]', "has no clip 'clips.csv'"),
    ],
)
def test_a_protocol_that_names_no_clips_is_one_sentence(
    runner: FlaskCliRunner, ranked: list[Ranking], clips: Path, named: str, said: str
) -> None:
    path = clips.with_name("which.toml")
    path.write_text(PROTOCOL.format(clips=named))
    for command in ("check", "create"):
        refused = runner.invoke(args=["studies", command, str(path)])
        assert refused.exit_code == 1
        assert said in refused.output
        assert refused.output.count("\n") == 1
