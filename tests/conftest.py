"""What the tests share: made sounds, a small collection, the app, a browser."""

import csv
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.collection.clips import Collection, open_collection
from embeddings.collection.importing import import_collection
from embeddings.collection.sources import Options
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import (
    Ranking,
    open_embedding,
    open_ranking,
    system_names,
    write_embedding,
)
from evaluation.objective.scoring import score_ranking
from tests.support.browser.watching import watch
from tests.support.compiled import compiled_once
from tests.support.databases.each import (  # noqa: F401
    cluster,
    each_database,
    migrated,
    postgresql_name,
    postgresql_url,
)
from tests.support.places import BASE, SHARED, flask
from tests.support.ports import Port
from tests.support.ready import ready
from tests.support.server import KillableServer, Server
from tests.support.small import rank, write_source
from tests.support.waiting import ON_A_PAGE
from tests.support.warm_workers import warm_workers
from webapp import create_app
from webapp.core import database

if TYPE_CHECKING:
    from tests.support.studies.lab import Lab


@pytest.fixture(scope="session", autouse=True)
def _no_settings() -> Iterator[None]:
    """No test sees the developer's own settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SOUNDING_BOARD_")]:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's own data folder."""
    monkeypatch.setenv("SOUNDING_BOARD_DATA", str(tmp_path / "no-data"))


@pytest.fixture(scope="session", autouse=True)
def _kept_between_tests() -> Iterator[None]:
    with warm_workers(), compiled_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _collected() -> Iterator[None]:
    """What was imported and collected until now stays: nobody looks for garbage in it.

    These are millions of objects, and pandas and Jinja have the collector look at all of them again
    and again. For what comes after, it looks after ten times as many objects as by default.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10 * 700, 10, 10)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data that may lie beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the reference data beside the project (../shared) is not here")
    return SHARED


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A fresh source folder for the csv reader."""
    return write_source(tmp_path / "source")


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the small collection "small", to be copied and not changed.

    It has the tables of an empty database: running all migrations takes longer than most tests.
    """

    def make(folder: Path) -> None:
        source, options = write_source(folder / "source"), Options(group_column="pack")
        import_collection(folder / "data", "small", source, "csv", options=options, copy=True)
        app = create_app({"TESTING": True, "DATA": folder / "whole"})
        database.prepare(app)
        with app.app_context():
            with database.db.engine.begin() as connection:  # it will be another folder's
                connection.exec_driver_sql("DELETE FROM installation")
            database.db.engine.dispose()
        shutil.move(folder / "whole" / "sounding_board.sqlite", folder / "data")

    return ready(tmp_path_factory, "imported", make) / "data"


@pytest.fixture
def data(imported: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own, with the small collection in it."""
    shutil.copytree(imported, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def without_tables(data: Path) -> None:
    """The test's data folder has no database yet: whoever asks for the tables first makes them."""
    (data / "sounding_board.sqlite").unlink()


@pytest.fixture
def small(data: Path) -> Collection:
    """The small collection: 18 clips, classes Hum, Beep and Hiss with parents, two families."""
    return open_collection(data, "small")


@pytest.fixture(scope="session")
def ranked_made(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small collection with two systems, to be copied and not changed."""

    def make(folder: Path) -> None:
        rank(open_collection(shutil.copytree(imported, folder / "data"), "small"))

    return ready(tmp_path_factory, "ranked", make) / "data" / "collections" / "small"


def copy_systems(made: Path, small: Collection) -> None:
    """Copy the embeddings and rankings of a folder to the test's own collection."""
    for part in ("embeddings", "rankings"):
        shutil.copytree(made / part, small.folder / part)


@pytest.fixture
def ranked(small: Collection, ranked_made: Path) -> list[Ranking]:
    """Two systems of the small collection: one that finds the class, one that guesses."""
    copy_systems(ranked_made, small)
    return [open_ranking(small, name) for name in ("good.l2.mcss", "random.l2.mcss")]


@pytest.fixture(scope="session")
def fourteen_made(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small collection with fourteen systems, to be copied and not changed."""

    def make(folder: Path) -> None:
        write_fourteen(open_collection(shutil.copytree(imported, folder / "data"), "small"))

    return ready(tmp_path_factory, "fourteen", make) / "data" / "collections" / "small"


def write_fourteen(small: Collection) -> None:
    """Give the small collection fourteen systems, the first three computed."""
    for number in range(14):
        name = f"system-{number + 1:02d}"
        vectors = np.random.default_rng(number).standard_normal((18, 16))
        meta = {
            "provenance": "computed" if number < 3 else "simulated",
            "representation": name,
            "title": f"Number {number + 1}",
        }
        write_embedding(small, name, vectors, meta)
        ranking = build_ranking(small, open_embedding(small, name), Recipe(pca=None), "mcss")
        score_ranking(small, ranking)


@pytest.fixture
def fourteen(small: Collection, fourteen_made: Path) -> list[Ranking]:
    """Fourteen systems of the small collection, the first three computed and the rest simulated."""
    copy_systems(fourteen_made, small)
    return [open_ranking(small, name) for name in system_names(small)]


@pytest.fixture
def app(data: Path) -> Flask:
    """The app on a fresh database and the test's own data folder."""
    return create_app({"TESTING": True, "DATA": data})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a session."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """Runs the app's commands."""
    return app.test_cli_runner()


@pytest.fixture(scope="session")
def lab(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> "Lab":
    """A study of each method, judged, and one that extends the first, not to be changed."""
    from tests.support.studies.lab import make_lab, open_lab

    made = ready(tmp_path_factory, "lab", lambda folder: make_lab(imported, folder))
    return open_lab(shutil.copytree(made, tmp_path_factory.mktemp("lab") / "own"))


@pytest.fixture
def experimenter(app: Flask, runner: FlaskCliRunner) -> FlaskClient:
    """A browser that came in by a sign-in link."""
    client = app.test_client()
    link = runner.invoke(args=["signin-link"]).output.strip()
    assert client.get(link.removeprefix(BASE)).status_code == 302
    return client


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium. In CI a missing browser is a failure, elsewhere a skip."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI"):
        pytest.fail("chromium is missing; .ci/run installs it")
    if path is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def nginx() -> str:
    """The path of Debian's nginx. In CI it fails where that is missing, elsewhere it is skipped."""
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None and os.environ.get("CI"):
        pytest.fail("nginx is missing; .ci/run installs it")
    if path is None:
        pytest.skip("nginx is not installed (apt-get install nginx)")
    return path


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder after the first `make run`, not to be changed, and what that printed."""

    def make(folder: Path) -> None:
        with Port() as port:
            said = flask(folder / "data", "setup", "--port", str(port.number))
        (folder / "said").write_text(said, encoding="utf-8")

    made = ready(tmp_path_factory, "demo", make)
    return made / "data", (made / "said").read_text(encoding="utf-8")


@pytest.fixture
def esc10(shared: Path, tmp_path: Path) -> Callable[[int], Collection]:
    """Import the first `takes` clips of each of ESC-10's ten classes as "esc10"."""

    def some(takes: int) -> Collection:
        whole = shared / "data" / "esc10"
        folder = tmp_path / "esc10"
        folder.mkdir()
        (folder / "audio").symlink_to(whole / "audio")
        shutil.copy(whole / "families.json", folder)
        with (whole / "clips.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        kept: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            kept.setdefault(row["labels"], []).append(row)
        with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(row for group in kept.values() for row in group[:takes])
        options = Options(group_column="freesound_id")
        return import_collection(tmp_path / "esc-data", "esc10", folder, "csv", options=options)[0]

    return some


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """Debian's Chromium, without a window: one for all tests, since playwright starts only once.

    Where Debian's headless shell of it is installed, that: the same engine without what surrounds
    a page (tabs, menus, extensions), which takes a second of computing for every new context.
    """
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
    )
    with playwright.sync_playwright() as driver:
        arguments = ["--autoplay-policy=no-user-gesture-required"]
        arguments += ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # WebGL, no GPU
        # without a GPU, drawing pages by way of one takes three times as long
        arguments += ["--disable-gpu-compositing", "--disable-gpu-rasterization"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        path = shutil.which("chromium-headless-shell") or chromium
        running = driver.chromium.launch(executable_path=path, args=arguments)
        playwright.expect.set_options(timeout=ON_A_PAGE)
        plain = running.new_context

        def patient(**options: Any) -> Any:
            context = plain(**options)
            context.set_default_timeout(ON_A_PAGE)
            return context

        running.new_context = patient
        yield running
        running.close()


@pytest.fixture
def kind_of_server(request: pytest.FixtureRequest) -> type[Server]:
    """What serves the app to a browser: a thread of this process, unless the test kills it."""
    return KillableServer if request.node.get_closest_marker("kills") else Server


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh browser profile's first tab; errors and policy violations on it fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    watch(tab)
    yield tab
    problems = tab.problems
    context.close()
    assert problems == []
