"""How wide the columns of a table are: numbers stay in one line, words are broken into lines."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

WIDTH = 504
"""Points of the text's width, seven inches."""
_SIZES = {
    "normalsize": (10.0, 6, 12.0), "small": (9.25, 5, 11.0), "footnotesize": (8.5, 4, 9.5),
    "scriptsize": (8.0, 3, 8.0), "tiny": (6.8, 2, 6.0),
}  # fmt: skip
"""Of each size of type the points of an em, those on each side of a column, and from line to
line."""
_LARGE = ("normalsize", "small", "footnotesize")
_TRIES = (
    (1, 1, _LARGE), (1, 3, _LARGE), (2, 3, (*_LARGE, "scriptsize")), (3, 3, ("scriptsize",)),
    (2, 3, ("tiny",)), (3, 3, ("tiny",)),
)  # fmt: skip
"""Lines of a cell and of a heading, and the sizes in which so many are tried."""
_EM = {
    "ijl'.,:;!|·[]": 0.3, "frst()-‘’ \N{NO-BREAK SPACE}": 0.4, "acegkopqvxyz0123456789–/#": 0.53,
    "bdhnu": 0.56, "SJLFEZ_“”\"": 0.69, "wABCDGHKNOPQRTUVXY": 0.79, "m−×±≤≥<>=+~%&@": 0.84,
    "I": 0.37, "—MWτρ…": 1.03,
}  # fmt: skip
_OF_LETTER = {ord(letter): wide for letters, wide in _EM.items() for letter in letters}
_WORD = 10.0
"""Ems of the longest word that is kept whole, whatever it costs."""
_NUMBER = 20.0
"""Ems of the longest number; what is longer is read as words."""
_PROSE = 60.0
MARK = 0.6
"""Ems of a letter of a note's mark."""
_SPARE = 1.15
"""Lines of words are not full to their ends."""


@dataclass(frozen=True, slots=True)
class Column:
    """The texts of a column: of its heading, line by line, of its cells; their marks of notes."""

    head: tuple[str, ...]
    cells: tuple[str, ...]
    numeric: bool = True
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column stands: its number, its points, whether cells and heading are in lines."""

    column: int
    width: float
    broken: bool
    head_broken: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The size of type, the points of an em and beside a column, and the columns of each part.

    ``height`` is about how many points the rows take, all parts together.
    """

    size: str
    em: float
    gap: int
    parts: list[list[Place]]
    height: float


def ems(text: str) -> float:
    """Return about how wide a text is, in ems; a letter that is not known counts as a whole one."""
    plain = unicodedata.normalize("NFD", text)
    return sum(_OF_LETTER.get(ord(one), 1.0) for one in plain if not unicodedata.combining(one))


def lay_out(columns: Sequence[Column]) -> Layout:
    """Return the layout of least parts, of those the one of the fewest lines, then the largest.

    A table whose numbers are too many for the text's width is set in parts, one below the other;
    each begins with the names of the rows.

    Parameters
    ----------
    columns : the texts of each column, at least one
    """
    best: Layout | None = None
    for cell_lines, head_lines, sizes in _TRIES:
        needs = [_needs(one, cell_lines, head_lines) for one in columns]
        for size in sizes:
            em, gap, _ = _SIZES[size]
            parts = _parts(columns, [least * em + 2 * gap + 1 for least, _ in needs])
            if best is None or len(parts) < len(best.parts):
                best = _placed(columns, needs, parts, size)
    assert best is not None
    return best


def _needs(column: Column, cell_lines: int, head_lines: int) -> tuple[float, float]:
    """Return the ems that a column must have, and those with which it has no broken line."""
    cells = max(map(ems, column.cells), default=0.5) + MARK * len(column.mark)
    head = max(map(ems, column.head), default=0.5)
    if column.numeric and cells <= _NUMBER:
        least = cells
    else:
        least = _broken(column.cells, min(cells, _NUMBER), cell_lines)
    least_head = _broken(column.head, head if head_lines > 1 else min(head, _NUMBER), head_lines)
    return max(least, least_head), max(least, min(max(cells, head), _PROSE))


def _broken(texts: Sequence[str], whole: float, lines: int) -> float:
    """Return the ems of texts in so many lines: a word stays whole unless it is very long."""
    if lines == 1:
        return whole
    words = {word for text in texts for word in text.split(" ")}
    word = min(max(map(ems, words), default=0.5), _WORD)
    return min(whole, max(word, _SPARE * whole / lines))


def _parts(columns: Sequence[Column], least: list[float]) -> list[list[int]]:
    """Return the columns of each part; the names of the rows are in each."""
    every = list(range(len(columns)))
    if sum(least) <= WIDTH:
        return [every]
    named = next((at for at in every if columns[at].numeric), len(every))
    held = sum(total <= WIDTH / 2 for total in accumulate(least[: max(named, 1)]))
    names, rest = every[: max(held, 1)], every[max(held, 1) :]
    room = WIDTH - sum(least[one] for one in names)
    number = len(_filled(rest, least, room))
    even = _filled(rest, [1.0] * len(columns), ceil(len(rest) / number) if rest else 1)
    fits = all(sum(least[one] for one in part) <= room for part in even)
    return [[*names, *part] for part in (even if fits else _filled(rest, least, room))] or [names]


def _filled(places: list[int], needs: list[float], room: float) -> list[list[int]]:
    """Return the places in parts that are filled one after the other, one at least in each."""
    parts: list[list[int]] = []
    left = 0.0
    for place in places:
        if not parts or needs[place] > left:
            parts.append([])
            left = room
        parts[-1].append(place)
        left -= needs[place]
    return parts


def _placed(
    columns: Sequence[Column], needs: list[tuple[float, float]], parts: list[list[int]], size: str
) -> Layout:
    """Return the layout, what is left over given to the columns that have broken lines."""
    em, gap, line = _SIZES[size]
    placed = [
        list(_places(columns, needs, part, em, WIDTH - 2 * gap * len(part))) for part in parts
    ]
    lines = sum(_lines(columns, part, em) for part in placed)
    return Layout(size, em, gap, placed, lines * line)


def _places(
    columns: Sequence[Column], needs: list[tuple[float, float]], part: list[int], em: float,
    room: float,
) -> Iterator[Place]:  # fmt: skip
    least = sum(needs[one][0] * em + 1 for one in part)
    wanted = sum((needs[one][1] - needs[one][0]) * em for one in part)
    share = min(max(room - least, 0) / wanted, 1) if wanted else 1
    for one in part:
        own, whole = needs[one]
        width = (own + share * (whole - own)) * em + 1
        marks = MARK * len(columns[one].mark)
        broken, head = (
            (max(map(ems, texts), default=0) + marks) * em > width
            for texts in (columns[one].cells, columns[one].head)
        )
        yield Place(one, width, broken, head)


def _lines(columns: Sequence[Column], part: list[Place], em: float) -> int:
    """Return about how many lines the rows of a part take."""
    broken = [(columns[one.column].cells, one.width) for one in part if one.broken]
    rows = len(columns[0].cells)
    return sum(
        max([1, *(ceil(_SPARE * ems(cells[row]) * em / width) for cells, width in broken)])
        for row in range(rows)
    )
