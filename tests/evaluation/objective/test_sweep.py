"""Sweeps of every processing and search, and what is chosen from them."""

import csv
from dataclasses import replace

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
from evaluation.objective.best_recipe import choose, without_cells
from evaluation.objective.definitions import METRICS
from evaluation.objective.scoreboard import sweep_table
from evaluation.objective.scoring import load_queries, save_queries, score_ranking
from evaluation.objective.sweep import sweep, sweep_folder
from evaluation.objective.sweep_cells import cells, what_is_cut


@pytest.fixture(autouse=True)
def _small_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small collection has 18 clips: PCA to 100 and 200 become 4 and 8 components."""
    monkeypatch.setattr(sweep_cells, "COMPONENTS", (4, 8, None))


@pytest.fixture
def framed(small: Collection) -> Embedding:
    """Vectors with one to four frames a clip that know a little of the class."""
    rng = np.random.default_rng(1)
    counts = 1 + np.arange(18) % 4
    frames = np.concatenate([[0], np.cumsum(counts)])
    vectors = rng.normal(size=(frames[-1], 10))
    for row, clip in enumerate(small.clips):
        vectors[frames[row] : frames[row + 1], len(clip.labels[0]) % 3] += 1.5
    meta = {"provenance": "imported", "representation": "Framed"}
    write_embedding(small, "framed", vectors, meta, frames=frames)
    return open_embedding(small, "framed")


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
    for row in table[table["convention"] == "corrected"].to_dict("records"):
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


def test_min_max_is_found_where_it_is_best(small: Collection) -> None:
    """The class is in dimensions that are small beside two loud ones, which know nothing of it."""
    rng = np.random.default_rng(7)
    vectors = np.zeros((18, 5))
    kinds = sorted(small.leaf_classes)
    for row, clip in enumerate(small.clips):
        vectors[row, kinds.index(clip.labels[0])] = 1
    vectors[:, 3:] = 1000 * rng.normal(size=(18, 2))
    write_embedding(small, "loud", vectors, {"provenance": "imported", "representation": "Loud"})
    table = sweep(small, open_embedding(small, "loud")).query("convention == 'corrected'")
    best = table.groupby("normalise")["macro_map@15"].max()
    assert best["minmax"] > 0.95
    assert best.drop("minmax").max() < 0.8
    (choice,) = choose(small, "map@15", split_half_seed=1)
    assert choice.cell.startswith("minmax")
    assert choice.distinct > 10
    assert choice.held_out
    assert choice.held_out > 0.95


def test_of_vectors_that_are_all_alike_there_is_nothing_to_choose(small: Collection) -> None:
    meta = {"provenance": "imported", "representation": "Same"}
    write_embedding(small, "same", np.ones((18, 3)), meta)
    sweep(small, open_embedding(small, "same"))
    (choice,) = choose(small, split_half_seed=1)
    assert choice.cells > 3
    assert choice.distinct == 1
    assert (choice.held_out, choice.agreed) == (None, None)


def test_halves_say_nothing_of_two_cells(small: Collection, framed: Embedding) -> None:
    sweep(small, framed)
    folder = sweep_folder(small, "framed", None)
    for path in sorted(folder.glob("*.npz"))[3:]:
        path.unlink()
    (choice,) = choose(small, split_half_seed=1)
    assert choice.distinct == 3
    assert choice.agreed is not None
    next(folder.glob("*.npz")).unlink()
    (choice,) = choose(small, split_half_seed=1)
    assert choice.distinct == 2
    assert (choice.held_out, choice.agreed) == (None, None)


def test_a_better_system_built_by_hand_is_named(small: Collection, framed: Embedding) -> None:
    sweep(small, framed)
    (choice,) = choose(small, "map@15")
    assert choice.beaten_by is None
    name = f"framed.{choice.cell}"
    value = choice.value
    row = next(cell for cell in cells(framed) if cell.name(frame_level=True) == choice.cell)
    built = build_ranking(small, framed, row.recipe, row.search)
    score_ranking(small, built)
    assert choose(small, "map@15")[0].beaten_by is None  # it is the winner itself
    (sweep_folder(small, "framed", None) / f"{choice.cell}.npz").unlink()
    (choice,) = choose(small, "map@15")
    assert choice.value < value
    assert choice.beaten_by == (name, pytest.approx(value))
    assert choose(small, "mr1")[0].beaten_by is None or choose(small, "mr1")[0].beaten_by[0] == name
    other = build_ranking(small, framed, row.recipe, row.search, exclude_same="group")
    score_ranking(small, other)
    assert choose(small, "map@15")[0].beaten_by == (name, pytest.approx(value))


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


def test_a_representation_without_a_cell_keeps_no_other_from_its_choice(
    small: Collection, framed: Embedding
) -> None:
    vectors = np.random.default_rng(6).normal(size=(18, 9))
    vectors[2] = np.nan
    write_embedding(small, "nan", vectors, {"provenance": "imported", "representation": "Broken"})
    sweep(small, open_embedding(small, "nan"))
    with pytest.raises(InputError, match="No cell of 'nan' could be scored: the column note of"):
        choose(small)
    sweep(small, framed)
    assert [one.embedding for one in choose(small)] == ["framed"]
    assert len(without_cells(small)) == 1


def test_the_best_cell_is_named(small: Collection, framed: Embedding) -> None:
    table = sweep(small, framed)
    own = table[(table["convention"] == "corrected") & (table["same_as"] == "")]
    for measure, best in (("map@15", own["macro_map@15"].max()), ("mr1", own["macro_mr1"].min())):
        (choice,) = choose(small, measure)
        assert choice.value == pytest.approx(best)
        row = own[own["cell"] == choice.cell]
        assert row[f"macro_{measure}"].item() == pytest.approx(best)
        assert (choice.representation, choice.provenance, choice.cells) == (
            "Framed",
            "imported",
            72,
        )
        assert choice.held_out is None
    one, other = (choose(small, "map@15", split_half_seed=3)[0] for _ in range(2))
    assert one == other
    assert one.held_out is not None
    assert 0 < one.held_out < 1
    assert one.agreed is not None
    assert 0 <= one.agreed <= 1


def test_a_choice_on_held_out_halves_is_less_flattering(small: Collection) -> None:
    """Of many cells of vectors that know nothing, the best looks good only where it was chosen."""
    rng = np.random.default_rng(4)
    for name in ("r1", "r2", "r3", "r4"):
        meta = {"provenance": "simulated", "representation": "Nothing"}
        write_embedding(small, name, rng.normal(size=(18, 9)), meta)
        sweep(small, open_embedding(small, name))
    (choice,) = choose(small, "map@15", split_half_seed=1)
    assert choice.cells == 4 * 24
    assert choice.held_out is not None
    assert choice.held_out < choice.value


def test_what_cannot_be_chosen(small: Collection, framed: Embedding) -> None:
    with pytest.raises(InputError, match="Nothing of 'small' was swept so"):
        choose(small)
    sweep(small, framed, exclude_same="group")
    with pytest.raises(InputError, match="Nothing of 'small' was swept so"):
        choose(small)
    assert [one.embedding for one in choose(small, exclude_same="group")] == ["framed"]
    known = ", ".join(METRICS)
    with pytest.raises(InputError, match=f"measure must be one of {known}, not 'ap'"):
        choose(small, "ap")
    with (sweep_folder(small, "framed", "group") / "sweep.csv").open() as file:
        assert {row["exclude_same"] for row in csv.DictReader(file)} == {"group"}


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
