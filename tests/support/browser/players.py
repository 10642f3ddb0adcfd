"""A page of players, served with made sounds."""

import re
from pathlib import Path

import numpy as np
import soundfile
from flask import Blueprint, Response, render_template_string, request

from embeddings.audio.measuring import measure
from embeddings.collection.clips import Clip, write_collection
from tests.support.browser.tab import Page, expect
from tests.support.server import Thread
from webapp import create_app
from webapp.core import catalogue
from webapp.core.security import public

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
import "{{ url_for("static", filename="js/player/player.js") }}";
import { walkItems } from "{{ url_for("static", filename="js/core/items.js") }}";
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
            return Response(render_template_string(SCRIPT), mimetype="text/javascript")

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
