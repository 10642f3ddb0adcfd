"""The table of a collection's source, and changes of it."""

import csv
from pathlib import Path


def table(folder: Path) -> list[list[str]]:
    """Return the rows of a source's clips.csv."""
    with (folder / "clips.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write_table(folder: Path, rows: list[list[str]]) -> None:
    """Write the rows of a source's clips.csv."""
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)


def change(folder: Path, line: int, column: int, value: str) -> None:
    """Change one cell of a source's clips.csv; lines count from 1, as in the errors."""
    rows = table(folder)
    rows[line - 1][column] = value
    write_table(folder, rows)
