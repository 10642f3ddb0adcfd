"""Scoring the stored systems of a collection, whoever does it."""

import shutil
from pathlib import Path

from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from embeddings.tasks import Failure
from evaluation.objective.scoring import score_subset, score_systems

STORED = ("objective.json", "objective_queries.npz")


def stored(folder: Path) -> dict[str, bytes]:
    """Return the scores that lie beside the rankings, and take them away."""
    paths = [path for name in STORED for path in sorted(folder.glob(f"rankings/*/{name}"))]
    found = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    return found


def test_scores_have_the_same_bytes_whoever_counts(
    small: Collection, ranked: list[Ranking]
) -> None:
    reduced = build_ranking(small, open_embedding(small, "random"), Recipe(pca=4))
    folder = small.folder / "rankings"
    broken = shutil.copytree(folder / reduced.system, folder / "broken")
    (broken / "meta.json").write_text("{}")
    names = [*(one.system for one in ranked), reduced.system, "broken"]
    stored(small.folder)
    facts, files = [], []
    for workers in (None, 0, 2):
        found = dict(score_systems(small, names, workers=workers))
        failed = found.pop("broken")
        assert isinstance(failed, Failure)
        assert "'broken'" in failed.reason
        facts.append(found)
        files.append(stored(small.folder))
    assert facts[0] == facts[1] == facts[2]
    assert set(facts[0]) == {*names} - {"broken"}
    assert files[0] == files[1] == files[2]
    assert len(files[0]) == 2 * len(facts[0])


def test_of_some_queries_nothing_is_kept(small: Collection, ranked: list[Ranking]) -> None:
    some = [clip.id for clip in small.clips[:5]]
    stored(small.folder)
    expected = {one.system: score_subset(small, one, some) for one in ranked}
    assert dict(score_systems(small, list(expected), some)) == expected
    assert stored(small.folder) == {}
