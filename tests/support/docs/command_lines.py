"""The commands that a document shows, and whether they are commands: nothing is run."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

import click
from flask import Flask
from flask.cli import routes_command, run_command, shell_command

from tests.support.docs.documents import Piece
from tests.support.places import ROOT
from webapp.cli import init_app

SHELLS = ("sh", "bash", "shell", "console")
_OURS = re.compile(r"(?:\$ )?(?:[\w./]*/)?(?:flask|make|python[\d.]*) ")
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")
_ASSIGNMENT = re.compile(r"(\w+)=(.*)", re.S)


@cache
def cli() -> click.Group:
    """Return `flask` with our commands and Flask's own, without an app behind them."""
    app = Flask("documents")
    for theirs in (run_command, shell_command, routes_command):
        app.cli.add_command(theirs)
    init_app(app)
    return app.cli


def commands(block: Piece) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, words) of each command of a block, what is assigned before it left out.

    In a block of a terminal what follows $ is a command; in one without a language, a line that
    begins with a program that is checked here. Raises ValueError for a quote that is not closed.
    """
    if block.language not in ("", *SHELLS):
        return
    for line, text in _lines(block):
        if block.language == "console" and not text.startswith("$ "):
            continue
        if block.language == "" and not _OURS.match(text):
            continue
        yield from ((line, words) for words in simple(text.removeprefix("$ ")))


def simple(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of a line of shell, without assignments and redirections."""
    words: list[str] = []
    skip = False
    for word in [*_lexer(text), ";"]:
        if skip:
            skip = False
        elif set(word) <= set("<>&") and set(word) & set("<>"):
            skip = True  # a file, or the end of what is read
        elif set(word) <= set("();|&"):
            if words:
                yield words
            words = []
        elif words or not _ASSIGNMENT.fullmatch(word):
            words.append(word)


def fault(words: list[str], *, whole: bool = True) -> str:
    """Return what is wrong with a command, "" for nothing; of other programs nothing is known.

    Where it is not `whole`, as in a sentence, what it is given may be missing.
    """
    program = PurePosixPath(words[0]).name
    if program == "flask":
        return _of_flask(words[1:], whole)
    if program == "make":
        return _of_make(words[1:])
    if re.fullmatch(r"python[\d.]*", program) and words[1:2] == ["-m"] and len(words) > 2:
        return _of_module(words[2])
    return ""


def _lines(block: Piece) -> Iterator[tuple[int, str]]:
    """Yield (line, text) with continued lines joined, and without what a command reads."""
    lines = iter(enumerate(block.text.split("\n"), block.line))
    for number, text in lines:
        while not _is_whole(text):
            following = next(lines, None)
            if following is None:
                break
            text = f"{text.removesuffix(chr(92))}\n{following[1]}"
        yield number, text.strip()
        heredoc = _HEREDOC.search(text)
        if heredoc:
            for _, read in lines:
                if read.strip() == heredoc[1]:
                    break


def _is_whole(text: str) -> bool:
    try:
        list(_lexer(text))
    except ValueError:  # a quote is open
        return False
    return not text.endswith("\\")


def _lexer(text: str) -> shlex.shlex:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return lexer


def _of_flask(words: list[str], whole: bool) -> str:
    command: click.Command = cli()
    path = "flask"
    while isinstance(command, click.Group):
        if not words or words[0].startswith("-"):
            return "" if not whole or words == ["--help"] else f"{path} needs a command"
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            return f"there is no command {path} {words[0]}"
        command, path, words = found, f"{path} {words[0]}", words[1:]
    words = [word for word in words if word != "--help"]
    if not whole:
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        return "".join(f"{path} has no {one}. " for one in sorted(given - options))
    try:
        command.make_context(path, words)
    except click.UsageError as error:
        return f"{path}: {error.format_message()}"
    return ""


def _of_make(words: list[str]) -> str:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", text, re.M)
    assert phony, "the Makefile names its targets"
    for word in words:
        variable = _ASSIGNMENT.fullmatch(word)
        if variable and not re.search(rf"\$\((?:if )?{variable[1]}\b", text):
            return f"make knows no {variable[1]}"
        if not variable and not word.startswith("-") and word not in phony[1].split():
            return f"there is no target {word}"
    return ""


def _of_module(name: str) -> str:
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    return "" if found else f"there is no module {name}"
