"""The pages of docs/reference, and the index of them."""

from collections.abc import Callable
from pathlib import Path

from tools.reference import (
    addresses,
    commands,
    files,
    glossary_page,
    imported_tables,
    keys,
    measures,
    protocol,
    representations,
    settings,
)

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
COMMAND = "make docs"
_MARK = f"<!-- Written by `{COMMAND}` from the code; what is changed here is lost. -->\n\n"

PAGES: dict[str, tuple[Callable[[], str], str]] = {
    "commands.md": (commands.page, "every `flask` command and `make` target, with all options"),
    "settings.md": (settings.page, "what can be set in `config.toml` or by the environment"),
    "protocol.md": (protocol.page, "every key of a study's protocol"),
    "measures.md": (measures.page, "every measure: what it says, and what exactly is computed"),
    "glossary.md": (glossary_page.page, "what the words of the field mean, as pages explain them"),
    "representations.md": (representations.page, "the fourteen, their checkpoints and costs"),
    "keys.md": (keys.page, "the keyboard's keys, page by page"),
    "imported-tables.md": (imported_tables.page, "what a table of clips may be, and its cells"),
    "files.md": (
        files.page,
        "what lies in the data folder, and every table and column of a bundle",
    ),
    "data.md": (addresses.page, "every table as JSON and CSV: addresses, columns, tokens"),
}
"""File -> what writes it, and the line on it in the index."""


def index() -> str:
    """Return the page that leads to the others."""
    lines = "".join(f"- [{file}]({file}): {about}\n" for file, (_, about) in PAGES.items())
    return (
        "# Reference\n\n"
        "Made from the code, and held to it by a test: look up here what a name means and what can "
        f"be told.\n\n{lines}"
    )


def pages() -> dict[str, str]:
    """Return file -> text of every page, the index among them."""
    made = {file: page() for file, (page, _) in PAGES.items()}
    marked = {file: _MARK + text for file, text in {"README.md": index(), **made}.items()}
    return marked | {"openapi.json": addresses.openapi()}
