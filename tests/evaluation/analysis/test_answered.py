"""What was given out and left without an answer: what is counted, and what is not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.answered import Answered, answered
from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.protocol.terms import PlannedAnalysis
from evaluation.records.frames import StudyTables
from tests.support.studies.hostile_studies import with_facets
from tests.support.studies.list_studies import LISTS, choices_left, rated
from tests.support.studies.made_study import BEGUN, assignments, raters, tables
from tests.support.studies.rated import simulated

RATERS, QUERIES, POOL = 10, 20, 20
STUDY = simulated(raters=RATERS, queries=QUERIES)
EVERYTHING = np.ones((RATERS, QUERIES), dtype=bool)
THREE = np.arange(RATERS)[:, None] % 4 == np.arange(QUERIES) % 4


def study(given: np.ndarray, change: np.ndarray | None = None, **columns: Any) -> StudyTables:
    """Return a study in which raters were given the queries of `given`, bool [raters, queries].

    Parameters
    ----------
    change : bool [raters, pairs], what of that they left
    columns : of the assignments
    """
    grades = STUDY.table.copy()
    grades[~given[:, STUDY.query_of]] = np.nan
    if change is not None:
        grades[change] = np.nan
    told = assignments(STUDY, given).assign(**columns)
    return tables(replace(STUDY, table=grades), assignments=told)


def of_query(left: np.ndarray) -> np.ndarray:
    """Return (rater, query) as (rater, pair)."""
    return left[:, STUDY.query_of]


def test_nothing_was_left_where_raters_did_all_that_they_were_given() -> None:
    assert answered(study(EVERYTHING)) == Answered(200, 0, 4000, 0)
    assert answered(study(THREE)) == Answered(50, 0, 1000, 0)
    assert answered(study(THREE)).shares == (0, 0)


def test_queries_and_items_that_were_left_are_counted() -> None:
    left = np.zeros((RATERS, QUERIES), dtype=bool)
    left[3, 5:] = True
    assert answered(study(EVERYTHING, of_query(left))) == Answered(200, 15, 4000, 300)
    some = np.zeros(STUDY.table.shape, dtype=bool)
    some[:, ::10] = True  # two of each query's twenty
    found = answered(study(EVERYTHING, some))
    assert found == Answered(200, 0, 4000, 400)
    assert found.shares == (0, 0.1)


def test_a_block_that_a_rater_is_at_is_left_once_the_study_is_closed() -> None:
    left = np.zeros((RATERS, QUERIES), dtype=bool)
    left[3, 19] = left[4, 7] = True
    moments = pd.Series([BEGUN] * 200)
    moments[left.ravel()] = pd.NaT
    told = study(EVERYTHING, of_query(left), finished_at=moments)
    assert answered(told).queries_left == 2
    assert answered(replace(told, state="open")) == Answered(199, 1, 3980, 20)


def test_controls_repeats_and_earlier_studies_are_no_answers() -> None:
    plain = study(EVERYTHING)
    rows = plain.judgements
    other = [
        rows.assign(repeat=1), rows.assign(counts=0), rows.assign(kind="identity"),
        rows.assign(rater="earlier/" + rows["rater"]),
    ]  # fmt: skip
    pools = plain.pools
    controls = pools.drop_duplicates("query").assign(kind="identity", candidate="control")
    again = pools.drop_duplicates("query").assign(block="", candidate="reused")
    told = replace(
        plain,
        judgements=pd.concat([rows[rows["query"] != "q003"], *other], ignore_index=True),
        pools=pd.concat([pools, controls, again], ignore_index=True),
    )
    assert answered(told) == Answered(200, 10, 4000, 200)


def test_parts_of_a_pool_count_by_what_is_in_them() -> None:
    """The first query is in two parts that share three results; half of the raters got each."""
    plain = study(EVERYTHING)
    block = plain.pools["block"].copy()
    block[:POOL] = ["1"] * 9 + ["1;2"] * 3 + ["2"] * 8
    own = plain.assignments
    part = np.where((own["query"] == "q000") & (own["rater"] > "r04"), 2, 1)
    rows = plain.judgements
    given = rows.merge(own.assign(block=part)[["rater", "query", "block"]], on=["rater", "query"])
    at = given["candidate"].map(dict(zip(STUDY.clips, block, strict=True)))
    kept = [str(one) in parts.split(";") for one, parts in zip(given["block_y"], at, strict=True)]
    judged = rows[kept].assign(block=given["block_y"][kept])
    told = replace(
        plain, pools=plain.pools.assign(block=block, partial=1), judgements=judged,
        assignments=own.assign(block=part),
    )  # fmt: skip
    assert answered(told) == Answered(200, 0, 3800 + 5 * 12 + 5 * 11, 0)


def test_each_facet_has_its_own_answers() -> None:
    told = with_facets()
    gone = (told.judgements["facet"] == "acoustic") & (told.judgements["rater"] == "r02")
    told = replace(told, judgements=told.judgements[~gone])
    assert Analysis(told).answered.queries_left == 0
    assert Analysis(told, "acoustic").answered.queries_left == 30


def test_who_does_not_count_is_not_counted() -> None:
    left = np.zeros((RATERS, QUERIES), dtype=bool)
    left[3, 5:] = True
    people = raters(STUDY.raters)
    people.loc[3, "passed"] = 0
    told = replace(study(EVERYTHING, of_query(left)), raters=people)
    assert Analysis(told).answered.queries_left == 15
    assert Analysis(told, screened=True).answered == Answered(180, 0, 3600, 0)


def test_lists_and_choices_are_items() -> None:
    told = rated(LISTS)
    protocol = replace(
        told.protocol, method="rating", analysis=PlannedAnalysis(primary_measure="mean_rating")
    )
    told = replace(told, protocol=protocol)
    assert answered(told, protocol.scale.facets[0]) == Answered(144, 0, 864, 0)
    rows = told.judgements
    part = replace(told, judgements=rows[(rows["rater"] != "r00") | (rows["list_of"] != "s1")])
    assert answered(part, protocol.scale.facets[0]) == Answered(144, 0, 864, 24)


def test_choices_that_were_not_made_were_left() -> None:
    told = choices_left()
    assert PreferenceAnalysis(told).answered == Answered(864, 144, 864, 144)


def test_nothing_given_is_nothing_left() -> None:
    assert answered(tables(STUDY.only_raters(()))) == Answered(0, 0, 0, 0)
    assert Answered(0, 0, 0, 0).shares == (0, 0)


@pytest.mark.parametrize("few", [1, 3])
def test_means_weigh_queries_and_who_did_few_counts_for_those(few: int) -> None:
    """A rater who gave 100 to all of a few queries moves their means, and no other query's."""
    given = EVERYTHING.copy()
    given[9, few:] = False
    plain = Analysis(study(given & (np.arange(RATERS) < 9)[:, None]))
    grades = STUDY.table.copy()
    grades[~given[:, STUDY.query_of]] = np.nan
    grades[9, STUDY.query_of < few] = 100
    more = Analysis(tables(replace(STUDY, table=grades)))
    before, after = plain.mean_grades, more.mean_grades
    np.testing.assert_array_equal(before.table[:, few:], after.table[:, few:])
    moved = (9 * before.table[:, :few] + 100) / 10
    np.testing.assert_allclose(after.table[:, :few], moved)
    for one, values in zip(after.systems, after.table, strict=True):
        assert one.estimate.value == pytest.approx(values.mean())  # each query once
        assert one.estimate.raters == 10
