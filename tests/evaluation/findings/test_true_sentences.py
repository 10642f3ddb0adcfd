"""What the summary says of rare studies is true: nothing compared, no grades, no order."""

import re
from dataclasses import replace

import numpy as np
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.pair_rule import Pair
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.told_apart import Apart
from evaluation.findings import settling
from evaluation.findings.orders_in_words import ordered
from evaluation.findings.sections import sections
from evaluation.findings.skipped import left_notice
from evaluation.findings.summary import summary
from evaluation.findings.view import Results, View
from evaluation.protocol.terms import PlannedAnalysis
from evaluation.records.frames import StudyTables
from evaluation.statistics.significance import LEVEL
from tests.support.studies.hostile_studies import HOSTILE, planned
from tests.support.studies.known_truth import draw, from_tables
from tests.support.studies.list_studies import PREFERRED, choices_left
from tests.support.studies.made_study import assignments, tables
from tests.support.studies.rated import simulated
from tests.support.studies.truth_kinds import EQUAL, equal, strong, unjudged, winner

STUDY = simulated(systems=3, raters=12, queries=20)


def test_choices_are_no_grades() -> None:
    said = summary(PreferenceAnalysis(PREFERRED["always neither"]()))
    assert said.startswith("Every choice between all 4 systems was “no difference”.")


def test_equal_by_another_measure_is_not_the_same_grades() -> None:
    of = simulated(systems=3, raters=8, queries=20)
    good = replace(of, table=np.round(60 + 0.4 * of.table))  # each result is a good one
    said = summary(Analysis(planned(PlannedAnalysis("first_relevant", "all", raters="all"), good)))
    assert said.startswith("By the first good rank, all 3 systems are the same throughout.")


def test_the_lower_rank_is_not_called_higher() -> None:
    of = simulated(systems=2, raters=8, queries=20)
    said = summary(Analysis(planned(PlannedAnalysis("first_relevant", "all", raters="all"), of)))
    assert "is ahead by" in said
    assert "higher" not in said


@pytest.mark.parametrize(
    ("fixed", "says"),
    [
        (((0, 3),), "No comparison that the protocol fixed has two systems judged on the same"),
        (((1, 0), (1, 2), (1, 3)), "2 of the protocol's 3 comparisons tell systems apart"),
    ],
)
def test_comparisons_that_could_not_be_made(fixed: tuple[tuple[int, int], ...], says: str) -> None:
    said = summary(draw(winner(4, 12, change=unjudged(3), fixed=fixed), (4, 0)).results)
    assert says in said
    assert "System 3 was not judged." in said


def test_equal_pairs_are_not_all_systems() -> None:
    kind = equal(4, 12, fixed=((0, 1), (2, 3)), shared=True)
    said = summary(draw(kind, (4, 0)).results)
    assert said.startswith("None of the protocol's 2 comparisons tells systems apart.")


def pairs(*told: str) -> Apart:
    """Return systems A, B and C of which these pairs were compared and told apart: "AB", ..."""
    found = tuple(Pair(one, other, 5.0, 1.0, 9.0, 0.01, True) for one, other in told)
    return Apart(("A", "B", "C"), found, 0, 20, 20, True)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (pairs("AB", "BC", "AC"), "all are told apart, the best first: A, B, C"),
        (pairs("AB", "BC"), "2 of 2 pairs are told apart: A is above B, B is above C"),
        (pairs("AB", "BC", "CA"),
         "3 of 3 pairs are told apart: A is above B, B is above C, C is above A"),
    ],
)  # fmt: skip
def test_an_order_is_not_claimed_where_pairs_are_missing_or_go_round(
    found: Apart, said: str
) -> None:
    assert ordered(found, {one: one for one in "ABC"}) == said


def given_to_all(left: np.ndarray, of: Ratings = STUDY) -> StudyTables:
    """Return a study in which raters were given everything, and left bool [raters, results]."""
    everything = np.ones((len(of.raters), len(of.queries)), dtype=bool)
    kept = replace(of, table=np.where(left, np.nan, of.table))
    return tables(kept, assignments=assignments(of, everything))


def some(share: float, seed: int = 0) -> np.ndarray:
    """Return which results raters leave here and there."""
    return np.random.default_rng(seed).random(STUDY.table.shape) < share


def queries(share: float) -> np.ndarray:
    """Return which results raters leave who leave whole queries."""
    rng = np.random.default_rng(0)
    return (rng.random((len(STUDY.raters), len(STUDY.queries))) < share)[:, STUDY.query_of]


@pytest.mark.parametrize(
    ("left", "rest"),
    [
        (some(0.01), None),
        (some(0.2),
         "; what is told apart holds were all of these the lowest grade, or the highest"),
        (queries(0.02), None),
        (queries(0.3), ", which can move what is told apart"),
    ],
)  # fmt: skip
def test_what_was_left_is_said_as_often_and_as_much_as_below(
    left: np.ndarray, rest: str | None
) -> None:
    of = Analysis(given_to_all(left))
    said = summary(of)
    assert "told apart" in said
    assert ("Raters left" in said) == bool(left_notice(of.answered, "result")) == (rest is not None)
    share = f"Raters left {100 * left.mean():.0f} % of what they were given unanswered"
    assert rest is None or f"{share}{rest}." in said


def test_choices_that_were_left_are_said_at_the_top() -> None:
    said = summary(PreferenceAnalysis(choices_left()))
    assert (
        "Raters left 17 % of what they were given unanswered, which can move what is told" in said
    )


def test_what_raters_left_out_is_the_reason_where_it_is() -> None:
    said = summary(draw(EQUAL["skipped by choice, equal"], (2, 1)).results)
    assert "does not tell it from System 1: what raters left out could undo it." in said


@pytest.mark.parametrize("method", ["graded", "rating", "preference"])
@pytest.mark.parametrize("count", [2, 3])
def test_what_is_exploratory_is_called_so_in_a_word(method: str, count: int) -> None:
    kind = replace(winner(count, 8, 30, method=method), worth=(0.0, 40.0, 0.0)[:count])
    plain = draw(kind, (3, 0)).results
    before, words = summary(plain), {}
    for comparisons in ("none", "all"):
        plan = replace(plain.protocol.analysis, comparisons=comparisons)
        plain.protocol = replace(plain.protocol, analysis=plan)
        vars(plain).pop("pairs", None)
        words[comparisons] = summary(plain)
    assert words["all"] == before
    assert words["none"] == before.replace(" (", " (exploratory, ", 1)


def test_nothing_found_is_not_called_exploratory() -> None:
    of = draw(equal(3, 12), (3, 0)).results
    of.protocol = replace(of.protocol, analysis=PlannedAnalysis(raters=None))
    assert "exploratory" not in summary(of)


def test_whom_no_difference_speaks_for_is_said_where_it_was_chosen() -> None:
    told = from_tables(draw(equal(2, 12, tastes=strong(4)), (3, 0))).tables
    widely, alone = Analysis(told), Analysis(told, alone=True)
    assert "12 raters judged 20 queries." in summary(widely)
    assert "judged 20 queries; as chosen here, it speaks for these alone." in summary(alone)


def needed(of: Results) -> int:
    """Return how many queries are said to find a difference that matters."""
    (count,) = re.findall(r"would take about (\d+) queries", summary(of))
    return int(count)


def test_what_would_settle_is_by_the_rule_and_for_whom_it_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Among fewer than twelve raters p must be smaller; of these alone, tastes are no error."""
    told = from_tables(draw(equal(3, 8, tastes=strong(2)), (3, 0))).tables
    widely, alone = needed(Analysis(told)), needed(Analysis(told, alone=True))
    assert alone < widely
    monkeypatch.setattr(settling, "STRICTER", LEVEL)
    assert needed(Analysis(told)) < widely


def test_nobody_fails_a_rule_before_anything_was_judged() -> None:
    nobody = replace(STUDY, table=np.full(STUDY.table.shape, np.nan))
    said = summary(Analysis(tables(nobody), screened=True))
    assert said == "Nobody judged anything, so that nothing can be said."


@pytest.mark.parametrize("case", ["nothing judged", "one query", "two raters"])
def test_intervals_are_spoken_of_where_there_are_some(case: str) -> None:
    (section,) = [one for one in sections(View(Analysis(HOSTILE[case]()))) if one.name == "means"]
    assert any("Intervals over queries" in one for one in section.words) == (case == "two raters")
