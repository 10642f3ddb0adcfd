"""Results of which labels and ears say the opposite, and what relabelling by ears changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.analysis.ratings import Ratings
from evaluation.statistics import graded_lists
from evaluation.statistics.graded_lists import mean_there


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A result of which labels and ears say the opposite.

    Attributes
    ----------
    query, clip : ids
    relevant : what the labels say
    grade, raters : the mean grade, and by how many
    systems : which returned it, at which rank from 1
    """

    query: str
    clip: str
    relevant: bool
    grade: float
    raters: int
    systems: Mapping[str, int]


def disagreements(of: Ratings, told: np.ndarray, threshold: float) -> list[Disagreement]:
    """Return what labels call wrong and ears right, and the reverse, the strongest first.

    Parameters
    ----------
    threshold : the mean grade from which ears say right
    """
    mean = of.mean
    known = ~np.isnan(mean)
    wrong = np.flatnonzero(known & ((mean >= threshold) != told))
    ranks: dict[int, dict[str, int]] = {}
    for system, query, rank in zip(*np.nonzero(of.returned), strict=True):
        place = int(of.lists[system, query, rank])
        ranks.setdefault(place, {})[of.systems[system]] = int(rank) + 1
    counts = (~np.isnan(of.table)).sum(axis=0)
    order = sorted(wrong.tolist(), key=lambda pair: (-abs(mean[pair] - threshold), pair))
    return [
        Disagreement(
            of.queries[of.query_of[pair]], of.clips[pair], bool(told[pair]), float(mean[pair]),
            int(counts[pair]), ranks.get(pair, {}),
        )
        for pair in order
    ]  # fmt: skip


RELABELLINGS = ("labels", "ears", "both")
"""Relevant by the labels; by a mean grade of at least the threshold; by both."""


def relabelled(
    of: Ratings, told: np.ndarray, threshold: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return AP and R1 of every system within the judged pools, under labels, ears and both.

    Only results that were judged count, and only queries with a relevant one by each of the three,
    so that what differs is the relevance and neither what is known nor which queries there are.

    Returns
    -------
    scores : one of `RELABELLINGS` -> float [2, systems], the mean over queries of AP@depth and of
        the first relevant rank from 1 (the rank after the depth where there is none in the list)
    queries : int [systems], over how many queries
    """
    mean = of.mean
    known = ~np.isnan(mean)
    heard = mean >= threshold
    rules = {"labels": told, "ears": heard, "both": told & heard}
    each = {}
    for name in RELABELLINGS:
        worth = np.where(known, rules[name].astype(np.float64), np.nan)
        lists = graded_lists.condensed(of.along(worth, of.lists))
        pool = of.along(worth, of.pools)[None]
        ap = graded_lists.average_precision(lists, pool, 1.0)
        each[name] = np.stack([ap, graded_lists.first_good_rank(lists, 1.0)])
    defined = ~np.isnan([ap for ap, _ in each.values()]).any(axis=0)
    scores = {name: mean_there(np.where(defined, both, np.nan)) for name, both in each.items()}
    return scores, defined.sum(axis=1)


def ears_qrels(of: Ratings, pairs: Sequence[Disagreement] | None = None) -> str:
    """Return ``query 0 clip grade`` for the disagreements, with the ears' grade, sorted.

    For all judged results where no `pairs` are told. The grade is the mean, rounded to a whole
    number, a half upwards.
    """
    from embeddings.systems.trec_runs import fit_name

    if pairs is None:
        judged = np.flatnonzero(~np.isnan(of.mean)).tolist()
        names = [(of.queries[of.query_of[one]], of.clips[one]) for one in judged]
        told = [(*name, grade) for name, grade in zip(names, of.mean[judged], strict=True)]
    else:
        told = [(one.query, one.clip, one.grade) for one in pairs]
    rows = sorted((query, clip, int(np.floor(grade + 0.5))) for query, clip, grade in told)
    return "".join(f"{fit_name(query)} 0 {fit_name(clip)} {grade}\n" for query, clip, grade in rows)
