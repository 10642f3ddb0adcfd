"""The sections of a study's results in their order, simulated judgements marked throughout."""

from dataclasses import replace

from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.figures.figure import Figure
from evaluation.figures.shown import Section, Table
from evaluation.findings.by_language import languages
from evaluation.findings.consistency import consistency
from evaluation.findings.differences import differences
from evaluation.findings.groups import facets, groups, people
from evaluation.findings.labels import labels
from evaluation.findings.means import means
from evaluation.findings.preferred import preferred
from evaluation.findings.rated import rated
from evaluation.findings.view import View
from evaluation.findings.whole_lists import anchors
from evaluation.records.frames import StudyTables

MADE = "The judgements are simulated: nobody listened."
"""What every caption says of a study that made raters judged."""
_ORDER = (
    rated, means, differences, anchors, consistency, labels, facets, groups, languages, people,
)  # fmt: skip


def sections(view: View | PreferenceAnalysis) -> list[Section]:
    """Return what there is to say of a study: what was rated first, the raters last.

    Parameters
    ----------
    view : how the grades of a study are looked at, or the choices between lists
    """
    if isinstance(view, PreferenceAnalysis):
        found = preferred(view)
        return [_marked(one, view.tables) for one in found]
    found = [one for make in _ORDER if (one := make(view)) is not None]
    return [_marked(one, view.of.tables) for one in found]


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
    return replace(one, caption=caption, data=one.data.assign(judgements="simulated"))
