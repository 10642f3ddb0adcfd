"""The table that comes out of a study."""

import csv
import io
from datetime import UTC, datetime

from evaluation.records.events import JudgementRecord
from evaluation.records.frames import table_csv
from evaluation.records.table_columns import columns_of


def test_the_table_of_judgements() -> None:
    moment = datetime(2026, 5, 1, 12, 30, 15, 250000, tzinfo=UTC)
    record = JudgementRecord(
        study="s", rater="rater-001", query="q", query_class="Hum", query_family="",
        candidate="c,1", kind="result", list_of="", facet="relevance", grade=80, counts=True,
        repeat=False, block=1, page=1, position=3, listened_seconds=1.5, heard=None,
        given_at=moment, received_at=moment, uuid="u", ranks={"b": 4},
    )  # fmt: skip
    names = {"ranks": ["a", "b"]}
    text = table_csv(JudgementRecord, [record], names)
    row = next(csv.DictReader(io.StringIO(text)))
    assert list(row) == [one.name for one in columns_of(JudgementRecord, names)]
    assert (row["candidate"], row["grade"], row["counts"]) == ("c,1", "80", "1")
    assert (row["heard"], row["repeat"], row["listened_seconds"]) == ("", "0", "1.5")
    assert list(row)[-3:] == ["uuid", "rank.a", "rank.b"]
    assert (row["rank.a"], row["rank.b"]) == ("", "4")
    assert row["given_at"] == "2026-05-01T12:30:15.250000Z"
