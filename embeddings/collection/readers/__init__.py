"""Readers of layouts on disk, a module each: a file that has a `READER` here is one more.

A reader looks at tables and file names only. Whether each audio file can be decoded is found out
by :mod:`embeddings.collection.importing`, in parallel.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

from embeddings.collection.clip_names import shown, unusable
from embeddings.collection.sources import Options, Reader, Source
from embeddings.errors import InputError


def readers_of(modules: Iterable[ModuleType]) -> dict[str, Reader]:
    """Return the `READER` of each module by its name; InputError for none, or a name twice."""
    found: dict[str, Reader] = {}
    for module in modules:
        reader = getattr(module, "READER", None)
        if not isinstance(reader, Reader):
            raise InputError(f"{module.__name__} must have a READER: see its neighbours.")
        if reader.name in found:
            raise InputError(f"{module.__name__} is called {reader.name!r} as another reader is.")
        found[reader.name] = reader
    return found


READERS = readers_of(
    importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)
)
"""Every reader by name, in the order of their modules."""


def find_reader(name: str) -> Reader:
    """Return the reader `name`, which may have an argument behind a colon, as "soundata:esc50" has.

    Its `name` is the whole then, and its `read` knows the argument.

    Raises
    ------
    InputError
        There is no such reader, or it takes no argument, or needs one.
    """
    short, colon, argument = name.partition(":")
    if short not in READERS:
        usages = ", ".join(reader.usage for reader in READERS.values())
        raise InputError(f"There is no reader {name!r}; there are: {usages}.")
    reader = READERS[short]
    if colon and not reader.argument:
        raise InputError(f"The reader {short!r} takes nothing behind a colon, not {argument!r}.")
    if not argument and (colon or reader.needs_argument):
        raise InputError(f"The reader {name!r} cannot be used: it is written {reader.usage}.")
    return replace(reader, name=name, read=partial(_read, reader, argument))


def _read(reader: Reader, argument: str, path: Path, options: Options) -> Source:
    """Read with an argument; options that the reader would not look at are refused.

    So is a path that nothing could store.
    """
    if bad := unusable(str(path)):
        raise InputError(
            f"{shown(str(path))}: the path is not UTF-8 or has a control character ({bad!r}); give "
            "it another name."
        )
    for column in ("id_column", "label_column"):
        if getattr(options, column) and column not in reader.takes:
            others = ", ".join(name for name, one in READERS.items() if column in one.takes)
            option = column.replace("_", "-")
            raise InputError(
                f"--{option} cannot be used with --reader {reader.name}; it is for: {others}."
            )
    return reader.read(path, replace(options, argument=argument))
