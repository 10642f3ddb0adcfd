"""The pages of a study's results: which question each answers first, and the sections it has.

A page, and a part of a report in one file, are a chapter. The first is what is looked for first;
the others have all the sections, each once.
"""

from dataclasses import dataclass, replace

from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.findings.replies import ANSWERS
from evaluation.findings.sections import GLANCE, names_of_sections
from evaluation.findings.view import View


@dataclass(frozen=True, slots=True)
class Chapter:
    """A page of results.

    Attributes
    ----------
    name : a slug: its end of the address; "" for the first
    title : what it is called
    question : what its first sentence answers; "" where its sections need none
    sections : the names of its sections, in their order
    """

    name: str
    title: str
    question: str
    sections: tuple[str, ...]


FIRST = Chapter("", "In short", "Which system is best, and is it sure?", (GLANCE,))
METHOD = Chapter("method", "Method and files", "", ())
"""What the results are made of, what words mean, and files: no section of findings."""
_OTHERS = (
    Chapter("systems", "Systems", "", ("means", "anchors")),
    Chapter("differences", "Differences", "Which systems differ?", ("differences",)),
    Chapter("agreement", "Agreement", "Do the raters agree?", ("agreement",)),
    Chapter("labels", "Ears next to labels", "Where do ears and labels differ most?", ("labels",)),
    Chapter("facets", "Facets", "", ("facets",)),
    Chapter("groups", "Families and classes", "", ("groups",)),
    Chapter("raters", "Raters", "Who failed the screening?", ("raters", "languages")),
    Chapter("rated", "What is missing", "What is missing?", ("rated",)),
)


def chapters(view: View | PreferenceAnalysis) -> tuple[Chapter, ...]:
    """Return the chapters of a study's results, in their order; nothing is computed for it."""
    there = names_of_sections(view)
    if isinstance(view, PreferenceAnalysis) or len(view.of.protocol.scale.facets) < 2:
        there = tuple(one for one in there if one != "facets")
    found = [
        replace(one, sections=tuple(name for name in one.sections if name in there))
        for one in _OTHERS
    ]
    return (FIRST, *(one for one in found if one.sections), METHOD)


def answer(view: View | PreferenceAnalysis, chapter: Chapter) -> str:
    """Return what a chapter's question is answered with, in a few sentences; "" for nothing."""
    found = ANSWERS.get(chapter.name)
    return found(view) if found else ""
