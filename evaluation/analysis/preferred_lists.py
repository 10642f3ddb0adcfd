"""The results of a study in which two lists are compared (the method "preference")."""

from dataclasses import asdict
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from evaluation.analysis import ears, ears_tables
from evaluation.analysis.answered import Answered, answered
from evaluation.records.frames import StudyTables
from evaluation.statistics.bradley_terry import NEITHER, A, B, Strengths, Votes, fit
from evaluation.statistics.correlation import CORRELATIONS, least_significant_tau
from evaluation.statistics.graded_lists import mean_there
from evaluation.statistics.shares import share
from evaluation.statistics.significance import FEW_RATERS, Estimate

if TYPE_CHECKING:
    import pandas as pd

COMPARED = {name: CORRELATIONS[name] for name in ("tau", "rho")}
"""How the order by strength is compared with those by the labels."""
NOT_COMPARED = "no list of this system was compared"
"""Why a system has no strength."""
_CHOICES = {"A": A, "B": B, "none": NEITHER}


class PreferenceAnalysis:
    """The results, each computed when it is first asked for, and kept.

    Parameters
    ----------
    tables : the study's tables
    alone : whether intervals are to speak for these raters alone, and not for others like them
    seed : of every random procedure

    Attributes
    ----------
    systems : the names of those that are compared
    convention : the collection's, by which scores against the labels are counted
    """

    def __init__(self, tables: StudyTables, *, alone: bool = False, seed: int = 1) -> None:
        self.tables, self.alone, self.seed = tables, alone, seed
        self.protocol, self.systems = tables.protocol, tables.protocol.systems
        self.convention: str = tables.collection.get("convention", "corrected")

    @cached_property
    def choices(self) -> "pd.DataFrame":
        """The choices that count, a row each: the columns of ``preferences.csv``."""
        table = self.tables.preferences
        return table[table["counts"] == 1].reset_index(drop=True)

    @cached_property
    def answered(self) -> Answered:
        """How many of the choices that were given out were made."""
        return answered(self.tables)

    @property
    def enough_raters(self) -> bool:
        """Whether there are enough raters to speak for others."""
        return self.choices["rater"].nunique() >= FEW_RATERS

    @cached_property
    def votes(self) -> Votes:
        """The choices as numbers."""
        return self._votes(self.choices)

    @cached_property
    def strengths(self) -> Strengths:
        """How strong each system is, by Bradley and Terry's model with ties."""
        return self._fit(self.votes)

    @cached_property
    def win_rates(self) -> list[Estimate]:
        """The share of its comparisons that each system wins; no difference counts one half."""
        return self._win_rates(self.votes)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """A row a system; see `_table`."""
        return self._table(self.strengths, self.votes, self.win_rates)

    @cached_property
    def matrix(self) -> "pd.DataFrame":
        """A row a pair of systems.

        The columns: system_a, system_b; wins_a, wins_b, ties, as counted; votes, queries, raters,
        on which they rest; probability, with which the list of a is preferred to that of b where
        one of them is, by the model; NaN where that is undefined.
        """
        import pandas as pd

        rows = []
        for a, b in combinations(range(len(self.systems)), 2):
            own = self._between(a, b)
            won = self._won(own)
            rows.append(
                {
                    "system_a": self.systems[a], "system_b": self.systems[b],
                    "wins_a": int((won == a).sum()), "wins_b": int((won == b).sum()),
                    "ties": int((won < 0).sum()), "votes": len(won),
                    "queries": len(np.unique(own.query)), "raters": len(np.unique(own.rater)),
                    "probability": float(self.strengths.win[a, b]),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    @cached_property
    def families(self) -> "pd.DataFrame":
        """A row a family of queries and system, as in `table`, with a column "family"."""
        import pandas as pd

        parts = []
        for family, own in self.choices.groupby("query_family"):
            if family:
                votes = self._votes(own)
                rates = self._win_rates(votes)
                parts.append(self._table(self._fit(votes), votes, rates).assign(family=family))
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"family": []})

    @cached_property
    def sides(self) -> dict[str, int]:
        """How often A, B and neither was chosen."""
        return {name: int((self.votes.choice == code).sum()) for name, code in _CHOICES.items()}

    @cached_property
    def raters(self) -> "pd.DataFrame":
        """A row a rater: votes, queries, the shares of A (of A and B) and of no difference."""
        import pandas as pd

        rows = []
        for rater, own in self.choices.groupby("rater"):
            chosen = own["choice"].value_counts()
            sided = int(chosen.get("A", 0) + chosen.get("B", 0))
            rows.append(
                {
                    "rater": rater, "votes": len(own), "queries": own["query"].nunique(),
                    "share_a": chosen.get("A", 0) / sided if sided else None,
                    "share_none": chosen.get("none", 0) / len(own),
                }
            )  # fmt: skip
        return pd.DataFrame(rows, columns=None if rows else ["rater", "votes", "queries"])

    @cached_property
    def scored(self) -> dict[ears_tables.Key, np.ndarray]:
        """What the labels say of the systems (`evaluation.analysis.ears_tables.Scored`)."""
        first = self.tables.pools.drop_duplicates("query")
        asked = tuple(first["query"]), tuple(first["query_class"])
        return ears_tables.scored(self.systems, *asked, self.tables.objective, self.convention)

    @cached_property
    def orders(self) -> "pd.DataFrame":
        """A row a level and score of the labels: tau-b and rho of its order and the strengths'.

        The columns: level, score, higher (is better), systems; tau and rho, each with low, high and
        bias, over queries and raters, the labels' scores being fixed; least (the smallest tau that
        could be significant); NaN undefined.
        """
        import pandas as pd

        rows = []
        for (level, score), values in self.scored.items():
            higher = bool(ears_tables.SCORES[score].higher)
            told = (1 if higher else -1) * (mean_there(values) if level == "own" else values)
            kept = ~np.isnan(told) & ~np.isnan(self.strengths.strength)
            sides, drawn = (self.strengths.strength[kept], told[kept]), self.strengths.drawn
            replicated = (drawn[:, kept], told[kept]) if len(drawn) else None
            found = ears.correlated(COMPARED, sides, replicated)
            rows.append(
                {
                    "level": level, "score": score, "higher": higher,
                    "systems": int(kept.sum()), **ears_tables.correlated(*found),
                    "least": least_significant_tau(int(kept.sum())),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def _fit(self, votes: Votes) -> Strengths:
        return fit(votes, len(self.systems), alone=self.alone, seed=self.seed)

    def _votes(self, choices: "pd.DataFrame") -> Votes:
        code = {name: place for place, name in enumerate(self.systems)}
        columns = [
            choices[column].map(codes).to_numpy(np.intp)
            for column, codes in (("list_a", code), ("list_b", code), ("choice", _CHOICES))
        ]
        people = [
            np.unique(choices[column].to_numpy(str), return_inverse=True)[1]
            for column in ("rater", "query")
        ]
        return Votes(*columns, *people)

    def _between(self, a: int, b: int) -> Votes:
        """Return the votes between two systems."""
        own = self.votes
        both = ((own.first == a) & (own.second == b)) | ((own.first == b) & (own.second == a))
        return Votes(*(part[both] for part in
                       (own.first, own.second, own.choice, own.rater, own.query)))  # fmt: skip

    @staticmethod
    def _won(votes: Votes) -> np.ndarray:
        """Return the system that each vote is for, -1 for neither: int [votes]."""
        return np.select([votes.choice == A, votes.choice == B], [votes.first, votes.second], -1)

    def _win_rates(self, votes: Votes) -> list[Estimate]:
        """Return of each system the mean, over raters and queries, of the comparisons won."""
        shape = int(votes.rater.max(initial=-1)) + 1, int(votes.query.max(initial=-1)) + 1
        found = []
        for system in range(len(self.systems)):
            there = (votes.first == system) | (votes.second == system)
            won = self._won(votes)
            worth = np.where(won < 0, 0.5, won == system)[there]
            cell = votes.rater[there] * shape[1] + votes.query[there]
            counts = np.bincount(cell, minlength=shape[0] * shape[1])
            sums = np.bincount(cell, worth, minlength=shape[0] * shape[1])
            shares = sums / np.where(counts, counts, np.nan)
            found.append(share(shares.reshape(shape), alone=self.alone))
        return found

    def _table(self, fitted: Strengths, votes: Votes, rates: list[Estimate]) -> "pd.DataFrame":
        """Return a row a system.

        The columns: system; strength, strength_low, strength_high, on the scale of log odds, and
        strength_reason, why they are undefined or rest on a prior; wins, losses, ties, votes; the
        win rate as the columns of an `Estimate`.
        """
        import pandas as pd

        won, rows = self._won(votes), []
        for place, system in enumerate(self.systems):
            there = won[(votes.first == place) | (votes.second == place)]
            wins, ties = int((there == place).sum()), int((there < 0).sum())
            rows.append(
                {
                    "system": system,
                    "strength": float(fitted.strength[place]),
                    "strength_low": float(fitted.low[place]),
                    "strength_high": float(fitted.high[place]),
                    "strength_reason": fitted.reason if len(there) else NOT_COMPARED,
                    "wins": wins, "losses": len(there) - wins - ties, "ties": ties,
                    "votes": len(there), **asdict(rates[place]),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)
