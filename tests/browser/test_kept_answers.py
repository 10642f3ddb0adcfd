"""What the app refuses is kept in the browser, can be saved as a file, and is taken in from it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser.barriers import looked_at, looks, violations
from tests.support.browser.served_study import grades, practised
from tests.support.browser.tab import Page, expect, press, sideways, state, told
from tests.support.places import flask
from tests.support.server import Server
from webapp import create_app
from webapp.rating import moments

pytestmark = pytest.mark.browser

Start = Callable[..., Server]
ROWS = """() => new Promise((done) => {
  const opening = indexedDB.open("sounding-board", 1);
  opening.onsuccess = () => {
    const asked = opening.result.transaction("grades").objectStore("grades").getAll();
    asked.onsuccess = () => { opening.result.close(); done(asked.result); };
  };
})"""
"""What the browser keeps, as its database has it."""


def title(page: Page) -> Any:
    """Return the line that says how much could not be stored."""
    return page.locator("#kept [data-part=title]")


def saved(page: Page, folder: Path) -> Path:
    """Save the answers as a file, by the keyboard; return it."""
    button = page.get_by_role("button", name="Your answers as a file")
    button.focus()
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == "answers-which.json"
    path = folder / "answers-which.json"
    waiting.value.save_as(path)
    return path


def refused_grades(page: Page, grades: dict[int, int]) -> None:
    """Give grades (candidate -> grade) that the app refuses."""
    for count, (number, grade) in enumerate(grades.items(), 1):
        press(page, number, grade)
        words = "One answer" if count == 1 else f"{count} answers"
        expect(title(page)).to_have_text(f"{words} could not be stored")


def test_a_study_that_closes_in_the_middle_loses_nothing(
    page: Page, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two grades waited without a network, and come too late; one more is given after the end."""
    page.problems_expected = ("409",)
    monkeypatch.setattr(moments, "_LATEST", timedelta(0))
    server = start('contact = "lab@example.org"')
    page.goto(practised(server, 1)[0])
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("saved ✓")
    page.route("**/grades", lambda route: route.abort())
    press(page, 1, 40)
    press(page, 2, 60)
    expect(page.locator("#banner")).to_contain_text("2 grades are kept in this browser")
    server.flask("studies", "close", "which")
    page.unroute("**/grades")
    expect(title(page)).to_have_text("2 answers could not be stored")
    press(page, 1, 80)
    expect(title(page)).to_have_text("3 answers could not be stored")
    expect(page.locator("#kept")).to_contain_text("The study is closed; it takes no more grades.")
    expect(page.get_by_role("link", name="lab@example.org")).to_be_visible()
    page.reload()  # the page of a study that is closed
    expect(page.locator("h1")).to_have_text("This study is closed")
    expect(title(page)).to_have_text("3 answers could not be stored")
    path = saved(page, tmp_path)
    expect(page.get_by_role("button", name="forget them here")).to_be_visible()

    file = json.loads(path.read_text())
    assert set(file) == {"sounding_board_answers", "study", "saved_at", "answers"}
    assert [one["body"]["grade"] for one in file["answers"] if one["kind"] == "answer"] == [
        40, 60, 80,
    ]  # fmt: skip
    assert not any(word in path.read_text() for word in ("mcss", "good", "random", "hum-", "hiss-"))
    said = server.flask("studies", "take-in", "which", str(path), "--after-closing", "--yes")
    assert "it was given after the closing" in said
    assert "Stored 2 answers in which" in said
    assert sorted(grade for _, grade in grades(server)) == [20, 40, 60]
    again = server.flask("studies", "take-in", "which", str(path), "--after-closing", "--yes")
    assert "0 to store, 2 stored already, 1 not taken" in again
    page.reload()  # what is stored now leaves
    expect(title(page)).to_have_text("One answer could not be stored")
    assert [row["grade"] for row in server.judgements()] == ["20", "40", "60"]


def test_a_link_that_is_replaced_in_the_middle_loses_nothing(
    page: Page, start: Start, tmp_path: Path
) -> None:
    """The old page keeps what it cannot send; under the new link it is sent, once."""
    page.problems_expected = ("404",)
    server = start()
    link = practised(server, 1)[0]
    page.goto(link)
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("saved ✓")
    new = server.flask("studies", "reissue", "which", "1", "--base", server.url).split()[-1]
    refused_grades(page, {1: 40, 2: 60})
    page.goto(link)
    expect(page.locator("h1")).to_have_text("This link is not in use any more")
    expect(title(page)).to_have_text("2 answers could not be stored")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    path = saved(page, tmp_path)
    said = server.flask("studies", "take-in", "which", str(path), "--dry-run")
    assert "its link leads nowhere" in said
    assert "Its sound was given to rater-001." in said
    page.goto(new)
    expect(state(page, 2)).to_have_text("saved ✓")
    expect(title(page)).to_be_empty()
    assert page.evaluate(ROWS) == []
    assert [grade for _, grade in grades(server)] == [20, 40, 60]
    said = server.flask("studies", "take-in", "which", str(path), "--rater", "1", "--yes")
    assert "0 to store, 2 stored already, 0 not taken" in said


def test_what_another_rater_left_in_this_browser_is_left_alone(page: Page, start: Start) -> None:
    page.problems_expected = ("404",)
    server = start()
    one, other = practised(server, 2)
    page.goto(one)
    page.route("**/grades", lambda route: route.abort())
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("kept here, not saved yet")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("about:blank")
    page.unroute("**/grades")
    with page.expect_response("**/grades") as refusal:
        page.goto(other)
    assert refusal.value.status == 404
    press(page, 0, 80)
    expect(state(page, 0)).to_have_text("saved ✓")
    assert [row["body"]["grade"] for row in page.evaluate(ROWS)] == [20]
    page.goto(one)
    expect(state(page, 0)).to_have_text("saved ✓")
    rows = server.judgements()
    assert [(row["rater"], row["grade"]) for row in rows] == [
        ("rater-002", "80"),
        ("rater-001", "20"),
    ]


@pytest.mark.kills
def test_a_key_that_is_replaced_in_the_middle_loses_nothing(
    page: Page, start: Start, data: Path, tmp_path: Path
) -> None:
    page.problems_expected = ("403", "404")
    server: Any = start()
    page.goto(practised(server, 1)[0])
    press(page, 0, 20)
    expect(state(page, 0)).to_have_text("saved ✓")
    server.kill()
    before = tmp_path / "secret_key"
    (data / "secret_key").rename(before)
    flask(data, "installation", "accept", "--yes")
    server.start()
    server.app = create_app({"DATA": data})
    press(page, 1, 40)
    words = "made before the server's key was changed: load it again. Your answers are kept"
    expect(page.locator("#banner")).to_contain_text(words)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(title(page)).to_have_text("One answer could not be stored")
    expect(page.locator("#kept")).to_contain_text("a page from before the server's key was changed")
    press(page, 2, 60)  # and the page goes on
    expect(state(page, 2)).to_have_text("saved ✓")
    path = saved(page, tmp_path)
    said = server.flask("studies", "take-in", "which", str(path), "--dry-run")
    assert "another secret_key made its page" in said
    said = server.flask("studies", "take-in", "which", str(path), "--yes", "--key", str(before))
    assert "Stored 1 answer in which" in said
    assert [grade for _, grade in grades(server)] == [20, 60, 40]


def test_answers_that_wait_long_can_be_saved_as_a_file(
    page: Page, start: Start, tmp_path: Path
) -> None:
    """A proxy that says 403 refuses nothing: it is tried again; after a minute there is a file."""
    page.problems_expected = ("403",)
    page.clock.install()
    server = start()
    page.goto(practised(server, 1)[0])
    page.route("**/grades", lambda route: route.fulfill(status=403, body="<h1>Forbidden</h1>"))
    press(page, 0, 40)
    expect(state(page, 0)).to_have_text("kept here, not saved yet")
    expect(title(page)).to_be_empty()
    page.clock.fast_forward(61_000)
    expect(title(page)).to_have_text("One answer is not stored yet")
    path = saved(page, tmp_path)
    said = server.flask("studies", "take-in", "which", str(path), "--yes")
    assert "Stored 1 answer in which" in said
    page.unroute("**/grades")
    page.clock.fast_forward(61_000)
    expect(state(page, 0)).to_have_text("saved ✓")
    expect(title(page)).to_be_empty()
    assert [grade for _, grade in grades(server)] == [40]


def test_trying_again_stores_it_and_a_later_answer_counts(page: Page, start: Start) -> None:
    page.problems_expected = ("409",)
    server = start()
    page.goto(practised(server, 1)[0])
    refusal = '{"refused": "Not just now."}'
    page.route("**/grades", lambda route: route.fulfill(status=409, body=refusal))
    refused_grades(page, {0: 20, 1: 40})
    page.unroute("**/grades")
    press(page, 1, 80)  # which was refused, and is answered anew
    expect(state(page, 1)).to_have_text("saved ✓")
    page.get_by_role("button", name="Try again").click()
    expect(title(page)).to_have_text("One answer could not be stored")
    expect(page.locator("#kept")).to_contain_text("You answered this once more later")
    assert [grade for _, grade in grades(server)] == [80, 20]
    page.reload()
    expect(page.locator('.grade[aria-pressed="true"]')).to_have_count(2)


def test_who_withdraws_is_forgotten_here_too(page: Page, start: Start) -> None:
    page.problems_expected = ("409",)
    server = start()
    page.goto(practised(server, 1)[0])
    refusal = '{"refused": "Not just now."}'
    page.route("**/grades", lambda route: route.fulfill(status=409, body=refusal))
    refused_grades(page, {0: 20})
    assert len(page.evaluate(ROWS)) == 1
    page.get_by_role("link", name="Withdraw from the study").click()
    page.get_by_role("button", name="Withdraw and remove everything").click()
    expect(page.locator("h1")).to_have_text("You have withdrawn")
    told(page, lambda: page.evaluate(ROWS) == [], "what was kept is not forgotten")


@looks("width", (360, 1280))
def test_the_notice_has_no_barriers(
    browser: Any, start: Start, tmp_path: Path, width: int, scheme: str
) -> None:
    server = start('contact = "lab@example.org"')
    context = looked_at(browser, width, scheme)
    page = context.new_page()
    page.goto(practised(server, 1)[0])
    server.flask("studies", "close", "which")
    refused_grades(page, {0: 20, 1: 40, 2: 60})
    found = {"judging": violations(page)}
    page.get_by_role("link", name="What you can do").click()
    expect(page.locator("#kept")).to_be_focused()
    page.screenshot(path=tmp_path / f"judging-{width}-{scheme}.png")
    page.reload()
    saved(page, tmp_path)
    expect(page.get_by_role("button", name="forget them here")).to_be_visible()
    found["closed"] = violations(page)
    assert sideways(page) <= 0
    page.screenshot(path=tmp_path / f"closed-{width}-{scheme}.png")
    page.get_by_role("button", name="forget them here").click()
    expect(title(page)).to_be_empty()
    assert page.evaluate(ROWS) == []
    page.goto(f"{server.url}/rate/which/nobody")
    found["nowhere"] = violations(page)
    context.close()
    assert {name: report for name, report in found.items() if report} == {}
