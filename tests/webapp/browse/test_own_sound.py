"""A sound of one's own on the pages: brought, asked with, kept or gone."""

import csv
import io
import re
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from flask import Flask
from flask.testing import FlaskClient

from embeddings.asking.question_files import Asked, Question
from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from tests.support.own_representations import (
    BAD,
    EXAMPLE,
    folders,
    own_embedding,
    write_bad,
)
from tests.support.pages.own_answers import over, post, send, sound_of
from tests.support.small import RATE, rank
from webapp.browse import own_sounds, own_views
from webapp.browse.own_words import how_far, without_paths


def test_a_clip_as_own_sound_is_answered_by_its_ranking(
    client: FlaskClient, small: Collection, system: Ranking, data: Path
) -> None:
    page = post(client, sound_of(small, "hum-2")).get_json()["page"]
    assert over(client, page) == {
        "running": False,
        "sentence": "The system has answered.",
        "systems": {system.system: "done"},
    }
    text = client.get(page).text
    assert "Octaves" in text
    assert text.count("data-item") == 1 + 15
    assert text.index('query=hum-2"') < text.index('query=hum-3"')
    assert text.count("It is imported: what computed it is not here.") == 1
    assert text.count("It is simulated: there is no extractor.") == 1
    rows = list(csv.DictReader(io.StringIO(client.get(f"{page}/results.csv").text)))
    expected = [small.index["hum-2"], *system.neighbours[small.index["hum-2"]]]
    assert [row["clip"] for row in rows] == [small.clips[one].id for one in expected]
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, 19)]
    assert {(row["system"], row["provenance"]) for row in rows} == {(system.system, "computed")}
    assert float(rows[0]["score"]) == pytest.approx(0, abs=1e-6)
    shown = re.findall(r'lower is more similar">(-?[0-9.]+)<', text)
    assert [f"{float(row['score']):.3f}" for row in rows[:15]] == shown
    assert float(rows[1]["score"]) > 0
    assert {row["score_is"] for row in rows} == {"distance (lower is more similar)"}
    [folder] = folders(data)
    for path in (folder, folder.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_similarity_is_told_as_one(
    client: FlaskClient, small: Collection, system: Ranking
) -> None:
    build_ranking(small, open_embedding(small, "octaves"), Recipe("mean", "l2", 5), "mcss")
    page = post(client, sound_of(small, "hum-2")).get_json()["page"]
    over(client, page)
    rows = list(csv.DictReader(io.StringIO(client.get(f"{page}/results.csv").text)))
    kinds = {row["system"]: row["score_is"] for row in rows}
    assert kinds[system.system] == "distance (lower is more similar)"
    del kinds[system.system]
    assert list(kinds.values()) == ["similarity (higher is more similar)"]
    best = next(row for row in rows if row["score_is"].startswith("similarity"))
    assert float(best["score"]) == pytest.approx(1, abs=1e-5)
    assert client.get(page).text.count("higher is more similar") == 15


def test_a_sound_that_no_system_can_use(
    client: FlaskClient, small: Collection, data: Path, tmp_path: Path
) -> None:
    rank(small)
    text = EXAMPLE.read_text().replace(
        "    power =",
        "    import tempfile\n    if len(samples) < 1000:\n"
        "        raise ValueError(f'{tempfile.gettempdir()}/x/heard.wav: it needs 1000 samples')\n"
        "    power =",
    )
    (tmp_path / "octaves.py").write_text(text)
    embedding = own_embedding(small, tmp_path / "octaves.py", "Octaves")
    build_ranking(small, embedding, Recipe("mean", "minmax", None), "nns")
    build_ranking(small, embedding, Recipe("mean", "l2", 5), "mcss")
    soundfile.write(tmp_path / "short.wav", 0.5 * np.ones(200), RATE)
    page = post(client, (tmp_path / "short.wav").read_bytes()).get_json()["page"]
    assert over(client, page)["sentence"] == "None of the 2 systems could use the sound."
    shown = client.get(page).text
    assert "answered" not in shown
    found = re.findall(r'<p class="notice small">(.*?)</p>', shown)
    assert len(found) == 2
    start = "Of a sound of 200 samples (0.0125 s; peak −6 dBFS) this system says: "
    assert found[0].startswith(start)
    assert found[0].endswith("it needs 1000 samples.")
    assert str(tmp_path) not in shown
    assert "/made" not in shown


def test_no_path_of_the_machine_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "own" / "0123"
    for text, told in (
        (f"{folder}/made/tmp-1/dithered.wav: refused it.", "my.wav: refused it."),
        (f"cannot open '{folder}' or '/opt/models/a.pt'", "cannot open 'my.wav' or 'a.pt'"),
        ("see https://example.org/a/b, n/a, 3/4 m/s", "see https://example.org/a/b, n/a, 3/4 m/s"),
    ):
        assert without_paths(folder, "my.wav", text) == told


def test_some_systems_that_could_not_use_it_are_no_answers(app: Flask, tmp_path: Path) -> None:
    asked = [Asked(name, name, "computed", "e", "nns", "") for name in ("one", "two", "three")]
    sound: Any = None
    question = Question("small", "", "", sound, tuple(asked))
    states = {"one": "done", "two": "failed", "three": "done"}
    with app.test_request_context():
        told = how_far(tmp_path, question, own_sounds.Progress(states, False, "done"))
    assert told == "2 of 3 systems have answered. One could not use it."


def test_only_pages_that_record_get_the_microphone(
    client: FlaskClient, small: Collection, system: Ranking
) -> None:
    page = post(client, sound_of(small, "hum-2")).get_json()["page"]
    over(client, page)
    allowed = {
        path: "microphone=(self)" in client.get(path).headers["Permissions-Policy"]
        for path in ("/browse/small/own", page, "/browse/small?query=hum-2", "/", f"{page}/status")
    }
    assert list(allowed.values()) == [True, True, True, False, False]
    heard = client.get(f"{page}/audio", buffered=True)
    assert heard.headers["Cache-Control"] == "private, no-store"
    assert heard.mimetype == "audio/wav"
    samples, rate = soundfile.read(io.BytesIO(heard.data))
    assert (len(samples), rate) == (round(0.6 * RATE), RATE)


def test_without_scripts_it_is_a_plain_form(
    experimenter: FlaskClient, small: Collection, system: Ranking
) -> None:
    page = experimenter.get("/browse/small/own").text
    assert "One system can hear it here:" in page
    assert 'enctype="multipart/form-data"' in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"sound": (io.BytesIO(sound_of(small, "hum-2")), "sounds/a b.wav")}
    assert experimenter.post("/browse/small/own", data=dict(data)).status_code == 403
    data = {"sound": (io.BytesIO(sound_of(small, "hum-2")), "sounds/a b.wav")}
    answer = experimenter.post("/browse/small/own", data=data | {"csrf_token": token})
    assert answer.status_code == 303
    assert ">a b.wav<" in experimenter.get(answer.location).text
    bad = {"sound": (io.BytesIO(b"nothing"), "<b>.wav"), "csrf_token": token}
    answer = experimenter.post("/browse/small/own", data=bad)
    assert answer.status_code == 400
    assert "&lt;b&gt;.wav: the audio cannot be read" in answer.text
    answer = experimenter.post("/browse/small/own", data={"csrf_token": token})
    assert "Choose a sound first." in answer.text


@pytest.mark.parametrize("kind", BAD)
def test_bad_audio_is_one_sentence_and_leaves_nothing(
    client: FlaskClient, system: Ranking, data: Path, tmp_path: Path, kind: str
) -> None:
    write_bad(tmp_path / "bad", kind)
    answer = post(client, (tmp_path / "bad").read_bytes())
    assert answer.status_code == 400
    found = answer.get_json()
    assert found["error"].startswith(f"mine.wav: {BAD[kind][0]}")
    assert found["unreadable"] == (kind == "text")
    assert folders(data) == []


def test_what_is_too_large_is_refused_before_it_is_read(
    client: FlaskClient, system: Ranking, data: Path
) -> None:
    answer = post(client, bytes(own_views.MOST_BYTES + 1_000_000))
    assert answer.status_code == 400
    sentence = "The file has 21.0 MB; a sound may have at most 20 MB."
    assert answer.get_json()["error"] == sentence
    assert folders(data) == []


def test_strangers_bring_nothing(app: Flask, system: Ranking, small: Collection) -> None:
    stranger = app.test_client()
    assert post(stranger, sound_of(small, "hum-2")).status_code in (401, 403)
    app.config["WTF_CSRF_ENABLED"] = False
    assert post(stranger, sound_of(small, "hum-2")).status_code == 401
    assert send(stranger, {"a": "x" * 1_500_000}).status_code == 401


def test_a_collection_that_nothing_can_hear_for_says_so(
    client: FlaskClient, small: Collection
) -> None:
    rank(small)
    page = client.get("/browse/small/own").text
    assert "No system of this collection can hear a new sound here." in page
    assert 'type="file"' not in page
    answer = post(client, sound_of(small, "hum-2")).get_json()
    assert answer["error"] == "No system of 'small' can hear a new sound here."
