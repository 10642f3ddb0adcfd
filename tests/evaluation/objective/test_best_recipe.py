"""What is chosen from sweeps, and where there is nothing to choose."""

import csv
from collections.abc import Callable

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import extract_embedding, plan_own
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Embedding, open_embedding, write_embedding
from evaluation.objective import sweep_cells
from evaluation.objective.best_recipe import choose, without_cells
from evaluation.objective.definitions import METRICS
from evaluation.objective.scoring import score_ranking
from evaluation.objective.sweep import sweep, sweep_folder
from evaluation.objective.sweep_cells import cells
from tests.support.own_representations import EXAMPLE


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


def test_halves_say_nothing_of_two_cells(small: Collection, plain: Embedding) -> None:
    sweep(small, plain)
    folder = sweep_folder(small, "plain", None)
    for path in sorted(folder.glob("*.npz"))[3:]:
        path.unlink()
    (choice,) = choose(small, split_half_seed=1)
    assert choice.distinct == 3
    assert choice.agreed is not None
    next(folder.glob("*.npz")).unlink()
    (choice,) = choose(small, split_half_seed=1)
    assert choice.distinct == 2
    assert (choice.held_out, choice.agreed) == (None, None)


def test_a_better_system_built_by_hand_is_named(small: Collection, plain: Embedding) -> None:
    sweep(small, plain)
    (choice,) = choose(small, "map@15")
    assert choice.beaten_by is None
    name = f"plain.{choice.cell}"
    value = choice.value
    row = next(cell for cell in cells(plain) if cell.name(frame_level=False) == choice.cell)
    built = build_ranking(small, plain, row.recipe, row.search)
    score_ranking(small, built)
    assert choose(small, "map@15")[0].beaten_by is None  # it is the winner itself
    (sweep_folder(small, "plain", None) / f"{choice.cell}.npz").unlink()
    (choice,) = choose(small, "map@15")
    assert choice.value < value
    assert choice.beaten_by == (name, pytest.approx(value))
    assert choose(small, "mr1")[0].beaten_by is None or choose(small, "mr1")[0].beaten_by[0] == name
    other = build_ranking(small, plain, row.recipe, row.search, exclude_same="group")
    score_ranking(small, other)
    assert choose(small, "map@15")[0].beaten_by == (name, pytest.approx(value))


def test_a_representation_without_a_cell_keeps_no_other_from_its_choice(
    small: Collection, plain: Embedding
) -> None:
    vectors = np.random.default_rng(6).normal(size=(18, 9))
    vectors[2] = np.nan
    write_embedding(small, "nan", vectors, {"provenance": "imported", "representation": "Broken"})
    sweep(small, open_embedding(small, "nan"))
    with pytest.raises(InputError, match="No cell of 'nan' could be scored: the column note of"):
        choose(small)
    sweep(small, plain)
    assert [one.embedding for one in choose(small)] == ["plain"]
    assert len(without_cells(small)) == 1


def test_the_best_cell_is_named(small: Collection, plain: Embedding) -> None:
    table = sweep(small, plain)
    own = table[(table["convention"] == "corrected") & (table["same_as"] == "")]
    for measure, best in (("map@15", own["macro_map@15"].max()), ("mr1", own["macro_mr1"].min())):
        (choice,) = choose(small, measure)
        assert choice.value == pytest.approx(best)
        row = own[own["cell"] == choice.cell]
        assert row[f"macro_{measure}"].item() == pytest.approx(best)
        assert (choice.representation, choice.provenance, choice.cells) == (
            "Plain",
            "imported",
            24,
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
    for name in ("r1", "r2"):
        meta = {"provenance": "simulated", "representation": "Nothing"}
        write_embedding(small, name, rng.normal(size=(18, 9)), meta)
        sweep(small, open_embedding(small, name))
    (choice,) = choose(small, "map@15", split_half_seed=1)
    assert choice.cells == 2 * 24
    assert choice.held_out is not None
    assert choice.held_out < choice.value


def test_what_cannot_be_chosen(small: Collection, plain: Embedding) -> None:
    with pytest.raises(InputError, match="Nothing of 'small' was swept so"):
        choose(small)
    sweep(small, plain, exclude_same="group")
    with pytest.raises(InputError, match="Nothing of 'small' was swept so"):
        choose(small)
    assert [one.embedding for one in choose(small, exclude_same="group")] == ["plain"]
    known = ", ".join(METRICS)
    with pytest.raises(InputError, match=f"measure must be one of {known}, not 'ap'"):
        choose(small, "ap")
    with (sweep_folder(small, "plain", "group") / "sweep.csv").open() as file:
        assert {row["exclude_same"] for row in csv.DictReader(file)} == {"group"}


@pytest.mark.slow
def test_min_max_is_found_for_the_octaves_of_esc10(
    esc10: Callable[[int], Collection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """400 real sounds; the numbers are those of docs/howto/own-representation.md."""
    monkeypatch.setattr(sweep_cells, "COMPONENTS", (100, 200, None))
    collection = esc10(40)
    octaves = extract_embedding(collection, plan_own(str(EXAMPLE), "Octaves"))
    sweep(collection, octaves)
    (choice,) = choose(collection, split_half_seed=1)
    assert (choice.cell, choice.cells, choice.agreed) == ("minmax-pca8.mcss", 15, 1)
    assert (choice.value, choice.held_out) == pytest.approx((0.4075, 0.4076), abs=0.001)
    for path in sweep_folder(collection, "octaves", None).glob("*.npz"):
        if path.stem != "l2.mcss":
            path.unlink()
    (choice,) = choose(collection, split_half_seed=1)
    assert (choice.cell, choice.distinct, choice.agreed) == ("l2.mcss", 1, None)
