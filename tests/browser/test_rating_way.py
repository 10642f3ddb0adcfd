"""The rest of a rater's way in a real browser: lists, questions, keys alone, phones, withdrawal."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from embeddings.systems.store import Ranking
from tests.support.browser.served_study import grades, invited, practised, rows, serving
from tests.support.browser.tab import (
    Page,
    expect,
    playing_past,
    press,
    sideways,
    state,
    tab_to,
    wait_until,
)
from tests.support.browser.watching import watch
from tests.support.server import Server
from tests.support.studies.headphone_test import right_answers, right_count, shorten, time_goes_by
from tests.support.waiting import wait_for
from webapp.core.database import db
from webapp.models import Judgement, Preference, Query, Slot

pytestmark = pytest.mark.browser


@pytest.fixture
def start(
    data: Path, ranked: list[Ranking], tmp_path: Path, kind_of_server: type[Server]
) -> Iterator[Callable[..., Server]]:
    """Return a function that serves an open study; what it gets is put into its protocol."""
    yield from serving(data, tmp_path / "which.toml", kind_of_server)


@pytest.mark.kills
def test_a_choice_between_two_lists(page: Page, start: Callable[..., Server]) -> None:
    server = start(more='method = "preference"')
    page.goto(invited(server))
    expect(page.locator(".notice:visible")).to_contain_text("practice")
    page.get_by_role("button", name="Begin the test").click()
    expect(page.locator("#banner")).to_contain_text("Choose one of the three answers first.")
    page.keyboard.press("n")
    expect(page.locator("#preference .state")).to_have_text("saved ✓")
    page.get_by_role("button", name="Begin the test").click()
    expect(page.locator(".progress-where")).to_contain_text("Round 1 of 2")
    page.wait_for_load_state()
    sounds = [
        one.locator("sound-player").evaluate_all("list => list.map(one => one.dataset.src)")
        for one in page.locator(".list").all()
    ]
    shared = set(sounds[0]) & set(sounds[1])
    assert page.locator(".label-shared").count() == 2 * len(shared)
    page.keyboard.press("a")
    expect(page.locator("#preference .state")).to_have_text("saved ✓")
    server.kill()
    page.get_by_role("button", name="B is better").click()
    expect(page.locator("#banner")).to_contain_text("One grade is kept in this browser")
    server.start()
    expect(page.locator("#preference .state")).to_have_text("saved ✓")
    page.reload()
    expect(page.get_by_role("button", name="B is better")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Next round").click()
    expect(page.locator(".progress-where")).to_contain_text("Round 2 of 2")
    page.wait_for_load_state()
    assert [one.choice for one in rows(server, Preference)] == ["none", "A", "B"]


def test_grades_of_whole_lists(page: Page, start: Callable[..., Server]) -> None:
    server = start(more='method = "rating"')
    page.goto(invited(server))
    first = page.locator(".list").first
    first.locator(".list-sound").last.focus()
    page.keyboard.press("2")
    page.keyboard.press("ArrowRight")
    expect(first.locator(".exact-value")).to_have_text("55")
    expect(first.locator(".state")).to_have_text("saved ✓")
    page.get_by_role("button", name="Begin the test").click()
    lists = page.locator(".list").count()
    words = "One list has" if lists == 2 else f"{lists - 1} lists have"
    expect(page.locator("#banner")).to_contain_text(f"{words} no grade yet.")
    for each in page.locator(".list").all()[1:]:
        each.locator(".grade").nth(1).click()
    page.get_by_role("button", name="Begin the test").click()
    expect(page.locator(".progress-where")).to_contain_text("Round 1 of 2")
    page.wait_for_load_state()
    assert page.locator(".list").count() >= 4  # the two systems and both anchors
    first, *others = [one.grade for one in rows(server, Judgement)]
    assert (first, set(others) - {55}) == (50, {25})


def test_questions_that_are_not_answered_well(page: Page, start: Callable[..., Server]) -> None:
    server = start(
        end="""
[[questionnaire.before]]
id = "hearing"
text = "Is there something we should know of your hearing?"
[[questionnaire.before]]
id = "age"
text = "How old are you?"
kind = "number"
required = true
[[questionnaire.before]]
id = "gear"
text = "What do you listen with?"
kind = "choice"
choices = ["headphones", "loudspeakers"]
required = true
"""
    )
    page.goto(invited(server))
    page.get_by_label("How old are you?").fill("forty")
    page.get_by_role("button", name="Go on").click()
    age = page.get_by_label("How old are you?")
    expect(age).to_be_focused()
    expect(age).to_have_value("forty")
    expect(age).to_have_accessible_description("This must be a number, not 'forty'.")
    gear = page.get_by_role("radiogroup", name="What do you listen with?")
    expect(gear).to_have_attribute("aria-invalid", "true")
    age.fill("40")
    gear.get_by_label("headphones").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".notice:visible")).to_contain_text("practice")


WHOLE = """
consent = "I agree to **listen**."
"""
AFTER = """
[[questionnaire.before]]
id = "age"
text = "How old are you?"
kind = "number"
required = true
[[questionnaire.after]]
id = "gear"
text = "What did you listen with?"
kind = "choice"
choices = ["headphones", "loudspeakers"]
required = true
[joining]
open = true
completion_code = "DONE42"
redirect = "https://example.org/back?cc={code}"
"""


FIRST = "Play both sounds first, the beeps to their end."


def test_the_whole_way_by_keyboard_alone(page: Page, start: Callable[..., Server]) -> None:
    """From consent to the code, through the headphone test, with no mouse at all."""
    server = start(more=WHOLE, listening="headphones = true", check="true", end=AFTER)
    page.goto(f"{server.url}/join/which?PROLIFIC_PID=p1")
    tab_to(page, 'button[value="yes"]')
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("A few questions about you")
    tab_to(page, "#q-age")
    page.keyboard.type("33")
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text("Set your volume")
    expect(page.locator("#must-play")).to_have_text(
        "Play both sounds first, the beeps to their end."
    )
    shorten(server.app)
    tab_to(page, "#beeps")
    page.keyboard.type(str(right_count(server.app, page.url)))
    page.keyboard.press("Enter")
    expect(page.locator(".play").first).to_be_focused()
    page.keyboard.press("Enter")
    playing_past(page, 0.02)
    expect(page.locator("#must-play")).to_have_text(
        "Play both sounds first, the beeps to their end."
    )
    tab_to(page, ".beeps .play")
    page.keyboard.press("Enter")
    expect(page.locator("#must-play")).to_be_empty()
    tab_to(page, ".must-play .btn")
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text("Are you wearing headphones?")
    shorten(server.app)
    time_goes_by(server.app, page.url)
    for number, place in enumerate(right_answers(server.app, page.url), 1):
        tab_to(page, f".play[aria-label$='sound {number}']")
        page.keyboard.press("Enter")
        playing_past(page, 0.02)
        expect(page.locator("#must-play")).to_have_text("Play each of the sounds to its end first.")
        wait_until(page, "document.querySelector('audio').ended")
        tab_to(page, f'[name="trial-{number}"]')
        page.keyboard.press(" ")
        for _ in range(place - 1):
            page.keyboard.press("ArrowDown")
    tab_to(page, ".must-play .btn")
    page.keyboard.press("Enter")

    for name in ("Practice", "Round 1 of 2", "Round 2 of 2"):
        expect(page.locator(".progress-where")).to_contain_text(name)
        page.wait_for_load_state()
        expect(page.locator("audio")).to_have_count(1)  # the scripts are there
        page.keyboard.press("r")
        playing_past(page, 0.02)
        page.keyboard.press("ArrowDown")
        for number in range(page.locator(".candidate").count()):
            page.keyboard.press("ArrowDown")
            expect(page.locator(".candidate").nth(number)).to_be_focused()
            page.keyboard.press(" ")
            page.keyboard.press("4")
            page.keyboard.press("ArrowRight")
            expect(state(page, number)).to_have_text("saved ✓")
        tab_to(page, "#next .btn")
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("A few last questions")
    tab_to(page, '[name="q-gear"]')
    page.keyboard.press(" ")
    tab_to(page, "main form .btn")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Thank you")
    expect(page.locator("#code")).to_have_text("DONE42")
    tab_to(page, "#copy")
    page.keyboard.press("Enter")
    expect(page.locator("#copy")).not_to_have_text("Copy")
    expect(page.get_by_role("link", name="Go back to example.org")).to_have_attribute(
        "href", "https://example.org/back?cc=DONE42"
    )
    with server.app.app_context():
        practice = db.session.scalar(
            sa.select(sa.func.count(Judgement.id))
            .join(Judgement.slot)
            .join(Slot.assignment)
            .join(Query)
            .where(Query.practice)
        )
    assert practice >= 2
    assert {grade for _, grade in grades(server)} <= {80, 85}


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ("", ""),
        ("", '[scale]\nfacets = ["semantic", "acoustic"]\n'),
        ('method = "preference"', ""),
        ('method = "rating"', ""),
    ],
    ids=["graded", "two facets", "preference", "rating"],
)
def test_a_phone_holds_the_page(
    browser: Any, start: Callable[..., Server], more: str, end: str
) -> None:
    """Nothing scrolls sideways, nothing to press is smaller than a finger, the query stays."""
    server = start(more=more, end=end)
    context = browser.new_context(viewport={"width": 360, "height": 780}, has_touch=True)
    page = context.new_page()
    watch(page)
    page.goto(invited(server))
    if page.locator(".candidate").count():
        page.locator(".candidate .grade").nth(2).click()
        expect(page.locator(".exact").first).to_be_visible()
    assert sideways(page) <= 0
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a, summary, input, .seek')]
            .map(one => [one.outerHTML, (one.closest('label') ?? one).getBoundingClientRect()])
            .filter(([, { width, height }]) => height > 1 && Math.min(width, height) < 43.5)
            .map(([html]) => html.slice(0, 90))"""
    )
    assert small == []
    page.locator("#next button").scroll_into_view_if_needed()
    expect(page.locator("#query .play")).to_be_in_viewport()
    covered = page.evaluate("document.querySelector('.rate-query').offsetHeight / innerHeight")
    assert covered < 0.2
    problems = page.problems
    context.close()
    assert problems == []


def test_who_withdraws_leaves_nothing_in_the_browser(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start()
    page.goto(practised(server, 1)[0])
    page.route("**/grades", lambda route: route.abort())
    press(page, 0, 40)
    expect(state(page, 0)).to_have_text("kept here, not saved yet")
    page.get_by_role("link", name="Withdraw from the study").click()
    page.get_by_role("button", name="Withdraw and remove everything").click()
    expect(page.locator("h1")).to_have_text("You have withdrawn")
    left = """() => new Promise(done => {
        indexedDB.open('sounding-board', 1).onsuccess = ({ target }) => {
            const request = target.result.transaction('grades').objectStore('grades').count();
            request.onsuccess = () => done(request.result);
        };
    })"""
    wait_for(lambda: page.evaluate(left) == 0)
    assert rows(server, Judgement) == []
