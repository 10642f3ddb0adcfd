"""What is said where raters are few, where answers are missing, and whom intervals speak for."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.ratings import Ratings
from evaluation.figures.shown import Section
from evaluation.findings.sections import sections
from evaluation.findings.view import View
from evaluation.records.frames import StudyTables
from tests.support.studies.known_truth import draw
from tests.support.studies.made_study import assignments, tables
from tests.support.studies.rated import simulated
from tests.support.studies.truth_kinds import equal

STUDY = simulated(systems=4, queries=20, raters=12)
LEFT = "without an answer. Means and intervals hold only where what is missing does not depend"


def named(of: list[Section], name: str) -> Section:
    return next(one for one in of if one.name == name)


def few(raters: int, **asked: bool) -> Section:
    """Return what is said of differences by so many raters."""
    told = tables(STUDY.only_raters(STUDY.raters[:raters]))
    return named(sections(View(Analysis(told, **asked))), "differences")


@pytest.mark.parametrize("raters", [5, 8, 11])
def test_a_minority_can_hide_among_few_raters_and_is_shown(raters: int) -> None:
    said = few(raters)
    (words,) = [one for one in said.words if "minority" in one]
    assert words.startswith(f"Among {raters} raters a minority with another taste can hide")
    assert not any("these raters alone" in one for one in said.words)
    (figure,) = [one for one in said.figures if one.name == "own-differences"]
    each = figure.table.groupby(["system_a", "system_b"])["rater"].nunique()
    assert each.tolist() == [raters] * 6


@pytest.mark.parametrize("raters", [2, 4])
def test_fewer_speak_for_themselves_alone(raters: int) -> None:
    said = few(raters)
    assert any("these raters alone" in one for one in said.words)
    assert not any("minority" in one for one in said.words)
    assert "own-differences" not in [one.name for one in said.figures]


def test_twelve_raters_speak_for_others() -> None:
    said = few(12)
    assert not any("minority" in one or "these raters alone" in one for one in said.words)
    assert "own-differences" not in [one.name for one in said.figures]


def test_who_asks_for_these_raters_alone_is_not_told_of_others() -> None:
    said = few(8, alone=True)
    assert not any("minority" in one for one in said.words)
    assert "own-differences" not in [one.name for one in said.figures]


def sparse(each: int = 3) -> tuple[Ratings, np.ndarray]:
    """Return a study in which each query was given to a few raters, and to whom: bool [raters,
    queries]."""
    order = np.random.default_rng(2).random((12, 20)).argsort(axis=0)
    given = order < each
    grades = STUDY.table.copy()
    grades[~given[:, STUDY.query_of]] = np.nan
    return replace(STUDY, table=grades), given


def rated(of: StudyTables) -> Section:
    return named(sections(View(Analysis(of))), "rated")


def test_who_was_not_asked_left_nothing_out() -> None:
    of, given = sparse()
    said = rated(tables(of, assignments=assignments(of, given)))
    assert not any(LEFT in one for one in said.notices)
    (fact,) = [one for one in said.facts if one.name == "Given out and not answered"]
    assert fact.value == "0.0 % of results"
    assert fact.note.startswith("and 0.0 % of queries: 0 of 1,200 results and 0 of 60 queries")


def volunteers_leave(grades: np.ndarray, given: np.ndarray) -> None:
    """Every third rater leaves before the last block that was given out."""
    for rater in range(0, 12, 3):
        last = np.flatnonzero(given[rater])[-1]
        grades[rater, STUDY.query_of == last] = np.nan


def items_are_skipped(grades: np.ndarray, given: np.ndarray) -> None:
    """What is worst is left out: 8 of 100."""
    grades[grades < np.nanquantile(grades, 0.08)] = np.nan


def queries_are_skipped(grades: np.ndarray, given: np.ndarray) -> None:
    """Two queries are left by two of their three raters each."""
    for query in (3, 11):
        grades[np.flatnonzero(given[:, query])[:2, None], STUDY.query_of == query] = np.nan


@pytest.mark.parametrize("leave", [volunteers_leave, items_are_skipped, queries_are_skipped])
def test_what_raters_left_is_noticed(leave: Callable[[np.ndarray, np.ndarray], None]) -> None:
    of, given = sparse()
    grades = of.table.copy()
    leave(grades, given)
    of = replace(of, table=grades)
    said = rated(tables(of, assignments=assignments(of, given)))
    (notice,) = [one for one in said.notices if LEFT in one]
    assert "whoever leaves, or leaves out what is bad, or hard, moves them" in notice
    assert "no bound here says how far" in notice


def test_a_little_that_is_missing_is_shown_and_not_noticed() -> None:
    of, given = sparse()
    grades = of.table.copy()
    grades[tuple(part[:12] for part in np.nonzero(~np.isnan(grades)))] = np.nan  # 1 of 100
    of = replace(of, table=grades)
    said = rated(tables(of, assignments=assignments(of, given)))
    assert not any(LEFT in one for one in said.notices)
    (fact,) = [one for one in said.facts if one.name == "Given out and not answered"]
    assert fact.value == "1.0 % of results"
    assert fact.note.startswith("and 0.0 % of queries: 12 of 1,200 results and 0 of 60 queries")


def test_bounds_are_those_of_unjudged_results() -> None:
    said = sections(View(Analysis(tables(STUDY))))
    (shown,) = [one for one in named(said, "means").tables if one.name == "mean-grades"]
    least, most = shown.headings[2:4]
    assert (least.title, most.title) == ("At least", "At most")
    for one in (least, most):
        assert one.kind == "by unjudged results"
        assert "raters who left something out that others graded are not bounded" in one.definition


def test_alpha_says_whom_its_interval_speaks_for() -> None:
    said = named(sections(View(Analysis(tables(STUDY)))), "agreement")
    (fact,) = [one for one in said.facts if "alpha" in one.name]
    assert "[" in fact.value
    assert fact.note.startswith("for these raters, not for others like them")
    (shown,) = [one for one in said.tables if one.name == "alpha"]
    assert "speak for these raters and not for others like them" in shown.caption
    (grades,) = [one for one in said.figures if one.name == "grades"]
    assert "for these raters alone" in grades.caption
    one_query = named(sections(View(Analysis(tables(simulated(queries=1))))), "agreement")
    assert one_query.facts[0].note == "an interval needs two queries"


@pytest.mark.parametrize(
    ("raters", "alone", "hides"),
    [(4, False, False), (5, False, True), (11, False, True), (11, True, False), (12, False, False)],
)
def test_a_minority_can_hide_in_choices_too(raters: int, alone: bool, hides: bool) -> None:
    told = draw(equal(3, raters, method="preference"), (0, 0)).results.tables
    (section,) = [
        one for one in sections(PreferenceAnalysis(told, alone=alone)) if one.name == "means"
    ]
    found = [one for one in section.words if one.startswith(f"Among {raters} raters a minority")]
    assert bool(found) == hides
