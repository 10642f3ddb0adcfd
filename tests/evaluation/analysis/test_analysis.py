"""A study's results, whole: what was put in is found again, and hostile data break nothing."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embeddings.errors import InputError
from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import parts_of
from evaluation.analysis.result_tables import systems_table
from evaluation.records.events import FlagRecord
from evaluation.records.frames import as_frame
from evaluation.statistics.graded_measures import MEASURES
from tests.support.studies.hostile_studies import EXTREMES, HOSTILE, STUDY, check, with_facets
from tests.support.studies.made_study import BEGUN, judgements, raters, tables
from tests.support.studies.rated import ratings, simulated

PARTS = parts_of(Analysis)


@pytest.fixture(scope="module")
def made() -> Analysis:
    """The results of a study of which everything is known."""
    return Analysis(tables(STUDY))


def test_the_grades_come_back_from_the_tables(made: Analysis) -> None:
    for name in ("raters", "queries", "classes", "families", "systems", "clips"):
        assert getattr(made.ratings, name) == getattr(STUDY, name)
    np.testing.assert_array_equal(made.ratings.table, STUDY.table)
    np.testing.assert_array_equal(made.ratings.lists, STUDY.lists)
    assert made.uses == {"counts": int((~np.isnan(STUDY.table)).sum())}
    assert made.threshold == 60


def test_the_order_of_the_systems_is_recovered(made: Analysis) -> None:
    found = systems_table(made.primary)
    assert found["value"].is_monotonic_decreasing
    assert (found["low"] < found["value"]).all()
    assert made.ranks.mean_ranks.argsort().tolist() == list(range(6))
    assert made.ranks.p < 1e-6
    first_last = made.pairs[(made.pairs["system_a"] == "s0") & (made.pairs["system_b"] == "s5")]
    assert first_last["p_holm"].item() < 0.01
    of_any_scale = [name for name, one in MEASURES.items() if not one.only_grades]
    assert list(made.measures["measure"].unique()) == of_any_scale
    for measure, rows in made.measures.groupby("measure"):
        better_first = rows["value"] if MEASURES[measure].higher else -rows["value"]
        assert better_first.iloc[0] > better_first.iloc[-1], measure


def test_the_human_reference_is_that_of_many_raters(made: Analysis) -> None:
    many = Analysis(tables(simulated(systems=6, queries=30, raters=80))).reference.value
    assert made.reference.low < many < made.reference.high
    assert made.reference.high - made.reference.low < 15


def test_agreement_is_what_was_put_in(made: Analysis) -> None:
    """Grades are a worth (20), a rater's leniency (5) and noise (15), cut at the scale's ends."""
    expected = 20**2 / (20**2 + 5**2 + 15**2)
    assert made.alpha["interval"].value == pytest.approx(expected, abs=0.04)
    assert made.alpha["interval"].low < made.alpha["interval"].value < made.alpha["interval"].high
    assert made.reliability.single == pytest.approx(expected, abs=0.04)
    assert made.reliability.noise**0.5 == pytest.approx(15, abs=1.5)
    assert np.nanmean(made.kappas) == pytest.approx(made.reliability.single, abs=0.05)
    assert made.percent.equal < made.percent.close


def test_variance_components_are_recovered() -> None:
    rng = np.random.default_rng(0)
    systems, queries, people = 12, 60, 20
    part = {"system": 8, "query": 6, "rater": 4, "query+system": 7, "rater+system": 3,
            "query+rater": 2, "query+rater+system": 9}  # fmt: skip
    shapes = {"system": (systems, 1, 1), "query": (1, 1, queries), "rater": (1, people, 1),
              "query+system": (systems, 1, queries), "rater+system": (systems, people, 1),
              "query+rater": (1, people, queries),
              "query+rater+system": (systems, people, queries)}  # fmt: skip
    scores = 50 + sum(rng.normal(0, part[name], shape) for name, shape in shapes.items())
    grades = np.round(scores).clip(0, 100).transpose(1, 2, 0).reshape(people, -1)
    lists = np.arange(queries * systems).reshape(queries, systems).T[:, :, None]
    of = ratings(grades.tolist(), lists.tolist(), np.repeat(np.arange(queries), systems).tolist())
    found = Analysis(tables(of)).generalizability.parts
    assert set(found) == set(part)
    for name, wanted in part.items():
        few = name in ("system", "rater")
        assert found[name] ** 0.5 == pytest.approx(wanted, rel=0.45 if few else 0.2), name


def test_ears_stand_next_to_labels(made: Analysis) -> None:
    table = made.orders_table.set_index(["level", "score"])
    assert (table["tau"] == 1).all()  # the labels' order was made like that of the ears
    assert (table["tau_low"] <= 1).all()
    assert table.loc[("own", "ap15"), "within"] > 0.2
    assert table.loc[("own", "r1"), "within"] > 0.2
    assert table.loc[("collection", "ap15"), "within_queries"] == 0
    assert made.beside["value"].is_monotonic_decreasing
    assert made.beside["collection_r1"].is_monotonic_increasing
    assert (made.beside["own_queries"] == 30).all()
    rules = made.rules.set_index("rule")
    assert rules.loc["class", "above"] > 0.8
    assert rules.loc["class", "relevant_grade"] > rules.loc["class", "others_grade"]
    assert len(made.disagreements) == math.ceil(len(STUDY.clips) / 7)
    assert made.relabelled["ap_ears"].iloc[0] > made.relabelled["ap_ears"].iloc[-1]
    best = made.relabelled["ap_ears"].idxmax()
    assert made.relabelled.loc[best, "rank_ears"] == made.relabelled["rank_ears"].min() == 1


def test_position_and_time_that_do_not_matter_are_not_found(made: Analysis) -> None:
    for sway in (made.position, made.fatigue):
        assert abs(sway.value) < 2
        assert sway.p > 0.001
        assert sway.grades == STUDY.table.size


@pytest.mark.parametrize("count", [3, 4, 5])
def test_no_drift_is_told_of_fewer_raters_than_speak_for_others(count: int) -> None:
    found = Analysis(tables(simulated(raters=count))).position
    assert (found.value is None) == (count < 5)
    said = f"needs 5 raters with 3 sounds or more that others graded; there are {count}"
    assert found.reason == (said if count < 5 else "")


def test_a_sway_by_position_is_found() -> None:
    given = judgements(STUDY, tables(STUDY).protocol)
    given["grade"] = (given["grade"] - given["position"]).clip(0, 100)
    found = Analysis(tables(STUDY, judgements=given)).position
    assert found.value == pytest.approx(-19, abs=4)
    assert found.high < 0


def test_screening_leaves_out_who_did_not_pass_and_both_can_be_shown() -> None:
    random = STUDY.table.copy()
    random[7] = np.random.default_rng(0).integers(0, 21, random.shape[1]) * 5
    people = raters(STUDY.raters)
    people.loc[7, "passed"] = 0
    told = tables(replace(STUDY, table=random), raters=people)
    everyone, passed = Analysis(told), Analysis(told, screened=True)
    assert len(everyone.ratings.raters) == 8
    assert passed.ratings.raters == STUDY.raters[:7]
    assert passed.alpha["ordinal"].value > everyone.alpha["ordinal"].value + 0.05
    assert set(passed.retests) == {""}
    assert (passed.primary.systems[0].estimate.raters, len(passed.raters)) == (7, 7)


def test_what_was_changed_repeated_controlled_or_broken_does_not_count() -> None:
    study = tables(STUDY)
    kinds: list[dict[str, Any]] = [{"counts": 0}, {"repeat": 1}, {"kind": "identity"}]
    blocks = (study.judgements.iloc[50 * place :].head(50) for place in range(3))
    more = [block.assign(grade=99, **change) for block, change in zip(blocks, kinds, strict=True)]
    given = pd.concat([study.judgements, *more], ignore_index=True)
    first = study.judgements.iloc[0]
    flag = {name: [first[name]] for name in ("rater", "query", "block", "candidate", "kind")}
    flag |= {"page": [1], "position": [1], "repeat": [False], "list_of": [""], "uuid": ["f"],
             "given_at": [BEGUN], "received_at": [BEGUN]}  # fmt: skip
    reported = as_frame(FlagRecord, flag)
    found = Analysis(replace(study, judgements=given, flags=reported))
    broken = found.tidy[found.tidy["use"] == "broken"]
    assert set(zip(broken["rater"], broken["candidate"], strict=True)) == {
        (first["rater"], first["candidate"])
    }
    assert (found.uses["superseded"], found.uses["repeat"], found.uses["control"]) == (50, 50, 50)
    assert found.uses["counts"] == len(study.judgements) - 1
    assert found.retests[""].pairs == 50
    np.testing.assert_array_equal(
        np.isnan(found.ratings.table).sum(), np.isnan(STUDY.table).sum() + 1
    )


def test_facets_are_analysed_one_at_a_time_and_shown_together() -> None:
    semantic, acoustic = (Analysis(with_facets(), name) for name in ("semantic", "acoustic"))
    assert systems_table(semantic.primary)["value"].is_monotonic_decreasing
    turned = systems_table(acoustic.primary)["value"]
    assert turned.iloc[0] == turned.min() < turned.max() == turned.iloc[-1]
    assert acoustic.threshold == pytest.approx(3.4)
    shares = semantic.facets.pivot_table(index="system", columns="facet", values="value")
    assert shares["semantic"].iloc[0] > 0.6
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)
    assert Analysis(with_facets()).facet.name == "semantic"
    with pytest.raises(InputError, match="asked for semantic, acoustic, not for 'loudness'"):
        Analysis(with_facets(), "loudness")


def test_what_counts_as_good_is_the_protocols() -> None:
    plain = tables(STUDY)
    assert Analysis(plain).threshold == 60
    plan = replace(plain.protocol.analysis, good=0.55)
    found = Analysis(replace(plain, protocol=replace(plain.protocol, analysis=plan)))
    assert found.threshold == 55  # and not 55.00000000000001, which a grade of 55 would miss
    assert found.scores("precision").definition == "P(g>=55)@5/missing=0"


def test_the_primary_measure_is_the_protocols() -> None:
    plain = tables(STUDY)
    own = replace(plain.protocol, analysis=replace(plain.protocol.analysis, primary_measure="ndcg"))
    found = Analysis(replace(plain, protocol=own))
    assert found.primary.measure.name == "ndcg"
    assert found.primary.replicates is found.replicates["ndcg"]
    assert found.pairs["p"].notna().all()


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, same, other = (Analysis(tables(STUDY), seed=seed) for seed in (3, 3, 4))
    assert one.measures.equals(same.measures)
    assert one.alpha == same.alpha
    assert one.alpha["ordinal"].low != other.alpha["ordinal"].low


@pytest.mark.parametrize("screened", [False, True])
@pytest.mark.parametrize("case", EXTREMES)
def test_hostile_studies_have_a_value_or_say_why_not(case: str, screened: bool) -> None:
    told = HOSTILE[case]()
    for facet in told.protocol.scale.facets:
        found = Analysis(told, facet.name, screened=screened)
        for name in PARTS:
            check(getattr(found, name), name)
        for measure in MEASURES:
            if not measure.endswith("sum") and not measure.startswith("greater"):
                check(found.scores(measure), measure)


def test_every_part_is_asked_for() -> None:
    assert len(PARTS) == 39
    assert {"primary", "pairs", "generalizability", "halves", "relabelled"} <= set(PARTS)
