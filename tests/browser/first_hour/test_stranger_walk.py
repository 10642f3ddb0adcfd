"""Somebody who has never seen the app, from a zip of sounds to an open study, without a terminal.

Nothing is typed into the address bar after the start page: every page is reached by what the one
before it offers.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser.barriers import looked_at, unfold, violations
from tests.support.browser.tab import Page, expect, playing_past, sideways, sign_in, whole
from tests.support.server import Server
from tests.support.small import CLASSES, RATE, make_sound

soundfile = pytest.importorskip("soundfile")

pytestmark = [pytest.mark.browser, pytest.mark.essentia, pytest.mark.long]

_TAKES = 5


@pytest.fixture
def server(without_collections: Path) -> Iterator[Server]:
    """The app as it is before anything is in it."""
    running = Server(without_collections)
    yield running
    running.stop()


@pytest.fixture
def without_collections(data: Path, tmp_path: Path) -> Path:
    """A data folder without a collection."""
    (data / "collections").rename(tmp_path / "elsewhere")
    return data


@pytest.fixture
def zipped() -> dict[str, Any]:
    """A zip of sounds in a folder for each class, as a browser takes files.

    One class has the name of one of FSD50K's: a single known family must not shape the study.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for kind in CLASSES:
            for take in range(_TAKES):
                sound = io.BytesIO()
                soundfile.write(sound, make_sound(kind, take, 1.0), RATE, format="WAV")
                folder = "Bark" if kind == "Hum" else kind
                archive.writestr(f"my sounds/{folder}/{kind}-{take}.wav", sound.getvalue())
    return {"name": "my sounds.zip", "mimeType": "application/zip", "buffer": content.getvalue()}


class _Stranger:
    """Goes by links and buttons alone, and looks at each page in both widths."""

    def __init__(self, tab: Page) -> None:
        self._tab = tab

    def follow(self, name: str) -> None:
        link = self._tab.get_by_role("link", name=name, exact=True).first
        link.click()

    def press(self, name: str) -> None:
        self._tab.get_by_role("button", name=name, exact=True).last.click()

    def look(self, heading: str) -> None:
        expect(self._tab.get_by_role("heading", name=heading, exact=True).first).to_be_visible()
        self._tab.wait_for_load_state()
        assert "flask " not in self._tab.locator("main").inner_text(), f"{heading}: a terminal"
        for width in (360, 1280):
            self._tab.set_viewport_size({"width": width, "height": 900})
            assert sideways(self._tab) <= 0, (heading, width)
            assert violations(self._tab) == "", (heading, width)


def test_from_a_zip_to_an_open_study_and_its_preview(
    browser: Any, server: Server, zipped: dict[str, Any]
) -> None:
    context = looked_at(browser, 1280, "light")
    tab = context.new_page()
    stranger = _Stranger(tab)
    sign_in(tab, server)
    tab.goto(server.url)
    _import(stranger, tab, zipped)
    _two_systems(stranger, tab)
    _draft(stranger, tab)
    _hear_and_try(stranger, tab)
    stranger.press("Open")
    expect(tab.get_by_text("Open, and nobody is invited yet")).to_be_visible()
    stranger.look("Which is more like it? open")
    stranger.follow("Invite raters")
    context.close()


def _import(stranger: _Stranger, tab: Page, zipped: dict[str, Any]) -> None:
    stranger.look("Which sounds are like this one?")
    expect(tab.get_by_role("link", name="New study")).to_have_count(0)
    stranger.follow("Add a collection")
    tab.get_by_label("Name of the collection").fill("mine")
    tab.get_by_label("A zip of sounds").set_input_files(zipped)
    stranger.look("Add a collection")
    stranger.press("Look at the sounds")
    stranger.look("What an import would bring")
    stranger.press("Import as mine")
    expect(tab.get_by_role("link", name="Compute representations")).to_be_visible()
    stranger.follow("Browse and listen")  # too early: it leads on
    expect(tab.get_by_text("No system ranks this collection yet")).to_be_visible()
    stranger.follow("Prepare mine")


def _two_systems(stranger: _Stranger, tab: Page) -> None:
    stranger.look("Prepare mine")
    stranger.press("Compute")  # what is chosen already: it needs no weights
    stranger.follow("Build rankings")
    stranger.press("Build and score")
    stranger.follow("Build a second system to compare")
    stranger.press("Build and score")  # nothing was changed: it says so
    expect(tab.get_by_text("Nothing new: choose another").first).to_be_visible()
    stranger.follow("Build a second system to compare")
    tab.get_by_label("Normalisation").select_option("l2")
    stranger.look("Prepare mine")
    stranger.press("Build and score")
    stranger.follow("Scores")
    stranger.look("Scores")
    stranger.follow("Browse")
    expect(whole(tab, ".system")).to_have_count(2)
    tab.go_back()
    stranger.follow("Prepare")
    stranger.follow("New study")


def _draft(stranger: _Stranger, tab: Page) -> None:
    tab.get_by_label("Title").press_sequentially("Which is more like it?")
    expect(tab.get_by_label("Short name")).to_have_value("which-is-more-like-it")
    tab.get_by_label("Short name").fill("which")
    tab.get_by_label("Title").press("End")
    tab.get_by_label("Title").press_sequentially(" ")
    expect(tab.get_by_label("Short name")).to_have_value("which")
    expect(tab.locator("#systems input:checked")).to_have_count(2)
    stranger.look("New study")
    for step in ("Ask", "Raters", "Review"):
        stranger.press(f"Next: {step}")
        expect(tab.get_by_role("heading", name="The plan so far")).to_be_visible()
        unfold(tab)
        stranger.look("New study")
    expect(tab.get_by_role("alert")).to_have_count(0)
    stranger.press("Create draft")
    stranger.look("Which is more like it? draft")


def _hear_and_try(stranger: _Stranger, tab: Page) -> None:
    stranger.follow("Hear the queries and their pools")
    stranger.look("What this draft asks about")
    stranger.follow("Which is more like it?")
    stranger.follow("Try it as a rater")
    stranger.press("Prepare")
    expect(tab.get_by_role("button", name="Preview as a rater")).to_be_visible()
    stranger.look("Try it as a rater")
    stranger.press("Preview as a rater")
    tab.locator("sound-player .play").first.click()
    playing_past(tab, 0.05)
    tab.locator("sound-player .play").last.click()
    expect(tab.locator("#must-play")).to_be_empty()
    tab.locator("main form button.btn-primary").click()  # the volume is set
    for where in ("Practice", "Round 1"):
        expect(tab.locator(".progress-where")).to_contain_text(where)
        assert violations(tab) == "", where
        tab.locator("#next button").click()
    expect(tab.locator(".progress-where")).to_have_text("A few more sounds")
    tab.locator("#next button").click()
    stranger.look("Thank you")
    stranger.follow("Back to the draft")
    stranger.follow("Which is more like it?")
