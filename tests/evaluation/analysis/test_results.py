"""The tables of a study's results: what they rest on, Holm's family, exploratory pairs."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.analysis.result_tables import (
    facets_table,
    groups_table,
    histogram_table,
    measures_table,
    pairs_table,
    profile_table,
    ranks_test,
    raters_table,
    systems_table,
)
from evaluation.analysis.system_scores import score_systems
from evaluation.protocol.terms import PlannedAnalysis, Protocol, Queries
from evaluation.statistics.significance import holm
from tests.support.studies.rated import ratings, simulated

STUDY = simulated(missing=0.3)
NOBODY = ratings([[np.nan] * 4], [[[0, 1], [2, 3]], [[1, 0], [3, 2]]], [0, 0, 1, 1])


def protocol(*comparisons: tuple[str, str]) -> Protocol:
    """Return a protocol of the simulated study that names some comparisons."""
    return planned(comparisons)


def planned(comparisons: tuple[tuple[str, str], ...] | str) -> Protocol:
    """Return a protocol of the simulated study."""
    return Protocol("s", "t", "c", STUDY.systems, Queries(), analysis=PlannedAnalysis(
        comparisons=comparisons))  # fmt: skip


def test_every_score_says_what_it_rests_on() -> None:
    table = systems_table(score_systems(STUDY))
    assert table["system"].tolist() == ["s0", "s1", "s2", "s3"]
    assert (table["low"] < table["value"]).all()
    assert (table["lower_bound"] <= table["value"] + 1e-9).all()
    assert (table["raters"] == 8).all()
    assert (table["ratings"] < 160).all()
    assert set(table["definition"]) == {"mean_grade@5/judged-only"}


def test_all_pairs_are_one_family_where_none_is_named() -> None:
    table = pairs_table(score_systems(STUDY), protocol())
    assert len(table) == 6
    assert not table["exploratory"].any()
    for name in ("p", "p_wilcoxon", "p_permutation"):
        assert table[f"{name}_holm"].tolist() == pytest.approx(holm(table[name].tolist()))
    row = table.iloc[2]
    assert (row["system_a"], row["system_b"]) == ("s0", "s3")
    assert row["value"] > 0
    assert row["p"] < 0.01


def test_what_the_protocol_did_not_name_is_exploratory_and_in_no_family() -> None:
    table = pairs_table(score_systems(STUDY), protocol(("s3", "s0"), ("s1", "s2")))
    named = table[~table["exploratory"]]
    assert list(zip(named["system_a"], named["system_b"], strict=True)) == [
        ("s0", "s3"), ("s1", "s2"),
    ]  # fmt: skip
    assert named["p_holm"].tolist() == pytest.approx(holm(named["p"].tolist()))
    assert table.loc[table["exploratory"], "p_holm"].isna().all()
    assert table.loc[table["exploratory"], "p"].notna().all()


def test_all_pairs_fixed_beforehand_confirm_and_none_fixed_explore_over_the_same_family() -> None:
    scores = score_systems(STUDY)
    old, confirmed, explored = (
        pairs_table(scores, planned(one)) for one in ((), "all", "none")
    )  # fmt: skip
    assert confirmed.equals(old)  # as it was where the two were stored alike
    assert explored["exploratory"].all()
    assert explored.drop(columns="exploratory").equals(old.drop(columns="exploratory"))
    for table in (confirmed, explored, pairs_table(scores, protocol(("s0", "s1"), ("s1", "s2")))):
        assert table["holm_over"].nunique() == 1
    assert set(old["holm_over"]) == {6}
    assert set(table["holm_over"]) == {2}


def test_what_has_no_p_value_counts_in_the_family() -> None:
    lists = STUDY.lists.copy()
    lists[1] = lists[0]  # two systems that never differ
    table = pairs_table(score_systems(replace(STUDY, lists=lists)), planned("all"))
    same = (table["system_a"] == "s0") & (table["system_b"] == "s1")
    assert table.loc[same, "p"].isna().all()
    assert (table.loc[same, "reason"] != "").all()
    p = [None if one != one else one for one in table["p"]]
    least = min(one for one in p if one is not None)
    assert table["p_holm"].min() == pytest.approx(6 * least)  # and not 5 times
    assert holm([0.01, None, 0.04], 3) == pytest.approx([0.03, None, 0.08])


def test_an_interval_of_a_difference_ends_where_differences_do() -> None:
    study = ratings([[100, 0, 90, 5], [95, 0, 100, 40]], [[[0], [2]], [[1], [3]]], [0, 0, 1, 1])
    scores = score_systems(study)
    apart = scores.difference(0, 1)
    assert (scores.span, apart.high) == (100, 100)
    assert apart.value == pytest.approx((97.5 + 72.5) / 2)
    assert apart.low == pytest.approx(2 * apart.value - (apart.value + 12.5 * 12.706), abs=0.01)


def test_few_queries_say_how_many_it_takes() -> None:
    table = pairs_table(score_systems(simulated(queries=7)), protocol())
    assert table["p_wilcoxon"].isna().all()
    assert set(table["test_reason"]) == {
        "7 queries can never be significant among 6 comparisons; it takes 8"
    }


def test_ranks_follow_the_measure() -> None:
    for measure in ("mean_grade", "first_relevant"):
        found = ranks_test(score_systems(simulated(), measure, 70, replicates=50))
        assert found.mean_ranks.argmin() == 0
        assert found.mean_ranks.argmax() == 3


def test_the_rank_profile_by_hand() -> None:
    study = ratings([[80, 40, 10, 30], [60, 20, 30, 50]], [[[0, 1], [2, 3]]], [0, 0, 1, 1])
    study.table[:, 1] = np.nan  # the first query's second result
    table = profile_table(study)
    assert table[["rank", "value", "judged"]].to_numpy().tolist() == [[1, 45, 1], [2, 40, 0.5]]
    assert table["definition"][1] == "mean_grade at rank 2/judged-only"


def test_groups_of_queries() -> None:
    by_family = groups_table(STUDY, "family")
    assert sorted(set(by_family["family"])) == ["Animal", "Music", "Natural_sounds"]
    assert (by_family["queries"] == 5).all()
    inside = np.array([one == "Music" for one in STUDY.families])
    alone = systems_table(score_systems(STUDY.only_queries(inside)))
    music = by_family[by_family["family"] == "Music"]
    assert music.drop(columns="family").to_dict("list") == alone.to_dict("list")
    assert alone["definition"].unique().tolist() == ["mean_grade@5/judged-only"]
    assert len(groups_table(STUDY, "class")) == 7 * 4


def test_facets_stand_on_one_scale() -> None:
    acoustic = ratings((STUDY.table / 50).tolist(), STUDY.lists.tolist(), STUDY.query_of.tolist(),
                       top=2)  # fmt: skip
    table = facets_table({"semantic": STUDY, "acoustic": acoustic})
    both = table.pivot_table(index="system", columns="facet", values="value")
    assert both["semantic"].tolist() == pytest.approx(both["acoustic"].tolist())
    assert table["definition"].unique() == ["mean_grade@5/judged-only/share of the scale"]
    assert table["upper_bound"].max() <= 1
    assert (table["judged"] == 1).all()


def test_the_histogram_counts_every_grade() -> None:
    table = histogram_table(STUDY, range(0, 101, 5))
    assert table["ratings"].sum() == (~np.isnan(STUDY.table)).sum()
    assert table["share"].sum() == pytest.approx(1)


def test_raters_and_their_leniency() -> None:
    table = raters_table(STUDY)
    assert table["ratings"].sum() == (~np.isnan(STUDY.table)).sum()
    lenient = ratings([[60, 60], [40, 40]], [[[0, 1]]], [0, 0])
    assert raters_table(lenient)["above_panel"].tolist() == [10, -10]


def test_a_study_that_nobody_judged_has_tables_without_numbers() -> None:
    scores = score_systems(NOBODY)
    assert systems_table(scores)["value"].isna().all()
    pairs = pairs_table(scores, Protocol("s", "t", "c", NOBODY.systems, Queries()))
    assert pairs["p"].isna().all()
    assert profile_table(NOBODY)["reason"].tolist() == ["nothing was judged"] * 4
    assert raters_table(NOBODY)["mean_grade"].isna().all()
    assert histogram_table(NOBODY, [0, 100])["share"].isna().all()
    both = measures_table([scores, score_systems(NOBODY, "ndcg")])
    assert both["value"].isna().all()
    assert both["measure"].tolist() == ["mean_grade"] * 2 + ["ndcg"] * 2
    assert ranks_test(scores).reason != ""


def test_one_system_has_no_pairs() -> None:
    one = simulated(systems=1)
    table = pairs_table(score_systems(one), Protocol("s", "t", "c", one.systems, Queries()))
    assert len(table) == 0
