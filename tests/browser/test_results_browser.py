"""The results of the demo's study in a real browser: drawn, heard, switched, by everybody."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser.barriers import looked_at, looks, unfold, violations
from tests.support.browser.tab import Page, expect, playing_past, sideways, sign_in
from tests.support.server import Server

pytestmark = pytest.mark.browser

ADDRESS = "/studies/demo-results/results"


@pytest.fixture(scope="module")
def server(
    first_start: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The demo, served from a copy."""
    data = shutil.copytree(first_start[0], tmp_path_factory.mktemp("results") / "data")
    running = Server(data)
    yield running
    running.stop()


def drawn(page: Page) -> None:
    """Wait until all figures are drawn."""
    expect(page.locator("figure[data-figure]:not([data-drawn])")).to_have_count(0)


def test_every_figure_is_drawn_and_a_disagreement_is_one_click_from_listening(
    page: Page, server: Server
) -> None:
    sign_in(page, server)
    page.goto(server.url + ADDRESS)
    drawn(page)
    assert page.locator("figure[data-figure]").count() >= 15
    assert page.locator("figure .provenance-simulated").count() == page.locator(
        "figure[data-figure]"
    ).count()  # fmt: skip
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


def test_tables_sort_and_facets_switch_by_keyboard(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(server.url + ADDRESS)
    drawn(page)
    table = page.locator("#table-mean-grades")
    first = table.locator("tbody th").nth(1)
    best = first.inner_text()
    button = table.get_by_role("button", name="Mean grade All raters")
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(table.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    assert first.inner_text() != best
    link = page.get_by_role("link", name="acoustic", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**facet=acoustic")
    expect(page.get_by_role("link", name="acoustic", exact=True)).to_have_attribute(
        "aria-current", "true"
    )


@looks("width", (1280, 360))
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Any, server: Server, width: int, scheme: str
) -> None:
    context = looked_at(browser, width, scheme)
    tab = context.new_page()
    sign_in(tab, server)
    tab.goto(server.url + ADDRESS)
    drawn(tab)
    assert sideways(tab) <= 0
    unfold(tab)
    assert violations(tab) == ""
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
    drawn(tab)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert tab.locator("h2").all_inner_texts()[0] == "What was rated"
    unfold(tab)
    assert violations(tab) == ""
    context.close()
