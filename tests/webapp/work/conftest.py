"""Collections and pages that the tests of jobs begin from."""

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from tests.support.pages.signing import csrf
from tests.support.small import write_source
from tests.support.waiting import wait_for
from webapp.core import jobs
from webapp.core.database import db
from webapp.models import Job
from webapp.work import board, running

Post = Callable[..., str]


@pytest.fixture
def begin(experimenter: FlaskClient) -> Post:
    """Return what posts a form that begins a job, and gives the address of the job's page."""

    def post(address: str, **fields: object) -> str:
        answer = experimenter.post(address, data=csrf(experimenter) | fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    return post


@pytest.fixture
def unstarted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """No process is started; the command lines of those that would be."""
    asked: list[list[str]] = []
    monkeypatch.setattr(jobs, "spawn", lambda module, *_: asked.append(list(module)))
    return asked


@pytest.fixture
def here(app: Flask, unstarted: list[list[str]]) -> Callable[[str], Job]:
    """Return what does the job of a page in this process; none is started for it."""

    def work(page: str) -> Job:
        number = int(page.rsplit("/", 1)[-1])
        with app.app_context():
            running.work(running.Pulse(app, number))
        with app.app_context():
            return board.find(number)

    return work


@pytest.fixture
def over(app: Flask) -> Iterator[Callable[[str], Job]]:
    """Return what waits until the job of a page is over; none is left when the test ends."""

    def wait(page: str) -> Job:
        number = int(page.rsplit("/", 1)[-1])

        def ended() -> Job | None:
            with app.app_context():
                job = board.find(number)
                return job if board.state_of(job) not in board.GOING else None

        return wait_for(ended, f"job {number} goes on")

    yield wait
    with app.app_context():
        left = [job.id for job in db.session.query(Job) if job.state in board.GOING]
        for number in left:
            if board.lives(board.find(number)):
                board.cancel(board.find(number))
                wait_for(lambda number=number: not board.lives(board.find(number)))  # type: ignore[misc]


@pytest.fixture
def sounds_zip(tmp_path: Path) -> bytes:
    """The small collection's source as a zip."""
    source = write_source(tmp_path / "sent" / "sounds")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(source.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(source.parent))
    return file.getvalue()


@pytest.fixture
def good(small: Collection, ranked_made: Path) -> Collection:
    """The small collection with two embeddings, and no ranking."""
    shutil.copytree(ranked_made / "embeddings", small.folder / "embeddings")
    return small
