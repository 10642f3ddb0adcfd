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
    pages += ["/studies?q=which&sort=title", "/studies/new?start=template", "/studies/next/rename"]
    tab.goto(f"{server.url}/studies/new?start=which")  # all that a plan needs is there
    first = tab.url.removeprefix(server.url)
    pages += [first.replace("/compare", f"/{step}") for step in ("compare", "ask", "raters",
                                                                 "review")]  # fmt: skip
    for address in pages:
        tab.goto(server.url + address)
        if "start=which" in address:
            expect(tab.locator(".side-plan")).to_contain_text("Simulated, 500 studies each")
        assert sideways(tab) <= 0, address
        unfold(tab)
        assert violations(tab) == "", address
    tab.goto(f"{server.url}/studies/new")
    tab.get_by_label("Results of each system").fill("0")
    tab.get_by_role("button", name="Next: Ask").click()
    expect(tab.get_by_role("alert")).to_be_visible()
    assert sideways(tab) <= 0
    assert violations(tab) == ""
    tab.get_by_role("button", name="3 Raters").click()
    tab.get_by_role("button", name="Add a question before the first sound").click()
    expect(tab.get_by_role("group", name="Question 1")).to_be_focused()
    unfold(tab)
    assert sideways(tab) <= 0
    assert violations(tab) == ""
    context.close()


def press(page: Any, name: str) -> None:
    """Press a button by keys."""
    page.get_by_role("button", name=name).last.focus()
    page.keyboard.press("Enter")


def test_a_study_is_designed_opened_and_shared_by_keyboard(page: Any, server: Server) -> None:
    """Steps, errors, a question, plan, draft, opening, invitation: without a mouse."""
    sign_in(page, server)
    page.goto(f"{server.url}/studies/new")
    page.get_by_label("Title").focus()
    page.keyboard.type("By keys alone")
    page.keyboard.press("Tab")
    page.keyboard.type("k k")
    for box in page.locator("#systems input[type=checkbox]").all():
        box.focus()
        page.keyboard.press("Space")  # of two systems both are chosen already
        expect(box).not_to_be_checked()
        page.keyboard.press("Space")
    page.get_by_label("Results of each system").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("0")
    page.keyboard.press("Enter")  # goes on
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("2 things are wrong")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # to the first of them
    expect(page.get_by_label("Short name")).to_be_focused()
    expect(page.get_by_label("Short name")).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("keys")
    page.get_by_label("Results of each system").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 Ask", exact=True)).to_have_attribute("aria-current", "step")
    press(page, "Next: Raters")
    press(page, "Add a question after the last sound")
    expect(page.get_by_role("group", name="Question 1")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("What with?")
    press(page, "Next: Review")
    expect(page.locator(".side-plan")).to_contain_text("Raters needed")
    press(page, "Create draft")
    expect(page).to_have_url(f"{server.url}/studies/keys")
    page.get_by_role("button", name="Open").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Being opened")).to_be_visible()
    expect(page.get_by_role("heading", name="How far it is")).to_be_visible(timeout=120_000)
    page.get_by_role("link", name="Invite raters").focus()
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
    page.get_by_role("button", name="2 Ask").click()
    expect(page.get_by_label("Clips, one on a line")).to_be_hidden()
    page.get_by_label("Which sounds are asked about").select_option("clips")
    expect(page.get_by_label("Clips, one on a line")).to_be_visible()
    expect(page.get_by_label("How many of each")).to_be_hidden()
    expect(page.get_by_label("Loudness in LUFS")).to_be_visible()
    page.get_by_label("One loudness for all").uncheck()
    expect(page.get_by_label("Loudness in LUFS")).to_be_hidden()


def test_what_is_typed_survives_a_reload_and_back_and_the_plan_follows(
    page: Any, server: Server
) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/studies/new")
    plan = page.locator(".side-plan")
    for box in whole(page, "#systems input[type=checkbox]").all():
        box.uncheck()
    expect(plan).to_contain_text("Systems must name 2 to 14 systems, not 0.")
    page.get_by_label("Title").fill("Kept")
    page.reload()  # at once: what is typed is sent as the page leaves
    expect(page.get_by_label("Title")).to_have_value("Kept")
    for box in whole(page, "#systems input[type=checkbox]").all():
        box.check()
    expect(plan).to_contain_text("Raters needed")
    expect(plan).to_contain_text("Simulated, 500 studies each")
    expect(page.get_by_text("Kept as you type.")).to_be_visible()
    page.get_by_role("button", name="2 Ask").click()
    page.get_by_label("How many of each").fill("3")
    page.get_by_role("button", name="3 Raters").click()
    page.go_back()
    expect(page.get_by_label("How many of each")).to_have_value("3")
    page.go_back()
    expect(page.get_by_label("Title")).to_have_value("Kept")
    page.go_forward()
    expect(page.get_by_label("How many of each")).to_have_value("3")


def test_without_scripts_everything_is_there(browser: Any, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(server.flask("signin-link", "--base", server.url).split()[-1])
    tab.goto(f"{server.url}/studies/new")
    tab.get_by_label("Title").fill("Plain")
    tab.get_by_label("Short name").fill("plain")
    tab.get_by_role("button", name="Show its systems").click()
    for box in whole(tab, "#systems input[type=checkbox]").all():
        box.check()
    tab.get_by_role("button", name="Next: Ask").click()
    expect(tab.get_by_label("Clips, one on a line")).to_be_visible()
    tab.get_by_role("button", name="Next: Raters").click()
    tab.get_by_role("button", name="Add a question before the first sound").click()
    tab.get_by_label("Text", exact=True).fill("How are you?")
    tab.get_by_role("button", name="TOML", exact=True).click()
    expect(tab.get_by_label("The protocol as TOML")).to_contain_text('title = "Plain"')
    expect(tab.get_by_label("The protocol as TOML")).to_contain_text("How are you?")
    tab.get_by_role("button", name="Check and review").click()
    tab.get_by_role("button", name="Create draft").last.click()
    expect(tab).to_have_url(f"{server.url}/studies/plain")
    tab.go_back()
    expect(tab.get_by_role("heading", name="New study")).to_be_visible()
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
    for where in ("Practice", "Round 1 of 3"):
        expect(page.locator(".progress-where")).to_contain_text(where)
        page.locator("#next button").click()
    expect(page.locator(".progress-where")).to_have_text("A few more sounds")
    page.locator(".grade").first.click()
    expect(page.locator(".state").first).to_have_text("saved ✓")
    page.locator("#next button").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
