"""Sweeps of every processing and search, and what is chosen from them."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Embedding, open_embedding, write_embedding
from evaluation.objective import sweep as sweeping
from evaluation.objective import sweep_cells
from evaluation.objective.best_recipe import choose
from evaluation.objective.scoreboard import sweep_table
from evaluation.objective.scoring import load_queries, save_queries, score_ranking
from evaluation.objective.sweep import sweep, sweep_folder
from evaluation.objective.sweep_cells import what_is_cut


def test_every_cell_is_what_building_and_scoring_it_gives(
    small: Collection, framed: Embedding
) -> None:
    table = sweep(small, framed)
    assert len(table) == 81 * 2
    assert table["cell"].nunique() == 72
    same = table[table["same_as"] != ""]
    assert set(same["pca"]) == {"none"}
    assert set(zip(same["normalise"], same["search"], strict=True)) == {
        ("l2", "mips"),
        ("l2", "nns"),
        ("none", "mcss"),
    }
    own = table[table["convention"] == "corrected"]
    some = own[(own["aggregation"] == "max") | (own["paper"] == "yes")]
    assert len(some) == 27 + 18
    for row in some.to_dict("records"):
        pca = None if row["pca"] == "none" else row["pca"]
        recipe = Recipe(row["aggregation"], row["normalise"], pca)
        ranking = build_ranking(small, framed, recipe, row["search"])
        scores = score_ranking(small, ranking)["conventions"]["corrected"]
        for kind in ("macro", "micro"):
            for metric in ("map@15", "map@150", "mr1"):
                assert row[f"{kind}_{metric}"] == pytest.approx(scores[kind][metric], abs=1e-12)
    stored = pd.read_csv(sweep_folder(small, "framed", None) / "sweep.csv", dtype={"pca": str})
    assert stored["macro_map@15"].tolist() == pytest.approx(table["macro_map@15"].tolist())
    assert set(stored["provenance"]) == {"imported"}


def test_the_papers_cells_come_first_and_are_marked(small: Collection, framed: Embedding) -> None:
    own = sweep(small, framed).query("convention == 'corrected'")
    papers = own[own["paper"] == "yes"]
    assert len(papers) == 27
    assert papers.index.tolist() == own.index[:27].tolist()
    assert set(papers["normalise"]) == {"l2"}
    assert set(papers["pca"]) == {4, 8, "none"}


def test_a_card_says_which_normalisation_is_the_papers(small: Collection) -> None:
    """Freesound's own is min-max."""
    vectors = np.random.default_rng(2).normal(size=(18, 9))
    write_embedding(small, "f", vectors, {"provenance": "imported", "representation": "Freesound"})
    own = sweep(small, open_embedding(small, "f")).query("convention == 'corrected'")
    assert own.loc[own["paper"] == "yes", "normalise"].tolist() == ["minmax"] * 9
    assert own["normalise"].tolist() == [one for one in ("minmax", "l2", "none") for _ in range(9)]


def test_a_clip_level_embedding_has_27_cells(small: Collection) -> None:
    vectors = np.random.default_rng(2).normal(size=(18, 9))
    meta = {"provenance": "imported", "representation": "Plain"}
    write_embedding(small, "plain", vectors, meta)
    table = sweep(small, open_embedding(small, "plain"))
    assert len(table) == 27 * 2
    assert table["cell"].nunique() == 24
    assert set(table["aggregation"]) == {"none"}


def test_a_sweep_goes_on_where_it_was_stopped(
    small: Collection, framed: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    score_blocks = sweeping.score_blocks

    def stops_after_five(*args):
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(1)
        return score_blocks(*args)

    monkeypatch.setattr(sweeping, "score_blocks", stops_after_five)
    with pytest.raises(KeyboardInterrupt):
        sweep(small, framed)
    folder = sweep_folder(small, "framed", None)
    assert len(list(folder.glob("*.npz"))) == 5
    assert not (folder / "sweep.csv").exists()
    done.clear()
    monkeypatch.setattr(
        sweeping, "score_blocks", lambda *args: done.append(1) or score_blocks(*args)
    )
    table = sweep(small, framed)
    assert len(done) == 72 - 5
    monkeypatch.undo()
    monkeypatch.setattr(sweep_cells, "COMPONENTS", (4, 8, None))
    (folder / "meta.json").write_text("{}")  # of other vectors: all anew
    pd.testing.assert_frame_equal(sweep(small, framed), table)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder, hidden or not."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_sweep_has_the_same_bytes_whoever_scores_its_cells(
    small: Collection, framed: Embedding
) -> None:
    """A clip is all zeros: the cells that cannot be are noted alike."""
    vectors = np.array(framed.vectors)
    vectors[framed.frames[2] : framed.frames[3]] = 0
    meta = {"provenance": "imported", "representation": "Framed"}
    write_embedding(small, "framed", vectors, meta, frames=framed.frames)
    found = []
    for workers in (0, 2):
        sweep(small, open_embedding(small, "framed"), workers=workers)
        found.append(files_of(sweep_folder(small, "framed", None)))
        shutil.rmtree(sweep_folder(small, "framed", None))
    assert found[0] == found[1]
    assert any("all zeros" in line for line in found[0]["sweep.csv"].decode().splitlines())
    assert len(found[0]) > 30


def test_few_prepared_vectors_are_on_the_disk_at_once(
    small: Collection, framed: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = []
    score_blocks = sweeping.score_blocks

    def looks(*args):
        beside.append(len(list(sweep_folder(small, "framed", None).glob(".prepared.*/*"))))
        return score_blocks(*args)

    monkeypatch.setattr(sweeping, "score_blocks", looks)
    (killed := sweep_folder(small, "framed", None) / ".prepared.old").mkdir(parents=True)
    sweep(small, framed)
    assert set(beside) == {1}
    assert not killed.exists()


def test_pca_is_cut_to_what_the_vectors_allow_and_named_so(
    small: Collection, framed: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert what_is_cut(framed) == ""
    monkeypatch.setattr(sweep_cells, "COMPONENTS", (4, 200, None))
    table = sweep(small, framed)
    assert set(table["pca"]) == {4, 10, "none"}
    assert table["macro_map@15"].notna().all()
    assert set(table.loc[table["pca"] == 10, "paper"]) == {""}
    assert table["cell"].str.contains("mean-l2-pca10.nns").any()
    sentence = "PCA 200 is cut to 10: the vectors are of 18 clips and 10 dimensions."
    assert what_is_cut(framed) == sentence
    meta = {"provenance": "imported", "representation": "Wide"}
    write_embedding(small, "wide", np.random.default_rng(1).normal(size=(18, 40)), meta)
    monkeypatch.setattr(sweep_cells, "COMPONENTS", (100, 200, None))
    wide = open_embedding(small, "wide")
    assert set(sweep(small, wide)["pca"]) == {17, "none"}  # about their mean, 18 clips span 17
    assert what_is_cut(wide).startswith("PCA 100 and 200 are cut to 17: the vectors are of 18")


def test_a_cell_that_cannot_be_says_why(small: Collection) -> None:
    vectors = np.random.default_rng(6).normal(size=(18, 9))
    vectors[2] = 0
    meta = {"provenance": "imported", "representation": "Plain"}
    write_embedding(small, "plain", vectors, meta)
    table = sweep(small, open_embedding(small, "plain"))
    l2 = table["normalise"] == "l2"
    assert table.loc[l2, "note"].str.contains("Clip 'hum-2': the vector is all zeros").all()
    assert table.loc[l2, "macro_map@15"].isna().all()
    assert table.loc[table["normalise"] == "minmax", "macro_map@15"].notna().all()
    again = sweep(small, open_embedding(small, "plain"))  # nothing is left to do
    assert again["note"].tolist() == table["note"].tolist()


def test_a_sweep_of_old_vectors_is_passed_over_and_a_damaged_one_mended(small: Collection) -> None:
    meta = {"provenance": "imported", "representation": "Plain"}
    rng = np.random.default_rng(5)
    write_embedding(small, "plain", rng.normal(size=(18, 9)), meta)
    table = sweep(small, open_embedding(small, "plain"))
    folder = sweep_folder(small, "plain", None)
    damaged = next(folder.glob("*.npz"))
    damaged.write_bytes(damaged.read_bytes()[:100])
    pd.testing.assert_frame_equal(sweep(small, open_embedding(small, "plain")), table)
    assert choose(small)
    write_embedding(small, "plain", rng.normal(size=(18, 9)), meta)
    with pytest.raises(InputError, match="Nothing of 'small' was swept so"):
        choose(small)


def test_a_sweep_of_fewer_measures_is_made_anew(small: Collection) -> None:
    """As after a cut-off was added: what was scored before lacks it until it is swept again."""
    meta = {"provenance": "imported", "representation": "Plain"}
    vectors = np.random.default_rng(5).normal(size=(18, 9))
    write_embedding(small, "plain", vectors, meta)
    table = sweep(small, open_embedding(small, "plain"))
    folder = sweep_folder(small, "plain", None)
    for path in folder.glob("*.npz"):
        own = load_queries(path)
        save_queries(path, replace(own, cutoffs=(15,), precision_sum=own.precision_sum[:, :1]))
    older = table.drop(columns=["macro_map@150", "micro_map@150"])
    older.to_csv(folder / "sweep.csv", index=False)
    assert sweep_table(small, "corrected", "map@150")["value"].isna().all()
    assert sweep_table(small, "corrected", "map@15")["value"].notna().any()
    assert choose(small, "map@15")
    with pytest.raises(InputError, match="'plain' was made before MAP@150 was there: sweep it"):
        choose(small, "map@150")
    pd.testing.assert_frame_equal(sweep(small, open_embedding(small, "plain")), table)
    assert choose(small, "map@150")
