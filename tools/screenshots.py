"""Pictures of every page of the demo, at both widths and in both themes.

Run by hand (``make screenshots``); the pictures lie in ``docs/images/``. Those of the pages that
people meet first are kept in the repository (``.gitignore`` names them), the others are for looking
at.
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.support.places import ROOT
from tests.support.server import Server
from tests.support.studies.judged import judge
from webapp.study.lifecycle import find_study

IMAGES = ROOT / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
HEIGHT = {1280: 860, 360: 780}


def main() -> None:
    """Make the demo in a folder of its own, serve it and take the pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as folder:
        server = Server(Path(folder))
        try:
            server.flask("demo")
            with server.app.app_context():
                first, second, third = find_study("demo").raters
                judge(first, 100)
                judge(second, 40, blocks=2)
                judge(third, 100, blocks=0)  # through with practice
                rater = f"{server.url}/rate/demo/{third.token}"
            with sync_playwright() as driver:
                browser = driver.chromium.launch(
                    executable_path=shutil.which("chromium"), args=ARGUMENTS
                )
                for width in HEIGHT:
                    for scheme in ("light", "dark"):
                        take(browser, server, rater, width, scheme)
        finally:
            server.stop()


def take(browser: Browser, server: Server, rater: str, width: int, scheme: str) -> None:
    """Take the pictures of one width and theme."""
    size = {"width": width, "height": HEIGHT[width]}
    page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
    page.goto(server.flask("signin-link", "--base", server.url).strip())
    pages = {
        "home": server.url,
        "browse": f"{server.url}/browse/demo?class=Bark&query=bark-3",
        "browse-all": f"{server.url}/browse/demo?class=Bark&query=bark-3&columns=all",
        "browse-found": f"{server.url}/browse/demo?find=bark",
        "unknown": f"{server.url}/browse/demo?query=barking-3",
        "rate": rater,
        "map": f"{server.url}/browse/demo/map",
        "scores": f"{server.url}/scores/demo",
        "scores-families": f"{server.url}/scores/demo/families",
        "results": f"{server.url}/studies/demo-results/results",
        "results-labels": f"{server.url}/studies/demo-results/results/labels",
        "studies": f"{server.url}/studies",
        "study": f"{server.url}/studies/demo",
        "raters": f"{server.url}/studies/demo/raters",
        "new-study": f"{server.url}/studies/new",
        "log": f"{server.url}/log",
        "account": f"{server.url}/account",
    }
    for name, address in pages.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        if name == "rate":
            for number, key in enumerate("25"):
                page.locator(".candidate").nth(number).focus()
                page.keyboard.press(key)
        if name == "browse":
            page.locator(".system.shown .play").first.click()
            page.wait_for_timeout(700)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(300)  # the colours of buttons fade in
        page.screenshot(path=IMAGES / f"{name}-{width}-{scheme}.png")
    page.context.close()


if __name__ == "__main__":
    main()
