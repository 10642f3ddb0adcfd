"""TREC files there and back with names of every kind, and rankings whose scores are no numbers."""

import gzip
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.search.processing import Recipe
from embeddings.systems.imported import import_embedding, import_ranking
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding, system_names, write_embedding
from embeddings.systems.trec_runs import fit_name, fit_topic, meant_name
from evaluation.objective.trec import write_qrels, write_run
from tests.support.clips.named import ODD, named


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    """A collection of odd names."""
    return named(tmp_path / "data")


@pytest.fixture
def ranking(collection: Collection) -> Ranking:
    """A ranking of it."""
    vectors = np.random.default_rng(3).normal(size=(len(ODD), 4))
    write_embedding(
        collection, "some", vectors, {"provenance": "computed", "representation": "Some"}
    )
    return build_ranking(collection, open_embedding(collection, "some"), Recipe(pca=None), "mcss")


def test_names_are_fit_for_fields_and_plain_ones_stay() -> None:
    for name in (*ODD, "tab\there", "a  b", " a ", "%", "%%41", "a\u2028b", "x\x1cy"):
        assert len(fit_name(name).split()) == 1
        assert meant_name(fit_name(name)) == name
        if not any(one.isspace() or one == "%" for one in name):
            assert fit_name(name) == name
    assert fit_name("a b%") == "a%20b%25"


@pytest.mark.parametrize("suffix", ["run", "txt", "gz"])
def test_a_run_that_was_written_is_the_same_ranking(
    collection: Collection, ranking: Ranking, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    write_run(collection, ranking, path)
    back = import_ranking(collection, "back", path)
    assert np.array_equal(back.neighbours, ranking.neighbours)
    assert back.scores[0].tolist() == list(range(len(ODD) - 1, 0, -1))


@pytest.mark.parametrize("topics", ["clip", "class"])
def test_fields_of_runs_and_qrels_say_which_clip_is_meant(
    collection: Collection, ranking: Ranking, tmp_path: Path, topics: str
) -> None:
    write_run(collection, ranking, tmp_path / "a.run", topics)
    write_qrels(collection, tmp_path / "a.qrels", topics)
    run = [line.split() for line in (tmp_path / "a.run").read_text(encoding="utf-8").split("\n")]
    qrels = [line.split() for line in (tmp_path / "a.qrels").read_text().split("\n")]
    assert {len(line) for line in run[:-1]} == {6}
    assert {len(line) for line in qrels[:-1]} == {4}
    first = {tuple(map(meant_name, line[0].split("|"))) for line in run[:-1]}
    if topics == "class":
        assert first == {(one, f"C{row // 2}") for row, one in enumerate(ODD)}
        assert {line[0] for line in qrels[:-1]} <= {line[0] for line in run[:-1]}
    else:
        assert {meant_name(line[0]) for line in run[:-1]} == set(ODD)
        pairs = {(meant_name(line[0]), meant_name(line[2])) for line in qrels[:-1]}
        assert ("007", "7") in pairs
        assert len(pairs) == len(ODD) // 2 * 2
    assert {meant_name(line[2]) for line in run[:-1]} == set(ODD)
    assert fit_topic("a|b", "c d|e") == "a%7Cb|c%20d%7Ce"


def test_a_run_of_others_is_ordered_by_score(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "theirs.run"
    path.write_text(
        "007 Q0 7.wav 1 0.5 x\n007 Q0 NA 3 0.9 x\n007 Q0 nan 2 0.5 x\n\n007 Q0 007 9 9 x\n"
        "7\tQ0\ta%20b\t1\t0.5\tx\n7 Q0 a%2520b 2 0.4 x\n7 Q0 a#b 3 -0.4 x\n",
        encoding="utf-8-sig",
    )
    ranking = import_ranking(collection, "theirs", path)
    index = collection.index
    assert ranking.neighbours[index["007"]].tolist() == [index[one] for one in ("NA", "7", "nan")]
    wanted = [index[one] for one in ("a b", "a%20b", "a#b")]
    assert ranking.neighbours[index["7"]].tolist() == wanted
    assert ranking.scores[index["7"]] == pytest.approx([0.5, 0.4, -0.4])
    assert import_ranking(collection, "theirs", path, top=1).neighbours.shape == (len(ODD), 1)


LINE = {"query_fname": "007", "results": [{"result_fname": "7", "score": 0.5}]}


def with_score(score: str) -> str:
    """Return two lines of JSON, the second with this score."""
    other = json.dumps(LINE | {"query_fname": "7"}).replace('"7", "score"', '"NA", "score"')
    return f"{json.dumps(LINE)}\n{other.replace('0.5', score)}\n"


WRONG = {
    "NaN": (with_score("NaN"), "line 2: the score of '7' for its result 'NA' must be a finite"),
    "infinity": (with_score("-Infinity"), "line 2: the score of '7' for its result 'NA' must be"),
    "1e400": (with_score("1e400"), "of float32, not inf"),
    "1e39": (with_score("1e39"), "of float32, not 1e+39"),
    "NaN as text": (with_score('"nan"'), "line 2: the score of '7' for its result 'NA' must be"),
    "a run's NaN": ("007 Q0 7 1 0.5 x\n007 Q0 NA 2 nan x\n", "line 2: a rank and a score must be"),
    "a run's infinity": ("007 Q0 7 1 inf x\n", "line 1: a rank and a score must be finite"),
    "a run's 1e39": ("007 Q0 7 1 1 x\n7 Q0 NA 1 1e39 x\n", "line 2: the score of '7' for its"),
    "a run's word": ("007 Q0 7 1 good x\n", "finite numbers, unlike 'good'"),
    "a run's field": ("007 Q0 7 1 1 x\n007 Q0 a b 1 1 x\n", "line 2: must be six fields, topic"),
    "a stranger": ("007 Q0 7 1 1 x\n007 Q0 nobody 1 1 x\n", "line 2: 'nobody' is not in the"),
    "twice": ("007 Q0 7 1 1 x\n007 Q0 7.wav 2 0.5 x\n", "'007' has a clip twice among its results"),
    "a list of JSON": ("[\n1]", "line 1: must be a JSON object with query_fname"),
    "a word": ("nonsense\n", "line 1: must be a JSON object with query_fname"),
    "nothing": ("\n", "there is no ranking in it"),
    "only itself": ("007 Q0 007 1 1 x\n", "there is no result in it"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_a_ranking_that_is_none_is_one_sentence(
    collection: Collection, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "ranking").write_text(text)
    with pytest.raises(InputError) as caught:
        import_ranking(collection, "theirs", tmp_path / "ranking")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert system_names(collection) == []


def test_a_compressed_run_that_is_cut_off_is_one_sentence(
    collection: Collection, tmp_path: Path
) -> None:
    path, whole = tmp_path / "a.run.gz", gzip.compress(b"007 Q0 7 1 1 x\n" * 999)
    for end in (5, 20, len(whole) - 3):
        path.write_bytes(whole[:end])
        with pytest.raises(InputError, match="it is damaged or cut off"):
            import_ranking(collection, "theirs", path)
    path.write_bytes(gzip.compress(b"\xff Q0 7 1 1 x\n"))
    with pytest.raises(InputError, match="it is damaged or cut off"):
        import_ranking(collection, "theirs", path)
    with pytest.raises(InputError, match="there is no such file"):
        import_ranking(collection, "theirs", tmp_path / "none.gz")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_results_name_clips_as_the_table_did(
    collection: Collection, tmp_path: Path, encoding: str
) -> None:
    path, others = tmp_path / "similarity_results.json", [one for one in ODD if one != "fold1/b"]
    lines = [
        {
            "query_fname": f"{one}.wav",
            "results": [
                {"result_fname": f"{one}.WAV", "score": float("inf")},  # itself, which is left out
                {"result_fname": f"{other}.flac", "score": 0.5},
            ],
        }
        for one, other in pairwise(others)
    ]
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\r\n" for line in lines)
    path.write_bytes(text.encode(encoding))
    ranking = import_ranking(collection, "theirs", path)
    for one, other in pairwise(others):
        assert ranking.neighbours[collection.index[one]].tolist() == [collection.index[other]]


def test_vectors_lie_in_files_named_as_clips_are(tmp_path: Path) -> None:
    collection, folder = named(tmp_path, ["007", "fold1/a", "NA"]), tmp_path / "vectors"
    (folder / "fold1").mkdir(parents=True)
    for place, name in enumerate(("007.wav.json", "fold1/a.json", "NA.json")):
        (folder / name).write_text(json.dumps({"embeddings": [place, 1]}), encoding="utf-8-sig")
    import_embedding(collection, "Mine", folder)
    assert open_embedding(collection, "mine").vectors.tolist() == [[0, 1], [1, 1], [2, 1]]
    (folder / "007.json").write_text('{"embeddings": [1, 1]}')
    with pytest.raises(InputError, match=r"007.wav.json: the clip '007' is there twice \(first"):
        import_embedding(collection, "Mine", folder)
