"""Long work as tasks, and whoever runs them: the one seam between the two.

A piece of long work is a function and items. Each item is a task: a clip, a ranking, a cell of a
sweep, a chunk of simulated studies. An :class:`Engine` calls the function on each and gives the
item back with what came of it. `engine` alone chooses which, by the option ``--workers``; callers
hand the option on and know no more. There are `Processes` on this machine, and `Here`, the calling
process. Another engine, such as one of a cluster, is a class and a value of the option.

That results are the same bytes whoever runs the tasks, functions and items keep to this:

- They pickle, and are small. Large arrays lie in the data folder, and their path travels.
- What comes of an item depends on nothing else. Chunks are of a fixed size, whoever shares them
  out, and each has a seed of its own.
- What depends to the last bit on the threads of BLAS, such as a fitted PCA, is done by the caller,
  or within `one_blas_thread`.
"""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from itertools import islice
from multiprocessing import active_children, get_context, parent_process
from typing import Any, Generic, Protocol, TypeVar

from embeddings.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")
Workers = int | None
"""Who runs tasks, by an option: so many processes; 0: the calling one; None: as is usual."""

_CRASHED = "the process working on it crashed"
_STOPPING = "Stopping after what is in progress; Ctrl-C once more: at once."


class Failure(Generic[Item]):
    """Stands in for the result of an item whose work raised.

    Attributes
    ----------
    reason : one sentence
    error : what was raised; None where the process crashed
    """

    def __init__(self, reason: str, error: BaseException | None = None) -> None:
        self.reason, self.error = reason, error


class Engine(Protocol):
    """Runs tasks."""

    @property
    def at_once(self) -> int:
        """How many items are worked on at once."""

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Yield ``(item, function(item))`` as each is ready, in no fixed order.

        Work that raises gives a :class:`Failure` with its message; so does an item on which a
        worker dies (a segmentation fault in a decoder, say), which does not take the other items
        with it. Items are asked for as they are needed.

        Whoever stops early waits for what is in progress, and is told so, unless there is another
        Ctrl-C. So give this to the loop itself: what a name holds ends later than the loop does.
        """


def engine(workers: Workers = None, usual: Engine | None = None) -> Engine:
    """Return who runs tasks, by the option of a command.

    Parameters
    ----------
    usual : who does where nothing is told; processes on all cores unless given
    """
    if workers is None:
        return usual or Processes(default_workers())
    return Processes(workers) if workers else Here()


def result_of(outcome: Result | Failure) -> Result:
    """Return what a task gave; raise what it raised, or InputError where its process crashed."""
    if isinstance(outcome, Failure):
        raise outcome.error or InputError(f"{outcome.reason[:1].upper()}{outcome.reason[1:]}.")
    return outcome


_share = 0  # of the cores, in a process that others work beside


def default_workers() -> int:
    """Return the number of cores this process may use; a worker's are its share of them."""
    if _share:
        return _share
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Here:
    """The calling process, by so many threads; one, unless told, is the caller's own.

    For what is small, or uses the cores by itself. A crash takes the caller with it.
    """

    def __init__(self, threads: int = 1) -> None:
        self.at_once = threads

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """See :class:`Engine`."""

        def attempt(item: Item) -> tuple[Item, Result | Failure]:
            try:
                return item, function(item)
            except Exception as error:
                return item, Failure(_sentence(error), error)

        return in_order(attempt, items, self.at_once)


class Processes:
    """So many processes on this machine, which survive Ctrl-C and crashes."""

    def __init__(self, workers: int) -> None:
        self.at_once = workers

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """See :class:`Engine`."""
        coming = iter(items)
        waiting: deque[Item] = deque()
        suspects: deque[Item] = deque()
        while suspects or _filled(waiting, coming):
            # An item that was in flight when a worker died is tried again alone, so that the one
            # that kills its worker is known for certain.
            if suspects:
                yield from _until_broken(function, suspects, iter(()), suspects, 1, alone=True)
            else:
                yield from _until_broken(function, waiting, coming, suspects, self.at_once)


def _filled(waiting: deque[Item], coming: Iterator[Item]) -> bool:
    """Return whether there is an item waiting, having asked for one where there was none."""
    if not waiting:
        waiting.extend(islice(coming, 1))
    return bool(waiting)


def _until_broken(
    function: Callable[[Item], Result],
    waiting: deque[Item],
    coming: Iterator[Item],
    suspects: deque[Item],
    workers: int,
    *,
    alone: bool = False,
) -> Iterator[tuple[Item, Result | Failure]]:
    # spawn: a forked child would inherit locks and threads of numpy, tqdm and the database.
    share = max(1, default_workers() // workers)
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(share,)
    )
    flying: dict[Future, Item] = {}
    stopping = False
    try:
        while flying or _filled(waiting, coming):
            while len(flying) < (1 if alone else 2 * workers) and _filled(waiting, coming):
                flying[pool.submit(function, waiting[0])] = waiting[0]
                waiting.popleft()  # only now: a pool that just broke refuses, and loses nothing
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    raise error
                item = flying.pop(future)
                yield item, future.result() if error is None else Failure(_sentence(error), error)
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


def _begin(share: int) -> None:
    global _share
    _share = share
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


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield ``work(item)`` of each item, in their order, made by so many threads.

    Worth it where numpy does the work: it lets others run. Each core has an item of its own, with
    all products in it: BLAS, which would share out single products, is kept to one thread.

    At most `threads` results more than were asked for are there or in the making, so that memory
    is bounded by them. One thread is the caller's own. What `work` raises is raised.
    """
    if threads < 2:
        yield from map(work, items)
        return
    waiting = iter(items)
    made: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool, one_blas_thread():
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


_lock = threading.Lock()
_limits: list[Any] = []
_users = 0


@contextmanager
def one_blas_thread() -> Iterator[None]:
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
