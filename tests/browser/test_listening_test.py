"""A whole listening test in a real browser, from consent to completion code, with all that breaks.

The server is killed in the middle, the tab closed, the network cut: every grade that the rater gave
must be in the export exactly once.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import open_embedding
from tests.support.browser.tab import Page, count_beeps, expect, playing_past
from tests.support.browser.watching import watch
from tests.support.places import ROOT
from tests.support.server import KillableServer, Server

pytestmark = pytest.mark.browser

OFFLINE = 20_000  # milliseconds
PROTOCOL = """
title = "Which one is it?"
collection = "{collection}"
systems = [{systems}]
depth = 4
page = 6
consent = "I agree to **listen** and to have my grades stored."
[queries]
per_family = 1
[controls]
distractors = {distractors}
repeats = 2
[listening]
must_listen = 0
[[questionnaire.before]]
id = "years"
text = "How many years have you worked with sound?"
kind = "number"
required = true
[[questionnaire.after]]
id = "device"
text = "What did you listen with?"
kind = "choice"
choices = ["headphones", "loudspeakers"]
required = true
[joining]
open = true
completion_code = "THANKS-1"
redirect = "https://example.org/?cc={{code}}"
"""


@pytest.fixture(params=["made sounds", pytest.param("ESC-10", marks=pytest.mark.long)])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server with an open study of three systems, of made and of real sounds."""
    if request.param == "ESC-10":
        esc10: Callable[[int], Collection] = request.getfixturevalue("esc10")
        collection = esc10(4)
    else:
        collection = request.getfixturevalue("small")
    systems = _systems(collection)
    distractors = int(request.param == "ESC-10")  # 18 clips have none that is far from everything
    path = tmp_path / "which.toml"
    path.write_text(
        PROTOCOL.format(
            collection=collection.name,
            systems=", ".join(f'"{one}"' for one in systems),
            distractors=distractors,
        )
    )
    running = KillableServer(collection.folder.parents[1])
    running.flask("studies", "create", str(path))
    running.flask("studies", "open", "which")
    yield running
    running.stop()


def _systems(collection: Collection) -> list[str]:
    """Return three systems: a user's own representation in two ways, and a random one."""
    from embeddings.extraction.extract import extract_embedding, plan_own

    own = plan_own(str(ROOT / "docs" / "examples" / "octave_energies.py"), "Octaves")
    octaves = extract_embedding(collection, own, workers=1)
    write_random_embedding(collection)
    chance = open_embedding(collection, "random")
    return [
        build_ranking(collection, octaves, Recipe(pca=None), "mcss").system,
        build_ranking(collection, octaves, Recipe(normalise="none", pca=None), "nns").system,
        build_ranking(collection, chance, Recipe(pca=None), "mcss").system,
    ]


class Listener:
    """A rater who remembers what was answered."""

    def __init__(self, page: Page, seed: int) -> None:
        self.page, self.rng = page, random.Random(seed)
        self.given: list[int] = []

    def grade(self, number: int) -> None:
        """Give candidate `number` (from 0) a grade that it does not have."""
        candidate = self.page.locator(".candidate").nth(number)
        pressed = candidate.locator('.grade[aria-pressed="true"]')
        before = int(pressed.get_attribute("data-grade")) if pressed.count() else None
        grade = self.rng.choice([one for one in (0, 20, 40, 60, 80, 100) if one != before])
        candidate.locator(f'.grade[data-grade="{grade}"]').click()
        self.given.append(grade)

    def page_through(self) -> None:
        """Grade the whole page, changing one's mind now and then, and go on."""
        for number in range(self.page.locator(".candidate").count()):
            for _ in range(1 + (self.rng.random() < 0.2)):
                self.grade(number)
        self.saved()
        self.go_on()

    def saved(self) -> None:
        """Wait until the page says that everything is saved."""
        for line in self.page.locator(".candidate .state").all():
            expect(line).to_have_text("saved ✓")

    def go_on(self) -> None:
        """Press the page's button."""
        with self.page.expect_navigation():  # which waits until the page's scripts have run
            self.page.locator("#next button").click()


def test_from_consent_to_completion_code_whatever_breaks(browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    watch(page)
    page.goto(f"{server.url}/join/which?PROLIFIC_PID=somebody&SESSION_ID=s9")
    page.get_by_role("button", name="I agree").click()
    page.get_by_label("How many years").fill("7")
    page.locator("main form button").last.click()
    page.locator("sound-player .play").first.click()
    playing_past(page, 0.05)
    count_beeps(page, server.app)
    page.locator("main form button").last.click()
    expect(page.locator(".notice:visible").first).to_contain_text("practice")
    rater = Listener(page, 5)
    rater.page_through()
    rater.given.clear()  # practice is not counted

    # the server dies in the middle of a page, and comes back
    rater.grade(0)
    expect(page.locator(".candidate .state").first).to_have_text("saved ✓")
    server.kill()
    rater.grade(1)
    rater.grade(2)
    rater.grade(1)
    expect(page.locator("#banner")).to_contain_text("3 grades are kept in this browser")
    server.start()
    expect(page.locator("#banner")).to_be_hidden()
    rater.page_through()

    # the tab is closed while the server is away, and opened again by the same link
    server.kill()
    rater.grade(0)
    expect(page.locator("#banner")).to_contain_text("kept in this browser")
    page.close()
    server.start()
    page = rater.page = context.new_page()
    watch(page)
    page.goto(f"{server.url}/join/which?PROLIFIC_PID=somebody")
    expect(page.locator('.grade[aria-pressed="true"]')).to_have_count(1)
    expect(page.locator(".candidate .state").first).to_have_text("saved ✓")

    # the network is cut for twenty seconds
    context.set_offline(True)
    rater.grade(1)
    rater.grade(2)
    page.wait_for_timeout(OFFLINE)
    expect(page.locator("#banner")).to_contain_text("2 grades are kept in this browser")
    context.set_offline(False)
    expect(page.locator("#banner")).to_be_hidden()

    pages = 0
    while page.locator(".candidate").count():
        rater.page_through()
        pages += 1
        assert pages < 60
    page.get_by_label("headphones").check()
    page.locator("main form button").last.click()
    expect(page.locator("#code")).to_have_text("THANKS-1")
    expect(page.get_by_role("link", name="Go back")).to_have_attribute(
        "href", "https://example.org/?cc=THANKS-1"
    )
    problems = [one for one in page.problems if "ERR_INTERNET_DISCONNECTED" not in one]
    context.close()

    rows = server.judgements()
    assert Counter(int(row["grade"]) for row in rows) == Counter(rater.given)
    assert len({row["uuid"] for row in rows}) == len(rows) > 25
    last = {
        (row["query"], row["block"], row["position"]): row for row in rows if row["counts"] == "1"
    }
    assert len(last) == sum(row["counts"] == "1" for row in rows)
    kinds = Counter(row["kind"] for row in last.values() if row["repeat"] == "0")
    queries = len({row["query"] for row in rows})
    assert kinds["identity"] == queries
    assert kinds["distractor"] in (0, queries)
    assert sum(row["repeat"] == "1" for row in last.values()) == 2 * queries
    assert problems == []
