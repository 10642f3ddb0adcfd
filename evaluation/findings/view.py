"""What of a study is looked at: whose grades, with what beside them, tests or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluation.analysis import Analysis
from evaluation.findings.words import grade_form
from evaluation.panel_results import PanelResults
from evaluation.preference_analysis import PreferenceAnalysis
from evaluation.study_figures.cast import study_cast

if TYPE_CHECKING:
    import pandas as pd

Results = PanelResults | PreferenceAnalysis


@dataclass(frozen=True, slots=True)
class View:
    """A study's results as they are asked for.

    Attributes
    ----------
    of : the results that are shown
    other : the same with the raters screened the other way; None where nobody fails the rule
    tests : whether differences are tested; they wait while a study runs
    model : what `flask studies model` found (`webapp.mixed`); None for nothing
    """

    of: PanelResults
    other: Analysis | None = None
    tests: bool = True
    model: Mapping[str, Any] | None = None

    @property
    def cast(self) -> "pd.DataFrame":
        """The systems; see `study_cast`."""
        return study_cast(self.of.tables)

    @property
    def graded(self) -> Analysis | None:
        """The results, where single results were graded."""
        return self.of if isinstance(self.of, Analysis) else None

    @property
    def form(self) -> str:
        """How a grade is written."""
        return grade_form(self.of.facet.lowest, self.of.facet.highest)

    @property
    def scale(self) -> str:
        """The scale in words."""
        return f"{self.of.facet.lowest:g} to {self.of.facet.highest:g}"


def of_whom(results: PanelResults) -> str:
    """Return whose grades are meant, and how many, for captions."""
    ratings = results.ratings
    graded = int((ratings.table == ratings.table).sum())
    who = "raters who passed the screening rule" if results.screened else "raters"
    return f"{len(ratings.queries)} queries, {len(ratings.raters)} {who}, {graded:,} grades"
