"""flask collections preview, and that import has the same options."""

import os
from pathlib import Path

import click
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.support.sources.tiny_sounds import write_tiny
from webapp.cli.collections import import_command
from webapp.cli.preview import preview_command


def options(command: click.Command) -> dict[str, str | None]:
    """Return the options of a command and what their help says."""
    return {one.opts[0]: getattr(one, "help", None) for one in command.params}


def test_a_preview_says_what_it_saw_and_stores_nothing(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    for number in range(50):
        write_tiny(folder / ("Dog" if number % 2 else "Cat") / f"{number:02}.wav")
    (folder / "Dog" / "01.wav").write_bytes(b"no sound")
    write_tiny(folder / "loose.wav")
    before = sorted(Path(app.config["DATA"]).rglob("*"))
    result = runner.invoke(args=["collections", "preview", str(folder), "--reader", "folders"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "the folders of in: 51 clips, 2 classes, 1 families."
    assert f"     0.10 s  Cat/00  [Cat]  {folder / 'Cat' / '00.wav'}" in lines
    assert "      25  Cat  (Animal)" in lines
    assert any(line.startswith("Broken: ") for line in lines)
    assert f"  {folder / 'loose.wav'}: it lies in no folder, so that there is no label." in lines
    assert lines[-1] == (
        "Looked at: every row and file name; of 40 sounds the first 10 s were decoded, and nothing "
        "of the other 10. Nothing was stored; an import decodes all."
    )
    assert sorted(Path(app.config["DATA"]).rglob("*")) == before


def test_a_reader_that_is_none_is_named(runner: FlaskCliRunner, tmp_path: Path) -> None:
    for command in (["preview"], ["import", "x"]):
        result = runner.invoke(args=["collections", *command, str(tmp_path), "--reader", "folder"])
        assert result.exit_code == 2
        assert "There is no reader 'folder'; there are: " in result.output
    both = ["collections", "preview", str(tmp_path), "--reader", "fsd50k:all"]
    assert "behind the colon may stand eval, dev or both." in runner.invoke(args=both).output


def test_import_and_preview_read_by_the_same_options() -> None:
    shared = options(preview_command)
    assert {"path", "--reader", "--families", "--group-column", "--id-column"} <= set(shared)
    assert shared.items() <= options(import_command).items()


def test_names_that_are_no_text_are_shown_on_one_line(
    runner: FlaskCliRunner, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write_tiny(folder / "Dog" / "a.wav")
    for name in (b"b\xff.wav", b"c\nd.wav"):
        Path(os.fsdecode(os.fsencode(folder / "Dog") + b"/" + name)).write_bytes(b"no sound")
    preview = ["collections", "preview", "--reader", "folders"]
    result = runner.invoke(args=[*preview, str(folder)])
    assert result.exit_code == 0, result.output
    for name in (r"b\udcff", r"c\nd"):
        assert f"       -     Dog/{name}  [Dog]  {folder}/Dog/{name}.wav" in result.output
        why = "its path is not UTF-8 or has a control character."
        assert f"  {folder}/Dog/{name}.wav: {why}" in result.output.splitlines()
    other = folder.rename(os.fsdecode(os.fsencode(tmp_path) + b"/in\xff"))
    refused = runner.invoke(args=[*preview, str(other)])
    assert refused.exit_code == 1
    assert r"in\udcff: the path is not UTF-8 or has a control character" in refused.output
