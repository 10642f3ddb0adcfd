"""Studies of made preferences between lists and ratings of lists, easy and hard ones."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evaluation.protocol.terms import PlannedAnalysis
from evaluation.records.events import AssignmentRecord, JudgementRecord, PreferenceRecord
from evaluation.records.facts import ListRecord
from evaluation.records.frames import StudyTables, as_frame
from evaluation.records.table_columns import columns_of
from evaluation.statistics.bradley_terry import NEITHER, A, B
from tests.support.studies.made_study import BEGUN, empty, tables
from tests.support.studies.rated import simulated

STUDY = simulated(systems=4, queries=24, raters=6)

WORTH = np.array([1.2, 0.5, -0.4, -1.3])


def preferences(worth: np.ndarray = WORTH, seed: int = 0) -> pd.DataFrame:
    """Return the choices of every rater between every two lists of every query."""
    rng = np.random.default_rng(seed)
    rows = []
    for rater in STUDY.raters:
        for query, family in zip(STUDY.queries, STUDY.families, strict=True):
            for block, (a, b) in enumerate([(0, 1), (2, 0), (0, 3), (1, 2), (3, 1), (2, 3)], 1):
                one, other = worth[a], worth[b]
                scores = np.exp([one + 0.1, other - 0.1, (one + other) / 2 - 0.5])
                choice = int(rng.choice(3, p=scores / scores.sum()))
                rows.append((rater, query, family, block, f"s{a}", f"s{b}", choice))
    columns = ("rater", "query", "query_family", "block", "list_a", "list_b")
    told: dict[str, Any] = dict(zip(columns, list(zip(*rows, strict=True))[:6], strict=True))
    choices = [row[6] for row in rows]
    names = {A: "A", B: "B", NEITHER: "none"}
    preferred = {A: 4, B: 5}
    told |= {
        "query_class": ["x"] * len(rows), "choice": [names[one] for one in choices],
        "preferred": [row[preferred[row[6]]] if row[6] in preferred else "" for row in rows],
        "counts": [True] * len(rows), "given_at": [BEGUN] * len(rows),
        "received_at": [BEGUN] * len(rows), "uuid": [str(one) for one in range(len(rows))],
    }  # fmt: skip
    return as_frame(PreferenceRecord, told)


def some(change: Callable[[pd.DataFrame], pd.DataFrame]) -> StudyTables:
    """Return the study with other choices."""
    return tables(STUDY, preferences=change(preferences()))


def four(given: pd.DataFrame) -> pd.DataFrame:
    """Return one rater's choices between two systems in four queries: 3 to 1."""
    own = given[(given["rater"] == "r00") & (given["block"] == 1)].head(4).reset_index(drop=True)
    own.loc[2:, ["list_a", "list_b"]] = own.loc[2:, ["list_b", "list_a"]].to_numpy()
    own["choice"] = ["A", "A", "B", "A"]
    return own.assign(preferred=["s0", "s0", "s0", "s1"])


PREFERRED: dict[str, Callable[[], StudyTables]] = {
    "nothing": lambda: some(lambda given: given[:0]),
    "one choice": lambda: some(lambda given: given[:1]),
    "one rater": lambda: some(lambda given: given[given["rater"] == "r00"]),
    "one query": lambda: some(lambda given: given[given["query"] == "q000"]),
    "always neither": lambda: some(lambda given: given.assign(choice="none", preferred="")),
    "always A": lambda: some(lambda given: given.assign(choice="A")),
    "one always wins": lambda: tables(STUDY, preferences=preferences(np.array([60.0, 0, 0, 0]))),
    "one was never shown": lambda: some(
        lambda given: given[(given["list_a"] != "s3") & (given["list_b"] != "s3")]
    ),
    "one pair was never compared": lambda: some(
        lambda given: given[~(given["list_a"].isin(["s0", "s1"])
                              & given["list_b"].isin(["s0", "s1"]))]
    ),
    "3:1 in four choices": lambda: some(four),
    "one always loses": lambda: tables(STUDY, preferences=preferences(np.array([0, 0, 0, -60.0]))),
    "two systems": lambda: some(lambda given: given[given["list_a"].isin(["s0", "s1"])
                                                    & given["list_b"].isin(["s0", "s1"])]),
    "no families": lambda: some(lambda given: given.assign(query_family="")),
    "no scores": lambda: replace(tables(STUDY, preferences=preferences()),
                                 objective=tables(STUDY).objective[:0]),
}  # fmt: skip


def rated(lists: dict[str, float], seed: int = 0) -> StudyTables:
    """Return a study in which every rater rates these lists (name -> worth) of every query."""
    rng = np.random.default_rng(seed)
    rows = [
        (rater, query, name, int(np.clip(round(worth + rng.normal(0, 15)), 0, 100)), place)
        for rater in STUDY.raters
        for query in STUDY.queries
        for place, (name, worth) in enumerate(lists.items(), 1)
    ]
    count = len(rows)
    told: dict[str, Any] = {one.name: [""] * count for one in columns_of(JudgementRecord)}
    columns = ("rater", "query", "list_of", "grade", "position")
    told |= dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
    told |= {
        "kind": ["list"] * count, "facet": ["relevance"] * count, "counts": [True] * count,
        "repeat": [False] * count, "block": [1] * count, "page": [1] * count,
        "listened_seconds": [1.0] * count, "heard": [None] * count,
        "given_at": [BEGUN + pd.Timedelta(one, "s") for one in range(count)],
        "received_at": [BEGUN] * count, "uuid": [str(one) for one in range(count)],
    }  # fmt: skip
    plain = tables(STUDY)
    each = [(query, 1, name) for query in STUDY.queries for name in lists]
    names = ("query", "block", "list_of")
    shown = dict(zip(names, zip(*each, strict=True) if each else ([],) * 3, strict=True))
    anchors = {
        name: {"title": name.title(), "provenance": "anchor", "anchor": True}
        for name in ("anchor:labels", "anchor:random")
    }
    return replace(
        plain,
        judgements=as_frame(JudgementRecord, told) if rows else empty(JudgementRecord),
        lists=as_frame(ListRecord, shown),
        systems={**plain.systems, **anchors},
    )


LISTS = {"s0": 75.0, "s1": 65.0, "s2": 55.0, "s3": 40.0,
         "anchor:labels": 85.0, "anchor:random": 10.0}  # fmt: skip

RATED: dict[str, Callable[[], StudyTables]] = {
    "as it should be": lambda: rated(LISTS),
    "nothing": lambda: rated({}),
    "no anchors": lambda: rated({"s0": 50, "s1": 40}),
    "anchors alone": lambda: rated({"anchor:labels": 90, "anchor:random": 5}),
    "one system": lambda: rated({"s2": 50}),
    "one rater": lambda: narrowed("rater", "r00"),
    "one query": lambda: narrowed("query", "q000"),
}


def narrowed(column: str, value: str) -> StudyTables:
    """Return the study with what is of one rater or query alone."""
    told = rated(LISTS)
    return replace(told, judgements=told.judgements[told.judgements[column] == value])


def choices_left() -> StudyTables:
    """Return a study of choices between lists, of which one of six raters left all."""
    given = preferences()
    protocol = tables(STUDY).protocol
    chosen = replace(
        protocol, method="preference", analysis=PlannedAnalysis(primary_measure="win_rate")
    )
    place = given[["rater", "query", "block"]].drop_duplicates()
    fixed = dict.fromkeys(("assigned_at", "finished_at", "repeated_at"), [BEGUN] * len(place))
    own = as_frame(
        AssignmentRecord,
        {name: place[name].to_list() for name in place} | fixed
        | {"order_seed": [0] * len(place)},
    )  # fmt: skip
    shown = [given[["query", "block", f"list_{one}"]] for one in "ab"]
    lists = pd.concat([one.set_axis(["query", "block", "list_of"], axis=1) for one in shown])
    return tables(
        STUDY, protocol=chosen, preferences=given[given["rater"] != "r00"],
        assignments=own, lists=lists.drop_duplicates(),
    )  # fmt: skip
