"""Everybody can take part: the whole way by keyboard alone, and no barrier that axe-core finds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embeddings.systems.store import Ranking
from tests.support.browser.barriers import looked_at, looks, violations
from tests.support.browser.colours import contrast
from tests.support.browser.tab import Page, count_beeps, expect, playing_past, sideways, wait_until
from tests.support.server import Server
from tests.support.studies.headphone_test import right_answers, right_count, shorten, time_goes_by

pytestmark = pytest.mark.browser

PROTOCOL = """
title = "Which one is it?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
method = "{method}"
depth = 2
consent = "I agree to **listen**."
[queries]
clips = ["hum-0"]
[listening]
must_listen = 0
headphones = true
[[questionnaire.before]]
id = "years"
text = "How many years have you worked with sound?"
kind = "number"
required = true
[[questionnaire.after]]
id = "device"
text = "What did you listen with?"
kind = "choice"
choices = ["headphones", "loudspeakers"]
[[questionnaire.after]]
id = "words"
text = "Anything else?"
[joining]
open = true
completion_code = "DONE"
"""
METHODS = {"graded": "", "preference": "", "rating": "", "facets": "facets"}


@pytest.fixture
def study(data: Path, ranked: list[Ranking], tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """Return a function that serves an open study of a method."""
    running: list[Server] = []

    def start(method: str) -> Server:
        text = PROTOCOL.format(method="graded" if method == "facets" else method)
        if method == "facets":
            text += '[scale]\nfacets = ["semantic", "acoustic"]\n'
        (tmp_path / "which.toml").write_text(text)
        running.append(Server(data))
        for command in (["create", str(tmp_path / "which.toml")], ["open", "which"]):
            running[0].flask("studies", *command)
        return running[0]

    yield start
    for server in running:
        server.stop()


def link(server: Server) -> str:
    """Invite a rater; return the link."""
    return server.flask("studies", "invite", "which", "--base", server.url).split()[-1]


def submit(page: Page, name: str) -> None:
    """Press a button that leads to another page."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


@looks("method", METHODS)
def test_no_barrier_on_any_page(browser, study, method: str, scheme: str) -> None:
    server = study(method)
    # axe is a script of our own making for the page, which its policy rightly forbids
    context = looked_at(browser, 400, scheme)
    page = context.new_page()
    address = link(server)
    found: dict[str, str] = {}

    def look(name: str) -> None:
        found[name] = violations(page)
        assert sideways(page) <= 0, name

    for name in ("joining", "another browser"):
        context.clear_cookies()
        page.goto(f"{server.url}/join/which?PROLIFIC_PID=somebody")
        look(name)
        if name == "joining":
            submit(page, "I agree")
            page.get_by_text("Continue on another device").click()
            look("the code")
    page.get_by_label("Your code").fill("0000-0000-0000")
    submit(page, "Go on")
    look("a wrong code")
    page.goto(address)
    look("consent")
    submit(page, "I agree")
    look("questions")
    page.locator("main form button").last.click()  # nothing is filled in
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    look("questions with an error")
    page.get_by_label("How many years").fill("7")
    with page.expect_navigation():
        page.locator("main form button").last.click()
    look("sound")
    page.locator("sound-player .play").first.click()
    playing_past(page, 0.05)
    count_beeps(page, server.app)
    with page.expect_navigation():
        page.locator("main form button").last.click()
    look("headphones")
    shorten(server.app)
    time_goes_by(server.app, address)
    for number, answer in enumerate(right_answers(server.app, address), 1):
        page.locator(".trial .play").nth(number - 1).click()
        playing_past(page, 0.05)
        wait_until(page, "document.querySelector('audio').ended")
        page.locator(f'input[name="trial-{number}"][value="{answer}"]').check()
    with page.expect_navigation():
        page.locator("main form button").last.click()
    for number in range(8):
        if not page.locator("#next").count():
            break
        look(f"judging {number}")
        answer_all(page)
        look(f"judging {number}, answered")
        with page.expect_navigation():
            page.locator("#next button").click()
    look("last questions")
    page.get_by_label("headphones").check()
    with page.expect_navigation():
        page.locator("main form button").last.click()
    expect(page.locator("#code")).to_have_text("DONE")
    look("end")
    with page.expect_navigation():
        page.get_by_role("link", name="Withdraw").click()
    look("withdrawal")
    context.close()
    assert len(found) >= 10
    assert {name: report for name, report in found.items() if report} == {}


def answer_all(page: Page) -> None:
    """Answer everything on a judging page, by mouse."""
    if page.locator("#preference").count():
        page.locator("#preference button[data-choice]").first.click()
        expect(page.locator("#preference .state")).to_have_text("saved ✓")
        return
    for place, scale in enumerate(page.locator(".gradable .scale").all()):
        if not scale.is_visible():  # on a phone one list is in sight at a time
            page.get_by_role("tab").nth(place).click()
        scale.locator(".grade").nth(2).click()
    for line in page.locator(".gradable .state").all():
        expect(line).to_have_text("saved ✓")


def test_the_whole_way_by_keyboard_alone(browser, study) -> None:
    server = study("graded")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    keys = page.keyboard
    page.goto(link(server))

    def tab_to(selector: str) -> None:
        """Press Tab until an element that fits has the focus."""
        for _ in range(80):
            keys.press("Tab")
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                return
        raise AssertionError(f"Tab does not reach {selector}")

    def enter() -> None:
        with page.expect_navigation():
            keys.press("Enter")

    tab_to('button[value="yes"]')
    enter()
    tab_to("input[name=q-years]")
    keys.type("7")
    enter()
    tab_to("sound-player .play")
    keys.press("Enter")
    playing_past(page, 0.05)
    shorten(server.app)
    tab_to(".beeps .play")
    keys.press("Enter")
    wait_until(page, "document.querySelectorAll('sound-player')[1].share >= 0.95")
    tab_to("#beeps")
    keys.type(str(right_count(server.app, page.url)))
    enter()
    shorten(server.app)
    time_goes_by(server.app, page.url)
    for number, answer in enumerate(right_answers(server.app, page.url), 1):
        tab_to(".trial .play")
        keys.press("Enter")
        playing_past(page, 0.05)
        wait_until(page, "document.querySelector('audio').ended")
        tab_to(f'input[name="trial-{number}"]')
        keys.press(" ")
        for _ in range(answer - 1):
            keys.press("ArrowDown")
        assert page.locator(f'input[name="trial-{number}"][value="{answer}"]').is_checked()
    tab_to("main form button")
    enter()
    pages = 0
    while page.locator(".candidate").count():
        keys.press("ArrowDown")  # the query
        keys.press(" ")
        playing_past(page, 0.05)
        for number in range(page.locator(".candidate").count()):
            keys.press("ArrowDown")
            expect(page.locator(".candidate").nth(number)).to_be_focused()
            keys.press(" ")
            keys.press(str(1 + number % 5))
            keys.press("ArrowLeft")
            value = page.locator(".candidate").nth(number).locator(".exact-value")
            expect(value).to_have_text(str(20 * (1 + number % 5) - 5))
        for line in page.locator(".candidate .state").all():
            expect(line).to_have_text("saved ✓")
        tab_to("#next button")
        enter()
        pages += 1
    assert pages == 3  # practice, the query, its repeats
    tab_to("input[name=q-device]")
    keys.press(" ")
    tab_to("[name=q-words]")
    keys.type("by keyboard")
    tab_to("main form button")
    enter()
    expect(page.locator("#code")).to_have_text("DONE")
    context.close()
    rows = [row for row in server.judgements() if row["counts"] == "1"]
    assert {int(row["grade"]) % 20 for row in rows} == {15}


COVERED = """() => {
    const over = document.querySelector(".rate-query");
    const { top, bottom } = document.activeElement.getBoundingClientRect();
    const covers = !over.contains(document.activeElement) && over.getBoundingClientRect().bottom;
    const hidden = bottom <= covers || top >= innerHeight;
    return { name: document.activeElement.className, hidden };
}"""
"""Where the keyboard is, and whether it is out of sight or all of it under the sound at the top."""
COLOURS = """() => {
    const style = getComputedStyle(document.documentElement);
    return ["--wave", "--panel", "--paper"].map((name) => style.getPropertyValue(name).trim());
}"""


def test_the_keyboard_is_seen_sliders_have_names_and_paper_shows_what_was_read(
    browser, start: Callable[..., Server]
) -> None:
    address = link(start())
    size = {"width": 360, "height": 560}
    page = browser.new_context(viewport=size, reduced_motion="reduce").new_page()
    page.route("**/sounds/*", lambda route: route.abort())
    page.goto(address)
    for slider in page.get_by_role("slider").all():  # nothing is loaded
        assert len(slider.get_attribute("aria-label")) > len("Position in ")
        assert slider.get_attribute("aria-valuetext") is None
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wave, panel, paper = (f"#{one[1:] * (2 if len(one) == 4 else 1)}" for one in
                              page.evaluate(COLOURS))  # fmt: skip
        assert min(contrast(wave, panel), contrast(wave, paper)) >= 3
    page.locator("#next button").focus()
    seen = []
    while "query" not in page.evaluate(
        "document.activeElement.closest('section')?.className ?? ''"
    ):
        page.keyboard.press("Shift+Tab")
        seen.append(page.evaluate(COVERED))
        assert len(seen) < 200
    assert len(seen) > 15
    assert [one["name"] for one in seen if one["hidden"]] == []
    page.emulate_media(media="print", color_scheme="dark")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.rate-query')).position")
        == "static"
    )
    assert page.evaluate(COLOURS)[2] == "#fff"
    expect(page.locator("#next")).to_be_hidden()
    page.context.close()
