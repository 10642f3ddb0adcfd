"""Agreement between raters: golden numbers, and libraries of the field as judges of random data."""

import warnings

import numpy as np
import pytest

from embeddings.errors import InputError
from evaluation.statistics.agreement import (
    LEVELS,
    kappa_matrix,
    krippendorff_alpha,
    percent_agreement,
    quadratic_kappa,
    raters_needed,
    reliability,
    retest,
)

NO = np.nan
GOLDEN = np.array([[0, 1, 2, 3, NO], [0, 1, 3, 3, 2], [NO, 1, 2, 2, NO]])


def some(seed: int, missing: float = 0.3, raters: int = 5, items: int = 60) -> np.ndarray:
    """Return grades 0..4 of raters who share a good part of their opinion."""
    rng = np.random.default_rng(seed)
    table = rng.normal(2, 1, items) + rng.normal(0, 0.7, (raters, items))
    table = np.clip(np.round(table + rng.normal(0, 0.3, (raters, 1))), 0, 4)
    table[rng.random(table.shape) < missing] = NO
    return table


@pytest.mark.parametrize(
    ("level", "expected"), [("nominal", 0.5556), ("ordinal", 0.8419), ("interval", 0.8551)]
)
def test_golden_alpha(level: str, expected: float) -> None:
    found = krippendorff_alpha(GOLDEN, level, replicates=0)
    assert found.value == pytest.approx(expected, abs=5e-5)
    assert found.count == 11  # the grade of the last item stands alone


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_krippendorffs(level: str, seed: int) -> None:
    oracle = pytest.importorskip("krippendorff")
    table = some(seed)
    expected = oracle.alpha(table, level_of_measurement=level, value_domain=list(range(5)))
    found = krippendorff_alpha(table, level)
    assert found.value == pytest.approx(expected, abs=1e-10)
    assert found.low < found.value < found.high


def test_alpha_does_not_care_who_is_who() -> None:
    table = some(1)
    mixed = table[[3, 1, 4, 0, 2]][:, ::-1]
    assert krippendorff_alpha(mixed).value == pytest.approx(krippendorff_alpha(table).value)


def test_alpha_of_skewed_grades_is_low_though_most_are_equal() -> None:
    """The trap: 90 % of the pairs agree, and alpha is below zero."""
    table = np.zeros((2, 20))
    table[0, 18] = table[1, 19] = 1
    assert krippendorff_alpha(table, "nominal").value == pytest.approx(-0.026, abs=1e-3)
    shares = percent_agreement(table, 0, 1)
    assert (shares.equal, shares.pairs) == (pytest.approx(0.9), 20)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (np.ones((3, 4)), "all grades are equal"),
        (np.array([[1, NO], [NO, 2]]), "no sound was graded by two raters"),
        (np.full((0, 3), NO), "no sound was graded by two raters"),
    ],
)
def test_alpha_that_cannot_be_told(table: np.ndarray, reason: str) -> None:
    found = krippendorff_alpha(table)
    assert (found.value, found.low, found.reason) == (None, None, reason)


def test_one_query_gives_alpha_no_interval() -> None:
    found = krippendorff_alpha(some(2), clusters=["one"] * 60)
    assert found.value is not None
    assert (found.low, found.reason) == (None, "an interval needs two queries")


def test_the_interval_of_alpha_draws_whole_queries() -> None:
    """Items of one query that stand and fall together are no independent evidence."""
    rng = np.random.default_rng(0)
    good = np.repeat(rng.random(10) < 0.5, 20)  # in some queries all agree, in others nobody does
    base = rng.integers(0, 5, 200)
    table = np.stack([base, np.where(good, base, rng.permutation(base))]).astype(float)
    single = krippendorff_alpha(table)
    clustered = krippendorff_alpha(table, clusters=np.repeat(np.arange(10), 20).tolist())
    assert clustered.value == single.value
    assert clustered.high - clustered.low > 2 * (single.high - single.low)


def test_unknown_levels() -> None:
    with pytest.raises(InputError, match="one of nominal, ordinal, interval, not 'ratio'"):
        krippendorff_alpha(GOLDEN, "ratio")


def test_golden_kappa() -> None:
    one, other = np.array([0.0, 1, 2, 3, 1, 2]), np.array([0.0, 1, 3, 3, 1, 1])
    assert quadratic_kappa(one, other) == pytest.approx(0.8462, abs=5e-5)


def test_kappa_is_scikit_learns() -> None:
    from sklearn.metrics import cohen_kappa_score

    table = some(3, missing=0)
    expected = cohen_kappa_score(table[0], table[1], weights="quadratic", labels=range(5))
    assert quadratic_kappa(table[0], table[1]) == pytest.approx(expected, abs=1e-12)


def test_kappas_of_all_are_those_of_each_two() -> None:
    table = some(3, missing=0.6, raters=6, items=20)
    table[4], table[5, 1:], table[5, 0] = 2, NO, 3
    matrix = kappa_matrix(table)
    for one in range(6):
        for other in range(6):
            both = ~np.isnan(table[[one, other]]).any(axis=0) & (one != other)
            value = quadratic_kappa(*table[[one, other]][:, both]) if both.any() else None
            if value is None:
                assert np.isnan(matrix[one, other])
            else:
                assert matrix[one, other] == pytest.approx(value, abs=1e-9)
    assert kappa_matrix(np.full((0, 3), NO)).shape == (0, 0)


def test_kappa_that_cannot_be_told() -> None:
    assert quadratic_kappa(np.ones(3), np.ones(3)) is None


@pytest.mark.parametrize("seed", range(3))
def test_reliability_of_a_complete_table_is_pingouins(seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what pingouin imports
        pingouin = pytest.importorskip("pingouin")
    import pandas as pd

    table = some(seed, missing=0)
    long = pd.DataFrame(table.T).melt(ignore_index=False, var_name="rater", value_name="grade")
    long = long.reset_index(names="item")
    icc = pingouin.intraclass_corr(long, targets="item", raters="rater", ratings="grade")
    expected = icc.set_index("Type")["ICC"]
    found = reliability(table)
    assert found.raters == pytest.approx(5)
    assert found.single == pytest.approx(expected.loc[_row(expected, "1")], abs=1e-9)
    assert found.panel == pytest.approx(expected.loc[_row(expected, "k")], abs=1e-9)


def _row(table: object, end: str) -> str:
    """Return pingouin's name of the two-way random row, which depends on its version."""
    names = (f"ICC2{'k' if end == 'k' else ''}", f"ICC(A,{end})")
    return next(one for one in names if one in table.index)  # type: ignore[attr-defined]


def test_reliability_of_a_sparse_table_is_near_that_of_the_whole() -> None:
    whole = some(4, missing=0, raters=20, items=400)
    sparse = np.where(np.random.default_rng(0).random(whole.shape) < 0.7, NO, whole)
    assert reliability(sparse).single == pytest.approx(reliability(whole).single, abs=0.03)


@pytest.mark.parametrize("table", [np.ones((1, 5)), np.ones((3, 1)), np.full((2, 2), NO)])
def test_reliability_needs_raters_and_items(table: np.ndarray) -> None:
    assert reliability(table).single is None
    assert reliability(table).reason.startswith("it needs two raters")


def test_equal_grades_have_no_reliability() -> None:
    assert reliability(np.ones((3, 4))).reason == "all grades are equal"


def test_golden_spearman_brown() -> None:
    assert [raters_needed(0.4, wanted) for wanted in (0.66, 0.76, 0.8, 0.86)] == [3, 5, 6, 10]
    assert [raters_needed(0.4, wanted) for wanted in (0.67, 0.77, 0.87)] == [4, 6, 11]
    assert raters_needed(-0.1, 0.8) is None
    with pytest.raises(InputError, match="between 0 and 1, not 1"):
        raters_needed(0.4, 1)


def test_retest() -> None:
    found = retest(np.array([0, 50, 100, 40]), np.array([0, 60, 100, 80]), 0, 100)
    assert (found.pairs, found.close) == (4, 0.75)
    assert found.noise == pytest.approx(np.std([0, 10, 0, 40], ddof=1) / 2**0.5)
    assert retest(np.array([]), np.array([]), 0, 100).close is None
    assert retest(np.array([1]), np.array([1]), 0, 100).noise is None
