"""The tables of scores: the stored numbers, honestly beside the published ones."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.errors import InputError
from embeddings.representations import FOURTEEN
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from evaluation.objective import scoreboard, sweep, sweep_cells
from evaluation.objective.beside_published import (
    COMPARISONS,
    PUBLISHED,
    comparison,
    has_published_sounds,
)
from evaluation.objective.definitions import AVERAGES, METRICS, wording
from evaluation.objective.published import published
from evaluation.objective.scoring import read_objective, read_query_scores, score_ranking
from evaluation.objective.stored_systems import stored_systems
from tests.support.scoreboard import AS_PUBLISHED, GOOD, RANDOM, disguise, edit, import_lists

ITS_EMBEDDING = {"frame_level": True, "variation": "audioset-vggish-3"}


def objective(small: Collection, system: str, convention: str) -> dict[str, Any]:
    found = read_objective(small, system)
    assert found is not None
    return found["conventions"][convention]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_systems_have_the_stored_scores(
    small: Collection, ranked: list[Ranking], convention: str
) -> None:
    table = scoreboard.systems_table(small, convention).set_index("system")
    assert list(table.index) == [GOOD, RANDOM]
    for ranking in ranked:
        row, kept = table.loc[ranking.system], objective(small, ranking.system, convention)
        for measure in METRICS:
            assert row[measure] == kept["macro"][measure]
            assert row[f"micro_{measure}"] == kept["micro"][measure]
        assert (row["undefined"], row["censored"]) == (kept["undefined"], kept["censored"])
        assert (row["title"], row["provenance"]) == (ranking.title, ranking.provenance)
        assert (row["scored"], row["clips"], row["failed"]) == (True, 18, 0)
    assert table["dimensions"].tolist() == [6, 64]
    assert table["label"].tolist() == ["Good", "Random ranking"]


def test_a_class_is_the_mean_of_its_queries(small: Collection, ranked: list[Ranking]) -> None:
    scores = read_query_scores(small, RANDOM)
    assert scores is not None
    own = scores.label == scores.classes.index("Hum")
    expected = np.nanmean(scores.average_precision("corrected")[own, 0])
    table = scoreboard.class_table(small, "corrected").set_index(["class", "system"])
    assert table.loc[("Hum", RANDOM), "map@15"] == pytest.approx(expected, abs=1e-12)
    assert table.loc[("Hum", RANDOM), "family"] == "Things"
    assert table.loc[("Hum", RANDOM), "clips"] == 6
    assert list(dict.fromkeys(table.reset_index()["class"])) == sorted(small.class_counts)


def test_families_and_their_mean_which_is_not_the_mean_over_classes(
    small: Collection, ranked: list[Ranking]
) -> None:
    families = scoreboard.family_table(small, "corrected")
    classes = scoreboard.class_table(small, "corrected")
    for (system, family), own in families.groupby(["system", "family"]):
        mine = classes[(classes["system"] == system) & (classes["family"] == family)]
        assert own["map@15"].item() == pytest.approx(mine["map@15"].mean(), abs=1e-12)
        assert own["classes"].item() == len(mine)
    assert list(families["family"][:2]) == list(small.families) == ["Things", "Nature"]
    means = scoreboard.family_means(small, "corrected").set_index("system")
    things, nature = families.loc[families["system"] == RANDOM, "map@15"]
    assert means.loc[RANDOM, "map@15"] == pytest.approx((things + nature) / 2, abs=1e-12)
    systems = scoreboard.systems_table(small, "corrected").set_index("system")
    assert means.loc[RANDOM, "map@15"] != pytest.approx(systems.loc[RANDOM, "map@15"], abs=1e-6)
    assert means["families"].tolist() == [2, 2]


def test_a_mean_over_families_needs_all_of_them(small: Collection, ranked: list[Ranking]) -> None:
    def lose(facts: dict[str, Any]) -> None:
        facts["conventions"]["corrected"]["families"]["Nature"]["map@15"] = None

    edit(small.folder / "rankings" / RANDOM / "objective.json", lose)
    means = scoreboard.family_means(small, "corrected").set_index("system")
    assert math.isnan(means.loc[RANDOM, "map@15"])
    assert not math.isnan(means.loc[GOOD, "map@15"])


def test_what_was_not_scored_has_a_row_without_numbers(
    small: Collection, ranked: list[Ranking]
) -> None:
    build_ranking(small, open_embedding(small, "random"), Recipe(pca=3), "mcss")
    row = (
        scoreboard.systems_table(small, "corrected").set_index("system").loc["random.l2-pca3.mcss"]
    )
    assert not row["scored"]
    assert row[[*METRICS, "clips", "undefined"]].isna().all()
    assert set(scoreboard.class_table(small, "corrected")["system"]) == {GOOD, RANDOM}
    labels = scoreboard.systems_table(small, "corrected")["label"]
    assert labels.is_unique  # two systems of a representation are told apart by their titles
    assert "Random ranking · L2, PCA 3 · MCSS" in set(labels)


def test_an_imported_ranking_knows_only_its_ranks(small: Collection, tmp_path: Path) -> None:
    score_ranking(small, import_lists(small, tmp_path, 15))
    row = scoreboard.systems_table(small, "cbmi2024").iloc[0]
    found = (row["label"], row["provenance"], row["comparison"], row["known_ranks"])
    assert found == ("theirs", "imported", "unpublished", 15)
    assert row[["dimensions", "map@150", "micro_map@150"]].isna().all()
    assert row[["map@15", "mr1"]].notna().all()
    classes = scoreboard.class_table(small, "cbmi2024")
    assert classes["map@150"].isna().all()
    assert classes["map@15"].notna().all()


def test_without_any_system_the_tables_are_empty_and_whole(small: Collection) -> None:
    for build in (
        scoreboard.systems_table, scoreboard.family_table,
        scoreboard.family_means, scoreboard.class_table,
    ):  # fmt: skip
        table = build(small, "corrected")
        assert len(table) == 0
        assert {"system", "title", "provenance", *METRICS} <= set(table.columns)
    assert list(scoreboard.sweep_table(small, "corrected").columns)[-2:] == ["value", "note"]


def test_a_damaged_system_is_left_out_and_said(small: Collection, ranked: list[Ranking]) -> None:
    (small.folder / "rankings" / GOOD / "objective.json").write_text("{")
    systems, damaged = stored_systems(small)
    assert [one.name for one in systems] == [RANDOM]
    assert len(damaged) == 1
    assert "objective.json" in damaged[0]


@pytest.mark.parametrize(
    ("ranking", "embedding", "convention", "kind"),
    [
        ({}, {}, "cbmi2024", "sounds"),
        ({}, {}, "corrected", "convention"),
        ({"provenance": "simulated"}, {}, "cbmi2024", "simulated"),
        ({"representation": "Mine"}, {}, "cbmi2024", "unpublished"),
        ({"aggregation": "max"}, {}, "cbmi2024", "processing"),
        ({"aggregation": "max"}, {"frame_level": False}, "cbmi2024", "sounds"),
        ({"pca": 200}, {}, "cbmi2024", "processing"),
        ({"normalise": "none"}, {}, "cbmi2024", "processing"),
        ({"search": "nns"}, {}, "cbmi2024", "processing"),
        ({"exclude_same": "group"}, {}, "cbmi2024", "processing"),
        ({}, {"variation": "another"}, "cbmi2024", "processing"),
        ({}, {"variation": None}, "cbmi2024", "sounds"),
    ],
)
def test_what_may_be_compared(
    small: Collection,
    ranking: dict[str, Any],
    embedding: dict[str, Any],
    convention: str,
    kind: str,
) -> None:
    found = comparison(small, AS_PUBLISHED | ranking, ITS_EMBEDDING | embedding, convention)
    assert found == kind
    assert kind in COMPARISONS


def test_only_the_whole_evaluation_set_has_the_published_sounds(small: Collection) -> None:
    small.info["reader"] = "fsd50k"
    assert not has_published_sounds(small)
    small.clips = small.clips * 600
    assert not has_published_sounds(small)
    small.clips = small.clips[:10231]
    assert has_published_sounds(small)
    assert comparison(small, AS_PUBLISHED, ITS_EMBEDDING, "cbmi2024") == "same"
    assert comparison(small, AS_PUBLISHED, {}, "cbmi2024") == "processing"
    assert PUBLISHED["same"] == tuple(METRICS)


def test_published_values_stand_beside_what_they_are_of(
    small: Collection, ranked: list[Ranking]
) -> None:
    disguise(small)
    table = scoreboard.systems_table(small, "cbmi2024").set_index("system")
    row, theirs = table.loc[GOOD], published()["VGGish"].scores
    for measure, value in theirs.items():
        assert row[f"published_{measure}"] == value
    assert row["difference_map@15"] == pytest.approx(row["map@15"] - theirs["map@15"])
    assert math.isnan(row["difference_map@150"])  # only MAP@15 is tuned in simulated vectors
    assert math.isnan(row["difference_mr1"])
    assert (row["modality"], row["parameters"]) == ("A", 62e6)
    assert table.loc[RANDOM, [f"published_{one}" for one in METRICS]].isna().all()
    corrected = scoreboard.systems_table(small, "corrected")
    assert corrected.filter(regex="^(published|difference)").isna().all(axis=None)


def test_of_other_sounds_no_difference_is_told(small: Collection, ranked: list[Ranking]) -> None:
    disguise(small, "computed")
    row = scoreboard.systems_table(small, "cbmi2024").set_index("system").loc[GOOD]
    assert row["published_map@15"] == 0.2
    assert row[[f"difference_{one}" for one in METRICS]].isna().all()


def test_published_families(small: Collection, ranked: list[Ranking]) -> None:
    disguise(small)
    names = {"Things": "Animal", "Nature": "Nothing of the paper"}

    def rename(facts: dict[str, Any]) -> None:
        own = facts["conventions"]["cbmi2024"]
        own["families"] = {names[key]: value for key, value in own["families"].items()}

    edit(small.folder / "rankings" / GOOD / "objective.json", rename)
    table = scoreboard.family_table(small, "cbmi2024").set_index(["system", "family"])
    row = table.loc[(GOOD, "Animal")]
    assert row["published_map@15"] == 0.192
    assert row["difference_map@15"] == pytest.approx(row["map@15"] - 0.192)
    assert math.isnan(table.loc[(GOOD, "Nothing of the paper"), "published_map@15"])
    means = scoreboard.family_means(small, "cbmi2024").set_index("system")
    assert math.isnan(means.loc[GOOD, "published_map@15"])  # of one family it is no mean of all


def test_two_systems_class_by_class(small: Collection, ranked: list[Ranking]) -> None:
    def lose(facts: dict[str, Any]) -> None:
        facts["conventions"]["corrected"]["classes"]["Beep"]["map@15"] = None

    edit(small.folder / "rankings" / GOOD / "objective.json", lose)
    table = scoreboard.compare_classes(small, "corrected", RANDOM, GOOD)
    assert list(table.columns) == ["class", "family", "clips", "a", "b", "difference"]
    assert table["class"].iloc[-1] == "Beep"
    assert math.isnan(table["difference"].iloc[-1])
    known = table.iloc[:-1]
    assert known["difference"].abs().is_monotonic_decreasing
    own = objective(small, GOOD, "corrected")["classes"]
    other = objective(small, RANDOM, "corrected")["classes"]
    for row in known.to_dict("records"):
        label = row["class"]
        assert (row["a"], row["b"]) == (other[label]["map@15"], own[label]["map@15"])
        assert row["difference"] == row["b"] - row["a"]


@pytest.mark.parametrize(
    ("a", "b", "measure", "convention", "sentence"),
    [
        (GOOD, GOOD, "mr1", "corrected", "compared with itself, a system says nothing"),
        (GOOD, "none", "mr1", "corrected", "has no scored system 'none'; it has: good"),
        (GOOD, RANDOM, "map@7", "corrected", f"measure must be one of {', '.join(METRICS)}, not"),
        (GOOD, RANDOM, "mr1", "x", "convention must be one of cbmi2024, corrected, not 'x'"),
    ],
)
def test_what_cannot_be_compared_is_said(
    small: Collection, ranked: list[Ranking], a: str, b: str, measure: str, convention: str,
    sentence: str,
) -> None:  # fmt: skip
    with pytest.raises(InputError) as error:
        scoreboard.compare_classes(small, convention, a, b, measure)
    assert sentence in str(error.value)


def test_the_sweeps(small: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_cells, "COMPONENTS", (4, 200, None))
    write_random_embedding(small)
    made = sweep.sweep(small, open_embedding(small, "random"))
    table = scoreboard.sweep_table(small, "cbmi2024", "mr1")
    expected = made[made["convention"] == "cbmi2024"]
    assert len(table) == len(expected) == 27
    assert table["value"].to_numpy() == pytest.approx(
        expected["macro_mr1"].astype(float).to_numpy(), nan_ok=True
    )
    assert set(table["pca"]) == {"17", "4", "none"}
    assert (table["paper"] == "yes").sum() == 6  # PCA 200 is cut
    assert set(table["provenance"]) == {"simulated"}
    file = sweep.sweep_folder(small, "random", None) / "sweep.csv"
    older = pd.read_csv(file, keep_default_na=False).query("normalise == 'l2'")
    older.drop(columns="paper").to_csv(file, index=False)  # as 0.1.0 wrote it
    table = scoreboard.sweep_table(small, "cbmi2024", "mr1")
    assert table["paper"].tolist() == ["yes"] * 9
    write_random_embedding(small, seed=2)  # the sweep is of vectors that are no longer there
    assert len(scoreboard.sweep_table(small, "cbmi2024")) == 0


def test_simulated_systems_are_never_among_others() -> None:
    table = pd.DataFrame({
        "title": ["b", "C", "a", "d", "e"],
        "provenance": ["simulated", "computed", "imported", "simulated", "computed"],
        "map@15": [0.9, 0.5, math.nan, 0.1, 0.7],
    })  # fmt: skip
    best = scoreboard.in_groups(table, "map@15", descending=True)
    assert best["title"].tolist() == ["e", "C", "a", "b", "d"]
    assert best["group"].tolist() == ["measured"] * 3 + ["simulated"] * 2
    assert scoreboard.in_groups(table, "map@15")["title"].tolist() == ["C", "e", "a", "d", "b"]
    assert scoreboard.in_groups(table, "title")["title"].tolist() == ["a", "C", "e", "b", "d"]
    table["modality"] = ["", "A&L", "", "A", ""]
    for descending in (False, True):
        found = scoreboard.in_groups(table, "modality", descending)
        assert found["modality"].tolist() == ["A&L", "", "", "A", ""]


def test_parameters_are_the_papers(shared: Path) -> None:
    with (shared / "facts" / "published_scores.csv").open(encoding="utf-8", newline="") as file:
        facts = {row["representation"]: row["parameters"] for row in csv.DictReader(file)}
    for name, card in FOURTEEN.items():
        value = scoreboard.parameters(card.parameters)
        assert ("-" if math.isnan(value) else f"{value / 1e6:g}M") == facts[name]
    assert scoreboard.parameters("51K") == 51_000


def test_no_two_numbers_have_one_name() -> None:
    found = {
        (convention, average, measure): wording(measure, convention, average)
        for convention in CONVENTIONS
        for average in AVERAGES
        for measure in METRICS
    }
    assert len({words.title for words in found.values()}) == len(found)
    assert len({words.definition for words in found.values()}) == len(found)
    words = found["cbmi2024", "class", "map@150"]
    assert words.title == "MAP@150 (class-wise, as in CBMI 2024)"
    assert "the smaller of 150 and the class's clips, the query counted" in words.definition
    assert "counted from 0" in found["cbmi2024", "class", "mr1"].definition
    assert "counted from 1" in found["corrected", "micro", "mr1"].definition
    with pytest.raises(InputError, match="average must be one of class, micro, not 'macro'"):
        wording("mr1", "corrected", "macro")
