"""A rater's pages in a real browser: what is told, kept and sent, and sounds that fail."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.browser.served_study import grades, practised, rows
from tests.support.browser.tab import (
    Page,
    audio_time,
    expect,
    playing_past,
    press,
    pressed,
    state,
    wait_until,
)
from tests.support.server import Server
from tests.support.waiting import wait_for
from webapp.core.database import now
from webapp.models import Flag, Judgement, Listen

pytestmark = pytest.mark.browser

AHEAD = """{ const Real = Date, off = 3 * 3600e3; globalThis.Date = class extends Real {
  constructor(...given) { given.length ? super(...given) : super(Real.now() + off); }
  static now() { return Real.now() + off; } }; }"""
"""A script that sets the browser's clock three hours ahead."""


@pytest.mark.kills
def test_listens_are_told_quietly_and_survive_a_dead_server(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    page.goto(practised(server, 1)[0])
    plays = page.locator(".play")
    plays.nth(1).click()  # all of it
    wait_until(page, "document.querySelector('audio').ended")
    wait_for(lambda: len(rows(server, Listen)) == 1)
    plays.nth(2).click()
    playing_past(page, 0.1)
    page.reload()  # in the middle of it
    wait_for(lambda: len(rows(server, Listen)) == 2)
    page.wait_for_load_state("networkidle")
    server.kill()
    plays.nth(1).click()
    playing_past(page, 0.2)
    plays.nth(0).click()  # the query, which was loaded before it is asked for
    playing_past(page, 0.1)
    plays.nth(0).click()
    page.wait_for_timeout(300)
    expect(page.locator("#banner")).to_be_hidden()
    context = page.context
    link = page.url
    page.close()
    server.start()
    again = context.new_page()
    again.goto(link)
    wait_for(lambda: len(rows(server, Listen)) == 4)
    listens = rows(server, Listen)
    assert [one.slot_id is None for one in listens] == [False, False, False, True]
    assert 0.5 < listens[0].seconds < 0.65
    assert 0.05 < listens[1].seconds < 0.65
    assert 0.15 < listens[2].seconds < 0.65
    assert 0.05 < listens[3].seconds < 0.65
    moments = [one.started_at for one in listens]
    assert moments == sorted(moments)


def test_what_the_banner_says_of_missing_grades_stays_until_one_is_given(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    page.goto(practised(server, 1)[0])
    page.get_by_role("button", name="Next round").click()
    expect(page.locator("#banner")).to_contain_text("sounds have no grade yet")
    page.locator(".play").nth(1).click()
    wait_for(lambda: len(rows(server, Listen)) == 1)  # which is no reason to take it away
    page.wait_for_timeout(200)
    expect(page.locator("#banner")).to_contain_text("sounds have no grade yet")
    press(page, 0, 20)
    expect(page.locator("#banner")).to_be_hidden()


@pytest.mark.kills
def test_grades_go_before_listens_and_alone_are_counted(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    page.goto(practised(server, 1)[0])
    page.wait_for_load_state("networkidle")  # the query is loaded
    server.kill()
    plays = page.locator(".play")
    plays.nth(0).click()
    playing_past(page, 0.1)
    plays.nth(0).click()
    press(page, 0, 20)
    press(page, 1, 40)
    expect(page.locator("#banner")).to_contain_text("2 grades are kept in this browser")
    asked: list[str] = []
    page.on("request", lambda one: one.method == "POST" and asked.append(one.url.split("/")[-1]))
    server.start()
    expect(page.locator("#banner")).to_be_hidden()
    wait_for(lambda: len(rows(server, Listen)) == 1)
    assert asked[asked.index("listens") - 1] == "grades"
    assert "grades" not in asked[asked.index("listens") :]


def test_what_an_older_version_kept_is_sent(page: Page, start: Callable[..., Server]) -> None:
    """Its queue had { address, grade }, without a facet.

    It is put there from a page without a queue, which would send it before the reload.
    """
    server = start()
    link = practised(server, 1)[0]
    page.goto(link)
    sound = page.locator(".candidate").first.get_attribute("data-sound")
    page.goto(f"{server.url}/static/js/rating/queue.js")
    page.evaluate(
        """([address, sound]) => new Promise(done => {
            const grade = { sound, grade: 80, uuid: '3b241101-e2bb-4255-8caf-4136c566a962',
                given_at: new Date().toISOString(), listened_seconds: 1.5 };
            const request = indexedDB.open('sounding-board', 1);
            request.onupgradeneeded = () =>
                request.result.createObjectStore('grades', { autoIncrement: true });
            request.onsuccess = () => {
                const transaction = request.result.transaction('grades', 'readwrite');
                transaction.objectStore('grades').add({ address, grade });
                transaction.oncomplete = done;
            };
        })""",
        [f"{link}/grades", sound],
    )
    page.goto(link)
    expect(state(page, 0)).to_have_text("saved ✓")
    assert pressed(page)[0] == "80"
    assert grades(server) == [("relevance", 80)]


def test_a_queue_rests_for_as_long_as_the_server_says_and_loses_nothing(
    page: Page, start: Callable[..., Server]
) -> None:
    page.problems_expected = ("the server responded with a status of 429",)
    server = start()
    page.goto(practised(server, 1)[0])
    asked: list[float] = []
    page.on(
        "request",
        lambda request: request.url.endswith("/grades") and asked.append(time.monotonic()),
    )
    refusal = {"status": 429, "headers": {"Retry-After": "3"}, "body": '{"error": "wait"}'}
    page.route("**/grades", lambda route: route.fulfill(**refusal), times=1)
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("kept here, not saved yet")
    press(page, 1, 40)  # which asks nobody in the meantime
    expect(page.locator("#banner")).to_contain_text("2 grades are kept in this browser")
    expect(state(page, 1)).to_have_text("saved ✓", timeout=20_000)
    assert [grade for _, grade in grades(server)] == [20, 40]
    assert len(asked) == 3
    assert asked[1] - asked[0] >= 2.9


def test_a_clock_that_is_off_is_set_right_by_the_server(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    link = practised(server, 1)[0]
    page.add_init_script(AHEAD)
    page.goto(link)
    before = now()
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("saved ✓")
    (row,) = rows(server, Judgement)[-1:]
    assert before - timedelta(seconds=2) <= row.given_at <= row.received_at


def test_no_grade_is_taken_before_there_is_a_script_to_keep_it(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    link = practised(server, 1)[0]
    held: list[Any] = []
    page.route("**/js/rating/rate.js*", lambda route: held.append(route))
    with page.expect_request("**/js/rating/rate.js*"):
        page.goto(link, wait_until="commit")
    buttons = page.locator(".candidate .grade")
    expect(buttons.first).to_be_visible()
    expect(page.locator(".candidate .grade:enabled, .candidate .nudge:enabled")).to_have_count(0)
    held[0].continue_()
    buttons.first.click()  # which waits until it can be pressed
    expect(state(page, 0)).to_have_text("saved ✓")
    assert len(grades(server)) == 1


@pytest.mark.kills
def test_leaving_is_asked_about_only_while_something_is_unsaved(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    link = practised(server, 1)[0]
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(link)
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("saved ✓")
    page.reload()
    assert asked == []
    server.kill()
    press(page, 0, 40)
    expect(state(page, 0)).to_have_text("kept here, not saved yet")
    server.start()
    page.goto("about:blank")
    assert asked == ["beforeunload"]
    page.goto(link)  # it comes with the 20 that the server has, saved, and then sends the 40
    wait_for(lambda: [grade for _, grade in grades(server)] == [20, 40], 40)
    expect(state(page, 0)).to_have_text("saved ✓")


def test_a_sound_that_fails_is_tried_again(page: Page, start: Callable[..., Server]) -> None:
    page.problems_expected = ("status of 503",)
    link = practised(start(), 1)[0]
    failures = []

    def fail_twice(route: Any) -> None:
        if route.request.resource_type == "media" and len(failures) < 2:
            failures.append(route.request.url)
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/sounds/*", fail_twice)
    page.goto(link)
    page.locator(".play").nth(1).click()
    expect(page.locator(".failed").nth(1)).to_contain_text("could not be loaded. Trying again")
    playing_past(page, 0.05)
    assert len(failures) == 2
    expect(page.locator(".failed").nth(1)).to_be_empty()


def test_a_broken_sound_is_reported_and_needs_no_grade(
    page: Page, start: Callable[..., Server]
) -> None:
    page.problems_expected = ("status of 503",)
    server = start()
    page.goto(practised(server, 1)[0])
    broken = page.locator(".candidate").nth(1)
    address = broken.locator("sound-player").get_attribute("data-src")
    page.route(f"**{address}", lambda route: route.fulfill(status=503))
    broken.locator(".play").click()
    message = broken.locator(".failed")
    expect(message.get_by_role("button", name="Try again")).to_be_visible()
    message.get_by_role("button", name="Report as broken").click()
    expect(message).to_contain_text("Reported as broken")
    expect(broken.get_by_role("button", name="Reported as broken").first).to_be_disabled()
    wait_for(lambda: len(rows(server, Flag)) == 1)
    page.reload()
    expect(broken.locator(".candidate-head .report")).to_be_disabled()
    for number in range(page.locator(".candidate").count()):
        if number != 1:
            press(page, number, 20)
    page.get_by_role("button", name="Next round").click()
    expect(page.locator(".progress-where")).to_contain_text("Round 2 of 2")
    page.wait_for_load_state()


def test_a_browser_that_wants_a_gesture_gets_one_start_button(
    page: Page, start: Callable[..., Server]
) -> None:
    page.add_init_script(
        """const play = HTMLMediaElement.prototype.play;
        let blocked = true;
        document.addEventListener('pointerdown', ({ target }) => {
            if (target.textContent === 'Start') blocked = false;
        });
        HTMLMediaElement.prototype.play = function () {
            if (!blocked) return play.call(this);
            return Promise.reject(new DOMException('no gesture yet', 'NotAllowedError'));
        };"""
    )
    page.goto(practised(start(), 1)[0])
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_count(1)
    page.locator(".play").nth(1).click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_count(1)
    page.get_by_role("button", name="Start", exact=True).click()
    playing_past(page, 0.05)
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
    page.keyboard.press("r")
    expect(page.locator("#query sound-player")).to_have_class("playing")


@pytest.mark.kills
def test_the_next_sounds_are_loaded_before_they_are_played(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    asked: list[str] = []
    page.on("response", lambda one: "/sounds/" in one.url and asked.append(one.url))
    page.goto(practised(server, 1)[0])
    sources = page.locator("sound-player").evaluate_all("list => list.map(one => one.dataset.src)")
    page.wait_for_load_state("networkidle")
    assert sorted(one.removeprefix(server.url) for one in asked) == sorted(sources[:3])
    page.locator(".play").nth(1).click()
    playing_past(page, 0.05)
    page.wait_for_load_state("networkidle")
    assert sources[3] in [one.removeprefix(server.url) for one in asked]
    assert server.url + sources[4] not in asked
    server.kill()
    for number in (2, 3):  # they play without the server
        page.locator(".play").nth(number).click()
        playing_past(page, 0.05)


def test_help_with_keys_and_keys_turned_off(page: Page, start: Callable[..., Server]) -> None:
    server = start()
    page.goto(practised(server, 1)[0])
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    page.keyboard.press("r")  # no key of the page while the help lies over it
    page.wait_for_timeout(200)
    assert audio_time(page) == 0
    dialog.get_by_label("Letters and digits work as keys").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator(".candidate").first.focus()
    for key in ("3", "r", "?"):
        page.keyboard.press(key)
    expect(state(page, 0)).to_have_text("not graded yet")
    expect(dialog).to_be_hidden()
    page.keyboard.press(" ")
    playing_past(page, 0.05)  # space and arrows go on working
    page.reload()
    page.get_by_role("button", name="Keys").click()
    dialog.get_by_label("Letters and digits work as keys").check()
    dialog.get_by_role("button", name="Close").click()
    page.locator(".candidate").first.focus()
    page.keyboard.press("3")
    expect(state(page, 0)).to_have_text("saved ✓")


def test_pages_of_a_block_and_the_way_back(page: Page, start: Callable[..., Server]) -> None:
    server = start(more="page = 3")
    page.goto(practised(server, 1)[0])
    pages = int(page.locator(".progress-where").inner_text().split()[-1])
    assert pages > 1
    count = page.locator(".candidate").count()
    for number in range(count):
        press(page, number, 60)
    page.get_by_role("button", name="Next page").click()
    expect(page.locator(".progress-where")).to_contain_text(f"page 2 of {pages}")
    page.wait_for_load_state()
    expect(page.locator(".candidate h3").first).to_have_text(f"Sound {count + 1}")
    expect(page.locator("#graded")).to_contain_text(f"{count} of")
    page.get_by_role("link", name="Back to the page before").click()
    expect(page.locator(".progress-where")).to_contain_text(f"page 1 of {pages}")
    page.wait_for_load_state()
    press(page, 0, 80)
    expect(state(page, 0)).to_have_text("saved ✓")
    expect(page.locator("#graded")).to_contain_text(f"{count} of")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator(".progress-where")).to_contain_text(f"page 2 of {pages}")
    page.wait_for_load_state()
    assert len(grades(server)) == count + 1
