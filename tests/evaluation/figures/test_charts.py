"""What charts share: names, labels and their places, numbers that can be read."""

import numpy as np
import pandas as pd
import pytest

from evaluation.figures.charts import (
    cast,
    counted,
    labels,
    places,
    plain,
    short,
    signed,
    split,
    stack,
)
from evaluation.figures.figure import DIVERGING, SCALE
from evaluation.figures.heat_map import cells, ink
from evaluation.figures.scores.card_figures import modalities
from tests.support.browser.colours import contrast
from tests.support.score_figures import ABOUT, systems


def test_names_are_short_where_that_is_unambiguous() -> None:
    one = systems(2)
    again = one.assign(system=one["system"] + "2", title=one["title"].str.replace("PCA 100", "max"))
    imported = one.assign(system=["x", "y"], provenance="imported", title=["Same", "Same"])
    long = systems(1, "computed").assign(
        system="long", title="A very " + "very " * 20 + "long name"
    )
    twin = systems(2, "computed").tail(1)
    same = twin.assign(system="same", provenance="imported")
    some = [one.head(1), again.head(1), one.tail(1), imported, long, twin, same]
    of = pd.concat(some, ignore_index=True)
    names = cast(of).set_index("system")["name"]
    assert names.is_unique
    assert names[one.loc[0, "system"]] == "Freesound (simulated) · L2, PCA 100 · MCSS"
    assert names[again.loc[0, "system"]] == "Freesound (simulated) · L2, max · MCSS"
    assert names[one.loc[1, "system"]] == "VGGish (simulated)"
    assert names["x"] == "x (imported)"
    assert (names[twin["system"].item()], names["same"]) == ("VGGish", "VGGish (imported)")
    assert names["long"].endswith("…")
    assert len(names["long"]) == 44


def test_names_are_shown_letter_by_letter() -> None:
    of = systems(1, "computed").assign(title="<b>A&amp;B</b> · x", representation="<b>")
    figure = modalities(cast(of), ABOUT, "corrected")
    assert figure
    ticks = figure.plot["layout"]["yaxis"]["ticktext"]
    assert ticks == ["", "&lt;b&gt;A&amp;amp;B&lt;/b&gt;"]
    assert plain("a < b & c") == "a &lt; b &amp; c"


def test_long_names_have_two_lines_and_room_for_them() -> None:
    short, long = labels(["VGGish"]), labels(["Freesound · min-max, PCA 100 · NNS"])
    assert long.texts == ["Freesound<br>min-max, PCA 100 · NNS"]
    assert long.row > short.row
    assert long.width < labels(["x" * 30]).width


@pytest.mark.parametrize(
    ("value", "text"), [(0.0124, "+0.012"), (-0.5, "−0.500"), (0.0001, "0.000"), (-0.0001, "0.000")]
)
def test_differences_have_their_sign(value: float, text: str) -> None:
    assert signed(value) == text


def test_numbers_can_be_read_on_every_colour() -> None:
    shares = np.linspace(0, 1, 101)
    for scale in (SCALE, DIVERGING):
        stops = np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for _, one in scale])
        at = [share for share, _ in scale]
        for share, chosen in zip(shares, ink(scale, shares), strict=True):
            rgb = [round(np.interp(share, at, stops[:, one])) for one in range(3)]
            colour = "#" + "".join(f"{one:02x}" for one in rgb)
            assert contrast(colour, {"#000": "#000000", "#fff": "#ffffff"}[chosen]) >= 4.5


def test_a_value_beyond_the_scale_has_its_last_colour() -> None:
    heat, text = cells([0, 1], [0], [[-9, 9]], [["low", "high"]], SCALE, (0, 1))
    assert text["textfont"]["color"] == ["#fff", "#000"]
    assert (heat["zmin"], heat["zmax"]) == (0, 1)


def box(point: tuple[float, float], text: str, place: str) -> tuple[float, float, float, float]:
    """Return the edges of a label as Plotly draws it, by a plain reading of its place."""
    (x, y), wide = point, 6.5 * len(text)
    left = {"right": x + 8, "left": x - 8 - wide, "center": x - wide / 2}[place.split()[1]]
    low = {"top": y + 8, "bottom": y - 8 - 14, "middle": y - 7}[place.split()[0]]
    return left, low, left + wide, low + 14


def test_labels_cover_nothing() -> None:
    rng = np.random.default_rng(1)
    points = rng.random((40, 2))
    texts = [f"Name {number}" for number in range(40)]
    where = places(*points.T.tolist(), texts, (600, 300))
    pixels = points * (600, 300)
    boxes = {
        number: box(tuple(pixels[number]), texts[number], place)
        for number, place in enumerate(where) if place
    }  # fmt: skip
    assert len(boxes) > 20
    for number, (left, low, right, high) in boxes.items():
        assert left >= 0
        assert right <= 600
        assert low >= 0
        assert high <= 300
        for other, (x, y) in enumerate(pixels):
            assert other == number or not (left < x < right and low < y < high)
        for other, (x0, y0, x1, y1) in boxes.items():
            assert other == number or not (left < x1 and x0 < right and low < y1 and y0 < high)


def test_a_label_without_room_is_left_out() -> None:
    assert places([0.5], [0.5], ["far too long a name"], (60, 30)) == [""]
    assert places([0.5, 0.6], [0.5, 0.5], ["", "b"], (300, 100)) == ["", "middle right"]


def test_panels_lie_below_each_other() -> None:
    panels = stack([100, 50], above=20, below=10)
    assert panels.height == 100 + 50 + 2 * (38 + 20 + 10)
    (low, high), (low2, high2) = panels.domains
    assert (high - low) * panels.height == pytest.approx(100)
    assert (high2 - low2) * panels.height == pytest.approx(50)
    assert (1 - high) * panels.height == pytest.approx(58)
    assert low2 * panels.height == pytest.approx(10)
    assert high2 < panels.edges[0] < low


def test_kinds_are_kept_apart() -> None:
    of = pd.concat([systems(2), systems(1, "imported"), systems(1, "computed")])
    parts = split(of)
    assert [heading.split(":")[0] for heading, _ in parts] == ["Computed and imported", "Simulated"]
    assert [len(rows) for _, rows in parts] == [2, 2]
    assert [heading for heading, _ in split(systems(1, "imported"))] == ["Imported"]


def test_things_are_counted() -> None:
    assert counted(1, "class", "classes") == "1 class"
    assert counted(1200, "class", "classes") == "1,200 classes"


@pytest.mark.parametrize(
    ("value", "text"),
    [(62e6, "62M"), (1.5e3, "1.5K"), (512, "512"), (1024, "1024"), (float("nan"), "")],
)
def test_large_numbers_are_written_as_the_paper_does(value: float, text: str) -> None:
    assert short(value) == text
