"""Objective scores of a system against labels: AP@N, MAP@N, R1, MR1.

Conventions
-----------
A clip is relevant to a (query, class) pair when it carries the class; to a query as a whole
("micro") when it shares any label with it. A query is never among its own results.

``cbmi2024``, as published in Araz et al., CBMI 2024:
    AP@N = (1/Z) sum over ranks i <= N of rel_i * precision@i, with Z = min(N, clips that carry
    the class, the query counted); Z = N for micro. R1, the rank of the first relevant result,
    counts from zero.
``corrected``:
    Z = min(N, relevant clips other than the query), also for micro. R1 counts from one.

Under both, a pair with no relevant clip but the query has no AP and no R1: it is left out of the
means and counted (`undefined`).

Metrics
-------
- AP@N and R1 of every (query, class) pair
- a class's value: the mean over the clips that carry it; a family's: the mean over its classes
- macro MAP@N, MR1: the mean over all classes; micro: the mean over all queries

References
----------
.. [1] Araz, Bogdanov, Alonso-Jimenez, Font: Evaluation of Deep Audio Representations for Semantic
   Sound Similarity, CBMI 2024.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embeddings.collection.clips import CONVENTIONS
from evaluation.objective.definitions import check_word, measures_of
from evaluation.objective.per_query import CUTOFFS, MICRO, Labelled, QueryScores, score_queries

if TYPE_CHECKING:  # pages read stored scores and need no tables
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ObjectiveScores:
    """A system's scores under one convention; the metrics are "map@N" for each cutoff and "mr1".

    Attributes
    ----------
    convention : "cbmi2024" or "corrected"
    macro, micro : dict of metric -> mean, None where nothing is defined
    by_class : DataFrame indexed by class: the metrics, clips (that carry it), undefined (queries)
    by_family : DataFrame indexed by family: the metrics, clips (that carry one of its classes),
        classes
    by_query : DataFrame: query, class (None for micro), "ap@N" for each cutoff, r1
    undefined : pairs left out of the class means
    censored : pairs whose R1 is known to lie beyond a stored ranking and counts as its first rank
        that was not kept, so that "mr1" is a lower bound; 0 where all was ranked
    """

    convention: str
    macro: dict[str, float | None]
    micro: dict[str, float | None]
    by_class: "pd.DataFrame"
    by_family: "pd.DataFrame"
    by_query: "pd.DataFrame"
    undefined: int
    censored: int


def score_system(
    vectors: np.ndarray,
    labels: Labelled,
    families: Mapping[str, Sequence[str]] | None = None,
    *,
    search: str = "mcss",
    cutoffs: Sequence[int] = CUTOFFS,
    convention: str = "corrected",
    groups: Sequence[str] | None = None,
    device: str = "cpu",
) -> ObjectiveScores:
    """Score a system from its prepared vectors: every clip is a query, all others are ranked.

    Parameters
    ----------
    vectors : float [clips, dim], prepared up to but not including the final L2
    labels : each clip's classes; a clip may have none and is then a query of no class
    families : family -> its classes
    search : "mcss", "mips" or "nns"; see `embeddings.search.neighbours`
    cutoffs : the N of AP@N
    convention : "cbmi2024" or "corrected"; see the module's text
    groups : each clip's group, whose clips are left out for it and are not relevant to it; "" is
        no group. None: no groups
    device : where it is computed; see `embeddings.search.backends.find_backend`

    Raises
    ------
    InputError
        Unknown convention or search, no label at all, or as many labels as there are not clips.
    """
    check_word("convention", convention, CONVENTIONS)
    scores = score_queries(
        vectors, labels, search=search, cutoffs=cutoffs, groups=groups, device=device
    )
    return average(scores, families, convention)


def average(
    scores: QueryScores,
    families: Mapping[str, Sequence[str]] | None,
    convention: str,
) -> ObjectiveScores:
    """Average scores of queries into classes, families, macro and micro under `convention`."""
    import pandas as pd

    check_word("convention", convention, CONVENTIONS)
    measures = measures_of(scores.cutoffs)
    metrics = [one.name for one in measures]
    values = _values(scores, convention)
    pairs = values.assign(label=scores.label)
    micro = pairs["label"] == MICRO
    means = pairs[~micro].groupby("label").mean()
    counts = pairs[~micro].groupby("label")["mr1"].agg(["size", "count"])
    by_class = means.assign(clips=counts["size"], undefined=counts["size"] - counts["count"])
    by_class.index = pd.Index([scores.classes[label] for label in by_class.index], name="class")
    names = [None if label == MICRO else scores.classes[label] for label in scores.label]
    single = {one.name: one.single.lower() for one in measures}
    by_query = pd.DataFrame({"query": scores.query, "class": names}).join(
        values.rename(columns=single)
    )
    return ObjectiveScores(
        convention=convention,
        macro=_mean(by_class, metrics),
        micro=_mean(pairs[micro], metrics),
        by_class=by_class,
        by_family=_by_family(by_class, by_query, families or {}, metrics),
        by_query=by_query,
        undefined=int(by_class["undefined"].sum()),
        censored=int((scores.censored & ~micro).sum()),
    )


def _values(scores: QueryScores, convention: str) -> "pd.DataFrame":
    """Return each measure of every pair, a column each.

    Those with a cut-off lie in one block and the others alone: numpy's sums, to the last bit, are
    those of how numbers lie in memory, and scores of other versions are to be the same.
    """
    import pandas as pd

    block: dict[str, np.ndarray] = {}
    alone: dict[str, np.ndarray] = {}
    for one in measures_of(scores.cutoffs):
        (block if one.cutoff else alone)[one.name] = one.of_pairs(scores, convention)
    together = np.column_stack(list(block.values()))
    return pd.DataFrame(together, columns=list(block)).assign(**alone)


def _by_family(
    by_class: "pd.DataFrame",
    by_query: "pd.DataFrame",
    families: Mapping[str, Sequence[str]],
    metrics: list[str],
) -> "pd.DataFrame":
    import pandas as pd

    rows = {}
    for family, members in families.items():
        own = by_class.loc[by_class.index.intersection(list(members))]
        clips = by_query.loc[by_query["class"].isin(own.index), "query"].nunique()
        rows[family] = {**_mean(own, metrics), "clips": clips, "classes": len(own)}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*metrics, "clips", "classes"])
    # None alone in a column is an object to pandas, and no number that is undefined
    return table.astype(dict.fromkeys(metrics, float)).rename_axis("family")


def _mean(table: "pd.DataFrame", metrics: list[str]) -> dict[str, float | None]:
    means = table[metrics].mean()
    return {metric: None if np.isnan(means[metric]) else float(means[metric]) for metric in metrics}
