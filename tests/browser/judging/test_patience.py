"""What spares a rater's patience, in a real browser: few presses, taking back, order, breaks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embeddings.collection.clips import Collection, open_collection
from embeddings.collection.importing import import_collection
from embeddings.collection.sources import Options
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from tests.support.browser.served_study import invited, practised, rows
from tests.support.browser.tab import Page, expect, press, state, wait_until
from tests.support.server import Server
from tests.support.small import write_source
from webapp.models import Judgement

pytestmark = pytest.mark.browser

PROTOCOL = """
title = "Which one is it?"
collection = "{collection}"
systems = [{systems}]
depth = {depth}
page = 20
practice = false
consent = "I agree."
[queries]
clips = [{clips}]
[controls]
identity = false
distractors = 0
repeats = 0
[listening]
sound_check = false
[pace]
play_on_move = true
go_on = true
"""
UNLOCKED = "document.activeElement.querySelector('.grade')?.ariaDisabled === 'false'"


@pytest.fixture(params=["small", pytest.param("large", marks=pytest.mark.long)])
def paced(
    request: pytest.FixtureRequest, data: Path, tmp_path: Path, kind_of_server: type[Server]
) -> Iterator[tuple[Server, int, int]]:
    """A server, how many queries its study has, and how many sounds each of them."""
    if request.param == "small":
        request.getfixturevalue("ranked")
        collection: Collection = request.getfixturevalue("small")
        count, depth = 1, 4
        systems = ["good.l2.mcss", "good.l2.nns"]
        recipe = Recipe(pca=None)
        build_ranking(collection, open_embedding(collection, "good"), recipe, "nns")
    else:
        source = write_source(tmp_path / "source", takes=8)
        import_collection(data, "more", source, "csv", options=Options(), copy=True)
        collection, count, depth = open_collection(data, "more"), 10, 20
        write_random_embedding(collection)
        chance = open_embedding(collection, "random")
        systems = [  # of vectors of one length both find the same sounds
            build_ranking(collection, chance, Recipe(pca=None), search).system
            for search in ("mcss", "nns")
        ]
    names = lambda all: ", ".join(f'"{one}"' for one in all)  # noqa: E731
    clips = names([one.id for one in collection.clips][:count])
    path = tmp_path / "which.toml"
    path.write_text(
        PROTOCOL.format(
            collection=collection.name, systems=names(systems), depth=depth, clips=clips
        )
    )
    running = kind_of_server(data)
    running.flask("studies", "create", str(path))
    running.flask("studies", "open", "which")
    yield running, count, depth
    running.stop()


def test_a_grade_is_one_key(page: Page, paced: tuple[Server, int, int]) -> None:
    """All is graded after it was heard by the rule; who graded it by hand pressed 60 a query."""
    server, queries, sounds = paced
    presses = 0
    page.goto(invited(server))
    page.get_by_role("button", name="I agree").press("Enter")
    for query in range(queries):
        expect(page.locator(".progress-where")).to_contain_text(f"Round {query + 1} of {queries}")
        for number in range(sounds):
            expect(page.locator(".candidate").nth(number)).to_be_focused()
            wait_until(page, UNLOCKED)
            page.keyboard.press("2")
            presses += 1
        expect(page.locator("#next button")).to_be_focused()
        page.keyboard.press("Enter")
        presses += 1
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    given = rows(server, Judgement)
    assert len(given) == queries * sounds
    assert all(one.heard >= 0.28 or one.listened_seconds >= 2.95 for one in given)
    assert {one.way for one in given} == {"play_on_move go_on"}
    print(f"{presses} key presses for {queries} x {sounds} sounds")
    assert presses <= queries * (sounds + 2)  # 220 for 10 x 20


def test_a_rater_chooses_and_takes_back(
    page: Page, start: Callable[..., Server], ranked: list[Ranking]
) -> None:
    server = start()
    page.clock.install()
    page.goto(practised(server, 1)[0])
    marks = page.locator(".candidate .heard-mark")
    expect(marks.first).to_have_text("not heard yet")
    page.get_by_text("Your settings").click()
    page.get_by_label("A sound plays when a key moves to it").check()
    page.get_by_label("After a grade, the next sound plays by itself").check()
    page.locator("#query").focus()
    page.keyboard.press("j")
    first, second = (page.locator(".candidate").nth(number) for number in range(2))
    expect(first).to_be_focused()
    wait_until(page, "document.querySelector('audio').ended")
    expect(marks.first).to_have_text("heard")
    page.keyboard.press("3")
    expect(second).to_be_focused()
    expect(second.locator("sound-player")).to_have_class("playing")
    page.keyboard.press("4")
    expect(state(page, 1)).to_have_text("saved ✓")

    page.keyboard.press("Backspace")  # there was none before
    expect(second).to_be_focused()
    expect(second.locator(".hint")).to_have_text("Taken back: give it another grade.")
    expect(state(page, 1)).to_have_text("not graded yet")
    press(page, 0, 100)
    expect(state(page, 0)).to_have_text("saved ✓")
    page.keyboard.press("Backspace")  # the one before counts again
    expect(first.locator("[aria-pressed='true']")).to_have_attribute("data-grade", "60")
    expect(state(page, 0)).to_have_text("saved ✓")
    page.reload()
    expect(state(page, 1)).to_have_text("not graded yet")
    expect(page.get_by_label("A sound plays when a key moves to it")).to_be_checked()
    told = [(one.grade, one.taken_back) for one in rows(server, Judgement)][-5:]
    assert told == [(60, False), (80, False), (80, True), (100, False), (60, False)]

    count = page.locator(".candidate").count()
    page.locator("#pace summary").click()
    page.get_by_label("After a grade, the next sound plays by itself").uncheck()
    for number in range(1, count):
        press(page, number, 20 * (number % 5) + 20)
        expect(state(page, number)).to_have_text("saved ✓")
    names = page.locator(".candidate h3").all_inner_texts()
    page.get_by_role("button", name="Order by my grades").click()
    shown = page.locator(".candidate [aria-pressed='true']").evaluate_all(
        "list => list.map(one => Number(one.dataset.grade))"
    )
    assert shown == sorted(shown, reverse=True)
    page.get_by_role("button", name="Order by my grades").click()
    assert page.locator(".candidate h3").all_inner_texts() == names


def test_minutes_left_a_break_and_a_query_once_more(
    page: Page, start: Callable[..., Server], ranked: list[Ranking]
) -> None:
    server = start(end="[pace]\nbreak_minutes = 2\n")
    page.clock.install()
    page.goto(practised(server, 1)[0])
    count = page.locator(".candidate").count()
    assert count >= 4
    for number in range(count):
        page.clock.fast_forward(60_000)  # a minute for each
        press(page, number, 40)
        expect(state(page, number)).to_have_text("saved ✓")
        if number == 1:
            expect(page.locator("#break")).to_contain_text("You have been at it for 2 minutes.")
            page.get_by_role("button", name="Take a break").click()
            expect(page.locator("#break")).to_contain_text("Take your time.")
            page.get_by_role("button", name="Go on", exact=True).click()
            expect(page.locator("#break")).to_be_hidden()
    page.get_by_role("button", name="Next round").click()
    expect(page.locator(".progress-where")).to_contain_text("Round 2 of 2")
    page.wait_for_load_state()
    if count < 5:
        page.clock.fast_forward(60_000)
        press(page, 0, 40)
    left = page.locator("#minutes-left")
    expect(left).to_contain_text("minutes left at your pace")
    page.get_by_text("Look at a finished round again").click()
    page.get_by_role("link", name="Round 1").click()
    expect(page.get_by_text("You finished this round.")).to_be_visible()
    expect(page.locator(".progress-where")).to_contain_text("Round 1 of 2")
    page.wait_for_load_state()
    press(page, 0, 80)
    expect(state(page, 0)).to_have_text("saved ✓")
    page.get_by_role("button", name="Back to where you were").click()
    expect(page.locator(".progress-where")).to_contain_text("Round 2 of 2")
    given = [one.grade for one in rows(server, Judgement)]
    assert given[-1] == 80
