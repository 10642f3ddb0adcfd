"""What jobs can do, a module each: a file that has a `KIND` here is one more.

A kind checks what a page sends, and does it by the library function that its command calls, too.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import LazyString

from embeddings.errors import InputError

Arguments = dict[str, Any]
"""What a job works with; as JSON it is stored."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A way on from a job: the words, the endpoint, and the values of its address."""

    words: LazyString | str
    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that jobs do.

    Attributes
    ----------
    name : as the database has it
    words : what it does, for people
    about : of whom or what, from its arguments
    place : what no two jobs may work on at once, from its arguments
    check : makes arguments of what a page sends, or raises InputError; it is quick
    run : does it, within an app context that only reads the database; what it prints is the job's
        log. It returns the sentence that says what came of it, and what pages want to know of that.
        It raises InputError, and KeyboardInterrupt where it is stopped
    leads : where to go on, from its arguments and what came of it; the first is the next step
    """

    name: str
    words: LazyString
    about: Callable[[Arguments], str]
    place: Callable[[Arguments], str]
    check: Callable[[Arguments], Arguments]
    run: Callable[[Arguments], tuple[str, Arguments]]
    leads: Callable[[Arguments, Arguments], Sequence[Lead]]


def kinds() -> dict[str, Kind]:
    """Return the kinds of jobs by name."""
    found = {}
    for one in pkgutil.iter_modules(__path__):
        kind = getattr(importlib.import_module(f"{__name__}.{one.name}"), "KIND", None)
        if isinstance(kind, Kind):
            found[kind.name] = kind
    return found


def find_kind(name: str) -> Kind:
    """Return a kind by name; InputError where an older or newer version had it."""
    known = kinds()
    if name not in known:
        raise InputError(f"There is no job of the kind {name!r}; there are: {', '.join(known)}.")
    return known[name]


def of_collection(arguments: Arguments) -> str:
    """Return the place of jobs that work on a collection."""
    return f"collection {arguments['collection']}"


def several(given: Arguments, name: str, what: str) -> list[str]:
    """Return what was chosen, each once; InputError where nothing was."""
    chosen = given.get(name) or []
    if not isinstance(chosen, list) or not all(isinstance(one, str) for one in chosen):
        raise InputError(f"{name} must be a list of names.")
    if not chosen:
        raise InputError(f"Choose at least one {what}.")
    return list(dict.fromkeys(chosen))


def read(text: str) -> Arguments:
    """Return what a row keeps as JSON."""
    return json.loads(text)
