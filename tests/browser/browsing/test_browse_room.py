"""The room of the browse page: what is in sight on screens of any width, and what opens over it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from embeddings.systems.store import Ranking
from tests.support.browser.browsed import columns, opened, reopened, what_is_shown
from tests.support.browser.tab import Page, expect, sideways, sign_in, wait_until
from tests.support.browser.watching import watch
from tests.support.server import Server

pytestmark = pytest.mark.browser

THREE = "&".join(f"system=system-{number}.l2.mcss" for number in ("01", "05", "02"))


@pytest.fixture
def server(data: Path, fourteen: list[Ranking]) -> Iterator[Server]:
    """The app with the small collection and fourteen systems."""
    running = Server(data)
    yield running
    running.stop()


def in_sight(page: Page) -> str:
    """Return the system whose column fills the width of the window."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".system")].find((one) => {
            const { left, right } = one.getBoundingClientRect();
            return left > -10 && right < innerWidth + 10;
        })?.dataset.system"""
    )


def test_on_narrow_screens_one_system_is_swiped_to_or_chosen(browser: Any, server: Server) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    page = context.new_page()
    watch(page)
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=hum-0&columns=all&seed=2")
    reached = page.locator(".system:not([inert])")
    expect(reached).to_have_count(1)
    tabs = page.get_by_role("tab")
    tabs.nth(0).focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(tabs.nth(5)).to_be_focused()
    expect(reached).to_have_count(1)
    shown = columns(page)[5]
    assert reached.get_attribute("data-system") == in_sight(page) == shown
    expect(reached.locator("h3 .provenance")).to_have_text("simulated")
    assert reopened(browser, server, page) == what_is_shown(page)
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**tab=**")
    wait_until(page, "!!document.querySelector('[inert]')")
    assert reached.get_attribute("data-system") == in_sight(page) == shown

    page.locator("#columns").evaluate("one => one.scrollBy({ left: -300, behavior: 'instant' })")
    before = columns(page)[4]
    expect(page.get_by_role("tab", selected=True)).to_have_attribute("data-system", before)
    assert reached.get_attribute("data-system") == in_sight(page) == before
    assert parse_qs(urlsplit(page.url).query)["tab"] == [before]
    page.locator(".query").focus()
    page.keyboard.press("j")
    expect(reached.locator(".result").first).to_be_focused()
    assert sideways(page) <= 0
    problems = page.problems
    context.close()
    assert problems == []


def test_on_narrow_screens_tabs_are_links_without_scripts(browser: Any, server: Server) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780}, java_script_enabled=False)
    page = context.new_page()
    page.goto(server.flask("signin-link", "--base", server.url).split()[-1])
    page.goto(f"{server.url}/browse/small?query=hum-0&{THREE}")
    third = page.locator(".system").nth(2)
    expect(third).not_to_be_in_viewport()
    page.get_by_role("tab").nth(2).click()
    expect(third).to_be_in_viewport()
    expect(page.locator(".system").nth(0)).not_to_be_in_viewport()
    context.close()


def test_results_begin_high_on_the_page_and_bars_are_of_their_numbers(
    page: Page, server: Server
) -> None:
    sign_in(page, server)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{server.url}/browse/small?query=hum-0&{THREE}")
    top = page.locator(".result").first.evaluate("one => one.getBoundingClientRect().top")
    assert top <= 420
    for column in page.locator(".system").all():
        expect(column.locator(".system-facts > div:visible")).to_have_count(2)
        expect(column.locator(".system-more")).to_be_hidden()
        expect(column.locator(".unit")).to_have_text("cosine: more is nearer")
        near = column.locator(".result").evaluate_all(
            """list => list.map((one) => [
                Number(one.querySelector(".similarity").textContent),
                one.querySelector(".near rect").getBoundingClientRect().width
                    / one.querySelector(".near").getBoundingClientRect().width,
            ])"""
        )
        values, bars = zip(*near, strict=True)
        assert bars[0] == pytest.approx(1, abs=0.01)
        assert list(bars) == sorted(bars, reverse=True)
        if min(values) >= 0:
            assert list(bars) == pytest.approx([one / values[0] for one in values], abs=0.02)


def test_what_opens_over_the_page_closes_by_keys_and_by_leaving(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=hum-0&{THREE}")
    query = page.locator(".tool > summary", has_text="Query")
    query.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Family")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Family")).to_be_hidden()
    expect(query).to_be_focused()
    opened(page, "Query")
    opened(page, "Listening")
    expect(page.get_by_label("Volume")).to_be_visible()
    expect(page.locator(".tool[open]")).to_have_count(1)
    page.locator(".result").first.focus()
    expect(page.locator(".tool[open]")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
