"""From a zip to a system in a real browser: by keys alone, for eyes and screen readers."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embeddings.collection.clips import open_collection
from embeddings.systems.store import Ranking, system_names
from tests.support.browser.barriers import looked_at, looks, unfold, violations
from tests.support.browser.tab import sideways, sign_in
from tests.support.own_representations import octaves
from tests.support.server import KillableServer, Server
from tests.support.small import write_source
from webapp.core.database import db
from webapp.models import Job

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
)
expect = playwright.expect

pytestmark = pytest.mark.browser


@pytest.fixture
def server(data: Path, ranked: list[Ranking]) -> Iterator[Server]:
    """The app with jobs that ended in every way."""
    running = Server(data)
    arguments = '{"collection": "small", "embeddings": ["good"]}'
    with running.app.app_context():
        for state in ("done", "failed", "stopped", "running"):
            result = '{"systems": ["good.l2.mcss"], "there": 2}'
            facts = {"kind": "rank", "arguments": arguments, "place": "collection small"}
            db.session.add(Job(**facts, state=state, who="ana", message="Said.", result=result))
        db.session.commit()
    yield running
    running.stop()


@pytest.fixture
def zipped(tmp_path: Path) -> dict[str, Any]:
    """A zip of labelled sounds, as a browser takes files."""
    source, content = write_source(tmp_path / "sent", takes=3), io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(source.rglob("*")):
            archive.write(path, path.relative_to(source))
    return {"name": "sounds.zip", "mimeType": "application/zip", "buffer": content.getvalue()}


@looks("width", (1280, 360))
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Any, server: Server, width: int, scheme: str
) -> None:
    context = looked_at(browser, width, scheme)
    tab = context.new_page()
    sign_in(tab, server)
    pages = ["/jobs", "/jobs/1", "/jobs/2", "/jobs/4", "/weights", "/prepare/small"]
    for address in [*pages, "/collections/new"]:
        tab.goto(server.url + address)
        assert sideways(tab) <= 0, address
        unfold(tab)
        assert violations(tab) == "", address
    tab.get_by_label("Name of the collection").fill("small")
    tab.get_by_role("button", name="Look at the sounds").click()
    expect(tab.get_by_role("alert").first).to_contain_text("There is a collection 'small'")
    assert violations(tab) == ""
    context.close()


@pytest.mark.long
def test_a_zip_becomes_a_system_by_keys_alone(
    page: Any, server: Server, zipped: dict[str, Any], data: Path
) -> None:
    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).focus()
        page.keyboard.press("Enter")

    sign_in(page, server)
    page.goto(f"{server.url}/")
    page.get_by_role("link", name="Add a collection").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name of the collection").focus()
    page.keyboard.type("mine")
    page.get_by_label("A zip of sounds").set_input_files(zipped)  # what a system's dialog does
    press("Look at the sounds")
    expect(page.get_by_role("heading", name="What an import would bring")).to_be_visible()
    expect(page.get_by_text("hum-0", exact=True)).to_be_visible()
    unfold(page)
    assert violations(page) == ""
    press("Import as mine")
    page.get_by_role("link", name="Compute representations").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Prepare mine")).to_be_visible()
    page.get_by_label("Freesound").focus()
    press("Compute")
    page.get_by_role("link", name="Build rankings").focus()
    page.keyboard.press("Enter")
    press("Build and score")
    page.get_by_role("link", name="Build a second system to compare").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Freesound").nth(1).focus()
    page.keyboard.press("Space")
    page.get_by_label("Normalisation").focus()
    page.keyboard.type("l2")
    press("Build and score")
    page.get_by_role("link", name="Browse and listen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="mine")).to_be_visible()
    made = open_collection(data, "mine")
    assert system_names(made) == ["freesound.l2-pca8.nns", "freesound.minmax-pca8.nns"]


@pytest.mark.long
@pytest.mark.kills
def test_a_job_outlives_the_server(
    page: Any, data: Path, ranked: list[Ranking], tmp_path: Path
) -> None:
    octaves(open_collection(data, "small"), tmp_path)
    running = KillableServer(data)
    try:
        sign_in(page, running)
        page.problems_expected = ("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_")
        page.goto(f"{running.url}/prepare/small")
        page.locator("#sweep ~ form li input[value=octaves]").check()
        page.get_by_role("button", name="Sweep", exact=True).click()
        expect(page.get_by_role("heading", name="How far")).to_be_visible()
        running.kill()
        running.start()
        expect(page.get_by_role("link", name="Choose the best")).to_be_visible()
        page.get_by_role("link", name="Choose the best").click()
        page.get_by_role("button", name="Build octaves").click()
        expect(page.get_by_role("link", name="Browse and listen")).to_be_visible()
    finally:
        running.stop()
