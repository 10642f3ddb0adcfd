"""The snippets of the documentation: fenced blocks of Markdown, and what stands before them.

A comment in the line before a block says what is done with it:

``<!-- not run: WHY -->``   it is for people alone
``<!-- file: NAME -->``     it is saved as a file, which later commands use
``<!-- elsewhere -->``      its commands are given on another machine: in an empty data folder

A block of text after a block of commands is what people see: each of its lines must be in what the
commands said, where … stands for anything.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"```(\w*)$")
_COMMENT = re.compile(r"<!-- (not run|file|elsewhere)(?:: (.+))? -->$")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block: its language, its text, the line that it begins in, and what is done with it.

    `do` is "not run", "file", "elsewhere" or "", and `what` what the comment says of it.
    """

    line: int
    language: str
    text: str
    do: str
    what: str

    def commands(self) -> Iterator[list[str]]:
        """Yield its commands, split as a shell splits them."""
        for line in self.text.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                yield words


def snippets(page: Path) -> list[Snippet]:
    """Return the fenced blocks of a page in their order; AssertionError for an open one."""
    found, before, start, language = [], "", 0, ""
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if fence and not start:
            start, language, before = number, fence[1], lines[number - 2]
        elif fence:
            assert not fence[1], f"{page}, line {number}: the block of line {start} is open"
            comment = _COMMENT.match(before)
            do, what = (comment[1], comment[2] or "") if comment else ("", "")
            text = "\n".join(lines[start : number - 1]) + "\n"
            found.append(Snippet(start, language, text, do, what))
            start = 0
    assert not start, f"{page}: the block of line {start} is open"
    return found


def unseen(text: str, said: str) -> list[str]:
    """Return the lines of `text` that are not in what was said, … standing for anything."""
    wanted = [line for line in text.splitlines() if line.strip()]
    return [
        line for line in wanted
        if not re.search(".*?".join(map(re.escape, line.split("…"))), said)
    ]  # fmt: skip
