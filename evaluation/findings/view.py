"""What of a study is looked at: whose grades, with what beside them, tests or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.figures.charts import counted
from evaluation.figures.study.cast import study_cast

if TYPE_CHECKING:
    import pandas as pd

Results = PanelResults | PreferenceAnalysis


@dataclass(frozen=True)
class View:
    """A study's results as they are asked for.

    Attributes
    ----------
    of : the results that are shown
    other : the same with the raters screened the other way; None where nobody fails the rule
    tests : whether differences are tested; they wait while a study runs
    model : what `flask studies model` found (`webapp.results.mixed`); None for nothing
    """

    of: PanelResults
    other: Analysis | None = None
    tests: bool = True
    model: Mapping[str, Any] | None = None

    @cached_property
    def cast(self) -> "pd.DataFrame":
        """The systems; see `study_cast`. Every section asks, and none changes it."""
        return study_cast(self.of.tables)

    @property
    def graded(self) -> Analysis | None:
        """The results, where single results were graded."""
        return self.of if isinstance(self.of, Analysis) else None

    @property
    def form(self) -> str:
        """How a grade is written: with as many digits as tell the grades of its scale apart."""
        return "{:.1f}" if self.of.facet.highest - self.of.facet.lowest > 10 else "{:.2f}"

    @property
    def level(self) -> str:
        """What a system's level is called: the mean of grades, or of ratings of whole lists."""
        return "Mean grade" if self.graded else "Mean rating"

    @property
    def few(self) -> bool:
        """Whether there are too few raters to speak for others."""
        return not self.of.enough_raters

    @property
    def alone(self) -> bool:
        """Whether what is said is for these raters alone: they are few, or it is wanted."""
        return self.few or self.of.alone

    @property
    def hides_minority(self) -> bool:
        """Whether raters are to speak for others, and a minority of them can hide among so few."""
        return self.of.hides_minority and not self.of.alone

    @property
    def mixed(self) -> bool:
        """Whether simulated systems are compared with others."""
        return 0 < int((self.cast["provenance"] == "simulated").sum()) < len(self.cast)

    @property
    def scale(self) -> str:
        """The scale in words."""
        return f"{self.of.facet.lowest:g} to {self.of.facet.highest:g}"


def of_whom(results: PanelResults) -> str:
    """Return whose grades are meant, and how many, for captions."""
    ratings = results.ratings
    graded = int((ratings.table == ratings.table).sum())
    who = ("rater", "raters")
    if results.screened:
        who = ("rater who passed the screening rule", "raters who passed the screening rule")
    what = "grades" if isinstance(results, Analysis) else "ratings of lists"
    return (
        f"{counted(len(ratings.queries), 'query', 'queries')}, "
        f"{counted(len(ratings.raters), *who)}, {graded:,} {what}"
    )
