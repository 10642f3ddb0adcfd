"""The commands: thin; what takes long to import waits inside them, so that `flask --help` is quick.

A module with `commands` is found by itself; the others hold what is part of those.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from embeddings.errors import InputError

STOPPED = 130  # the exit status of a command that Ctrl-C ended


class Command(click.Command):
    """A command whose errors are sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; input that cannot be used ends in its sentence."""
        return _in_words(super().invoke, ctx)


class Group(Command, AppGroup):
    """A group of commands whose errors are sentences."""


def init_app(app: Flask) -> None:
    """Add to `flask` the `commands` of every module here that has some."""
    for one in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{one.name}")
        for command in getattr(module, "commands", ()):
            if command.name in app.cli.commands:
                raise InputError(f"{module.__name__}: there is a command {command.name!r} already.")
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
