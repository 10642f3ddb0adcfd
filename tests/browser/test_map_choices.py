"""The page of maps in a real browser: its address, its lists, saved pictures, no WebGL."""

import re
from pathlib import Path
from typing import Any

import pytest

from evaluation.figures.figure import PALETTE
from tests.support.browser.barriers import looked_at, looks, violations
from tests.support.browser.map_points import (
    BOTH,
    DRAWN,
    chosen,
    drawn,
    listed,
    on_screen,
    press,
    ready,
    show,
)
from tests.support.browser.tab import (
    Page,
    expect,
    playing_past,
    sideways,
    told,
    wait_until,
)
from tests.support.browser.watching import watch
from tests.support.server import Server
from webapp.core.figure_pages import POLICY

pytestmark = pytest.mark.browser


def test_colours_and_classes_are_in_the_address(page: Page, mapped: Server) -> None:
    show(page, mapped)
    page.get_by_text("Choose classes").click()
    page.get_by_label("Show classes with").fill("h")
    expect(page.locator("#classes label:visible")).to_have_count(4)  # all but Beep
    page.get_by_label("Hum").check()
    page.get_by_label("Hiss").check()
    page.locator("#legend button", has_text="other clips").click()
    state = "colour=class&class=Hum&class=Hiss&hide=rest"
    expect(page).to_have_url(f"{mapped.url}/browse/small/map?{BOTH}&{state}")
    before = drawn(page, "#map-1-figure")
    assert set(before) == {f"{kind}-{take}" for kind in ("hum", "hiss") for take in range(6)}
    assert {one["colour"] for one in before.values()} == set(PALETTE[:2])
    page.reload()
    ready(page)
    assert drawn(page, "#map-1-figure") == before
    page.locator("#map-2").select_option("")
    page.get_by_role("button", name="Show", exact=True).click()
    ready(page)
    expect(page).to_have_url(f"{mapped.url}/browse/small/map?map=good.pca&{state}")
    assert page.locator("figure").count() == 1


def test_grey_points_are_seen(page: Page, mapped: Server) -> None:
    """WebGL draws nothing of an open symbol that has no line, and says nothing."""
    show(page, mapped, "map=good.pca&colour=class&class=Hum")
    plot = page.locator("#map-1-figure .figure-plot")
    plot.scroll_into_view_if_needed()
    with_grey = plot.screenshot()
    page.locator("#legend button", has_text="other clips").click()
    wait_until(page, f"({DRAWN})(['#map-1-figure']).length === 6")
    assert plot.screenshot() != with_grey


def test_the_chosen_clips_stay_when_another_map_is_shown(page: Page, mapped: Server) -> None:
    show(page, mapped, "map=good.pca")
    page.locator("#find").fill("beep")
    page.keyboard.press("Enter")
    expect(page.locator("#list [data-item]")).to_have_count(6)
    page.locator("#map-1").select_option("random.tsne")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("figure h2")).to_contain_text("Random")
    ready(page)
    assert chosen(page, "#map-1-figure") == {f"beep-{take}" for take in range(6)}
    expect(page.locator("#selection-said")).to_have_text("6 clips are chosen")


def test_a_long_list_comes_in_pages(page: Page, mapped: Server) -> None:
    def few(route: Any) -> None:
        answer = route.fetch()
        body = answer.text().replace('data-listed="50"', 'data-listed="4"')
        route.fulfill(response=answer, body=body)

    page.route(re.compile("/browse/small/map\\?"), few)
    show(page, mapped)
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


def test_saved_pictures_say_what_is_simulated(page: Page, mapped: Server) -> None:
    show(page, mapped)
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


def without_eval(route: Any) -> None:
    """Answer under a policy in which the browser has WebGL, and Plotly cannot draw by it."""
    answer = route.fetch()
    route.fulfill(response=answer, headers=answer.headers | {"content-security-policy": POLICY})


@pytest.mark.parametrize("broken", ["no WebGL", "no eval"])
def test_without_webgl_points_are_drawn_one_by_one(
    browser: Any, mapped: Server, broken: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    if broken == "no WebGL":
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    else:
        page.route(re.compile("/browse/small/map\\?"), without_eval)
    show(page, mapped)
    expect(page.locator("#no-webgl")).to_be_visible()
    expect(page.locator("#map-1-figure path.point")).to_have_count(18)
    press(page, on_screen(page, "#map-1-figure")["hum-4"])
    expect(page.locator("#clip .clip-id")).to_have_text(re.compile("hum-"))
    context.close()


@looks("width", (1280, 360))
def test_no_barrier_at_any_width(browser: Any, mapped: Server, width: int, scheme: str) -> None:
    context = looked_at(browser, 1280, scheme)
    page = context.new_page()
    watch(page)
    show(page, mapped)
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
