"""The tables of the page of scores, read from its HTML."""

import csv
import io
from collections.abc import Iterator
from html.parser import HTMLParser

from flask.testing import FlaskClient


class Table(HTMLParser):
    """The rows of a page's table as the text of their cells.

    What screen readers alone hear is left out, and so is a hidden row.
    """

    def __init__(self, page: str, table: str) -> None:
        super().__init__()
        self.wanted, self.rows, self.caption = table, [], ""
        self._inside: list[str] = []
        self._skip = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "table" and facts.get("id") == self.wanted:
            self._inside = ["table"]
        if not self._inside:
            return
        if tag == "caption":
            self._inside.append("caption")
        if tag == "tr":
            self.rows.append(None if "hidden" in facts else [])
        if tag in ("td", "th") and self.rows[-1] is not None:
            self.rows[-1].append("")
        if tag == "span":
            self._skip += bool(self._skip or facts.get("class") in ("visually-hidden", "reason"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._inside = []
        if tag == "caption" and self._inside:
            self._inside.pop()
        if tag == "span" and self._skip:
            self._skip -= 1

    def handle_data(self, data: str) -> None:
        if self._inside[-1:] == ["caption"]:
            self.caption += data
        elif self._inside and not self._skip and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def lines(self) -> Iterator[list[str]]:
        """Yield the rows, each cell's white space made simple."""
        for row in self.rows:
            if row is not None:
                yield [" ".join(cell.split()) for cell in row]


def lines(page: str, table: str) -> list[list[str]]:
    return list(Table(page, table).lines())


def download(experimenter: FlaskClient, address: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    answer = experimenter.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


def shown(value: str, pattern: str) -> str:
    """Return a number of a CSV file as the page rounds it."""
    return pattern.format(float(value)).replace("-", "−") if value else "–"
