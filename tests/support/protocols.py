"""A small good protocol, and changes of it."""

import tomllib

from evaluation.protocol.reading import (
    parse_protocol,
    protocol_from_json,
    protocol_toml,
)
from evaluation.protocol.terms import (
    Protocol,
)

GOOD = """
title = "A test"
collection = "small"
systems = ["a", "b", "c"]
depth = 3
[queries]
per_family = 2
seed = 7
"""


def parsed(text: str = "") -> Protocol:
    """Return GOOD with `text` behind it as a protocol."""
    return parse_protocol({"slug": "x", **tomllib.loads(GOOD + text)}, "x")


def top(line: str) -> str:
    """Return GOOD with a line more at its top."""
    return f"{line}\n{GOOD}"


def back(protocol: Protocol) -> list[Protocol]:
    """Return a protocol after a way through JSON, and through TOML."""
    table = tomllib.loads(protocol_toml(protocol))
    return [protocol_from_json(protocol.as_json()), parse_protocol(table, "back")]


QUESTIONS = """
[[questionnaire.before]]
id = "age"
text = "How old are you?"
kind = "number"
[[questionnaire.after]]
id = "where"
text = "Where did you listen?"
kind = "choice"
choices = ["at home", "elsewhere"]
"""
