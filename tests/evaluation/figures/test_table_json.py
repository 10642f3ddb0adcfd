"""A table as JSON says what its CSV says, cell by cell, with the types of its columns."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.figures.figure import as_csv
from evaluation.figures.table_json import TYPES, column_type, table_json

WHEN = [datetime(2026, 5, 1, 12, 0, 5, 123456, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)]
COLUMNS: dict[str, tuple[list[Any], str, list[Any]]] = {
    "id": (["007", "1e3"], "string", ["007", "1e3"]),
    "nothing": (["", "NA"], "string", [None, "NA"]),
    "none": ([None, None], "string", [None, None]),
    "mixed": ([1, "one"], "string", ["1", "one"]),
    "count": ([3, 4], "integer", [3, 4]),
    "some": (pd.Series([3, None], dtype="object"), "integer", [3, None]),
    "number": ([0.1 + 0.2, np.nan], "number", [0.30000000000000004, None]),
    "zero": ([-0.0, 1.0], "number", [0.0, 1.0]),
    "flag": ([True, False], "boolean", [True, False]),
    "maybe": (pd.Series([True, None], dtype="object"), "boolean", [True, None]),
    "at": (
        WHEN, "moment", ["2026-05-01 12:00:05.123456+00:00", "2026-05-02 00:00:00+00:00"],
    ),
}  # fmt: skip


def table() -> pd.DataFrame:
    return pd.DataFrame({name: values for name, (values, *_) in COLUMNS.items()})


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_has_its_type_and_nulls(name: str) -> None:
    _, kind, expected = COLUMNS[name]
    found = table_json(table(), {"table": "t"})
    assert {one["name"]: one["type"] for one in found["columns"]}[name] == kind
    values = [row[name] for row in found["rows"]]
    assert values == expected
    assert [type(one) for one in values] == [type(one) for one in expected]
    assert str(values[0]) == str(expected[0])  # zero has no sign


def test_every_type_is_met_and_explained() -> None:
    assert {kind for _, kind, _ in COLUMNS.values()} == set(TYPES)


def test_it_is_what_the_csv_says() -> None:
    found = table_json(table(), {})
    text = pd.read_csv(io.StringIO(as_csv(table())), dtype=str, keep_default_na=False)
    for row, cells in zip(found["rows"], text.to_dict("records"), strict=True):
        assert {k: "" if v is None else str(v) for k, v in row.items()} == cells


def test_a_table_without_rows_has_its_columns() -> None:
    empty = table().head(0)
    found = table_json(empty, {})
    assert found["rows"] == []
    assert [one["name"] for one in found["columns"]] == list(COLUMNS)
    assert column_type(empty["number"]) == "number"


def test_an_infinite_number_has_no_json_and_is_no_quiet_null() -> None:
    found = table_json(pd.DataFrame({"x": [np.inf]}), {})
    with pytest.raises(ValueError, match="Out of range float values"):
        json.dumps(found, allow_nan=False)
