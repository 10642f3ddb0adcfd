"""What a search for words looks through: the id, title and labels of every clip."""

import mmap
import re
from collections.abc import Iterable, Sequence

import numpy as np


class ClipTexts:
    """The texts of clips, one after the other.

    Parameters
    ----------
    body : UTF-8; in small letters, with "_" as a space
    ends : int64 [clips], where in it each clip's text ends; a line end follows
    """

    def __init__(self, body: bytes | mmap.mmap, ends: np.ndarray) -> None:
        self._body, self._ends = body, ends

    def rows_with(self, words: Sequence[str]) -> np.ndarray:
        """Return the rows of the clips whose texts have every word, int, in their order.

        Words are looked for as parts of the text, in whatever case; none of them has a space.
        """
        rows = np.arange(len(self._ends))
        for word in sorted(map(str.lower, words), key=len, reverse=True):
            pattern = re.compile(re.escape(word.encode()))
            found = np.fromiter(
                (match.start() for match in pattern.finditer(self._body)), dtype=np.int64
            )
            rows = np.intersect1d(rows, np.searchsorted(self._ends, found))
        return rows

    class Writer:
        """Takes the texts of clips one after the other."""

        def __init__(self) -> None:
            self._parts: list[bytes] = []

        def add(self, clip_id: str, title: str, labels: Iterable[str]) -> None:
            """Add a clip's text."""
            text = "\n".join((clip_id, title, *labels)).lower().replace("_", " ")
            self._parts.append(text.encode())

        def body(self) -> bytes:
            """Return all texts."""
            return b"".join(part + b"\n" for part in self._parts)

        def ends(self) -> np.ndarray:
            """Return where each ends, int64 [clips]."""
            sizes = np.array([len(part) for part in self._parts], dtype=np.int64)
            return np.cumsum(sizes + 1) - 1

        def texts(self) -> "ClipTexts":
            """Return them to look through."""
            return ClipTexts(self.body(), self.ends())
