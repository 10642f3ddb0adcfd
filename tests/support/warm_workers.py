"""Worker processes that stay from one test to the next, for what is small and done often.

`embeddings.tasks` starts its workers anew for each call, and each loads numpy and the readers
of sounds first: a second or more, hundreds of times in a run of the tests. What follows keeps the
workers of importing, of looking for near-duplicates and of opening a study, and those of
extractions whose representation is made here, in a test. Other extractions get fresh ones: they may
hold a network, or have read a module that was changed since.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from embeddings import tasks

KEPT = (
    "embeddings.audio.measuring",
    "embeddings.collection.duplicates",
    "embeddings.listening.copies",
)
MEASURED = "embeddings.extraction.cost"
"""Where a worker's memory is measured, so that it has to be fresh."""

_pools: dict[int, ProcessPoolExecutor] = {}


class WarmPool:
    """Stands for a ProcessPoolExecutor; what is `KEPT` goes to workers that were there before."""

    def __init__(self, workers: int, **options: Any) -> None:
        self.workers, self.options = workers, options
        self.own: ProcessPoolExecutor | None = None
        self.given: list[Future[Any]] = []

    def submit(self, function: Callable[..., Any], /, *args: Any) -> "Future[Any]":
        """Let a worker call the function."""
        pool = self._kept() if _stays(function) else self._own()
        try:
            self.given.append(pool.submit(function, *args))
        except BrokenProcessPool:
            _pools.pop(self.workers, None)
            raise
        return self.given[-1]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Give the workers back, when they are through with what they got."""
        if self.own:
            self.own.shutdown(wait, cancel_futures=cancel_futures)
        for future in self.given:
            if not future.cancel() and isinstance(future.exception(), BrokenProcessPool):
                _pools.pop(self.workers, None)

    def _kept(self) -> ProcessPoolExecutor:
        if self.workers not in _pools:
            _pools[self.workers] = ProcessPoolExecutor(self.workers, **self.options)
        return _pools[self.workers]

    def _own(self) -> ProcessPoolExecutor:
        self.own = self.own or ProcessPoolExecutor(self.workers, **self.options)
        return self.own


def _stays(function: Callable[..., Any]) -> bool:
    """Whether the workers of a function may stay, which may have been given an embedder."""
    called, embedder = function, getattr(function, "__self__", None)
    while isinstance(called, partial):
        called, embedder = called.func, next(iter(called.args), None)
    module = getattr(called, "__module__", "")
    if module == MEASURED:
        return False
    return module in KEPT or getattr(embedder, "__module__", "").startswith("tests.")


@contextmanager
def warm_workers() -> Iterator[None]:
    """Keep workers while this lasts, and end them after it."""
    tasks.ProcessPoolExecutor = WarmPool  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        tasks.ProcessPoolExecutor = ProcessPoolExecutor  # type: ignore[misc]
        _end()


@contextmanager
def workers_from_here(*more: str) -> Iterator[None]:
    """Keep other workers while this lasts, for the modules `more`, too.

    Those from before have another working folder: what is named from here is not there for them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.KEPT", (*KEPT, *more))
        patch.setattr(f"{__name__}._pools", {})
        try:
            yield
        finally:
            _end()


def _end() -> None:
    for pool in _pools.values():
        pool.shutdown(wait=True, cancel_futures=True)
    _pools.clear()
