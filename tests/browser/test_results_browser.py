"""The results of the demo's study in a real browser: answered, drawn, heard, by everybody."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser.barriers import looked_at, looks, unfold, violations
from tests.support.browser.drawn import draw_all
from tests.support.browser.tab import Page, expect, playing_past, sideways, sign_in, told
from tests.support.server import Server

pytestmark = pytest.mark.browser

ADDRESS = "/studies/demo-results/results"
PAGES = ("", "/systems", "/differences", "/agreement", "/labels", "/facets", "/groups", "/raters",
         "/rated", "/method")  # fmt: skip
SCREEN = {"width": 1280, "height": 800}
QUESTIONS = {
    "": ("In short:", "is told apart|are told apart"),
    "/agreement": ("Do the raters agree?", "Krippendorff's alpha is 0."),
    "/labels": ("Where do ears and labels differ most?", "most strongly of .* for the query"),
    "/raters": ("Who failed the screening?", r"[1-8] of 8 raters .* Failed: "),
    "/rated": ("What is missing?", "Missing are|Nothing: "),
}
"""Where each of the questions that readers come with is answered, and in which words."""


@pytest.fixture(scope="module")
def server(
    first_start: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The demo, served from a copy."""
    data = shutil.copytree(first_start[0], tmp_path_factory.mktemp("results") / "data")
    running = Server(data)
    yield running
    running.stop()


def bottom(page: Page, selector: str) -> float:
    """Return how far below the top of the page the first of some elements ends."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"] + box["height"]


def test_the_first_page_is_one_screen_and_each_question_is_answered_on_the_first_one(
    page: Page, server: Server
) -> None:
    page.set_viewport_size(SCREEN)
    sign_in(page, server)
    for path, (question, words) in QUESTIONS.items():
        page.goto(server.url + ADDRESS + path)
        answer = page.locator(".in-short")
        expect(answer).to_contain_text(question)
        expect(answer).to_have_text(re.compile(words))
        assert bottom(page, ".in-short") <= 800, path
    page.goto(server.url + ADDRESS)
    draw_all(page)
    assert page.locator("figure:visible, table:visible").count() == 2
    assert bottom(page, "#figure-glance") <= 800
    assert bottom(page, ".panel:has(#table-glance)") <= 800


@pytest.mark.parametrize("study", ["demo", "demo-results"])
def test_no_page_is_longer_than_three_screens(page: Page, server: Server, study: str) -> None:
    page.set_viewport_size(SCREEN)
    sign_in(page, server)
    page.goto(f"{server.url}/studies/{study}/results")
    ways = page.locator(".chapters a").evaluate_all("all => all.map((one) => one.href)")
    assert len(ways) == len(PAGES) - (study == "demo")  # one thing was asked there
    for way in ways:
        page.goto(way)
        draw_all(page)
        assert page.evaluate("document.documentElement.scrollHeight") < 2400, way


def test_figures_are_drawn_when_they_come_into_view_and_marked(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}{ADDRESS}/agreement")
    figures = page.locator("figure[data-figure]")
    draw_all(page)
    assert figures.count() >= 4
    assert page.locator("figure[data-drawn]").count() == 1
    assert page.locator("figure .provenance-simulated").count() == figures.count()
    page.locator("details.folded > summary").first.click()
    expect(page.locator("figure[data-drawn]")).to_have_count(2)


def test_a_page_is_used_before_its_figure_can_be_drawn(page: Page, server: Server) -> None:
    sign_in(page, server)
    held: list[Any] = []
    page.route("**/plotly/*.js", lambda route: held.append(route))
    page.goto(server.url + ADDRESS, wait_until="domcontentloaded")  # what is held may hold "load"
    told(page, lambda: held, "the page asks for no plotting script")
    table = page.locator("#table-glance")
    table.get_by_role("button", name="System").click()
    expect(table.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    page.locator(".term").first.hover()
    expect(page.locator(".term-meaning:popover-open")).to_have_count(1)
    assert page.locator("figure[data-drawn]").count() == 0
    held[0].continue_()
    draw_all(page)


def test_a_disagreement_is_listened_to(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}{ADDRESS}/labels")
    unfold(page)
    row = page.locator("#table-disagreements tbody tr:not(.group)").first
    players = row.locator("sound-player")
    expect(players).to_have_count(2)  # the result, and the query
    for place in range(2):  # one sound at a time
        players.nth(place).locator(".play").click()
        playing_past(page, 0.05)
        assert page.locator("sound-player.playing").count() <= 1
    with page.context.expect_page() as opened:
        row.locator("a.clip-id").first.click()
    expect(opened.value.locator(".system")).to_have_count(16)


def test_tables_sort_and_pages_and_facets_switch_by_keyboard(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(server.url + ADDRESS)
    table = page.locator("#table-glance")
    first = table.locator("tbody th").nth(1)
    best = first.inner_text()
    button = table.locator("thead").get_by_role("button", name="Mean grade")
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(table.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    assert first.inner_text() != best
    link = page.get_by_role("link", name="Agreement", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/results/agreement")
    link = page.get_by_role("link", name="acoustic", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/results/agreement?facet=acoustic")
    expect(page.get_by_role("link", name="acoustic", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    page.go_back()
    page.go_back()
    expect(page).to_have_url(server.url + ADDRESS)


def test_words_say_what_they_mean(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}{ADDRESS}/agreement")
    word = page.get_by_role("button", name="Krippendorff's alpha", exact=True).first
    meaning = page.locator("#term-alpha")
    expect(meaning).to_be_hidden()
    word.hover()
    expect(meaning).to_be_visible()
    meaning.hover()  # it stays while it is read
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    word.focus()
    expect(meaning).to_contain_text("how far raters agree beyond chance")
    expect(word).to_have_accessible_description(re.compile("agree beyond chance"))
    word.blur()
    expect(meaning).to_be_hidden()
    page.goto(f"{server.url}{ADDRESS}/raters")
    heading = page.get_by_role("button", name="AUC")
    heading.focus()
    expect(page.locator(".term-meaning:popover-open")).to_contain_text("above a distractor")


def test_on_a_phone_the_first_figure_is_whole(browser: Any, server: Server) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    tab = context.new_page()
    sign_in(tab, server)
    tab.goto(server.url + ADDRESS)
    draw_all(tab)
    box = tab.locator("#figure-glance .scroll")
    assert box.evaluate("one => one.scrollWidth <= one.clientWidth")
    shown = tab.locator("#figure-glance .annotation-text")
    names = [" ".join(one.split()) for one in shown.all_text_contents()]
    rows = tab.locator("#table-glance tbody th[scope=row]").all_text_contents()
    assert len(names) == len(rows)
    assert not any("…" in one for one in names)
    for one in shown.all():
        place = one.bounding_box()
        assert 0 <= place["x"] <= place["x"] + place["width"] <= 360
    context.close()


def test_without_javascript_every_page_is_there(browser: Any, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    sign_in(tab, server)
    tab.goto(server.url + ADDRESS)
    for name in ("Systems", "Differences"):
        tab.get_by_role("link", name=name, exact=True).click()
        expect(tab.locator(".chapters [aria-current]")).to_have_text(name)
    tab.locator("details.folded > summary").first.click()
    expect(tab.locator("details.folded[open]")).to_have_count(1)
    tab.locator(".term").first.click()
    expect(tab.locator(".term-meaning:popover-open")).to_have_count(1)
    context.close()


@looks("width", (1280, 360))
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Any, server: Server, width: int, scheme: str
) -> None:
    context = looked_at(browser, width, scheme)
    tab = context.new_page()
    sign_in(tab, server)
    for path in PAGES if width == 1280 else PAGES[:1]:
        tab.goto(server.url + ADDRESS + path)
        assert sideways(tab) <= 0, path
        unfold(tab)
        assert violations(tab) == "", path
    context.close()


def test_the_report_in_one_file_needs_no_server(
    browser: Any, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    server.flask("studies", "report", "demo-results", "-o", str(path))
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    draw_all(tab)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert tab.locator("h2").all_inner_texts()[:2] == ["In short", "Mean grade of each system"]
    expect(tab.locator(".in-short")).to_have_count(1 + len(QUESTIONS))  # and which systems differ
    unfold(tab)
    assert violations(tab) == ""
    context.close()
