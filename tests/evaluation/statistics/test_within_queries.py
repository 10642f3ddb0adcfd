"""The correlation within queries: against the nested analysis of variance, and its interval."""

import numpy as np
import pytest

from evaluation.statistics.agreement import raters_needed, reliability
from evaluation.statistics.within_queries import WithinQueries, within_queries
from tests.support.evidence import note

NO = np.nan
ITEM, RATER, BOTH, NOISE = 1.0, 0.3, 0.4, 0.8
"""Standard deviations of items within queries, raters, raters in queries, and the rest."""


def made(
    rng: np.random.Generator,
    raters: int,
    queries: int,
    *,
    query: float = 1.5,
    item: float = ITEM,
    each: int = 0,
    items: int = 12,
    unequal: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw grades, float [raters, items], and the query of each item.

    `query` is the standard deviation of queries; `each`, how many raters judge a query (0: all);
    `unequal`, that of the logarithm of the raters' noise.
    """
    query_of = np.repeat(np.arange(queries), items)
    table = rng.normal(0, query, queries)[query_of] + rng.normal(0, item, len(query_of))
    table = table + rng.normal(0, RATER, (raters, 1))
    table += rng.normal(0, BOTH, (raters, queries))[:, query_of]
    table += rng.normal(0, NOISE, table.shape) * np.exp(rng.normal(0, unequal, (raters, 1)))
    if each:
        order = rng.random((raters, queries)).argsort(axis=0).argsort(axis=0)
        table[(order >= each)[:, query_of]] = NO
    return table, query_of


def truth(item: float = ITEM, unequal: float = 0.0) -> float:
    noise = NOISE**2 * np.exp(2 * unequal**2)
    return float(item**2 / (item**2 + RATER**2 + BOTH**2 + noise))


def test_a_complete_study_gives_the_nested_analysis_of_variance() -> None:
    """Raters crossed with items, in each query by itself; mean squares pooled over queries."""
    table, query_of = made(np.random.default_rng(0), 5, 7, items=6)
    between, within, error = [], [], []
    for one in range(7):
        own = table[:, query_of == one]
        raters, items = own.shape
        rest = own - own.mean(axis=0) - own.mean(axis=1, keepdims=True) + own.mean()
        between.append(raters * own.mean(axis=0).var(ddof=1))
        within.append(items * own.mean(axis=1).var(ddof=1))
        error.append((rest**2).sum() / ((raters - 1) * (items - 1)))
    noise = np.mean(error)
    item, rater = (np.mean(between) - noise) / 5, (np.mean(within) - noise) / 6
    found = within_queries(table, query_of)
    assert found.value == pytest.approx(item / (item + rater + noise), abs=1e-12)
    assert (found.queries, found.raters) == (7, 5)


def test_one_query_is_the_pooled_correlation() -> None:
    table, query_of = made(np.random.default_rng(1), 6, 1, items=30)
    found = within_queries(table, query_of)
    assert found.value == pytest.approx(reliability(table).single, abs=1e-12)
    assert (found.low, found.reason) == (None, "needs 10 queries; there is 1")


def test_by_hand_with_gaps() -> None:
    """Query 0: two raters of two items, one of one; query 1: one rater, who adds own pairs."""
    table = np.array([[1.0, 4, 2, 8], [2, 6, NO, NO], [3, NO, NO, NO]])
    query_of = np.array([0, 0, 1, 1])
    # of one item: (1, 2), (1, 3), (2, 3), (4, 6) over 5 grades; of one rater: (1, 4), (2, 6) over 5
    # and (2, 8) over 2; of neither: (1, 6), (2, 4), (3, 4), (3, 6) over 5
    one_item = ((1 + 4 + 1 + 4) / 5) / (4 / 5) / 2
    one_rater = ((9 + 16) / 5 + 36 / 2) / (2 / 5 + 1 / 2) / 2
    apart = ((25 + 4 + 1 + 9) / 5) / (4 / 5) / 2
    item, rater = apart - one_item, max(apart - one_rater, 0)
    noise = max(one_item + one_rater - apart, 0)
    found = within_queries(table, query_of)
    assert found.value == pytest.approx(item / (item + rater + noise), abs=1e-12)


def test_strong_queries_do_not_flatter_it() -> None:
    """Pooled, queries that differ make 2 raters seem enough; within them it takes 4 or 5."""
    found, pooled = [], []
    for query in (0.0, 2.0):
        table, query_of = made(np.random.default_rng(2), 12, 40, query=query)
        found.append(within_queries(table, query_of).value)
        pooled.append(reliability(table).single)
    assert found[0] == pytest.approx(found[1], abs=1e-9)  # the queries' level has no part in it
    assert found[0] == pytest.approx(truth(), abs=0.05)
    assert pooled[1] > pooled[0] + 0.2
    assert [raters_needed(one, 0.8) for one in (pooled[1], found[1])] == [1, 4]


def test_shifting_and_scaling_change_nothing() -> None:
    table, query_of = made(np.random.default_rng(3), 4, 12, each=3)
    plain, other = within_queries(table, query_of), within_queries(1e6 + 7 * table, query_of)
    for name in ("value", "low", "high"):
        assert getattr(other, name) == pytest.approx(getattr(plain, name), abs=1e-6)


@pytest.mark.parametrize(
    ("raters", "queries", "item", "missing"),
    [
        (6, 4, ITEM, "needs 10 queries; there are 4"),
        (2, 20, ITEM, "needs 3 raters; there are 2"),
        (2, 9, ITEM, "needs 10 queries; there are 9, and 3 raters; there are 2"),
        (6, 12, 0.0, "its interval reaches 0"),
        (3, 10, ITEM, ""),
    ],
)
def test_what_is_missing_is_said(raters: int, queries: int, item: float, missing: str) -> None:
    found = within_queries(*made(np.random.default_rng(4), raters, queries, item=item))
    assert found.reason == missing
    if raters == 2:  # without one of them there is nothing
        assert (found.low, found.high) == (None, None)
    else:
        assert -1 <= found.low <= found.value <= found.high < 1


def test_what_has_no_correlation_or_no_interval() -> None:
    twice = np.repeat(np.arange(12), 2)
    alike = within_queries(np.ones((3, 24)), twice)
    assert (alike.value, alike.reason) == (None, "all grades of a query are equal")
    alone = within_queries(np.arange(24.0)[None], twice)
    assert alone.reason == "it needs two raters of two results of a query"
    nothing = WithinQueries(None, None, None, 0, 0, "nothing was graded")
    assert within_queries(np.full((3, 24), NO), twice) == nothing
    perfect = within_queries(np.tile(np.arange(24.0), (3, 1)), twice)
    assert (perfect.value, perfect.low, perfect.reason) == (1, None, "its interval is not known")


def covered(studies: int, raters: int, queries: int, **kind: float) -> dict[str, float]:
    """Return how often the interval holds the truth, what is found on average, and pooled."""
    own = truth(kind.get("item", ITEM), kind.get("unequal", 0.0))
    rng = np.random.default_rng([raters, queries])
    hit, values = 0, []
    for _ in range(studies):
        table, query_of = made(rng, raters, queries, **kind)  # type: ignore[arg-type]
        found = within_queries(table, query_of)
        hit += found.low <= own <= found.high
        values.append(found.value)
    pooled = reliability(table).single
    return {"covered": float(hit / studies), "truth": own, "mean": float(np.mean(values)),
            "pooled, of the last": float(pooled)}  # fmt: skip


def test_the_interval_holds_the_truth() -> None:
    found = covered(60, 6, 12)
    assert found["covered"] >= 0.9
    assert found["mean"] == pytest.approx(found["truth"], abs=0.02)


@pytest.mark.slow
def test_the_interval_holds_the_truth_in_many_studies() -> None:
    """500 studies each: raters of unequal noise are the hardest, since few of them are drawn."""
    kinds: dict[str, tuple[int, int, dict[str, float]]] = {
        "3 x 10": (3, 10, {}),
        "5 x 10": (5, 10, {}),
        "6 x 30": (6, 30, {}),
        "12 x 30": (12, 30, {}),
        "12 x 30, 3 a query": (12, 30, {"each": 3}),
        "6 x 30, items alike": (6, 30, {"item": 0.3}),
        "6 x 30, unequal noise": (6, 30, {"unequal": 0.3}),
        "8 x 20, very unequal noise": (8, 20, {"unequal": 0.5}),
    }
    figures = {}
    for name, (raters, queries, kind) in kinds.items():
        figures[name] = covered(500, raters, queries, **kind)
        assert figures[name]["covered"] > (0.85 if "unequal" in name else 0.93), name
        assert figures[name]["mean"] == pytest.approx(figures[name]["truth"], abs=0.03)
    note("within_queries", "coverage of 95 % intervals, 500 studies each", figures)
