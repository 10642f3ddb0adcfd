"""Made the instance beside it, with the code of commit f5283f3; kept as a record of how.

Later code need not run it. In a checkout of that commit, with this file in it, from its root:

    python tests/instances/0.1.0/make.py FOLDER

It needs Chromium and playwright: one rater's browser is a real one, which loses its network.
"""

# ruff: noqa: E402

import csv
import json
import re
import shutil
import sqlite3
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import webapp.database as database

# The moments of the instance begin here, and run on as they do: whoever imports `now` gets this.
BEGUN = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SHIFT = BEGUN - datetime.now(UTC)
database.now = lambda: datetime.now(UTC) + SHIFT

import numpy as np
import soundfile
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from embeddings.collection import Collection
from embeddings.importing import import_collection
from embeddings.maps import make_map
from embeddings.processing import Recipe
from embeddings.rankings import build_ranking
from embeddings.readers import Options
from embeddings.simulate import write_random_embedding
from embeddings.store import open_embedding, write_embedding
from evaluation.panelists import Panel
from evaluation.protocol_toml import parse_protocol
from evaluation.scoring import score_ranking
from evaluation.sweep import sweep
from webapp import assigning, create_app, mixed, opening, raters, signin, studies
from webapp.database import db
from webapp.extending import extend_study
from webapp.models import Assignment, ExternalId, Flag, Judgement, Listen, Preference, Slot, Study
from webapp.simulating import simulate

NAME = "kept"
RATE = 8000
SECONDS = 0.5
CLASSES = {"Hum": "Machine", "Beep": "Machine", "Hiss": "Weather"}
FAMILIES = {"Things": ["Hum", "Beep", "Machine"], "Nature": ["Hiss", "Weather"]}
TAKES = 6
GOOD, FRAMED, RANDOM = "good.l2.mcss", "framed.mean-minmax-pca3.nns", "random.l2.mcss"
NOTE = 'Über "alles",\r\nzwei Zeilen; =1+1\tTab \N{MUSICAL NOTE}'

COMMON: dict[str, Any] = {
    "title": "Which one is it?",
    "collection": NAME,
    "systems": [GOOD, RANDOM],
    "depth": 3,
    "queries": {"clips": ["hum-0", "hiss-1", "beep-2"]},
    "listening": {"sound_check": False},
    "joining": {"open": True, "completion_code": "C0DE", "no_consent_code": "N0"},
    "questionnaire": {
        "before": [
            {"id": "age", "text": "How old\nare you?", "kind": "number"},
            {"id": "ears", "text": "Ears?", "kind": "choice", "choices": ["good", "bad, so"]},
        ],
        "after": [{"id": "note", "text": "Anything else?"}],
    },
}
FACETS = {"scale": {"facets": ["semantic", "acoustic"]}}
PROTOCOLS: dict[str, dict[str, Any]] = {
    "graded": {**FACETS, "largest_block": 9, "depth": 5, "raters_per_query": 5},
    "preferred": {"method": "preference", "raters_per_query": 5},
    "listed": {"method": "rating", "raters_per_query": 5},
    "made-up": {**FACETS, "depth": 4, "queries": {"clips": ["hum-0", "hum-3", "hiss-1", "beep-5"]}},
    "running": {**FACETS, "consent": "I **agree** to listen.", "raters_per_query": 0, "page": 5,
                "controls": {"repeats": 2}},
    "drafted": {},
}  # fmt: skip
CLOSED = ("graded", "graded-2", "listed", "preferred")
PORT = 5057  # the queue in a browser names it


def write_sounds(folder: Path) -> Path:
    """Write the source: 3 classes of 6 clips, half a second each, as FLAC with a CSV."""
    (folder / "audio").mkdir(parents=True)
    rows = [["fname", "labels", "title", "author", "license", "pack"]]
    for place, (kind, parent) in enumerate(sorted(CLASSES.items())):
        for take in range(TAKES):
            rng = np.random.default_rng([place, take])
            times = np.arange(round(SECONDS * RATE)) / RATE
            noise = rng.standard_normal(len(times))
            pitch = {"Hum": 120, "Beep": 1500, "Hiss": 0}[kind] * (1 + 0.05 * take)
            sound = 0.4 * np.sin(2 * np.pi * pitch * times) + 0.002 * noise
            if kind == "Hiss":
                sound = 0.05 * noise
            name = f"{kind.lower()}-{take}"
            soundfile.write(folder / "audio" / f"{name}.flac", sound, RATE)
            rows.append([name, f"{kind},{parent}", f"{kind} {take}", "somebody", "CC0", f"p{take}"])
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    (folder / "families.json").write_text(json.dumps(FAMILIES), encoding="utf-8")
    return folder


def make_systems(kept: Collection) -> None:
    """Make three embeddings, one of them of frames; a system, scores, a map, a sweep of them."""
    classes = sorted(kept.leaf_classes)
    rng = np.random.default_rng(9)
    centres = np.array([classes.index(clip.labels[0]) for clip in kept.clips])
    good = rng.normal(size=(len(centres), 6)) * 0.3
    good[np.arange(len(centres)), centres] += 1
    things = 2 * np.array([clip.labels[-1] == "Machine" for clip in kept.clips])
    good[:, 3] += things  # so that some clips are distractors
    write_embedding(kept, "good", good, {"provenance": "imported", "representation": "Good"})
    counts = rng.integers(2, 5, len(centres))
    frames = np.concatenate([[0], np.cumsum(counts)])
    framed = rng.normal(size=(frames[-1], 8)) * 0.3
    framed[np.arange(len(framed)), np.repeat(centres, counts)] += 1
    framed[:, 3] += 3 * np.repeat(things, counts)
    meta = {"provenance": "imported", "representation": "Framed"}
    write_embedding(kept, "framed", framed, meta, frames=frames)
    write_random_embedding(kept)
    recipes = {"good": (Recipe(pca=None), "mcss"), "random": (Recipe(pca=None), "mcss"),
               "framed": (Recipe("mean", "minmax", 3), "nns")}  # fmt: skip
    for name, (recipe, search) in recipes.items():
        score_ranking(kept, build_ranking(kept, open_embedding(kept, name), recipe, search))
    sweep(kept, open_embedding(kept, "framed"))
    for method in ("pca", "tsne"):
        make_map(kept, open_embedding(kept, "good"), method, parameters={"perplexity": 5.0}
                 if method == "tsne" else None)  # fmt: skip


class Moments:
    """Moments one after the other, each with its own microseconds, and UUIDs, from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 5])
        self.last = BEGUN

    def next(self) -> datetime:
        """Return the next moment."""
        self.last += timedelta(microseconds=int(self.rng.integers(10**6, 10**8)))
        return self.last

    def row(self) -> dict[str, object]:
        """Return what every answer has."""
        uuid = UUID(bytes=self.rng.bytes(16), version=4)
        return {"client_uuid": str(uuid), "received_at": self.next()}


def answer(assignment: Assignment, slot: Slot, moments: Moments) -> None:
    """Store that a sound or a list was heard and graded, the mind changed now and then."""
    rng, terms = moments.rng, assignment.rater.study.terms
    listen = {"assignment_id": assignment.id, "slot_id": slot.id, "started_at": moments.next()}
    db.session.add(Listen(seconds=float(rng.random()), **listen, **moments.row()))
    for facet in terms.scale.facets:
        for _ in range(1 + int(rng.integers(2))):
            grade = int(rng.choice(facet.allowed))
            if slot.candidate and slot.candidate.kind == "identity":
                grade = facet.highest
            given = {"facet": facet.name, "grade": grade, "given_at": moments.next()}
            given |= {"listened_seconds": float(rng.random()), "heard": float(rng.random())}
            db.session.add(Judgement(slot=slot, **given, **moments.row()))


def answer_block(assignment: Assignment, moments: Moments) -> None:
    """Store the answers to a whole block; the first sound of some is reported instead."""
    db.session.flush()
    heard = {"assignment_id": assignment.id, "slot_id": None, "started_at": moments.next()}
    db.session.add(Listen(seconds=1 / 3, **heard, **moments.row()))
    if assignment.rater.study.terms.method == "preference":
        for choice in ("A", "none", "B")[: 1 + int(moments.rng.integers(3))]:
            values = {"choice": choice, "given_at": moments.next(), **moments.row()}
            db.session.add(Preference(assignment_id=assignment.id, **values))
    else:
        reported = assignment.query.clip == "hiss-1"
        if reported:
            flag = {"assignment_id": assignment.id, "slot_id": assignment.slots[0].id}
            db.session.add(Flag(given_at=moments.next(), **flag, **moments.row()))
        for slot in assignment.slots[reported:]:
            answer(assignment, slot, moments)
    assignment.finished_at, assignment.repeated_at = moments.next(), moments.next()
    db.session.commit()


def judge(study: Study, seed: int) -> None:
    """Let four raters judge, of whom one withdraws; a fifth declines, a sixth is half way."""
    people = raters.invite(study, 6)
    moments = Moments(seed)
    for place, rater in enumerate(people[:4]):
        rater.consented_at = rater.checked_at = moments.next()
        rater.headphones = json.dumps([3, 6])
        rater.before = json.dumps({"age": str(30 + place), "ears": "bad, so"})
        answer_block(assigning.practice_assignment(rater), moments)
        while assignment := assigning.next_assignment(rater):
            answer_block(assignment, moments)
        rater.after, rater.finished_at = json.dumps({"note": NOTE}), moments.next()
        ids = {"study_id": study.id, "rater_id": rater.id, "name": "PROLIFIC_PID"}
        db.session.add(ExternalId(value=f"person-{place}-of-{study.slug}", person=True, **ids))
    people[4].declined_at = moments.next()
    begun = assigning.next_assignment(people[5])
    if begun and study.terms.method != "preference":
        db.session.flush()
        answer(begun, begun.slots[0], moments)
    db.session.commit()
    raters.withdraw(people[2])


def create(slug: str) -> Study:
    """Store a study as a draft."""
    return studies.create_study(parse_protocol(COMMON | PROTOCOLS[slug] | {"slug": slug}, "make"))


def make_closed_studies() -> None:
    """Make a closed study of each method, one that extends another, one of simulated raters."""
    for seed, slug in enumerate(("graded", "preferred", "listed")):
        judge(opening.open_study(create(slug), 1), seed)
        studies.close_study(studies.find_study(slug))
    graded = studies.find_study("graded")
    judge(opening.open_study(extend_study(graded, [FRAMED]), 1), 9)
    studies.close_study(studies.find_study("graded-2"))
    mixed.fit_model(studies.find_study("graded"))
    simulate(opening.open_study(create("made-up"), simulated=True), Panel(raters=4, careless=1))
    create("drafted")


class Form:
    """A rater's pages without a browser: forms are filled in, sounds graded."""

    def __init__(self, client: FlaskClient, path: str, seed: int) -> None:
        self.client, self.path = client, path
        self.rng = np.random.default_rng([seed, 7])

    def text(self) -> str:
        """Return the page that the rater is at."""
        return self.client.get(self.path).text

    def send(self, to: str, **fields: str) -> None:
        """Send a form."""
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.text()).group(1)
        done = self.client.post(f"{self.path}/{to}", data=fields | {"csrf_token": token})
        assert done.status_code == 302, done.text

    def check_in(self) -> None:
        """Consent and answer the questions."""
        self.send("consent", answer="yes")
        self.send("questions/before", **{"q-age": "40", "q-ears": "good"})

    def grade_page(self) -> bool:
        """Grade what is on the page and go on; return whether there was something."""
        text = self.text()
        sounds = re.findall(r'data-sound="(\w+)"', text)
        token = re.search(r'name="csrf-token" content="([^"]+)"', text).group(1)
        for sound in sounds:
            for facet in ("semantic", "acoustic"):
                body = {"sound": sound, "facet": facet, "grade": 5 * int(self.rng.integers(21)),
                        "uuid": str(UUID(bytes=self.rng.bytes(16), version=4)),
                        "given_at": database.now().isoformat(), "listened_seconds": 0.5,
                        "heard": 1.0}  # fmt: skip
                done = self.client.post(
                    f"{self.path}/grades", json=body,
                    headers={"X-CSRFToken": token, "Accept": "application/json"},
                )  # fmt: skip
                assert done.json == {"saved": body["uuid"]}, done.text
        if sounds:
            hidden = dict(re.findall(r'name="(block|page)" value="(\w+)"', text))
            done = self.client.post(f"{self.path}/next", data=hidden | {"csrf_token": token})
            assert done.status_code == 302
        return bool(sounds)


CLOCK = """(shift => { const Real = Date; globalThis.Date = class extends Real {
  constructor(...given) { given.length ? super(...given) : super(Real.now() + shift); }
  static now() { return Real.now() + shift; } }; })(%d)"""
QUEUE = """() => new Promise((resolve, reject) => {
  const opened = indexedDB.open("sounding-board");
  opened.onerror = () => reject(opened.error);
  opened.onsuccess = () => {
    const database = opened.result, stores = {};
    const names = [...database.objectStoreNames];
    const reading = database.transaction(names);
    for (const name of names) {
      const store = reading.objectStore(name), entries = [];
      stores[name] = { keyPath: store.keyPath, autoIncrement: store.autoIncrement,
                       indexes: [...store.indexNames], entries };
      store.openCursor().onsuccess = ({ target: { result } }) => {
        if (!result) return;
        entries.push([result.key, result.value]);
        result.continue();
      };
    }
    reading.oncomplete = () => resolve({ name: database.name, version: database.version, stores });
  };
})"""


def lose_the_network(page: Page, link: str) -> dict[str, Any]:
    """Judge half a page, lose the network, judge on; return what the browser keeps."""
    page.add_init_script(CLOCK % round(SHIFT.total_seconds() * 1000))
    page.goto(link)
    sound = page.locator(".candidate")
    state = page.locator(".candidate .state")
    page.wait_for_load_state("networkidle")

    def grade(number: int, keys: str) -> None:
        sound.nth(number).focus()
        for key in keys:
            page.keyboard.press(key)

    grade(0, "30")
    expect(state.nth(0)).to_have_text("saved ✓")
    sound.nth(1).focus()
    page.keyboard.press(" ")
    page.evaluate("document.querySelector('audio').playbackRate = 0.25")
    while page.evaluate("document.querySelector('audio').currentTime") < 0.1:
        page.wait_for_timeout(20)
    page.context.set_offline(True)
    page.keyboard.press(" ")  # pause: a stretch of listening waits
    grade(1, "52")
    grade(2, "4")
    page.keyboard.press("ArrowLeft")  # a change of mind
    page.wait_for_timeout(600)
    grade(2, "1")
    sound.nth(3).locator(".report").click()
    expect(page.locator("#banner")).to_be_visible()
    page.wait_for_timeout(500)
    kept = page.evaluate(QUEUE)
    assert len(kept["stores"]["grades"]["entries"]) == 7, kept
    return {"origin": page.evaluate("location.origin"), "indexed_db": kept}


def run_open_study(app: Flask, folder: Path) -> dict[str, str]:
    """Open a study; one rater finishes, one is half way with a queue, one has not come."""
    with app.app_context():
        opening.open_study(create("running"), 1)
        people = raters.invite(studies.find_study("running"), 2)
        links = [f"/rate/running/{one.token}" for one in people]
    client = app.test_client()
    joined = client.get("/join/running?PROLIFIC_PID=p1&STUDY_ID=s1").headers["Location"]
    first = Form(client, joined, 1)
    first.check_in()
    while first.grade_page():
        pass
    first.send("questions/after", **{"q-note": NOTE})
    assert "C0DE" in first.text()
    second = Form(app.test_client(), links[0], 2)
    second.check_in()
    while "This page is practice" in second.text():
        second.grade_page()
    for _ in range(2):
        second.grade_page()  # the next two pages; its browser is another one from here on
    server = make_server("127.0.0.1", PORT, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        kept = lose_the_network(browser.new_page(), f"http://127.0.0.1:{PORT}{links[0]}")
        browser.close()
    server.shutdown()
    (folder / "browser.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return {"finished": joined, "half_way": links[0], "not_come": links[1]}


def write_outcomes(app: Flask, folder: Path) -> None:
    """Export every opened study's bundle, and get the results of the closed ones as JSON."""
    with app.app_context():
        every = [(one.slug, one.state)
                 for one in db.session.scalars(sa.select(Study).order_by(Study.id))]  # fmt: skip
        token = signin.new_token()
    client = app.test_client()
    assert client.get(f"/signin/{token}").status_code == 302
    for part in ("bundles", "results"):
        (folder / part).mkdir()
    for slug, state in every:
        if state == "draft":
            continue
        path = folder / "bundles" / f"{slug}.zip"
        done = app.test_cli_runner().invoke(args=["studies", "export", slug, "-o", str(path)])
        assert done.exit_code == 0, done.output
        asked = {"": ""}
        if slug == "graded-2":
            asked[".acoustic-passed-these"] = "?facet=acoustic&raters=passed&speaks=these"
        for name, query in asked.items() if state == "closed" else ():
            found = client.get(f"/studies/{slug}/results.json{query}")
            assert found.status_code == 200
            (folder / "results" / f"{slug}{name}.json").write_bytes(found.data)


def dump(data: Path, path: Path) -> None:
    """Write the database as SQL, and make sure that it comes back the same."""
    with sqlite3.connect(data / "sounding_board.sqlite") as stored:
        text = "".join(f"{line}\n" for line in stored.iterdump())
    again = sqlite3.connect(":memory:")
    again.executescript(text)
    assert "".join(f"{line}\n" for line in again.iterdump()) == text
    names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    for (table,) in stored.execute(names).fetchall():
        query = f"SELECT * FROM {table} ORDER BY rowid"
        assert stored.execute(query).fetchall() == again.execute(query).fetchall(), table
    path.write_bytes(text.encode())
    for file in data.glob("sounding_board.sqlite*"):
        file.unlink()


def main(folder: Path) -> None:
    """Make the instance in a folder, which may hold this file and a README."""
    data = folder / "data"
    source = write_sounds(folder / "source")
    kept, _ = import_collection(
        data, NAME, source, "csv", options=Options(group_column="pack"), copy=True
    )
    make_systems(kept)
    app = create_app({"TESTING": True, "DATA": data})
    with app.app_context():
        database.prepare()
        make_closed_studies()
    links = run_open_study(app, folder)
    (folder / "raters.json").write_text(json.dumps(links, indent=1) + "\n", encoding="utf-8")
    write_outcomes(app, folder)
    with app.app_context():
        db.engine.dispose()
    dump(data, data / "sounding_board.sql")
    shutil.rmtree(source)
    shutil.rmtree(data / "locks", ignore_errors=True)
    for slug in CLOSED:  # nobody hears these copies again, and they are half of the whole
        shutil.rmtree(data / "studies" / slug / "sounds", ignore_errors=True)
    # where the source lay says something of the machine, and nothing else
    info = data / "collections" / NAME / "collection.json"
    facts = json.loads(info.read_text(encoding="utf-8")) | {"source": "/sounds"}
    info.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
