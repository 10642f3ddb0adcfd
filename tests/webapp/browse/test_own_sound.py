"""A sound of one's own on the pages: brought, asked with, kept or gone."""

import csv
import io
import os
import re
import signal
import stat
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from embeddings.asking.question_files import Asked, Question
from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from tests.support.own_representations import (
    BAD,
    EXAMPLE,
    folders,
    octaves,
    own_embedding,
    write_bad,
)
from tests.support.small import RATE, make_sound, rank
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.browse import own_sounds, own_views
from webapp.browse.own_words import how_far, without_paths


@pytest.fixture
def system(small: Collection, tmp_path: Path) -> Ranking:
    """A system of the small collection that can hear a new sound, and two that cannot."""
    rank(small)
    return octaves(small, tmp_path)


@pytest.fixture
def client(app: Flask, experimenter: FlaskClient) -> FlaskClient:
    """The experimenter's browser, without the token against forged requests."""
    app.config["WTF_CSRF_ENABLED"] = False
    return experimenter


def sound_of(small: Collection, name: str) -> bytes:
    """Return a clip's file."""
    return small.audio_path(small.clip(name)).read_bytes()


def post(client: FlaskClient, content: bytes, name: str = "mine.wav") -> TestResponse:
    """Bring a sound as the page's script does."""
    return send(
        client,
        {"sound": FileStorage(io.BytesIO(content), filename=name)},
        Accept="application/json",
    )


def send(client: FlaskClient, fields: dict[str, Any], **headers: str) -> TestResponse:
    """Post the form; the body is made here, since the client's own spills large ones to disk."""
    boundary, body = encode_multipart(fields)
    kind = f'multipart/form-data; boundary="{boundary}"'
    return client.post("/browse/small/own", data=body, content_type=kind, headers=headers)


def over(client: FlaskClient, page: str) -> dict:
    """Return the status of a sound's page when nothing is computed any more."""

    def status() -> dict | None:
        found = client.get(f"{page}/status").get_json()
        return None if found["running"] else found

    return wait_for(status)


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
    assert "&lt;b&gt;.wav: this is no sound that can be read here" in answer.text
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


def begin_slow(client: FlaskClient, small: Collection, tmp_path: Path) -> tuple[str, Path]:
    """Bring a sound that takes for ever; return its page and its folder when it is computing."""
    (tmp_path / "slow").touch()
    page = post(client, sound_of(small, "hum-2")).get_json()["page"]
    wait_for(lambda: "computing" in client.get(f"{page}/status").get_json()["systems"].values())
    return page, tmp_path / "data" / "own" / page.rpartition("/")[2]


def members(group: int) -> list[str]:
    """Return the processes of a group that are at work."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, own_group = entry.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(own_group) == group and state != "Z":
            found.append(entry.parent.name)
    return found


def test_cancel_stops_all_of_it(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    assert "Octaves · min-max · NNS: computing" in client.get(page).text
    group = int((folder / "process").read_text())
    assert members(group) != []
    assert client.post(f"{page}/cancel").location == page
    wait_for(lambda: members(group) == [])
    found = over(client, page)
    assert found["sentence"] == "Cancelled. 0 of 1 systems have answered."
    assert found["systems"] == {system.system: "unasked"}
    assert client.post(f"{page}/cancel").status_code == 303  # again changes nothing


def test_a_killed_process_is_said(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    group = int((folder / "process").read_text())
    os.kill(group, signal.SIGKILL)
    sentence = "The process that asked was stopped before it was done."
    assert over(client, page)["sentence"].startswith(sentence)
    wait_for(lambda: members(group) == [])  # nor does the extractor go on alone


def test_what_the_process_gives_up_for_is_said(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    client.post(f"{page}/cancel")
    (folder / "cancelled").unlink()
    (folder / "said.log").write_text("some warning\nError: There is no collection 'small'.\n")
    assert over(client, page)["sentence"].startswith("There is no collection 'small'. 0 of 1")


def test_sounds_wait_for_each_other(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    first, _ = begin_slow(client, small, tmp_path)
    second = post(client, sound_of(small, "hiss-1")).get_json()["page"]
    assert client.get(f"{second}/status").get_json()["sentence"] == "Waiting for its turn …"
    (tmp_path / "slow").unlink()
    client.post(f"{first}/remove")
    assert over(client, second)["systems"] == {system.system: "done"}


def test_nothing_stays_unless_it_is_kept(
    client: FlaskClient, small: Collection, system: Ranking, data: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(own_sounds, "GRACE", 0.5)
    pages = [post(client, sound_of(small, "hum-2")).get_json()["page"] for _ in range(3)]
    for page in pages:
        over(client, page)
    left, back, kept = pages
    assert client.post(f"{kept}/keep").location == kept
    for page in pages:
        assert client.post(f"{page}/leave", data={"view": "one"}).status_code == 204
    client.get(f"{left}/status?view=one")  # asked before, and late
    client.get(f"{back}/status?view=other")  # it is open in another tab, or was reloaded
    wait_for(lambda: len(folders(data)) == 2)
    gone = client.get(left)
    assert gone.status_code == 404
    assert "This sound is not here any more" in gone.text
    assert client.get(f"{left}/status").status_code == 404
    assert "until you remove them" in client.get(kept).text
    assert f'href="{kept}">mine.wav</a>' in client.get("/browse/small/own").text
    assert client.post(f"{kept}/remove").location == "/browse/small/own"
    assert [folder.name for folder in folders(data)] == [back.rpartition("/")[2]]


def test_what_was_forgotten_goes_at_the_next_start(
    client: FlaskClient, small: Collection, system: Ranking, data: Path
) -> None:
    pages = [post(client, sound_of(small, "hum-2")).get_json()["page"] for _ in range(4)]
    for page in pages:
        over(client, page)
    old, left, kept, new = (data / "own" / page.rpartition("/")[2] for page in pages)
    client.post(f"{pages[2]}/keep")
    (left / "left").touch()
    long_ago = time.time() - own_sounds.HOUR - 10
    os.utime(left / "left", (long_ago, long_ago))
    for folder in (old, kept):
        os.utime(folder, (long_ago, long_ago))
    create_app({"TESTING": True, "DATA": data})
    assert folders(data) == sorted([kept, new])


def test_a_removed_sound_takes_its_process_along(
    client: FlaskClient, small: Collection, system: Ranking, data: Path, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    group = int((folder / "process").read_text())
    client.post(f"{page}/remove")
    assert folders(data) == []
    wait_for(lambda: members(group) == [])


@pytest.mark.parametrize("sound", ["0123456789abcdef", "..", "x", "0123456789ABCDEF"])
def test_unknown_sounds_are_nowhere(client: FlaskClient, system: Ranking, sound: str) -> None:
    assert client.get(f"/browse/small/own/{sound}").status_code == 404
    assert client.post(f"/browse/small/own/{sound}/remove").status_code == 404


def test_a_sound_belongs_to_its_collection(
    client: FlaskClient, small: Collection, system: Ranking, data: Path
) -> None:
    page = post(client, sound_of(small, "hum-2")).get_json()["page"]
    over(client, page)
    assert client.get(page.replace("/small/", "/other/")).status_code == 404
    info = data / "collections" / "small" / "clips.csv"
    info.write_text(info.read_text().replace("hum-3,", "hum-x,"))
    os.utime(info.with_name("collection.json"))  # as if it had been imported anew
    text = client.get(page).text
    assert "The collection is not what it was when this was asked" in text
    assert "hum-3" not in text


def test_a_longer_file_is_cut_and_the_page_says_so(
    client: FlaskClient, system: Ranking, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "long.wav", np.tile(make_sound("Hiss", 1, 1.0), 40), RATE)
    page = post(client, (tmp_path / "long.wav").read_bytes()).get_json()["page"]
    assert "The file is 40.0 s long: its first 30 s are heard." in client.get(page).text
    assert over(client, page)["systems"] == {system.system: "done"}
