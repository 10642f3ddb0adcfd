"""The page of maps in a real browser: WebGL under the policy, pointer, keyboard, linked choices."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.maps.stored_maps import make_map
from embeddings.systems.store import Ranking, open_embedding
from evaluation.figures.figure import PALETTE
from tests.support.browser.barriers import looks, violations
from tests.support.browser.tab import (
    Page,
    expect,
    pixel,
    playing_past,
    sideways,
    sign_in,
    told,
    wait_until,
)
from tests.support.browser.watching import watch
from tests.support.server import Server
from tools.write_webgl import FILE, as_file, written_by

pytestmark = pytest.mark.browser

BOTH = "map=good.pca&map=random.tsne"
VIEW = """
([figure]) => {
  document.querySelector(figure).scrollIntoView({ behavior: "instant" });
  const { xaxis, yaxis } = document.querySelector(`${figure} .figure-plot`)._fullLayout;
  const box = document.querySelector(`${figure} .nsewdrag`).getBoundingClientRect();
  return [xaxis.range, yaxis.range, [box.x, box.y, box.width, box.height]];
}
"""
DRAWN = """
([figure]) => document.querySelector(`${figure} .figure-plot`).data.slice(0, -1).flatMap((layer) =>
  Array.from(layer.x, (x, place) => ({
    x, y: layer.y[place], clip: layer.text[place].split("<br>")[0],
    colour: layer.marker.color[place], symbol: layer.marker.symbol[place],
    chosen: layer.selectedpoints ? [...layer.selectedpoints].includes(place) : null,
  })))
"""
RINGED = "([figure]) => document.querySelector(`${figure} .figure-plot`).data.at(-1).x.length"


@pytest.fixture
def server(data: Path, small: Collection, ranked: list[Ranking]) -> Iterator[Server]:
    """The app with two embeddings and a map of each."""
    make_map(small, open_embedding(small, "good"))
    make_map(small, open_embedding(small, "random"), "tsne")
    running = Server(data)
    yield running
    running.stop()


def show(page: Page, server: Server, query: str = BOTH) -> None:
    """Sign in and open the page of maps; return when they are drawn."""
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small/map?{query}")
    ready(page)


def ready(page: Page) -> None:
    """Wait until the maps are drawn."""
    expect(page.locator("#maps[data-ready]")).to_have_count(1)


def drawn(page: Page, figure: str) -> dict[str, dict[str, Any]]:
    """Return what Plotly draws of each clip, and whether it is chosen (None: none is)."""
    return {one["clip"]: one for one in page.evaluate(DRAWN, [figure])}


def chosen(page: Page, figure: str) -> set[str]:
    """Return the clips that stand out on a map."""
    return {clip for clip, one in drawn(page, figure).items() if one["chosen"]}


def on_screen(page: Page, figure: str) -> dict[str, tuple[float, float]]:
    """Return where each clip's point is in the window, computed from the map's CSV."""
    name = page.locator(figure).get_attribute("data-points")
    rows = csv.DictReader(io.StringIO(page.request.get(f"{origin(page)}{name}.csv").text()))
    (left, right), (bottom, top), (x, y, width, height) = page.evaluate(VIEW, [figure])
    return {
        row["clip"]: (
            x + width * (float(row["x"]) - left) / (right - left),
            y + height * (top - float(row["y"])) / (top - bottom),
        )
        for row in rows
    }


def origin(page: Page) -> str:
    """Return the server's address."""
    return page.evaluate("location.origin")


def at_share(page: Page, selector: str, x: float, y: float) -> tuple[float, float]:
    """Return a place in the window as shares of an element's width and height."""
    box = page.locator(selector).bounding_box()
    return (x - box["x"]) / box["width"], (y - box["y"]) / box["height"]


def listed(page: Page) -> list[str]:
    """Return the clips of the list of chosen clips, in its order."""
    return page.locator("#list .clip-id").all_inner_texts()


def press(page: Page, point: tuple[float, float]) -> None:
    """Move to a point, look what it is, and press it."""
    page.mouse.move(*point, steps=3)
    expect(page.locator(".hovertext")).to_have_count(1)
    page.mouse.down()
    page.mouse.up()


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


def test_webgl_draws_what_the_csv_says(page: Page, server: Server, small: Collection) -> None:
    """The page fixture fails on any violation of the policy."""
    show(page, server)
    assert page.locator(".no-webgl").count() == 0
    expect(page.locator("#no-webgl")).to_be_hidden()
    for figure, name in (("#map-1-figure", "good/pca"), ("#map-2-figure", "random/tsne")):
        text = page.request.get(f"{server.url}/browse/small/map/points/{name}.csv").text()
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


def test_the_compiled_functions_are_those_of_this_plotly(browser: Any) -> None:
    """Else: python -m tools.write_webgl."""
    assert FILE.read_text(encoding="utf-8") == as_file(written_by(browser))


def test_a_press_plays_and_rings_on_both_maps(page: Page, server: Server) -> None:
    show(page, server)
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
    page: Page, server: Server, small: Collection
) -> None:
    show(page, server)
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


def test_all_of_it_by_keyboard(page: Page, server: Server, small: Collection) -> None:
    show(page, server)
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


def test_colours_and_classes_are_in_the_address(page: Page, server: Server) -> None:
    show(page, server)
    page.get_by_text("Choose classes").click()
    page.get_by_label("Show classes with").fill("h")
    expect(page.locator("#classes label:visible")).to_have_count(4)  # all but Beep
    page.get_by_label("Hum").check()
    page.get_by_label("Hiss").check()
    page.locator("#legend button", has_text="other clips").click()
    state = "colour=class&class=Hum&class=Hiss&hide=rest"
    expect(page).to_have_url(f"{server.url}/browse/small/map?{BOTH}&{state}")
    before = drawn(page, "#map-1-figure")
    assert set(before) == {f"{kind}-{take}" for kind in ("hum", "hiss") for take in range(6)}
    assert {one["colour"] for one in before.values()} == set(PALETTE[:2])
    page.reload()
    ready(page)
    assert drawn(page, "#map-1-figure") == before
    page.locator("#map-2").select_option("")
    page.get_by_role("button", name="Show", exact=True).click()
    ready(page)
    expect(page).to_have_url(f"{server.url}/browse/small/map?map=good.pca&{state}")
    assert page.locator("figure").count() == 1


def test_grey_points_are_seen(page: Page, server: Server) -> None:
    """WebGL draws nothing of an open symbol that has no line, and says nothing."""
    show(page, server, "map=good.pca&colour=class&class=Hum")
    plot = page.locator("#map-1-figure .figure-plot")
    plot.scroll_into_view_if_needed()
    with_grey = plot.screenshot()
    page.locator("#legend button", has_text="other clips").click()
    wait_until(page, f"({DRAWN})(['#map-1-figure']).length === 6")
    assert plot.screenshot() != with_grey


def test_the_chosen_clips_stay_when_another_map_is_shown(page: Page, server: Server) -> None:
    show(page, server, "map=good.pca")
    page.locator("#find").fill("beep")
    page.keyboard.press("Enter")
    expect(page.locator("#list [data-item]")).to_have_count(6)
    page.locator("#map-1").select_option("random.tsne")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("figure h2")).to_contain_text("Random")
    ready(page)
    assert chosen(page, "#map-1-figure") == {f"beep-{take}" for take in range(6)}
    expect(page.locator("#selection-said")).to_have_text("6 clips are chosen")


def test_a_long_list_comes_in_pages(page: Page, server: Server) -> None:
    def few(route: Any) -> None:
        answer = route.fetch()
        body = answer.text().replace('data-listed="50"', 'data-listed="4"')
        route.fulfill(response=answer, body=body)

    page.route(re.compile("/browse/small/map\\?"), few)
    show(page, server)
    page.locator("#find").fill("machine")
    page.keyboard.press("Enter")
    expect(page.locator("#page-words")).to_have_text("1–4 of 12")
    expect(page.locator("#list [data-item]")).to_have_count(4)
    first = listed(page)
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator("#page-words")).to_have_text("5–8 of 12")
    expect(page.locator("#list [data-item]").first).to_be_focused()
    page.locator("#list .play").first.click()
    playing_past(page, 0.02)
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator("#page-words")).to_have_text("9–12 of 12")
    wait_until(page, "document.querySelector('audio').paused")  # its player is gone
    page.get_by_role("button", name="Before").click()
    page.get_by_role("button", name="Before").click()
    expect(page.locator("#page-words")).to_have_text("1–4 of 12")
    expect(page.locator("#list .clip-id").first).to_have_text(first[0])
    assert listed(page) == first


def test_saved_pictures_say_what_is_simulated(page: Page, server: Server) -> None:
    show(page, server)
    with page.expect_download() as saved:
        page.locator("#map-2-figure [data-save=svg]").click()
    assert saved.value.suggested_filename == "map-small-random-tsne.svg"
    text = Path(saved.value.path()).read_text()
    assert "Random ranking · t-SNE" in text
    assert ">simulated<" in text
    assert "these vectors know nothing of the sounds" in text.replace("</tspan>", " ")
    assert text.count('class="point"') == 18
    assert "Nature" in text
    with page.expect_download() as saved:
        page.locator("#map-1-figure [data-save=png]").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("broken", ["no WebGL", "another Plotly"])
def test_without_webgl_points_are_drawn_one_by_one(
    browser: Any, server: Server, broken: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    if broken == "no WebGL":
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    else:
        empty = {"content_type": "text/javascript", "body": "export const compiled = [];"}
        page.route("**/webgl-compiled.js", lambda route: route.fulfill(**empty))
    show(page, server)
    expect(page.locator("#no-webgl")).to_be_visible()
    expect(page.locator("#map-1-figure path.point")).to_have_count(18)
    press(page, on_screen(page, "#map-1-figure")["hum-4"])
    expect(page.locator("#clip .clip-id")).to_have_text(re.compile("hum-"))
    context.close()


@looks("width", (1280, 360))
def test_no_barrier_at_any_width(browser: Any, server: Server, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=scheme,
        bypass_csp=True, reduced_motion="reduce",  # axe is a script of our own making
    )  # fmt: skip
    page = context.new_page()
    watch(page)
    show(page, server)
    page.get_by_text("Choose classes").click()
    page.locator("#find").fill("weather")
    page.keyboard.press("Enter")
    expect(page.locator("#list [data-item]")).to_have_count(6)
    page.locator("#list .play").first.click()
    points = on_screen(page, "#map-1-figure")
    press(page, points["hum-1"])
    expect(page.locator("#clip")).to_be_visible()
    page.set_viewport_size({"width": width, "height": 780})
    told(page, lambda: sideways(page) <= 0, "the page scrolls sideways")
    assert violations(page) == ""
    assert page.problems == []
    context.close()
