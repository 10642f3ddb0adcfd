"""Writing plain tables as TOML; Python's own library only reads it."""

import json
from collections.abc import Iterator
from typing import Any


def toml_value(value: Any) -> str:
    """Return text, a finite number, true, false or a list of such things as TOML.

    Text of several lines stays that, between triple quotes.
    """
    if isinstance(value, str) and "\n" in value:
        lines = [json.dumps(line, ensure_ascii=False)[1:-1] for line in value.split("\n")]
        return '"""\n' + "\n".join(lines) + '"""'
    return json.dumps(value, ensure_ascii=False)


def toml_lines(table: dict[str, Any], name: str = "") -> Iterator[str]:
    """Yield the lines of a table: first its values, then the tables, and lists of tables, in it.

    `name` is what the names of those begin with, such as "scale.".
    """
    inner = {key: value for key, value in table.items() if _has_tables(value)}
    for key, value in table.items():
        if key not in inner:
            yield f"{key} = {toml_value(value)}"
    for key, value in inner.items():
        alone = isinstance(value, dict)
        for one in [value] if alone else value:
            yield ""
            yield f"[{name}{key}]" if alone else f"[[{name}{key}]]"
            yield from toml_lines(one, f"{name}{key}.")


def _has_tables(value: Any) -> bool:
    lists = isinstance(value, list | tuple) and len(value) > 0
    return isinstance(value, dict) or (lists and all(isinstance(one, dict) for one in value))
