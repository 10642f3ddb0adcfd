"""What is said of hostile studies: every section, table, figure, JSON and report of each."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from markupsafe import Markup

from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.figures.shown import Cell, Fact, Heading, Section, Table
from evaluation.findings.sections import sections
from evaluation.findings.view import View
from evaluation.reports.study_report import results_json
from tests.support.browser.cells import cells
from tests.support.chosen import chosen
from tests.support.studies.hostile_studies import EXTREMES, HOSTILE
from tests.support.studies.list_studies import PREFERRED, RATED
from tests.support.studies.made_study import tables
from tests.support.studies.rated import simulated
from tests.support.studies.said_of import ABOUT, check, every, found, named, report_of, table, wrong


def test_what_is_decorative_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    told = HOSTILE["one grade of all differs"]()
    assert wrong(found(told), told) == []
    monkeypatch.setattr("evaluation.numerals._SOMETHING", re.compile(""))  # every sign stays
    assert any("'−0.0'" in one for one in wrong(found(told), told))
    monkeypatch.undo()
    data = pd.DataFrame({"value": [None], "low": [-1.0], "high": [101.0], "reason": [""]})
    shown = Table(
        [Heading("Rater", numeric=False), Heading("Grade")], {"": [[Cell("r1"), Cell("–")]]},
        data, name="x", caption="It is −0.00.",
    )  # fmt: skip
    facts = Fact("Drift", "5.0 [−101.0, 3.0]"), Fact("Alpha", "–"), Fact("Alpha", "1 [0.9, 1.1]")
    said = [Section("x", "X", facts=facts, parts=(shown,))]
    sentences = wrong(said, told)
    for part in (
        "JSON: '−0.00'", "report: '−0.00'", "Drift: 5.0", "Alpha: no reason", "Alpha: 1 [0.9, 1.1]",
        "x: low to high, -1.0 to 101.0", "x: no value and no reason", "no reason for – in r1",
    ):  # fmt: skip
        assert any(part in one for one in sentences), part


@pytest.mark.parametrize("case", EXTREMES)
def test_hostile_studies_can_be_shown(case: str) -> None:
    told = HOSTILE[case]()
    of, other = (Analysis(told, screened=one) for one in (False, True))
    check(every(View(of, other)), told)
    if case in ("nobody passed", "not to be told who passed"):
        check(every(View(other, of)), told)


@pytest.mark.parametrize(
    "case", chosen(HOSTILE, "one rater and query", "nobody passed", "two facets")
)
def test_hostile_studies_can_be_shown_for_these_raters_alone(case: str) -> None:
    told = HOSTILE[case]()
    check(every(View(Analysis(told, alone=True))), told)


NO_FIT = {
    "3:1 in four choices": "allowing for the side, the choices of some pairs went one way alone",
    "one always wins": "some systems won, or lost, every comparison with the others",
    "one always loses": "some systems won, or lost, every comparison with the others",
    "always neither": "every choice is “no difference”",
    "always A": "whoever had a preference chose A",
    "two systems": "the side on which lists were shown cannot be told apart from the systems",
    "one choice": "some systems won, or lost, every comparison with the others",
}
BARE_CHOICES = ("nothing", "one choice", "one query")  # too few for an interval


@pytest.mark.parametrize(
    "case",
    chosen(PREFERRED, "nothing", "one query", "one always wins", "one pair was never compared"),
)
def test_hostile_preferences_can_be_shown(case: str) -> None:
    for alone in (False, True):
        told = PREFERRED[case]()
        check(said := every(PreferenceAnalysis(told, alone=alone)), told, "win_rate")
        check_preferred(named(said, "means"), case)


def check_preferred(said: Section, case: str) -> None:
    """All numbers are finite and within what they can be, or the page says why not."""
    notices = " ".join(said.notices)
    assert ("no finite best fit" in notices) == (case in NO_FIT)
    assert NO_FIT.get(case, "") in notices
    assert NO_FIT.get(case, "") in " ".join(one.caption for one in said.parts)
    shown = table([said], "strengths-table")
    assert not re.search(r"−0\.00|\bnan\b|\binf\b", " ".join(map(" ".join, cells(shown))))
    data = shown.data[shown.data["votes"] > 0]
    assert data[["strength", "value"]].notna().all(axis=None)
    intervals = data[["strength_low", "strength_high", "low", "high"]]
    assert intervals.isna().all(axis=None) == (case in BARE_CHOICES)
    if case in BARE_CHOICES:
        return
    assert data[["strength", "strength_low", "strength_high"]].abs().max(axis=None) < 20
    assert data["strength"].between(data["strength_low"], data["strength_high"]).all()
    assert data["value"].between(data["low"], data["high"]).all()
    assert data["low"].min() >= 0
    assert data["high"].max() <= 1


def test_pairs_that_were_never_compared_are_named() -> None:
    told = sections(PreferenceAnalysis(PREFERRED["one pair was never compared"]()))
    notices = named(told, "means").notices
    assert notices == (
        "Never compared with each other: S0 (simulated) and S1 (simulated). How these compare is "
        "known from their comparisons with others alone.",
    )
    never = sections(PreferenceAnalysis(PREFERRED["one was never shown"]()))
    assert named(never, "means").notices == ()
    (row,) = [row for row in cells(table(never, "strengths-table")) if row[0] == "S3"]
    assert row[1:3] == ["–", "–"]


def test_the_orders_of_two_systems_are_not_correlated() -> None:
    for case, count in (("two systems", 2), ("3:1 in four choices", 2)):
        said = named(sections(PreferenceAnalysis(PREFERRED[case]())), "labels")
        assert said.parts == ()
        words = f"How far two orders agree needs 3 systems; there are {count}."
        assert said.words == (words,)
    three = named(sections(PreferenceAnalysis(PREFERRED["one was never shown"]())), "labels")
    assert [one.name for one in three.parts] == ["orders"]


@pytest.mark.parametrize("case", chosen(RATED, "nothing", "anchors alone", "one rater"))
def test_hostile_ratings_can_be_shown(case: str) -> None:
    for alone in (False, True):
        told = RATED[case]()
        check(every(View(RatingAnalysis(told, alone=alone))), told)


def test_names_cannot_leave_their_element() -> None:
    told = tables(simulated(systems=2, queries=4))
    evil = "<img src=x onerror=alert(1)>"
    known = {name: {**facts, "title": evil + name} for name, facts in told.systems.items()}
    html = report_of(found(replace(told, systems=known)))
    assert "<img" not in html
    assert str(Markup.escape(evil)) in html


def test_the_same_study_gives_the_same_files() -> None:
    def make() -> list[Section]:
        return found(tables(simulated(systems=3, queries=8)))

    assert report_of(make()) == report_of(make())
    assert results_json(make(), ABOUT) == results_json(make(), ABOUT)
