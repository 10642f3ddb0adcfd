"""Readers are found by themselves, and each is one."""

from pathlib import Path
from types import ModuleType

import pytest

from embeddings.collection.importing import import_collection
from embeddings.collection.readers import READERS, readers_of
from embeddings.collection.readers.own_table import read_csv
from embeddings.collection.sources import Reader
from embeddings.errors import InputError


def module(name: str, reader: object = None) -> ModuleType:
    """Return a module that nothing but a reader is in."""
    made = ModuleType(name)
    if reader:
        made.READER = reader  # type: ignore[attr-defined]
    return made


def test_every_reader_is_found() -> None:
    assert set(READERS) >= {"fsd50k", "esc", "csv"}
    for name, reader in READERS.items():
        assert (name, reader.layout) == (reader.name, reader.layout.strip())
        assert reader.layout


def test_modules_that_cannot_be_readers_are_refused() -> None:
    one = module("one", Reader("csv", "a table in PATH", read_csv))
    other = module("other", Reader("csv", "another table in PATH", read_csv))
    assert list(readers_of([one])) == ["csv"]
    with pytest.raises(InputError, match=r"^other is called 'csv' as another reader is.$"):
        readers_of([one, other])
    with pytest.raises(InputError, match=r"^none must have a READER: see its neighbours.$"):
        readers_of([module("none")])
    with pytest.raises(InputError, match=r"^function must have a READER"):
        readers_of([module("function", read_csv)])


def test_a_reader_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^There is no reader 'xml'; there are: .*csv") as told:
        import_collection(tmp_path, "small", tmp_path, "xml")
    assert all(name in str(told.value) for name in READERS)
    assert not list(tmp_path.iterdir())
