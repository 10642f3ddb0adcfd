"""Rankings and scores in parts: the same as in one, and those that are there are not made again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.search.neighbours import top_neighbours
from embeddings.search.processing import Recipe
from embeddings.systems import query_parts, rankings
from embeddings.systems.query_parts import Parts
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding, remove_ranking, write_embedding
from embeddings.tasks import Here
from evaluation.objective import scoring
from evaluation.objective.scoring import score_ranking

META = {"provenance": "imported", "representation": "Mine"}


@pytest.fixture
def in_fives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_parts, "QUERIES", 5)


def ranked(collection: Collection) -> Ranking:
    """Build a system on vectors of 16 of the 18 clips."""
    vectors = np.random.default_rng(4).normal(size=(16, 6))
    failed = dict.fromkeys((collection.clips[3].id, collection.clips[9].id), "no")
    write_embedding(collection, "mine", vectors, META, failed=failed)
    recipe = Recipe(normalise="l2", pca=4)
    return build_ranking(collection, open_embedding(collection, "mine"), recipe, "mcss", 7)


def files(collection: Collection) -> dict[str, bytes]:
    """Return what lies in the folder of the collection's rankings."""
    folder = collection.folder / "rankings"
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_in_parts_it_is_the_same(small: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = score_ranking(small, ranked(small))
    whole = files(small)
    assert not [name for name in whole if name.startswith(".")]
    for file in (small.folder / "rankings").rglob("*.npy"):
        file.unlink()  # damaged: it is made again
    monkeypatch.setattr(query_parts, "QUERIES", 5)
    assert score_ranking(small, ranked(small)) == facts
    assert files(small) == whole


@pytest.mark.usefixtures("in_fives")
def test_what_was_stopped_goes_on(small: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[range] = []

    def stopping(*given: Any, queries: range, **more: Any) -> Any:
        asked.append(queries)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return top_neighbours(*given, queries=queries, **more)

    monkeypatch.setattr(rankings, "top_neighbours", stopping)
    with pytest.raises(KeyboardInterrupt):
        ranked(small)
    assert len(asked) == 3
    made = ranked(small)
    assert [part.start for part in asked] == [0, 5, 10, 10, 15]
    assert not [name for name in files(small) if name.startswith(".")]
    assert (np.asarray(made.neighbours)[[3, 9]] == -1).all()
    assert (np.asarray(made.neighbours)[[0, 17]] >= 0).all()


@pytest.mark.usefixtures("in_fives")
def test_scoring_that_was_stopped_goes_on(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, real, asked = ranked(small), scoring.ranked_blocks, list[range]()

    def stopping(*given: Any, queries: range, **more: Any) -> Any:
        asked.append(queries)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(*given, queries=queries, **more)

    monkeypatch.setattr(scoring, "ranked_blocks", stopping)
    with pytest.raises(KeyboardInterrupt):
        score_ranking(small, made)
    score_ranking(small, made)
    assert [part.start for part in asked] == [0, 5, 5, 10, 15]


def doubled(queries: range) -> dict[str, np.ndarray]:
    return {"twice": 2 * np.array(queries)}


def failing(queries: range) -> dict[str, np.ndarray]:
    if queries.start == 5:
        raise InputError("no")
    return doubled(queries)


def begun(collection: Collection, state: dict[str, Any]) -> Path:
    """Leave the first of four parts."""
    folder = collection.folder / "rankings" / ".made.parts"
    with pytest.raises(InputError, match="no"), Parts(collection, folder, state, 18) as made:
        made.make("Doubling", Here(), failing)
    assert (folder / "0.npz").is_file()
    return folder


@pytest.mark.usefixtures("in_fives")
def test_parts_of_other_work_are_not_used(small: Collection) -> None:
    folder = begun(small, {"of": 1})
    (folder / "0.npz").write_bytes(b"")
    with Parts(small, folder, {"of": 2}, 18) as made:
        made.make("Doubling", Here(), doubled)
        found = {part: arrays["twice"].tolist() for part, arrays in made}
    assert found == {part: [2 * one for one in part] for part in found}
    assert [len(part) for part in found] == [5, 5, 5, 3]
    assert not folder.exists()


@pytest.mark.usefixtures("in_fives")
@pytest.mark.parametrize("kept", [0, 40, -30])
def test_a_damaged_part_is_made_again(small: Collection, kept: int) -> None:
    folder = begun(small, {"of": 1})
    whole = (folder / "0.npz").read_bytes()
    (folder / "0.npz").write_bytes(whole[:kept])
    with Parts(small, folder, {"of": 1}, 18) as made:
        made.make("Doubling", Here(), doubled)
        assert [arrays["twice"][0] for _, arrays in made] == [0, 10, 20, 30]


@pytest.mark.usefixtures("in_fives")
def test_what_cannot_begin_leaves_nothing(small: Collection) -> None:
    folder = small.folder / "rankings" / ".made.parts"

    def never(queries: range) -> dict[str, np.ndarray]:
        raise InputError("not at all")

    with pytest.raises(InputError, match="not at all"), Parts(small, folder, {}, 18) as made:
        made.make("Doubling", Here(), never)
    assert not folder.exists()


@pytest.mark.usefixtures("in_fives")
def test_what_was_stopped_goes_with_its_ranking(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ranked(small)

    def stopping(*given: Any, queries: range, **more: Any) -> Any:
        if queries.start:
            raise KeyboardInterrupt
        return real(*given, queries=queries, **more)

    real = scoring.ranked_blocks
    monkeypatch.setattr(scoring, "ranked_blocks", stopping)
    with pytest.raises(KeyboardInterrupt):
        score_ranking(small, made)
    assert [name for name in files(small) if name.startswith(".")]
    remove_ranking(small, made.system)
    assert not files(small)
