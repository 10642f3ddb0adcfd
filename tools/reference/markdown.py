"""Pieces of Markdown that read well as plain text, too."""

import inspect
import re
from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell's text is Markdown, but for its vertical bars and line breaks."""
    lines = [_row(heads), "|" + "---|" * len(heads), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Return text as code; nothing for nothing."""
    return f"`{text}`" if text else ""


def codes(texts: Iterable[str]) -> str:
    """Return several texts as code, with commas between."""
    return ", ".join(map(code, texts))


def plain(text: str) -> str:
    """Return a sentence of the code so that Markdown takes no sign of it for its own."""
    return re.sub("([*<])", r"\\\1", text)


def page(title: str, *parts: str) -> str:
    """Return a page: its title, and parts with an empty line between."""
    return "\n\n".join([f"# {title}", *(part.strip("\n") for part in parts if part)]) + "\n"


def attributes(kind: type) -> dict[str, str]:
    """Return what a dataclass's docstring says of each of its attributes."""
    told: dict[str, str] = {}
    section = (inspect.getdoc(kind) or "").partition("Attributes\n----------\n")[2]
    for entry in re.split(r"\n(?=\w)", section.strip()):
        names, _, about = entry.partition(" : ")
        told |= dict.fromkeys(names.split(", "), " ".join(about.split()))
    return told


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in cells) + " |"
