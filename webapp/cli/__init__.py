"""The commands: thin, and loaded only when they are called, so that `flask --help` is quick."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from embeddings.errors import InputError

STOPPED = 130  # the exit status of a command that Ctrl-C ended

_GROUPS = {
    "collections": "Import, make, list, check and remove collections of sounds.",
    "embeddings": "Compute representations of a collection.",
    "rankings": "Build and list the systems of a collection.",
    "weights": "List, fetch and check the networks' weights.",
    "studies": "Create, open and export listening tests.",
}
_COMMANDS = {
    "representations": "List the representations, and what is here to compute them.",
    "evaluate": "Score a collection's systems against its labels.",
    "report": "Write a collection's scores as one HTML file.",
    "demo": "Make the demo: made sounds, their systems, an open study.",
    "setup": "Get everything ready and print the addresses (make run calls it).",
    "signin-link": "Print a one-time link that signs the experimenter in.",
}


class _Loaded:
    """A command that is imported from `webapp.cli.<module>.<name>` when it is first used."""

    module: str

    def loaded(self) -> Any:
        """Return the real command."""
        module = importlib.import_module(f"webapp.cli.{self.module}")
        return module.commands[self.name]  # type: ignore[attr-defined]


class LazyGroup(_Loaded, AppGroup):
    """A group whose commands are imported on demand, and whose errors are sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the group's commands."""
        return self.loaded().list_commands(ctx)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return one of the group's commands."""
        return self.loaded().get_command(ctx, name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; input that cannot be used ends in its sentence."""
        return _in_words(super().invoke, ctx)


class LazyCommand(_Loaded, click.Command):
    """A command that is imported on demand, and whose errors are sentences."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the real command's parameters."""
        return self.loaded().get_params(ctx)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the real command's help: the line that is known here is for lists of commands."""
        self.loaded().format_help_text(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; input that cannot be used ends in its sentence."""
        return _in_words(self.loaded().invoke, ctx)


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    for name, text in _GROUPS.items():
        group = LazyGroup(name, help=text)
        group.module = name
        app.cli.add_command(group)
    for name, text in _COMMANDS.items():
        command = LazyCommand(name, help=text)
        command.module = name if name in ("evaluate", "report", "representations") else "start"
        app.cli.add_command(command)


@contextmanager
def going_on() -> Iterator[None]:
    """Run work that a second call goes on with, and say so when it is stopped."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(
            "\nStopped. What was finished is kept: the same command goes on from there.", err=True
        )
        raise SystemExit(STOPPED) from None


def _in_words(invoke: Any, ctx: click.Context) -> Any:
    try:
        return invoke(ctx)
    except InputError as error:
        raise click.ClickException(str(error)) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise click.ClickException(f"The database cannot be used: {reason}.") from error
    except BrokenPipeError:  # `| head` has read enough
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror or error}.") from error
    except KeyboardInterrupt:
        click.echo("\nStopped.", err=True)
        raise SystemExit(STOPPED) from None
