"""Made studies of many kinds of which is known how good each system truly is, to each rater."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.analysis.ratings import Ratings
from evaluation.analysis.replicates import panel_replicates
from evaluation.findings.view import Results
from evaluation.protocol.terms import PlannedAnalysis
from evaluation.records.events import JudgementRecord, PreferenceRecord
from evaluation.records.frames import StudyTables, as_frame
from evaluation.records.table_columns import columns_of
from evaluation.statistics.bradley_terry import Strengths, Votes, fit
from tests.support.studies.made_study import BEGUN, judgements, tables

Tastes = Callable[[np.random.Generator, int, int], np.ndarray]
Change = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def alike(rng: np.random.Generator, raters: int, systems: int) -> np.ndarray:
    """Return tastes of raters who differ a little: float [raters, systems]."""
    return rng.normal(0, 3, (raters, systems))


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of study is like; grades go from 0 to 100.

    Attributes
    ----------
    worth : how much better each system is than the mean grade, in the mean of all raters
    raters, queries : how many there are
    tastes : draws what each rater adds to each system, 0 in the mean of all raters
    change : makes other grades of the grades, float [raters, queries, systems, depth]
    middle : the mean grade
    of_query, of_item, noise, lenient : standard deviations of what queries do to a system, of a
        result, of a single grade, and of the raters' mean grades
    heavy : whether what queries do has heavy tails
    depth : how many results each system returns of a query
    shared : whether all systems return the same results
    method : one of the protocol's
    side : by how much choosing A is easier, as log odds
    measure, fixed : the protocol's primary measure and its comparisons
    tables : what else replaces parts of the study's tables
    """

    worth: tuple[float, ...]
    raters: int = 8
    queries: int = 20
    tastes: Tastes = alike
    change: Change | None = None
    middle: float = 50.0
    of_query: float = 8.0
    of_item: float = 8.0
    noise: float = 12.0
    lenient: float = 6.0
    heavy: bool = False
    depth: int = 2
    shared: bool = False
    method: str = "graded"
    side: float = 0.0
    measure: str = "mean_grade"
    fixed: tuple[tuple[int, int], ...] = ()
    tables: tuple[tuple[str, Any], ...] = ()

    @property
    def systems(self) -> tuple[str, ...]:
        """What the systems are called."""
        return tuple(f"s{one}" for one in range(len(self.worth)))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One study of a kind: its results, and how good each system is to its own raters."""

    results: Results
    worth: dict[str, float]
    to_these: dict[str, float]


def draw(kind: Kind, seed: Sequence[int]) -> Drawn:
    """Draw a study of a kind."""
    rng = np.random.default_rng(seed)
    tastes = kind.tastes(rng, kind.raters, len(kind.worth))
    made = {"graded": _graded, "rating": _rated, "preference": _preferred}[kind.method]
    worth = np.array(kind.worth)
    named = (
        {name: float(value) for name, value in zip(kind.systems, values, strict=True)}
        for values in (worth, worth + tastes.mean(axis=0))
    )
    return Drawn(made(kind, rng, worth + tastes), *named)


def _grades(kind: Kind, rng: np.random.Generator, worth: np.ndarray) -> np.ndarray:
    """Draw grades, float [raters, queries, systems, depth]; `worth` is [raters, systems]."""
    raters, systems = worth.shape
    shape = kind.queries, systems
    of_query = rng.standard_t(2.5, shape) if kind.heavy else rng.normal(0, 1, shape)
    hard = rng.normal(0, 8, (kind.queries, 1, 1))
    items = rng.normal(0, kind.of_item, (*shape, kind.depth))
    common = kind.middle + hard + items + kind.of_query * of_query[..., None]
    if kind.shared:
        common = np.broadcast_to(common[:, :1], common.shape)
    grades = common + worth[:, None, :, None] + rng.normal(0, kind.lenient, (raters, 1, 1, 1))
    grades = grades + rng.normal(0, kind.noise, grades.shape)
    if kind.shared:
        grades = np.broadcast_to(grades[:, :, :1], grades.shape)
    if kind.change:
        grades = kind.change(rng, grades.copy())
    return np.clip(np.round(grades), 0, 100)


def _ratings(kind: Kind, grades: np.ndarray) -> Ratings:
    raters, queries, systems, depth = grades.shape
    own = 1 if kind.shared else systems
    table = grades[:, :, :own].reshape(raters, -1)
    places = np.arange(queries * own * depth).reshape(queries, own, depth).transpose(1, 0, 2)
    return Ratings(
        raters=tuple(f"r{one:02}" for one in range(raters)),
        queries=tuple(f"q{one:03}" for one in range(queries)),
        classes=tuple(f"class-{one % 7}" for one in range(queries)),
        families=("",) * queries,
        systems=kind.systems,
        query_of=np.repeat(np.arange(queries), own * depth),
        clips=tuple(f"c{one:05}" for one in range(table.shape[1])),
        table=table,
        lists=np.ascontiguousarray(np.broadcast_to(places, (systems, queries, depth))),
        lowest=0,
        highest=100,
    )


@cache
def _without_grades(kind: Kind) -> StudyTables:
    """Return the tables of a kind without what was judged."""
    shape = kind.raters, kind.queries, len(kind.worth), kind.depth
    told = tables(_ratings(kind, np.full(shape, np.nan)))
    pairs = tuple((f"s{one}", f"s{other}") for one, other in kind.fixed)
    plan = PlannedAnalysis(kind.measure, pairs, raters=None)
    systems = {
        name: {**known, "title": f"System {name[1:]}", "provenance": "computed"}
        for name, known in told.systems.items()
    }
    protocol = replace(told.protocol, analysis=plan, method=kind.method)
    return replace(told, protocol=protocol, systems=systems)


def _told(kind: Kind, **changes: Any) -> StudyTables:
    return replace(_without_grades(kind), **changes, **dict(kind.tables))


class _Given(Analysis):
    """The results of grades that are given as arrays: tables of them take long to make."""

    def __init__(self, told: StudyTables, given: Ratings) -> None:
        super().__init__(told)
        self._ratings = given

    @cached_property
    def ratings(self) -> Ratings:
        return self._ratings

    @cached_property
    def replicates(self) -> dict[str, np.ndarray]:
        """A fifth of the usual ones, for 200 studies of a kind."""
        kinds = {"mean_grade", self.protocol.analysis.primary_measure}
        drawn = sorted(kinds.intersection(self.DRAWN))
        return panel_replicates(self.ratings, drawn, self.threshold, replicates=400)


def _graded(kind: Kind, rng: np.random.Generator, worth: np.ndarray) -> Analysis:
    return _Given(_told(kind), _ratings(kind, _grades(kind, rng, worth)))


def from_tables(drawn: Drawn) -> Analysis:
    """Return the results of a study of single results, made of its tables."""
    of = drawn.results
    assert isinstance(of, Analysis)
    told = judgements(of.ratings, of.protocol)
    return Analysis(replace(of.tables, judgements=told))


def _bare(kind: Kind) -> Ratings:
    """Return the lists of a study of which no single result was graded."""
    shape = kind.raters, kind.queries, len(kind.worth), 1
    return _ratings(kind, np.full(shape, np.nan))


def _rated(kind: Kind, rng: np.random.Generator, worth: np.ndarray) -> RatingAnalysis:
    grades = _grades(replace(kind, depth=1), rng, worth)[..., 0]
    rater, query, system = np.nonzero(~np.isnan(grades))
    count = len(rater)
    of = _bare(kind)
    told: dict[str, Any] = {one.name: [""] * count for one in columns_of(JudgementRecord)}
    told |= {
        "rater": np.array(of.raters)[rater], "query": np.array(of.queries)[query],
        "list_of": np.array(of.systems)[system], "grade": grades[rater, query, system].astype(int),
        "kind": ["list"] * count, "facet": ["relevance"] * count, "counts": [True] * count,
        "repeat": [False] * count, "block": [1] * count, "page": [1] * count,
        "position": [1] * count, "listened_seconds": [1.0] * count, "heard": [None] * count,
        **_moments(count),
    }  # fmt: skip
    return RatingAnalysis(_told(kind, judgements=as_frame(JudgementRecord, told)))


def _moments(count: int) -> dict[str, Any]:
    moments = pd.Series(BEGUN + pd.to_timedelta(np.arange(count), unit="s"))
    uuid = [str(one) for one in range(count)]
    return {"given_at": moments, "received_at": moments, "uuid": uuid}


class _Unsure(PreferenceAnalysis):
    """Choices whose strengths have no intervals: they take most of the time."""

    def _fit(self, votes: Votes) -> Strengths:
        return fit(votes, len(self.systems), replicates=0)


def _preferred(kind: Kind, rng: np.random.Generator, worth: np.ndarray) -> PreferenceAnalysis:
    """Every rater chooses between every two lists of every query, in random places."""
    of, pairs = _bare(kind), np.array(list(combinations(range(len(kind.worth)), 2)))
    rater, query, pair = (
        one.ravel() for one in np.indices((kind.raters, kind.queries, len(pairs)))
    )
    turned = rng.random(len(rater)) < 0.5
    first, second = np.where(turned, pairs[pair].T[::-1], pairs[pair].T)
    of_query = rng.normal(0, kind.of_query, (kind.queries, len(kind.worth)))
    value = (worth[rater].T + of_query[query].T) / 20  # as log odds
    rows = np.arange(len(rater))
    ahead = value[first, rows] - value[second, rows] + kind.side
    chances = np.exp([ahead / 2, -ahead / 2, np.full(len(rows), -0.5)])
    choice = (rng.random(len(rows)) > np.cumsum(chances / chances.sum(axis=0), axis=0)).sum(axis=0)
    names = np.array(of.systems)
    lists = names[first], names[second]
    told = {
        "rater": np.array(of.raters)[rater], "query": np.array(of.queries)[query],
        "query_family": [""] * len(rows), "query_class": ["x"] * len(rows), "block": pair + 1,
        "list_a": lists[0], "list_b": lists[1], "choice": np.array(["A", "B", "none"])[choice],
        "preferred": np.select([choice == 0, choice == 1], lists, ""),
        "counts": [True] * len(rows), **_moments(len(rows)),
    }  # fmt: skip
    return _Unsure(_told(kind, preferences=as_frame(PreferenceRecord, told)))
