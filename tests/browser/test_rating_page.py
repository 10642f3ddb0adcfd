"""A rater's pages in a real browser: keys, nudges, must-listen, failing sounds, the queue."""

from collections.abc import Callable

import pytest

from tests.support.browser.served_study import grades, invited, practised, rows
from tests.support.browser.tab import (
    Page,
    at_once,
    audio_time,
    expect,
    paused_past,
    playing_past,
    press,
    pressed,
    state,
    wait_until,
)
from tests.support.server import Server
from webapp.models import Judgement

pytestmark = pytest.mark.browser


def hint(page: Page, number: int):
    """Return the line that explains what candidate `number` (from 0) does not take."""
    return page.locator(".candidate .hint").nth(number)


def exact(page: Page, number: int):
    """Return the exact value of candidate `number` (from 0)."""
    return page.locator(".candidate").nth(number).locator(".exact-value").first


def test_arrows_and_small_buttons_nudge_the_grade(page: Page, start: Callable[..., Server]) -> None:
    server = start()
    page.clock.install()
    page.goto(practised(server, 1)[0])
    first = page.locator(".candidate").first
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(hint(page, 0)).to_have_text("Give a grade first; the arrows then change it.")
    expect(state(page, 0)).to_have_text("not graded yet")
    expect(first.locator(".exact")).to_be_hidden()

    page.keyboard.press("3")
    expect(exact(page, 0)).to_have_text("60")
    expect(hint(page, 0)).to_be_empty()
    expect(state(page, 0)).to_have_text("saved ✓")
    page.keyboard.press("ArrowRight")
    expect(exact(page, 0)).to_have_text("65")
    assert pressed(page)[0] is None
    assert first.locator(".near").evaluate_all("list => list.map(one => one.dataset.grade)") == [
        "60"
    ]
    expect(state(page, 0)).to_have_text("saved ✓")
    with at_once(page):  # what follows quickly is one change of mind
        for _ in range(3):
            page.keyboard.press("ArrowRight")
    expect(state(page, 0)).to_have_text("saved ✓")
    with at_once(page):
        first.get_by_role("button", name="5 higher").click()
        first.get_by_role("button", name="5 higher").click()
    expect(exact(page, 0)).to_have_text("90")
    expect(first).to_be_focused()  # space plays, and does not press the button again
    expect(state(page, 0)).to_have_text("saved ✓")
    page.keyboard.press("5")
    page.keyboard.press("ArrowRight")
    expect(exact(page, 0)).to_have_text("100")
    expect(first.get_by_role("button", name="higher")).to_have_attribute("aria-disabled", "true")
    expect(state(page, 0)).to_have_text("saved ✓")
    page.reload()
    expect(exact(page, 0)).to_have_text("100")
    assert [grade for _, grade in grades(server)] == [60, 65, 80, 90, 100]


def test_nudges_there_and_back_and_in_the_seek_bar_say_nothing(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    page.clock.install()
    page.goto(practised(server, 1)[0])
    press(page, 0, 40)
    expect(state(page, 0)).to_have_text("saved ✓")
    page.locator(".candidate .seek").first.press("ArrowRight")
    page.locator(".candidate").first.focus()
    with at_once(page):
        page.keyboard.press("ArrowLeft")
        expect(state(page, 0)).to_have_text("saving …")
        page.keyboard.press("ArrowRight")
        page.clock.run_for(5000)  # longer than a grade waits to be sent
    expect(state(page, 0)).to_have_text("saved ✓")
    assert [grade for _, grade in grades(server)] == [40]
    page.keyboard.press("ArrowLeft")  # not sent yet when the page is left
    page.reload()
    expect(exact(page, 0)).to_have_text("35")
    expect(state(page, 0)).to_have_text("saved ✓")
    assert [grade for _, grade in grades(server)] == [40, 35]


def test_two_questions_about_each_sound(page: Page, start: Callable[..., Server]) -> None:
    server = start(end='[scale]\nfacets = ["semantic", "acoustic"]\n')
    page.goto(invited(server))
    for number in range(page.locator(".candidate").count()):
        page.locator(".candidate").nth(number).focus()
        for key in "30":
            page.keyboard.press(key)
    page.get_by_role("button", name="Begin the test").click()
    expect(page.locator(".progress-where")).to_contain_text("Round 1 of 2")
    page.wait_for_load_state()
    first = page.locator(".candidate").first
    expect(first.locator(".scale")).to_have_count(2)
    expect(page.locator("#keys-button")).to_be_visible()  # keys work from now on
    first.focus()
    page.keyboard.press("5")
    expect(state(page, 0)).to_have_text("1 of 2 answers given")
    expect(page.locator("#graded")).to_contain_text("0 of")
    page.keyboard.press("1")
    expect(state(page, 0)).to_have_text("saved ✓")
    expect(page.locator("#graded")).to_contain_text("1 of")
    page.keyboard.press("2")
    expect(hint(page, 0)).to_contain_text("Press Tab to go to the one to change")
    second = first.locator(".scale").nth(1)
    while not second.evaluate("group => group.contains(document.activeElement)"):
        page.keyboard.press("Tab")
    page.keyboard.press("2")
    page.keyboard.press("ArrowLeft")
    expect(exact(page, 0)).to_have_text("100")
    expect(first.locator(".exact-value").nth(1)).to_have_text("35")
    expect(state(page, 0)).to_have_text("saved ✓")
    given = grades(server)
    assert given[:2] == [("semantic", 100), ("acoustic", 20)]
    assert given[-1] == ("acoustic", 35)
    page.reload()
    expect(state(page, 0)).to_have_text("saved ✓")
    expect(state(page, 1)).to_have_text("not graded yet")


def test_what_must_be_heard_first(page: Page, start: Callable[..., Server]) -> None:
    server = start(listening="must_listen = 0.5")
    page.goto(practised(server, 1)[0])
    buttons = page.locator(".candidate").first.locator(".grade")
    expect(hint(page, 0)).to_have_text("Listen to at least 50 % first.")
    expect(buttons.first).to_have_attribute("aria-disabled", "true")
    page.locator(".candidate").first.focus()
    page.keyboard.press("3")
    buttons.nth(2).click(force=True)
    expect(state(page, 0)).to_have_text("not graded yet")
    assert grades(server) == []

    # of 0.6 s; as slowly as can be, so that the page itself stops it where it should
    page.evaluate("document.querySelector('audio').defaultPlaybackRate = 0.0625")
    for _ in range(2):  # the same part again is not more of it
        with paused_past(page, 0.2):
            page.locator(".candidate").first.press(" ")
        page.locator(".candidate .seek").first.press("Home")
    expect(buttons.first).to_have_attribute("aria-disabled", "true")
    page.evaluate("document.querySelector('audio').playbackRate = 0.5")
    page.locator(".candidate").first.press(" ")
    expect(buttons.first).to_have_attribute("aria-disabled", "false")
    expect(hint(page, 0)).to_be_empty()
    wait_until(page, "document.querySelector('audio').ended")
    page.reload()  # what was heard is not asked for again
    page.locator(".candidate").first.focus()
    page.keyboard.press("3")
    expect(state(page, 0)).to_have_text("saved ✓")
    heard = [one.heard for one in rows(server, Judgement)][-1]
    assert 0.9 < heard <= 1
    expect(hint(page, 1)).to_have_text("Listen to at least 50 % first.")


def test_a_sound_starts_over_after_another_and_goes_on_after_a_pause(
    page: Page, start: Callable[..., Server]
) -> None:
    page.goto(practised(start(), 1)[0])
    plays = page.locator(".play")
    page.evaluate("document.querySelector('audio').playbackRate = 0.0625")
    page.evaluate("document.querySelector('audio').defaultPlaybackRate = 0.0625")
    plays.nth(1).click()
    playing_past(page, 0.2)
    plays.nth(1).click()  # a pause
    paused = audio_time(page)
    page.wait_for_timeout(100)
    assert audio_time(page) == paused >= 0.2
    plays.nth(1).click()
    playing_past(page, paused)
    plays.nth(2).click()
    expect(page.locator("sound-player.playing")).to_have_count(1)
    expect(page.locator(".seek").nth(1)).to_have_attribute("aria-valuenow", "0.0")
    plays.nth(1).click()
    wait_until(page, "document.querySelector('audio').currentTime > 0")
    assert audio_time(page) < 0.2
