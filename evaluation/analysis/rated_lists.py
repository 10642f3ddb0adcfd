"""The results of a study in which whole lists are rated on one scale (the method "rating").

A list is to these results what a single result is to those of `evaluation.analysis.graded`: raters
grade it, and each system has one for each query. Two lists that are no system's mark the ends of
the scale: the best that labels can make, and a random one.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.system_scores import Scores, per_rater
from evaluation.design.lists import ORACLE, RANDOM
from evaluation.records.frames import StudyTables
from evaluation.statistics.graded_measures import MEAN_RATING
from evaluation.statistics.significance import Estimate, estimate, within

if TYPE_CHECKING:
    import pandas as pd


class RatingAnalysis(PanelResults):
    """The results of a study with the method "rating"; see `PanelResults`.

    Lists have no controls, so that nobody is screened. What is said of results (pairs of a query
    and a clip) there is said of lists here: the "clip" of `ratings` is the system.
    """

    def __init__(self, tables: StudyTables, *, alone: bool = False, seed: int = 1) -> None:
        super().__init__(tables, screened=False, alone=alone, seed=seed)

    @cached_property
    def every_rating(self) -> "pd.DataFrame":
        """The ratings that count, of systems' lists and of anchors, a row each."""
        table = self.tables.judgements
        counts = (table["kind"] == "list") & (table["counts"] == 1)
        own = table[counts & (table["facet"] == self.facet.name)]
        return own.assign(candidate=own["list_of"])

    @cached_property
    def given(self) -> "pd.DataFrame":
        """The ratings of systems' lists that count; "candidate" is the system."""
        every = self.every_rating
        return every[every["candidate"].isin(self.protocol.systems)]

    @cached_property
    def ratings(self) -> Ratings:
        """The ratings of systems' lists, as grades of lists of depth 1."""
        return self._ratings(self.protocol.systems, self.given)

    @cached_property
    def mean_grades(self) -> Scores:
        """The systems by mean rating."""
        return replace(super().mean_grades, definition=MEAN_RATING.definition)

    @cached_property
    def primary(self) -> Scores:
        """The systems by mean rating, the only measure of this method."""
        return replace(self.mean_grades, measure=MEAN_RATING)

    def _grouped(self, by: str) -> "pd.DataFrame":
        return super()._grouped(by).assign(definition=MEAN_RATING.definition)

    @cached_property
    def anchors(self) -> "pd.DataFrame":
        """The mean rating of each anchor: system, title, and the columns of an `Estimate`."""
        import pandas as pd

        names = [name for name, one in self.tables.systems.items() if one["anchor"]]
        scores = per_rater(self._ratings(names, self.every_rating), "mean_grade")
        titles = [self.tables.systems[name]["title"] for name in names]
        ends = self.facet.lowest, self.facet.highest
        rows = [
            {"system": name, "title": title, **asdict(within(self._estimate(table), *ends))}
            for name, title, table in zip(names, titles, scores, strict=True)
        ]
        return pd.DataFrame(rows, columns=None if rows else ["system", "title", "value"])

    @cached_property
    def anchors_apart(self) -> Estimate:
        """By how many grades the labels' own list is rated above the random one."""
        scores = per_rater(self._ratings((ORACLE, RANDOM), self.every_rating), "mean_grade")
        span = self.facet.highest - self.facet.lowest
        return within(self._estimate(scores[0] - scores[1]), -span, span)

    def _estimate(self, table: np.ndarray) -> Estimate:
        return estimate(table, alone=self.alone)

    @cached_property
    def anchors_by_rater(self) -> "pd.DataFrame":
        """A row a rater: does who judges tell the labels' own list from a random one?

        The columns: rater; blocks, in which both were rated; labels and random, their mean ratings
        there; above, the share of blocks in which the labels' list has the higher rating (equal
        ones count one half).
        """
        import pandas as pd

        of = self._ratings((ORACLE, RANDOM), self.every_rating)
        labels, chance = per_rater(of, "mean_grade")
        rows = []
        for rater, best, worst in zip(of.raters, labels, chance, strict=True):
            both = ~np.isnan(best) & ~np.isnan(worst)
            apart, count = (best - worst)[both], int(both.sum())
            rows.append(
                {
                    "rater": rater,
                    "blocks": count,
                    "labels": float(best[both].mean()) if count else None,
                    "random": float(worst[both].mean()) if count else None,
                    "above": float(((apart > 0) + 0.5 * (apart == 0)).mean()) if count else None,
                }
            )
        return pd.DataFrame(rows, columns=None if rows else ["rater", "blocks", "above"])

    def _ratings(self, names: Sequence[str], given: "pd.DataFrame") -> Ratings:
        """Return the ratings of some lists: each is the one result of its system's list."""
        first = self.tables.pools.drop_duplicates("query")
        queries, raters = first["query"].to_list(), sorted(given["rater"].unique())
        rows = given[given["candidate"].isin(names)]
        codes = [
            rows[column].map({one: place for place, one in enumerate(known)}).to_numpy(np.intp)
            for column, known in (("rater", raters), ("query", queries), ("candidate", names))
        ]
        table = np.full((len(raters), len(queries), len(names)), np.nan)
        table[tuple(codes)] = rows["grade"]
        places = np.arange(len(queries) * len(names)).reshape(len(queries), len(names))
        return Ratings(
            raters=tuple(raters),
            queries=tuple(queries),
            classes=tuple(first["query_class"]),
            families=tuple(first["query_family"]),
            systems=tuple(names),
            query_of=np.repeat(np.arange(len(queries)), len(names)),
            clips=tuple(names) * len(queries),
            table=table.reshape(len(raters), len(queries) * len(names)),
            lists=places.T[:, :, None],
            lowest=float(self.facet.lowest),
            highest=float(self.facet.highest),
            alone=self.alone,
        )
