"""One way to wait: for a condition, as long as the slowest machine may need."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 120.0  # seconds; only a test that fails ever waits so long
PAUSE = 0.02  # seconds between two looks
ON_A_PAGE = 60_000.0  # milliseconds that a browser waits for what a page should show

Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found], what: str = "", seconds: float = PATIENCE) -> Found:
    """Wait until `condition` returns something true, and return that.

    Raises AssertionError, with `what` in it, where it is not true after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what or "what was waited for did not happen"
        time.sleep(PAUSE)
    return found
