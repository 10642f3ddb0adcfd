"""What older versions stored (tests/instances) opens in this one, goes on, and says the same."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from embeddings import __version__
from embeddings.collection.clips import open_collection
from embeddings.search.neighbours import top_neighbours
from embeddings.systems import rankings
from embeddings.systems.store import open_ranking, read_transform, system_names
from evaluation.records.bundle import SUMS, read_bundle
from tests.support.instance import (
    INSTANCES,
    RELATIVE,
    Instance,
    allowed,
    open_instance,
    places,
    rater_page,
    unexpected,
)
from tests.support.places import ROOT
from tests.support.server import Thread
from tests.support.studies.rater import join
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.core import database
from webapp.core.database import db, now
from webapp.models import Flag, Judgement, Listen, Study
from webapp.results.cache import forget

KINDS = {"grades": Judgement, "listens": Listen, "flags": Flag}
NOT_WALKED = {
    "static", "old_static", "bootstrap.static", "joined", "figures.plotly",  # no page
    "signin.signin", "watch.healthz", "watch.readyz", "watch.metrics",  # for programs
    "own.page", "own.status", "own.audio", "own.results",  # there is no sound of one's own
    "manage.opening", "rehearsal.making",  # of a draft that is being opened, or tried
    "rehearsal.rater",  # nobody has rehearsed
    "own.new",  # no system here can hear a sound of one's own
    "jobs.job", "jobs.log",  # no job was begun
    "maps.clips",  # a part of a page, of clips that a script names
    *(f"by_address.{one}{form}" for one in ("collections", "clips", "rankings", "parts")
      for form in ("", "_json")),  # what scripts ask for first
    "languages.page",  # where a draft in several languages is opened
}  # fmt: skip

OF_EACH_STUDY = {"manage.study", "manage.people", "manage.protocol", "results.page"}


@pytest.fixture(scope="module", params=INSTANCES, ids=lambda path: path.name)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """An instance that was opened, to be looked at and not changed."""
    forget()
    return open_instance(request.param, tmp_path_factory.mktemp("opened"))


@pytest.fixture(params=INSTANCES, ids=lambda path: path.name)
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Instance:
    """An instance of the test's own."""
    forget()
    return open_instance(request.param, tmp_path)


def test_there_are_instances_and_all_are_small() -> None:
    assert "0.1.0" in [path.name for path in INSTANCES]
    for made in INSTANCES:
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        assert size < 2_000_000, made.name


def test_every_page_of_the_experimenter_opens(opened: Instance) -> None:
    """Links are followed, one of each kind, and those of every study; one may compile scripts."""
    client = opened.signed_in()
    routes = opened.app.url_map.bind("localhost")
    kinds, may_compile = set(), set()
    waiting = ["/", "/studies", "/studies/new"]
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path, buffered=True, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.status)
        if "'unsafe-eval'" in answer.headers["Content-Security-Policy"]:
            may_compile.add(routes.match(urlsplit(path).path)[0])
        if answer.mimetype != "text/html" or path.endswith("report.html"):
            continue
        for found in re.findall(r'="(/[^"#]*)', answer.text):
            address = found.replace("&amp;", "&")
            try:
                endpoint, values = routes.match(urlsplit(address).path, method="GET")
            except HTTPException:  # what is posted to
                continue
            of = values.get("chapter") or values.get("part", "")
            of = values["slug"] if endpoint in OF_EACH_STUDY and not of else of
            if endpoint.startswith(("rate.", "join.")) or endpoint in NOT_WALKED:
                continue
            if (endpoint, of) not in kinds:
                kinds.add((endpoint, of))
                waiting.append(address)
    reached = {endpoint for endpoint, _ in kinds}
    pages = {
        rule.endpoint for rule in opened.app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.endpoint.startswith(("rate.", "join."))
    }  # fmt: skip
    assert pages - reached - NOT_WALKED == set()
    assert may_compile == {"maps.map"}


def test_results_are_what_they_were(opened: Instance) -> None:
    client = opened.signed_in()
    stored = sorted((opened.made / "results").glob("*.json"))
    assert len(stored) >= 5
    for path in stored:
        slug, _, words = path.stem.partition(".")
        asked = {"acoustic": "facet=acoustic", "passed": "raters=passed", "these": "speaks=these"}
        query = "&".join(asked[word] for word in filter(None, words.split("-")))
        answer = client.get(f"/studies/{slug}/results.json?{query}")
        assert answer.status_code == 200
        then, today = json.loads(path.read_bytes()), json.loads(answer.data)
        assert today["about"]["Analysed by"].startswith(f"Sounding Board {__version__}, numpy ")
        name = f"results/{path.name}"
        assert unexpected(opened.made, places(then, today, name)) == []


def files(path: Path) -> dict[str, str]:
    """Return a bundle's files as text, after a look at its checksums."""
    return {
        name: content.decode() for name, content in read_bundle(path).files.items() if name != SUMS
    }


def differing(made: Path, then: Path, today: Path) -> list[str]:
    """Return the files of two bundles that differ and may not; the same zip has none."""
    if then.read_bytes() == today.read_bytes():
        return []
    found = list(places(files(then), files(today), f"bundles/{then.name}"))
    assert found, "the files are the same, and the zip is not"
    return unexpected(made, iter(found))


def test_bundles_are_the_same_bytes(opened: Instance, tmp_path: Path) -> None:
    opened.signed_in()
    stored = sorted((opened.made / "bundles").glob("*.zip"))
    assert len(stored) >= 6
    for then in stored:
        export(opened.app, then.stem, tmp_path / then.name)
        assert differing(opened.made, then, tmp_path / then.name) == []


def export(app: Flask, slug: str, path: Path) -> None:
    """Export a study."""
    done = app.test_cli_runner().invoke(args=["studies", "export", slug, "-o", str(path)])
    assert done.exit_code == 0, done.output


def test_old_bundles_are_imported_and_go_out_as_they_came(opened: Instance, tmp_path: Path) -> None:
    app = create_app({"TESTING": True, "DATA": tmp_path / "elsewhere"})
    for then in sorted((opened.made / "bundles").glob("*.zip")):
        done = app.test_cli_runner().invoke(args=["studies", "import", str(then)])
        assert done.exit_code == 0, done.output
        export(app, then.stem, tmp_path / then.name)
        assert differing(opened.made, then, tmp_path / then.name) == []


def test_every_difference_is_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = re.split(r"^## \[?(\d+\.\d+\.\d+)\]?.*$", text, flags=re.MULTILINE)
    said = {
        version: " ".join(part.split())
        for version, part in zip(parts[1::2], parts[2::2], strict=True)
    }
    assert "0.1.0" in said
    for made in INSTANCES:
        for one in allowed(made):
            assert one.since in said, one
            assert len(one.reason) > 20, one
            assert " ".join(one.reason.split()) in said[one.since], one


def test_what_differs_is_found() -> None:
    """The comparison itself: what it lets pass, and what it does not."""
    then = {"a": [{"name": "x", "p": 0.5}, {"name": "y", "p": 1}], "b": "1.0"}

    def found(**changes: Any) -> list[str]:
        return list(places(then, then | changes, "f"))

    assert found() == []
    assert found(a=[{"name": "x", "p": 0.5 * (1 + RELATIVE / 2)}, then["a"][1]]) == []
    assert found(a=[{"name": "x", "p": 0.5 * (1 + 3 * RELATIVE) + 2e-9}, then["a"][1]]) == [
        "f/a/x/p"
    ]
    assert found(a=then["a"][:1]) == ["f/a/y"]
    assert found(a=then["a"][::-1]) == ["f/a (the order)"]
    assert found(b="1.00") == ["f/b"]
    assert found(b=1.0) == ["f/b"]
    assert found(c=None) == ["f/c"]
    assert found(a=[{"name": "x", "p": 0.5}, {"name": "y", "p": 2}]) == ["f/a/y/p"]


def stored_rows(app: Flask, uuid: str) -> list[Any]:
    """Return the rows of whatever kind that have a browser's UUID."""
    with app.app_context():
        found = [
            row for model in KINDS.values()
            for row in db.session.scalars(sa.select(model).where(model.client_uuid == uuid))
        ]  # fmt: skip
        db.session.expunge_all()
        return found


def check_arrived(instance: Instance) -> None:
    """Check that what waited in the browser is stored, once and as it was given."""
    assert len(instance.queued) >= 7
    assert {entry["kind"] for entry in instance.queued} == {"answer", "report", "listen"}
    for entry in instance.queued:
        body = entry["body"]
        (row,) = stored_rows(instance.app, body["uuid"])
        assert isinstance(row, KINDS[entry["address"].rpartition("/")[2]])
        for key in {"facet", "grade", "listened_seconds", "heard", "seconds"} & body.keys():
            assert getattr(row, key) == body[key], (key, entry)
        moment = row.started_at if isinstance(row, Listen) else row.given_at
        assert moment.isoformat(timespec="milliseconds") == body[
            "started_at" if isinstance(row, Listen) else "given_at"
        ].replace("Z", "+00:00")  # fmt: skip


def count(instance: Instance) -> dict[str, int]:
    """Return how many rows of each kind of answer there are."""
    with instance.app.app_context():
        return {
            name: db.session.scalar(sa.select(sa.func.count(model.id)))
            for name, model in KINDS.items()
        }


def counted(instance: Instance) -> dict[str, int]:
    """Return how many answers of each kind wait in the browser."""
    kinds = [entry["address"].rpartition("/")[2] for entry in instance.queued]
    return {name: kinds.count(name) for name in KINDS}


def test_a_rater_goes_on_where_an_older_version_was_left(instance: Instance) -> None:
    client, path = instance.app.test_client(), instance.raters["half_way"]
    page = client.get(path)
    assert page.status_code == 200
    assert "Round 2 of 3 · page 1 of 2" in page.text
    assert page.text.count('aria-pressed="true"') == 2  # what was saved before the network went
    before = count(instance)
    token, _ = rater_page(page.text)
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    for entry in [*instance.queued, *instance.queued]:  # an answer that got lost is sent again
        answer = client.post(urlsplit(entry["address"]).path, json=entry["body"], headers=headers)
        assert answer.json == {"saved": entry["body"]["uuid"]}
    check_arrived(instance)
    assert count(instance) == {
        name: before[name] + number for name, number in counted(instance).items()
    }
    finish(client, path)
    assert "C0DE" in client.get(path).text
    with instance.app.app_context():
        study = db.session.scalar(sa.select(Study).where(Study.slug == "running"))
        assert [bool(rater.finished_at) for rater in study.raters].count(True) == 2
    results = instance.signed_in().get("/studies/running/results.json")
    assert results.status_code == 200


def finish(client: FlaskClient, path: str) -> None:
    """Grade what is left until the last questions, and answer them."""
    for _ in range(40):
        text = client.get(path).text
        token, sounds = rater_page(text)
        if not sounds:
            break
        for sound in sounds:
            for facet in ("semantic", "acoustic"):
                body = {"sound": sound, "facet": facet, "grade": 35, "uuid": str(uuid4()),
                        "given_at": now().isoformat(), "listened_seconds": 0.5,
                        "heard": 1.0}  # fmt: skip
                done = client.post(
                    f"{path}/grades", json=body,
                    headers={"X-CSRFToken": token, "Accept": "application/json"},
                )  # fmt: skip
                assert done.json == {"saved": body["uuid"]}
        hidden = dict(re.findall(r'name="(block|page)" value="(\w+)"', text))
        done = client.post(f"{path}/next", data=hidden | {"csrf_token": token})
        assert done.status_code == 302
    done = client.post(f"{path}/questions/after", data={"q-note": "the end", "csrf_token": token})
    assert done.status_code == 302


def test_every_rater_of_then_is_known(opened: Instance) -> None:
    client = opened.app.test_client()
    assert "C0DE" in client.get(opened.raters["finished"]).text
    assert "I <strong>agree</strong> to listen." in client.get(opened.raters["not_come"]).text


def test_who_joined_then_has_the_place_of_the_first_browser_back(instance: Instance) -> None:
    address, place = "/join/running?PROLIFIC_PID=p1", instance.raters["finished"]
    client = instance.app.test_client()
    assert "Welcome back" in client.get(address).text
    assert join(client, address).headers["Location"] == place
    assert client.get(address).headers["Location"] == place
    assert instance.app.test_client().get(address).status_code == 403


RESTORE = """kept => new Promise((resolve, reject) => {
  const opening = indexedDB.open(kept.name, kept.version);
  opening.onupgradeneeded = () => {
    for (const [name, { keyPath, autoIncrement }] of Object.entries(kept.stores)) {
      opening.result.createObjectStore(name, { keyPath, autoIncrement });
    }
  };
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const writing = opening.result.transaction(Object.keys(kept.stores), "readwrite");
    for (const [name, { keyPath, entries }] of Object.entries(kept.stores)) {
      for (const [key, value] of entries) {
        writing.objectStore(name).add(value, ...(keyPath === null ? [key] : []));
      }
    }
    writing.oncomplete = () => { opening.result.close(); resolve(entries()); };
    writing.onerror = () => reject(writing.error);
  };
  const entries = () => Object.values(kept.stores).flatMap((one) => one.entries).length;
})"""


LEFT = """() => new Promise((resolve) => {
  const opening = indexedDB.open("sounding-board");
  opening.onsuccess = () => {
    const reading = opening.result.transaction("grades").objectStore("grades").count();
    reading.onsuccess = () => { opening.result.close(); resolve(reading.result); };
  };
})"""


@pytest.mark.browser
def test_a_browser_that_kept_answers_sends_them_once(page: Any, instance: Instance) -> None:
    page.problems_expected = ("beforeunload",)  # which asks nothing where nobody pressed a key
    database.prepare(instance.app)
    before = count(instance)
    server = Thread(instance.app)
    try:
        origin = server.url
        # what a browser keeps belongs to an origin, and this one's port is whatever was free
        kept = json.loads(json.dumps(instance.queue).replace(instance.queue["origin"], origin))
        page.goto(origin + instance.raters["not_come"])  # of the same origin, without the queue
        assert page.evaluate(RESTORE, kept["indexed_db"]) == len(instance.queued)
        page.goto(origin + instance.raters["half_way"])
        wanted = {name: before[name] + number for name, number in counted(instance).items()}
        wait_for(lambda: count(instance) == wanted, f"not all of {wanted} came")
        check_arrived(instance)
        page.wait_for_load_state("networkidle")
        page.goto(f"{origin}{instance.raters['half_way']}?page=1")
        shown = page.locator(".candidate [aria-pressed=true]")
        assert shown.count() == 5  # three sounds on two scales, one grade between the buttons
        assert page.locator(".candidate .report:disabled").count() == 1
        page.wait_for_load_state("networkidle")
        assert page.locator("#banner").is_hidden()
        assert page.evaluate(LEFT) == 0
        assert count(instance) == wanted
    finally:
        server.stop()


def test_rankings_are_read_and_not_fitted_again(
    opened: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(rankings, "fit", fail)
    kept = open_collection(opened.data, "kept")
    names = system_names(kept)
    assert len(names) >= 3
    for name in names:
        ranking = open_ranking(kept, name)
        fitted = read_transform(kept, name)
        with np.load(
            opened.made / "data/collections/kept/rankings" / name / "transform.npz"
        ) as then:
            assert set(then) <= set(fitted)
            for key in then:
                assert np.array_equal(fitted[key], then[key])
        vectors, rows = rankings.prepared_vectors(kept, ranking)
        neighbours, scores = top_neighbours(vectors, ranking.meta["search"], ranking.meta["top"])
        assert np.array_equal(rows[neighbours], ranking.neighbours)
        # float32, of vectors that BLAS prepared in float64 and that were rounded to float32
        assert np.allclose(scores, ranking.scores, rtol=4 * 2**-23, atol=4 * 2**-23)
