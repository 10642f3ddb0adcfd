"""Jobs that are cancelled, killed at any moment and resumed: nothing is half-made or lost."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from embeddings.collection.clips import Collection, open_collection
from embeddings.maps.stored_maps import open_map
from embeddings.systems.store import open_embedding, open_ranking
from evaluation.objective.sweep import sweeps
from tests.support.own_representations import EXAMPLE, own_embedding
from tests.support.serving.killed_jobs import kill, process_of
from tests.support.small import write_source
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.work import board

pytestmark = pytest.mark.long

SLOW = """    import os, time
    if len(samples) < 80000 and os.path.exists({mark!r}):  # not the noise by which it is tried
        time.sleep(0.5)
"""
KILLS = (0.0, 0.7, 1.4, 2.1)
"""Seconds after its process is there at which a job is killed, about."""


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """The file that makes one's own representation slow while it is there."""
    (tmp_path / "slow").touch()
    return tmp_path / "slow"


@pytest.fixture
def two(good: Collection, tmp_path: Path, slow: Path) -> tuple[Collection, Collection]:
    """The small collection, of which one's own representation was computed, and a copy without."""
    folder = shutil.copytree(good.folder, good.folder.with_name("other"))
    info = json.loads((folder / "collection.json").read_text()) | {"name": "other"}
    (folder / "collection.json").write_text(json.dumps(info))
    text = EXAMPLE.read_text()
    text = text.replace("    power =", SLOW.format(mark=str(slow)) + "    power =")
    (tmp_path / "octaves.py").write_text(text)
    slow.unlink()
    own_embedding(good, tmp_path / "octaves.py", "Octaves")
    slow.touch()
    return good, open_collection(good.data, "other")


def begun(app: Flask, kind: str, given: dict) -> int:
    with app.app_context():
        return board.begin(kind, given).id


def state(app: Flask, number: int) -> str:
    with app.app_context():
        return board.state_of(board.find(number))


def resumed(app: Flask, number: int) -> None:
    with app.app_context():
        board.resume(board.find(number))


def told(app: Flask, number: int) -> tuple[str, float, str]:
    with app.app_context():
        job = board.find(number)
        return board.state_of(job), job.done, job.message


def ended(app: Flask, number: int) -> str:
    """Return the state of a job once it is over."""
    return wait_for(lambda: (now := state(app, number)) not in board.GOING and now, str(number))


@pytest.mark.usefixtures("each_database")
def test_a_job_is_cancelled_in_the_middle_and_resumed(
    app: Flask, data: Path, two: tuple[Collection, Collection], slow: Path
) -> None:
    """On PostgreSQL another server cancels it."""
    one, other = two
    elsewhere = create_app({"TESTING": True, "DATA": data})
    given = {"collection": "other", "representations": ["own:small/octaves"]}
    number = begun(app, "compute", given)
    second = begun(app, "rank", OTHER | {"pca": "5"})
    wait_for(lambda: told(elsewhere, number)[1] > 2)
    assert state(elsewhere, second) == "waiting"
    with elsewhere.app_context():
        board.cancel(board.find(number))
    assert ended(app, number) == "stopped"
    assert told(app, number)[2] == "Stopped. What was finished is kept."
    assert ended(app, second) == "done"  # its turn came
    assert not (other.folder / "embeddings" / "octaves").exists()
    slow.unlink()
    resumed(elsewhere, number)
    assert ended(app, number) == "done"
    names = ("vectors.npy", "meta.json")
    folders = [each.folder / "embeddings" / "octaves" for each in (one, other)]
    assert [(folders[0] / name).read_bytes() == (folders[1] / name).read_bytes() for name in names]
    assert half_made(data) == []


def half_made(data: Path) -> list[str]:
    """Return what is left of things that were being made."""
    left = (data / "collections").rglob(".*")
    return [str(path) for path in left if not path.name.endswith(".importing")]


def check_collection(data: Path) -> None:
    made = open_collection(data, "fresh")
    assert len(made.clips) == 18
    assert all(made.audio_path(clip).is_file() for clip in made.clips)


def check_vectors(data: Path) -> None:
    found = [open_embedding(open_collection(data, one), "octaves") for one in ("small", "other")]
    assert (found[0].vectors == found[1].vectors).all()


def check_ranking(data: Path) -> None:
    ranking = open_ranking(open_collection(data, "other"), "good.l2-pca5.mcss")
    assert (ranking.neighbours >= 0).all()


def check_sweep(data: Path) -> None:
    assert len(sweeps(open_collection(data, "other"))) == 1


def check_map(data: Path) -> None:
    other = open_collection(data, "other")
    assert open_map(other, open_embedding(other, "good"), "tsne")


OTHER = {"collection": "other", "embeddings": ["good"]}
WORK: dict[str, tuple[dict, Callable[[Path], None] | None]] = {
    "look": ({"name": "fresh"}, None),
    "add": ({"name": "fresh", "reader": "csv", "copy": True}, check_collection),
    "compute": (
        {"collection": "other", "representations": ["own:small/octaves"]}, check_vectors,
    ),
    "rank": (OTHER | {"pca": "5"}, check_ranking),
    "sweep": (OTHER, check_sweep),
    "map": (OTHER | {"method": "tsne"}, check_map),
}  # fmt: skip


@pytest.mark.parametrize("kind", WORK)
def test_a_job_is_killed_again_and_again_and_resumed(
    app: Flask,
    data: Path,
    two: tuple[Collection, Collection],
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_IMPORT_ROOTS", str(tmp_path))
    app.config["SETTINGS"]["import_roots"] = str(tmp_path)
    given, check = WORK[kind]
    if "name" in given:
        given = given | {"path": str(write_source(tmp_path / "source"))}
    number = begun(app, kind, given)
    chance = random.Random(kind)
    killed = 0
    for seconds in KILLS:
        process = wait_for(lambda: process_of(data, number) or state(app, number) == "done")
        if process is True:
            break
        time.sleep(seconds * chance.uniform(0.7, 1.3))
        kill(process)
        found = wait_for(lambda: (now := state(app, number)) in ("lost", "done") and now)
        if found == "done":
            break
        killed += 1
        if kind == "add":
            assert not (data / "collections" / "fresh").exists() or check_collection(data) is None
        resumed(app, number)
    assert killed
    if state(app, number) != "done":
        with app.app_context():
            board.cancel(board.find(number))
        if ended(app, number) == "stopped":
            resumed(app, number)
    assert ended(app, number) == "done", told(app, number)
    if check:
        check(data)
    assert half_made(data) == []


def test_the_machine_says_that_it_stops(
    app: Flask, data: Path, two: tuple[Collection, Collection]
) -> None:
    given = {"collection": "other", "representations": ["own:small/octaves"]}
    number = begun(app, "compute", given)
    wait_for(lambda: told(app, number)[1] > 2)
    os.kill(process_of(data, number) or 0, signal.SIGTERM)
    assert ended(app, number) == "stopped"
    assert told(app, number)[2] == "Stopped by the machine. What was finished is kept."
