"""Made ratings as the tables of a study, for tests of what is computed from a study's tables."""

from typing import Any

import numpy as np
import pandas as pd

from evaluation.analysis.ratings import Ratings
from evaluation.protocol.terms import Facet, PlannedAnalysis, Protocol, Queries, Scale
from evaluation.records.codebook import names_of
from evaluation.records.events import (
    AssignmentRecord,
    FlagRecord,
    JudgementRecord,
    PreferenceRecord,
)
from evaluation.records.facts import (
    ClipRecord,
    ListRecord,
    ObjectiveRecord,
    PoolRecord,
    RaterRecord,
)
from evaluation.records.frames import StudyTables, as_frame
from evaluation.records.table_columns import columns_of

SILENT = PlannedAnalysis(comparisons=(), raters=None)
"""What a protocol says that was stored before it was asked who is primary: all raters are."""

BEGUN = pd.Timestamp("2026-05-01", tz="UTC")


def tables(of: Ratings, **changes: Any) -> StudyTables:
    """Return a study of which these are the grades that count; `changes` replace some tables.

    The labels agree with a mean grade of 60 or more but for every seventh result, and scores
    against them fall from the first system to the last.
    """
    facet = Facet(anchors=((int(of.lowest), "no"), (int(of.highest), "yes")), step=1)
    protocol = changes.get("protocol") or Protocol(
        "made", "A made study", "c", of.systems, Queries(clips=of.queries), depth=of.depth,
        scale=Scale((facet,)), analysis=SILENT,
    )  # fmt: skip
    names = names_of(protocol)
    whole = {
        "protocol": protocol,
        "judgements": judgements(of, protocol),
        "pools": as_frame(PoolRecord, _pools(of), names["pools"]),
        "flags": empty(FlagRecord),
        "raters": raters(of.raters),
        "clips": as_frame(ClipRecord, _clips(of)),
        "objective": as_frame(ObjectiveRecord, _objective(of)),
        "preferences": empty(PreferenceRecord),
        "assignments": assignments(of),
        "lists": empty(ListRecord),
        "systems": {name: {"title": name.upper(), "provenance": "simulated", "anchor": False,
                           "representation": "", "trained_on": ""}
                    for name in of.systems},
    }  # fmt: skip
    return StudyTables(**(whole | changes))


def empty(kind: type) -> pd.DataFrame:
    """Return a table without rows."""
    return as_frame(kind, {one.name: [] for one in columns_of(kind)})


def raters(names: tuple[str, ...], passed: float = 1) -> pd.DataFrame:
    """Return raters who have all passed, or not."""
    blank = {one.name: [None] * len(names) for one in columns_of(RaterRecord)}
    zeros = {name: [0] * len(names) for name in ("joined", "identities", "distractors", "repeats")}
    told = {"rater": list(names), "passed": [passed] * len(names)}
    return as_frame(RaterRecord, blank | zeros | told)


def assignments(of: Ratings, given: np.ndarray | None = None) -> pd.DataFrame:
    """Return that each rater was given the queries of `given`, bool [raters, queries].

    Those of which the rater graded something, unless told.
    """
    if given is None:
        there = ~np.isnan(of.table)
        given = np.zeros((len(of.raters), len(of.queries)), dtype=bool)
        rater, pair = np.nonzero(there)
        given[rater, of.query_of[pair]] = True
    rater, query = np.nonzero(given)
    count = len(rater)
    told = {
        "rater": [of.raters[one] for one in rater], "query": [of.queries[one] for one in query],
        "block": [1] * count, "order_seed": [0] * count, "assigned_at": [BEGUN] * count,
        "finished_at": [BEGUN] * count, "repeated_at": [None] * count,
    }  # fmt: skip
    return as_frame(AssignmentRecord, told)


def judgements(of: Ratings, protocol: Protocol, **columns: Any) -> pd.DataFrame:
    """Return a row for each grade, in an order of each rater's own; `columns` replace some."""
    rater, pair = np.nonzero(~np.isnan(of.table))
    order = np.random.default_rng(0).permutation(len(rater))
    order = order[np.argsort(rater[order], kind="stable")]
    rater, pair = rater[order], pair[order]
    count = len(rater)
    queries = of.query_of[pair].tolist()
    moments = pd.Series(BEGUN + pd.to_timedelta(np.arange(count) * 7, unit="s"))
    ranks = {f"rank.{name}": ranks[pair] for name, ranks in _ranks(of).items()}
    rows: dict[str, Any] = {
        "study": ["made"] * count, "rater": [of.raters[one] for one in rater],
        "query": [of.queries[one] for one in queries],
        "query_class": [of.classes[one] for one in queries],
        "query_family": [of.families[one] for one in queries],
        "candidate": [of.clips[one] for one in pair], "kind": ["result"] * count,
        "list_of": [""] * count, "facet": [protocol.scale.facets[0].name] * count,
        "grade": of.table[rater, pair].astype(int), "counts": [True] * count,
        "repeat": [False] * count, "block": [1] * count, "page": [1] * count,
        "position": np.arange(count) % 20 + 1, "listened_seconds": [1.0] * count,
        "heard": [None] * count, "given_at": moments, "received_at": moments,
        "uuid": [str(one) for one in range(count)],
    }  # fmt: skip
    return as_frame(JudgementRecord, rows | ranks | columns, {"ranks": list(_ranks(of))})


def _ranks(of: Ratings) -> dict[str, np.ndarray]:
    """Return for each system the rank at which it returned each pair, NaN where it did not."""
    found = {}
    for name, lists in zip(of.systems, of.lists, strict=True):
        ranks = np.full(len(of.clips) + 1, np.nan)
        ranks[lists] = np.arange(1, of.depth + 1)
        found[name] = ranks[:-1]
    return found


def _pools(of: Ratings) -> dict[str, Any]:
    ranks, count = _ranks(of), len(of.clips)
    return {
        "query": [of.queries[one] for one in of.query_of],
        "query_class": [of.classes[one] for one in of.query_of],
        "query_family": [of.families[one] for one in of.query_of],
        "weight": [1.0] * count, "block": ["1"] * count, "partial": [False] * count,
        "candidate": list(of.clips), "kind": ["result"] * count, "reused": [False] * count,
        **{f"rank.{name}": values for name, values in ranks.items()},
        **{f"score.{name}": -values for name, values in ranks.items()},
    }  # fmt: skip


def _clips(of: Ratings) -> dict[str, Any]:
    said = (np.nan_to_num(of.mean) >= 60) ^ (np.arange(len(of.clips)) % 7 == 0)
    classes = [of.classes[one] for one in of.query_of]
    labels = [name if yes else "Other" for name, yes in zip(classes, said, strict=True)]
    names, labels = [*of.queries, *of.clips], [*of.classes, *labels]
    blank = dict.fromkeys(("families", "group", "licence", "author", "title"), [""] * len(names))
    told = {"clip": names, "labels": labels, "leaf_labels": labels, "seconds": [1.0] * len(names)}
    return blank | told


def _objective(of: Ratings) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    rows = []
    for place, system in enumerate(of.systems):
        best = 0.9 - 0.8 * place / len(of.systems)
        rows.append((system, "macro", "", "", best, best / 2, 10 / best))
        for query, name in zip(of.queries, of.classes, strict=True):
            own = float(np.clip(best + rng.normal(0, 0.1), 0.01, 1))
            rows.append((system, "query", query, name, own, own / 2, round(1 / own)))
    columns = ("system", "level", "query", "name", "ap15", "ap150", "r1")
    table = dict(zip(columns, zip(*rows, strict=True), strict=True))
    return table | {"convention": ["corrected"] * len(rows), "censored": [0] * len(rows)}
