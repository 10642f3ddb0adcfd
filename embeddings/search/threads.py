"""Work on blocks by several threads, which is worth it where numpy does it: it lets others run.

BLAS is kept to one thread meanwhile. It would share out single products, between which all but one
core would wait; here each core has a block of its own, product and all.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_lock = threading.Lock()
_limits: list[Any] = []
_users = 0


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield ``work(item)`` of each item, in their order, made by so many threads.

    At most `threads` results more than were asked for are there or in the making, so that memory
    is bounded by them. One thread is the caller's own.
    """
    if threads < 2:
        yield from map(work, items)
        return
    waiting = iter(items)
    made: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool, _one_blas_thread():
        try:
            for item in waiting:
                made.append(pool.submit(work, item))
                if len(made) > threads:
                    yield made.popleft().result()
            while made:
                yield made.popleft().result()
        finally:
            for one in made:
                one.cancel()


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Let BLAS use one thread, in the whole process, while anybody is in such a block."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _limits.append(_libraries().limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limits.pop().restore_original_limits()


@cache  # looking for them takes some milliseconds; numpy's own is there from the first
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
