"""Tables of what people judged beside what the labels say: systems, their orders, single results.

A score against the labels is of the study's own queries, each for the class that it was drawn for,
or of the whole collection, averaged over its classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis import ears, relabelling
from evaluation.analysis.ratings import Ratings
from evaluation.objective.definitions import METRICS
from evaluation.statistics.correlation import Interval
from evaluation.statistics.graded_lists import mean_there
from evaluation.statistics.significance import Estimate

if TYPE_CHECKING:
    import pandas as pd

SCORES = {"ap15": METRICS["map@15"], "ap150": METRICS["map@150"], "r1": METRICS["mr1"]}
"""The scores against the labels that a study keeps: those of its own queries, and their means over
a collection's classes."""
LEVELS = {"own": "the study's queries", "collection": "the whole collection"}

Key = tuple[str, str]
Scored = Mapping[Key, np.ndarray]
"""(level, score) -> float [systems, queries] for "own", [systems] for "collection"; NaN: undefined.
"""


def beside_table(of: Ratings, heard: Sequence[Estimate], scored: Scored) -> "pd.DataFrame":
    """Return a row a system: its mean grade with interval, and each score as LEVEL_SCORE.

    Parameters
    ----------
    heard : the mean grade of each system
    scored : what the labels say

    Returns
    -------
    The columns system, value, low, high, queries, raters, ratings, reason; own_ap15, ...,
    collection_r1, NaN undefined; own_queries, in how many queries AP@15 is defined
    """
    import pandas as pd

    names = ("value", "low", "high", "queries", "raters", "ratings", "reason")
    rows = [
        {"system": system, **{name: getattr(one, name) for name in names}}
        for system, one in zip(of.systems, heard, strict=True)
    ]
    table = pd.DataFrame(rows)
    for (level, score), values in scored.items():
        table[f"{level}_{score}"] = mean_there(values) if level == "own" else values
    table["own_queries"] = (~np.isnan(scored["own", "ap15"])).sum(axis=1)
    return table


def scored(
    systems: Sequence[str],
    queries: Sequence[str],
    classes: Sequence[str],
    objective: "pd.DataFrame",
    convention: str,
) -> dict[Key, np.ndarray]:
    """Return what the labels say of the systems, from a study's ``objective.csv``; see `Scored`.

    A query's own score is that for the class that it was drawn for, one of `classes`.
    """
    import pandas as pd

    counted = objective[objective["convention"] == convention]
    own = counted[counted["level"] == "query"]
    whole = counted[counted["level"] == "macro"].set_index("system").reindex(list(systems))
    place = pd.MultiIndex.from_frame(own[["system", "query", "name"]])
    shape = len(systems), len(queries)
    wanted = np.repeat(systems, shape[1]), *(np.tile(one, shape[0]) for one in (queries, classes))
    at = place.get_indexer(pd.MultiIndex.from_arrays(wanted))
    found: dict[Key, np.ndarray] = {}
    for score in SCORES:
        values = np.append(own[score].to_numpy(np.float64), np.nan)  # -1: there is none
        found["own", score] = values[at].reshape(shape)
    return found | {("collection", name): whole[name].to_numpy(np.float64) for name in SCORES}


def orders_table(
    of: Ratings, scored: Scored, orders: Mapping[Key, ears.Agreement]
) -> "pd.DataFrame":
    """Return a row a level and score: how far the order by mean grade agrees with that by labels.

    Parameters
    ----------
    orders : `evaluation.analysis.ears.compare_orders` of each

    Returns
    -------
    The columns level, score, higher (is better), systems; tau, tau_low, tau_high, tau_bias, and
    likewise each of `CORRELATIONS`; least (the smallest tau that could be significant); within (the
    mean tau inside queries, at the level "own") and within_queries; reason, why there is no tau
    """
    import pandas as pd

    rows = []
    for (level, score), found in orders.items():
        higher, values = bool(SCORES[score].higher), scored[level, score]
        within, queries = (None, 0)
        if level == "own":
            within, queries = ears.within_queries(of, values if higher else -values)
        rows.append(
            {
                "level": level, "score": score, "higher": higher, "systems": found.systems,
                **correlated(found.values, found.intervals),
                "least": found.least, "within": within,
                "within_queries": queries, "reason": _why(found),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def rules_table(of: Ratings, labels: ears.StudyLabels) -> "pd.DataFrame":
    """Return a row a rule of relevance: how the ears grade what it calls relevant, and the rest.

    The columns: rule, about; relevant and others, how many judged results there are of each;
    relevant_grade and others_grade, their mean grades; above, how often a relevant one is graded
    higher than another of its query (equal grades count one half), over `queries` that have both.
    """
    import pandas as pd

    mean, rows = of.mean, []
    known = ~np.isnan(mean)
    for rule, about in ears.RULES.items():
        told = ears.relevant(of, labels, rule)
        above, queries = ears.relevant_above(of, told)
        yes, no = mean[known & told], mean[known & ~told]
        rows.append(
            {
                "rule": rule, "about": about, "relevant": len(yes), "others": len(no),
                "relevant_grade": float(yes.mean()) if len(yes) else None,
                "others_grade": float(no.mean()) if len(no) else None,
                "above": above, "queries": queries,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def disagreements_table(of: Ratings, found: Sequence[relabelling.Disagreement]) -> "pd.DataFrame":
    """Return a row a disagreement: query, class, clip, relevant, grade, raters, and the systems
    that returned it as "SYSTEM #RANK", the highest first."""
    import pandas as pd

    classes = dict(zip(of.queries, of.classes, strict=True))
    rows = [
        asdict(one)
        | {"class": classes[one.query]}
        | {
            "systems": ", ".join(
                f"{name} #{rank}"
                for name, rank in sorted(one.systems.items(), key=lambda item: item[::-1])
            )
        }
        for one in found
    ]
    columns = ["query", "class", "clip", "relevant", "grade", "raters", "systems"]
    return pd.DataFrame(rows, columns=columns)


def relabelled_table(
    of: Ratings, told: np.ndarray, threshold: float, provenances: Sequence[str]
) -> "pd.DataFrame":
    """Return a row a system: AP@depth and R1 within the judged pools by labels, ears and both.

    Parameters
    ----------
    told, threshold : as in `evaluation.analysis.relabelling.relabelled`
    provenances : of each system

    Returns
    -------
    The columns system, ap_labels, ap_ears, ap_both, r1_labels, ...; the place of the system by AP
    from 1, rank_labels, rank_ears, rank_both, among the simulated systems or among the others
    (equal ones share the mean place); queries, over how many that have a relevant result by all
    three
    """
    import pandas as pd

    scores, queries = relabelling.relabelled(of, told, threshold)
    table: dict[str, Any] = {"system": list(of.systems)}
    for place, name in enumerate(("ap", "r1")):
        table |= {f"{name}_{rule}": scores[rule][place] for rule in relabelling.RELABELLINGS}
    frame = pd.DataFrame(table)
    simulated = np.array([one == "simulated" for one in provenances], dtype=bool)
    for rule in relabelling.RELABELLINGS:
        frame[f"rank_{rule}"] = frame[f"ap_{rule}"].groupby(simulated).rank(ascending=False)
    return frame.assign(queries=queries)


def correlated(
    values: Mapping[str, float | None], intervals: Mapping[str, Interval | None]
) -> dict[str, Any]:
    """Return correlations with their intervals as the columns NAME, NAME_low, _high and _bias."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        interval = intervals[name]
        ends = asdict(interval) if interval else dict.fromkeys(("low", "high", "bias"))
        row |= {name: value} | {f"{name}_{part}": end for part, end in ends.items()}
    return row


def _why(found: ears.Agreement) -> str:
    if found.systems < 2:
        return "it needs two systems that have both a grade and a score"
    return "" if found.tau is not None else "all systems are equal on one side"
