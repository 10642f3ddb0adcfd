"""A sound of one's own in a real browser: chosen, dropped, recorded, decoded, and left."""

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from embeddings.collection.clips import Collection
from embeddings.extraction.extract import extract_embedding, find_card, plan
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from tests.support.browser.barriers import looked_at, looks, unfold, violations
from tests.support.browser.tab import playing_past, sideways, sign_in
from tests.support.browser.watching import watch
from tests.support.own_representations import EXAMPLE, folders, octaves, own_embedding
from tests.support.server import Server
from tests.support.small import RATE, make_sound, rank
from tests.support.waiting import wait_for

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
)
Page, expect = playwright.Page, playwright.expect

pytestmark = pytest.mark.browser

LONG = 60_000  # milliseconds, on a busy machine


@pytest.fixture
def server(data: Path, small: Collection, tmp_path: Path) -> Iterator[Server]:
    """The app with a system that can hear a new sound, and two that cannot."""
    rank(small)
    octaves(small, tmp_path)
    running = Server(data)
    yield running
    running.stop()


@pytest.fixture
def recording(browser: Any, chromium: str) -> Iterator[Any]:
    """A browser with a microphone that beeps, and which calls this computer board.test, too."""
    arguments = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--host-resolver-rules=MAP board.test 127.0.0.1",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    running = browser.browser_type.launch(executable_path=chromium, args=arguments)
    yield running
    running.close()


def opened(page: Page) -> None:
    """Open the panel on the browse page."""
    page.get_by_text("Your own sound").click()


def answered(page: Page, sentence: str = "The system has answered.") -> list[str]:
    """Wait until all systems have answered; return the clips of the first column."""
    expect(page.locator("#own-sentence")).to_have_text(sentence, timeout=LONG)
    expect(page.locator(".system .result").first).to_be_visible()
    return page.locator("#system-1 .clip-id").all_inner_texts()


def test_a_file_is_chosen_its_neighbours_are_heard_and_it_goes(
    page: Page, server: Server, small: Collection, data: Path
) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=hiss-1")
    opened(page)
    page.locator("#own-file").set_input_files(small.audio_path(small.clip("beep-3")))
    page.get_by_role("button", name="Find its neighbours", exact=True).click()
    page.wait_for_url("**/own/*")
    assert answered(page)[0] == "beep-3"
    expect(page.locator("#query-title")).to_have_text("Your sound beep-3.wav")
    page.get_by_role("button", name="Play beep-3.wav").click()
    playing_past(page, 0.1)
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press(" ")
    expect(page.locator("#system-1 .result").first.locator("sound-player")).to_have_class("playing")
    page.reload()
    assert answered(page)[0] == "beep-3"  # a reload is not leaving
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    page.get_by_role("button", name="Keep").click()
    expect(
        page.get_by_text("Kept: the sound and its answers lie in the folder own/")
    ).to_be_visible()
    kept = page.url
    page.goto(f"{server.url}/browse/small/own")
    page.get_by_role("link", name="beep-3.wav").click()
    expect(page).to_have_url(kept)
    page.get_by_role("button", name="Remove now").click()
    expect(page).to_have_url(f"{server.url}/browse/small/own")
    assert folders(data) == []


def test_leaving_the_page_is_told_to_the_server(
    page: Page, server: Server, small: Collection, data: Path
) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small/own")
    page.locator("#own-file").set_input_files(small.audio_path(small.clip("beep-3")))
    page.get_by_role("button", name="Find its neighbours", exact=True).click()
    answered(page)
    [folder] = folders(data)
    assert not (folder / "left").exists()
    page.goto(f"{server.url}/")
    wait_for((folder / "left").exists)
    page.go_back()
    answered(page)
    wait_for(lambda: not (folder / "left").exists())


def test_a_file_is_dropped(page: Page, server: Server, small: Collection) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small?query=hiss-1")
    opened(page)
    content = base64.b64encode(small.audio_path(small.clip("hum-4")).read_bytes()).decode()
    files = page.evaluate_handle(
        """(content) => {
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.wav"));
            return transfer;
        }""",
        content,
    )
    page.dispatch_event("#own-drop", "dragover", {"dataTransfer": files})
    expect(page.locator("#own-drop")).to_have_class("own-drop own-over")
    page.dispatch_event("#own-drop", "drop", {"dataTransfer": files})
    page.wait_for_url("**/own/*")
    assert answered(page)[0] == "hum-4"


def test_bad_files_are_said_beside_the_form(page: Page, server: Server, tmp_path: Path) -> None:
    page.problems_expected = ("400 (BAD REQUEST)",)
    (tmp_path / "text.wav").write_text("not a sound")
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    with (tmp_path / "large.wav").open("wb") as file:
        file.truncate(25_000_000)
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small/own")
    for name, sentence in (
        ("text.wav", "text.wav: the audio cannot be read (Format not recognised)."),
        ("silent.wav", "silent.wav: the sound is silent, so there is nothing to compare."),
        (
            "large.wav",
            "large.wav has 25.0 MB; a sound may have at most 20 MB, and this browser cannot decode "
            "it.",
        ),
    ):
        page.locator("#own-file").set_input_files(tmp_path / name)
        page.get_by_role("button", name="Find its neighbours", exact=True).click()
        expect(page.get_by_role("alert")).to_have_text(sentence)
    expect(page.locator("#own-status")).to_have_text("")


WEBM = """async () => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: 130 });
    const end = new MediaStreamAudioDestinationNode(context);
    tone.connect(end);
    tone.start();
    const recorder = new MediaRecorder(end.stream, { mimeType: "audio/webm;codecs=opus" });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.start();
    await new Promise((done) => setTimeout(done, 1500));
    await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
}"""


def test_what_only_the_browser_can_decode_and_what_is_too_large_is_sent_as_wav(
    page: Page, server: Server, tmp_path: Path
) -> None:
    page.problems_expected = ("400 (BAD REQUEST)",)
    sign_in(page, server)
    (tmp_path / "tone.webm").write_bytes(base64.b64decode(page.evaluate(WEBM)))
    soundfile.write(tmp_path / "large.wav", np.tile(make_sound("Hum", 1, 5.0), (2, 80)).T, RATE)
    assert (tmp_path / "large.wav").stat().st_size > 20_000_000
    for name, first in (("tone.webm", "hum-"), ("large.wav", "")):
        page.goto(f"{server.url}/browse/small/own")
        page.locator("#own-file").set_input_files(tmp_path / name)
        page.get_by_role("button", name="Find its neighbours", exact=True).click()
        page.wait_for_url("**/own/*", timeout=LONG)
        assert answered(page)[0].startswith(first), name
        expect(page.get_by_text("48000 Hz")).to_be_visible()
    assert float(page.locator(".query sound-player").get_attribute("data-seconds")) == 30.0


def test_a_recording_is_asked_with(recording: Any, server: Server, small: Collection) -> None:
    """The samples arrive as the microphone gave them, at its rate; the meter and the clock move."""
    tab = recording.new_page()
    watch(tab)
    sign_in(tab, server)
    tab.goto(f"{server.url}/browse/small?query=hiss-1")
    opened(tab)
    tab.get_by_role("button", name="Record").click()
    expect(tab.get_by_role("button", name="Stop and find its neighbours")).to_be_focused()
    expect(tab.get_by_role("timer")).to_have_text("28 s left", timeout=LONG)
    assert float(tab.locator("#own-level").evaluate("(meter) => meter.value")) > 0.3
    tab.get_by_role("button", name="Discard").click()
    expect(tab.get_by_role("button", name="Record")).to_be_focused()
    tab.get_by_role("button", name="Record").click()
    expect(tab.get_by_role("timer")).to_have_text("29 s left", timeout=LONG)
    tab.get_by_role("button", name="Stop and find its neighbours").click()
    tab.wait_for_url("**/own/*")
    assert len(answered(tab)) == 15
    expect(tab.locator("#query-title")).to_contain_text("Your sound Recording")
    assert 0.9 < float(tab.locator(".query sound-player").get_attribute("data-seconds")) < 6
    heard = tab.evaluate(
        """async () => {
            const address = document.querySelector(".query sound-player").dataset.src;
            const bytes = await (await fetch(address)).arrayBuffer();
            return new Int16Array(bytes, 44).reduce((most, one) => Math.max(most, one), 0);
        }"""
    )
    assert heard > 3000  # it beeps
    assert tab.problems == []


def test_a_recording_ends_by_itself(recording: Any, server: Server) -> None:
    tab = recording.new_page()
    sign_in(tab, server)
    tab.goto(f"{server.url}/browse/small/own")
    tab.locator("#own-form").evaluate("(form) => { form.dataset.seconds = '2'; }")
    tab.get_by_role("button", name="Record").click()
    tab.wait_for_url("**/own/*", timeout=LONG)
    assert float(tab.locator(".query sound-player").get_attribute("data-seconds")) == 2.0


def test_where_recording_is_not_possible_it_says_why(
    page: Page, recording: Any, server: Server
) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small/own")
    page.get_by_role("button", name="Record").click()  # this browser asks nobody: it refuses
    expect(page.get_by_role("alert")).to_contain_text("choose a file")
    expect(page.get_by_role("button", name="Record")).to_be_enabled()
    tab = recording.new_page()
    address = server.url.replace(
        "127.0.0.1", "board.test"
    )  # plain http, and not this computer's own
    tab.goto(server.flask("signin-link", "--base", address).split()[-1])
    tab.goto(f"{address}/browse/small/own")
    expect(tab.get_by_text("Recording needs https")).to_be_visible()
    expect(tab.get_by_role("button", name="Record")).to_have_count(0)
    expect(tab.locator("#own-file")).to_be_visible()


def test_cancel_while_it_computes(
    page: Page, server: Server, small: Collection, tmp_path: Path
) -> None:
    (tmp_path / "slow").touch()
    sign_in(page, server)
    page.goto(f"{server.url}/browse/small/own")
    page.locator("#own-file").set_input_files(small.audio_path(small.clip("beep-3")))
    page.get_by_role("button", name="Find its neighbours", exact=True).click()
    expect(page.locator("#own-sentence")).to_contain_text("Octaves · min-max · NNS: computing …")
    expect(page.locator("#system-1")).to_contain_text("computing …")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#own-sentence")).to_have_text("Cancelled. 0 of 1 systems have answered.")
    expect(page.locator("#system-1")).to_contain_text("not asked")


@looks("width", (1280, 360))
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Any, server: Server, small: Collection, tmp_path: Path, width: int, scheme: str
) -> None:
    for number in range(2):
        embedding = own_embedding(small, EXAMPLE, f"Other-{number}")
        build_ranking(small, embedding, Recipe(pca=5))
    context = looked_at(browser, width, scheme)
    tab = context.new_page()
    sign_in(tab, server)

    def look(name: str) -> None:
        unfold(tab)
        assert sideways(tab) <= 0, name
        assert violations(tab) == "", name

    tab.goto(f"{server.url}/browse/small/own")
    tab.locator("#own-recording").evaluate("(one) => { one.hidden = false; }")
    look("form")
    (tmp_path / "text.wav").write_text("not a sound")
    tab.locator("#own-file").set_input_files(tmp_path / "text.wav")
    tab.get_by_role("button", name="Find its neighbours", exact=True).click()
    expect(tab.get_by_role("alert")).to_be_visible()
    look("error")
    name = "a-name-of-a-sound-that-is-quite-long-and-has-nowhere-to-break_" + 15 * "x" + ".wav"
    (tmp_path / name).write_bytes(small.audio_path(small.clip("hum-1")).read_bytes())
    tab.locator("#own-file").set_input_files(tmp_path / name)
    tab.get_by_role("button", name="Find its neighbours", exact=True).click()
    tab.wait_for_url("**/own/*")
    look("computing")
    answered(tab, "All 3 systems have answered.")
    look("answers")
    if width < 900:  # one system at a time, chosen by keys
        tabs = tab.get_by_role("tab")
        tabs.nth(0).focus()
        tab.keyboard.press("End")
        expect(tabs.nth(2)).to_be_focused()
        expect(tab.locator(".system:not([inert])")).to_have_attribute("id", "system-3")
    context.close()


@pytest.mark.essentia
@pytest.mark.long
def test_esc10_by_freesounds_extractor_finds_the_clip_itself_first(
    page: Page, esc10: Callable[[int], Collection]
) -> None:
    pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")
    collection = esc10(1)
    embedding = extract_embedding(collection, plan(collection.data, find_card("Freesound")))
    build_ranking(collection, embedding, Recipe("mean", "minmax", 5), "nns")
    server = Server(collection.data)
    try:
        sign_in(page, server)
        page.goto(f"{server.url}/browse/esc10")
        clip = collection.clips[6]
        opened(page)
        page.locator("#own-file").set_input_files(collection.audio_path(clip))
        page.get_by_role("button", name="Find its neighbours", exact=True).click()
        page.wait_for_url("**/own/*")
        assert answered(page)[0] == clip.id
    finally:
        server.stop()
