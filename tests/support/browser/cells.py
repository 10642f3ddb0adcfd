"""The cells of a table in a page."""

from collections.abc import Iterator

from evaluation.figures.shown import Table


def cells(of: Table) -> Iterator[list[str]]:
    for rows in of.groups.values():
        for row in rows:
            yield [one.text for one in row]
