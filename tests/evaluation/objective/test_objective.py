"""Objective scores: the reference's numbers, the definitions' numbers, and the edges."""

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import extract_embedding, find_card, plan
from embeddings.search.neighbours import top_neighbours
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems import rankings
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import open_embedding, write_embedding
from evaluation.objective.averages import average, score_system
from evaluation.objective.per_query import QueryScores, score_lists, score_queries
from evaluation.objective.scoring import (
    read_objective,
    read_query_scores,
    score_ranking,
    score_subset,
)
from tests.support import oracle


@pytest.fixture(scope="module")
def parity(shared: Path) -> dict[str, object]:
    """The reference implementation's numbers, and our scores of the same data."""
    folder = shared / "parity" / "objective"
    with (folder / "gt.csv").open(encoding="utf-8", newline="") as file:
        labels = [row["labels"].split(",") for row in csv.DictReader(file)]
    families = json.loads((folder / "families.json").read_text())
    scores = score_system(
        np.load(folder / "embeddings.npy"), labels, families, search="mips", convention="cbmi2024"
    )
    return {"expected": json.loads((folder / "expected.json").read_text()), "scores": scores}


@pytest.mark.parametrize("metric", ["map@15", "map@150", "mr1"])
def test_the_reference_implementations_numbers(parity: dict, metric: str) -> None:
    expected, scores = parity["expected"], parity["scores"]
    assert scores.macro[metric] == pytest.approx(expected[f"macro_{metric}"], abs=1e-9)
    assert scores.micro[metric] == pytest.approx(expected[f"micro_{metric}"], abs=1e-9)
    for kind, ours in (("label", scores.by_class), ("family", scores.by_family)):
        theirs = expected[f"{kind}_{metric}"]
        assert len(theirs) > 5
        for name, value in theirs.items():
            assert ours.loc[name, metric] == pytest.approx(value, abs=1e-9)


def relevance(*ranked: int, others: int, cutoff: int) -> QueryScores:
    """Score one query of class A whose ranking has these relevances (1 or 0), by score_queries."""
    vectors = np.zeros((len(ranked) + 1, 2))
    vectors[0] = 1, 0
    for rank, _ in enumerate(ranked, 1):
        angle = rank * 0.9 / len(ranked)
        vectors[rank] = math.cos(angle), math.sin(angle)
    labels = [["A"], *(["A"] if hit else ["B"] for hit in ranked)]
    scores = score_queries(vectors, labels, cutoffs=(cutoff,))
    pair = (scores.query == 0) & (scores.label == scores.classes.index("A"))
    assert scores.relevant[pair].item() == others
    return QueryScores(
        scores.classes, scores.cutoffs, scores.query[pair], scores.label[pair],
        scores.precision_sum[pair], scores.relevant[pair], scores.first_rank[pair],
        scores.censored[pair],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ranked", "cutoff", "z", "expected"),
    [
        # METRICS 9: the sum over hits of precision, divided by Z = min(N, R)
        ((0, 0, 0, 0, 1, 1), 6, 2, 0.2667),
        ((1, 0, 0, 1, 0, 1), 6, 3, 0.6667),
        ((1, 1, 1, 0, 0, 1, 1, 1, 1, 1), 5, 5, 0.6),
        ((1, 0, 1, 0, 0), 5, 2, 0.8333),
    ],
)
def test_golden_average_precision(
    ranked: tuple[int, ...], cutoff: int, z: int, expected: float
) -> None:
    scores = relevance(*ranked, others=sum(ranked), cutoff=cutoff)
    assert min(cutoff, sum(ranked)) == z
    assert scores.average_precision("corrected").item() == pytest.approx(expected, abs=5e-5)


def test_golden_first_relevant() -> None:
    assert relevance(1, 0, others=1, cutoff=2).first_relevant("corrected").item() == 1
    assert relevance(1, 0, others=1, cutoff=2).first_relevant("cbmi2024").item() == 0
    assert relevance(0, 1, others=1, cutoff=2).first_relevant("cbmi2024").item() == 1
    assert np.isnan(relevance(0, 0, others=0, cutoff=2).first_relevant("cbmi2024").item())


def test_the_query_counts_only_as_published() -> None:
    """A perfect ranking of a class of 32 scores 31/32 at 150 as published, and 1 corrected."""
    vectors = np.repeat(np.eye(2), 32, axis=0) + 1e-3 * np.random.default_rng(0).random((64, 2))
    labels = [["A"]] * 32 + [["B"]] * 32
    as_published = score_system(vectors, labels, cutoffs=(150,), convention="cbmi2024")
    assert as_published.macro["map@150"] == pytest.approx(0.96875)
    assert score_system(vectors, labels, cutoffs=(150,)).macro["map@150"] == pytest.approx(1)


label_sets = st.lists(st.sampled_from("ABCD"), max_size=3, unique=True)
group_names = st.sampled_from(["", "g", "h"])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-2, 2), st.integers(1, 3), label_sets, st.sampled_from(["", "g", "h"])
        ),
        min_size=2,
        max_size=12,
    ),
    st.sampled_from(["mcss", "mips", "nns"]),
    st.integers(1, 15),
    st.sampled_from(CONVENTIONS),
    st.booleans(),
)
def test_scores_are_what_the_definitions_say(
    clips: list[tuple[int, int, list[str], str]],
    search: str,
    cutoff: int,
    convention: str,
    grouped: bool,
) -> None:
    """Small collections with ties, duplicates, groups, classes of one and clips without a label."""
    vectors = np.array([clip[:2] for clip in clips], dtype=np.float32)
    labels = [clip[2] for clip in clips]
    groups = [clip[3] for clip in clips] if grouped else None
    if not any(labels):
        with pytest.raises(InputError, match="No clip has a label"):
            score_system(vectors, labels)
        return
    ours = score_system(
        vectors, labels, search=search, cutoffs=(cutoff,), convention=convention, groups=groups
    )
    ranked = [
        oracle.ranking(vectors.tolist(), query, search, groups) for query in range(len(clips))
    ]
    expected = oracle.scores(ranked, labels, cutoff, convention)
    metrics = [f"map@{cutoff}", "mr1"]
    assert [ours.macro[metric] for metric in metrics] == pytest.approx(list(expected["macro"]))
    assert [ours.micro[metric] for metric in metrics] == pytest.approx(list(expected["micro"]))
    for label, values in expected["classes"].items():
        found = [
            None if np.isnan(ours.by_class.loc[label, m]) else ours.by_class.loc[label, m]
            for m in metrics
        ]
        assert found == pytest.approx(list(values))
    undefined = [
        (query, name)
        for query, own in enumerate(labels)
        for name in own
        if not any(name in labels[other] for other in ranked[query])
    ]
    assert ours.undefined == len(undefined)
    assert ours.censored == 0
    assert ours.by_class["clips"].sum() == sum(map(len, labels))


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=30), st.integers(1, 30), st.data())
def test_a_relevant_clip_that_moves_up_never_lowers_ap(
    hits: list[bool], cutoff: int, data: st.DataObject
) -> None:
    places = [rank for rank in range(1, len(hits)) if hits[rank] and not hits[rank - 1]]
    if not places:
        return
    rank = data.draw(st.sampled_from(places))
    moved = hits.copy()
    moved[rank - 1], moved[rank] = True, False
    before, after = (
        relevance(*map(int, order), others=sum(order), cutoff=cutoff).average_precision("corrected")
        for order in (hits, moved)
    )
    assert after.item() >= before.item()


def test_the_names_of_the_labels_change_nothing() -> None:
    rng = np.random.default_rng(11)
    vectors = rng.normal(size=(80, 6))
    labels = [[one for one in "ABCDE" if rng.random() < 0.3] for _ in range(80)]
    other = {"A": "Zz", "B": "b", "C": "M", "D": "0", "E": "E"}
    one = score_system(vectors, labels)
    renamed = score_system(vectors, [[other[name] for name in own] for own in labels])
    assert renamed.macro == pytest.approx(one.macro)
    assert renamed.micro == pytest.approx(one.micro)
    for name in "ABCDE":
        ours = one.by_class.loc[name].tolist()
        assert renamed.by_class.loc[other[name]].tolist() == pytest.approx(ours)


@pytest.mark.parametrize("grouped", [False, True])
def test_scores_of_stored_lists_are_those_of_the_vectors_as_far_as_they_go(grouped: bool) -> None:
    rng = np.random.default_rng(12)
    vectors = rng.normal(size=(120, 5))
    labels = [[str(number)] for number in rng.integers(0, 20, 120)]
    groups = [str(number) for number in rng.integers(0, 30, 120)] if grouped else None
    whole = score_queries(vectors, labels, cutoffs=(4, 15), groups=groups)
    kept, _ = top_neighbours(vectors, "mcss", 15, groups=groups)
    lists = score_lists(kept, labels, cutoffs=(4, 15, 150), groups=groups)
    assert lists.cutoffs == (4, 15)
    assert np.array_equal(lists.precision_sum, whole.precision_sum)
    assert np.array_equal(lists.relevant, whole.relevant)
    late = whole.first_rank > 15
    assert late.any()
    assert np.array_equal(lists.censored, late)
    assert np.array_equal(lists.first_rank[~late], whole.first_rank[~late])
    ends = (kept >= 0).sum(axis=1)
    assert np.array_equal(lists.first_rank[late], ends[lists.query[late]] + 1)
    pairs = lists.label >= 0
    assert average(lists, None, "corrected").censored == (late & pairs).sum()
    everything, _ = top_neighbours(vectors, "mcss", 119, groups=groups)
    assert not score_lists(everything, labels, groups=groups).censored.any()
    with pytest.raises(InputError, match="keeps 3 neighbours of each clip; AP@4 needs more"):
        score_lists(kept[:, :3], labels, cutoffs=(4,))


def test_lists_of_no_clip_at_all_are_scored_as_such() -> None:
    scores = score_lists(
        np.full((6, 2), -1), [["a"], ["a", "b"], ["b"], [], ["b"], []], cutoffs=(2,)
    )
    assert not scores.precision_sum.any()
    assert np.array_equal(scores.first_rank, scores.relevant > 0)  # the rank after nothing
    assert np.array_equal(scores.censored, scores.relevant > 0)


def test_families_average_their_classes_and_nothing_else() -> None:
    vectors = np.random.default_rng(4).normal(size=(12, 3))
    labels = [["A"], ["B"], ["C"]] * 4
    families = {"One": ["A", "B", "not here"], "None": ["not here"]}
    scores = score_system(vectors, labels, families, cutoffs=(5,))
    own = scores.by_class.loc[["A", "B"], "map@5"]
    assert scores.by_family.loc["One", "map@5"] == pytest.approx(own.mean())
    assert scores.by_family.loc["One", "classes"] == 2
    assert scores.by_family.loc["One", "clips"] == 8
    assert scores.by_family.loc["None", "classes"] == 0
    assert np.isnan(scores.by_family.loc["None", "map@5"])


def test_what_cannot_be_scored() -> None:
    with pytest.raises(InputError, match="convention must be one of cbmi2024, corrected"):
        score_system(np.eye(3), [["A"]] * 3, convention="seed")
    with pytest.raises(InputError, match="There are 3 vectors but labels of 2 clips"):
        score_system(np.eye(3), [["A"]] * 2)


def test_scores_are_kept_beside_the_ranking(small: Collection) -> None:
    write_random_embedding(small)
    ranking = build_ranking(small, open_embedding(small, "random"), None, "mcss")
    assert read_objective(small, ranking.system) is None
    assert read_query_scores(small, ranking.system) is None
    score_ranking(small, ranking)
    kept = read_objective(small, ranking.system)
    assert kept is not None
    assert kept["provenance"] == "simulated"
    assert set(kept["conventions"]) == set(CONVENTIONS)
    classes = kept["conventions"]["corrected"]["classes"]
    assert set(classes) == set(small.class_counts)
    queries = read_query_scores(small, ranking.system)
    assert queries is not None
    pairs = queries.label == queries.classes.index("Hum")
    mean = queries.average_precision("corrected")[pairs, 0].mean()
    assert classes["Hum"]["map@15"] == pytest.approx(mean)


@pytest.fixture(autouse=True)
def _small_enough_for_pca(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small collection has 18 clips: the usual PCA to 100 becomes PCA to 10."""
    monkeypatch.setattr(rankings, "default_system", lambda embedding: (Recipe(pca=10), "mcss"))


def test_a_group_can_be_excluded_and_the_name_says_so(small: Collection) -> None:
    write_random_embedding(small)
    embedding = open_embedding(small, "random")
    ranking = build_ranking(small, embedding, None, "mcss", exclude_same="group")
    assert ranking.system == "random.l2-pca10.mcss.exclude-group"
    assert ranking.title.endswith("MCSS · same group excluded")
    for query, own in enumerate(ranking.neighbours):
        groups = [small.clips[row].group for row in own if row >= 0]
        assert len(groups) == 15  # 18 clips in 6 groups of 3
        assert small.clips[query].group not in groups
    facts = score_ranking(small, ranking)
    plain = score_ranking(small, build_ranking(small, embedding, None, "mcss"))
    assert facts["conventions"] != plain["conventions"]
    labels = [clip.labels for clip in small.clips]
    ranked = [[int(row) for row in own if row >= 0] for own in ranking.neighbours]
    expected = oracle.scores(ranked, labels, 15, "corrected")["macro"]
    macro = facts["conventions"]["corrected"]["macro"]
    assert [macro["map@15"], macro["mr1"]] == pytest.approx(list(expected))
    for clip in range(18):
        object.__setattr__(small.clips[clip], "group", "")
    with pytest.raises(InputError, match="No clip of 'small' has a group to exclude"):
        build_ranking(small, embedding, None, "mcss", exclude_same="group")


def test_some_queries_alone(small: Collection) -> None:
    write_random_embedding(small)
    ranking = build_ranking(small, open_embedding(small, "random"), None, "mcss")
    ids = ["hum-1", "beep-2"]
    fresh = score_subset(small, ranking, ids)
    assert read_objective(small, ranking.system) is None
    assert fresh["clips"] == 2
    whole = score_ranking(small, ranking)
    assert score_subset(small, ranking, ids) == fresh
    scores = read_query_scores(small, ranking.system)
    assert scores is not None
    pair = (scores.query == small.index["hum-1"]) & (scores.label == scores.classes.index("Hum"))
    expected = scores.average_precision("corrected")[pair, 0].item()
    found = fresh["conventions"]["corrected"]["classes"]
    assert found["Hum"]["map@15"] == pytest.approx(expected)
    assert found["Hum"]["clips"] == 1
    assert "Hiss" not in found
    assert whole["clips"] == 18
    with pytest.raises(InputError, match="has no clip 'nobody'"):
        score_subset(small, ranking, ["nobody"])


def test_failed_clips_are_neither_queries_nor_results(small: Collection) -> None:
    failed = {"hum-0": "broken"}
    vectors = np.random.default_rng(8).normal(size=(17, 4))
    meta = {"provenance": "imported", "representation": "Mine"}
    write_embedding(small, "mine", vectors, meta, failed=failed)
    ranking = build_ranking(small, open_embedding(small, "mine"), Recipe(pca=None), "mcss")
    facts = score_ranking(small, ranking)
    assert (facts["clips"], facts["failed"]) == (17, 1)
    assert facts["conventions"]["corrected"]["classes"]["Hum"]["clips"] == 5
    queries = read_query_scores(small, ranking.system)
    assert queries is not None
    assert small.index["hum-0"] not in queries.query


@pytest.mark.essentia
@pytest.mark.parametrize(
    ("takes", "components"),
    [
        pytest.param(2, 12, marks=pytest.mark.long),
        pytest.param(40, 100, marks=pytest.mark.slow),
    ],
    ids=["20 clips", "all 400 clips"],
)
def test_esc10_by_freesound_against_brute_force(
    esc10: Callable[[int], Collection], takes: int, components: int
) -> None:
    """Real sounds through the whole path: extract, prepare, search, score."""
    pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")
    collection = esc10(takes)
    embedding = extract_embedding(collection, plan(collection.data, find_card("freesound")))
    assert embedding.vectors.shape == (10 * takes, 1584)
    assert embedding.meta["failed"] == {}
    recipe = Recipe(normalise="minmax", pca=components)
    ranking = build_ranking(collection, embedding, recipe, "nns")
    facts = score_ranking(collection, ranking)

    raw = np.array(embedding.vectors, dtype=np.float64)
    low, high = raw.min(axis=0), raw.max(axis=0)
    scaled = np.where(high > low, (raw - low) / np.where(high > low, high - low, 1), 0)
    centred = scaled - scaled.mean(axis=0)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:components]
    vectors = (centred @ directions.T).tolist()
    labels = [clip.labels for clip in collection.clips]
    ranked = [oracle.ranking(vectors, query, "nns") for query in range(len(labels))]
    for convention in CONVENTIONS:
        ours = facts["conventions"][convention]
        for cutoff in (15, 150):
            metric = f"map@{cutoff}"
            expected = oracle.scores(ranked, labels, cutoff, convention)
            for kind in ("macro", "micro"):
                found = [ours[kind][metric], ours[kind]["mr1"]]
                assert found == pytest.approx(list(expected[kind]), abs=1e-9)
            for family, members in collection.families.items():
                own = [expected["classes"][label] for label in members]
                found = [ours["families"][family][metric], ours["families"][family]["mr1"]]
                assert found == pytest.approx(list(np.mean(own, axis=0)), abs=1e-9)
