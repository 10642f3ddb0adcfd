"""The thread in a real browser: whatever breaks, no grade is lost and none is counted twice."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import open_embedding
from tests.support.browser.barriers import looks
from tests.support.browser.served_study import practised
from tests.support.browser.tab import (
    Page,
    expect,
    playing_past,
    press,
    pressed,
    sideways,
    sign_in,
    state,
    wait_until,
)
from tests.support.browser.watching import watch
from tests.support.server import Server

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
)


pytestmark = pytest.mark.browser


@pytest.mark.kills
def test_a_killed_server_loses_nothing(page: Page, server: Server, rater_link: str) -> None:
    """Grades given while the server is dead are kept, shown as such, and sent when it is back."""
    page.goto(rater_link)
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("saved ✓")
    server.kill()
    press(page, 1, 40)
    press(page, 2, 80)
    press(page, 1, 60)
    expect(state(page, 2)).to_have_text("kept here, not saved yet")
    expect(page.locator("#banner")).to_contain_text("3 grades are kept in this browser")
    server.start()
    expect(state(page, 2)).to_have_text("saved ✓")
    expect(page.locator("#banner")).to_be_hidden()
    rows = server.judgements()
    assert [row["grade"] for row in rows] == ["20", "40", "80", "60"]
    assert [row["counts"] for row in rows] == ["1", "0", "1", "1"]
    assert len({row["uuid"] for row in rows}) == 4


@pytest.mark.kills
def test_a_closed_tab_loses_nothing(page: Page, server: Server, rater_link: str) -> None:
    """Grades that wait in a tab that is closed are sent, and shown, when the link is opened."""
    page.goto(rater_link)
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("saved ✓")
    server.kill()
    press(page, 1, 100)
    expect(state(page, 1)).to_have_text("kept here, not saved yet")
    context = page.context
    page.close()
    context.clear_cookies()  # as if the browser had been closed: another sitting, other tokens
    server.start()
    again = context.new_page()
    again.goto(rater_link)
    expect(again.locator('.grade[aria-pressed="true"]')).to_have_count(2)
    assert pressed(again)[:2] == ["20", "100"]
    assert [row["grade"] for row in server.judgements()] == ["20", "100"]


@pytest.mark.parametrize("status", [401, 403, 404, 413, 502])
def test_an_error_page_of_something_between_loses_nothing(
    page: Page, server: Server, rater_link: str, status: int
) -> None:
    """A portal or a proxy cannot refuse a grade: it is kept and sent again."""
    page.problems_expected = (f"the server responded with a status of {status}",)
    page.goto(rater_link)
    page.route("**/grades", lambda route: route.fulfill(status=status, body="<h1>Log in</h1>"))
    press(page, 0, 40)
    expect(state(page, 0)).to_have_text("kept here, not saved yet")
    page.unroute("**/grades")
    expect(state(page, 0)).to_have_text("saved ✓")
    assert [row["grade"] for row in server.judgements()] == ["40"]


def test_a_grade_that_the_app_refuses_is_said_and_does_not_block_the_others(
    page: Page, server: Server, rater_link: str
) -> None:
    page.problems_expected = ("the server responded with a status of 409",)
    page.goto(rater_link)
    refusal = '{"refused": "The study is closed; it takes no more grades."}'
    page.route("**/grades", lambda route: route.fulfill(status=409, body=refusal))
    press(page, 0, 40)
    expect(page.locator("#banner")).to_contain_text("could not be saved: The study is closed")
    expect(state(page, 0)).to_have_text("not graded yet")
    page.unroute("**/grades")
    press(page, 1, 60)
    expect(state(page, 1)).to_have_text("saved ✓")
    expect(page.locator("#banner")).to_contain_text("could not be saved")  # it stays to be read


@pytest.mark.parametrize("failure", ["throws", "aborts"])
def test_a_browser_whose_disk_is_full_still_sends(
    page: Page, server: Server, rater_link: str, failure: str
) -> None:
    page.add_init_script(
        "IDBObjectStore.prototype.add = function () {"
        + ("throw new DOMException('full', 'QuotaExceededError');" if failure == "throws"
           else "this.transaction.abort(); return {};")
        + "}"
    )  # fmt: skip
    page.goto(rater_link)
    for number, grade in enumerate((20, 80)):
        press(page, number, grade)
        expect(state(page, number)).to_have_text("saved ✓")
    assert [row["grade"] for row in server.judgements()] == ["20", "80"]


def test_what_says_nothing_new_is_no_judgement(page: Page, server: Server, rater_link: str) -> None:
    """A held key, the same button again, space after a click."""
    page.goto(rater_link)
    press(page, 0, 40)
    expect(page.locator(".candidate").nth(0)).to_be_focused()
    page.keyboard.press(" ")
    playing_past(page, 0.05)
    press(page, 0, 40)
    page.locator(".candidate").nth(1).focus()
    for _ in range(5):
        page.keyboard.down("3")  # without an up between them, as when it is held
    page.keyboard.up("3")
    expect(state(page, 1)).to_have_text("saved ✓")
    assert [row["grade"] for row in server.judgements()] == ["40", "60"]


def test_listened_seconds_are_what_was_heard(page: Page, server: Server, rater_link: str) -> None:
    """Jumps and changes from sound to sound are not listening."""
    page.goto(rater_link)
    plays = page.locator(".candidate .play")
    heard_of = "number => document.querySelectorAll('.candidate sound-player')[number].heard"
    begun = time.monotonic()
    for _ in range(4):
        for number in (0, 1):
            before = page.evaluate(heard_of, number)
            plays.nth(number).click()
            wait_until(page, f"({heard_of})({number}) > {before}")
    heard = page.evaluate(
        "[...document.querySelectorAll('.candidate sound-player')].map(one => one.heard)"
    )
    passed = time.monotonic() - begun  # nobody hears more than there is time for
    assert min(heard[:2]) > 0
    assert sum(heard) < passed
    page.locator(".candidate .seek").nth(2).press("End")
    assert page.evaluate("document.querySelectorAll('.candidate sound-player')[2].heard") == 0


def test_a_double_click_on_next_finishes_one_block(
    page: Page, server: Server, rater_link: str
) -> None:
    page.goto(rater_link)
    for number in range(page.locator(".candidate").count()):
        press(page, number, 60)
    page.get_by_role("button", name="Next round").dblclick()
    expect(page.locator(".progress-line")).to_contain_text("Round 2 of 2")
    page.wait_for_load_state()
    expect(page.locator(".notice:visible")).to_have_count(0)


@pytest.mark.kills
def test_next_waits_for_what_is_not_saved(page: Page, server: Server, rater_link: str) -> None:
    page.goto(rater_link)
    count = page.locator(".candidate").count()
    for number in range(count - 1):
        press(page, number, 40)
    expect(state(page, count - 2)).to_have_text("saved ✓")
    server.kill()
    press(page, count - 1, 40)
    page.get_by_role("button", name="Next round").click()
    expect(page.locator("#banner")).to_contain_text("One grade is kept in this browser")
    server.start()
    expect(state(page, count - 1)).to_have_text("saved ✓")
    page.get_by_role("button", name="Next round").click()
    expect(page.locator(".progress-line")).to_contain_text("Round 2 of 2")
    page.wait_for_load_state()


def grade_everything(page: Page, link: str, seed: int) -> list[dict[str, object]]:
    """Grade a whole study by buttons, changing one's mind now and then; return what was sent."""
    rng = random.Random(seed)
    sent: list[dict[str, object]] = []
    page.on(
        "request",
        lambda request: request.url.endswith("/grades") and sent.append(request.post_data_json),
    )
    page.goto(link)
    while page.locator(".candidate").count():
        for number in range(page.locator(".candidate").count()):
            for _ in range(1 + (rng.random() < 0.2)):
                press(page, number, rng.choice([0, 20, 40, 60, 80, 100]))
        for line in page.locator(".candidate .state").all():
            expect(line).to_have_text("saved ✓")
        with page.expect_navigation():
            page.locator("#next button").click()
    expect(page.locator("h1")).to_have_text("Thank you")
    return sent


@pytest.mark.long
def test_a_study_of_real_sounds_graded_to_the_end(
    page: Page, browser, esc10: Callable[[int], Collection], tmp_path: Path
) -> None:
    """30 clips of ESC-10, two raters, every query: the CSV has each grade that was given, once."""
    collection = esc10(3)
    data = collection.folder.parents[1]
    for name, seed in (("one", 1), ("other", 2)):
        write_random_embedding(collection, seed, name=name)
        build_ranking(collection, open_embedding(collection, name), Recipe(pca=None), "mcss")
    protocol = tmp_path / "which.toml"
    protocol.write_text(
        'title = "Real sounds"\ncollection = "esc10"\ndepth = 4\n'
        'systems = ["one.l2.mcss", "other.l2.mcss"]\n[queries]\nper_family = 1\n'
        "[controls]\nrepeats = 0\n[listening]\nmust_listen = 0\nsound_check = false\n"
    )
    server = Server(data)
    try:
        server.flask("studies", "create", str(protocol))
        server.flask("studies", "open", "which")
        links = practised(server, 2)
        sent = grade_everything(page, links[0], 1)
        sent += grade_everything(browser.new_context().new_page(), links[1], 2)
        rows = server.judgements()
    finally:
        server.stop()
    assert len(sent) > 50
    given = {(one["uuid"], one["grade"]) for one in sent}
    assert {(row["uuid"], int(row["grade"])) for row in rows} == given
    assert len(rows) == len(given) == len(sent)
    counted = [row for row in rows if row["counts"] == "1"]
    assert len({(row["rater"], row["query"], row["candidate"]) for row in counted}) == len(counted)
    assert {row["rater"] for row in rows} == {"rater-001", "rater-002"}
    assert len({row["query"] for row in rows}) == 4


@looks("width", (360, 1280))
def test_no_page_scrolls_sideways_or_breaks_the_policy(
    browser, server: Server, rater_link: str, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 780}, color_scheme=scheme)
    page = context.new_page()
    watch(page)
    sign_in(page, server)
    for address in (
        server.url,
        f"{server.url}/browse/small?class=Hum&query=hum-0",
        f"{server.url}/browse/small?query=nobody",
        rater_link,
    ):
        page.goto(address)
        assert sideways(page) <= 0, address
        assert page.evaluate("document.documentElement.dataset.bsTheme") == scheme
    problems = [one for one in page.problems if "404 (NOT FOUND)" not in one]
    context.close()
    assert problems == []


def test_narrow_screens_show_one_system_at_a_time(browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    page = context.new_page()
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?class=Hum&query=hum-0")
    reached = page.locator(".system:not([inert])")
    expect(reached).to_have_attribute("id", "system-1")
    page.get_by_role("tab", name="Random ranking").click()
    expect(reached).to_have_attribute("id", "system-2")
    context.close()


def test_the_theme_is_kept(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.get_by_role("button", name="Dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
