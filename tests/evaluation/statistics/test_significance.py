"""Tests of systems: scipy, statsmodels and scikit-posthocs as judges, and polite refusals."""

import math
import warnings
from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from evaluation.statistics import significance
from evaluation.statistics.significance import (
    BOTH,
    THESE,
    Outcome,
    estimate,
    friedman,
    holm,
    paired_hsd,
    queries_needed,
    wilcoxon,
)
from tests.support.evidence import note


def scores(systems: int = 4, queries: int = 20, seed: int = 0, ties: bool = False) -> np.ndarray:
    """Return scores with strong differences between queries, and some between systems."""
    rng = np.random.default_rng(seed)
    table = rng.normal(0, 1, (systems, queries)) + rng.normal(0, 3, queries)
    table += np.linspace(0, 1, systems)[:, None]
    return np.round(table) if ties else table


def permutation(one: np.ndarray, other: np.ndarray, comparisons: int = 1, **o: int) -> Outcome:
    """Test one pair of systems."""
    return significance.permutation((one - other)[None], comparisons, **o)[0]


def test_an_estimate_speaks_for_other_raters() -> None:
    rng = np.random.default_rng(0)
    found = estimate(2 + rng.normal(size=(10, 30)))
    assert found.scope == BOTH
    assert found.low < 2 < found.high
    assert found.p < 1e-6
    assert (found.queries, found.raters, found.ratings, found.reason) == (30, 10, 300, "")


def test_few_raters_speak_for_themselves() -> None:
    table = np.random.default_rng(1).normal(size=(3, 30))
    found = estimate(table)
    expected = stats.ttest_1samp(table.mean(axis=0), 0)
    assert found.scope == THESE
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert found.reason == "it takes 5 raters to speak for others, and there are 3"


def test_raters_can_be_asked_to_speak_for_themselves() -> None:
    table = np.random.default_rng(1).normal(size=(9, 30))
    found = estimate(table, alone=True)
    expected = stats.ttest_1samp(table.mean(axis=0), 0)
    assert (found.scope, found.reason, found.raters) == (THESE, "", 9)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))
    few = np.random.default_rng(1).normal(size=(3, 30))
    assert estimate(few, alone=True) == estimate(few)


def test_raters_who_share_no_query_speak_for_themselves() -> None:
    found = estimate(np.where(np.eye(6) == 1, np.arange(6.0), np.nan))
    assert (found.value, found.scope) == (2.5, THESE)
    assert found.reason == "too few queries were judged by several raters to speak for other raters"


def test_estimates_that_cannot_be_had() -> None:
    nothing = estimate(np.full((3, 4), np.nan))
    assert (nothing.value, nothing.p, nothing.reason) == (None, None, "nothing was judged")
    assert (nothing.queries, nothing.raters, nothing.ratings) == (0, 0, 0)
    one = estimate(np.array([[1.0], [3.0]]))
    assert (one.value, one.low, one.reason) == (2.0, None, "one query has no interval")
    for level in (0.0, 50.0):  # nothing varies, and nobody can say how sure that is
        same = estimate(np.full((6, 6), level))
        assert (same.low, same.high, same.p) == (None, None, None)
        assert same.value == pytest.approx(level)
        assert same.reason == "nothing varies, so that it has no interval"


def test_queries_count_alike_however_often_they_were_judged() -> None:
    table = np.full((6, 3), np.nan)
    table[:, 0], table[:2, 1], table[:2, 2] = 1, 4, 7
    assert estimate(table).value == pytest.approx(4)


def test_holm_is_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(0).random(20) ** 3
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1].tolist())
    assert holm([0.01, None, 0.04]) == pytest.approx([0.02, None, 0.04])
    assert holm([None]) == [None]


@pytest.mark.parametrize("queries", [7, 12, 13, 14, 30])
@pytest.mark.parametrize("ties", [False, True])
def test_wilcoxon_is_scipys(ties: bool, queries: int) -> None:
    table = scores(ties=ties, queries=queries)
    expected = stats.wilcoxon(table[0] - table[3], zero_method="pratt")
    found = wilcoxon(table[0] - table[3])
    assert (found.p, found.statistic) == pytest.approx((expected.pvalue, expected.statistic))


def test_no_difference_at_all() -> None:
    assert wilcoxon(np.zeros(20)).p == 1.0
    assert permutation(np.ones(20), np.ones(20)).p == 1.0


@pytest.mark.parametrize("test", [lambda one, other, **o: wilcoxon(one - other, **o), permutation])
def test_too_few_queries_are_refused_with_the_number_it_takes(test) -> None:  # type: ignore[no-untyped-def]
    one, other = scores(queries=8)[:2]
    assert test(one, other, comparisons=6).p is not None
    found = test(one, other, comparisons=91)
    assert found.p is None
    assert found.reason == "8 queries can never be significant among 91 comparisons; it takes 12"
    assert test(one[:5], other[:5]).reason == "5 queries can never be significant; it takes 6"
    assert [queries_needed(count) for count in (1, 6, 91)] == [6, 8, 12]


def test_missing_queries_are_left_out_in_pairs() -> None:
    one, other = scores(queries=10)[:2]
    one[0], other[1] = np.nan, np.nan
    assert wilcoxon(one - other).queries == 8


@pytest.mark.parametrize("queries", [10, 40])
def test_permutation_is_scipys(queries: int) -> None:
    table = scores(queries=queries, seed=2)
    apart = table[0] - table[2]
    expected = stats.permutation_test(
        (apart,),
        np.mean,
        permutation_type="samples",
        n_resamples=20_000,
        rng=np.random.default_rng(0),
    )
    assert permutation(table[0], table[2]).p == pytest.approx(expected.pvalue, abs=0.01)
    assert permutation(table[0], table[2]).statistic == pytest.approx(apart.mean())


def test_many_pairs_with_gaps_are_tested_as_one_by_one() -> None:
    apart = np.random.default_rng(0).normal(0.4, 1, (5, 11))
    apart[1, :4] = np.nan
    together = significance.permutation(apart)
    for row, found in zip(apart, together, strict=True):
        (alone,) = significance.permutation(row[~np.isnan(row)][None])
        assert found.p == pytest.approx(alone.p)
        assert found.queries == alone.queries


@pytest.mark.parametrize("ties", [False, True])
def test_friedman_is_scipys(ties: bool) -> None:
    table = scores(ties=ties)
    expected = stats.friedmanchisquare(*table)
    found = friedman(table)
    assert found.chi_squared == pytest.approx(expected.statistic)
    assert found.agreement == pytest.approx(expected.statistic / (20 * 3))
    f = 19 * expected.statistic / (20 * 3 - expected.statistic)
    assert (found.statistic, found.p) == pytest.approx((f, stats.f.sf(f, 3, 57)))
    assert found.mean_ranks.argmin() == 3


def test_golden_critical_differences() -> None:
    sizes = [(4, 20), (4, 50), (6, 50), (14, 50), (14, 100), (14, 200)]
    found = [friedman(scores(*size)).critical_difference for size in sizes]
    assert [round(one, 2) for one in found] == [1.05, 0.66, 1.07, 2.81, 1.98, 1.40]


def test_nemenyi_is_scikit_posthocs() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        posthocs = pytest.importorskip("scikit_posthocs")
        table = scores()
        expected = posthocs.posthoc_nemenyi_friedman(table.T).to_numpy()
    found = friedman(table)
    np.testing.assert_allclose(found.nemenyi, expected, atol=2e-3)  # theirs is interpolated
    np.testing.assert_allclose(found.tukey, found.nemenyi)  # without ties the two agree
    tied = friedman(scores(ties=True))
    assert (tied.tukey <= tied.nemenyi + 1e-12).all()


def test_the_paired_range_sees_what_the_unpaired_one_does_not() -> None:
    table = scores()
    off = ~np.eye(4, dtype=bool)
    unpaired = stats.tukey_hsd(*table).pvalue
    assert paired_hsd(table)[0, 3] < 0.05 < unpaired[0, 3]
    # with nothing to pair by, they are one test but for the degrees of freedom
    flat = table - table.mean(axis=0)
    assert (paired_hsd(flat)[off] > 0).all()


@pytest.mark.parametrize("freedom", [3.0, 20.0, 1287.0, np.inf])
@pytest.mark.parametrize("systems", [2, 5, 14])
def test_the_studentised_range_is_scipys(systems: int, freedom: float) -> None:
    distance = np.array([0.0, 0.5, 2.0, 3.5, 6.0])
    expected = stats.studentized_range.sf(distance, systems, freedom)
    found = significance._range_p(distance, systems, freedom)
    np.testing.assert_allclose(found, expected, atol=2e-7)


def test_the_paired_range_of_two_systems_is_the_paired_t() -> None:
    table = scores(2)
    expected = stats.ttest_rel(*table).pvalue
    assert paired_hsd(table)[0, 1] == pytest.approx(expected)


def test_designs_that_friedman_cannot_use() -> None:
    assert friedman(scores(2)).reason == ("Friedman's test needs 3 systems; with 2, use Wilcoxon's")
    assert friedman(scores(2)[:1]).reason == "Friedman's test needs 3 systems; there is 1"
    assert friedman(np.full((3, 5), np.nan)).reason == (
        "Friedman's test needs 2 queries that every system has; there are 0"
    )
    assert friedman(np.ones((3, 5))).reason == "all systems are tied in every query"
    gaps = scores()
    gaps[1, :5] = np.nan
    assert (friedman(gaps).queries, friedman(gaps).dropped) == (15, 5)
    always = friedman(np.tile(np.arange(4.0)[:, None], 10))
    assert (always.p, always.agreement) == (0.0, pytest.approx(1.0))
    assert np.isnan(paired_hsd(np.tile(np.arange(4.0)[:, None], 10))).all()
    assert np.isnan(paired_hsd(np.ones((3, 1)))).all()


def false_positives(runs: int) -> dict[str, float]:
    """Return the share of simulated studies of equal systems in which each test has p <= 0.05.

    The two-way test with raters who differ in which system they like, the others without.
    """
    rng = np.random.default_rng(0)
    found: dict[str, int] = dict.fromkeys(("two-way", "wilcoxon", "permutation", "friedman"), 0)
    for _ in range(runs):
        plain = rng.normal(0, 1, (3, 30)) + rng.normal(0, 2, 30)
        found["wilcoxon"] += wilcoxon(plain[0] - plain[1]).p <= 0.05
        found["permutation"] += permutation(plain[0], plain[1], draws=999).p <= 0.05
        found["friedman"] += friedman(plain).p <= 0.05
        taste = rng.normal(0, 0.3, (10, 1)) + rng.normal(0, 0.4, 30)
        found["two-way"] += estimate(taste + rng.normal(0, 0.6, (10, 30))).p <= 0.05
    return {name: count / runs for name, count in found.items()}


@pytest.mark.slow
def test_false_positives() -> None:
    """Where all systems are equal, 5 % plus two Monte-Carlo standard errors are the most."""
    runs = 2000
    found = false_positives(runs)
    note("false_positives", f"{runs} studies", found)
    assert max(found.values()) <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5


def test_false_positives_of_few_studies() -> None:
    """As `test_false_positives`, of 100 studies: 5 % and four standard errors of so few."""
    found = false_positives(100)
    assert max(found.values()) <= 0.05 + 4 * (0.05 * 0.95 / 100) ** 0.5


@pytest.mark.parametrize(("systems", "queries"), [(3, 2), (3, 3), (3, 6), (4, 3)])
def test_friedman_counts_the_orders_of_few(systems: int, queries: int) -> None:
    """One order in all queries has the p of chance, and others what counting them gives."""
    same = np.tile(np.arange(systems, 0, -1.0)[:, None], queries)
    found = friedman(same)
    assert found.exact
    assert found.p == pytest.approx(math.factorial(systems) ** (1 - queries))
    table = np.random.default_rng(1).normal(size=(systems, queries))
    ranks = stats.rankdata(table, axis=0)
    apart = [
        sum((sum(row) - queries * (systems + 1) / 2) ** 2 for row in zip(*orders, strict=True))
        for orders in product(permutations(range(1, systems + 1)), repeat=queries)
    ]
    own = ((ranks.sum(axis=1) - queries * (systems + 1) / 2) ** 2).sum()
    assert friedman(table).p == pytest.approx(np.mean(np.array(apart) >= own - 1e-9))
    assert not friedman(np.random.default_rng(1).normal(size=(6, 20))).exact
