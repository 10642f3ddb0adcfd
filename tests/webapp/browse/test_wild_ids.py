"""Whatever clips and classes are called: every page, address, table and bundle holds it."""

import csv
import html
import io
import re
import zipfile
from pathlib import Path
from urllib.parse import quote, unquote, urlencode, urlsplit

import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.collection.clip_names import spelled
from embeddings.collection.clips import Clip, Collection, open_collection, write_collection
from embeddings.collection.label_cells import cell_labels
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import open_embedding, write_embedding
from evaluation.objective.scoring import score_ranking
from tests.support.small import RATE, make_sound
from tests.support.wild_names import WILD
from webapp import create_app

LABELS = (("Dog",), ("Chuckle, chortle", "Dog"), ('a"b|c',), ("<b>&;#?%2F",), ("犬 x", ";y"))
FAMILIES = {"A; B, C": ("Dog", "Chuckle, chortle"), '"D"': ('a"b|c', "<b>&;#?%2F")}


@pytest.fixture
def wild(data: Path) -> Collection:
    """A collection with every wild name, and two systems of it."""
    folder = data / "collections" / "wild"
    audio = data / "sounds"
    clips = []
    for number, name in enumerate(dict.fromkeys(map(spelled, WILD.values()))):
        path = audio / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, make_sound("Hum", number % 9), RATE)
        own = LABELS[number % len(LABELS)]
        clips.append(Clip(name, str(path), own, 0.6, RATE, 1, -20.0))
    info = {
        "name": "wild", "title": "Wild", "description": "", "licence": "", "source": "",
        "convention": "corrected", "imported_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    write_collection(folder, info, clips, FAMILIES, np.zeros((len(clips), 200)))
    wild = open_collection(data, "wild")
    assert wild.clips == clips
    for seed, name in enumerate(("one", "two")):
        vectors = np.random.default_rng(seed).standard_normal((len(clips), 6))
        write_embedding(wild, name, vectors, {"provenance": "imported", "representation": name})
        score_ranking(
            wild, build_ranking(wild, open_embedding(wild, name), Recipe(pca=None), "mcss")
        )
    return wild


def links(page: str, attribute: str, start: str) -> set[str]:
    """Return the addresses in a page's attribute that begin with `start`."""
    return {
        html.unescape(found)
        for found in re.findall(rf'{attribute}="([^"]*)"', page)
        if found.startswith(start)
    }


def test_every_clip_is_shown_and_heard(wild: Collection, client: FlaskClient) -> None:
    heard = {f"/audio/wild/{quote(clip.id)}" for clip in wild.clips}
    for clip in wild.clips[::3]:
        answer = client.get("/browse/wild", query_string={"query": clip.id})
        assert answer.status_code == 200, clip.id
        assert f'<span class="clip-id">{clip.id}</span>' in html.unescape(answer.text)
        found = links(answer.text, "data-src", "/audio/wild/")
        assert len(found) > 5
        assert {quote(unquote(urlsplit(one).path)) for one in found} <= heard
    for address in heard:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.data[:4] == b"RIFF"
        answer.close()
    for name in ("犬\u3000声", "a%2Fb%00", "C:note"):
        assert client.get("/browse/wild", query_string={"find": name}).status_code == 302
    others = links(answer_of(client, wild.clips[0].id), "href", "/browse/wild?")
    toward = {address for address in others if "query=" in address}
    assert len(toward) > 10
    assert {client.get(address).status_code for address in list(toward)[:5]} == {200}


def answer_of(client: FlaskClient, query: str) -> str:
    """Return the page of a query."""
    return client.get("/browse/wild", query_string={"query": query}).text


def test_classes_and_families_of_any_name_can_be_chosen(
    wild: Collection, client: FlaskClient
) -> None:
    assert set(wild.class_counts) == {label for labels in LABELS for label in labels}
    chosen = [("class", label) for label in wild.class_counts]
    chosen += [("family", family) for family in FAMILIES]
    for key, value in chosen:
        answer = client.get(f"/browse/wild?{urlencode({key: value})}", follow_redirects=True)
        assert answer.status_code == 200
        assert client.get(f"/scores/wild?{urlencode({key: value})}").status_code == 200


PROTOCOL = """
title = "Wild"
collection = "wild"
systems = ["one.l2.mcss", "two.l2.mcss"]
depth = 2
practice = false
consent = "I agree."
[queries]
per_class = 1
[controls]
distractors = 0
[listening]
level = false
"""


def test_a_study_of_such_clips_comes_out_and_back(
    wild: Collection, runner: FlaskCliRunner, client: FlaskClient, tmp_path: Path
) -> None:
    (tmp_path / "odd.toml").write_text(PROTOCOL)
    zipped = tmp_path / "odd.zip"
    for args in (
        ("create", tmp_path / "odd.toml"), ("open", "odd"), ("invite", "odd"), ("close", "odd"),
        ("export", "odd", "-o", zipped),
    ):  # fmt: skip
        done = runner.invoke(args=["studies", *map(str, args)])
        assert done.exit_code == 0, done.output
    with zipfile.ZipFile(zipped) as files:
        name = next(one for one in files.namelist() if one.endswith("clips.csv"))
        rows = list(csv.DictReader(io.StringIO(files.read(name).decode(), newline="")))
    assert len(rows) > 12
    for row in rows:
        clip = wild.clip(row["clip"])
        assert cell_labels(row["labels"]) == clip.labels
        families = dict.fromkeys(wild.family_of.get(label, "") for label in clip.labels)
        assert cell_labels(row["families"], ";") == tuple(filter(None, families))
    assert client.get("/studies/odd/results").status_code == 200
    other = create_app({"TESTING": True, "DATA": tmp_path / "other"})
    done = other.test_cli_runner().invoke(args=["studies", "import", str(zipped)])
    assert done.exit_code == 0, done.output
