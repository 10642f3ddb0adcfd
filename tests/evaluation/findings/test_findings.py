"""What is said of a study's results: every section of every study, however hostile its data."""

import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.figures.figure import Figure
from evaluation.figures.shown import Section
from evaluation.findings.differences import PEEKED, WAIT, differences
from evaluation.findings.sections import MADE, sections
from evaluation.findings.view import View
from evaluation.protocol.terms import PlannedAnalysis
from evaluation.statistics.agreement import raters_needed
from tests.support.browser.cells import cells
from tests.support.studies.hostile_studies import HOSTILE, STUDY, planned, with_facets
from tests.support.studies.made_study import raters, tables
from tests.support.studies.rated import simulated
from tests.support.studies.said_of import ORDER, found, named, report_of, table


@pytest.fixture(scope="module")
def made() -> list[Section]:
    """What is said of a study as it should be."""
    return found(tables(STUDY))


def test_the_sections_come_in_the_order_of_the_dashboard(made: list[Section]) -> None:
    names = [one.name for one in made]
    assert names == [one for one in ORDER if one in names]
    assert set(names) == set(ORDER) - {"anchors", "facets"}
    figures = [figure.name for one in made for figure in one.figures]
    assert figures == [
        "means", "profile", "pairs", "own-differences", "critical-difference", "grades", "kappas",
        "reliability",
        "variance", "ears-labels", "slopes", "above", "relabelled", "study-families",
        "study-classes",
    ]  # fmt: skip


def test_the_mean_grades_are_those_of_the_analysis(made: list[Section]) -> None:
    shown = table(made, "mean-grades")
    scores = Analysis(tables(STUDY)).mean_grades.systems
    for row, one in zip(cells(shown), scores, strict=True):  # the best first, as they were made
        told = one.estimate
        assert row[0] == one.system.upper()
        assert row[1] == f"{told.value:.1f} [{told.low:.1f}, {told.high:.1f}]"
        assert row[4:] == ["100 %", "30", "8", "240"]
    back = pd.read_csv(io.StringIO(shown.csv()))
    assert back["value"].tolist() == [one.estimate.value for one in scores]
    assert {"provenance", "definition", "queries", "raters", "ratings", "judged"} <= set(back)


def test_with_and_without_screening_stand_side_by_side() -> None:
    people = raters(STUDY.raters)
    people.loc[7, "passed"] = 0
    told = tables(STUDY, raters=people)
    everybody, passed = Analysis(told), Analysis(told, screened=True)
    for shown, other in ((everybody, passed), (passed, everybody)):
        said = sections(View(shown, other))
        of = table(said, "mean-grades")
        kinds = [one.kind for one in of.headings[1:3]]
        assert kinds == ["All raters", "Raters who passed"][:: -1 if shown.screened else 1]
        row = next(cells(of))
        values = [one.mean_grades.systems[0].estimate.value for one in (shown, other)]
        assert [text.split()[0] for text in row[1:3]] == [f"{value:.1f}" for value in values]
        assert values[0] != values[1]
        facts = {one.name: one for one in named(said, "rated").facts}
        assert "7 passed the screening rule, 1 did not" in facts["Raters whose grades count"].note
        left = "of raters who did not pass" in facts["Grades that count"].note
        assert left == shown.screened
        (words,) = named(said, "raters").words
        assert ("r07" in words) == shown.screened


@pytest.mark.parametrize(("left_out", "said"), [(True, "left out"), (False, "not left out")])
def test_results_of_the_own_group_are_spoken_of(left_out: bool, said: str) -> None:
    plain = tables(STUDY)
    queries = replace(plain.protocol.queries, exclude_same_group=left_out)
    told = replace(plain, protocol=replace(plain.protocol, queries=queries))
    notes = [one.note for one in named(found(told), "rated").facts]
    assert any(one.endswith(f"results of the query's own group are {said}") for one in notes)


def test_tests_wait_while_a_study_runs() -> None:
    running = replace(tables(STUDY), state="open")
    waiting = named(sections(View(Analysis(running), tests=False)), "differences")
    assert (waiting.notices, waiting.parts, waiting.facts) == ((WAIT,), (), ())
    looked = named(sections(View(Analysis(running))), "differences")
    assert looked.notices == (PEEKED,)
    assert [one.name for one in looked.parts] == [
        "pairs",
        "own-differences",
        "critical-difference",
        "pairs",
    ]
    assert any("still open" in one for one in named(found(running), "rated").notices)


def test_which_system_is_better_is_not_told_by_the_back_door() -> None:
    running = replace(tables(STUDY), state="open")
    for tests in (False, True):
        said = named(sections(View(Analysis(running), tests=tests)), "labels")
        assert ("above" in [one.name for one in said.figures]) == tests


def test_few_raters_speak_for_themselves() -> None:
    few, many = (found(tables(simulated(raters=raters))) for raters in (3, 8))
    for said, scope in ((few, "these raters"), (many, "queries and raters")):
        assert table(said, "pairs").headings[3].kind == scope
    assert "these raters alone" in named(few, "means").words[-1]
    assert "other queries and raters" not in named(few, "means").words[0]
    assert "these raters alone" not in " ".join(named(many, "means").words)


def test_pairs_of_raters_that_the_human_reference_leaves_out_are_counted() -> None:
    apart = replace(STUDY, table=STUDY.table.copy())
    apart.table[:3, apart.query_of < 10] = float("nan")
    apart.table[3:, apart.query_of >= 10] = float("nan")
    (fact,) = named(found(tables(apart)), "means").facts
    assert "of 56 ordered pairs of raters, 30 are left out" in fact.note
    (whole,) = named(found(tables(STUDY)), "means").facts
    assert "left out" not in whole.note


def test_the_raters_needed_are_counted_within_queries(made: list[Section]) -> None:
    facts = {one.name: one for one in named(made, "agreement").facts}
    within = Analysis(tables(STUDY)).within
    told = facts["ICC within queries, of one rater"].value
    assert told == f"{within.value:.2f} [{within.low:.2f}, {within.high:.2f}]"
    needed, most, least = (raters_needed(one, 0.8) for one in
                           (within.value, within.low, within.high))  # fmt: skip
    fact = facts["Raters a sound for 0.8"]
    assert fact.value == f"{needed}"
    assert fact.note.endswith(f"from the ICC within queries; by its interval {least} to {most}")
    assert least <= needed <= most


@pytest.mark.parametrize(
    ("queries", "raters", "missing"),
    [
        (4, 8, "needs 10 queries; there are 4"),
        (12, 2, "needs 3 raters; there are 2"),
        (1, 1, "it needs two raters"),
    ],
)
def test_a_small_study_says_nothing_of_larger_ones(queries: int, raters: int, missing: str) -> None:
    of = named(found(tables(simulated(queries=queries, raters=raters))), "agreement")
    assert "reliability" not in [one.name for one in of.figures]
    needed = [one for one in of.facts if one.name.startswith(("Raters a sound", "Intraclass"))]
    assert [one.value for one in needed] == ["–"]
    assert needed[0].note.startswith(missing)


def test_grades_without_agreement_say_nothing_of_more_raters() -> None:
    rng = np.random.default_rng(0)
    plain = simulated(queries=12, raters=5)
    drawn = replace(plain, table=rng.integers(0, 101, plain.table.shape).astype(float))
    of = named(found(tables(drawn)), "agreement")
    facts = {one.name: one for one in of.facts}
    assert facts["Raters a sound for 0.8"].value == "–"
    assert facts["Raters a sound for 0.8"].note.startswith("its interval reaches 0")
    assert "reliability" not in [one.name for one in of.figures]


def test_results_can_speak_for_these_raters_alone() -> None:
    said = found(tables(STUDY), alone=True)
    assert table(said, "pairs").headings[3].kind == "these raters"
    words = " ".join(named(said, "means").words)
    assert "speak for these raters alone" in words
    assert "other queries and raters" not in words
    assert any("As chosen here, every p value" in one for one in named(said, "differences").words)
    shown = pd.read_csv(io.StringIO(table(said, "mean-grades").csv()))
    assert set(shown["scope"]) == {"these raters"}
    for section in said:
        for part in section.parts:
            assert "queries and raters" not in part.caption, part.name


def test_the_ears_agreement_with_themselves_stands_beside_the_labels(made: list[Section]) -> None:
    (fact,) = named(made, "labels").facts
    of = Analysis(tables(STUDY)).halves
    assert fact.value == f"{of.tau:.2f}"
    assert "the mean of 200 random splits" in fact.note
    alone = named(found(tables(simulated(raters=3))), "labels").facts[0]
    assert (alone.value, alone.note) == ("–", "it needs 4 raters and two systems")


def test_the_other_facets_are_exploratory() -> None:
    told = with_facets()
    assert not any("exploratory" in one for one in named(found(told), "differences").words)
    words = named(found(told, facet="acoustic"), "differences").words
    assert any("facet semantic: all here is exploratory" in one for one in words)


def test_comparisons_that_the_protocol_did_not_fix_are_exploratory() -> None:
    plain = tables(STUDY)
    plan = PlannedAnalysis(comparisons=(("s0", "s1"), ("s0", "s5")))
    said = found(replace(plain, protocol=replace(plain.protocol, analysis=plan)))
    groups = table(said, "pairs").groups
    assert [len(rows) for rows in groups.values()] == [2, 13]
    assert list(groups) == ["As the protocol says", "Exploratory: not in the protocol"]
    assert all(row[4].text != "–" for row in groups["As the protocol says"])
    assert all(row[4].text == "–" for row in groups["Exploratory: not in the protocol"])
    assert "fixed 2 comparisons" in named(said, "differences").words[0]


@pytest.mark.parametrize(
    ("comparisons", "systems", "says"),
    [
        ((), 1, "It takes two systems to have a difference."),
        ((), 2, "The protocol fixed no comparisons, but there is one pair, and nothing for Holm's"),
        ("none", 2, "found here is exploratory. There is one pair, and nothing for Holm's rule to"),
        ("all", 2, "The protocol fixed the comparison beforehand; there is one pair, and nothing"),
        ((("s0", "s1"),), 3, "The protocol fixed 1 comparison; its p needs no adjusting."),
    ],
)
def test_one_pair_is_not_many(
    comparisons: tuple[tuple[str, str], ...] | str, systems: int, says: str
) -> None:
    told = planned(PlannedAnalysis(comparisons=comparisons), simulated(systems=systems))
    words = " ".join(differences(View(Analysis(told))).words)
    assert says in words
    assert ("p value" in words) == (systems > 1)


def test_whoever_is_primary_is_compared_and_it_is_said() -> None:
    told = HOSTILE["a new protocol, one who fails"]()
    primary, all_raters = Analysis(told), Analysis(told, screened=False)
    assert (primary.screened, len(primary.ratings.raters)) == (True, 7)
    assert primary.whose == "raters who passed the screening rule (primary by the protocol)"
    assert all_raters.whose == "all raters (not primary by the protocol)"
    assert primary.pairs["p"].tolist() != all_raters.pairs["p"].tolist()
    said = sections(View(primary, all_raters))
    words = named(said, "differences").words
    assert f"Differences and p values are of {primary.whose}." in words
    assert words[0] == (
        "The protocol fixed no comparisons beforehand: whatever is found here is exploratory. "
        "Holm's rule adjusts p values over all 15 pairs."
    )
    shown = table(said, "pairs")
    assert list(shown.groups) == ["Exploratory: not in the protocol"]
    assert "Holm's rule is over 15 comparisons of all systems" in shown.caption
    assert shown.headings[4].kind == "Holm over 15"
    assert all(row[4].text != "–" for row in shown.groups["Exploratory: not in the protocol"])
    silent = Analysis(tables(STUDY))  # stored before anybody was asked who is primary
    assert (silent.screened, silent.whose) == (False, "all raters")


def test_who_heard_little_does_not_pass_without_a_word() -> None:
    told = HOSTILE["all pairs fixed, first good rank"]()
    told = replace(told, raters=raters(STUDY.raters))  # by the controls all of them pass
    said = named(found(told), "raters")
    assert "and count here: r07 (10 %)." in said.words[1]
    verdicts = [row[-1].text for row in said.tables[0].groups[""]]
    assert verdicts[-1].startswith("passes, but heard little: ")
    assert "heard 10 % of a sound on average; at least 20 % is asked" in verdicts[-1]
    assert all("heard 90 % of a sound" in one for one in verdicts[:-1])


def test_a_report_prints_why_there_are_dashes() -> None:
    html = report_of(found(tables(simulated(raters=1))))
    assert re.search(r"–: [^<]*nothing was graded again[^<]*\.</p>", html)


def test_families_that_are_classes_are_shown_once() -> None:
    of = replace(STUDY, families=tuple(f"of {one}" for one in STUDY.classes))
    section = named(found(tables(of)), "groups")
    assert [one.name for one in section.parts] == ["study-families", "by-family"]
    assert "Each family is one class here" in section.words[0]
    assert named(found(tables(STUDY)), "groups").words == ()


def test_colours_of_differences_go_as_far_as_differences_can() -> None:
    (figure,) = [one for one in named(found(tables(STUDY)), "differences").figures
                 if one.name == "pairs"]  # fmt: skip
    heat = figure.plot["data"][0]
    assert (heat["zmin"], heat["zmax"]) == (-100, 100)
    assert "Colours go from −100 to 100, as far as differences can." in figure.caption


def test_missing_results_that_may_make_a_difference_are_pointed_out() -> None:
    lists = STUDY.lists.copy()
    grades = STUDY.table.copy()
    grades[:, lists[5, :, 3:].ravel()] = float("nan")  # much of the last system's own
    said = found(tables(replace(STUDY, table=grades)))
    (notice,) = [one for one in named(said, "rated").notices if "are judged" in one]
    assert "of a system's results are judged" in notice
    assert "The bounds of the unjudged results say how far." in notice
    assert not any("are judged" in one for one in named(found(tables(STUDY)), "rated").notices)


def test_a_mixed_model_is_shown_unless_something_came_since() -> None:
    pair = {"system_a": "s0", "system_b": "s1", "value": 5, "low": 1, "high": 9, "p": 0.01}
    model: dict[str, Any] = {
        "pairs": [pair], "formula": "score ~ system", "statsmodels": "1", "rows": 4, "queries": 2,
        "raters": 2, "current": True,
    }  # fmt: skip
    said = sections(View(Analysis(tables(STUDY)), model=model))
    assert next(cells(table(said, "mixed-model")))[2:] == ["5.0 [1.0, 9.0]", "0.010"]
    said = sections(View(Analysis(tables(STUDY)), model=model | {"current": False}))
    assert "mixed-model" not in [one.name for section in said for one in section.tables]


def test_simulated_judgements_are_marked_on_every_figure_table_and_row() -> None:
    said = found(replace(tables(STUDY), simulated=True))
    assert named(said, "rated").notices[0].startswith("Nobody listened")
    for section in said:
        for part in section.parts:
            assert part.caption.endswith(MADE), part.name
            rows = pd.read_csv(io.StringIO(part.csv()))
            assert (rows["judgements"] == "simulated").all(), part.name
            assert part.simulated if isinstance(part, Figure) else True


def test_disagreements_can_be_heard_and_are_exported_whole(made: list[Section]) -> None:
    shown = table(made, "disagreements")
    analysis = Analysis(tables(STUDY))
    assert len(shown.data) == len(analysis.disagreements) > 60
    for relevant, rows in zip((True, False), shown.groups.values(), strict=True):
        count = sum(one.relevant == relevant for one in analysis.disagreements)
        assert len(rows) == min(30, count)
    strongest = {row[0].text: row for rows in shown.groups.values() for row in rows}
    one = analysis.disagreements[0]
    assert strongest[one.clip][0].listen == (one.query, one.clip)
    assert strongest[one.clip][1].listen == (one.query, one.query)
