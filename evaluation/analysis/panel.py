"""What a panel's grades say, whatever was graded: single results, or whole lists.

Each part is computed when it is first asked for, and kept.
"""

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from evaluation.analysis import ears, ears_tables, result_tables
from evaluation.analysis.answered import Answered, answered
from evaluation.analysis.judgements import find_facet
from evaluation.analysis.own_differences import own_differences
from evaluation.analysis.rater_effects import Generalizability, Sway, generalizability, sway
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.replicates import enough_raters, hides_minority, panel_replicates
from evaluation.analysis.system_scores import Scores, per_rater, score_systems
from evaluation.records.frames import StudyTables
from evaluation.statistics.agreement import (
    Measured,
    PercentAgreement,
    Reliability,
    kappa_matrix,
    percent_agreement,
    reliability,
)
from evaluation.statistics.graded_measures import MEASURES
from evaluation.statistics.rater_coefficients import ALPHA
from evaluation.statistics.significance import Ranked
from evaluation.statistics.split_halves import Halves, split_halves
from evaluation.statistics.within_queries import WithinQueries, within_queries

if TYPE_CHECKING:
    import pandas as pd


def parts_of(results: type["PanelResults"]) -> list[str]:
    """Return the names of all parts that a kind of results computes and keeps."""
    names = {name for one in results.__mro__ for name in vars(one)}
    return sorted(one for one in names if isinstance(getattr(results, one), cached_property))


class PanelResults:
    """The results of one facet; `ratings`, `given` and `primary` are its heirs'.

    Parameters
    ----------
    tables : the study's tables
    facet : the protocol's first one unless told
    screened : whether the raters who do not pass the protocol's rule are left out; as the protocol
        has it (`analysis.raters`) unless told
    alone : whether intervals are to speak for these raters alone, and not for others like them
    seed : of every random procedure

    Attributes
    ----------
    facet : the `evaluation.protocol.terms.Facet` that is analysed
    threshold : from which grade a result counts as good
    convention : the collection's, by which scores against the labels are counted
    """

    DRAWN: ClassVar[tuple[str, ...]] = ("mean_grade",)
    """The measures of which replicates are drawn."""

    def __init__(
        self,
        tables: StudyTables,
        facet: str | None = None,
        *,
        screened: bool | None = None,
        alone: bool = False,
        seed: int = 1,
    ) -> None:
        self.tables, self.alone, self.seed = tables, alone, seed
        self.protocol = tables.protocol
        self.screened = self.protocol.analysis.screened if screened is None else screened
        self.facet = find_facet(tables.protocol, facet)
        span = self.facet.highest - self.facet.lowest
        # rounded: 55 of 100 is at least 0.55 of the scale, which floats do not see
        self.threshold = round(self.facet.lowest + self.protocol.analysis.good * span, 9)
        self.convention: str = tables.collection.get("convention", "corrected")

    @property
    def primary_raters(self) -> bool:
        """Whether these are the raters whom the protocol calls primary."""
        return self.screened == self.protocol.analysis.screened

    @property
    def whose(self) -> str:
        """Whose grades these are, and what the protocol says of them where it says anything."""
        who = "raters who passed the screening rule" if self.screened else "all raters"
        if self.protocol.analysis.raters is None:
            return who
        return f"{who} ({'' if self.primary_raters else 'not '}primary by the protocol)"

    @property
    def enough_raters(self) -> bool:
        """Whether there are enough raters to speak for others."""
        return enough_raters(self.ratings)

    @property
    def hides_minority(self) -> bool:
        """Whether raters speak for others, and a minority with another taste can hide in them."""
        return hides_minority(self.ratings)

    @cached_property
    def ratings(self) -> Ratings:
        """The grades that count."""
        raise NotImplementedError

    @cached_property
    def answered(self) -> Answered:
        """How much of what was given out was answered."""
        return answered(self.tables, self.facet)

    @cached_property
    def given(self) -> "pd.DataFrame":
        """The grades that count, a row each: rater, query, candidate, position, given_at."""
        raise NotImplementedError

    @cached_property
    def primary(self) -> Scores:
        """The systems by the measure that the protocol fixed."""
        raise NotImplementedError

    @cached_property
    def replicates(self) -> dict[str, np.ndarray]:
        """The scores of the whole panel, with random weights: measure -> [replicates, systems]."""
        return panel_replicates(self.ratings, self.DRAWN, self.threshold, seed=self.seed)

    @cached_property
    def mean_grades(self) -> Scores:
        """The systems by mean grade, whatever the primary measure is."""
        return self.scores("mean_grade")

    def scores(self, measure: str) -> Scores:
        """Return the systems by any measure (`evaluation.statistics.graded_measures`)."""
        drawn = self.replicates[measure] if MEASURES[measure].of_panel else None
        return score_systems(self.ratings, measure, self.threshold, seed=self.seed, drawn=drawn)

    @cached_property
    def pairs(self) -> "pd.DataFrame":
        """Differences of systems by the primary measure; see `results.pairs_table`."""
        return result_tables.pairs_table(self.primary, self.protocol, self.seed)

    @property
    def own_scores(self) -> Scores:
        """The systems by the measure of `own_differences`: the primary one, where raters have it
        each for themselves, else the mean grade."""
        return self.mean_grades if self.primary.raters_table is None else self.primary

    @cached_property
    def own_differences(self) -> "pd.DataFrame":
        """What each rater's own grades put between two systems; see `own_differences`."""
        return own_differences(self.own_scores, self.ratings.raters, self.pairs)

    @cached_property
    def ranks(self) -> Ranked:
        """Friedman's test by the primary measure."""
        return result_tables.ranks_test(self.primary)

    @cached_property
    def families(self) -> "pd.DataFrame":
        """Mean grade by the family of the query; see `results.groups_table`."""
        return self._grouped("family")

    @cached_property
    def classes(self) -> "pd.DataFrame":
        """Mean grade by the class of the query; see `results.groups_table`."""
        return self._grouped("class")

    def _grouped(self, by: str) -> "pd.DataFrame":
        return result_tables.groups_table(self.ratings, by)

    @cached_property
    def histogram(self) -> "pd.DataFrame":
        """How often each grade was given to results."""
        return result_tables.histogram_table(self.ratings, self.facet.allowed)

    @cached_property
    def raters(self) -> "pd.DataFrame":
        """A row a rater: how many results were graded, and how leniently."""
        return result_tables.raters_table(self.ratings)

    @cached_property
    def alpha(self) -> dict[str, Measured]:
        """Krippendorff's alpha: level -> value and interval over queries."""
        queries = [self.ratings.queries[one] for one in self.ratings.query_of]
        return {
            level: one.function(self.ratings.table, clusters=queries, seed=self.seed)
            for level, one in ALPHA.items()
        }

    @cached_property
    def percent(self) -> PercentAgreement:
        """How often two raters agree."""
        return percent_agreement(self.ratings.table, self.facet.lowest, self.facet.highest)

    @cached_property
    def reliability(self) -> Reliability:
        """Intraclass correlations of a (query, clip)'s grades."""
        return reliability(self.ratings.table)

    @cached_property
    def within(self) -> WithinQueries:
        """The intraclass correlation of one rater's grades of the results of a query."""
        return within_queries(self.ratings.table, self.ratings.query_of)

    @cached_property
    def kappas(self) -> np.ndarray:
        """Quadratic kappa of each two raters, float [raters, raters]."""
        return kappa_matrix(self.ratings.table)

    @cached_property
    def generalizability(self) -> Generalizability:
        """What the scores of systems vary by."""
        return generalizability(per_rater(self.ratings, "mean_grade"))

    @cached_property
    def halves(self) -> Halves:
        """How alike random halves of the raters order the systems by mean grade."""
        return split_halves(per_rater(self.ratings, "mean_grade"), seed=self.seed)

    @cached_property
    def position(self) -> Sway:
        """How grades move with the place in the order that the rater got."""
        return sway(self.ratings, self._along("position"))

    @cached_property
    def fatigue(self) -> Sway:
        """How grades move with the rater's own time since the first grade."""
        return sway(self.ratings, self._along("given_at"))

    def _along(self, column: str) -> np.ndarray:
        """Return a column of the grades that count as an array, float [raters, pairs]."""
        import pandas as pd

        of = self.ratings
        own = self.given[self.given["rater"].isin(of.raters)]
        values = own[column]
        if column == "given_at":
            moments = pd.to_datetime(values, utc=True, format="ISO8601")
            begun = moments.groupby(own["rater"]).transform("min")
            values = (moments - begun).dt.total_seconds() / 60
        pairs = zip((of.queries[one] for one in of.query_of), of.clips, strict=True)
        place = {pair: number for number, pair in enumerate(pairs)}
        rater = {name: number for number, name in enumerate(of.raters)}
        along = np.full(of.table.shape, np.nan)
        asked = own["query"].to_numpy(object), own["candidate"].to_numpy(object)
        columns = [place[pair] for pair in zip(*asked, strict=True)]
        along[own["rater"].map(rater).to_numpy(np.intp), columns] = values.to_numpy(float)
        return along

    @cached_property
    def scored(self) -> dict[tuple[str, str], np.ndarray]:
        """What the labels say of the systems (`evaluation.analysis.ears_tables.Scored`)."""
        of = self.ratings
        asked = of.systems, of.queries, of.classes
        return ears_tables.scored(*asked, self.tables.objective, self.convention)

    @cached_property
    def beside(self) -> "pd.DataFrame":
        """A row a system: mean grade beside the scores against the labels."""
        heard = [one.estimate for one in self.mean_grades.systems]
        return ears_tables.beside_table(self.ratings, heard, self.scored)

    @cached_property
    def orders(self) -> dict[tuple[str, str], ears.Agreement]:
        """How far the ears' order of the systems agrees with each of the labels' (`scored`)."""
        return {
            (level, score): ears.compare_orders(
                self.ratings, values, higher=bool(ears_tables.SCORES[score].higher), seed=self.seed,
                heard=self.replicates["mean_grade"],
            )
            for (level, score), values in self.scored.items()
        }  # fmt: skip

    @cached_property
    def orders_table(self) -> "pd.DataFrame":
        """`orders` as a table, with tau inside queries."""
        return ears_tables.orders_table(self.ratings, self.scored, self.orders)
