"""Readers of layouts on disk, a module each: a file that has a `READER` here is one more.

A reader looks at tables and file names only. Whether each audio file can be decoded is found out
by :mod:`embeddings.collection.importing`, in parallel.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

from embeddings.collection.sources import Reader
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
    """Return the reader `name`; raise InputError if there is none."""
    if name not in READERS:
        raise InputError(f"There is no reader {name!r}; there are: {', '.join(READERS)}.")
    return READERS[name]
