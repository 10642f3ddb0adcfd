"""Vectors and rankings from elsewhere, and to other tools: imports, TREC runs and qrels."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embeddings.collection.clips import Clip, Collection, open_collection, write_collection
from embeddings.errors import InputError
from embeddings.search.processing import Recipe
from embeddings.systems.imported import import_embedding, import_ranking
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import (
    Ranking,
    embedding_names,
    open_embedding,
    system_names,
    write_embedding,
)
from evaluation.objective.per_query import MICRO, QueryScores
from evaluation.objective.scoring import read_query_scores, score_ranking
from evaluation.objective.trec import write_qrels, write_run


def ids_csv(path: Path, names: list[str]) -> Path:
    """Write a CSV with a column fname."""
    path.write_text("fname\n" + "".join(f"{name}\n" for name in names))
    return path


@pytest.fixture
def reference(shared: Path, tmp_path: Path) -> Collection:
    """The reference implementation's made collection: 600 clips, without audio."""
    folder = shared / "parity" / "objective"
    with (folder / "gt.csv").open(encoding="utf-8", newline="") as file:
        clips = [
            Clip(row["fname"], "none.wav", tuple(row["labels"].split(",")), 1.0, 16000, 1)
            for row in csv.DictReader(file)
        ]
    families = json.loads((folder / "families.json").read_text())
    target = tmp_path / "data" / "collections" / "made"
    info = {"name": "made", "title": "Made", "convention": "cbmi2024"}
    write_collection(target, info, clips, families, np.zeros((len(clips), 200)))
    return open_collection(tmp_path / "data", "made")


def test_the_reference_implementations_layout(
    reference: Collection, shared: Path, tmp_path: Path
) -> None:
    folder = shared / "parity" / "objective"
    layout = folder / "reference_layout"
    import_embedding(reference, "Theirs", layout / "embeddings")
    embedding = open_embedding(reference, "theirs")
    assert embedding.meta["provenance"] == "imported"
    vectors = np.load(folder / "embeddings.npy")
    assert len(embedding.rows) == 20  # as many are there; the others count as failed
    assert np.allclose(embedding.vectors, vectors[embedding.rows], atol=1e-7)
    ids = ids_csv(tmp_path / "ids.csv", [clip.id for clip in reference.clips])
    import_embedding(reference, "All", folder / "embeddings.npy", ids)
    embedding = open_embedding(reference, "all")
    computed = build_ranking(reference, embedding, Recipe(normalise="none", pca=None), "mips")
    expected = json.loads((folder / "expected.json").read_text())
    found = score_ranking(reference, computed)["conventions"]["cbmi2024"]
    for metric in ("map@15", "map@150", "mr1"):
        assert found["macro"][metric] == pytest.approx(expected[f"macro_{metric}"], abs=1e-9)

    theirs = import_ranking(reference, "theirs", layout / "similarity_results.json", top=600)
    kept = theirs.neighbours.shape[1]
    assert kept >= 15
    assert np.array_equal(theirs.neighbours, computed.neighbours[:, :kept])
    assert theirs.scores == pytest.approx(computed.scores[:, :kept], abs=1e-6)
    facts = score_ranking(reference, theirs)
    scores = facts["conventions"]["cbmi2024"]
    assert scores["macro"]["map@15"] == pytest.approx(expected["macro_map@15"], abs=1e-9)
    if scores["censored"]:
        assert facts["known_ranks"] == kept
        assert scores["macro"]["mr1"] < expected["macro_mr1"]


def test_an_array_with_ids(small: Collection, tmp_path: Path) -> None:
    names = [clip.id for clip in small.clips][::-1][:-1]  # another order, and one clip missing
    vectors = np.random.default_rng(1).normal(size=(17, 5))
    np.save(tmp_path / "v.npy", vectors)
    import_embedding(small, "Mine", tmp_path / "v.npy", ids_csv(tmp_path / "ids.csv", names))
    embedding = open_embedding(small, "mine")
    assert embedding.meta["failed"] == {small.clips[0].id: "not in what was imported"}
    assert embedding.frames is None
    for number, row in enumerate(embedding.rows):
        expected = vectors[names.index(small.clips[row].id)]
        assert embedding.of_clip(number) == pytest.approx(expected, abs=1e-6)


def test_frames_are_imported(small: Collection, tmp_path: Path) -> None:
    for number, clip in enumerate(small.clips):
        frames = [[number, frame] for frame in range(1 + number % 3)]
        (tmp_path / f"{clip.id}.json").write_text(json.dumps({"embeddings": frames}))
    import_embedding(small, "Framed", tmp_path)
    embedding = open_embedding(small, "framed")
    assert embedding.of_clip(5).tolist() == [[5, 0], [5, 1], [5, 2]]
    assert embedding.of_clip(6).tolist() == [[6, 0]]


def test_a_ranking_as_an_array(small: Collection, ranked: list[Ranking], tmp_path: Path) -> None:
    order = np.random.default_rng(2).permutation(18)
    names = [small.clips[row].id for row in order]
    places = np.argsort(order)
    rows = places[ranked[0].neighbours[order][:, :6]]
    rows[3, 4:] = -1
    np.save(tmp_path / "n.npy", rows)
    np.save(tmp_path / "s.npy", ranked[0].scores[order][:, :6])
    ids = ids_csv(tmp_path / "ids.csv", names)
    ranking = import_ranking(small, "theirs", tmp_path / "n.npy", ids, tmp_path / "s.npy")
    query = order[3]
    assert ranking.neighbours[query].tolist() == [*ranked[0].neighbours[query, :4], -1, -1]
    others = np.delete(np.arange(18), query)
    assert np.array_equal(ranking.neighbours[others], ranked[0].neighbours[others, :6])
    assert np.array_equal(ranking.scores[others], ranked[0].scores[others, :6])
    assert ranking.provenance == "imported"
    with pytest.raises(InputError, match="'theirs' cannot be scored: It keeps 6 neighbours of"):
        score_ranking(small, ranking)


def bad_imports(small: Collection, folder: Path) -> dict[str, tuple[Callable[[], object], str]]:
    """Return what is wrong, how to try it, and what must be said."""
    ids = ids_csv(folder / "ids.csv", [clip.id for clip in small.clips])
    strangers = ids_csv(folder / "strangers.csv", [f"x{row}" for row in range(18)])
    short = ids_csv(folder / "short.csv", ["hum-0"])
    twice = ids_csv(folder / "twice.csv", ["hum-0", "hum-0"])
    arrays = {
        "vectors": np.ones((18, 3)),
        "nan": np.full((18, 3), np.nan),
        "flat": np.ones(18),
        "large": np.full((18, 3), 1e300),
        "narrow": np.ones((18, 0)),
        "void": np.full((18, 3), -1),
        "itself": np.tile(np.arange(18)[:, None], (1, 1)),
        "twice": (np.arange(18)[:, None] + [1, 1]) % 18,
        "gap": np.where([True, False], -1, (np.arange(18)[:, None] + [1, 1]) % 18),
        "far": np.full((18, 2), 18),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "text.npy").write_text("no array")
    results = folder / "results.json"
    line = {"query_fname": "hum-0", "results": [{"result_fname": "hum-1", "score": 1}]}
    results.write_text(json.dumps(line) + "\n" + json.dumps(line) + "\n")
    (folder / "broken.json").write_text(json.dumps(line) + "\n{")
    (folder / "strange.json").write_text(json.dumps(line | {"query_fname": "x"}))
    jsons = folder / "jsons"
    jsons.mkdir()
    (jsons / "hum-0.json").write_text('{"embeddings": [1, "a"]}')
    mixed = folder / "mixed"
    mixed.mkdir()
    (mixed / "hum-0.json").write_text('{"embeddings": [1, 2]}')
    (mixed / "hum-1.json").write_text('{"embeddings": [1, 2, 3]}')
    (folder / "empty").mkdir()

    def vectors(path: str, names: Path | None = ids) -> Callable[[], object]:
        return lambda: import_embedding(small, "Mine", folder / path, names)

    def ranking(path: str, names: Path | None = ids) -> Callable[[], object]:
        return lambda: import_ranking(small, "mine", folder / path, names)

    return {
        "no file": (vectors("none.npy"), "none.npy: there is no such file"),
        "no ids": (vectors("vectors.npy", None), "--ids must name a CSV"),
        "few ids": (vectors("vectors.npy", short), "names 1 clips; vectors.npy has 18 rows"),
        "strangers": (vectors("vectors.npy", strangers), "'x4' and 13 more are not in the"),
        "not finite": (vectors("nan.npy"), "have NaN, infinity or values beyond float32"),
        "too large": (vectors("large.npy"), "have NaN, infinity or values beyond float32"),
        "no columns": (vectors("narrow.npy"), "with a row a clip or [clips, frames, dimensions]"),
        "id twice": (vectors("vectors.npy", twice), "line 3: the clip 'hum-0' is there twice"),
        "no results": (ranking("void.npy"), "there is no result in it"),
        "one axis": (vectors("flat.npy"), "must be an array of numbers with a row a clip"),
        "no array": (vectors("text.npy"), "text.npy: not a .npy file"),
        "no numbers": (vectors("jsons"), 'hum-0.json: "embeddings" must be a list of numbers'),
        "two dims": (vectors("mixed"), "must have one dimension; 'hum-0' has 2 and 'hum-1' 3"),
        "no JSON": (vectors("empty"), "there is no JSON file in it"),
        "itself": (ranking("itself.npy"), "has itself among its results"),
        "twice": (ranking("twice.npy"), "has a clip twice among its results"),
        "gap": (ranking("gap.npy"), "has a gap among its results"),
        "far": (ranking("far.npy"), "the places must be from -1 to 17"),
        "floats": (ranking("vectors.npy"), "must be an array of whole numbers"),
        "query twice": (ranking("results.json"), "line 2: the query 'hum-0' is there twice"),
        "broken line": (ranking("broken.json"), "broken.json, line 2: must be a JSON object"),
        "strange query": (ranking("strange.json"), "line 1: 'x' is not in the collection"),
        "no file of results": (ranking("none.json"), "none.json: there is no such file"),
    }


def test_what_cannot_be_imported_is_one_sentence_and_leaves_nothing(
    small: Collection, tmp_path: Path
) -> None:
    for attempt, sentence in bad_imports(small, tmp_path).values():
        with pytest.raises(InputError) as caught:
            attempt()
        assert sentence in str(caught.value)
        assert "\n" not in str(caught.value)
    assert embedding_names(small) == system_names(small) == []


def pairs_of(
    scores: QueryScores, collection: Collection, topics: str
) -> dict[str, tuple[float, int, int]]:
    """Return topic -> (sum of precisions at 15, relevant clips, first rank) by our scores."""
    found = {}
    for query, label, sums, relevant, rank in zip(
        scores.query, scores.label, scores.precision_sum, scores.relevant, scores.first_rank,
        strict=True,
    ):  # fmt: skip
        clip = collection.clips[query].id
        if (label == MICRO) == (topics == "clip") and relevant:
            topic = clip if label == MICRO else f"{clip}|{scores.classes[label]}"
            found[topic] = float(sums[0]), int(relevant), int(rank)
    return found


@pytest.mark.parametrize("topics", ["clip", "class"])
@pytest.mark.parametrize("exclude_same", [None, "group"])
def test_trec_eval_gives_our_numbers(
    small: Collection, ranked: list[Ranking], tmp_path: Path, topics: str, exclude_same: str | None
) -> None:
    """AP of trec_eval divides by all relevant clips, ours by min(N, R): METRICS 1.6."""
    measures = pytest.importorskip("ir_measures", reason="ir-measures is not installed")
    recipe = Recipe(pca=None)
    embedding = open_embedding(small, "random")
    ranking = build_ranking(small, embedding, recipe, "nns", exclude_same=exclude_same)
    score_ranking(small, ranking)
    scores = read_query_scores(small, ranking.system)
    assert scores is not None
    lines = write_run(small, ranking, tmp_path / "a.run", topics)
    assert lines == (tmp_path / "a.run").read_text().count("\n") > 200
    write_qrels(small, tmp_path / "a.qrels.gz", topics, exclude_same)
    with gzip.open(tmp_path / "a.qrels.gz", "rt") as file:
        (tmp_path / "a.qrels").write_text(file.read())
    run = list(measures.read_trec_run(str(tmp_path / "a.run")))
    qrels = list(measures.read_trec_qrels(str(tmp_path / "a.qrels")))
    ours = pairs_of(scores, small, topics)
    ap, rr = measures.AP @ 15, measures.RR
    theirs: dict[str, dict[object, float]] = {}
    for one in measures.iter_calc([ap, rr], qrels, run):
        theirs.setdefault(one.query_id, {})[one.measure] = one.value
    assert set(theirs) == set(ours)
    assert len(ours) >= 18
    for topic, (total, relevant, rank) in ours.items():
        assert theirs[topic][ap] == pytest.approx(total / relevant, abs=1e-4)  # 4 digits printed
        assert theirs[topic][rr] == pytest.approx(1 / rank, abs=1e-4)


def test_trec_files_are_written_where_there_is_a_folder(
    small: Collection, ranked: list[Ranking], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no such folder"):
        write_qrels(small, tmp_path / "none" / "a.qrels")
    assert list(tmp_path.glob("*.run")) == []


def test_an_imported_ranking_is_scored_as_a_computed_one(small: Collection, tmp_path: Path) -> None:
    """The same lists, of which a third of the clips is not part, give the same scores."""
    failed = {clip.id: "broken" for clip in small.clips[::3]}
    vectors = np.random.default_rng(3).normal(size=(12, 4))
    meta = {"provenance": "computed", "representation": "Some"}
    write_embedding(small, "some", vectors, meta, failed=failed)
    computed = build_ranking(small, open_embedding(small, "some"), Recipe(pca=None), "mcss")
    np.save(tmp_path / "n.npy", computed.neighbours)
    ids = ids_csv(tmp_path / "ids.csv", [clip.id for clip in small.clips])
    imported = import_ranking(small, "theirs", tmp_path / "n.npy", ids)
    one, other = (score_ranking(small, ranking) for ranking in (computed, imported))
    assert other["failed"] == one["failed"] == 6
    assert other["clips"] == one["clips"]
    for convention in ("cbmi2024", "corrected"):
        assert other["conventions"][convention] == one["conventions"][convention]


def test_what_was_computed_here_is_not_imported_over(
    small: Collection, ranked: list[Ranking], tmp_path: Path
) -> None:
    np.save(tmp_path / "v.npy", np.ones((18, 3)))
    np.save(tmp_path / "n.npy", (np.arange(18)[:, None] + 1) % 18)
    ids = ids_csv(tmp_path / "ids.csv", [clip.id for clip in small.clips])
    with pytest.raises(InputError, match="has an embedding 'random' that was simulated, and keeps"):
        import_embedding(small, "Random", tmp_path / "v.npy", ids)
    for _ in range(2):  # what was imported is replaced
        import_embedding(small, "Theirs", tmp_path / "v.npy", ids)
        import_ranking(small, "theirs", tmp_path / "n.npy", ids)
