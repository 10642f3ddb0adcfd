"""Distractors: of another family, and beyond half of the collection under every system."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.search.processing import Recipe
from embeddings.systems.imported import import_ranking
from embeddings.systems.rankings import build_ranking, similarities
from embeddings.systems.store import Ranking, open_embedding, write_embedding
from evaluation.design.controls import distractors, far_clips
from tests.support import oracle

META = {"provenance": "imported", "representation": "Mine"}
PLAIN = Recipe(normalise="none", pca=None)


def system(
    collection: Collection,
    seed: int,
    search: str = "mips",
    top: int = 17,
    failed: tuple[str, ...] = (),
    exclude_same: str | None = None,
) -> Ranking:
    """Build a system on random vectors of 18 clips, less those that failed."""
    vectors = np.random.default_rng(seed).normal(size=(18 - len(failed), 5))
    name = f"mine-{seed}"
    write_embedding(collection, name, vectors, META, failed=dict.fromkeys(failed, "no"))
    embedding = open_embedding(collection, name)
    return build_ranking(collection, embedding, PLAIN, search, top, exclude_same=exclude_same)


def far_by_hand(ranking: Ranking, query: int) -> set[int]:
    """Return the clips from rank 10 on of a ranking that keeps all 17 others."""
    return {int(row) for row in ranking.neighbours[query, 9:] if row >= 0}


@pytest.mark.parametrize("search", ["mcss", "mips", "nns"])
def test_similarities_order_all_clips_as_the_search_does(small: Collection, search: str) -> None:
    ranking = system(small, 1, search, failed=("hum-1", "hiss-4"))
    values = similarities(small, ranking, range(18))
    for query in range(18):
        listed = ranking.neighbours[query]
        assert values[query, listed[listed >= 0]] == pytest.approx(
            ranking.scores[query][listed >= 0], abs=1e-6
        )
        order = np.argsort(-values[query], kind="stable")[: (~np.isnan(values[query])).sum()]
        assert order.tolist() == listed[listed >= 0].tolist()
    assert similarities(small, ranking, [3, 0])[0].tolist() == pytest.approx(
        values[3].tolist(), nan_ok=True
    )


@pytest.mark.parametrize("exclude_same", [None, "group"])
@pytest.mark.parametrize("search", ["mcss", "mips", "nns"])
def test_a_short_list_and_its_vectors_say_what_a_long_list_says(
    small: Collection, search: str, exclude_same: str | None
) -> None:
    failed = ("beep-3",)
    queries = list(range(18))
    answers = []
    for top in (17, 9, 8, 2):
        rankings = [
            system(small, seed, search, top, failed, exclude_same=exclude_same) for seed in (1, 2)
        ]
        answers.append(far_clips(small, rankings, queries))
        if top == 17:
            for query in queries:
                if small.clips[query].id in failed:
                    continue
                both = set.intersection(*(far_by_hand(one, query) for one in rankings))
                assert set(np.flatnonzero(answers[0][query]).tolist()) == both
    for answer in answers[1:]:
        kept = [row for row in queries if small.clips[row].id not in failed]
        assert (answer[kept] == answers[0][kept]).all()
        assert not answer[:, small.index["beep-3"]].any()


def test_distractors_are_far_of_another_family_and_not_excluded(small: Collection) -> None:
    rankings = [system(small, seed, top=3) for seed in (10, 11)]
    whole = [system(small, seed, top=17) for seed in (10, 11)]
    query = small.index["hum-2"]
    far = set.intersection(*(far_by_hand(one, query) for one in whole))
    good = {row for row in far if "Hiss" in small.clips[row].labels}
    assert len(good) >= 2
    drawn = {tuple(distractors(small, rankings, query, 2, frozenset(), seed)) for seed in range(40)}
    assert {row for rows in drawn for row in rows} == good
    assert all(len(set(rows)) == 2 for rows in drawn)
    assert distractors(small, rankings, query, 1, good - {min(good)}, 3) == [min(good)]
    told = far_clips(small, rankings, [0, query])[1]
    assert distractors(small, [], query, 2, set(), 7, far=told) == distractors(
        small, rankings, query, 2, set(), 7
    )


def test_each_query_has_a_draw_of_its_own(small: Collection) -> None:
    hums = [small.index[f"hum-{take}"] for take in range(6)]
    assert len({tuple(distractors(small, [], row, 3, set(), 1)) for row in hums}) > 1


def test_none_asked_none_computed(small: Collection) -> None:
    assert distractors(small, [], 0, 0, set(), 1) == []


def test_too_few_distractors_are_an_error_with_the_numbers(small: Collection) -> None:
    sentence = (
        r"The query 'hum-0' has 6 clips of another family that no system ranks in its upper "
        r"half; controls\.distractors asks for 7\."
    )
    query = small.index["hum-0"]
    assert len(distractors(small, [], query, 6, set(), 1)) == 6
    with pytest.raises(InputError, match=sentence):
        distractors(small, [], query, 7, set(), 1)
    with pytest.raises(InputError, match="has 0 clips"):
        distractors(small, [], query, 1, set(range(18)), 1)


def test_what_another_family_is(small: Collection) -> None:
    query = small.index["hiss-0"]
    clips = {
        "hum-0": ("Hum", "Hiss"),  # shares a label
        "hum-1": ("Odd",),  # nobody knows its family
        "hum-2": ("Odd", "Weather"),  # has the query's family, too
        "hum-3": ("Odd", "Hum"),
    }

    def drawn(count: int) -> set[str]:
        rows = distractors(small, [], query, count, set(), 1)
        return {small.clips[row].id for row in rows}

    small.clips = [replace(clip, labels=clips.get(clip.id, clip.labels)) for clip in small.clips]
    beeps = {f"beep-{take}" for take in range(6)}
    assert drawn(9) == beeps | {"hum-3", "hum-4", "hum-5"}
    small.families = {}
    del small.__dict__["family_of"]  # it is read once
    assert drawn(10) == beeps | {"hum-1", "hum-3", "hum-4", "hum-5"}
    with pytest.raises(InputError, match="has 10 clips of other labels that no system"):
        drawn(11)


def test_without_vectors_a_list_is_all_that_is_known(small: Collection, tmp_path: Path) -> None:
    ids = [clip.id for clip in small.clips]
    (tmp_path / "ids.csv").write_text("\n".join(["fname", *ids]))
    lists = np.array([[(row + step) % 18 for step in range(1, 4)] for row in range(18)])
    np.save(tmp_path / "lists.npy", lists)
    imported = import_ranking(small, "other", tmp_path / "lists.npy", ids=tmp_path / "ids.csv")
    far = far_clips(small, [imported], [0, 17])
    assert np.flatnonzero(~far[0]).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(~far[1]).tolist() == [0, 1, 2, 17]


def test_vectors_made_anew_are_not_asked(small: Collection) -> None:
    ranking = system(small, 1, top=3)
    write_embedding(small, "mine-1", np.ones((18, 5)), META)
    with pytest.raises(InputError, match="was built from older vectors"):
        far_clips(small, [ranking], [0])


def test_a_system_without_vectors_of_a_query_ranks_nothing_for_it(small: Collection) -> None:
    ranking = system(small, 1, top=3, failed=("hum-0",))
    assert not far_clips(small, [ranking], [small.index["hum-0"]]).any()


def test_similarities_are_those_of_the_slow_search(small: Collection) -> None:
    ranking = system(small, 8, "nns", top=2)
    vectors = open_embedding(small, "mine-8").vectors.tolist()
    values = similarities(small, ranking, [6])[0]
    expected = oracle.ranking(vectors, 6, "nns")
    assert np.argsort(-values, kind="stable")[:17].tolist() == expected


def test_one_family_alone_tells_nothing(small: Collection) -> None:
    small.families = {"Things": ("Hum",)}
    drawn = distractors(small, [], small.index["hum-0"], 6, set(), 1)
    assert {small.clips[row].labels[0] for row in drawn} == {"Hiss"}  # a beep is a machine's, too
    with pytest.raises(InputError, match="has 6 clips of other labels"):
        distractors(small, [], small.index["hum-0"], 7, set(), 1)
