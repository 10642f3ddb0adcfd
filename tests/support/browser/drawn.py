"""Figures of a page: they are drawn when they come into view."""

from tests.support.browser.tab import Page, expect


def draw_all(page: Page) -> None:
    """Bring each figure that is not folded away into view, and wait until it is drawn."""
    for one in page.locator("figure[data-figure]:visible").all():
        one.scroll_into_view_if_needed()
        expect(one).to_have_attribute("data-drawn", "yes")
    page.evaluate("scrollTo(0, 0)")
