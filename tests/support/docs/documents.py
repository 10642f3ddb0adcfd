"""The project's Markdown files, and what lies in one: blocks and spans of code, links, anchors."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.support.places import ROOT

_FENCE = re.compile(r"^ *(```+|~~~+) *(\w*)[^\n]*\n(.*?)^ *\1 *$", re.M | re.S)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_LINK = re.compile(r"\]\(<?([^)\s>]+)|^\[[^\]]+\]: +(\S+)|\b(?:src|href)=\"([^\"]+)\"", re.M)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
_NAMED = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of a document: a block's content, a span's, or where a link leads."""

    line: int
    text: str
    language: str = ""


@dataclass(frozen=True)
class Document:
    """A Markdown file; its paths are relative to the file, or to `root`."""

    path: Path
    root: Path = ROOT

    @property
    def name(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text with its blocks of code and comments made blank, on the same lines."""
        return _COMMENT.sub(_blank, _FENCE.sub(_blank, self.text))

    def blocks(self) -> Iterator[Piece]:
        """Yield the fenced blocks of code, their languages in small letters."""
        for found in _FENCE.finditer(self.text):
            yield Piece(self._line(found.start(3)), found[3], found[2].lower())

    def spans(self) -> Iterator[Piece]:
        """Yield the code between backticks, on one line."""
        for found in _SPAN.finditer(self.prose):
            yield Piece(self._line(found.start()), " ".join(found[2].split()))

    def links(self) -> Iterator[Piece]:
        """Yield where links and pictures lead."""
        for found in _LINK.finditer(_SPAN.sub(_blank, self.prose)):
            yield Piece(self._line(found.start()), found[1] or found[2] or found[3])

    def anchors(self) -> set[str]:
        """Return what a link's # can name: headings as GitHub writes them, and named places."""
        found: dict[str, int] = {}
        anchors = set(_NAMED.findall(self.prose))
        for heading in _HEADING.findall(self.prose):
            slug = _slug(heading)
            times = found.get(slug, 0)
            found[slug] = times + 1
            anchors.add(f"{slug}-{times}" if times else slug)
        return anchors

    def _line(self, place: int) -> int:
        return self.text.count("\n", 0, place) + 1


def documents() -> list[Document]:
    """Return all of the project's own; records of older versions stay as they were."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "instance" / "README.md"]
    return [Document(path) for path in sorted(paths)]


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _slug(heading: str) -> str:
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
