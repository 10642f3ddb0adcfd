"""Cells that a spreadsheet would run as a formula, and free text that is written so that none does.

A spreadsheet runs what begins with = + - @, a tab or a line break [1]_. Free text that strangers
typed gets an apostrophe before it where it is written for people; text that begins with apostrophes
and then so gets one more, which makes it exact: taking one apostrophe off such a cell gives back
what was typed. Clips' ids, labels and numbers are what they are, and are never changed.

References
----------
.. [1] OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection
"""

import re

_RUNS = re.compile("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_MARKED = re.compile(f"'*(?:{_RUNS.pattern})")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)


def would_run(text: str) -> bool:
    """Return whether a spreadsheet would run a cell of this text; a plain number it does not."""
    return bool(_RUNS.match(text)) and not _NUMBER.fullmatch(text)


def harmless(text: str) -> str:
    """Return free text as it is written for people: behind an apostrophe where it would run."""
    return f"'{text}" if _MARKED.match(text) and not _NUMBER.fullmatch(text) else text


def as_typed(cell: str) -> str:
    """Return the text of which `harmless` made a cell."""
    return cell[1:] if cell[:1] == "'" and _MARKED.match(cell) else cell
