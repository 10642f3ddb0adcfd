"""A rater's whole way in other languages, by keyboard alone; and what right to left turns round."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from embeddings.systems.store import Ranking
from evaluation.protocol.languages import LANGUAGES
from tests.support.browser.barriers import looked_at, violations
from tests.support.browser.tab import (
    Page,
    expect,
    playing_past,
    sideways,
    state,
    tab_to,
    wait_until,
)
from tests.support.server import Server
from tests.support.studies.full_study import FULL
from tests.support.studies.headphone_test import right_answers, right_count, shorten, time_goes_by
from tests.support.studies.rater import PROTOCOL
from tests.support.studies.spoken import CODES, english, spoken
from webapp.core.languages.translating import in_language

pytestmark = pytest.mark.browser

READY = "How similar is this sound to the sound above?"
"""Has a translation, as a title of one's own has not."""
SAID = """() => {
    const silent = "script, noscript, code, .code, body [lang]";
    const shown = [...document.querySelectorAll("body *")].filter((one) => !one.closest(silent));
    const words = shown.flatMap((one) => [...one.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data.trim()));
    return [...words, ...shown.map((one) => one.getAttribute("aria-label") ?? "")].filter(Boolean);
}"""
"""What a page says by now, its scripts included."""


@pytest.fixture
def server(
    data: Path, ranked: list[Ranking], tmp_path: Path, kind_of_server: type[Server]
) -> Iterator[Server]:
    """The app with an open study in all languages of `spoken`."""
    running = kind_of_server(data)
    text = spoken(FULL).replace("level = true", "level = true\nheadphones = true")
    (tmp_path / "way.toml").write_text(text.replace("most = 2", "most = 9"), encoding="utf-8")
    running.flask("studies", "create", str(tmp_path / "way.toml"))
    running.flask("studies", "languages", "way", "--confirm")
    running.flask("studies", "open", "way")
    yield running
    running.stop()


class Way:
    """A rater's page in a language, and what was said on the way."""

    def __init__(self, page: Page, server: Server, code: str) -> None:
        self.page, self.server, self.code = page, server, code
        self.said: list[str] = []

    def words(self, text: str) -> str:
        """Return a text of the catalogue."""
        return in_language(self.code, text)

    def see(self, title: str) -> None:
        """Look at the page of that title: all that it says is in the language."""
        expect(self.page.locator("h1")).to_have_text(self.words(title))
        self.hear()

    def hear(self) -> None:
        """Look at the page as it is now."""
        self.said += self.page.evaluate(SAID)
        assert sideways(self.page) <= 0

    def go(self, selector: str, key: str = "Enter") -> None:
        """Go to something by Tab, and press a key there."""
        tab_to(self.page, selector)
        self.page.keyboard.press(key)

    def pass_checks(self) -> None:
        """Consent, answer, set the volume, and pass the headphone test."""
        page = self.page
        page.goto(f"{self.server.url}/join/way?PROLIFIC_PID={self.code}")
        self.see("Before you begin")
        self.go('button[value="yes"]')
        self.see("A few questions about you")
        self.go("main form .btn")
        expect(page.locator(".answer-error")).to_have_text(self.words("This must be answered."))
        self.hear()
        page.keyboard.press("Shift+Tab")
        tab_to(page, "#q-age")
        page.keyboard.type("40")
        page.keyboard.press("Enter")
        self.see("Set your volume")
        shorten(self.server.app)
        self.go(".play")
        playing_past(page, 0.02)
        self.go(".beeps .play")
        expect(page.locator("#must-play")).to_be_empty()
        tab_to(page, "#beeps")
        page.keyboard.type(str(right_count(self.server.app, page.url)))
        page.keyboard.press("Enter")
        self.see("Are you wearing headphones?")
        shorten(self.server.app)
        time_goes_by(self.server.app, page.url)
        for number, place in enumerate(right_answers(self.server.app, page.url), 1):
            self.go(f"[aria-labelledby='trial-name-{number}'] .play")
            playing_past(page, 0.02)
            wait_until(page, "document.querySelector('audio').ended")
            self.go(f'[name="trial-{number}"]', " ")
            for _ in range(place - 1):
                page.keyboard.press("ArrowDown")
        self.go(".must-play .btn")
        expect(page.locator("#query")).to_be_visible()

    def judge(self) -> None:
        """Grade what is on the page, by digits and arrows, and go on."""
        page, saved = self.page, self.words("saved ✓")
        expect(page.locator("audio")).to_have_count(1)
        if page.locator(".candidate:not([data-graded])").count():
            self.go("#next .btn")
            expect(page.locator("#banner")).to_be_visible()
            self.hear()
        page.locator("#query").focus()
        for number in range(page.locator(".candidate").count()):
            page.keyboard.press("ArrowDown")
            expect(page.locator(".candidate").nth(number)).to_be_focused()
            page.keyboard.press("2")
            page.keyboard.press("ArrowLeft")
            expect(state(page, number)).to_have_text(saved)
        # from 40 towards the left: down where lines begin there, else up
        value = page.locator(".exact-value").first
        expect(value).to_have_text("45" if self.code == "ar" else "35")
        self.hear()
        tab_to(page, "#next .btn")
        with page.expect_navigation():
            page.keyboard.press("Enter")


@pytest.mark.long
@pytest.mark.parametrize("code", CODES)
def test_the_whole_way_by_keyboard_alone(browser, server: Server, code: str) -> None:
    context = browser.new_context(locale=code, viewport={"width": 1280, "height": 800})
    way = Way(context.new_page(), server, code)
    page = way.page
    way.pass_checks()
    for _ in range(40):
        page.wait_for_load_state()
        if not page.locator("#query").count():
            break
        way.judge()
    way.see("A few last questions")
    way.go('[name="q-device"]', " ")
    way.go("main form .btn")
    way.see("Thank you")
    expect(page.locator("#code")).to_have_text("DONE42")
    assert english(way.said, code) == []
    context.close()


IN_ALL = """
[[texts]]
language = "{code}"
consent = "OK"
[[texts.questions]]
id = "age"
text = "42?"
"""
ASKING = """
consent = "OK"
[[questionnaire.before]]
id = "age"
text = "42?"
required = true
[scale]
facets = ["semantic", "acoustic"]
[joining]
open = true
completion_code = "DONE"
redirect = "https://example.org/?cc={code}"
"""


@pytest.fixture
def in_all(
    data: Path, ranked: list[Ranking], tmp_path: Path, kind_of_server: type[Server]
) -> Iterator[tuple[Server, str]]:
    """The app with an open study in all languages, and a rater's link."""
    server = kind_of_server(data)
    top, _, rest = PROTOCOL.replace('"Which one is it?"', f'"{READY}"').partition("[queries]")
    asking, texts = ASKING.split("\n[", 1)
    texts = f"[{texts}" + "".join(IN_ALL.format(code=one) for one in LANGUAGES if one != "en")
    whole = f"languages = {json.dumps([*LANGUAGES])}\n{top}{asking}\n[queries]{rest}\n{texts}"
    (tmp_path / "way.toml").write_text(whole, encoding="utf-8")
    for command in (("create", str(tmp_path / "way.toml")), ("languages", "way", "--confirm"),
                    ("open", "way")):  # fmt: skip
        server.flask("studies", *command)
    yield server, server.flask("studies", "invite", "way", "--base", server.url).split()[-1]
    server.stop()


def look(page: Page, address: str, code: str, width: int, scheme: str) -> None:
    """Look at a page in a language, a width and a theme: nobody is kept out, nothing is cut off."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    chosen = {"name": "sounding_board_language", "value": code, "url": address}
    page.context.add_cookies([chosen])  # by the menu no page chooses that leads nowhere
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", code)
    where = f"{address} {code} {width} {scheme}"
    assert violations(page) == "", where
    assert sideways(page) <= 0, where


def stages(page: Page, server: Server, link: str) -> Iterator[str]:
    """Yield the address of each of a rater's pages, once the rater is there."""
    yield f"{server.url}/join/way?PROLIFIC_PID=x"
    yield f"{server.url}/rate/way/nobody"
    yield f"{link}/nothing"
    yield link  # consent
    page.goto(f"{link}?language=en")
    with page.expect_navigation():
        page.get_by_role("button", name="I agree", exact=True).click()
    yield link  # questions
    page.goto(f"{link}?language=en")
    page.locator("#q-age").fill("42")
    with page.expect_navigation():
        page.locator("main form button").last.click()
    expect(page.locator("#q-age")).to_have_count(0)
    yield link  # judging: the practice
    yield f"{link}/withdraw"
    server.flask("studies", "close", "way")
    yield link  # the end


@pytest.mark.long
def test_every_page_is_clean_in_every_language(browser, in_all: tuple[Server, str]) -> None:
    """In light and in dark, as wide as a phone that is enlarged and as a desktop."""
    server, link = in_all
    context = looked_at(browser, 320, "light")
    page = context.new_page()
    for address in stages(page, server, link):
        for look_at in product(LANGUAGES, (320, 1280), ("light", "dark")):
            look(page, address, *look_at)
    context.close()


def test_pages_are_clean_right_to_left_and_in_wide_letters(
    browser, in_all: tuple[Server, str]
) -> None:
    """One page in each of two languages; the test above has all of them."""
    server, link = in_all
    context = looked_at(browser, 320, "light")
    page = context.new_page()
    walk = stages(page, server, link)
    addresses = [next(walk) for _ in range(6)]
    look(page, addresses[5], "ar", 320, "light")
    page.locator(".languages summary").click()
    menu, brand = page.locator(".languages").bounding_box(), page.locator(".brand").bounding_box()
    assert menu["x"] < brand["x"] + brand["width"] / 2
    assert violations(page) == ""
    look(page, addresses[0], "ja", 1280, "dark")
    context.close()
