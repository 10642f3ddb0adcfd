"""The tutorial and the how-tos do what they say: every command and snippet of theirs runs.

All pages run in one data folder, in the order in which a person would come to them, each going on
from what the ones before it left. What cannot be had here has a stand-in
(`tests.support.docs.stand_ins`).
"""

import contextlib
import io
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pytest

from embeddings.collection.clips import open_collection
from embeddings.extraction import extract
from tests.support.docs import stand_ins
from tests.support.docs.command_lines import cli, commands
from tests.support.docs.documents import Document, Piece
from tests.support.docs.snippets import Snippet, snippets, unseen
from tests.support.places import ROOT
from tests.support.ready import ready
from tests.support.warm_workers import workers_from_here
from webapp import create_app
from webapp.study.lifecycle import find_study

DOCS = ROOT / "docs"
ORDER = (
    "tutorial", "howto/install", "howto/import-collection", "howto/embeddings",
    "howto/own-representation", "howto/rank-and-score", "howto/browse", "howto/design-study",
    "howto/languages", "howto/invite-raters", "howto/results", "howto/export-study",
    "howto/notebooks", "howto/serve", "howto/postgresql", "howto/two-servers", "howto/back-up",
    "howto/watch", "howto/accounts", "howto/without-terminal", "howto/develop",
)  # fmt: skip
NOT_RUN = {
    "it installs": 4,
    "it serves": 2,
    "it downloads": 1,
    "it takes long": 1,
    "it draws in a browser": 1,
    "it is a service's own file": 1,
    "it sets up a machine": 3,
    "it needs another machine": 1,
    "it needs a job": 1,
    "it needs a place where nothing is": 2,
    "it is make": 1,
    "it needs a package that the project has not": 1,
    "it needs a package of the user's choice": 2,
    "it is a test": 1,
    "it is for the shell alone": 1,
    "it looks at a server": 1,
    "it asks a server": 3,
    "the study is an example": 1,
    "it reads a server's log": 1,
}
"""Why a block does not run, and how many say so: whoever adds one adds it here."""

RUN = {"sh", "python"}
SHOWN = {"", "nginx", "sql", "text", "toml"}


def pages() -> list[Document]:
    """Return the pages whose blocks run, in their order."""
    return [Document(DOCS / f"{name}.md") for name in ORDER]


class Reader:
    """Somebody who does what a page says, in a folder of the own, and keeps what goes wrong."""

    def __init__(self, page: Document, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.names: dict[str, Any] = {}
        self.said, self.problems = "", []

    def read(self) -> list[str]:
        """Do all that the page says; return what went otherwise than it says."""
        for one in snippets(self.page):
            self.do(one)
        return self.problems

    def do(self, one: Snippet) -> None:
        """Do what one block says."""
        if one.do == "not run":
            return
        block = one.block
        if one.do == "file":
            (self.folder / one.what).write_text(block.text, encoding="utf-8")
        if block.language == "text":
            for line in unseen(block.text, self.said):
                self.wrong(block.line, f"nothing said {line!r}, but {self.said[-2000:]}")
        elif block.language == "sh":
            for line, words in commands(block):
                self.said += self.command(line, words, elsewhere=one.do == "elsewhere")
        elif block.language == "python":
            self.said += self.python(block)

    def command(self, line: int, words: list[str], *, elsewhere: bool) -> str:
        """Give a command to an app of its own, as each process has one; return what it says."""
        if words[0] != "flask":
            self.wrong(line, f"{words[0]} has no stand-in: say why it is not run")
            return ""
        args = [word.replace("/data/", f"{self.folder}/data/") for word in words[1:]]
        data = self.folder / ("elsewhere" if elsewhere else "instance")
        app = create_app({"TESTING": True, "DATA": data})
        done = app.test_cli_runner().invoke(args=args, input="y\n")
        if done.exit_code:
            self.wrong(line, f"{' '.join(words)}: {done.output}{done.exception!r}")
        elif words[1:4] == ["studies", "invite", "pilot"]:
            with app.app_context():
                stand_ins.judge(find_study("pilot"))
                stand_ins.keep_an_answer(find_study("pilot"), self.folder)
        return done.output

    def python(self, block: Piece) -> str:
        """Run a snippet after those before it on its page; return what it prints."""
        code = compile("\n" * (block.line - 1) + block.text, self.page.name, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            try:
                exec(code, self.names)
            except Exception as error:
                self.wrong(block.line, repr(error))
        return said.getvalue()

    def wrong(self, line: int, what: str) -> None:
        """Keep what went wrong on a line."""
        self.problems.append(f"{self.page.name}:{line}: {what}")


def prepare(folder: Path, demo: Path) -> None:
    """Make the folder that a person works in: the demo, and all that the pages take for granted."""
    shutil.copytree(demo, folder / "instance")
    (folder / "docs").symlink_to(DOCS)
    clips = open_collection(demo, "demo")
    stand_ins.write_fsd50k(folder / "data" / "FSD50K", clips)
    stand_ins.write_esc50(folder / "data" / "ESC-50")
    stand_ins.write_weights(folder / "data" / "weights")
    sounds = (folder / "data" / "FSD50K" / "FSD50K.eval_audio").iterdir()
    stand_ins.write_vectors(folder, sorted(sound.stem for sound in sounds))
    stand_ins.write_sounds(folder)


def read_all(folder: Path, demo: Path) -> None:
    """Do what all pages say, and write down what went wrong on each."""
    prepare(folder, demo)
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        patch.setattr("webapp.cli.embeddings.plan", stand_ins.planned)
        # no network is loaded, so that workers of extractions can stay, too
        with workers_from_here(extract.__name__):
            wrong = {
                name: Reader(page, folder).read() for name, page in zip(ORDER, pages(), strict=True)
            }
    (folder / "wrong.json").write_text(json.dumps(wrong), encoding="utf-8")


@pytest.fixture(scope="module")
def wrong(
    tmp_path_factory: pytest.TempPathFactory, first_start: tuple[Path, str]
) -> dict[str, list[str]]:
    """What went wrong on each page, by its name."""
    folder = ready(tmp_path_factory, "docs", lambda made: read_all(made, first_start[0]))
    return json.loads((folder / "wrong.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ORDER)
def test_a_page_does_what_it_says(wrong: dict[str, list[str]], name: str) -> None:
    if name == "howto/notebooks":
        pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")
    assert wrong[name] == []


def test_every_page_of_the_how_tos_is_read() -> None:
    found = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.glob("howto/*.md")}
    assert found == set(ORDER) - {"tutorial"}


def test_every_command_is_in_a_how_to() -> None:
    told = "\n".join(page.text for page in pages())
    groups = (
        "accounts", "collections", "database", "embeddings", "rankings", "sessions", "studies",
        "tokens", "weights",
    )  # fmt: skip
    wanted = [
        f"flask {group} {name}"
        for group in groups
        for name in cli().commands[group].list_commands(click.Context(cli()))  # type: ignore[attr-defined]
    ]
    wanted += [
        f"flask {name}"
        for name in ("backup", "demo", "doctor", "evaluate", "report", "restore", "signin-link")
    ]
    assert [command for command in wanted if command not in told] == []


def test_what_does_not_run_says_why() -> None:
    found = [one for page in pages() for one in snippets(page)]
    assert Counter(one.what for one in found if one.do == "not run") == NOT_RUN
    assert {one.block.language for one in found} <= RUN | SHOWN
    assert sum(one.block.language in RUN and one.do != "not run" for one in found) > 35


def test_what_goes_otherwise_is_noticed(tmp_path: Path, data: Path) -> None:
    """Each kind of block fails where it does not do what the page says."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n```sh\nflask collections list\nflask collections check none\nmake tea\n```\n\n"
        "```text\nsmall … clips\nlarge … clips\n```\n\n"
        "```python\nsmall = 1\n```\n\n```python\nsmall / 0\n```\n\n"
        "<!-- not run: it is bad -->\n```python\nlarge / 0\n```\n",
        encoding="utf-8",
    )
    (tmp_path / "instance").symlink_to(data)
    problems = Reader(Document(page, tmp_path), tmp_path).read()
    lines = (
        "page.md:5: flask collections check none",
        "page.md:6: make has no",
        "page.md:10: nothing",
        "page.md:19: ZeroDivision",
    )
    assert len(problems) == len(lines)
    for problem, begins in zip(problems, lines, strict=True):
        assert problem.startswith(begins)
