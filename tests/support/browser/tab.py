"""What tests do in a browser's tab, and wait for there."""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from tests.support.server import Server
from tests.support.studies.headphone_test import right_count, shorten
from tests.support.waiting import PATIENCE, PAUSE

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
)

Page, expect = playwright.Page, playwright.expect


@contextmanager
def at_once(page: Page) -> Iterator[None]:
    """Stop the page's timers: what is done in the block is quick, however slow the machine is.

    `page.clock.install()` must come before the page is opened.
    """
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    yield
    page.clock.resume()


def audio_time(page: Page) -> float:
    """Return the position of the page's one audio element, in seconds."""
    return page.evaluate("document.querySelector('audio').currentTime")


def whole(page: Page, selector: str) -> Any:
    """Return the elements of the page once the server has sent all of it.

    A click that leads on returns when the next page begins; reading all of some elements, or
    counting them, does not wait for the rest of it.
    """
    page.wait_for_load_state("domcontentloaded")
    return page.locator(selector)


def wait_until(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression is true of the page.

    Playwright's own wait_for_function evaluates in the page, which the policy rightly forbids.
    """
    told(page, lambda: page.evaluate(expression), expression)


def told(page: Page, condition: Callable[[], object], what: str) -> None:
    """Wait until `condition` is true, which may depend on what a page asks for and tells."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        page.wait_for_timeout(PAUSE * 1000)  # in which playwright hears what the page tells


def count_beeps(page: Page, app: Flask) -> None:
    """Answer the question of the sound check that needs hearing, with its recordings made short."""
    shorten(app)
    page.locator("sound-player .play").nth(1).click()
    wait_until(page, "document.querySelectorAll('sound-player')[1].share >= 0.95")
    page.locator("#beeps").fill(str(right_count(app, page.url)))


def playing_past(page: Page, seconds: float) -> None:
    """Wait until the page's one sound has moved past `seconds`."""
    wait_until(page, f"document.querySelector('audio').currentTime > {seconds}")


@contextmanager
def paused_past(page: Page, seconds: float) -> Iterator[None]:
    """Let the page's one sound, started in the block, stop itself soon after `seconds`."""
    page.evaluate(
        """(seconds) => {
            const audio = document.querySelector("audio");
            const stop = () => {
                if (audio.currentTime > seconds) {
                    audio.removeEventListener("timeupdate", stop);
                    audio.pause();
                }
            };
            audio.addEventListener("timeupdate", stop);
        }""",
        seconds,
    )
    yield
    paused = "document.querySelector('audio').paused"
    wait_until(page, f"{paused} && document.querySelector('audio').currentTime > {seconds}")


def heard_past(page: Page, number: int, seconds: float) -> None:
    """Wait until the page knows that `seconds` of candidate `number` (from 0) were heard."""
    heard = f"document.querySelectorAll('.candidate sound-player')[{number}].heard"
    wait_until(page, f"{heard} > {seconds}")


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def sign_in(page: Page, server: Server) -> None:
    """Come in by a one-time link."""
    page.goto(server.flask("signin-link", "--base", server.url).split()[-1])
    expect(page).to_have_url(f"{server.url}/")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something that fits a selector has the focus."""
    for _ in range(200):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def state(page: Page, number: int):
    """Return the line that says whether candidate `number` (from 0) is saved."""
    return page.locator(".candidate .state").nth(number)


def press(page: Page, number: int, grade: int) -> None:
    """Press the button `grade` of candidate `number` (from 0)."""
    page.locator(".candidate").nth(number).locator(f'.grade[data-grade="{grade}"]').click()


def pressed(page: Page) -> list[str | None]:
    """Return the grade shown of each candidate, None where there is none."""
    return page.locator(".candidate").evaluate_all(
        """list => list.map(one =>
            one.querySelector('.grade[aria-pressed="true"]')?.dataset.grade ?? null)"""
    )


def pixel(page: Page, selector: str, across: float, down: float) -> tuple[int, int, int]:
    """Return the colour of an element at shares of its width and height, as it is seen."""
    shot = base64.b64encode(page.locator(selector).first.screenshot()).decode()
    found = page.evaluate(
        """async ([shot, across, down]) => {
            const bytes = Uint8Array.from(atob(shot), (letter) => letter.charCodeAt(0));
            const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
            const canvas = new OffscreenCanvas(image.width, image.height);
            const pen = canvas.getContext("2d");
            pen.drawImage(image, 0, 0);
            const at = [across * image.width, down * image.height].map(Math.floor);
            return [...pen.getImageData(...at, 1, 1).data].slice(0, 3);
        }""",
        [shot, across, down],
    )
    return tuple(found)
