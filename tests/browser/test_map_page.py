"""The page of maps in a real browser: WebGL under the policy, pointer, keyboard, linked choices."""

import csv
import io
from itertools import pairwise

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from evaluation.figures.figure import PALETTE
from tests.support.browser.map_points import (
    chosen,
    drawn,
    listed,
    on_screen,
    press,
    show,
)
from tests.support.browser.tab import (
    Page,
    expect,
    pixel,
    playing_past,
    wait_until,
)
from tests.support.server import Server

pytestmark = pytest.mark.browser


RINGED = "([figure]) => document.querySelector(`${figure} .figure-plot`).data.at(-1).x.length"


def at_share(page: Page, selector: str, x: float, y: float) -> tuple[float, float]:
    """Return a place in the window as shares of an element's width and height."""
    box = page.locator(selector).bounding_box()
    return (x - box["x"]) / box["width"], (y - box["y"]) / box["height"]


def drag(page: Page, corners: list[tuple[float, float]], key: str = "") -> None:
    """Draw along some corners, with a key held."""
    if key:
        page.keyboard.down(key)
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def around(points: list[tuple[float, float]], margin: float) -> list[tuple[float, float]]:
    """Return a hexagon around some points."""
    x, y = np.array(points).T
    left, right = x.min() - margin, x.max() + margin
    above, below = y.min() - margin, y.max() + margin
    middle = (above + below) / 2
    return [
        (left, above), (right, above), (right + margin, middle), (right, below), (left, below),
        (left - margin, middle), (left, above),
    ]  # fmt: skip


def inside(points: dict[str, tuple[float, float]], corners: list[tuple[float, float]]) -> set[str]:
    """Return which points are inside a convex polygon given clockwise; none may be on its edge."""
    found = set()
    for clip, point in points.items():
        distances = []
        for (x1, y1), (x2, y2) in pairwise(corners):
            cross = (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)
            distances.append(cross / np.hypot(x2 - x1, y2 - y1))
        assert abs(min(distances)) > 2, f"{clip} is too near to the edge to tell"
        if min(distances) > 0:
            found.add(clip)
    return found


def test_webgl_draws_what_the_csv_says(page: Page, mapped: Server, small: Collection) -> None:
    """The page fixture fails on any violation of the policy."""
    show(page, mapped)
    assert page.locator(".no-webgl").count() == 0
    expect(page.locator("#no-webgl")).to_be_hidden()
    for figure, name in (("#map-1-figure", "good/pca"), ("#map-2-figure", "random/tsne")):
        text = page.request.get(f"{mapped.url}/browse/small/map/points/{name}.csv").text()
        rows = {row["clip"]: row for row in csv.DictReader(io.StringIO(text))}
        points = drawn(page, figure)
        assert points.keys() == rows.keys() == set(small.index)
        for clip, row in rows.items():
            assert np.float32(points[clip]["x"]) == np.float32(row["x"])
            assert np.float32(points[clip]["y"]) == np.float32(row["y"])
        colours = {one["colour"]: one["symbol"] for one in points.values()}
        assert colours == {PALETTE[0]: "circle", PALETTE[1]: "square"}  # Nature, Things
    wanted = [int(PALETTE[0][place : place + 2], 16) for place in (1, 3, 5)]
    x, y = on_screen(page, "#map-1-figure")["hiss-2"]
    page.mouse.move(0, 0)
    seen = pixel(page, "#map-1-figure", *at_share(page, "#map-1-figure", x, y))
    assert np.abs(np.array(seen) - wanted).max() < 70  # a little of the paper shines through


def test_a_press_plays_and_rings_on_both_maps(page: Page, mapped: Server) -> None:
    show(page, mapped)
    press(page, on_screen(page, "#map-2-figure")["beep-3"])
    expect(page.locator("#clip .clip-id")).to_have_text("beep-3")
    playing_past(page, 0.05)
    for figure in ("#map-1-figure", "#map-2-figure"):
        assert page.evaluate(RINGED, [figure]) == 1
    assert listed(page) == []
    press(page, on_screen(page, "#map-2-figure")["hiss-0"])
    expect(page.locator("#clip .clip-id")).to_have_text("hiss-0")
    assert page.locator("#clip sound-player").count() == 1
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#clip")).to_be_hidden()
    assert page.evaluate("document.querySelector('audio').paused")


def test_a_lasso_lists_exactly_what_is_inside_and_links_the_maps(
    page: Page, mapped: Server, small: Collection
) -> None:
    show(page, mapped)
    first, second = "#map-1-figure", "#map-2-figure"
    points = on_screen(page, first)
    corners = around([points[f"hum-{take}"] for take in range(6)], 12)
    wanted = inside(points, corners)
    assert 6 <= len(wanted) < 18
    drag(page, corners)
    expect(page.locator("#selection-said")).to_have_text(f"{len(wanted)} clips are chosen")
    expect(page.locator("#list [data-item]")).to_have_count(len(wanted))
    assert listed(page) == sorted(wanted, key=small.index.get)
    assert chosen(page, first) == chosen(page, second) == wanted

    points = on_screen(page, second)
    corners = around([points["beep-1"], points["hiss-4"]], 15)
    more = inside(points, corners)
    assert not more <= wanted
    drag(page, corners, "Shift")  # is added
    expect(page.locator("#selection-said")).to_have_text(f"{len(wanted | more)} clips are chosen")
    expect(page.locator("#list [data-item]")).to_have_count(len(wanted | more))
    assert chosen(page, first) == chosen(page, second) == wanted | more == set(listed(page))

    press(page, points["hiss-4"])  # listening changes no choice
    expect(page.locator("#clip .clip-id")).to_have_text("hiss-4")
    page.wait_for_timeout(300)
    assert chosen(page, first) == chosen(page, second) == wanted | more

    page.get_by_role("button", name="draws a box").click()
    points = on_screen(page, second)
    (x1, y1), (x2, y2) = points["beep-1"], points["hiss-4"]
    left, right = sorted((x1, x2))
    above, below = sorted((y1, y2))
    box = [(left - 9, above - 9), (right + 9, above - 9), (right + 9, below + 9),
           (left - 9, below + 9), (left - 9, above - 9)]  # fmt: skip
    drag(page, [box[0], box[2]])
    boxed = inside(points, box)
    expect(page.locator("#selection-said")).to_have_text(f"{len(boxed)} clips are chosen")
    expect(page.locator("#list [data-item]")).to_have_count(len(boxed))
    assert chosen(page, first) == chosen(page, second) == boxed == set(listed(page))

    page.get_by_role("button", name="Choose none").click()
    assert {one["chosen"] for one in drawn(page, first).values()} == {None}
    assert listed(page) == []


def test_all_of_it_by_keyboard(page: Page, mapped: Server, small: Collection) -> None:
    show(page, mapped)
    keys = page.keyboard
    page.locator("#find").focus()
    keys.type("hiss")
    keys.press("Enter")
    expect(page.locator("#selection-said")).to_have_text("6 clips have “hiss”")
    expect(page.locator("#list [data-item]")).to_have_count(6)
    assert listed(page) == [f"hiss-{take}" for take in range(6)]
    assert chosen(page, "#map-2-figure") == set(listed(page))
    keys.press("Tab")
    page.locator("#list [data-item]").first.focus()
    keys.press("j")
    keys.press(" ")
    playing_past(page, 0.05)
    expect(page.locator("#list .playing")).to_have_count(1)
    wait_until(page, f"({RINGED})(['#map-1-figure']) === 1")
    expect(page.locator("#list [data-item]").nth(1)).to_be_focused()

    page.locator("#list [data-item]").nth(1).get_by_role("button", name="Nearest on Random").focus()
    keys.press("Enter")
    expect(page.locator("#selection-said")).to_contain_text("15 nearest to hiss-1 on Random")
    expect(page.locator("#list [data-item]")).to_have_count(16)
    points = on_screen(page, "#map-2-figure")
    x, y = points["hiss-1"]
    distance = {clip: np.hypot(px - x, py - y) for clip, (px, py) in points.items()}
    assert listed(page) == sorted(points, key=distance.get)[:16]
    expect(page.locator("#list [data-item]").first).to_be_focused()

    for words, said in (
        ("hum-2", "One clip has “hum-2”"),
        ("machine beep", "6 clips have “machine beep”"),
        ("beep take quack", "No clip has “beep take quack” in its id, labels or title."),
    ):
        page.locator("#find").fill(words)
        keys.press("Enter")
        expect(page.locator("#selection-said")).to_have_text(said)
    assert listed(page) == []
