"""What axe-core finds wrong on a page."""

import pytest

from tests.support.tab import Page

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright",
    reason="axe-playwright-python is not installed (requirements-test.txt)",
)


def violations(page: Page) -> str:
    """Return what axe-core finds on the page, "" for nothing."""
    page.wait_for_load_state()  # with its style sheets: a click does not wait for the next page's
    found = axe.Axe().run(page)
    return found.generate_report() if found.violations_count else ""


def unfolded_violations(tab: Page) -> list[str]:
    """Return what axe-core finds wrong on a page, everything folded away unfolded."""
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe.Axe().run(tab).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]
