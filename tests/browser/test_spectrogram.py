"""Spectrograms in a real browser: exact, drawn, seeking, in words when there is none."""

import re

import numpy as np
import pytest

from tests.support.browser.barriers import looked_at, violations
from tests.support.browser.players import (
    RATE,
    Players,
    item,
    sounds,
    spectrogram,
)
from tests.support.browser.tab import Page, audio_time, expect, playing_past, sideways, wait_until
from tests.support.browser.watching import watch

pytestmark = pytest.mark.browser


def test_the_transform_is_numpys(page: Page, players: Players) -> None:
    rng = np.random.default_rng(1)
    players.open(page)
    for size in (2, 8, 1024):
        re_, im = rng.standard_normal((2, size))
        real, imaginary = page.evaluate(
            """async ([re, im]) => {
                const { fourier } = await import("/static/js/player/spectrum.js");
                fourier(re.length)(re, im);
                return [re, im];
            }""",
            [re_.tolist(), im.tolist()],
        )
        wanted = np.fft.fft(re_ + 1j * im)
        np.testing.assert_allclose(np.array(real) + 1j * np.array(imaginary), wanted, atol=1e-10)


def computed(page: Page, samples: np.ndarray, columns: int, rows: int) -> dict[str, object]:
    """Return the browser's spectrogram of samples [frames, channels]."""
    return page.evaluate(
        """async ([channels, rate, columns, rows]) => {
            const { spectrogram } = await import("/static/js/player/spectrum.js");
            const picture = spectrogram(channels, rate, columns, rows);
            return { ...picture, levels: [...picture.levels] };
        }""",
        [samples.T.tolist(), RATE, columns, rows],
    )


def plainly(samples: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """Return the same in dB, computed plainly: float [columns, rows]."""
    size, hop, highest = 2048, len(samples) / columns, 20000
    looks = int(np.ceil(hop / (size / 2)))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    padded = np.pad(samples, ((size, size), (0, 0)))
    power = np.zeros((columns, size // 2 + 1))
    for column in range(columns):
        for look in range(looks):
            first = int(np.floor((column + (look + 0.5) / looks) * hop + 0.5)) - size // 2 + size
            bins = np.fft.rfft(padded[first : first + size] * window[:, None], axis=0)
            one = (np.abs(bins) / (size / 4)) ** 2
            power[column] = np.maximum(power[column], one.mean(axis=1))
    edges = 50 * (highest / 50) ** (np.arange(rows + 1) / rows) / (RATE / size)
    middles = 50 * (highest / 50) ** ((np.arange(rows) + 0.5) / rows) / (RATE / size)
    found = np.empty((columns, rows))
    for row in range(rows):
        inside = np.arange(int(np.ceil(edges[row])), int(np.ceil(edges[row + 1])))
        for column in range(columns):
            bins = np.arange(size // 2 + 1)
            between = np.interp(middles[row], bins, power[column])
            found[column, row] = power[column, inside].max() if len(inside) else between
    return 10 * np.log10(found + 1e-30)


@pytest.mark.parametrize("clip", ["loud", "tenth", "both", "clicks"])
def test_a_spectrogram_is_what_a_plain_computation_gives(
    page: Page, players: Players, clip: str
) -> None:
    samples = sounds()[clip]
    players.open(page)
    found = computed(page, samples, 40, 60)
    wanted = plainly(samples, 40, 60)
    assert found["strongest"] == pytest.approx(wanted.max(), abs=1e-6)
    assert found["faintest"] == pytest.approx(wanted.max() - 80, abs=1e-6)
    levels = np.clip(255 * (wanted - found["faintest"]) / 80, 0, 255)
    assert np.abs(np.array(found["levels"]).reshape(40, 60) - levels).max() <= 0.51
    if clip == "loud":  # 0 dB is a sine at full scale, and its window may lie between two bins
        assert found["strongest"] == pytest.approx(20 * np.log10(0.8), abs=1.5)
        assert found["peak"] == pytest.approx(1000, rel=0.06)


def test_a_spectrogram_says_what_it_shows(page: Page, players: Players) -> None:
    players.open(page)
    words = spectrogram(page, "tenth")
    assert words.startswith("Spectrogram of tenth: 0.10 s from left to right, 50 to 20,000 Hz")
    assert re.search(r"colours from −9\d to −1\d dB \(0 dB: a sine at full scale\)", words)
    assert re.search(r"Strongest near (980|990|1,000) Hz, at 0\.\d\d s\.", words)
    ticks = item(page, "tenth").locator(".spectrogram-hertz .spectrogram-tick")
    assert ticks.all_inner_texts() == ["100", "300", "1k", "3k", "10k"]
    times = item(page, "tenth").locator(".spectrogram-times .spectrogram-tick")
    assert times.all_inner_texts() == ["0 s", "0.02", "0.04", "0.06", "0.08"]
    assert spectrogram(page, "silence") == "Spectrogram of silence: 1.0 s without a sound."
    expect(item(page, "silence").locator(".spectrogram-legend")).to_have_text("silent")
    assert "Strongest near" in spectrogram(page, "both")


def test_the_playhead_moves_and_a_click_seeks(page: Page, players: Players) -> None:
    players.open(page)
    spectrogram(page, "loud")
    head = item(page, "loud").locator(".spectrogram-head")
    expect(head).to_be_hidden()
    frame = item(page, "loud").locator(".spectrogram-frame")
    box = frame.bounding_box()
    page.evaluate("document.querySelector('audio').defaultPlaybackRate = 0.1")
    frame.click(position={"x": box["width"] * 0.5, "y": 20})
    playing_past(page, 1.0)
    assert 0.98 < audio_time(page) < 1.3
    wave = item(page, "loud").locator(".seek").bounding_box()
    assert (wave["x"], wave["width"]) == pytest.approx((box["x"], box["width"]), abs=2.5)
    place = head.bounding_box()
    share = (place["x"] - box["x"]) / box["width"]
    assert share == pytest.approx(audio_time(page) / 2, abs=0.05)


def test_a_spectrogram_wears_the_theme(page: Page, players: Players) -> None:
    page.problems_expected = ("willReadFrequently",)
    players.open(page)
    spectrogram(page, "loud")
    corner = """[...document.querySelector('canvas').getContext('2d')
        .getImageData(300, 5, 1, 1).data]"""
    assert page.evaluate(corner) == [255, 255, 255, 255]
    page.get_by_role("button", name="Dark").click()
    wait_until(page, f"({corner})[0] < 40")


def test_a_sound_that_cannot_be_drawn_says_so_and_is_tried_again(
    page: Page, players: Players
) -> None:
    page.problems_expected = ("status of 503",)
    players.open(page)
    page.route("**/audio/**", lambda route: route.fulfill(status=503))
    button = item(page, "loud").locator(".show-spectrogram")
    button.click()
    legend = item(page, "loud").locator(".spectrogram-legend")
    expect(legend).to_contain_text("The spectrogram could not be drawn")
    page.unroute("**/audio/**")
    button.click()
    button.click()
    canvas = item(page, "loud").locator("canvas")
    expect(canvas).to_be_visible()
    expect(canvas).to_have_attribute("aria-label", re.compile("Strongest"))


def test_a_long_sound_is_not_drawn(page: Page, players: Players) -> None:
    players.open(page)
    page.evaluate("document.querySelector('sound-player').seconds = 301")
    item(page, "loud").locator(".show-spectrogram").click()
    expect(item(page, "loud").locator(".spectrogram-legend")).to_have_text(
        "Spectrograms are drawn of sounds of at most 300 s; this one has 301 s."
    )
    assert players.sent == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_no_barrier(browser, players: Players, width: int, scheme: str) -> None:
    context = looked_at(browser, width, scheme)
    page = context.new_page()
    watch(page)
    players.open(page)
    spectrogram(page, "both")
    spectrogram(page, "silence")
    assert sideways(page) <= 0
    assert violations(page) == ""
    for button in page.locator(".show-spectrogram, .sound-bar button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24
    problems = page.problems
    context.close()
    assert problems == []
