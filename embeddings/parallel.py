"""One function over many items on all cores, surviving Ctrl-C and crashing workers."""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_CRASHED = "the process working on it crashed"
_STOPPING = "Stopping after what is in progress; Ctrl-C once more: at once."


class Failure(Generic[Item]):
    """Stands in for the result of an item whose work raised; `reason` is one sentence."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def default_workers() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parallel(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[tuple[Item, Result | Failure]]:
    """Yield ``(item, function(item))`` as each is ready, in no fixed order.

    `function` and the items travel to worker processes, so both must pickle. Work that raises
    gives a :class:`Failure` with its message; so does an item on which a worker dies (a
    segmentation fault in a decoder, say), which does not take the other items with it.

    Whoever stops early waits for what is in progress, and is told so, unless there is another
    Ctrl-C. So give this to the loop itself: what a name holds ends later than the loop does.
    """
    waiting = deque(items)
    suspects: deque[Item] = deque()
    while waiting or suspects:
        # An item that was in flight when a worker died is tried again alone, so that the one
        # that kills its worker is known for certain.
        alone = bool(suspects)
        source = suspects if alone else waiting
        yield from _until_broken(function, source, suspects, 1 if alone else workers, alone)


def _until_broken(
    function: Callable[[Item], Result],
    source: deque[Item],
    suspects: deque[Item],
    workers: int,
    alone: bool,
) -> Iterator[tuple[Item, Result | Failure]]:
    # spawn: a forked child would inherit locks and threads of numpy, tqdm and the database.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    flying: dict[Future, Item] = {}
    stopping = False
    try:
        while source or flying:
            while source and len(flying) < (1 if alone else 2 * workers):
                flying[pool.submit(function, source[0])] = source[0]
                source.popleft()  # only now: a pool that just broke refuses, and loses nothing
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    raise error
                item = flying.pop(future)
                yield item, future.result() if error is None else Failure(_sentence(error))
    except BrokenProcessPool:
        if alone:
            yield next(iter(flying.values())), Failure(_CRASHED)
        else:
            suspects.extend(flying.values())
    except (KeyboardInterrupt, GeneratorExit):  # GeneratorExit: stopped where results are used
        stopping = True
        if flying:
            print(f"\n{_STOPPING}", file=sys.stderr)
        raise
    finally:
        try:
            pool.shutdown(wait=True, cancel_futures=True)
        except KeyboardInterrupt:
            for worker in active_children():
                worker.kill()
            if not stopping:
                raise


def _begin() -> None:
    # Ctrl-C reaches every process of the terminal; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker whose parent was killed would wait for work for ever.
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
