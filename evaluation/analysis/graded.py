"""A study's results, whole: from its tables to everything that a page or a report shows.

The same analysis is done of a study in the database and of a bundle that somebody else sent.
"""

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from embeddings.collection.label_cells import cell_labels
from evaluation.analysis import ears, ears_tables, relabelling, result_tables
from evaluation.analysis.answered import Answered, answered
from evaluation.analysis.favourites import Reference, human_reference
from evaluation.analysis.judgements import passing, ratings, repeats, tidy
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.replicates import DRAWN
from evaluation.analysis.system_scores import Scores
from evaluation.analysis.trust import verdicts
from evaluation.design.screening import Verdict
from evaluation.records.frames import StudyTables
from evaluation.statistics.agreement import Retest, retest
from evaluation.statistics.graded_measures import MEASURES
from evaluation.statistics.significance import Estimate, within

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Analysis", "StudyTables", "labels_of"]


class Analysis(PanelResults):
    """The results of one facet of a study with the method "graded"; see `PanelResults`."""

    DRAWN: ClassVar = DRAWN

    @cached_property
    def tidy(self) -> "pd.DataFrame":
        """Every judgement with what is done with it (`judgements.TIDY_COLUMNS`)."""
        tables = self.tables
        return tidy(tables.judgements, tables.pools, tables.flags, tables.raters)

    @cached_property
    def passed(self) -> frozenset[str]:
        """The raters who passed the screening rule."""
        return passing(self.tidy)

    @cached_property
    def uses(self) -> dict[str, int]:
        """How many judgements there are of this facet by what is done with them.

        Where raters are left out, what they gave is "screened".
        """
        own = self.tidy[self.tidy["facet"] == self.facet.name]
        kept = own["rater"].isin(self.passed) if self.screened else own["use"].notna()
        uses = own["use"].where(kept, "screened")
        return {str(use): int(count) for use, count in uses.value_counts().items()}

    @cached_property
    def ratings(self) -> Ratings:
        """The grades that count."""
        return self.ratings_of(self.facet.name)

    def ratings_of(self, facet: str) -> Ratings:
        """Return the grades that count of any facet."""
        found = ratings(self.tidy, self.tables.pools, self.protocol, facet)
        found = replace(found, alone=self.alone)
        return found.only_raters(self.passed) if self.screened else found

    @cached_property
    def answered(self) -> Answered:
        """How much of what was given out was answered, by the raters who are shown."""
        raters = self.passed if self.screened else None
        return answered(self.tables, self.facet, raters)

    @cached_property
    def given(self) -> "pd.DataFrame":
        """The grades that count, a row each, as in `tidy`."""
        return self.tidy[(self.tidy["use"] == "counts") & (self.tidy["facet"] == self.facet.name)]

    @cached_property
    def primary(self) -> Scores:
        """The systems by the measure that the protocol fixed."""
        return self.scores(self.protocol.analysis.primary_measure)

    @cached_property
    def measures(self) -> "pd.DataFrame":
        """Every measure that the scale allows, a row a system and measure."""
        names = [name for name, one in MEASURES.items() if one.fits(self.facet.allowed)]
        return result_tables.measures_table([self.scores(name) for name in names])

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """What the screening rule says of each rater, with every reason for and against."""
        return verdicts(self.tables)

    @cached_property
    def favourites(self) -> Reference:
        """The human reference, with the pairs of raters that it is made of."""
        return human_reference(self.ratings)

    @property
    def reference(self) -> Estimate:
        """The human reference, in grades."""
        return within(self.favourites.estimate, self.facet.lowest, self.facet.highest)

    @cached_property
    def profile(self) -> "pd.DataFrame":
        """Mean grade by rank."""
        return result_tables.profile_table(self.ratings)

    @cached_property
    def facets(self) -> "pd.DataFrame":
        """Mean grade in each facet, as a share of the facet's scale."""
        every = {one.name: self.ratings_of(one.name) for one in self.protocol.scale.facets}
        return result_tables.facets_table(every)

    @cached_property
    def retests(self) -> dict[str, Retest]:
        """Rater -> how the repeats were graded; "" is all raters together."""
        again = repeats(self.tidy, self.facet.name)
        again = again[again["rater"].isin(self.ratings.raters)]
        ends = self.facet.lowest, self.facet.highest
        told = {"": again} | {str(name): own for name, own in again.groupby("rater")}
        return {
            name: retest(own["first"].to_numpy(float), own["again"].to_numpy(float), *ends)
            for name, own in told.items()
        }

    @cached_property
    def labels(self) -> ears.StudyLabels:
        """What the labels said of the clips when the study opened."""
        return labels_of(self.tables.clips)

    @property
    def relevant(self) -> np.ndarray:
        """Which pairs the labels call relevant, by the class; see `ears.relevant`."""
        return ears.relevant(self.ratings, self.labels)

    @cached_property
    def rules(self) -> "pd.DataFrame":
        """How the ears grade what each rule calls relevant, and the rest."""
        return ears_tables.rules_table(self.ratings, self.labels)

    @cached_property
    def disagreements(self) -> list[relabelling.Disagreement]:
        """Results of which labels (by the class) and ears say the opposite, the strongest first."""
        return relabelling.disagreements(self.ratings, self.relevant, self.threshold)

    @cached_property
    def relabelled(self) -> "pd.DataFrame":
        """A row a system: AP and R1 within the judged pools by labels, ears and both."""
        of, systems = self.ratings, self.tables.systems
        kinds = [systems[name]["provenance"] for name in of.systems]
        return ears_tables.relabelled_table(of, self.relevant, self.threshold, kinds)


def labels_of(clips: "pd.DataFrame") -> ears.StudyLabels:
    """Return what the labels say, from a study's ``clips.csv``."""
    parts = [
        {
            clip: frozenset(cell_labels(told))
            for clip, told in zip(clips["clip"].to_list(), clips[column].to_list(), strict=True)
        }
        for column in ("labels", "leaf_labels")
    ]
    return ears.StudyLabels(*parts)
