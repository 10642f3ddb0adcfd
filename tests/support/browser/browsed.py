"""What tests do on the browse page, and what it shows."""

from typing import Any

from tests.support.browser.tab import Page, sign_in, wait_until, whole
from tests.support.server import Server


def opened(page: Page, tool: str) -> None:
    """Open a part of the toolbar."""
    page.locator(".tool > summary", has_text=tool).click()


def columns(page: Page) -> list[str]:
    """Return the systems of the columns, from the left."""
    return whole(page, ".system").evaluate_all("list => list.map(one => one.dataset.system)")


def what_is_shown(page: Page) -> dict[str, Any]:
    """Return everything on the page that its address should bring back."""
    wait_until(page, "!!document.querySelector('sound-player .play')")
    return {
        "query": page.locator("#query-title .clip-id").inner_text(),
        "columns": columns(page),
        "heads": page.locator(".system-facts, .system-more").all_text_contents(),
        "results": page.locator(".result .clip-id").all_inner_texts(),
        "marks": page.locator(".result-head").all_inner_texts(),
        "labels": page.locator(".result .labels").all_inner_texts(),
        "fields": page.locator("select").evaluate_all(
            "list => list.map(one => [one.name, one.value, one.options.length])"
        ),
        "checked": page.locator("input:checked").evaluate_all(
            "list => list.map(one => one.name + one.value)"
        ),
        "links": page.locator("main a").evaluate_all(
            """list => list.map((one) => {
                const url = new URL(one.href);
                return [url.pathname, ...[...url.searchParams].map(String).sort()];
            })"""
        ),
        "tabs": page.locator("#tabs a").evaluate_all(
            "list => list.map(one => [one.textContent, one.ariaSelected])"
        ),
        "walk": page.locator(".walk").text_content(),
    }


def reopened(browser: Any, server: Server, page: Page) -> dict[str, Any]:
    """Return what the page's address shows in a browser that has never been here."""
    context = browser.new_context(viewport=page.viewport_size)
    other = context.new_page()
    sign_in(other, server)
    other.goto(page.url)
    seen = what_is_shown(other)
    context.close()
    return seen
