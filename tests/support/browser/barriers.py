"""What axe-core finds wrong on a page, and the looks of a page that it is asked about."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest

from tests.support.browser.tab import Page

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright",
    reason="axe-playwright-python is not installed (requirements-test.txt)",
)

# A figure is one picture with a name: what Plotly draws in it is nobody's to walk through.
_LOOKED_AT = {"exclude": [[".figure-plot > *"]]}


def looks(name: str, values: Iterable[Any]) -> pytest.MarkDecorator:
    """Run a test with each of the values, and with each `scheme`, "light" and "dark".

    axe-core takes seconds for a page, and no rule depends on a theme and on another value at once:
    each value is looked at in one theme, in turn, and in the other one by `make test-long`.
    """
    pairs = product(enumerate(values), enumerate(("light", "dark")))
    params = [
        pytest.param(value, scheme, marks=() if number % 2 == theme else pytest.mark.long)
        for (number, value), (theme, scheme) in pairs
    ]
    return pytest.mark.parametrize((name, "scheme"), params)


def looked_at(browser: Any, width: int, scheme: str) -> Any:
    """Return a browser's profile in which axe-core looks at pages.

    It is put into the page, which the pages' own policy rightly forbids. Nothing moves: colours on
    their way to others have no contrast to measure.
    """
    return browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
        reduced_motion="reduce",
    )


def violations(page: Page) -> str:
    """Return what axe-core finds on the page, "" for nothing."""
    page.wait_for_load_state()  # with its style sheets: a click does not wait for the next page's
    found = axe.Axe().run(page, context=_LOOKED_AT)
    return found.generate_report() if found.violations_count else ""


def unfold(page: Page) -> None:
    """Unfold everything that is folded away."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
