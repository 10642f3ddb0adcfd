"""The player in a real browser: the bar, levels, what is loaded, spectrograms, keys."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from flask import Blueprint, Response, render_template_string, request

from embeddings.audio import measure
from embeddings.collection.clips import Clip, open_collection, write_collection
from embeddings.listening.levels import CEILING_DBTP, LOWERED_MOST, USUAL_LUFS, playing_levels
from tests.support.browser.barriers import violations
from tests.support.browser.tab import Page, audio_time, expect, playing_past, sideways, wait_until
from tests.support.browser.watching import watch
from tests.support.places import ROOT
from tests.support.server import Thread
from webapp import create_app
from webapp.core import catalogue
from webapp.core.security import public

pytestmark = pytest.mark.browser

PAGE = """
{% extends "base.html" %}
{% from "core/_parts.html" import clip_player, player, sound_bar %}
{% block title %}{{ collection.name }}{% endblock %}
{% block main %}
<h1>{{ collection.name }}</h1>
{% if not bare %}{{ sound_bar(collection) }}{% endif %}
<div class="columns">
  <ol class="results">{% for clip in collection.clips %}
    <li class="result item" tabindex="-1" data-item>
      {%- if bare %}{{ player(sound_url(collection, clip), clip.id, clip.seconds) }}
      {%- else %}{{ clip_player(collection, loop.index0) }}{% endif %}</li>
  {% endfor %}</ol>
</div>
{% endblock %}
{% block scripts %}<script type="module" src="/players.js"></script>{% endblock %}
"""
SCRIPT = """
import "/static/js/player/player.js";
import { walkItems } from "/static/js/core/items.js";
walkItems({ seek: true });
"""


class Players:
    """The app with a page of all players of a collection, served by a thread."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.app = create_app({"DATA": data})
        bp = Blueprint("players", __name__)

        @bp.get("/players/<name>")
        @public
        def players(name: str) -> str:
            collection = catalogue.collection(name)
            return render_template_string(PAGE, collection=collection, bare="bare" in request.args)

        @bp.get("/players.js")
        @public
        def script() -> Response:
            return Response(SCRIPT, mimetype="text/javascript")

        @self.app.after_request
        def note(response: Response) -> Response:
            if request.endpoint == "audio.audio":
                self.sent.append((request.view_args["clip_id"], response.status_code))
            return response

        self.sent: list[tuple[str, int]] = []
        self.app.register_blueprint(bp)
        self.served = Thread(self.app)
        self.url = self.served.url

    def open(self, page: Page, name: str = "mixed") -> None:
        """Come in, and show the players of a collection."""
        said = self.app.test_cli_runner().invoke(args=["signin-link", "--base", self.url])
        page.goto(said.stdout.split()[-1])
        self.sent.clear()
        page.goto(f"{self.url}/players/{name}")

    def stop(self) -> None:
        """Stop serving."""
        self.served.stop()


RATE = 44100


def sounds() -> dict[str, np.ndarray]:
    """Return sounds of all kinds, float [frames, channels]: tones, clicks, silence."""
    rng = np.random.default_rng(3)
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE * 2) / RATE)[:, None]
    clicks = np.zeros((RATE, 1))
    clicks[RATE // 2] = 0.9
    return {
        "loud": 0.8 * tone,
        "quiet": 0.01 * tone,
        "tenth": 0.3 * tone[: RATE // 10],
        "both": np.concatenate([0.3 * tone, 0.05 * rng.standard_normal(tone.shape)], axis=1),
        "silence": np.zeros((RATE, 1)),
        "clicks": clicks,
    }


def store(data: Path, name: str, *, with_loudness: bool) -> None:
    """Store the sounds as a collection."""
    folder = data / "collections" / name
    files, clips, envelopes = {}, [], []
    for clip, samples in sounds().items():
        path = data / f"{clip}.wav"
        soundfile.write(path, samples, RATE, subtype="FLOAT")
        found = measure(path)
        loudness = found.loudness_lufs if with_loudness else None
        inside = f"audio/{clip}.wav"
        files[inside] = path
        clips.append(Clip(clip, inside, ("Thing",), found.seconds, RATE, found.channels, loudness))
        envelopes.append(found.envelope)
    info = {"name": name, "title": name, "description": "", "source": "", "licence": "CC0",
            "convention": "corrected", "imported_at": "2026-01-02T03:04:05Z"}  # fmt: skip
    write_collection(folder, info, clips, {}, np.array(envelopes), files)


@pytest.fixture(scope="module")
def players(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Players]:
    """The page of players, of a collection with loudness and of one without."""
    data = tmp_path_factory.mktemp("players")
    store(data, "mixed", with_loudness=True)
    store(data, "plain", with_loudness=False)
    serving = Players(data)
    yield serving
    serving.stop()


def row(clip: str) -> int:
    """Return the row of a clip in the collection."""
    return list(sounds()).index(clip)


def item(page: Page, clip: str):
    """Return the item on the page that holds a clip's player."""
    return page.locator("[data-item]").nth(row(clip))


def spectrogram(page: Page, clip: str) -> str:
    """Show a clip's spectrogram by its button; return the words that stand for it, once drawn."""
    item(page, clip).locator(".show-spectrogram").click()
    canvas = item(page, clip).locator("canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile("."))
    return canvas.get_attribute("aria-label")


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
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,  # for axe, a script of our own making
        reduced_motion="reduce",
    )
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
