"""A progress bar for long work; where nobody watches, a line a minute.

Who runs work for others, such as a page's job, is told in place of the bar how far it is
(`watched_by`).
"""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

_SECONDS = 60
_OFTEN = 0.5  # seconds between two steps that a watcher is told of


@dataclass(frozen=True, slots=True)
class Step:
    """How far a piece of work is.

    Attributes
    ----------
    doing, unit : what is being done, and what is counted ("B" are bytes)
    done, total : units
    seconds_left : as it goes now; None where nothing is known yet
    """

    doing: str
    unit: str
    done: float
    total: float
    seconds_left: float | None = None


Watcher = Callable[[Step], None]
_watchers: list[Watcher] = []


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher` how far all work of this process is, in place of its bars.

    It is called in the thread that works, and must be quick.
    """
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


class _Told(tqdm):
    """A bar that is not drawn: the watcher is told."""

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Tell the watcher; where there is none any more, nobody."""
        if _watchers:
            facts = self.format_dict
            took, made = facts["elapsed"], self.n - self.initial
            rate = facts["rate"] or (made / took if made and took else 0)
            left = max(self.total - self.n, 0) / rate if rate and self.total else None
            _watchers[-1](Step(self.desc.removesuffix(": "), self.unit, self.n, self.total, left))
        return True


def progress(
    total: int, unit: str, doing: str, *, done: int = 0, items: Any = None, hidden: bool = False
) -> tqdm:
    """Return a bar on stderr over `total` units of which `done` are done already.

    It is a context manager with ``update()``, and iterates over `items` where they are given. In a
    log (no terminal) it writes nothing in the first minute and a line a minute then.
    """
    if _watchers:
        return _Told(
            items, total=total, initial=done, unit=unit, desc=doing, disable=hidden,
            mininterval=_OFTEN, file=io.StringIO(),
        )  # fmt: skip
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
