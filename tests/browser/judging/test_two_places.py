"""One rater in two tabs and on two devices, and a cut: each is told, and all is saved soon."""

import pytest

from tests.support.browser.tab import Page, expect, press, state, wait_until
from tests.support.server import Server

pytestmark = pytest.mark.browser

RETURN = 3000  # milliseconds, within which what waits is stored


def test_tabs_and_devices_know_of_each_other_and_a_cut_ends_soon(
    browser, server: Server, rater_link: str
) -> None:
    context, other_device = browser.new_context(), browser.new_context()
    one, two = context.new_page(), context.new_page()

    def opened(page: Page) -> Page:
        page.goto(rater_link)
        wait_until(page, "!document.querySelector('.grade').disabled")
        return page

    told = opened(one).locator("#elsewhere")
    expect(told).to_contain_text("from another device or browser")  # where practice was done
    expect(opened(two).locator("#elsewhere")).to_contain_text("open in another tab or window, too")
    expect(told).to_contain_text("open in another tab or window, too")
    press(two, 0, 60)
    expect(state(two, 0)).to_have_text("saved ✓")
    expect(told).to_contain_text("The last grades were given there")
    expect(two.locator("#elsewhere")).to_contain_text("The last grades were given here")
    two.close()
    expect(told).to_be_hidden()

    third = opened(other_device.new_page())
    expect(third.locator("#elsewhere")).to_contain_text("from another device or browser")
    press(third, 0, 40)
    expect(state(third, 0)).to_have_text("saved ✓")
    expect(third.locator("#elsewhere")).to_be_hidden()
    one.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # somebody comes back
    expect(told).to_contain_text("from another device or browser")

    tries = []

    def cut(route) -> None:
        tries.append(route)
        route.abort()

    for by_hand, most in ((False, 5), (True, 2)):
        tries.clear()
        one.route("**/grades", cut)
        press(one, 1, 20 if by_hand else 80)
        while len(tries) < most:
            with one.expect_event("requestfailed"):
                pass
        expect(one.locator("#banner")).to_contain_text("Trying again")
        one.unroute("**/grades", cut)
        if by_hand:
            one.get_by_role("button", name="Save now").click()
        expect(state(one, 1)).to_have_text("saved ✓", timeout=RETURN)
        expect(one.locator("#banner")).to_be_hidden()
    context.close()
    other_device.close()
