"""A judging page's listening tools in a browser: two sounds side by side, a part, a list."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile

from embeddings.systems.store import Ranking
from tests.support.browser.served_study import invited, practised, rows, serving
from tests.support.browser.tab import Page, expect, wait_until
from tests.support.server import Server
from tests.support.small import make_sound
from tests.support.waiting import wait_for
from webapp.models import CannotSay, Judgement, Listen, Remark

pytestmark = pytest.mark.browser

TELL_WHERE = """window.played = []; document.addEventListener("sound-play", ({ target }) => {
  played.push([target.dataset.name, target.position]);
})"""
PLAYING = "document.querySelector('sound-player.playing')"


def lengthen(sounds: Path) -> None:
    """Put sounds of 3 s in the place of a study's own, so that there is somewhere to go in them."""
    for number, path in enumerate(sorted(sounds.glob("*.flac"))):
        soundfile.write(path, make_sound("Hiss", number, seconds=8), 44100)


@pytest.fixture
def start(
    data: Path, ranked: list[Ranking], tmp_path: Path, kind_of_server: type[Server]
) -> Iterator[Callable[..., Server]]:
    """Return a function that serves an open study; what it gets is put into its protocol."""
    yield from serving(data, tmp_path / "which.toml", kind_of_server)


def test_sounds_are_compared_at_one_place_and_a_part_is_repeated(
    page: Page, start: Callable[..., Server], data: Path
) -> None:
    server = start()
    lengthen(data / "studies" / "which" / "sounds")
    page.goto(practised(server, 1)[0])
    page.evaluate(TELL_WHERE)
    first = page.locator(".candidate").first
    player = "document.querySelector('.candidate sound-player')"
    first.focus()
    page.keyboard.press("s")
    wait_until(page, f"{player}.seconds > 0")
    page.evaluate(f"{player}.seek(1)")
    page.keyboard.press("l")
    page.evaluate(f"{player}.seek(1.2)")
    page.keyboard.press("l")
    loop = page.get_by_role("button", name="Loop a part")
    expect(loop).to_have_attribute("aria-pressed", "true")
    heard = page.evaluate(f"{player}.heard")
    wait_until(page, f"{player}.heard > {heard} + 0.6")  # three times as long as the part
    assert page.evaluate(f"{player}.share") < 1

    page.keyboard.press("x")
    expect(page.locator("#tools-told")).to_have_text("A: the sound at the top")
    wait_until(page, f"{PLAYING} === document.querySelector('#query sound-player')")
    name, place = page.evaluate("played.at(-1)")
    assert name == "the sound at the top"
    assert 1 <= place < 1.3  # where the other one was, not at its start
    expect(first.locator(".play")).to_have_attribute("data-side", "B")
    playing = "[...document.querySelectorAll('audio')].filter(one => !one.paused).length"
    assert page.evaluate(playing) == 1
    wait_until(
        page, "document.querySelector('#query sound-player').heard > 0.5"
    )  # it goes round, too
    page.keyboard.press("x")
    wait_until(page, f"{PLAYING} === {player}")
    wait_for(lambda: len(rows(server, Listen)) >= 2, "what was heard of both is not stored")
    assert [one.slot_id is None for one in rows(server, Listen)[-2:]] == [False, True]
    assert rows(server, Listen)[-1].seconds > 0.4

    page.keyboard.press("l")
    expect(loop).to_have_attribute("aria-pressed", "false")
    wait_until(page, f"{PLAYING}?.position > 1.3")  # it goes on
    page.keyboard.press(" ")


def test_a_list_is_played_and_one_is_in_sight_on_a_phone(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start(more='method = "preference"')
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(invited(server))
    lists = page.locator(".list")
    expect(lists.nth(1)).to_be_hidden()
    expect(page.locator("#preference")).to_be_in_viewport()
    page.get_by_role("tab", name="List B").click()
    expect(lists.nth(0)).to_be_hidden()
    page.keyboard.press("p")
    names = page.evaluate(
        "[...document.querySelectorAll('.list.shown sound-player')].map(one => one.dataset.name)"
    )
    for name in names[:2]:
        wait_until(page, f"{PLAYING}?.dataset.name === {name!r}")
    page.get_by_role("button", name="Stop the list").click()
    wait_until(page, f"!{PLAYING}")
    expect(page.get_by_role("button", name="Play the list")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_what_is_said_besides_a_grade_stays_over_a_reload(
    page: Page, start: Callable[..., Server]
) -> None:
    server = start(end="[answers]\nremarks = true\ncannot_say = true\n")
    page.goto(practised(server, 1)[0])
    first = page.locator(".candidate").first
    first.focus()
    page.keyboard.press("2")
    page.keyboard.press("c")
    expect(first.locator(".state")).to_have_text("saved ✓")
    expect(first.locator(".grade[aria-pressed=true]")).to_have_text("I can't say c")
    first.locator(".remark summary").click()
    first.locator("textarea").fill("x marks no sound here")  # typed, and no key of the page's
    first.locator("textarea").blur()
    expect(first.locator(".remark-state")).to_have_text("saved ✓")
    expect(page.locator("#graded")).to_contain_text("1 of")
    page.reload()
    expect(first.locator(".grade[aria-pressed=true]")).to_have_text("I can't say c")
    expect(first.locator("textarea")).to_have_value("x marks no sound here")
    expect(page.locator("#graded")).to_contain_text("1 of")
    assert len(rows(server, Judgement)) > len(rows(server, CannotSay)) == 1
    assert [one.text for one in rows(server, Remark)] == ["x marks no sound here"]

    second = page.locator(".candidate").nth(1)
    second.focus()
    page.keyboard.press("c")
    page.keyboard.press("Backspace")  # it takes grades back, and this is none
    expect(second.locator(".hint")).to_have_text("There is no grade of this page to take back.")
    page.keyboard.press("3")
    expect(second.locator(".grade[aria-pressed=true]")).to_contain_text("3")
    page.keyboard.press("Backspace")
    expect(second.locator(".grade[aria-pressed=true]")).to_have_text("I can't say c")
    expect(second.locator(".state")).to_have_text("saved ✓")
    assert len(rows(server, CannotSay)) == 3
