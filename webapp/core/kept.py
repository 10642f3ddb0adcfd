"""Values that a process keeps in memory, each with the state of what it was made of."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import current_app

State = tuple[Any, ...]


class Kept:
    """A few values by key, the latest used, each of them with the state that it was made of.

    A value is made once, however many ask for it at the same time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[tuple[Any, ...], tuple[State, Any]] = OrderedDict()
        self._making: dict[tuple[Any, ...], threading.Lock] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: tuple[Any, ...], state: State, make: Callable[[], Any]) -> Any:
        """Return the value of a key; it is made where there is none of this state."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self._values.get(key)
            if found is None or found[0] != state:
                found = state, make()
            with self._lock:
                self._values[key] = found
                self._values.move_to_end(key)
                while len(self._values) > self.most:
                    oldest, _ = self._values.popitem(last=False)
                    self._making.pop(oldest, None)
        return found[1]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()


def of_app(name: str, most: int) -> Kept:
    """Return what this app keeps under a name, at most `most` values."""
    kept = current_app.extensions
    if name not in kept:
        kept.setdefault(name, Kept(most))
    return kept[name]


def stamps(files: Iterable[Path]) -> State:
    """Return files and when each was changed, as the state of what is read from them.

    A file that is not there, or has just gone, counts as one that changed at 0.
    """
    return tuple((str(file), _changed(file)) for file in files)


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return 0
