"""What the tests share: made sounds, a small collection, the app, a browser."""

import csv
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.collection import Collection, open_collection
from embeddings.importing import import_collection
from embeddings.processing import Recipe
from embeddings.rankings import build_ranking
from embeddings.readers import Options
from embeddings.simulate import write_random_embedding
from embeddings.store import (
    Ranking,
    open_embedding,
    open_ranking,
    system_names,
    write_embedding,
)
from evaluation.scoring import score_ranking
from webapp import create_app

if TYPE_CHECKING:
    from tests.support.lab import Lab

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

RATE = 16000
CLASSES = {"Hum": "Machine", "Beep": "Machine", "Hiss": "Weather"}
FAMILIES = '{"Things": ["Hum", "Beep", "Machine"], "Nature": ["Hiss", "Weather"]}'


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's own data folder or settings."""
    for name in list(os.environ):
        if name.startswith("SOUNDING_BOARD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SOUNDING_BOARD_DATA", str(tmp_path / "no-data"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data that may lie beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the reference data beside the project (../shared) is not here")
    return SHARED


def hear_ctrl_c() -> None:
    """Before a child starts: let Ctrl-C reach it, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def make_sound(kind: str, take: int, seconds: float = 0.6) -> np.ndarray:
    """Return one take of a tiny class: clips of a class are alike, and never the same."""
    rng = np.random.default_rng([sorted(CLASSES).index(kind), take])
    times = np.arange(round(seconds * RATE)) / RATE
    if kind == "Hiss":
        return 0.2 * rng.standard_normal(len(times))
    pitch = {"Hum": 120, "Beep": 2000}[kind] * (1 + 0.05 * take)
    return 0.4 * np.sin(2 * np.pi * pitch * times) + 0.005 * rng.standard_normal(len(times))


def write_source(folder: Path, takes: int = 6) -> Path:
    """Write a folder that the csv reader takes: 3 classes x `takes` WAV files, with families."""
    (folder / "audio").mkdir(parents=True)
    rows = [["fname", "labels", "title", "author", "license", "pack"]]
    for kind, parent in CLASSES.items():
        for take in range(takes):
            name = f"{kind.lower()}-{take}"
            soundfile.write(folder / "audio" / f"{name}.wav", make_sound(kind, take), RATE)
            rows.append([name, f"{kind},{parent}", f"{kind} {take}", "somebody", "CC0", f"p{take}"])
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    (folder / "families.json").write_text(FAMILIES, encoding="utf-8")
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A fresh source folder for the csv reader."""
    return write_source(tmp_path / "source")


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the small collection "small", to be copied and not changed."""
    folder = tmp_path_factory.mktemp("imported")
    source = write_source(folder / "source")
    import_collection(
        folder / "data", "small", source, "csv", options=Options(group_column="pack"), copy=True
    )
    return folder / "data"


@pytest.fixture
def data(imported: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own, with the small collection in it."""
    shutil.copytree(imported, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def small(data: Path) -> Collection:
    """The small collection: 18 clips, classes Hum, Beep and Hiss with parents, two families."""
    return open_collection(data, "small")


def rank(small: Collection) -> list[Ranking]:
    """Rank the small collection by two systems: one that finds the class, one that guesses."""
    classes = sorted(small.leaf_classes)
    rng = np.random.default_rng(9)
    vectors = rng.normal(size=(18, 6)) * 0.1
    for row, clip in enumerate(small.clips):
        vectors[row, classes.index(clip.labels[0])] += 1
    meta = {"provenance": "imported", "representation": "Good"}
    write_embedding(small, "good", vectors, meta)
    write_random_embedding(small)
    systems = []
    for name in ("good", "random"):
        recipe = Recipe(pca=None)
        systems.append(build_ranking(small, open_embedding(small, name), recipe, "mcss"))
        score_ranking(small, systems[-1])
    return systems


@pytest.fixture
def ranked(small: Collection) -> list[Ranking]:
    """Two systems of the small collection: one that finds the class, one that guesses."""
    return rank(small)


@pytest.fixture(scope="session")
def fourteen_made(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small collection with fourteen systems, to be copied and not changed."""
    data = tmp_path_factory.mktemp("fourteen") / "data"
    shutil.copytree(imported, data)
    small = open_collection(data, "small")
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
    return small.folder


@pytest.fixture
def fourteen(small: Collection, fourteen_made: Path) -> list[Ranking]:
    """Fourteen systems of the small collection, the first three computed and the rest simulated."""
    for part in ("embeddings", "rankings"):
        shutil.copytree(fourteen_made / part, small.folder / part)
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
    from tests.support.lab import make_lab

    return make_lab(imported, tmp_path_factory.mktemp("lab"))


@pytest.fixture
def experimenter(app: Flask, runner: FlaskCliRunner) -> FlaskClient:
    """A browser that came in by a sign-in link."""
    client = app.test_client()
    link = runner.invoke(args=["signin-link"]).output.strip()
    assert client.get(link.removeprefix("http://127.0.0.1:5000")).status_code == 302
    return client


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's chromium. In CI a missing browser is a failure, elsewhere a skip."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI"):
        pytest.fail("chromium is missing; .ci/run installs it")
    if path is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    return path


def flask(data: Path, *args: str) -> str:
    """Run a command in a process of its own; return what it said."""
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(data)}
    command = [sys.executable, "-m", "flask", *args]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder after the first `make run`, not to be changed, and what that printed."""
    data = tmp_path_factory.mktemp("demo")
    return data, flask(data, "setup", "--port", "5057")


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
    """Debian's chromium, without a window: one for all tests, since playwright starts only once."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
    )
    with playwright.sync_playwright() as driver:
        arguments = ["--autoplay-policy=no-user-gesture-required"]
        arguments += ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # WebGL, no GPU
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        running = driver.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


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


# Chromium's names for a server that went away before, while or after a request was sent.
SERVER_GONE = (
    "ERR_CONNECTION",
    "ERR_SOCKET_NOT_CONNECTED",
    "ERR_EMPTY_RESPONSE",
    "ERR_FAILED",
    "ERR_CONTENT_LENGTH",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
)


def watch(tab: Any) -> None:
    """Collect what goes wrong on a tab; a server that was killed on purpose is no problem."""
    tab.problems, tab.problems_expected = [], ()

    def note(message: Any) -> None:
        expected = (*SERVER_GONE, *tab.problems_expected)
        if message.type in ("error", "warning") and not any(e in message.text for e in expected):
            tab.problems.append(message.text)

    tab.on("console", note)
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
