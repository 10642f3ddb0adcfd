"""The figures of the scores page: every number is in the table, and nothing is mixed or lost."""

from math import nan

import numpy as np
import pandas as pd
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.representations import FOURTEEN
from embeddings.systems.store import Ranking
from evaluation.figures.charts import SIMULATED, cast, signed
from evaluation.figures.figure import Figure
from evaluation.figures.scores.card_figures import modalities, sizes
from evaluation.figures.scores.class_figure import LABELLED, compared_classes
from evaluation.figures.scores.every import class_scatter, score_figures
from evaluation.figures.scores.family_figures import MEAN, family_differences, family_scores
from evaluation.objective.scoreboard import (
    compare_classes,
    family_table,
    systems_table,
)
from tests.support.score_figures import ABOUT, check, systems, written

FAMILIES = ("Animal", "Human_sounds", "Source-ambiguous_sounds")


def families(of: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the systems' families; one value is undefined."""
    rng = np.random.default_rng(5)
    rows = [
        {"system": system, "family": family, "classes": 4 + place, "map@15": rng.random(),
         "published_map@15": 0.5}
        for system in of["system"] for place, family in enumerate(FAMILIES)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table.loc[1, "map@15"] = nan
    return table.assign(**{"difference_map@15": table["map@15"] - table["published_map@15"]})


def means(of: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the families' means, undefined where one of them is."""
    groups = of.drop(columns=["family", "classes"]).groupby("system")
    return groups.agg(lambda one: one.mean(skipna=False)).reset_index()


def heat_cells(figure: Figure) -> dict[tuple[str, str], float]:
    """Return every cell that is drawn, by what its row and its column are called."""
    layout, found = figure.plot["layout"], {}
    for trace in figure.plot["data"]:
        if trace["type"] != "heatmap":
            continue
        axes = [layout[f"{one}axis{trace[f'{one}axis'][1:]}"] for one in "xy"]
        columns, rows = (
            {place: " ".join(text.split("<br>")) for place, text in
             zip(axis["tickvals"], axis["ticktext"], strict=True)}
            for axis in axes
        )  # fmt: skip
        for y, values in zip(trace["y"], trace["z"], strict=True):
            for x, value in zip(trace["x"], values, strict=True):
                if not np.isnan(value):
                    found[rows[y], columns[x].split(" n = ")[0]] = float(value)
    return found


def family_figure(of: pd.DataFrame) -> Figure:
    """Return the heat map of some systems."""
    table = families(of)
    figure = family_scores(cast(of), table, means(table), ABOUT, "cbmi2024")
    assert figure
    return figure


def both(count: int = 3) -> pd.DataFrame:
    """Return computed and simulated systems of the same representations, mixed up."""
    table = pd.concat([systems(count), systems(count, "computed")], ignore_index=True)
    return table.sample(frac=1, random_state=1).reset_index(drop=True)


def test_the_family_heat_map_shows_its_table_in_the_order_of_the_paper() -> None:
    of = systems(16).sample(frac=1, random_state=3)
    figure = family_figure(of)
    check(figure)
    shown = heat_cells(figure)
    known = figure.table.dropna(subset="map@15")
    assert len(shown) == len(known) == 16 * 4 - 2
    heads = known["title"].str.split(" · ").str[0]
    for head, family, value in zip(heads, known["family"], known["map@15"], strict=True):
        words = family.replace("_", " ").replace("-", "- ").replace("- ", "- ")
        assert shown[head, words] == value
    rows = list(dict.fromkeys(name for name, _ in shown))
    assert rows == [f"{name} (simulated)" for name in (*FOURTEEN, "Own 0", "Own 1")]
    assert figure.table["family"].unique().tolist() == [*FAMILIES, MEAN]


def test_what_is_undefined_is_a_gap_and_has_no_number() -> None:
    figure = family_figure(systems(2))
    name = figure.table.loc[1, "title"].split(" · ")[0]
    assert (name, "Human sounds") not in heat_cells(figure)
    assert (name, MEAN) not in heat_cells(figure)
    assert len(written(figure)) == len(heat_cells(figure)) == 6
    assert "nan" not in str(written(figure))


def test_numbers_in_cells_are_those_of_the_cells() -> None:
    figure = family_figure(systems(3))
    assert sorted(written(figure)) == sorted(f"{one:.3f}" for one in heat_cells(figure).values())


def test_the_difference_heat_map_has_what_may_be_compared() -> None:
    of, table = systems(4), families(systems(4))
    table.loc[table["system"] == of.loc[3, "system"], "difference_map@15"] = nan
    figure = family_differences(cast(of), table, means(table), ABOUT, "cbmi2024")
    assert figure
    check(figure)
    assert set(figure.table["system"]) == set(of["system"][:3])
    drawn = sorted(heat_cells(figure).values())
    assert drawn == sorted(figure.table["difference_map@15"].dropna())
    assert np.allclose(
        figure.table["difference_map@15"],
        figure.table["map@15"] - figure.table["published_map@15"],
        equal_nan=True,
    )
    assert sorted(written(figure)) == sorted(signed(one) for one in drawn)
    heat = [trace for trace in figure.plot["data"] if trace["type"] == "heatmap"]
    assert all(trace["zmin"] == -trace["zmax"] for trace in heat)
    table["difference_map@15"] = nan
    assert family_differences(cast(of), table, means(table), ABOUT, "corrected") is None


def test_no_family_no_figure() -> None:
    table = families(systems(2)).head(0)
    assert family_scores(cast(systems(2)), table, table, ABOUT, "corrected") is None


@pytest.mark.parametrize("make", ["families", "modalities", "dimensions", "parameters"])
def test_simulated_systems_have_a_panel_of_their_own(make: str) -> None:
    of = cast(both(5))
    table = families(of)
    made = {
        "families": family_scores(of, table, means(table), ABOUT, "cbmi2024"),
        "modalities": modalities(of, ABOUT, "corrected"),
    } | {figure.name: figure for figure in sizes(of, ABOUT, "corrected")}
    figure = made[make]
    assert figure
    check(figure)
    layout = figure.plot["layout"]
    upper, lower = layout["yaxis"], layout["yaxis2"]
    heads = [one["text"] for one in layout["annotations"]]
    assert heads == ["Computed", SIMULATED]
    assert layout["annotations"][0]["y"] > layout["annotations"][1]["y"]
    line = layout["shapes"][0]["y0"]
    assert lower["domain"][1] < line < upper["domain"][0]
    simulated = set(of.loc[of["provenance"] == "simulated", "map@15"])
    for trace in figure.plot["data"]:
        if trace["type"] == "scatter" and trace["mode"].startswith("markers") and len(trace["x"]):
            values = trace["x"] if make == "modalities" else trace["y"]
            own = set(np.asarray(values).tolist())
            assert own <= simulated or not own & simulated
            assert (trace["yaxis"] == "y2") == bool(own & simulated)
            symbol = trace["marker"].get("symbol", "")
            assert not symbol or symbol.endswith("-open") == bool(own & simulated)
    for axis, kind in ((upper, False), (lower, True)):
        for text in axis.get("ticktext", ()):
            assert not text or ("(simulated)" in text) == kind


@pytest.mark.parametrize("count", [1, 16, 30])
def test_any_number_of_systems_can_be_read(count: int) -> None:
    of = cast(systems(count))
    table = families(of)
    figures = [
        family_scores(of, table, means(table), ABOUT, "corrected"),
        modalities(of, ABOUT, "corrected"),
        *sizes(of, ABOUT, "corrected"),
    ]
    for figure in figures:
        assert figure
        check(figure)
        layout = figure.plot["layout"]
        for axis in (one for key, one in layout.items() if key.startswith("yaxis")):
            share = axis["domain"][1] - axis["domain"][0]
            rows = len(axis.get("ticktext", ()))
            assert share * layout["height"] >= 24 * rows
            assert axis["domain"][0] >= 0
            assert axis["domain"][1] <= 1
        assert layout["meta"]["least_width"] <= 900


def test_the_modality_figure_shows_each_system_and_the_means() -> None:
    of = cast(systems(15))
    figure = modalities(of, ABOUT, "corrected")
    assert figure
    means_line, dots, heads = figure.plot["data"]
    assert sorted(dots["x"]) == sorted(figure.table["map@15"])
    assert dots["text"] == [f"{one:.3f}" for one in dots["x"]]
    ticks = dict(zip(*(figure.plot["layout"]["yaxis"][one] for one in ("tickvals", "ticktext")),
                     strict=True))  # fmt: skip
    shown = {ticks[place]: value for place, value in zip(dots["y"], dots["x"], strict=True)}
    names = figure.table["title"].str.split(" · ").str[0]
    assert shown == dict(zip(names, figure.table["map@15"], strict=True))
    assert [text.split(":")[0] for text in heads["text"]] == [
        "A", "A&amp;I", "A&amp;L", "A&amp;I&amp;L", "A&amp;I&amp;L&amp;O", "Not stated",
    ]  # fmt: skip
    own = of.groupby("modality")["map@15"].agg(["mean", "size"])
    expected = sorted(own.loc[own["size"] > 1, "mean"])
    assert sorted({one for one in means_line["x"] if one is not None}) == pytest.approx(expected)
    by_group = figure.table.groupby("modality", sort=False)["map@15"]
    assert by_group.apply(lambda one: one.is_monotonic_decreasing).all()


def test_sizes_leave_out_what_is_not_known() -> None:
    of = cast(systems(15))
    dimensions, parameters = sizes(of, ABOUT, "corrected")
    assert len(dimensions.table) == 15
    assert len(parameters.table) == 13  # Freesound has none, nor is one of the user's own known
    assert "2 more systems have none that is known." in parameters.caption
    for figure, size in ((dimensions, "dimensions"), (parameters, "parameters")):
        points = [
            pair
            for trace in figure.plot["data"] if trace["mode"] == "markers"
            for pair in zip(trace["x"], trace["y"], strict=True)
        ]  # fmt: skip
        table = figure.table[[size, "map@15"]].itertuples(index=False, name=None)
        assert sorted(points) == sorted(table)
        layout = figure.plot["layout"]
        assert layout["xaxis"]["type"] == "log"
        low, high = (10.0**one for one in layout["xaxis"]["range"])
        assert all(low < x < high for x, _ in points)
    assert sizes(of.assign(parameters=nan), ABOUT, "corrected")[0].name == "dimensions"
    assert len(sizes(of.assign(parameters=nan), ABOUT, "corrected")) == 1


def compared(measure: str = "map@15", provenances: tuple[str, str] = ("computed", "simulated")):
    """Return a comparison of thirty classes, one of them without a value, and its figure."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {
            "class": [f"Class_{number}" for number in range(30)],
            "family": [("", *FAMILIES)[number % 4] for number in range(30)],
            "clips": range(30),
            "a": rng.random(30),
            "b": rng.random(30),
        }
    )
    table.loc[7, "b"] = nan
    table = table.assign(difference=table["b"] - table["a"])
    order = table["difference"].abs().sort_values(ascending=False).index
    table = table.loc[order].reset_index(drop=True)
    pair = cast(pd.concat([systems(1, provenances[0]), systems(2, provenances[1]).tail(1)]))
    return table, compared_classes(table, pair, ABOUT, "cbmi2024", measure)


def test_the_class_scatter_shows_every_class_that_has_two_values() -> None:
    table, figure = compared()
    check(figure)
    points = {}
    for trace in figure.plot["data"]:
        if trace.get("mode") == "markers":
            for x, y, said in zip(trace["x"], trace["y"], trace["customdata"], strict=True):
                points[said.split(" (")[0].replace(" ", "_")] = (x, y)
                family = table.set_index("class").loc[said.split(" (")[0].replace(" ", "_")]
                assert trace["name"] == (family["family"].replace("_", " ") or "no family")
    known = table.dropna()
    pairs = zip(known["a"], known["b"], strict=True)
    assert points == dict(zip(known["class"], pairs, strict=True))
    assert len({str(trace["marker"]["color"]) + trace["marker"]["symbol"]
                for trace in figure.plot["data"] if trace["mode"] == "markers"}) == 4  # fmt: skip
    assert figure.table["map@15_a"].tolist() == table["a"].tolist()
    assert figure.table["provenance_b"].unique().tolist() == ["simulated"]
    gain = known["difference"]
    up, across = "VGGish (simulated)", "Freesound"
    words = f"{up} is better for {(gain > 0).sum()} classes, {across} for {(gain < 0).sum()}"
    assert words in figure.caption
    assert "1 class has no value" in figure.caption


def test_the_classes_that_move_most_are_named() -> None:
    table, figure = compared()
    named = {text.replace(" ", "_") for text in written(figure)}
    assert len(named) >= LABELLED - 3
    assert named <= set(table["class"][:LABELLED])


def test_of_ranks_the_lower_is_the_better() -> None:
    table, figure = compared("mr1")
    gain = table["difference"].dropna()
    assert f"VGGish (simulated) is better for {(gain < 0).sum()} classes" in figure.caption
    assert "lower is better" in figure.caption


def test_two_computed_systems_are_not_called_simulated() -> None:
    _, figure = compared(provenances=("computed", "computed"))
    check(figure)
    assert not figure.simulated
    symbols = [one["marker"]["symbol"] for one in figure.plot["data"] if one["mode"] == "markers"]
    assert "circle" in symbols


def test_the_figures_of_a_collection(small: Collection, ranked: list[Ranking]) -> None:
    figures = {figure.name: figure for figure in score_figures(small, "corrected")}
    assert list(figures) == ["families", "modalities", "dimensions"]
    for figure in figures.values():
        check(figure)
        assert figure.simulated
        assert "18 clips, 5 classes" in figure.caption
        assert "convention corrected" in figure.caption
        assert {"system", "title", "provenance"} <= set(figure.table)
    stored = family_table(small, "corrected")
    drawn = figures["families"].table
    both = drawn.merge(stored, on=["system", "family"], suffixes=("", "_stored"))
    assert len(both) == len(stored)
    assert both["map@15"].equals(both["map@15_stored"])
    of = systems_table(small, "corrected").set_index("system")["map@15"]
    for name in ("modalities", "dimensions"):
        table = figures[name].table.set_index("system")["map@15"]
        assert table.to_dict() == of.to_dict()


def test_a_collection_without_scores_has_no_figures(small: Collection) -> None:
    assert score_figures(small, "corrected") == []


def test_the_classes_of_a_collection(small: Collection, ranked: list[Ranking]) -> None:
    pair = [one.system for one in ranked]
    figure = class_scatter(small, "cbmi2024", *pair, "map@150")
    check(figure)
    known = compare_classes(small, "cbmi2024", *pair, "map@150")
    assert figure.table["map@150_a"].tolist() == known["a"].tolist()
    assert figure.title == "MAP@150 of each class: Good (imported) and Random ranking (simulated)"
    with pytest.raises(InputError, match="no scored system 'nothing'"):
        class_scatter(small, "cbmi2024", pair[0], "nothing")
