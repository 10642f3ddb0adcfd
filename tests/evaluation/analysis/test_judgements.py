"""From a study's tables to grades: what counts, what does not, and that nothing vanishes."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from embeddings.errors import InputError
from evaluation.analysis.judgements import (
    TIDY_COLUMNS,
    passing,
    ratings,
    repeats,
    tidy,
)
from evaluation.protocol.terms import Facet, Protocol, Queries, Scale

PROTOCOL = Protocol(
    slug="s", title="t", collection="c", systems=("one", "two"), queries=Queries(("q1", "q2")),
    depth=2, scale=Scale((Facet(), Facet(name="acoustic"))),
)  # fmt: skip


def grade(rater: str, query: str, candidate: str, value: int, **other: Any) -> dict[str, Any]:
    """Return one row of judgements.csv."""
    return {
        "rater": rater, "query": query, "query_class": "Bark", "query_family": "Animal",
        "candidate": candidate, "kind": "result", "list_of": "", "facet": "relevance",
        "grade": value, "counts": 1, "repeat": 0, "position": 1, "given_at": "2026-01-01",
        "rank.one": 1.0, "rank.two": np.nan,
    } | other  # fmt: skip


def pool() -> pd.DataFrame:
    """Return pools.csv: q1 with a, b, c, of which both systems return b; q2 with d."""
    rows = [
        ("q1", "a", "result", 1, np.nan), ("q1", "b", "result", 2, 1),
        ("q1", "c", "result", np.nan, 2), ("q1", "q1", "identity", np.nan, np.nan),
        ("q2", "d", "result", 1, np.nan),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["query", "candidate", "kind", "rank.one", "rank.two"])
    return table.assign(query_class="Bark", query_family=["Animal"] * 4 + [None], partial=0)


def flags(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Return flags.csv of (rater, query, candidate)."""
    table = pd.DataFrame(list(rows), columns=["rater", "query", "candidate"])
    return table.assign(kind="result")


RATERS = pd.DataFrame({"rater": ["r1", "r2", "r3"], "passed": [1, 0, np.nan]})

GIVEN = pd.DataFrame(
    [
        grade("r1", "q1", "a", 20, counts=0),
        grade("r1", "q1", "a", 80),
        grade("r1", "q1", "b", 60),
        grade("r1", "q1", "b", 40, repeat=1),
        grade("r1", "q1", "q1", 100, kind="identity"),
        grade("r2", "q1", "a", 40),
        grade("r2", "q1", "c", 0),
        grade("r3", "q2", "d", 100),
        grade("r1", "q1", "a", 5, facet="acoustic"),
        grade("r1", "q1", "", 50, kind="list", list_of="one"),
    ]
)


def test_every_row_says_what_is_done_with_it() -> None:
    table = tidy(GIVEN, pool(), flags(), RATERS)
    assert list(table.columns) == [*TIDY_COLUMNS, "rank.one", "rank.two"]
    assert table["use"].tolist() == [
        "superseded", "counts", "counts", "repeat", "control", "counts", "counts", "counts",
        "counts",
    ]  # fmt: skip
    assert passing(table) == {"r1"}


def test_the_grades_as_arrays() -> None:
    found = ratings(tidy(GIVEN, pool(), flags(), RATERS), pool(), PROTOCOL)
    assert found.raters == ("r1", "r2", "r3")
    assert (found.queries, found.clips) == (("q1", "q2"), ("a", "b", "c", "d"))
    assert (found.classes, found.families) == (("Bark", "Bark"), ("Animal", ""))
    np.testing.assert_array_equal(
        found.table,
        [[80, 60, np.nan, np.nan], [40, np.nan, 0, np.nan], [np.nan, np.nan, np.nan, 100]],
    )
    assert found.lists.tolist() == [[[0, 1], [3, -1]], [[1, 2], [-1, -1]]]
    assert (found.lowest, found.highest, found.depth) == (0, 100, 2)
    np.testing.assert_array_equal(found.mean, [60, 60, 0, 100])
    np.testing.assert_array_equal(
        found.mean_by_rank, [[[60, 60], [100, np.nan]], [[60, 0], [np.nan, np.nan]]]
    )
    by_rank = found.along(found.table, found.lists)
    assert by_rank.shape == (3, 2, 2, 2)
    assert by_rank[1, 1, 0].tolist()[1] == 0


def test_one_facet_at_a_time() -> None:
    table = tidy(GIVEN, pool(), flags(), RATERS)
    found = ratings(table, pool(), PROTOCOL, "acoustic")
    assert found.raters == ("r1",)
    assert np.nansum(found.table) == 5
    with pytest.raises(InputError, match="asked for relevance, acoustic, not for 'loudness'"):
        ratings(table, pool(), PROTOCOL, "loudness")


def test_broken_sounds_are_left_out_for_who_reported_them_and_for_all_after_two() -> None:
    one = tidy(GIVEN, pool(), flags(("r1", "q1", "a"), ("r1", "q1", "a")), RATERS)
    assert one.loc[one["use"] == "broken", "rater"].tolist() == ["r1", "r1"]  # both facets
    assert one["use"].tolist()[5] == "counts"
    two = tidy(GIVEN, pool(), flags(("r1", "q1", "a"), ("r3", "q1", "a")), RATERS)
    assert two["use"].tolist()[5] == "broken"
    assert len(two) == len(one) == 9


def test_partial_pools_are_marked() -> None:
    parts = pool()
    parts.loc[parts["query"] == "q2", "partial"] = 1
    assert tidy(GIVEN, parts, flags(), RATERS)["partial"].tolist()[5:8] == [0, 0, 1]


def test_repeats_are_kept_apart() -> None:
    found = repeats(tidy(GIVEN, pool(), flags(), RATERS), "relevance")
    assert found.to_dict("records") == [
        {"rater": "r1", "query": "q1", "candidate": "b", "first": 60, "again": 40}
    ]


def test_with_and_without_screening() -> None:
    table = tidy(GIVEN, pool(), flags(), RATERS)
    everyone = ratings(table, pool(), PROTOCOL)
    only = everyone.only_raters(passing(table))
    assert only.raters == ("r1",)
    assert only.mean.tolist()[0] == 80
    assert everyone.mean.tolist()[0] == 60
    assert np.isnan(only.mean).tolist() == [False, False, True, True]


def test_some_queries_alone() -> None:
    found = ratings(tidy(GIVEN, pool(), flags(), RATERS), pool(), PROTOCOL)
    one = found.only_queries(np.array([False, True]))
    assert (one.queries, one.clips, one.families) == (("q2",), ("d",), ("",))
    assert one.lists.tolist() == [[[0, -1]], [[-1, -1]]]
    assert one.query_of.tolist() == [0]


def test_a_study_without_any_grade() -> None:
    table = tidy(GIVEN[:0], pool(), flags(), RATERS)
    found = ratings(table, pool(), PROTOCOL)
    assert found.table.shape == (0, 4)
    assert np.isnan(found.mean).all()


def test_a_grade_of_something_else_is_an_error() -> None:
    strange = pd.DataFrame([grade("r1", "q1", "zzz", 20)])
    table = tidy(strange, pool(), flags(), RATERS)
    with pytest.raises(InputError, match="A grade of 'zzz' for the query 'q1' is of no result"):
        ratings(table, pool(), PROTOCOL)
