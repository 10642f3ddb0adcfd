"""What commands say of themselves."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from embeddings.errors import InputError
from webapp import cli
from webapp.cli import init_app


def walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield every command under a name, with what is typed for it."""
    context = click.Context(command)
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found
        yield from walk(f"{path} {name}".strip(), found)


def test_every_command_and_every_option_says_what_it_does() -> None:
    app = Flask("commands alone")
    theirs = set(app.cli.commands)
    init_app(app)
    found = dict(walk("", app.cli))
    own = {path: one for path, one in found.items() if path.split()[0] not in theirs}
    assert len(own) > 40
    assert [path for path, command in own.items() if not command.help] == []
    silent = [
        f"{path} {option.opts[0]}"
        for path, command in own.items()
        for option in command.get_params(click.Context(command))
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("demo", "What is there is kept."),
        ("report", "It opens in any browser without a server or a network."),
    ],
)
def test_help_has_more_than_the_line_in_the_list_of_commands(
    runner: FlaskCliRunner, command: str, words: str
) -> None:
    said = runner.invoke(args=[command, "--help"]).output
    assert words in " ".join(said.split())


PLANTED = """
import click

from webapp.cli import Command


@click.command("%s", cls=Command)
def planted():
    click.echo("Here.")


commands = (planted,)
"""


def test_a_new_command_is_one_file_and_no_second_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    (tmp_path / "planted_new.py").write_text(PLANTED % "planted")
    app = Flask("with another command")
    init_app(app)
    assert app.test_cli_runner().invoke(args=["planted"]).output == "Here.\n"
    (tmp_path / "planted_twice.py").write_text(PLANTED % "report")
    with pytest.raises(InputError, match=r"planted_twice: there is a command 'report' already\.$"):
        init_app(Flask("with a command twice"))
