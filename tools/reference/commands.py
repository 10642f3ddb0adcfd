"""commands.md: every `flask` command from click's objects, and `make` from the Makefile."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask
from flask.cli import run_command

from tools.reference import markdown
from tools.reference.markdown import code, plain
from webapp import cli

MAKEFILE = Path(__file__).resolve().parents[2] / "Makefile"

_HEAD = """\
Every command says the same of itself with `--help`. Words in capitals stand for what you name;
those in brackets may be left out, and three dots say that there may be several. The commands are
given in the project's folder, in its environment (`. .venv/bin/activate`)."""
_RUN = """\
Flask's own command: serves the app on this machine, for as long as it runs. `make run` calls it
after `flask setup`. For a real study serve by gunicorn instead."""
_UNWRAPPED = "\b\n"
_OF_RUN = ("host", "port", "debug")


def page() -> str:
    """Return the page of the commands."""
    app = Flask("reference")
    before = set(app.cli.commands)
    cli.init_app(app)
    own = {name: app.cli.commands[name] for name in sorted(set(app.cli.commands) - before)}
    parts = [_HEAD]
    for name, command in own.items():
        parts += _described(f"flask {name}", command)
    parts += ["## `flask run`", _RUN, _options([one for one in run_command.params
                                                if one.name in _OF_RUN])]  # fmt: skip
    return markdown.page("Commands", *parts, *_make())


def targets() -> dict[str, str]:
    """Return what the Makefile's head says of each target."""
    head = MAKEFILE.read_text(encoding="utf-8").partition("\n\n")[0]
    text = re.sub(r"\n#  +", " ", head)  # a line that is indented goes on
    return dict(re.findall(r"^# make (\S+) +(.+)$", text, re.M))


def variables() -> dict[str, tuple[str, str]]:
    """Return (default, comment) of each variable that `make` can be told."""
    text = MAKEFILE.read_text(encoding="utf-8")
    found = re.findall(r"^# (.+)\n(\w+) \?=[ \t]*(.*)$", text, re.M)
    return {name: (default, about) for about, name, default in found}


def _described(path: str, command: click.Command) -> Iterator[str]:
    """Yield the parts of a command, and of those in it where it is a group."""
    context = click.Context(command, info_name=path)
    if isinstance(command, click.Group):
        yield f"## `{path}`"
        yield plain(command.help or "")
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, name
            yield from _one(f"{path} {name}", found, "###")
    else:
        yield from _one(path, command, "##")


def _one(path: str, command: click.Command, level: str) -> Iterator[str]:
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    options = [one for one in command.params if isinstance(one, click.Option)]
    yield f"{level} `{' '.join([path, *map(_argument, arguments)])}`"
    yield _paragraphs(command.help or "")
    if options:
        yield _options(options)


def _paragraphs(text: str) -> str:
    """Return a command's help, each paragraph on a line but those that click must not wrap."""
    return "\n\n".join(
        f"```text\n{one.removeprefix(_UNWRAPPED)}\n```"
        if one.startswith(_UNWRAPPED)
        else plain(" ".join(one.split()))
        for one in inspect.cleandoc(text).split("\n\n")
    )


def _argument(one: click.Argument) -> str:
    name = str(one.name).upper() + ("..." if one.nargs == -1 else "")
    return name if one.required else f"[{name}]"


def _options(options: list[click.Parameter]) -> str:
    rows = []
    for one in options:
        assert isinstance(one, click.Option)
        names = "/".join([", ".join(one.opts), *one.secondary_opts])
        given = "" if one.is_flag else f" {_value(one)}"
        default = str(one.default) if one.show_default else ""
        told = plain(one.help or "") + (" Must be given." if one.required else "")
        rows.append((code(names + given), code(default), told.strip()))
    return markdown.table(("option", "unless told", "what it does"), rows)


def _value(option: click.Option) -> str:
    """Return what stands for an option's value: its choices, its range, or its kind."""
    kind = option.type
    if option.metavar:
        return option.metavar
    if isinstance(kind, click.Choice):
        return "|".join(map(str, kind.choices))
    if isinstance(kind, click.IntRange):
        return f"{kind.min} to {kind.max}" if kind.max is not None else f"{kind.min} or more"
    return {"integer": "NUMBER", "float": "NUMBER", "path": "PATH"}.get(kind.name, "TEXT")


def _make() -> list[str]:
    told = [(code(f"make {name}"), plain(about)) for name, about in targets().items()]
    known = [
        (code(name), code(default), plain(about)) for name, (default, about) in variables().items()
    ]
    return [
        "## `make`",
        markdown.table(("target", "what it does"), told),
        "Given behind the target, as in `make run PORT=5057`:",
        markdown.table(("variable", "unless told", "what it is"), known),
    ]
