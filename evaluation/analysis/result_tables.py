"""The tables that a study's results are made of: a page, a report and a CSV all show these.

Every row says on how many queries, raters and ratings it rests, and why a number is missing. The
column "scope" says whom an interval speaks for (`evaluation.statistics.significance`).
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.ratings import Ratings
from evaluation.analysis.system_scores import Scores, score_systems
from evaluation.protocol.terms import Protocol
from evaluation.statistics.pair_tests import PAIR_TESTS, Compared
from evaluation.statistics.significance import Ranked, friedman, holm

if TYPE_CHECKING:
    import pandas as pd

MOST_TESTED = 91
"""All pairs of fourteen systems; of more, only those that the protocol names are tested."""


def systems_table(scores: Scores) -> "pd.DataFrame":
    """Return a row a system: its score by one measure, with interval, bounds and share judged."""
    import pandas as pd

    return pd.DataFrame(_systems(scores))


def _systems(scores: Scores) -> list[dict[str, Any]]:
    return [
        {
            "system": one.system,
            # that a level is zero is no question
            **{name: value for name, value in asdict(one.estimate).items() if name != "p"},
            "lower_bound": one.low,
            "upper_bound": one.high,
            "judged": one.judged,
            "definition": scores.definition,
        }
        for one in scores.systems
    ]


def measures_table(every: Sequence[Scores]) -> "pd.DataFrame":
    """Return a row a system and measure, as `systems_table`, with a column "measure"."""
    import pandas as pd

    rows = [row | {"measure": one.measure.name} for one in every for row in _systems(one)]
    return pd.DataFrame(rows)


def pairs_table(scores: Scores, protocol: Protocol, seed: int = 1) -> "pd.DataFrame":
    """Return a row a pair of systems: by how much the first is above the second, and how surely.

    The columns: system_a, system_b, value (a minus b) and its interval; p, and p_holm over the
    comparisons that the protocol fixed, all pairs where it fixed none; those of `PAIR_TESTS`, which
    speak for these raters alone, and test_reason, why they are missing; exploratory, True where the
    protocol did not fix the pair; holm_over, how many comparisons every p of the table is adjusted
    over, those without a p among them; reason. A protocol that was stored when nothing and all
    pairs were not told apart has no exploratory ones.
    """
    import pandas as pd

    names = [one.system for one in scores.systems]
    plan = protocol.analysis
    fixed = {frozenset(pair) for pair in plan.fixed(names)}
    places = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names))]
    if len(places) > MOST_TESTED and fixed:
        places = [(a, b) for a, b in places if frozenset((names[a], names[b])) in fixed]
    apart = np.array([_exact(scores.table[a] - scores.table[b]) for a, b in places])
    family = len(fixed) or len(places)
    compared = Compared(scores.table, places, apart, family, seed)
    tested = [one.run(compared) for one in PAIR_TESTS.values()]
    rows = []
    for (a, b), outcomes in zip(places, zip(*tested, strict=True), strict=True):
        named = frozenset((names[a], names[b])) in fixed
        rows.append(
            {
                "system_a": names[a],
                "system_b": names[b],
                **asdict(scores.difference(a, b)),
                **{f"p_{name}": one.p for name, one in zip(PAIR_TESTS, outcomes, strict=True)},
                "test_reason": next((one.reason for one in outcomes if one.reason), ""),
                "exploratory": not named and (bool(fixed) or plan.exploratory),
                "holm_over": family,
            }
        )
    adjusted = [f"p_{name}" for name, one in PAIR_TESTS.items() if one.adjusted]
    for column in ("p", *adjusted):
        own = [None if fixed and row["exploratory"] else row[column] for row in rows]
        for row, p in zip(rows, holm(own, family), strict=True):
            row[f"{column}_holm"] = p
    return pd.DataFrame(rows, columns=None if rows else ["system_a", "system_b"])


def ranks_test(scores: Scores) -> Ranked:
    """Return Friedman's test on the means over raters; 1 is the best mean rank."""
    table = _exact(scores.table)
    return friedman(table if scores.measure.higher else -table)


def _exact(table: np.ndarray) -> np.ndarray:
    """Return scores without what rounding adds: equal ones are tied, and are no difference."""
    return np.round(table, 9)


def profile_table(of: Ratings) -> "pd.DataFrame":
    """Return the mean grade of each system at each rank: a row a system and rank."""
    import pandas as pd

    along = [
        _systems(score_systems(replace(of, lists=of.lists[:, :, rank : rank + 1])))
        for rank in range(of.depth)
    ]
    rows = [
        {"system": name, "rank": rank + 1}
        | own[place]
        | {"definition": f"mean_grade at rank {rank + 1}/judged-only"}
        for place, name in enumerate(of.systems)
        for rank, own in enumerate(along)
    ]
    return pd.DataFrame(rows)


def groups_table(of: Ratings, by: str) -> "pd.DataFrame":
    """Return a row a system and group of queries: its mean grade there, as `systems_table`.

    `by` is "family" or "class"; queries without a family are left out.
    """
    import pandas as pd

    groups = np.array(of.families if by == "family" else of.classes)
    rows = [
        {by: group} | row
        for group in sorted(set(groups.tolist()) - {""})
        for row in _systems(score_systems(of.only_queries(groups == group)))
    ]
    return pd.DataFrame(rows, columns=None if rows else [by, "system", "value"])


def facets_table(facets: dict[str, Ratings]) -> "pd.DataFrame":
    """Return the mean grade of each system in each facet, as a share of the facet's scale.

    A row a facet and system, with the columns of `systems_table`.
    """
    import pandas as pd

    rows = []
    for name, of in facets.items():
        table = systems_table(score_systems(of))
        for column in ("value", "low", "high", "lower_bound", "upper_bound"):
            table[column] = (table[column].astype(float) - of.lowest) / (of.highest - of.lowest)
        table["definition"] += "/share of the scale"
        rows.append(table.assign(facet=name))
    return pd.concat(rows, ignore_index=True)


def histogram_table(of: Ratings, allowed: Sequence[int]) -> "pd.DataFrame":
    """Return how often each grade was given to results: a row a grade that the scale allows."""
    import pandas as pd

    given = of.table[~np.isnan(of.table)]
    counts = [int((given == grade).sum()) for grade in allowed]
    share = [count / len(given) if len(given) else None for count in counts]
    return pd.DataFrame({"grade": list(allowed), "ratings": counts, "share": share})


def raters_table(of: Ratings) -> "pd.DataFrame":
    """Return a row a rater: how many results were graded, and how leniently."""
    import pandas as pd

    mean = of.mean
    rows = []
    for rater, own in zip(of.raters, of.table, strict=True):
        there = ~np.isnan(own)
        count = int(there.sum())
        rows.append(
            {
                "rater": rater,
                "ratings": count,
                "queries": len(set(of.query_of[there].tolist())),
                "mean_grade": float(own[there].mean()) if count else None,
                "above_panel": float((own[there] - mean[there]).mean()) if count else None,
            }
        )
    return pd.DataFrame(rows, columns=None if rows else ["rater", "ratings"])
