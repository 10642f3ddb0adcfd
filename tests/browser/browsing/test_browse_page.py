"""The browse page in a real browser: fourteen columns for eyes, ears, keys and screen readers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from tests.support.browser.barriers import looked_at, looks, violations
from tests.support.browser.browsed import columns, opened, reopened, what_is_shown
from tests.support.browser.tab import playing_past, sideways, sign_in, wait_until, whole
from tests.support.server import Server

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
)
Page, expect = playwright.Page, playwright.expect

pytestmark = pytest.mark.browser

THREE = "&".join(f"system=system-{number}.l2.mcss" for number in ("01", "05", "02"))
REAL = [f"system-0{number}.l2.mcss" for number in (1, 2, 3)]


@pytest.fixture
def server(data: Path, fourteen: list[Ranking]) -> Iterator[Server]:
    """The app with the small collection and fourteen systems."""
    running = Server(data)
    yield running
    running.stop()


def test_from_a_class_to_fourteen_columns_that_play_by_keyboard(
    browser: Any, page: Page, server: Server, small: Collection, fourteen: list[Ranking]
) -> None:
    sign_in(page, server)
    page.get_by_role("link", name="Browse and listen").click()
    opened(page, "Query")
    page.get_by_label("Class", exact=True).select_option("Hum")
    page.get_by_role("button", name="Random query").click()
    expect(page.locator("#query-title .clip-id")).to_contain_text("hum-")
    assert whole(page, ".system").count() == 4
    opened(page, "4 of 14 systems")
    page.get_by_role("link", name="Show all 14").click()
    expect(page.locator(".system")).to_have_count(14)
    assert set(columns(page)) == {ranking.system for ranking in fourteen}
    assert sideways(page) <= 0
    query = small.index[page.locator("#query-title .clip-id").inner_text()]
    for ranking in fourteen:
        shown = page.locator(f'.system[data-system="{ranking.system}"] .result .clip-id')
        rows = ranking.neighbours[query, :15]
        assert shown.all_inner_texts() == [small.clips[row].id for row in rows]

    page.locator(".keys").click()
    keys = page.keyboard
    keys.press("j")
    expect(page.locator(".query")).to_be_focused()
    keys.press(" ")
    playing_past(page, 0.05)
    keys.press("j")
    first = page.locator(".system").nth(0).locator(".result")
    expect(first.nth(0)).to_be_focused()
    keys.press(" ")
    playing_past(page, 0.05)
    expect(first.nth(0).locator("sound-player")).to_have_class("playing")
    keys.press("j")
    keys.press("Shift+ArrowRight")
    second = page.locator(".system").nth(1).locator(".result")
    expect(second.nth(1)).to_be_focused()
    keys.press(" ")
    expect(second.nth(1).locator("sound-player")).to_have_class("playing")
    for _ in range(20):
        keys.press("Shift+ArrowRight")
    last = page.locator(".system").nth(13).locator(".result").nth(1)
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    assert page.evaluate("document.getElementById('columns').scrollLeft") > 1000
    assert page.locator("audio").count() == 1
    expect(page.locator(".query")).to_be_in_viewport()
    assert reopened(browser, server, page) == what_is_shown(page)


def test_columns_are_dragged_and_moved_and_the_address_follows(
    browser: Any, page: Page, server: Server
) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=hum-0&class=Machine&{THREE}&system={REAL[2]}")
    made = "system-05.l2.mcss"
    assert columns(page) == [*REAL, made]
    before = page.locator(".system-facts").all_inner_texts()
    grips = page.locator(".grip")
    grips.nth(0).drag_to(page.locator(".system").nth(2), target_position={"x": 250, "y": 20})
    assert columns(page) == [REAL[1], REAL[2], REAL[0], made]
    assert parse_qs(urlsplit(page.url).query)["system"] == columns(page)
    grips.nth(0).drag_to(page.locator(".system").nth(3))  # not across the divider
    assert columns(page) == [REAL[1], REAL[2], REAL[0], made]

    head = page.locator(".system").nth(0)
    head.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    expect(head.get_by_role("link", name="Move left")).to_be_hidden()
    head.get_by_role("link", name="Move right").focus()
    page.keyboard.press("Enter")
    assert columns(page) == [REAL[2], REAL[1], REAL[0], made]
    expect(page.locator(".system").nth(1).locator(".menu summary")).to_be_focused()
    after = page.locator(".system-facts").all_inner_texts()
    assert after == [before[2], before[1], before[0], before[3]]
    assert reopened(browser, server, page) == what_is_shown(page)

    page.locator(".system").nth(1).locator(".menu summary").click()
    page.locator(".system").nth(1).get_by_role("link", name="Remove this column").click()
    expect(page.locator(".system")).to_have_count(3)
    assert columns(page) == [REAL[2], REAL[0], made]
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#query-title .clip-id")).not_to_have_text("hum-0")
    assert columns(page) == [REAL[2], REAL[0], made]
    opened(page, "3 of 14 systems")
    page.get_by_label("Number 9", exact=False).check()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".system")).to_have_count(4)
    assert columns(page) == [REAL[2], REAL[0], made, "system-09.l2.mcss"]


def test_several_classes_and_classes_to_exclude(
    page: Page, server: Server, small: Collection
) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=hum-0")
    match = page.locator("#match")
    opened(page, "Query")
    expect(match).to_be_hidden()
    page.get_by_label("Class", exact=True).select_option("Machine")
    page.get_by_label("Class 2", exact=True).select_option("Beep")
    expect(match).to_be_visible()
    page.get_by_label("all of them").check()
    page.get_by_label("Without class", exact=True).select_option("Weather")
    expect(page.get_by_label("Without class 2")).to_be_visible()
    page.get_by_role("button", name="Random query").click()
    page.wait_for_url("**/*query=beep-*")
    parts = parse_qs(urlsplit(page.url).query)
    assert (parts["class"], parts["match"]) == (["Machine", "Beep"], ["all"])
    assert parts["exclude"] == ["Weather"]
    opened(page, "Query")
    page.locator(".walk summary").click()
    beeps = [clip.id for clip in small.clips if {"Machine", "Beep"} <= set(clip.labels)]
    assert sorted(page.locator(".walk-list .clip-id").all_inner_texts()) == beeps
    page.get_by_label("Class 2", exact=True).select_option("")
    expect(match).to_be_hidden()
    page.get_by_label("Family").select_option("Nature")
    expect(page.get_by_label("Class 2", exact=True)).to_have_count(0)
    options = page.get_by_label("Class", exact=True).locator("option").all_inner_texts()
    assert options[1:] == ["Hiss (6)", "Weather (6)"]


def test_a_family_that_is_chosen_drops_the_classes_outside_it(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=hum-0&family=Things&class=Hum&class=Beep")
    opened(page, "Query")
    page.get_by_label("Class 3", exact=True).select_option("Machine")
    page.get_by_label("Family").select_option("")  # all families: nothing is outside
    assert page.get_by_label("Class", exact=True).input_value() == "Hum"
    page.get_by_label("Class 2", exact=True).select_option("Hiss")
    page.get_by_label("Family").select_option("Nature")
    chosen = page.locator("select[name=class]").evaluate_all("list => list.map(one => one.value)")
    assert sorted(chosen) == ["", "Hiss"]
    page.get_by_role("button", name="Random query").click()
    page.wait_for_url("**/*query=hiss-*")
    assert parse_qs(urlsplit(page.url).query)["class"] == ["Hiss"]


@pytest.mark.parametrize("key", ["k", "ArrowUp"])
def test_the_sound_before_a_columns_first_result_is_the_query(
    page: Page, server: Server, key: str
) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=hum-0&{THREE}")
    wait_until(page, "!!document.querySelector('sound-player .play')")
    query, keys = page.locator(".query"), page.keyboard
    for number in range(3):
        results = page.locator(".system").nth(number).locator(".result")
        results.nth(1).focus()
        keys.press(key)
        expect(results.nth(0)).to_be_focused()
        keys.press(key)
        expect(query).to_be_focused()
        keys.press(key)
        expect(query).to_be_focused()
    keys.press("j")
    expect(page.locator(".result").first).to_be_focused()


def test_queries_worth_a_look_are_walked_through(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?class=Hum&query=hum-0")
    opened(page, "Query")
    page.get_by_text("Queries worth a look").click()
    expect(page.get_by_label("Second system")).to_be_hidden()
    page.get_by_label("First come").select_option("difference")
    page.get_by_label("System", exact=True).select_option(REAL[1])
    page.get_by_label("Second system").select_option("system-07.l2.mcss")
    page.get_by_role("button", name="Show them").click()
    page.wait_for_url("**/*order=difference*")
    opened(page, "Query")
    page.locator(".walk summary").click()
    expect(page.locator(".walk")).to_contain_text("A simulated system is compared")
    numbers = [
        abs(float(text.replace("−", "-")))
        for text in page.locator(".walk-list .number").all_inner_texts()
    ]
    assert numbers == sorted(numbers, reverse=True)
    ids = page.locator(".walk-list .clip-id").all_inner_texts()
    assert page.locator("#query-title .clip-id").inner_text() == ids[0]
    page.keyboard.press("Escape")
    for following in ids[1:]:
        page.get_by_role("link", name="Next").click()
        expect(page.locator("#query-title .clip-id")).to_have_text(following)
    expect(page.get_by_role("link", name="Next")).to_have_count(0)


def test_a_mark_says_where_else_a_result_is(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=beep-0&{THREE}")
    tip = page.locator("#also-tip")
    item = page.locator(".system").nth(0).locator(".result:has(.also)").first
    mark, row = item.locator(".also"), item.get_attribute("data-row")
    same = page.locator(f'.result[data-row="{row}"]')
    ranks = [
        f"{column.locator('h3').inner_text().split(chr(10))[0].strip()} at {rank}"
        for column in page.locator(".system").all()[1:]
        for rank in [
            number + 1
            for number, one in enumerate(column.locator(".result").all())
            if one.get_attribute("data-row") == row
        ]
    ]
    for come in (mark.focus, mark.hover):
        expect(tip).to_be_hidden()
        come()
        expect(tip).to_have_text("Also in " + ", ".join(ranks))
        expect(page.locator(".result.same")).to_have_count(same.count())
        assert same.count() == len(ranks) + 1
        page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_without_scripts_pickers_links_and_pages_work(browser: Any, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.flask("signin-link", "--base", server.url).split()[-1])
    page.goto(f"{server.url}/browse/small?{THREE}")
    opened(page, "Query")
    page.get_by_label("Class", exact=True).select_option("Hiss")
    page.get_by_label("Without class", exact=True).select_option("Hum")
    page.get_by_role("button", name="Random query").click()
    expect(page.locator("#query-title .clip-id")).to_contain_text("hiss-")
    opened(page, "Query")
    page.get_by_label("Class 2", exact=True).select_option("Beep")
    page.get_by_role("button", name="Random query").click()
    assert parse_qs(urlsplit(page.url).query)["class"] == ["Hiss", "Beep"]
    page.get_by_role("link", name="16–30").click()
    expect(page.locator(".system").nth(0).locator(".rank").first).to_contain_text("16")
    page.locator(".result .clip-id").first.click()
    opened(page, "Query")
    page.get_by_label("Find a clip by id, label or title").fill("hum 3")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#query-title .clip-id")).to_have_text("hum-3")
    assert len(columns(page)) == 3
    context.close()


VIEWS = {
    "?class=Hum&class=Machine&match=all&exclude=Hiss&query=hum-0&columns=all": (
        1280, ["#query-tool", ".menu"]
    ),
    f"?order=overlap&query=hum-1&page=2&{THREE}": (360, [".choose-systems", ".own", ".compare"]),
    "?find=weather": (1280, []),
    "?class=Hum&exclude=Hum": (360, ["#query-tool"]),
}  # fmt: skip
"""Address -> the width of the window, and what is opened one after the other."""


@looks("path", VIEWS)
def test_no_barrier_on_the_browse_page(
    browser: Any, server: Server, path: str, scheme: str
) -> None:
    width, parts = VIEWS[path]
    context = looked_at(browser, width, scheme)
    page = context.new_page()
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small{path}")
    reports = []
    for part in parts:
        page.locator(part).first.evaluate(
            "one => [one, ...one.querySelectorAll('details')].forEach(all => { all.open = true; })"
        )
        reports.append(violations(page))
    if page.locator(".also:visible").count():
        page.locator(".also:visible").first.focus()
    reports.append(violations(page))
    beyond = sideways(page)
    context.close()
    assert "".join(reports) == ""
    assert beyond <= 0
