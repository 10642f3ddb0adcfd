"""Copies made without other processes."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from embeddings.errors import InputError
from embeddings.listening import copies
from embeddings.parallel import Failure


@pytest.fixture
def serial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the work here, and not in other processes, which take a second to start."""

    def one_by_one(function: Callable, items: Iterable, workers: int) -> Iterator[tuple]:
        for item in items:
            try:
                yield item, function(item)
            except InputError as error:
                yield item, Failure(str(error))

    monkeypatch.setattr(copies, "in_parallel", one_by_one)
