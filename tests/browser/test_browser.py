"""The thread in a real browser: browse and listen, grade blind, lose nothing, export."""

import pytest

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from tests.support.browser.browsed import opened
from tests.support.browser.tab import (
    Page,
    audio_time,
    expect,
    heard_past,
    playing_past,
    press,
    pressed,
    sign_in,
    state,
    wait_until,
    whole,
)
from tests.support.server import Server

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
)


pytestmark = pytest.mark.browser


def test_browse_listen_grade_reload_export(
    page: Page, server: Server, rater_link: str, small: Collection, ranked: list[Ranking]
) -> None:
    """The whole thread: from a sound on a page to a row in a CSV."""
    sign_in(page, server)
    page.get_by_role("link", name="Browse and listen").click()
    opened(page, "Query")
    page.get_by_label("Class", exact=True).select_option("Hum")
    page.get_by_role("button", name="Random query").click()
    expect(page.locator("#query-title .clip-id")).to_contain_text("hum-")
    assert whole(page, ".system").count() == 2
    query = small.index[page.locator("#query-title .clip-id").inner_text()]
    shown = page.locator("#system-1 .result .clip-id").all_inner_texts()
    assert shown == [small.clips[row].id for row in ranked[0].neighbours[query, :15]]

    page.get_by_role("button", name=f"Play {shown[0]}").first.click()
    playing_past(page, 0.1)
    assert page.locator("sound-player.playing").count() <= 1

    page.goto(rater_link)
    expect(page.locator(".candidate")).not_to_have_count(0)
    for number, grade in enumerate((0, 60, 100)):
        press(page, number, grade)
        expect(state(page, number)).to_have_text("saved ✓")
    rest = [None] * (page.locator(".candidate").count() - 3)
    assert pressed(page) == ["0", "60", "100", *rest]
    page.reload()
    assert pressed(page) == ["0", "60", "100", *rest]
    expect(page.locator("#graded")).to_have_text(f"3 of {3 + len(rest)} sounds graded")

    rows = server.judgements()
    assert [(row["grade"], row["position"]) for row in rows] == [
        ("0", "1"),
        ("60", "2"),
        ("100", "3"),
    ]
    assert len({row["uuid"] for row in rows}) == 3
    for row in rows:
        query, candidate = small.index[row["query"]], small.index[row["candidate"]]
        for ranking in ranked:
            top = ranking.neighbours[query, :3].tolist()
            expected = str(top.index(candidate) + 1) if candidate in top else ""
            assert row[f"rank.{ranking.system}"] == expected


def test_one_sound_at_a_time_by_mouse_and_keys(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?class=Hum&query=hum-0")
    plays = page.locator(".play")
    plays.nth(0).click()
    playing_past(page, 0.05)
    plays.nth(3).click()
    playing_past(page, 0.05)
    assert page.locator("audio").count() == 1
    assert page.locator("sound-player.playing").count() <= 1

    page.locator(".keys").click()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".query")).to_be_focused()
    seek = page.locator(".query .seek")
    for key, position in (("End", 0.6), ("Home", 0.0), ("ArrowRight", 0.1), ("ArrowLeft", 0.0)):
        seek.press(key)
        expect(seek).to_have_attribute("aria-valuenow", f"{position:.1f}")
    page.locator(".query").focus()
    page.keyboard.press("ArrowRight")
    expect(seek).to_have_attribute("aria-valuenow", "0.5")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    expect(page.locator(".query sound-player")).to_have_class("playing")
    wait_until(page, "document.querySelector('audio').ended")
    expect(seek).to_have_attribute("aria-valuenow", "0.0")  # ready to start over


def test_the_seek_bar_goes_where_it_is_clicked(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?class=Hum&query=hum-0")
    seek = page.locator(".query .seek")
    box = seek.bounding_box()
    page.evaluate("document.querySelector('audio').defaultPlaybackRate = 0.1")
    seek.click(position={"x": box["width"] * 0.5, "y": 10})
    playing_past(page, 0.3)
    assert 0.28 < audio_time(page) < 0.6


def test_grading_by_keyboard_alone(page: Page, server: Server, rater_link: str) -> None:
    page.goto(rater_link)
    page.keyboard.press("r")  # the query
    playing_past(page, 0.05)
    page.keyboard.press("ArrowDown")
    count = page.locator(".candidate").count()
    for number in range(count):
        page.keyboard.press("ArrowDown")
        expect(page.locator(".candidate").nth(number)).to_be_focused()
        page.keyboard.press(" ")
        heard_past(page, number, 0.05)
        page.keyboard.press(str(number % 6))
        expect(state(page, number)).to_have_text("saved ✓")
    assert pressed(page) == [str(20 * (number % 6)) for number in range(count)]
    page.get_by_role("button", name="Next round").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".progress-line")).to_contain_text("Round 2 of 2")
    page.wait_for_load_state()
    rows = server.judgements()
    assert len(rows) == count
    assert all(0 < float(row["listened_seconds"]) <= 0.65 for row in rows)  # sounds of 0.6 s


def test_next_leads_to_what_has_no_grade(page: Page, rater_link: str) -> None:
    page.goto(rater_link)
    count = page.locator(".candidate").count()
    for number in range(count):
        if number != 1:
            press(page, number, 20)
    page.get_by_role("button", name="Next round").click()
    expect(page.locator("#banner")).to_contain_text("One sound has no grade yet.")
    expect(page.locator(".candidate").nth(1)).to_be_focused()
    page.keyboard.press("4")  # the key that is printed on the button
    assert page.locator('.grade[data-grade="80"] .grade-value').first.inner_text() == "4"
    expect(page.locator("#banner")).to_be_hidden()
    assert pressed(page)[1] == "80"
    page.get_by_role("button", name="Next round").click()
    expect(page.locator(".progress-line")).to_contain_text("Round 2 of 2")
    page.wait_for_load_state()
