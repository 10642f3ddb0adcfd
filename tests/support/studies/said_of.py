"""The sections of a made study, and what must hold of whatever is said of it."""

import json
import re
from typing import Any

import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.figures.figure import Figure
from evaluation.figures.shown import Section, Table
from evaluation.findings.chapters import answer, chapters
from evaluation.findings.sections import GLANCE, sections
from evaluation.findings.sections import section as section_of
from evaluation.findings.view import View
from evaluation.records.frames import StudyTables
from evaluation.reports.scores_report import Assets
from evaluation.reports.study_report import About, Part, results_json, study_report
from tests.support.browser.cells import cells
from tests.support.studies.decoration import complaints

ABOUT = About("made", "A <made> study", "closed", "0" * 64, "1.0", "all raters", 1, False)
BARE = Assets("", "", "", ())
ORDER = ["rated", "means", "differences", "anchors", "agreement", "labels", "facets", "groups",
         "raters"]  # fmt: skip


def found(told: StudyTables, **asked: Any) -> list[Section]:
    """Return the sections of a study of single results."""
    return sections(View(Analysis(told, **asked)))


def named(of: list[Section], name: str) -> Section:
    return next(one for one in of if one.name == name)


def table(of: list[Section], name: str) -> Table:
    return next(part for one in of for part in one.tables if part.name == name)


def report_of(said: list[Section]) -> str:
    """Return a report of sections, as one part of it."""
    return study_report([Part("all", "All", "", "", said)], ABOUT, BARE)


def every(view: View | PreferenceAnalysis) -> list[Section]:
    """Return all sections that pages have, the first page's too; each page's answer is a sentence.

    What no rater gave is none of it: nothing undefined is written.
    """
    for chapter in chapters(view):
        said = answer(view, chapter)
        assert not re.search(r"\bnan\b|\bNone\b|\binf\b|  ", said), said
        assert not said or said.endswith("."), said
    first = section_of(view, GLANCE)
    assert first is not None
    return [*sections(view), first]


def written(said: list[Section]) -> dict[str, str]:
    """Return the files of what is said of a study; numbers that JSON cannot have are refused."""
    numbers = json.dumps(results_json(said, ABOUT), ensure_ascii=False, allow_nan=False)
    return {"JSON": numbers, "report": report_of(said)}


def wrong(
    said: list[Section], told: StudyTables, primary: str = "", files: dict[str, str] | None = None
) -> list[str]:
    """Return what is decorative in what is said of a study, and in its files."""
    facet, plan = told.protocol.scale.facets[0], told.protocol.analysis
    scale = min(0.0, facet.lowest), facet.highest
    return complaints(said, files or written(said), scale, primary or plan.primary_measure)


def check(said: list[Section], told: StudyTables, primary: str = "") -> None:
    """Whatever is shown can be shown: whole tables, valid figures and files, no bare NaN.

    And nothing is decorative: no zero below zero, no interval beyond what it is of, no bare "–".
    """
    files = written(said)
    assert wrong(said, told, primary, files) == []
    graph_objects = pytest.importorskip("plotly.graph_objects")
    names = [(type(part).__name__, part.name) for one in said for part in one.parts]
    assert len(names) == len(set(names))
    for section in said:
        for fact in section.facts:
            assert not re.search(r"\bnan\b|None", fact.value + fact.note), fact
        for part in section.parts:
            assert part.caption.rstrip().endswith((".", "”")), part.name
            assert not re.search(r"\bnan\b|\bNone\b", part.caption), part.caption
            if isinstance(part, Figure):
                graph_objects.Figure(part.plot, skip_invalid=False)
                json.loads(part.json())
                continue
            for row in cells(part):
                assert len(row) == len(part.headings), part.name
                assert not {"nan", "None", "inf", ""} & set(row), (part.name, row)
    assert "A &lt;made&gt; study" in files["report"]
    assert files["report"].count("<section") == len(said) + 2
