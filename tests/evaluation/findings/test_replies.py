"""What the pages of results answer first: what is so, of studies in which that is known."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.findings.chapters import FIRST, METHOD, answer, chapters
from evaluation.findings.missing import raters_of_queries
from evaluation.findings.sections import section, sections
from evaluation.findings.view import View
from evaluation.records.frames import StudyTables
from tests.support.studies.hostile_studies import HOSTILE, STUDY, grades
from tests.support.studies.list_studies import PREFERRED, RATED
from tests.support.studies.made_study import raters, tables
from tests.support.studies.rated import simulated
from tests.support.studies.said_of import found, table


def said(of: View | PreferenceAnalysis | StudyTables, name: str) -> str:
    """Return what a chapter of a study answers."""
    view = View(Analysis(of)) if isinstance(of, StudyTables) else of
    (chapter,) = [one for one in chapters(view) if one.name == name]
    return answer(view, chapter)


@pytest.mark.parametrize(
    "view",
    [
        View(Analysis(tables(STUDY))),
        View(Analysis(HOSTILE["two facets"]())),
        View(RatingAnalysis(next(iter(RATED.values()))())),
        PreferenceAnalysis(next(iter(PREFERRED.values()))()),
    ],
    ids=["grades", "facets", "ratings", "choices"],
)
def test_the_chapters_have_every_section_once(view: View | PreferenceAnalysis) -> None:
    found = chapters(view)
    assert (found[0], found[-1]) == (FIRST, METHOD)
    names = [name for one in found[1:] for name in one.sections]
    assert len(names) == len(set(names))
    assert set(names) >= {one.name for one in sections(view)}
    facets = not isinstance(view, PreferenceAnalysis) and len(view.of.protocol.scale.facets) > 1
    assert ("facets" in names) == facets


def test_systems_that_differ_are_counted_and_the_furthest_named() -> None:
    told = said(tables(STUDY), "differences")
    assert told.startswith("8 of 15 pairs of systems are told apart, furthest S0 above S5, by 18.5")
    same = said(HOSTILE["all the same grade"](), "differences")
    assert same == "0 of 15 pairs of systems are told apart, which does not make them equal."
    assert said(HOSTILE["one query"](), "differences").startswith("It cannot be said yet")
    running = View(Analysis(replace(tables(STUDY), state="open")), tests=False)
    assert said(running, "differences") == ""


def test_agreement_is_told_from_chance() -> None:
    of = Analysis(tables(STUDY))
    alpha = of.alpha["ordinal"]
    assert alpha.low is not None
    yes = said(View(of), "agreement")
    assert yes.startswith(f"Yes, more than by chance: Krippendorff's alpha is {alpha.value:.2f} [")
    rng = np.random.default_rng(1)

    def shuffle(table: np.ndarray) -> None:
        table[:] = rng.permuted(table.ravel()).reshape(table.shape)

    assert said(grades(shuffle), "agreement").startswith("No more than chance would have them")
    assert said(HOSTILE["one rater"](), "agreement").startswith("It cannot be told: ")


def test_the_strongest_disagreement_of_ears_and_labels_is_named() -> None:
    of = Analysis(tables(STUDY))
    first = of.disagreements[0]
    told = said(View(of), "labels")
    assert f"say the opposite of {len(of.disagreements):,} of " in told
    assert f"most strongly of {first.clip} for the query {first.query}: " in told
    assert f"with a mean grade of {first.grade:.1f}" in told
    assert "moves furthest: place " in told or "into the same order" in told


def test_who_failed_is_named_with_the_reason() -> None:
    people = raters(STUDY.raters)
    people.loc[7, ["passed", "reasons"]] = [0, "identity clips have 0.3"]
    told = said(tables(STUDY, raters=people), "raters")
    assert told == (
        "1 of 8 raters who graded something; 7 passed. Failed: r07 (identity clips have 0.3)."
    )
    assert said(tables(STUDY), "raters") == "Nobody of 8 raters who graded something; 8 passed."
    untold = said(HOSTILE["not to be told who passed"](), "raters")
    assert untold == "Nobody of 8 raters who graded something; of 8 it cannot be told."
    lists = PreferenceAnalysis(next(iter(PREFERRED.values()))())
    assert said(lists, "raters") == "Nobody was screened: lists have no controls."


def test_what_is_missing_is_named() -> None:
    whole = tables(STUDY)
    asked = replace(whole.protocol, raters_per_query=8)
    assert said(replace(whole, protocol=asked), "rated") == (
        "Nothing: 30 queries, each judged by 8 raters or more, and all of it answered."
    )

    def leave(table: np.ndarray) -> None:
        table[:, STUDY.query_of == 0] = np.nan
        table[3:, STUDY.query_of == 1] = np.nan
        table[:, np.flatnonzero(STUDY.query_of == 2)[:1]] = np.nan

    part = replace(grades(leave), protocol=asked)
    told = said(part, "rated")
    assert f"1 of 30 queries that nobody judged ({STUDY.queries[0]})" in told
    few = "raters of 1 query, judged by fewer than the 8 that the protocol asks for"
    assert f"{few} ({STUDY.queries[1]}: 3)" in told
    assert " that nobody judged (" in told.partition("asks for")[2]
    assert list(raters_of_queries(Analysis(part)).values())[:3] == [0, 3, 8]
    assert said(replace(part, state="open"), "rated").endswith("The study is still open.")


def test_the_first_page_repeats_what_the_others_say() -> None:
    of = Analysis(tables(simulated(systems=4, queries=12)))
    first = section(View(of), "glance")
    assert first is not None
    assert [type(one).__name__ for one in first.parts] == ["Figure", "Table"]
    means = table(found(of.tables), "mean-grades")
    rows = [row for rows in first.tables[0].groups.values() for row in rows]
    full = [row for rows in means.groups.values() for row in rows]
    assert [row[1].text for row in rows] == [row[1].text for row in full]
    above, below = ([int(row[place].text) for row in rows] for place in (2, 3))
    assert sum(above) == sum(below) > 0
    waiting = section(View(of, tests=False), "glance")
    assert waiting is not None
    assert [one.title for one in waiting.tables[0].headings] == ["System", "Mean grade", "Judged"]
