"""That a bundle's tables say what is stored of them: one that contradicts itself is refused."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from embeddings.errors import InputError
from evaluation.design.screening import ControlReport
from evaluation.keys import shown
from evaluation.records.codebook import TABLES, tables_of
from evaluation.records.csv_tables import frame_csv, read_table
from webapp.bundles.rebuild_raters import Rebuilt
from webapp.tables.selects import SELECTS
from webapp.tables.study_tables import Tables, uncollected

_COMPUTED = frozenset({*(one.name for one in fields(ControlReport)), "passed", "reasons"})
"""Columns that follow from the grades: another version may have computed them otherwise."""


def check_same(work: Rebuilt) -> None:
    """Raise InputError for the first cell of a bundle that the stored study contradicts.

    The study's rows and files must be there already; they need not be committed.
    """
    made = Tables(work.study)
    for name in (one for one in tables_of(work.terms) if one in SELECTS):
        kind, names = TABLES[name].kind, made.names.get(name)
        with uncollected():
            today = frame_csv(kind, made.table(name), names)
        if today != work.bundle.text(f"{name}.csv"):
            rows = [row for _, row in read_table(kind, today, name, names)]
            _compare(work, name, rows)


def _compare(work: Rebuilt, table: str, rows: Sequence[Any]) -> None:
    told = work.rows(table)
    for (line, then), today in zip(told, rows, strict=False):
        for field in fields(then):
            one, other = getattr(then, field.name), getattr(today, field.name)
            if one != other and field.name not in _COMPUTED:
                raise _contradiction(work, table, line, f"{field.name} is", other, one)
    if len(told) != len(rows):
        line = told[min(len(told), len(rows)) - 1][0] if told else 1
        raise _contradiction(work, table, line, "there are rows:", len(rows), len(told))


def _contradiction(
    work: Rebuilt, table: str, line: int, what: str, right: object, wrong: object
) -> InputError:
    rest = f"{what} {shown(right)} by the other rows and tables, not {shown(wrong)}"
    return work.error(table, line, rest)
