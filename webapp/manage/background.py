"""What a page asks for and does not wait for: one thread that computes, and what it found."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flask import current_app

_MOST = 64  # results that are kept
_NAME = "sounding_board_background"


class Background:
    """One thread; what is waiting for it gives way to what is asked for later."""

    def __init__(self, most: int = _MOST) -> None:
        self.most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._found: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make` gave for this key, or None while it is being computed.

        An error that it raises is raised to who asks, and what raised it is tried again then.
        """
        with self._lock:
            asked = self._found.get(key)
            if asked is None or asked.cancelled():
                for older in list(self._found.values()):
                    older.cancel()  # those that have begun go on
                self._found = OrderedDict(
                    (one, kept) for one, kept in self._found.items() if not kept.cancelled()
                )
                asked = self._found[key] = self._thread.submit(make)
            self._found.move_to_end(key)
            while len(self._found) > self.most:
                self._found.popitem(last=False)[1].cancel()
            if not asked.done():
                return None
            if asked.exception():
                del self._found[key]
        return asked.result()


def of_app() -> Background:
    """Return this app's."""
    known = current_app.extensions
    if _NAME not in known:
        known.setdefault(_NAME, Background())
    return known[_NAME]
