"""settings.md: from the table that config.toml's comments are made of."""

import json

from tools.reference import markdown
from tools.reference.markdown import code
from webapp.core.config import SETTINGS, variable

_HEAD = """\
A setting is taken from the last of these that has it: its default; `config.toml` in the data
folder, which is written with every setting commented out when the app first starts; the
environment variable. An environment variable says yes or no by `true`, `yes` or `1` and `false`,
`no` or `0`. The app reads settings when it starts, and refuses to start with one it does not know.

`SOUNDING_BOARD_DATA` is an environment variable alone: the data folder, `instance/` of the project
unless told ([files.md](files.md) says what lies in it)."""


def page() -> str:
    """Return the page of the settings."""
    rows = [
        (code(one.name), code(json.dumps(one.default)), one.help, code(variable(one)))
        for one in SETTINGS
    ]
    heads = ("in config.toml", "default", "what it is", "environment variable")
    return markdown.page("Settings", _HEAD, markdown.table(heads, rows))
