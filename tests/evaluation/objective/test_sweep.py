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
from evaluation.objective.best_recipe import choose
from evaluation.objective.definitions import METRICS
from evaluation.objective.scoreboard import sweep_table
from evaluation.objective.scoring import load_queries, save_queries, score_ranking
from evaluation.objective.sweep import sweep, sweep_folder


@pytest.fixture(autouse=True)
def _small_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small collection has 18 clips: PCA to 100 and 200 become 4 and 8 components."""
    monkeypatch.setattr(sweeping, "COMPONENTS", (4, 8, None))


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
    assert len(table) == 27 * 2
    assert table["cell"].nunique() == 21
    same = table[table["same_as"] != ""]
    assert set(same["pca"]) == {"none"}
    assert set(same["search"]) == {"mips", "nns"}
    for row in table[table["convention"] == "corrected"].to_dict("records"):
        pca = None if row["pca"] == "none" else row["pca"]
        recipe = Recipe(row["aggregation"], "l2", pca)
        ranking = build_ranking(small, framed, recipe, row["search"])
        scores = score_ranking(small, ranking)["conventions"]["corrected"]
        for kind in ("macro", "micro"):
            for metric in ("map@15", "map@150", "mr1"):
                assert row[f"{kind}_{metric}"] == pytest.approx(scores[kind][metric], abs=1e-12)
    stored = pd.read_csv(sweep_folder(small, "framed", None) / "sweep.csv", dtype={"pca": str})
    assert stored["macro_map@15"].tolist() == pytest.approx(table["macro_map@15"].tolist())
    assert set(stored["provenance"]) == {"imported"}


def test_a_clip_level_embedding_has_nine_cells(small: Collection) -> None:
    vectors = np.random.default_rng(2).normal(size=(18, 9))
    meta = {"provenance": "imported", "representation": "Plain"}
    write_embedding(small, "plain", vectors, meta)
    table = sweep(small, open_embedding(small, "plain"))
    assert len(table) == 9 * 2
    assert table["cell"].nunique() == 7
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
    assert len(done) == 16
    monkeypatch.undo()
    monkeypatch.setattr(sweeping, "COMPONENTS", (4, 8, None))
    (folder / "meta.json").write_text("{}")  # of other vectors: all anew
    pd.testing.assert_frame_equal(sweep(small, framed), table)


def test_a_cell_that_cannot_be_says_why(
    small: Collection, framed: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "COMPONENTS", (4, 200, None))
    table = sweep(small, framed)
    impossible = table[table["pca"] == 200]
    assert impossible["macro_map@15"].isna().all()
    assert impossible["note"].str.contains("PCA to 200 needs at least 200 clips").all()
    assert table[table["pca"] != 200]["macro_map@15"].notna().all()
    again = sweep(small, framed)  # nothing is left to do, and the notes are still there
    assert again["note"].tolist() == table["note"].tolist()


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
            21,
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
    assert choice.cells == 4 * 7
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


def test_a_clip_that_cannot_be_compared_is_said_in_its_cells(small: Collection) -> None:
    vectors = np.random.default_rng(6).normal(size=(18, 9))
    vectors[2] = 0
    meta = {"provenance": "imported", "representation": "Plain"}
    write_embedding(small, "plain", vectors, meta)
    table = sweep(small, open_embedding(small, "plain"))
    assert table["note"].str.contains("Clip 'hum-2': the vector is all zeros").all()


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
