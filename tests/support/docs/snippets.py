"""The blocks of a page, and what the comment in the line before each says is done with it.

``<!-- not run: WHY -->``   it is for people alone
``<!-- file: NAME -->``     it is saved as a file, which later commands use
``<!-- elsewhere -->``      its commands are given on another machine: in an empty data folder

A block of text after a block of commands is what people see: each of its lines must be in what the
commands said, where … stands for anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.docs.documents import Document, Piece

_COMMENT = re.compile(r"<!-- (not run|file|elsewhere)(?:: (.+))? -->$")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A block, and what is done with it: "not run", "file", "elsewhere" or "".

    `what` is what the comment says of it: why it is not run, or the file's name.
    """

    block: Piece
    do: str = ""
    what: str = ""


def snippets(page: Document) -> Iterator[Snippet]:
    """Yield the blocks of a page in their order."""
    lines = page.text.splitlines()
    for block in page.blocks():
        comment = _COMMENT.match(lines[block.line - 3])  # the fence is the line before the block
        yield Snippet(block, comment[1], comment[2] or "") if comment else Snippet(block)


def unseen(text: str, said: str) -> list[str]:
    """Return the lines of `text` that are not in what was said, … standing for anything."""
    wanted = [line for line in text.splitlines() if line.strip()]
    return [
        line for line in wanted
        if not re.search(".*?".join(map(re.escape, line.split("…"))), said)
    ]  # fmt: skip
