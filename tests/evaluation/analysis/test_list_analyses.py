"""Results of studies that judge whole lists: preferences, and ratings with their anchors."""

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.panel import parts_of
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.analysis.result_tables import systems_table
from evaluation.records.frames import read_study
from tests.support.studies.hostile_studies import check
from tests.support.studies.lab import GOOD, RANDOM, Lab
from tests.support.studies.list_studies import (
    LISTS,
    PREFERRED,
    RATED,
    STUDY,
    WORTH,
    preferences,
    rated,
)
from tests.support.studies.made_study import tables


def test_strengths_wins_and_the_matrix() -> None:
    given = preferences()
    found = PreferenceAnalysis(tables(STUDY, preferences=given))
    table = found.table
    assert table["strength"].tolist() == pytest.approx(WORTH, abs=0.3)
    assert ((table["strength_low"] < WORTH) & (table["strength_high"] > WORTH)).all()
    assert (table["wins"] + table["losses"] + table["ties"] == table["votes"]).all()
    assert table["votes"].tolist() == [3 * 24 * 6] * 4
    assert table["value"].is_monotonic_decreasing
    assert ((table["low"] < table["value"]) & (table["value"] < table["high"])).all()
    assert table["value"].mean() == pytest.approx(0.5)
    row = found.matrix.iloc[1]
    own = given[given["list_a"].isin(["s0", "s2"]) & given["list_b"].isin(["s0", "s2"])]
    assert (row["system_a"], row["system_b"]) == ("s0", "s2")
    assert row["wins_a"] == (own["preferred"] == "s0").sum()
    assert row["wins_b"] == (own["preferred"] == "s2").sum()
    assert row["ties"] == (own["preferred"] == "").sum()
    assert row[["votes", "queries", "raters"]].tolist() == [144, 24, 6]
    assert row["probability"] == pytest.approx(1 / (1 + np.exp(-1.6)), abs=0.08)
    assert sum(found.sides.values()) == len(given)
    assert found.strengths.first == pytest.approx(0.2, abs=0.2)
    whole = found.orders[found.orders["level"] == "collection"]
    assert (whole["tau"] == 1).all()
    for name in ("tau", "rho"):
        assert (whole[f"{name}_low"] <= whole[f"{name}_high"]).all()
        assert (whole[f"{name}_high"] == 1).all()


def test_intervals_for_these_raters_alone() -> None:
    told = tables(STUDY, preferences=preferences())
    wide, these = (PreferenceAnalysis(told, alone=alone) for alone in (False, True))
    assert set(wide.table["scope"]) == {"queries and raters"}
    assert set(these.table["scope"]) == {"these raters"}
    assert these.table["strength"].equals(wide.table["strength"])
    assert not these.table["strength_low"].equals(wide.table["strength_low"])
    assert set(these.families["scope"]) == {"these raters"}


def test_a_change_of_mind_counts_once() -> None:
    given = preferences()
    before = given.head(10).assign(choice="none", preferred="", counts=0)
    both = pd.concat([before, given], ignore_index=True)
    found, plain = (PreferenceAnalysis(tables(STUDY, preferences=one)) for one in (both, given))
    assert found.table.equals(plain.table)


def test_families_of_queries_have_strengths_of_their_own() -> None:
    given = preferences()
    music = given["query_family"] == "Music"
    given.loc[~music, ["list_a", "list_b"]] = given.loc[~music, ["list_b", "list_a"]].to_numpy()
    found = PreferenceAnalysis(tables(STUDY, preferences=given)).families
    of = {name: rows["strength"].tolist() for name, rows in found.groupby("family")}
    assert set(of) == {"Animal", "Music", "Natural_sounds"}
    assert of["Music"][0] > of["Music"][3]
    assert of["Animal"][0] < of["Animal"][3]
    assert (found["queries"] == 6).all()


def test_raters_who_always_take_one_side_are_seen() -> None:
    given = preferences()
    own = given["rater"] == "r02"
    given.loc[own, "choice"] = "A"
    told = PreferenceAnalysis(tables(STUDY, preferences=given)).raters.set_index("rater")
    assert told.loc["r02", ["share_a", "share_none"]].tolist() == [1, 0]
    assert 0.3 < told.loc["r01", "share_a"] < 0.7


@pytest.mark.parametrize("case", PREFERRED)
def test_hostile_choices_have_a_value_or_say_why_not(case: str) -> None:
    found = PreferenceAnalysis(PREFERRED[case]())
    for name in ("table", "matrix", "families", "raters", "orders", "win_rates", "sides"):
        check(getattr(found, name), name)
    unsaid = found.table["strength"].isna() & (found.table["strength_reason"] == "")
    assert not unsaid.any()


def test_mean_ratings_and_the_anchors() -> None:
    found = RatingAnalysis(rated(LISTS))
    table = systems_table(found.primary)
    assert table["system"].tolist() == ["s0", "s1", "s2", "s3"]
    assert table["value"].tolist() == pytest.approx([75, 65, 55, 40], abs=4)
    assert set(table["definition"]) == {"mean_rating/whole lists"}
    assert found.primary.measure.title == "Mean rating"
    assert found.pairs["p_holm"].max() < 0.01
    assert found.anchors["value"].tolist() == pytest.approx([85, 11], abs=5)
    assert found.anchors["title"].tolist() == ["Anchor:Labels", "Anchor:Random"]
    assert found.anchors_apart.low > 60
    assert found.anchors_by_rater["above"].tolist() == pytest.approx([1] * 6, abs=0.05)
    assert (found.anchors_by_rater["blocks"] == 24).all()
    assert set(found.families["family"]) == {"Animal", "Music", "Natural_sounds"}
    assert found.alpha["interval"].value > 0.2
    assert found.orders["collection", "ap15"].tau == 1
    assert found.generalizability.parts["system"] ** 0.5 == pytest.approx(15, abs=3)


def test_who_cannot_tell_the_anchors_apart_is_seen() -> None:
    told = rated(LISTS)
    table = told.judgements
    own = (table["rater"] == "r03") & table["list_of"].str.startswith("anchor")
    table.loc[own, "grade"] = 50
    by_rater = RatingAnalysis(told).anchors_by_rater.set_index("rater")
    assert by_rater.loc["r03", "above"] == 0.5
    assert by_rater.loc["r02", "above"] > 0.9


@pytest.mark.parametrize("case", RATED)
def test_hostile_ratings_have_a_value_or_say_why_not(case: str) -> None:
    found = RatingAnalysis(RATED[case]())
    for name in parts_of(RatingAnalysis):
        check(getattr(found, name), name)


def test_studies_that_were_judged_by_way_of_the_app(lab: Lab) -> None:
    preferred = PreferenceAnalysis(read_study(lab.bundles["a-preference-study"]))
    assert preferred.systems == (GOOD, RANDOM)
    assert preferred.matrix.loc[0, "votes"] == sum(preferred.sides.values()) > 3
    ratings = RatingAnalysis(read_study(lab.bundles["a-rating-study"]))
    assert [one.system for one in ratings.primary.systems] == [GOOD, RANDOM]
    assert ratings.anchors["system"].tolist() == ["anchor:labels", "anchor:random"]
    assert ratings.anchors["ratings"].min() >= 3
