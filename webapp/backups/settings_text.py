"""config.toml as a backup has it: without the address of a database, which is a place of its own.

That address may hold a password, and what is restored lies in another database.
"""

import json
import re

from embeddings.files import toml_of
from webapp.core.config import template

_ADDRESS = "database_url"
_LINE = re.compile(rf"^[ \t]*{_ADDRESS}[ \t]*=.*$", re.MULTILINE)


def without_address(text: str) -> str:
    """Return the text of the settings without `database_url`; the others stay as they are."""
    wanted = toml_of(text, "config.toml")
    if wanted.pop(_ADDRESS, None) is None:
        return text
    shorter = _LINE.sub(f"# {_ADDRESS} was set here; a backup does not have it", text)
    try:
        if toml_of(shorter, "config.toml") == wanted:
            return shorter
    except ValueError:
        pass  # its value has several lines, or the line stood within another value
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in wanted.items())


def as_first_written(text: str) -> bool:
    """Return whether nobody has set anything in config.toml."""
    return text == template() or not toml_of(text, "config.toml")
