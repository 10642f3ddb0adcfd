"""The player in a real browser: the bar, levels, what is loaded, spectrograms, keys."""

import re

import numpy as np
import pytest

from embeddings.collection.clips import open_collection
from embeddings.listening.levels import CEILING_DBTP, LOWERED_MOST, USUAL_LUFS, playing_levels
from tests.support.browser.players import (
    Players,
    item,
    row,
    sounds,
    spectrogram,
)
from tests.support.browser.tab import Page, expect, playing_past, wait_until
from tests.support.places import ROOT
from webapp.core import catalogue

pytestmark = pytest.mark.browser


def settled(page: Page) -> dict[str, object]:
    """Return what the page's one sound is set to."""
    return page.evaluate(
        "(({ volume, loop }) => ({ volume, loop }))(document.querySelector('audio'))"
    )


# what keeps the graph that a page makes, to look at it
KEEP_GRAPH = """
window.gains = [];
const make = AudioContext.prototype.createGain;
AudioContext.prototype.createGain = function () {
    const node = make.call(this);
    window.gains.push(node);
    return node;
};
"""


def test_levels_are_those_of_a_study(players: Players) -> None:
    collection = open_collection(players.data, "mixed")
    found = playing_levels(collection)
    assert found is not None
    # the loudness of a mono sound counts on both sides, since another one has two channels
    heard = {
        clip.id: clip.loudness_lufs + (3.01 if clip.channels == 1 else 0)
        for clip in collection.clips
        if clip.loudness_lufs is not None
    }
    assert found.common_level == USUAL_LUFS - LOWERED_MOST  # the click wants it still lower
    gains = dict(zip(collection.index, found.gains_db, strict=True))
    for clip in ("loud", "quiet", "tenth", "both"):
        assert heard[clip] + gains[clip] == pytest.approx(found.common_level, abs=0.02)
    assert gains["loud"] < 0 < gains["quiet"]
    assert gains["silence"] == 0
    for clip, samples in sounds().items():
        peak = np.abs(samples).max() * 10 ** (gains[clip] / 20)
        assert peak <= 10 ** (CEILING_DBTP / 20)
    assert found.off_level == 2  # silence and clicks
    assert playing_levels(open_collection(players.data, "plain")) is None
    with players.app.app_context():
        assert catalogue.levels(collection) is catalogue.levels(collection)


def test_the_bar_remembers_itself(page: Page, players: Players) -> None:
    players.open(page)
    slider, loop = page.get_by_label("Volume"), page.get_by_role("button", name="Loop")
    slider.fill("50")
    expect(page.locator("#sound-volume-value")).to_have_text("50 %")
    loop.click()
    match = page.get_by_role("button", name="Match levels")
    expect(match).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#sound-level-words")).to_have_text(
        "All sounds play at −35.0 LUFS (not reached by 2 of 6 clips)."
    )
    match.click()
    expect(page.locator("#sound-level-words")).to_contain_text("Not matched")
    item(page, "loud").locator(".play").click()
    assert settled(page) == {"volume": 0.25, "loop": True}
    page.reload()
    expect(slider).to_have_value("50")
    expect(loop).to_have_attribute("aria-pressed", "true")
    expect(match).to_have_attribute("aria-pressed", "false")
    page.goto(f"{players.url}/players/plain")
    expect(page.locator(".sound-bar")).to_contain_text("no clip of this collection has a loudness")
    expect(match).to_have_count(0)
    expect(slider).to_have_value("50")


@pytest.mark.parametrize("stored", ["{", '{"volume": "loud"}', "3", "null"])
def test_the_bar_takes_no_nonsense(page: Page, players: Players, stored: str) -> None:
    page.add_init_script(f"localStorage.setItem('sounding-board-sound', {stored!r})")
    players.open(page)
    expect(page.get_by_label("Volume")).to_have_value("100")


def test_the_bar_works_where_nothing_can_be_kept(page: Page, players: Players) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('off'); } })"
    )
    players.open(page)
    page.get_by_role("button", name="Loop").click()
    item(page, "loud").locator(".play").click()
    assert settled(page)["loop"] is True


def test_a_player_without_a_bar_is_left_alone(page: Page, players: Players) -> None:
    """As on a rater's page: no setting of this browser, no graph, no spectrogram."""
    page.add_init_script(KEEP_GRAPH)
    players.open(page)
    page.get_by_label("Volume").fill("10")
    page.get_by_role("button", name="Loop").click()
    page.goto(f"{players.url}/players/mixed?bare")
    item(page, "quiet").locator(".play").click()
    playing_past(page, 0.05)
    assert settled(page) == {"volume": 1, "loop": False}
    assert page.evaluate("gains.length") == 0
    assert page.locator(".show-spectrogram").count() == 0


def test_no_page_of_a_rater_has_the_bar() -> None:
    pages = list((ROOT / "templates" / "rating").glob("*.html"))
    assert len(pages) > 8
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert not re.search("sound_bar|clip_player|soundbar|spectrogram", text), path


def test_levels_are_matched_and_what_is_raised_is_heard(page: Page, players: Players) -> None:
    page.add_init_script(KEEP_GRAPH)
    levels = playing_levels(open_collection(players.data, "mixed"))
    assert levels is not None
    factor = 10 ** (levels.gains_db / 20)
    players.open(page)
    item(page, "loud").locator(".play").click()
    playing_past(page, 0.05)
    assert settled(page)["volume"] == pytest.approx(factor[row("loud")], rel=0.01)
    assert page.evaluate("gains.length") == 0  # lowered by the element alone
    item(page, "quiet").locator(".play").click()
    playing_past(page, 0.05)
    assert settled(page)["volume"] == 1
    assert page.evaluate("gains[0].gain.value") == pytest.approx(factor[row("quiet")], rel=0.01)
    page.evaluate(
        """() => {
            const meter = gains[0].context.createAnalyser();
            gains[0].connect(meter);
            window.peak = () => {
                const samples = new Float32Array(meter.fftSize);
                meter.getFloatTimeDomainData(samples);
                return Math.max(...samples);
            };
        }"""
    )
    wait_until(page, "peak() > 0")
    assert page.evaluate("peak()") == pytest.approx(0.01 * factor[row("quiet")], rel=0.1)
    page.get_by_role("button", name="Match levels").click()
    assert page.evaluate("gains[0].gain.value") == 1
    page.get_by_role("button", name="Match levels").click()
    item(page, "loud").locator(".play").click()
    assert page.evaluate("gains[0].gain.value") == 1
    assert settled(page)["volume"] == pytest.approx(factor[row("loud")], rel=0.01)
    assert page.evaluate("gains.length") == 1


def test_a_sound_loads_when_it_plays_or_is_next(page: Page, players: Players) -> None:
    players.open(page)
    page.wait_for_load_state("networkidle")
    assert players.sent == []
    item(page, "quiet").locator(".play").click()
    playing_past(page, 0.05)
    page.wait_for_load_state("networkidle")
    assert sorted(players.sent) == [("quiet", 206), ("tenth", 200)]
    spectrogram(page, "quiet")  # from the cache
    assert len(players.sent) == 2
    page.problems_expected = ("ERR_INTERNET_DISCONNECTED",)  # the one after it
    page.context.set_offline(True)
    item(page, "tenth").locator(".play").click()
    expect(item(page, "tenth").locator(".failed")).to_be_empty()
    wait_until(page, "document.querySelector('audio').ended")
    page.context.set_offline(False)


def test_a_sound_that_leaves_the_page_falls_silent(page: Page, players: Players) -> None:
    players.open(page)
    item(page, "loud").locator(".play").click()
    playing_past(page, 0.05)
    page.evaluate("document.querySelector('.results').append(document.querySelector('.item'))")
    page.wait_for_timeout(100)
    assert not page.evaluate("document.querySelector('audio').paused")
    page.evaluate("document.querySelector('.item:last-child').remove()")
    wait_until(page, "document.querySelector('audio').paused")


def test_letters_move_loop_and_show(page: Page, players: Players) -> None:
    players.open(page)
    keys = page.keyboard
    for key, clip in (("j", "loud"), ("j", "quiet"), ("j", "tenth"), ("k", "quiet")):
        keys.press(key)
        expect(item(page, clip)).to_be_focused()
    keys.press(" ")
    expect(item(page, "quiet").locator("sound-player")).to_have_class("playing")
    keys.press("l")
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    keys.press("s")
    button = item(page, "quiet").locator(".show-spectrogram")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(item(page, "quiet").locator("canvas")).to_be_visible()
    keys.press("s")
    expect(item(page, "quiet").locator("canvas")).to_be_hidden()
    page.get_by_role("button", name="Loop").click()  # by mouse: the focus stays in the list
    expect(item(page, "quiet")).to_be_focused()
    page.get_by_label("Volume").focus()
    keys.press("ArrowLeft")  # the slider's own
    expect(page.get_by_label("Volume")).to_have_value("99")
    keys.press(" ")  # what was played last
    wait_until(page, "document.querySelector('audio').paused")
    keys.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.get_by_label("Letters and digits work as keys").uncheck()
    keys.press("Escape")
    item(page, "tenth").focus()
    for key in "jls?":
        keys.press(key)
    expect(item(page, "tenth")).to_be_focused()
    expect(dialog).to_be_hidden()
    expect(page.locator(".with-spectrogram")).to_have_count(0)
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "false")
    keys.press("ArrowDown")
    expect(item(page, "both")).to_be_focused()


def test_a_loop_goes_on(page: Page, players: Players) -> None:
    players.open(page)
    page.keyboard.press("l")
    item(page, "tenth").locator(".play").click()
    page.wait_for_timeout(700)
    expect(item(page, "tenth").locator("sound-player")).to_have_class("playing")
    page.keyboard.press("l")
    wait_until(page, "document.querySelector('audio').ended")
