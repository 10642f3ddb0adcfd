"""Studies of made ratings that are hard to analyse, and what an analysis must say of them."""

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evaluation.analysis.ratings import Ratings
from evaluation.protocol.terms import Facet, PlannedAnalysis, Scale
from evaluation.records.frames import StudyTables
from tests.support.chosen import chosen
from tests.support.studies.made_study import judgements, raters, tables
from tests.support.studies.rated import simulated

STUDY = simulated(systems=6, queries=30, raters=8)


def with_facets() -> StudyTables:
    """Return a study of two facets; the second is graded the other way round, on another scale."""
    facets = (
        Facet("semantic", anchors=((0, "no"), (100, "yes")), step=1),
        Facet("acoustic", anchors=((1, "no"), (5, "yes")), step=1),
    )
    plain = tables(STUDY)
    protocol = replace(plain.protocol, scale=Scale(facets))
    one = judgements(STUDY, protocol)
    other = one.assign(facet="acoustic", grade=5 - (one["grade"] // 25))
    return tables(STUDY, protocol=protocol, judgements=pd.concat([one, other], ignore_index=True))


def grades(change: Callable[[np.ndarray], Any], of: Ratings = STUDY) -> StudyTables:
    """Return the study with grades that were changed in place."""
    table = of.table.copy()
    change(table)
    return tables(replace(of, table=table))


def nothing(table: np.ndarray) -> None:
    """Take all grades away."""
    table[:] = np.nan


def lists(change: Callable[[np.ndarray], Any], of: Ratings = STUDY) -> StudyTables:
    """Return the study with lists that were changed in place."""
    own = of.lists.copy()
    change(own)
    return tables(replace(of, lists=own))


def planned(analysis: PlannedAnalysis, of: Ratings = STUDY) -> StudyTables:
    """Return the study with another plan; the last rater does not pass, and heard a tenth."""
    plain = tables(of)
    people, given = raters(of.raters), plain.judgements
    people.loc[len(of.raters) - 1, "passed"] = 0
    heard = np.where(given["rater"] == of.raters[-1], 0.1, 0.9)
    protocol = replace(plain.protocol, analysis=analysis)
    return replace(plain, protocol=protocol, raters=people, judgements=given.assign(heard=heard))


def almost_equal(table: np.ndarray) -> None:
    """Make all grades 50, but for one of the first system: it differs by less than is written."""
    table.fill(50)
    table[0, STUDY.lists[0, 0, -1]] = 49


def sparse(table: np.ndarray) -> None:
    """Take 90 % of the grades away, here and there."""
    table[np.random.default_rng(0).random(table.shape) < 0.9] = np.nan


HOSTILE: dict[str, Callable[[], StudyTables]] = {
    "as it should be": lambda: tables(simulated(systems=4, queries=12)),
    "one rater": lambda: tables(simulated(raters=1)),
    "two raters": lambda: tables(simulated(raters=2)),
    "one query": lambda: tables(simulated(queries=1)),
    "two queries": lambda: tables(simulated(queries=2)),
    "one rater and query": lambda: tables(simulated(raters=1, queries=1)),
    "one system": lambda: tables(simulated(systems=1)),
    "two systems": lambda: tables(simulated(systems=2)),
    "K = 1": lambda: tables(simulated(depth=1)),
    "all the same grade": lambda: grades(lambda table: table.fill(50)),
    "all the lowest": lambda: grades(lambda table: table.fill(0)),
    "all the highest": lambda: grades(lambda table: table.fill(100)),
    "one rater says one thing": lambda: grades(lambda table: table[0].fill(0)),
    "a rater who graded nothing": lambda: tables(
        STUDY, raters=raters((*STUDY.raters, "somebody"))
    ),
    "90 % missing": lambda: grades(sparse),
    "blocks missing": lambda: tables(simulated(missing=0.9)),
    "one grade": lambda: grades(lambda table: table.__setitem__((slice(None), slice(1, None)), NO)
                                or table.__setitem__((slice(1, None), 0), NO)),
    "raters share nothing": lambda: grades(
        lambda table: [table[one].__setitem__(STUDY.query_of % 8 != one, NO) for one in range(8)]
    ),
    "a query that nobody judged": lambda: grades(
        lambda table: table.__setitem__((slice(None), STUDY.query_of == 3), NO)
    ),
    "nothing judged": lambda: grades(nothing),
    "nobody there": lambda: tables(STUDY.only_raters(())),
    "nobody passed": lambda: tables(STUDY, raters=raters(STUDY.raters, passed=0)),
    "not to be told who passed": lambda: tables(STUDY, raters=raters(STUDY.raters, passed=NO)),
    "a system never returned": lambda: lists(lambda own: own[2].fill(-1)),
    "no system returned anything": lambda: lists(lambda own: own.fill(-1)),
    "short lists": lambda: lists(lambda own: own[:, :, 2:].fill(-1)),
    "nothing is known of the clips": lambda: tables(STUDY, clips=tables(STUDY).clips[:0]),
    "no scores": lambda: tables(STUDY, objective=tables(STUDY).objective[:0]),
    "queries without a family": lambda: tables(replace(STUDY, families=("",) * 30)),
    "two facets": with_facets,
    "a new protocol, one who fails": lambda: planned(PlannedAnalysis()),
    "all pairs fixed, first good rank": lambda: planned(
        PlannedAnalysis("first_relevant", "all", raters="all")
    ),
    "two queries by nDCG": lambda: planned(PlannedAnalysis("ndcg"), simulated(queries=2)),
    "one grade of all differs": lambda: grades(almost_equal),
}  # fmt: skip

NO = float("nan")

ALWAYS = (
    "as it should be", "one rater and query", "one system", "90 % missing", "nothing judged",
    "nobody there", "nobody passed", "not to be told who passed", "no system returned anything",
    "nothing is known of the clips", "two facets", "all pairs fixed, first good rank",
)  # fmt: skip
"""The extremes, where nothing is left of somebody or something, and a few others."""
EXTREMES = chosen(HOSTILE, *ALWAYS)
"""The names of all, for tests of what is nearly the same for each: ``ALWAYS`` in ``make test``."""


def check(value: Any, name: str) -> None:
    """Fail where a number is NaN that has a reason for being None, or a reason is missing."""
    for part in parts(value):
        said = {field.name: getattr(part, field.name) for field in fields(part)}
        numbers = {key: one for key, one in said.items() if isinstance(one, float)}
        numbers.pop("freedom", None)  # of replicates alone
        assert not [key for key, one in numbers.items() if math.isnan(one)], (name, part)
        if said.get("value", 0) is None:
            assert said["reason"], (name, part)
        if "parts" in said and not said["parts"]:
            assert said["reason"], (name, part)
    if isinstance(value, pd.DataFrame) and {"value", "reason"} <= set(value.columns):
        unsaid = value[value["value"].isna() & (value["reason"] == "")]
        assert len(unsaid) == 0, (name, unsaid)
        assert not np.isinf(value.select_dtypes("number").to_numpy(float)).any(), name


def parts(value: Any) -> Iterator[Any]:
    """Yield the results in a value: dataclasses, in whatever they lie."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from parts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from parts(one)
