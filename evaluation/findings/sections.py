"""The sections of a study's results in their order, simulated judgements marked throughout."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.figures.figure import Figure
from evaluation.figures.shown import Section, Table
from evaluation.findings.by_language import languages, languages_of_choices
from evaluation.findings.consistency import consistency
from evaluation.findings.differences import differences
from evaluation.findings.glance import glance
from evaluation.findings.groups import facets, groups, people
from evaluation.findings.labels import labels
from evaluation.findings.means import means
from evaluation.findings.preferred import (
    choices,
    choosers,
    families_of,
    orders_of,
    strengths_of,
)
from evaluation.findings.rated import rated
from evaluation.findings.view import View
from evaluation.findings.whole_lists import anchors
from evaluation.records.frames import StudyTables

MADE = "The judgements are simulated: nobody listened."
"""What every caption says of a study that made raters judged."""
Makers = Mapping[str, Callable[[Any], Section | None]]
_OF_GRADES: Makers = {
    "rated": rated, "means": means, "differences": differences, "anchors": anchors,
    "agreement": consistency, "labels": labels, "facets": facets, "groups": groups,
    "languages": languages, "raters": people,
}  # fmt: skip
_OF_CHOICES: Makers = {
    "rated": choices, "means": strengths_of, "labels": orders_of, "groups": families_of,
    "languages": languages_of_choices, "raters": choosers,
}  # fmt: skip
GLANCE = "glance"
"""The section of the first page: it repeats of the others what is looked for first."""


def names_of_sections(view: View | PreferenceAnalysis) -> tuple[str, ...]:
    """Return the names of the sections that a study's results can have, in their order."""
    return tuple(_makers(view))


def section(view: View | PreferenceAnalysis, name: str) -> Section | None:
    """Return one section by its name, or `GLANCE`; None where there is nothing to say of it."""
    made = glance(view) if name == GLANCE else _makers(view)[name](view)
    tables = view.tables if isinstance(view, PreferenceAnalysis) else view.of.tables
    return made and _marked(made, tables)


def sections(view: View | PreferenceAnalysis) -> list[Section]:
    """Return what there is to say of a study: what was rated first, the raters last.

    Parameters
    ----------
    view : how the grades of a study are looked at, or the choices between lists
    """
    return [one for name in _makers(view) if (one := section(view, name)) is not None]


def _makers(view: View | PreferenceAnalysis) -> Makers:
    return _OF_CHOICES if isinstance(view, PreferenceAnalysis) else _OF_GRADES


def _marked(section: Section, tables: StudyTables) -> Section:
    """Return a section whose figures and tables say that nobody listened, where it is so."""
    if not tables.simulated:
        return section
    return replace(section, parts=tuple(_of_made(one) for one in section.parts))


def _of_made(one: Figure | Table) -> Figure | Table:
    caption = f"{one.caption} {MADE}"
    if isinstance(one, Figure):
        table = one.table.assign(judgements="simulated")
        return replace(one, caption=caption, table=table, simulated=True)
    data = one.data.assign(judgements="simulated")
    return replace(one, caption=caption, data=data, simulated=True)
