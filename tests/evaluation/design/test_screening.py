"""A rater's controls and the verdict, worked out by hand."""

from statistics import fmean

import pytest

from embeddings.errors import InputError
from evaluation.design.screening import (
    ControlReport,
    Graded,
    Heard,
    Verdict,
    control_report,
    heard_of,
    verdict,
)
from evaluation.protocol.terms import Screening


def identity(grade: float, query: str = "q") -> Graded:
    return Graded("identity", query, grade)


def distractor(grade: float, query: str = "q") -> Graded:
    return Graded("distractor", query, grade)


def results(query: str, *grades: float) -> list[Graded]:
    return [Graded("result", query, grade) for grade in grades]


def told(of: Verdict) -> tuple[bool | None, tuple[str, ...]]:
    """Return whether who passes, and why not."""
    return of.passed, of.reasons


def repeat(grade: float, earlier: float, kind: str = "result") -> Graded:
    return Graded(kind, "q", grade, earlier)


def test_a_careful_rater() -> None:
    grades = [
        *results("dog", 60, 20, 80), identity(100, "dog"), distractor(0, "dog"),
        *results("rain", 40, 20, 0, 60), identity(90, "rain"), distractor(20, "rain"),
        *results("horn", 0, 5), identity(70, "horn"), distractor(20, "horn"),
        repeat(65, 60), repeat(20, 20), repeat(60, 80), repeat(30, 40),
    ]  # fmt: skip
    report = control_report(grades, 0, 100)
    assert (report.identities, report.distractors, report.repeats) == (3, 3, 4)
    assert report.identity_share == pytest.approx(260 / 300)
    assert report.auc == 1.0
    # medians 60, 30 and 2.5: the distractors 0 and 20 are below theirs, the last is not
    assert report.distractor_below_median == pytest.approx(2 / 3)
    assert report.retest_close == 0.75  # a step of 10 is within 10 % of 100, one of 20 is not
    assert report.retest_difference == (5 + 0 + 20 + 10) / 4
    # differences 5, 0, -20, -10: mean -6.25, sum of squares about it 368.75
    assert report.retest_noise == pytest.approx((368.75 / 3 / 2) ** 0.5)
    assert report.undefined == {}
    assert told(verdict(report, Screening())) == (True, ())


def test_the_auc_counts_ties_half() -> None:
    grades = [identity(100), identity(60), distractor(60), distractor(20), distractor(80)]
    # 100 is above all three; 60 ties once, wins once, loses once
    assert control_report(grades, 0, 100).auc == pytest.approx((3 + 0.5 + 1 + 0) / 6)
    same = [identity(40), identity(40), distractor(40)]
    assert control_report(same, 0, 100).auc == 0.5
    assert control_report([identity(0), distractor(5)], 0, 100).auc == 0.0


def test_a_binary_scale() -> None:
    grades = [
        *[identity(1)] * 4, identity(0), *[distractor(0)] * 3, distractor(1),
        *results("q", 0, 1, 1), repeat(1, 1), repeat(0, 1),
    ]  # fmt: skip
    report = control_report(grades, 0, 1)
    assert report.identity_share == 0.8
    # 4 ones against (0, 0, 0, 1): 3.5 each; a zero: 3 ties of one half
    assert report.auc == pytest.approx((4 * 3.5 + 1.5) / 20)
    assert report.distractor_below_median == 0.75
    assert (report.retest_close, report.retest_difference) == (0.5, 0.5)
    assert report.retest_noise == pytest.approx(0.5)  # differences 0 and -1
    assert verdict(report, Screening(identity=0.8, auc=0.7)).passed is True
    assert verdict(report, Screening(identity=0.8, auc=0.8)).passed is False


def test_a_scale_that_does_not_begin_at_zero() -> None:
    grades = [identity(5), identity(4), identity(3), *results("q", 2, 3), distractor(1)]
    report = control_report([*grades, repeat(5, 4.6), repeat(5, 4.5)], 1, 5)
    assert report.identity_share == 0.75  # 4 of 1 .. 5 is three quarters of the way
    assert report.retest_close == 0.5  # within 0.4
    report = control_report([identity(grade) for grade in (4, 4, 4, 4, 5)], 1, 5)
    assert verdict(report, Screening(identity=0.8, auc=0)).passed is True  # exactly the rule


@pytest.mark.parametrize("count", range(1, 30))
def test_what_is_asked_at_least_is_enough(count: int) -> None:
    grades = [identity(80)] * count + [distractor(100)] * count + [distractor(0)] * 9 * count
    report = control_report(grades, 0, 100)
    assert (report.identity_share, report.auc) == (0.8, 0.9)
    assert told(verdict(report, Screening(0.8, 0.9))) == (True, ())
    low = control_report([*grades, identity(75)], 0, 100)
    assert verdict(low, Screening(0.8, 0.9)).passed is False


def test_one_bad_control_of_twenty_does_not_drop_a_rater() -> None:
    """The rule is about the mean; pymushra drops whoever has any bad reference."""
    grades = [identity(100)] * 19 + [identity(0)] + [distractor(0)] * 20
    report = control_report(grades, 0, 100)
    assert report.identity_share == 0.95
    assert report.auc == pytest.approx((19 * 20 + 20 / 2) / 400)
    assert told(verdict(report, Screening())) == (True, ())


def test_a_rater_who_presses_anything_fails_with_the_reasons() -> None:
    grades = [identity(40), identity(60), distractor(60), distractor(20)]
    assert told(verdict(control_report(grades, 0, 100), Screening())) == (
        False,
        (
            "identity clips have 0.5 of the scale on average; at least 0.8 is asked",
            "identity is graded above distractor in 0.625 of all pairs; at least 0.9 is asked",
        ),
    )


def test_who_grades_everything_high_has_identity_and_no_auc() -> None:
    grades = [identity(100), identity(100), distractor(100), *results("q", 100, 100)]
    report = control_report(grades, 0, 100)
    assert (report.identity_share, report.auc) == (1.0, 0.5)
    assert report.distractor_below_median == 0.0  # equal is not below
    assert verdict(report, Screening()).passed is False
    assert verdict(report, Screening(auc=0)).passed is True


def test_nothing_graded_is_undefined_with_a_reason_for_each() -> None:
    report = control_report([], 0, 100)
    assert report == ControlReport(0, 0, 0, None, None, None, None, None, None)
    assert set(report.undefined) == {
        "identity_share",
        "auc",
        "distractor_below_median",
        "retest_close",
        "retest_difference",
        "retest_noise",
    }
    assert all(report.undefined.values())
    assert told(verdict(report, Screening())) == (
        None,
        (
            "screening.identity cannot be judged yet: no identity clip was graded",
            "screening.auc cannot be judged yet: "
            "an identity clip and a distractor were not both graded",
        ),
    )
    assert told(verdict(report, Screening(0, 0))) == (True, ())


def test_a_rule_that_cannot_be_judged_yet_leaves_the_verdict_open() -> None:
    report = control_report([identity(100)], 0, 100)
    assert (report.identity_share, report.auc) == (1.0, None)
    assert verdict(report, Screening()).passed is None
    assert verdict(report, Screening(auc=0)).passed is True
    failing = verdict(control_report([identity(0)], 0, 100), Screening())
    assert failing.passed is False
    assert len(failing.reasons) == 2


def test_one_repeat_has_a_difference_and_no_noise() -> None:
    report = control_report([repeat(50, 60)], 0, 100)
    assert (report.retest_close, report.retest_difference, report.retest_noise) == (1.0, 10, None)
    assert report.undefined["retest_noise"] == "fewer than two were graded again"
    shifted = control_report([repeat(50, 60), repeat(10, 20)], 0, 100)
    assert shifted.retest_noise == 0.0


def test_a_repeat_counts_in_the_retest_alone() -> None:
    grades = [identity(100), distractor(0), *results("q", 50)]
    again = [repeat(0, 100, "identity"), repeat(100, 0, "distractor"), repeat(0, 50)]
    report = control_report([*grades, *again], 0, 100)
    assert (report.identity_share, report.auc, report.distractor_below_median) == (1.0, 1.0, 1.0)
    assert (report.repeats, report.retest_difference) == (3, pytest.approx(250 / 3))


def test_a_distractor_is_held_against_the_results_of_its_own_query() -> None:
    grades = [*results("a", 80, 90), *results("b", 10), distractor(20, "a"), distractor(20, "b")]
    assert control_report(grades, 0, 100).distractor_below_median == 0.5
    lonely = [*results("a", 80), distractor(0, "c")]
    report = control_report(lonely, 0, 100)
    assert report.distractor_below_median is None
    assert "with results of its query" in report.undefined["distractor_below_median"]


def test_grades_that_cannot_be() -> None:
    with pytest.raises(InputError, match="A scale from 5 to 5 has no range"):
        control_report([], 5, 5)
    with pytest.raises(InputError, match="result, identity, distractor, not 'repeat'"):
        control_report([Graded("repeat", "q", 3)], 0, 100)
    for bad in (identity(101), identity(-1), identity(float("nan")), repeat(5, 101)):
        with pytest.raises(InputError, match=r"Query 'q': the grade .* is not on the scale from 0"):
            control_report([bad], 0, 100)


@pytest.mark.parametrize("lowest", [0, 1])
def test_the_share_is_that_of_the_mean_grade(lowest: int) -> None:
    grades = [lowest, lowest + 3, lowest + 4]
    report = control_report([identity(grade) for grade in grades], lowest, lowest + 4)
    assert report.identity_share == pytest.approx((fmean(grades) - lowest) / 4)


CAREFUL = control_report([identity(100), distractor(0)], 0, 100)


def test_who_heard_a_tenth_passes_an_old_rule_with_a_word_alone() -> None:
    """The same rater under a rule that is silent about it, and under one that asks."""
    heard = heard_of([1.0] + [0.0] * 9)
    assert heard == Heard(10, 0.1, 9)
    old = verdict(CAREFUL, Screening(heard=None), heard)
    assert told(old) == (True, ())
    assert old.word == "passes, but heard little"
    words = "heard 10 % of a sound on average, nothing of 9 of 10"
    assert old.beside == (words,)
    new = verdict(CAREFUL, Screening(), heard)
    assert told(new) == (False, (f"{words}; at least 20 % is asked",))
    assert new.word == "does not pass"
    assert len(new.every_reason) == 3  # two for, one against


def test_a_verdict_tells_every_reason_for_and_against() -> None:
    heard = heard_of([0.9, None, 0.7, float("nan")])
    assert (heard.sounds, heard.unheard) == (2, 0)
    found = verdict(control_report([identity(100), distractor(100)], 0, 100), Screening(), heard)
    assert (found.passed, found.little) == (False, False)
    assert found.every_reason == (
        "identity is graded above distractor in 0.5 of all pairs; at least 0.9 is asked",
        "identity 1 of the scale, at least 0.8",
        "heard 80 % of a sound on average, at least 20 %",
    )


def test_of_who_is_not_known_to_have_heard_nothing_is_asked_and_that_is_said() -> None:
    found = verdict(CAREFUL, Screening(heard=1.0), heard_of([None, None]))
    assert (found.passed, found.beside) == (True, ("how much was heard is not known",))
    half = verdict(CAREFUL, Screening(heard=0.5), heard_of([0.5]))
    assert (half.passed, half.little) == (True, False)  # exactly the rule
