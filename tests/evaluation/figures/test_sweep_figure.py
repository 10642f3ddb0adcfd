"""The figure of the sweeps: every cell, new and old."""

import numpy as np
import pandas as pd

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking, open_embedding, write_embedding
from evaluation.figures.charts import SIMULATED
from evaluation.figures.scores.sweep_figure import swept
from evaluation.objective.scoreboard import sweep_table
from evaluation.objective.sweep import sweep
from tests.support.score_figures import ABOUT, check, written


def test_the_sweep_shows_every_cell(small: Collection, ranked: list[Ranking]) -> None:
    rng = np.random.default_rng(4)
    frames = np.arange(0, 18 * 3 + 1, 3)
    meta = {"provenance": "computed", "representation": "VGGish"}
    write_embedding(small, "vggish", rng.normal(size=(18 * 3, 8)), meta, frames=frames)
    for name in ("vggish", "random"):
        sweep(small, open_embedding(small, name))
    table = sweep_table(small, "corrected")
    figure = swept(table, ABOUT, "corrected")
    assert figure
    check(figure)
    assert len(figure.table) == 54 + 18  # PCA is cut to 8 and to 17, or left out
    heat = [trace for trace in figure.plot["data"] if trace["type"] == "heatmap"]
    assert len(heat) == 9 + 3
    drawn = sorted(one for trace in heat for one in np.ravel(trace["customdata"]) if one == one)
    assert drawn == sorted(figure.table["map@15"].dropna())
    assert len(written(figure)) == len(drawn) == 54 + 18
    shares = sorted(one for trace in heat for one in np.ravel(trace["z"]) if one == one)
    assert shares == sorted(figure.table["share_of_best"].dropna())
    frames_shown = [one for one in figure.plot["layout"]["shapes"] if one["type"] == "rect"]
    assert len(frames_shown) == (figure.table["share_of_best"] == 1).sum()
    heads = [one["text"] for one in figure.plot["layout"]["annotations"]]
    assert heads[:2] == ["Computed", SIMULATED]
    normalised = ("L2", "min-max", "not normalised")
    rows = [f"VGGish: mean, {one}|median, {one}|max, {one}" for one in normalised]
    assert "|".join(heads[2:]) == "|".join([*rows, "Random (simulated): L2|min-max|not normalised"])
    left = figure.plot["layout"]["yaxis"]
    assert left["ticktext"] == ["PCA 8", "no PCA"]


def test_an_old_sweep_of_one_normalisation_is_drawn(
    small: Collection, ranked: list[Ranking]
) -> None:
    """0.1.0 swept none but the paper's, and kept sizes of PCA that could not be."""
    sweep(small, open_embedding(small, "random"))
    file = small.folder / "sweeps" / "random" / "sweep.csv"
    table = pd.read_csv(file, dtype=str, keep_default_na=False).query("normalise == 'l2'")
    none = table["pca"] == "17"
    scores = [one for one in table if one.startswith(("macro", "micro"))]
    older = table.assign(pca=table["pca"].where(~none, "100"))
    older.loc[none, scores] = ""
    older.drop(columns="paper").to_csv(file, index=False)
    figure = swept(sweep_table(small, "corrected"), ABOUT, "corrected")
    assert figure
    check(figure)
    heads = [one["text"] for one in figure.plot["layout"]["annotations"]]
    assert heads[1:] == ["Random (simulated): L2"]
    assert len(written(figure)) == 3
    assert figure.plot["layout"]["yaxis"]["ticktext"] == ["PCA 100", "no PCA"]


def test_without_a_sweep_there_is_no_figure(small: Collection) -> None:
    assert swept(sweep_table(small, "corrected"), ABOUT, "corrected") is None
