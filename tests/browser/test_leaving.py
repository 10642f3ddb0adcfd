"""A rater's page that is left while a grade is on its way, or that is not left after all."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser.served_study import grades, practised
from tests.support.browser.tab import Page, expect, press, state
from tests.support.server import Server
from tests.support.waiting import wait_for

pytestmark = pytest.mark.browser


def test_what_is_stored_while_the_page_is_left_is_on_the_next_one(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    link = practised(server, 1)[0]
    page.goto(link)
    press(page, 0, 40)
    expect(state(page, 0)).to_have_text("saved ✓")

    def made_before(route: Any) -> None:
        made = route.fetch()  # by a server that has not got the nudge yet, and is slow to send it
        wait_for(lambda: [grade for _, grade in grades(server)] == [40, 35])
        route.fulfill(response=made)

    page.route(link, made_before, times=1)
    page.keyboard.press("ArrowLeft")
    page.reload()
    expect(page.locator(".candidate .exact-value").first).to_have_text("35")
    expect(state(page, 0)).to_have_text("saved ✓")
    assert [grade for _, grade in grades(server)] == [40, 35]


def test_who_stays_after_all_sees_later_what_was_given_last(
    page: Page, start: Callable[..., Server]
) -> None:
    """A page that is not left forgets what it kept for the next one, before it could be shown."""
    server = start()
    page.clock.install()
    link = practised(server, 1)[0]
    page.goto(link)
    page.evaluate("() => window.dispatchEvent(new Event('beforeunload'))")  # and then: Stay
    press(page, 0, 40)
    expect(state(page, 0)).to_have_text("saved ✓")
    page.clock.run_for(31_000)
    press(page, 0, 80)
    expect(state(page, 0)).to_have_text("saved ✓")
    page.reload()
    expect(page.locator(".candidate .exact-value").first).to_have_text("80")
    page.clock.run_for(5_000)
    expect(page.locator(".candidate .exact-value").first).to_have_text("80")
    assert [grade for _, grade in grades(server)] == [40, 80]
