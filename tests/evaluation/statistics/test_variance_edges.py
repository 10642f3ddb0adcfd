"""A mean's error where grades are missing, by plain loops; codes of every kind; small tables."""

from itertools import product

import numpy as np
import pytest

from embeddings.errors import InputError
from evaluation.statistics.variance import components, spread


def by_loops(table: np.ndarray) -> tuple[float, float, float]:
    """Return (mean, error, freedom) as the docstrings say, with components from `components`."""
    raters, queries = table.shape
    places = [
        (r, q) for r, q in product(range(raters), range(queries)) if table[r, q] == table[r, q]
    ]
    judged = [sum(1 for _, q in places if q == query) for query in range(queries)]
    share = {(r, q): 1 / (queries * judged[q]) for r, q in places}
    rows, columns = np.array(places).T
    values = table[rows, columns]
    told = components(values, {"query": columns, "rater": rows})
    of = {"".join(sorted(one)): value for one, value in told.items()}
    noise = max(of["queryrater"], 0) * sum(one**2 for one in share.values())
    sums_q = [sum(one for (_, q), one in share.items() if q == query) for query in range(queries)]
    sums_r = [sum(one for (r, _), one in share.items() if r == rater) for rater in range(raters)]
    by_query = max(of["query"] * sum(one**2 for one in sums_q) + noise, 0)
    by_rater = max(of["rater"] * sum(one**2 for one in sums_r) + noise, 0)
    total = max(by_query + by_rater - noise, noise)
    rest = max(len(places) - raters - queries + 1, 1)
    squares = by_query**2 / (queries - 1) + by_rater**2 / (raters - 1) + noise**2 / rest
    mean = sum(share[place] * table[place] for place in places)
    return mean, total**0.5, max(total**2 / squares, 1.0)


@pytest.mark.parametrize(("raters", "queries"), [(2, 2), (2, 9), (3, 3), (7, 4), (6, 12)])
@pytest.mark.parametrize("missing", [0.0, 0.25, 0.5])
def test_the_error_of_a_sparse_table_is_the_formula(
    raters: int, queries: int, missing: float
) -> None:
    rng = np.random.default_rng([raters, queries])
    seen = 0
    for _ in range(30):
        table = 40 + rng.normal(0, 3, (raters, queries)) + rng.normal(0, 2, queries)
        table += rng.normal(0, 4, (raters, 1))
        table[rng.random(table.shape) < missing] = np.nan
        there = ~np.isnan(table)
        table = table[there.any(axis=1)][:, there.any(axis=0)]
        found = spread(table)
        if found is None:
            continue
        seen += 1
        assert (found.mean, found.error, found.freedom) == pytest.approx(by_loops(table))
        assert found.ratings == (~np.isnan(table)).sum()
    assert seen >= (30 if missing == 0 else 3)


def test_raters_and_queries_without_any_grade_are_not_counted() -> None:
    table = np.random.default_rng(1).normal(size=(4, 5))
    wider = np.full((6, 8), np.nan)
    wider[np.ix_([0, 2, 3, 5], [1, 2, 4, 6, 7])] = table
    assert spread(wider) == spread(table)


def test_three_grades_of_two_by_two_are_enough_and_two_are_not() -> None:
    table = np.array([[1.0, 5.0], [2.0, np.nan]])
    found = spread(table)
    assert (found.mean, found.error, found.freedom) == pytest.approx(by_loops(table))
    assert spread(np.array([[np.nan, 5.0], [2.0, np.nan]])) is None


def test_grades_without_any_spread_have_the_freedom_of_the_rest() -> None:
    assert spread(np.full((4, 5), 3.0)).freedom == 12.0
    assert spread(np.full((2, 2), 3.0)).freedom == 1.0


@pytest.mark.parametrize(
    "names",
    [
        [-4, -3, 0, 7, 8],
        [10**9, 3, 2 * 10**9, 5, 10**12],
        [0.5, 1.5, 2.5, 3.5, 9.0],
        ["anna", "ben", "cleo", "dan", "eve"],
    ],
)
def test_names_of_raters_and_queries_are_no_matter(names: list) -> None:
    table = np.random.default_rng(5).normal(size=(5, 5))
    table[[0, 1, 3], [2, 2, 4]] = np.nan
    rows, columns = np.nonzero(~np.isnan(table))
    values, named = table[rows, columns], np.array(names)
    expected = components(values, {"a": rows, "b": columns})
    for one, other in ((named[rows], columns), (rows, named[columns]), (named[rows],) * 2):
        if one is other:
            other = named[columns]
        assert components(values, {"a": one, "b": other}) == pytest.approx(expected)


def test_two_grades_of_one_rater_and_query_are_refused() -> None:
    with pytest.raises(InputError, match="one is the rule"):
        components(np.arange(5.0), {"a": np.array([0, 0, 1, 1, 0]), "b": np.array([0, 1, 0, 1, 0])})
