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

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embeddings.collection import CONVENTIONS
from embeddings.errors import InputError
from embeddings.search import ranked_blocks

if TYPE_CHECKING:  # pages read stored scores and need no tables
    import pandas as pd

CUTOFFS = (15, 150)
_MICRO = -1


@dataclass(frozen=True, slots=True)
class QueryScores:
    """What both conventions are made from, for every (query, class) pair and every query.

    Attributes
    ----------
    classes : the class names, in alphabetical order
    cutoffs : the N of AP@N
    query : int [pairs], row of the query
    label : int [pairs], index into `classes`, or -1 for the query as a whole (micro)
    precision_sum : float [pairs, cutoffs], the sum over ranks i <= N of rel_i * precision@i
    relevant : int [pairs], relevant clips other than the query
    first_rank : int [pairs], rank of the first relevant result from one; 0 where there is none
    """

    classes: tuple[str, ...]
    cutoffs: tuple[int, ...]
    query: np.ndarray
    label: np.ndarray
    precision_sum: np.ndarray
    relevant: np.ndarray
    first_rank: np.ndarray

    def average_precision(self, convention: str) -> np.ndarray:
        """Return AP@N of every pair under `convention`, float [pairs, cutoffs]; NaN undefined."""
        cutoffs = np.array(self.cutoffs)
        if convention == "cbmi2024":
            counted = np.where(self.label == _MICRO, cutoffs.max(), self.relevant + 1)
        else:
            counted = self.relevant
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = self.precision_sum / np.minimum(cutoffs, counted[:, None])
        return np.where(self.relevant[:, None] > 0, scores, np.nan)

    def first_relevant(self, convention: str) -> np.ndarray:
        """Return R1 of every pair under `convention`, float [pairs]; NaN undefined."""
        offset = 1 if convention == "cbmi2024" else 0
        return np.where(self.relevant > 0, self.first_rank - offset, np.nan)


@dataclass(frozen=True, slots=True)
class ObjectiveScores:
    """A system's scores under one convention; the metrics are "map@N" for each cutoff and "mr1".

    Attributes
    ----------
    convention : "cbmi2024" or "corrected"
    macro, micro : dict of metric -> mean, None where nothing is defined
    by_class : DataFrame indexed by class: the metrics, clips (that carry it), undefined (queries)
    by_family : DataFrame indexed by family: the metrics, classes
    by_query : DataFrame: query, class (None for micro), "ap@N" for each cutoff, r1
    undefined : pairs left out of the class means
    """

    convention: str
    macro: dict[str, float | None]
    micro: dict[str, float | None]
    by_class: "pd.DataFrame"
    by_family: "pd.DataFrame"
    by_query: "pd.DataFrame"
    undefined: int


def score_system(
    vectors: np.ndarray,
    labels: Sequence[Set[str] | Sequence[str]],
    families: Mapping[str, Sequence[str]] | None = None,
    *,
    search: str = "mcss",
    cutoffs: Sequence[int] = CUTOFFS,
    convention: str = "corrected",
) -> ObjectiveScores:
    """Score a system from its prepared vectors: every clip is a query, all others are ranked.

    Parameters
    ----------
    vectors : float [clips, dim], prepared up to but not including the final L2
    labels : each clip's classes; a clip may have none and is then a query of no class
    families : family -> its classes
    search : "mcss", "mips" or "nns"; see `embeddings.search`
    cutoffs : the N of AP@N
    convention : "cbmi2024" or "corrected"; see the module's text

    Raises
    ------
    InputError
        Unknown convention or search, no label at all, or as many labels as there are not clips.
    """
    return average(
        score_queries(vectors, labels, search=search, cutoffs=cutoffs), families, convention
    )


def score_queries(
    vectors: np.ndarray,
    labels: Sequence[Set[str] | Sequence[str]],
    *,
    search: str = "mcss",
    cutoffs: Sequence[int] = CUTOFFS,
) -> QueryScores:
    """Rank all clips for each query and return what both conventions are made from."""
    carries, classes = _label_matrix(labels)
    if len(carries) != len(vectors):
        raise InputError(f"There are {len(vectors)} vectors but labels of {len(carries)} clips.")
    parts = [
        _score_block(start, order, carries, tuple(cutoffs))
        for start, order, _ in ranked_blocks(vectors, search)
    ]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return QueryScores(classes, tuple(cutoffs), *columns)


def average(
    scores: QueryScores,
    families: Mapping[str, Sequence[str]] | None,
    convention: str,
) -> ObjectiveScores:
    """Average scores of queries into classes, families, macro and micro under `convention`."""
    import pandas as pd

    if convention not in CONVENTIONS:
        raise InputError(
            f"The convention must be one of {', '.join(CONVENTIONS)}, not {convention!r}."
        )
    metrics = [f"map@{n}" for n in scores.cutoffs]
    ap, r1 = scores.average_precision(convention), scores.first_relevant(convention)
    pairs = pd.DataFrame(ap, columns=metrics).assign(mr1=r1, label=scores.label)
    micro = pairs["label"] == _MICRO
    means = pairs[~micro].groupby("label").mean()
    counts = pairs[~micro].groupby("label")["mr1"].agg(["size", "count"])
    by_class = means.assign(clips=counts["size"], undefined=counts["size"] - counts["count"])
    by_class.index = pd.Index([scores.classes[label] for label in by_class.index], name="class")
    names = [None if label == _MICRO else scores.classes[label] for label in scores.label]
    by_query = pd.DataFrame({"query": scores.query, "class": names})
    by_query[[f"ap@{n}" for n in scores.cutoffs]] = ap
    return ObjectiveScores(
        convention=convention,
        macro=_mean(by_class, [*metrics, "mr1"]),
        micro=_mean(pairs[micro], [*metrics, "mr1"]),
        by_class=by_class,
        by_family=_by_family(by_class, families or {}, [*metrics, "mr1"]),
        by_query=by_query.assign(r1=r1),
        undefined=int(by_class["undefined"].sum()),
    )


def _by_family(
    by_class: "pd.DataFrame", families: Mapping[str, Sequence[str]], metrics: list[str]
) -> "pd.DataFrame":
    import pandas as pd

    rows = {}
    for family, members in families.items():
        own = by_class.loc[by_class.index.intersection(list(members))]
        rows[family] = {**_mean(own, metrics), "classes": len(own)}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*metrics, "classes"])
    return table.rename_axis("family")


def _mean(table: "pd.DataFrame", metrics: list[str]) -> dict[str, float | None]:
    means = table[metrics].mean()
    return {metric: None if np.isnan(means[metric]) else float(means[metric]) for metric in metrics}


def _label_matrix(labels: Sequence[Set[str] | Sequence[str]]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return bool [clips, classes], and the classes in alphabetical order."""
    classes = tuple(sorted({label for own in labels for label in own}))
    if not classes:
        raise InputError("No clip has a label, so there is nothing to score against.")
    index = {label: column for column, label in enumerate(classes)}
    carries = np.zeros((len(labels), len(classes)), dtype=bool)
    for row, own in enumerate(labels):
        carries[row, [index[label] for label in own]] = True
    return carries, classes


def _score_block(
    start: int, order: np.ndarray, carries: np.ndarray, cutoffs: tuple[int, ...]
) -> tuple[np.ndarray, ...]:
    """Return the columns of `QueryScores` for one block of queries, micro after each class."""
    parts = [
        _score_relevance(start + rows, label, order[rows], relevance, cutoffs)
        for rows, label, relevance in _relevance(start, len(order), carries)
    ]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _relevance(
    start: int, count: int, carries: np.ndarray
) -> Iterator[tuple[np.ndarray, int, np.ndarray]]:
    """Yield (rows of the block, class, bool [rows, clips]) for each class, and micro last."""
    own = carries[start : start + count]
    for label in np.flatnonzero(own.any(axis=0)):
        rows = np.flatnonzero(own[:, label])
        yield rows, int(label), np.broadcast_to(carries[:, label], (len(rows), len(carries)))
    # float32: a matrix product of bools does not go through BLAS
    shared = own.astype(np.float32) @ carries.T.astype(np.float32) > 0
    yield np.arange(count), _MICRO, shared


def _score_relevance(
    queries: np.ndarray,
    label: int,
    order: np.ndarray,
    relevance: np.ndarray,
    cutoffs: tuple[int, ...],
) -> tuple[np.ndarray, ...]:
    """Score queries of one class; `order` has the query itself last, which is cut off."""
    ranked = np.take_along_axis(relevance, order, axis=1)[:, :-1]
    relevant = ranked.sum(axis=1)
    first = np.where(relevant > 0, ranked.argmax(axis=1) + 1, 0)
    top = ranked[:, : max(cutoffs)]
    precision = np.cumsum(top, axis=1) / np.arange(1, top.shape[1] + 1)
    sums = np.cumsum(top * precision, axis=1)
    # A ranking shorter than N has nothing relevant below its end.
    precision_sum = sums[:, [min(n, top.shape[1]) - 1 for n in cutoffs]]
    return queries, np.full(len(queries), label), precision_sum, relevant, first
