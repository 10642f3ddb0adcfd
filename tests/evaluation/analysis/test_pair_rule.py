"""The rule by which systems are told apart: what Student's t alone would tell, and it does not."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.pair_rule import MANY_RATERS, Compared, Pair, decided, is_lopsided
from evaluation.analysis.told_apart import LEFT_OUT, told_apart
from evaluation.statistics.significance import BOTH, NO_SPREAD, Estimate
from tests.support.studies.known_truth import Kind, draw, from_tables
from tests.support.studies.truth_kinds import WINNER, skipped


def compared(by_rater: list[float], queries: int = 20, p: float | None = 1e-4) -> Compared:
    """Return two systems of which every query says the same, and raters say this."""
    value = float(np.mean(by_rater))
    found = Estimate(value, value - 1, value + 1, p, BOTH, queries, len(by_rater), 100)
    return Compared(("a", "b"), found, np.array(by_rater), np.full(queries, value))


def told(*of: Compared, sign: int = 1, alone: bool = False) -> list[bool]:
    return [one.told for one in decided(of, sign, alone=alone)]


@pytest.mark.parametrize(
    ("by_rater", "wanted"),
    [
        ([1.0] * 5, True), ([1.0] * 4 + [-0.1], False), ([1.0] * 4, False),
        ([1.0] * 6, True), ([1.0] * 6 + [-1.0], False), ([1.0] * 7 + [-0.1], True),
        ([1.0] * 11 + [-1.0], True), ([1.0] * 9 + [-1.0] * 4, False),
    ],
)  # fmt: skip
def test_raters_must_agree_more_than_chance(by_rater: list[float], wanted: bool) -> None:
    """Of seven, all but one are in the same of two camps by chance in every eighth study."""
    assert told(compared(by_rater)) == [wanted]


def test_for_these_raters_alone_their_camps_do_not_matter() -> None:
    assert told(compared([1.0] * 6 + [-1.0]), alone=True) == [True]


@pytest.mark.parametrize(("queries", "wanted"), [(5, False), (6, True)])
def test_it_takes_six_queries(queries: int, wanted: bool) -> None:
    assert told(compared([1.0] * 12, queries)) == [wanted]


def test_one_query_that_decides_does_not() -> None:
    one = compared([1.0] * 12)
    one.by_query[:] = [10.0] + [-0.1] * 19
    assert told(one) == [False]


@pytest.mark.parametrize(
    ("p", "few", "many"),
    [(0.009, True, True), (0.04, False, True), (0.06, False, False), (None, False, False)],
)
def test_fewer_than_twelve_raters_must_be_surer(p: float | None, few: bool, many: bool) -> None:
    assert told(compared([1.0] * (MANY_RATERS - 1), p=p)) == [few]
    assert told(compared([1.0] * MANY_RATERS, p=p)) == [many]


def test_where_nothing_varies_a_difference_is_told_and_none_is_not() -> None:
    for value, wanted in ((3.0, True), (0.0, False)):
        found = Estimate(value, None, None, None, BOTH, 20, 8, 100, NO_SPREAD)
        one = Compared(("a", "b"), found, np.full(8, value), np.full(20, value))
        assert told(one) == [wanted]


def test_the_better_system_comes_first() -> None:
    for value, sign, better in ((2.0, 1, "a"), (-2.0, 1, "b"), (2.0, -1, "b")):
        (pair,) = decided([compared([value] * 8)], sign, alone=False)
        assert pair == Pair(better, "ab".replace(better, ""), 2.0, 1.0, 3.0, 1e-4, True)


def test_a_few_who_hear_the_opposite_and_strongly_could_be_more() -> None:
    mild = [8.0, 9.0, 10.0, 11.0, 12.0] * 4
    for by_rater, wanted in (([*mild[:-1], -40.0], True), (mild, False)):
        of = [compared(by_rater)]
        assert is_lopsided(of, decided(of, 1, alone=False)) == wanted


def test_what_was_left_out_is_the_lowest_once_and_the_highest_once() -> None:
    """With 20 % left out, 5 grades are told apart by what is there and not by what could be."""
    whole = Kind((5.0, 0.0), 12, 40, of_query=2.0, of_item=2.0, noise=4.0)
    parted = replace(whole, change=skipped(0.2))
    full, some = (draw(kind, (7, 0)).results for kind in (whole, parted))
    assert told_apart(full).told == {("s0", "s1")}
    found = told_apart(some)
    assert found.pairs[0].p < 0.001
    assert found.left_out > LEFT_OUT
    assert not found.told
    assert told_apart(from_tables(draw(whole, (7, 0)))).left_out == 0


def test_what_was_not_given_is_not_left_out() -> None:
    """Of a pool in parts, no rater gets all."""
    of = draw(Kind((5.0, 0.0), 12, 20, change=skipped(0.2)), (7, 0)).results
    assert isinstance(of, Analysis)
    assert told_apart(of).left_out > LEFT_OUT
    parts = of.tables.pools.assign(partial=1)
    of.tables = replace(of.tables, pools=parts)
    assert told_apart(of).left_out == 0


def test_where_all_comparisons_are_of_one_kind_all_are_told_of() -> None:
    """A protocol may have a word for all of them; a table may call all of them exploratory."""
    of = draw(WINNER["winner of 3"], (3, 0)).results
    wanted = told_apart(of).told
    assert len(wanted) >= 2
    vars(of)["pairs"] = of.pairs.assign(exploratory=True)
    assert told_apart(of).told == wanted
    votes = draw(WINNER["winner of preferences"], (3, 0)).results
    every = told_apart(votes)
    protocol = votes.tables.protocol
    plan = replace(protocol.analysis, comparisons="all")
    votes.tables = replace(votes.tables, protocol=replace(protocol, analysis=plan))
    votes.protocol = votes.tables.protocol
    assert told_apart(votes) == every
