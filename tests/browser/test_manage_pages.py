"""The experimenter's pages of studies in a real browser: for eyes, keys and screen readers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embeddings.systems.store import Ranking
from tests.support.browser.barriers import looked_at, looks, unfold, violations
from tests.support.browser.tab import sideways, sign_in, whole
from tests.support.server import Server
from tests.support.studies.judged import PROTOCOL, judge
from webapp.rating import assigning
from webapp.study.lifecycle import find_study

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
)
expect = playwright.expect

pytestmark = pytest.mark.browser


@pytest.fixture
def server(data: Path, ranked: list[Ranking], tmp_path: Path) -> Iterator[Server]:
    """The app with an open study that two raters are at, and a draft."""
    running = Server(data)
    for name in ("which", "next"):
        (tmp_path / f"{name}.toml").write_text(PROTOCOL)
        running.flask("studies", "create", str(tmp_path / f"{name}.toml"))
    running.flask("studies", "open", "which")
    running.flask("studies", "invite", "which", "-n", "3")
    with running.app.app_context():
        raters = find_study("which").raters
        judge(raters[0], 100)
        judge(raters[1], 20, blocks=1)
        assigning.next_assignment(raters[1])
    yield running
    running.stop()


@looks("width", (1280, 360))
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Any, server: Server, width: int, scheme: str
) -> None:
    context = looked_at(browser, width, scheme)
    tab = context.new_page()
    sign_in(tab, server)
    pages = ["/", "/studies", "/studies/which", "/studies/which/raters", "/studies/next"]
    pages += ["/studies/which/raters/rater-002", "/studies/next/draft", "/studies/next/rehearsal"]
    pages += ["/studies/next/draft?query=1", "/log", "/log?study=which", "/account"]
    pages += ["/studies/new", "/studies/new?start=template", "/studies/new?edit=next"]
    for address in pages:
        tab.goto(server.url + address)
        assert sideways(tab) <= 0, address
        unfold(tab)
        assert violations(tab) == "", address
    tab.goto(f"{server.url}/studies/new")
    tab.locator("#depth").fill("0")
    tab.get_by_role("button", name="Create draft").click()
    expect(tab.get_by_role("alert")).to_be_visible()
    unfold(tab)
    assert violations(tab) == ""
    context.close()


def test_a_study_is_designed_opened_and_shared_by_keyboard(page: Any, server: Server) -> None:
    """Form, error, plan, draft, opening, invitation: without a mouse."""
    page.problems_expected = ("400 (BAD REQUEST)",)
    sign_in(page, server)
    page.goto(f"{server.url}/studies/new")
    page.get_by_label("Title").focus()
    page.keyboard.type("By keys alone")
    page.keyboard.press("Tab")
    page.keyboard.type("keys")
    for box in page.locator("fieldset.systems:not([hidden]) input").all():
        box.focus()
        page.keyboard.press("Space")
    page.get_by_label("Results of each system").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("0")
    page.keyboard.press("Enter")  # checks
    expect(page.get_by_role("alert")).to_have_text(
        "The protocol: depth must be from 1 to 150, not 0."
    )
    expect(page.get_by_label("Results of each system")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="This is a good protocol")).to_be_visible()
    page.get_by_role("button", name="Create draft").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/studies/keys")
    page.get_by_role("button", name="Open").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Being opened")).to_be_visible()
    expect(page.get_by_role("heading", name="How far it is")).to_be_visible(timeout=120_000)
    page.get_by_role("link", name="Raters and invitations").focus()
    page.keyboard.press("Enter")
    page.get_by_label("How many raters?").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(["2 raters are invited."])
    expect(page.get_by_role("button", name="Copy the link of rater-002")).to_be_visible()


def test_a_personal_link_is_copied(page: Any, server: Server) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, server)
    page.goto(f"{server.url}/studies/which/raters")
    page.get_by_role("button", name="Copy the link of rater-003").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{server.url}/rate/which/")
    page.goto(copied)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_form_shows_what_the_choice_has_use_for(page: Any, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/studies/new")
    expect(page.get_by_label("Clips, one on a line")).to_be_hidden()
    page.get_by_label("Which sounds are asked about").select_option("clips")
    expect(page.get_by_label("Clips, one on a line")).to_be_visible()
    expect(page.get_by_label("How many of each")).to_be_hidden()
    expect(page.get_by_label("Sounds on a page")).to_be_visible()
    page.get_by_label("Method").select_option("preference")
    expect(page.get_by_label("Sounds on a page")).to_be_hidden()
    expect(page.get_by_text("With lists, question and scale are fixed")).to_be_visible()


def test_without_scripts_everything_is_there(browser: Any, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(server.flask("signin-link", "--base", server.url).split()[-1])
    tab.goto(f"{server.url}/studies/new")
    expect(tab.get_by_label("Clips, one on a line")).to_be_visible()
    tab.get_by_label("Title").fill("Plain")
    tab.get_by_label("Short name").fill("plain")
    for box in whole(tab, "fieldset.systems input").all():
        box.check()
    tab.get_by_role("button", name="TOML", exact=True).click()
    expect(tab.get_by_label("The protocol as TOML")).to_contain_text('title = "Plain"')
    tab.get_by_role("button", name="Create draft").click()
    expect(tab).to_have_url(f"{server.url}/studies/plain")
    tab.goto(f"{server.url}/studies/which/raters")
    expect(tab.get_by_role("link", name="rater-003: link")).to_be_visible()
    context.close()


@pytest.mark.long
def test_a_preview_goes_on_without_an_answer(page: Any, server: Server) -> None:
    server.flask("studies", "rehearse", "next")
    sign_in(page, server)
    page.goto(f"{server.url}/studies/next/rehearsal")
    page.get_by_role("button", name="Preview as a rater").click()
    expect(page.get_by_text("nothing that you answer is stored")).to_be_visible()
    page.locator("sound-player button").first.click()
    page.locator("main form button.btn-primary").click()  # the volume is set
    for where in ("Practice", "Query 1 of 3"):
        expect(page.locator(".progress-where")).to_contain_text(where)
        page.locator("#next button").click()
    expect(page.locator(".progress-where")).to_have_text("A few more sounds")
    page.locator(".grade").first.click()
    expect(page.locator(".state").first).to_have_text("saved ✓")
    page.locator("#next button").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
