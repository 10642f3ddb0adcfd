"""A progress bar for long work; where nobody watches, a line a minute."""

import sys
from typing import Any

from tqdm import tqdm

_SECONDS = 60


def progress(
    total: int, unit: str, doing: str, *, done: int = 0, items: Any = None, hidden: bool = False
) -> tqdm:
    """Return a bar on stderr over `total` units of which `done` are done already.

    It is a context manager with ``update()``, and iterates over `items` where they are given. In a
    log (no terminal) it writes nothing in the first minute and a line a minute then.
    """
    watched = sys.stderr.isatty()
    return tqdm(
        items,
        total=total,
        initial=done,
        unit=unit,
        unit_scale=unit == "B",  # bytes are printed as MB and GB
        desc=doing,
        disable=hidden,
        delay=0 if watched else _SECONDS,
        mininterval=0.1 if watched else _SECONDS,
        maxinterval=10 if watched else 10 * _SECONDS,
        ncols=None if watched else 80,
    )
