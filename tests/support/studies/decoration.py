"""What a page or a file must not show: negative zeros, impossible intervals, "–" without a reason.

`complaints` walks all that is said of a study. An interval is held to what its quantity can be, so
that a new table with intervals has its place in `BOUNDS` or `OF_DIFFERENCES`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evaluation.figures.figure import Figure
from evaluation.figures.shown import Section, Table
from evaluation.statistics.graded_measures import MEASURES

Ends = tuple[float, float]

NEGATIVE_ZERO = re.compile(r"(?<![\w.,])[-−]0(\.0+)?(?!\d|\.\d)")
_INTERVAL = re.compile(r"\[([-−]?[\d.,]+), ([-−]?[\d.,]+)\]")
_ROUNDED = 0.051
"""By how much what is written with one digit may lie beyond."""

SHARE, SIGNED, ANY = (0.0, 1.0), (-1.0, 1.0), (-float("inf"), float("inf"))
BOUNDS: dict[str, Ends] = {
    "alpha": SIGNED, "facets-table": SHARE, "facets": SHARE, "strengths": ANY,
    "strengths-table": SHARE, "win-rates": SHARE,
}  # fmt: skip
"""What the intervals of a table or figure can be, by its name; on the grade scale unless told."""
OF_PREFERENCES = {"by-family": SHARE}
"""The same of studies in which lists were compared."""
OF_DIFFERENCES = ("pairs", "mixed-model")
"""Those of differences."""
OF_COLUMN: dict[str, Ends] = {
    "tau": SIGNED, "tau_ap": SIGNED, "rho": SIGNED, "strength": ANY, "own_ap15": SHARE,
}  # fmt: skip
"""What NAME_low and NAME_high can be, wherever they stand."""
OF_FACT: dict[str, Ends] = {"alpha": SIGNED, "tau": SIGNED}
"""What the interval of a fact can be that has the word in its name; a difference unless told."""


def complaints(
    said: list[Section], written: Mapping[str, str], scale: Ends, primary: str = "mean_grade"
) -> list[str]:
    """Return what is wrong with what is shown of a study, a sentence each.

    Parameters
    ----------
    written : the texts of the study's files, by what each is called
    scale : the lowest and the highest grade
    primary : the measure that differences are of
    """
    found = [
        f"{where}: {one[0]!r} in {text[max(0, one.start() - 30) : one.end() + 10]!r}"
        for where, text in _texts(said, written)
        for one in NEGATIVE_ZERO.finditer(text)
    ]
    for section in said:
        for fact in section.facts:
            found += _of_fact(fact.name, fact.value, fact.note, scale)
        for part in section.parts:
            table = part.table if isinstance(part, Figure) else part.data
            rows = table.to_dict("records")
            found += _beyond(part.name, rows, scale, primary)
            found += [
                f"{part.name}: no value and no reason in {row}" for row in rows
                if "reason" in row and _missing(row.get("value", 0)) and not row["reason"]
            ]  # fmt: skip
            if isinstance(part, Table):
                found += _unsaid(part)
    return found


def _texts(said: list[Section], written: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield everything that is written, with where it stands."""
    yield from written.items()
    for section in said:
        for part in section.parts:
            yield f"{part.name}.csv", part.csv()
            if isinstance(part, Figure):
                yield f"{part.name} as drawn", part.json()


def _unsaid(table: Table) -> Iterator[str]:
    for rows in table.groups.values():
        for row in rows:
            for cell, heading in zip(row, table.headings, strict=True):
                if cell.text.strip() == "–" and not cell.note.strip():
                    yield f"{table.name}: no reason for – in {row[0].text}, {heading.title}"


def _of_fact(name: str, value: str, note: str, scale: Ends) -> Iterator[str]:
    if value.strip() == "–" and not note.strip():
        yield f"{name}: no reason for –"
    span = scale[1] - scale[0]
    words = name.lower()
    ends = next((one for word, one in OF_FACT.items() if word in words), (-span, span))
    for low, high in _INTERVAL.findall(value):
        numbers = [float(one.replace("−", "-").replace(",", "")) for one in (low, high)]
        if numbers[0] < ends[0] - _ROUNDED or numbers[1] > ends[1] + _ROUNDED:
            yield f"{name}: {value} goes beyond {ends}"


def _beyond(name: str, rows: Iterable[dict[str, Any]], scale: Ends, primary: str) -> Iterator[str]:
    for row in rows:
        for column in row:
            if not column.endswith("low"):
                continue
            low, high = row[column], row.get(f"{column[: -len('low')]}high")
            ends = _ends(name, column, row, scale, primary)
            if not _missing(low) and (low < ends[0] - 1e-9 or high > ends[1] + 1e-9):
                yield f"{name}: {column} to high, {low} to {high}, goes beyond {ends} in {row}"


def _ends(name: str, column: str, row: dict[str, Any], scale: Ends, primary: str) -> Ends:
    """Return between what an interval can lie."""
    known = OF_COLUMN.get(column.removesuffix("_low"))
    if known:
        return known
    if name in OF_DIFFERENCES:
        if name == "mixed-model" or _in_grades(primary):
            return (scale[0] - scale[1], scale[1] - scale[0])
        return ANY if primary == "first_relevant" else SIGNED
    measure = row.get("measure") or (primary if name == "primary" else "")
    if measure:
        return scale if _in_grades(measure) else _of_measure(measure)
    return (OF_PREFERENCES if primary == "win_rate" else BOUNDS).get(name, BOUNDS.get(name, scale))


def _in_grades(measure: str) -> bool:
    return measure not in MEASURES or MEASURES[measure].in_grades


def _of_measure(measure: str) -> Ends:
    """Return what a measure can be; of a rank, which has the depth for an end, the lower one."""
    return (1.0, float("inf")) if measure == "first_relevant" else SHARE


def _missing(value: Any) -> bool:
    return value is None or value != value
