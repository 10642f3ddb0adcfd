"""Jobs: begun on a page, done by a process, and told of in every state."""

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.progress import Step, progress, watched_by
from embeddings.systems.store import system_names
from evaluation.objective.scoring import read_objective
from tests.support.pages.signing import csrf, said, signed_in
from webapp.core.database import db, now
from webapp.logbook import entries
from webapp.models import Job
from webapp.work import board, job_words, running
from webapp.work.kinds import find_kind, kinds

RANK = {"embeddings": ["good"], "normalise": "l2", "pca": "none"}


@contextmanager
def living(app: Flask, number: int) -> Iterator[None]:
    """Let a job look as if its process were there."""
    with app.app_context():
        log = board.log_of(number)
    log.parent.mkdir(exist_ok=True)
    log.touch()
    with log.with_suffix(".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stored(app: Flask, **facts: object) -> int:
    """Store a job, an hour old, and return its number."""
    arguments = {"collection": "small", "embeddings": ["good"]}
    usual = {
        "kind": "rank", "arguments": json.dumps(arguments), "place": "collection small",
        "who": "ana", "created_at": now() - timedelta(hours=1),
    }  # fmt: skip
    with app.app_context():
        job = Job(**(usual | facts))
        db.session.add(job)
        db.session.commit()
        return job.id


def test_a_ranking_is_built_and_scored_by_a_process(
    app: Flask,
    experimenter: FlaskClient,
    begin: Callable[..., str],
    over: Callable[[str], Job],
    good: Collection,
) -> None:
    page = begin("/prepare/small/rank", **RANK)
    job = over(page)
    assert (job.state, job.message) == ("done", "Good · L2 · MCSS.")
    assert job.ended_at > job.started_at >= job.created_at
    assert system_names(good) == ["good.l2.mcss"]
    assert read_objective(good, "good.l2.mcss")
    text = experimenter.get(page).text
    assert "scored: good.l2.mcss" in text
    assert 'href="/browse/small"' in text
    assert "Build a second system to compare" in text
    assert experimenter.get(f"{page}/log.txt").text.startswith("good.l2.mcss: Good")
    assert said(app, "jobs", "list").startswith("1: rank good · small")
    with app.app_context():
        last = entries()[0]
        assert (last.who, last.what) == ("experimenter", "job started")
        assert last.note == "1: rank good · small"


def test_a_job_that_fails_says_why_and_can_be_resumed(
    app: Flask, good: Collection, experimenter: FlaskClient, unstarted: list[list[str]]
) -> None:
    number = stored(app, state="failed", message="PCA must be less.")
    page = experimenter.get(f"/jobs/{number}").text
    assert "PCA must be less." in page
    assert "failed" in page
    assert experimenter.post(f"/jobs/{number}/resume", data=csrf(experimenter)).status_code == 303
    assert unstarted == [["flask", "--app", "webapp", "jobs", "run", str(number)]]
    with app.app_context():
        job = board.find(number)
        assert (job.state, job.message) == ("waiting", "")


@pytest.mark.parametrize("state", board.GOING)
def test_a_job_whose_process_is_gone_is_told_and_can_be_cancelled(
    app: Flask, experimenter: FlaskClient, state: str
) -> None:
    number = stored(app, state=state)
    page = experimenter.get(f"/jobs/{number}").text
    assert "stopped by the machine" in page
    assert ">Resume</button>" in page
    assert "stopped by the machine" in experimenter.get("/jobs").text
    experimenter.post(f"/jobs/{number}/cancel", data=csrf(experimenter))
    with app.app_context():
        assert board.find(number).state == "stopped"


def test_jobs_of_a_collection_go_one_after_the_other(app: Flask, experimenter: FlaskClient) -> None:
    first = stored(app, state="running", doing="Sweeping", done=3, total=27, unit="cell")
    second, elsewhere = stored(app), stored(app, place="weights")
    with living(app, first), living(app, second), living(app, elsewhere):
        asked = f"/jobs/status?job={first}&job={second}&job={elsewhere}"
        found = experimenter.get(asked).json
        assert found[str(first)] == {
            "state": "running", "words": "running", "far": "Sweeping: 3 of 27",
            "done": 3, "total": 27, "going": True,
        }  # fmt: skip
        assert found[str(second)]["far"] == f"Waits for job {first}: one at a time."
        assert found[str(elsewhere)]["far"] == "Begins in a moment."
        assert "Sweeping: 3 of 27" in experimenter.get("/prepare/small").text
        experimenter.post(f"/jobs/{second}/resume", data=csrf(experimenter))
        assert f"Job {second} is going on already." in experimenter.get("/jobs").text
    found = experimenter.get(asked).json
    assert found[str(second)]["state"] == "lost"


def test_a_cancelled_job_says_that_it_stops(app: Flask, experimenter: FlaskClient) -> None:
    number = stored(app, state="running")
    with living(app, number):
        experimenter.post(f"/jobs/{number}/cancel", data=csrf(experimenter))
        page = experimenter.get(f"/jobs/{number}").text
        assert "Stops after what is in progress." in page
        assert ">Cancel</button>" not in page
    assert said(app, "jobs", "list").split()[5:7] == ["lost", "ana"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "Ranking: 1 of 4"),
        (0.2, "Ranking: 1 of 4, about 1 second left"),
        (40, "Ranking: 1 of 4, about 40 seconds left"),
        (600, "Ranking: 1 of 4, about 10 minutes left"),
        (9000, "Ranking: 1 of 4, about 2.5 hours left"),
    ],
)
def test_how_long_it_will_take(app: Flask, seconds: float | None, words: str) -> None:
    job = Job(doing="Ranking", unit="query", done=1, total=4, seconds_left=seconds)
    with app.test_request_context():
        assert job_words.how_far(job, "running") == words
        job.unit, job.done, job.total = "B", 2e6, 3e6
        assert job_words.how_far(job, "running").startswith("Ranking: 2 of 3 MB")
        job.total = 0
        assert job_words.how_far(job, "running") == "Ranking"


def test_a_watcher_is_told_in_place_of_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    steps: list[Step] = []
    with watched_by(steps.append), progress(4, "clip", "Measuring", done=1) as bar:
        for _ in range(3):
            bar.update()
    assert (steps[0].doing, steps[0].unit, steps[0].done, steps[0].total) == (
        "Measuring", "clip", 1, 4,
    )  # fmt: skip
    assert (steps[-1].done, steps[-1].seconds_left) == (4, 0)
    assert list(progress(2, "clip", "Unwatched", items="ab")) == ["a", "b"]
    assert capsys.readouterr().out == ""


def test_commands_cancel_and_resume(
    app: Flask, runner: FlaskCliRunner, good: Collection, unstarted: list[list[str]]
) -> None:
    number = stored(app, state="running")
    assert said(app, "jobs", "cancel", str(number)) == f"Job {number} is stopped.\n"
    assert said(app, "jobs", "resume", str(number)).startswith(f"Job {number} goes on")
    assert len(unstarted) == 1
    wrong = runner.invoke(args=["jobs", "cancel", "77"])
    assert (wrong.exit_code, wrong.output) == (1, "Error: There is no job 77.\n")
    done = stored(app, state="done")
    for act in ("cancel", "resume"):
        output = runner.invoke(args=["jobs", act, str(done)]).output
        assert output.startswith("Error: Job ")


def test_what_is_over_or_not_there(app: Flask, experimenter: FlaskClient) -> None:
    number = stored(app, state="done")
    experimenter.post(f"/jobs/{number}/cancel", data=csrf(experimenter))
    assert "is over: there is nothing to cancel" in experimenter.get("/jobs").text
    for address in (f"/jobs/{number + 1}", f"/jobs/{2**40}", "/jobs/status?job=99"):
        assert experimenter.get(address).status_code == 404
    with app.app_context(), pytest.raises(InputError, match="no job of the kind 'bake'"):
        find_kind("bake")


def test_a_job_whose_file_has_no_name_in_utf8_ends_with_its_sentence(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_arguments: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error", os.fsdecode(b"/in/\xff.wav"))

    number = stored(app)
    monkeypatch.setattr(running, "find_kind", lambda name: replace(find_kind(name), run=fails))
    with app.app_context():
        running.work(running.Pulse(app, number))
    with app.app_context():
        job = board.find(number)
        assert (job.state, job.message) == ("failed", r"/in/\udcff.wav: Input/output error.")


def test_a_clock_that_was_put_back_keeps_no_job_waiting(app: Flask) -> None:
    number = stored(app, created_at=now() + timedelta(hours=1))
    with app.app_context():
        assert board.state_of(board.find(number)) == board.LOST


@pytest.mark.parametrize(("state", "why"), [("running", "going on"), ("done", "is done")])
def test_who_resumes_a_job_that_somebody_resumed_changes_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, unstarted: list[list[str]], state: str, why: str
) -> None:
    number = stored(app, state="failed")

    def others_turn(_job: Job) -> bool:
        db.session.rollback()
        db.session.execute(sa.update(Job).where(Job.id == number).values(state=state))
        db.session.commit()
        return True

    monkeypatch.setattr(board, "_is_gone", others_turn)
    with app.app_context(), living(app, number), pytest.raises(InputError, match=why):
        board.resume(board.find(number))
    with app.app_context():
        assert board.find(number).state == state
    assert unstarted == []


def test_the_list_is_whole(app: Flask, experimenter: FlaskClient) -> None:
    numbers = [stored(app, state="done") for _ in range(31)]
    page = experimenter.get("/jobs").text
    assert f'href="/jobs/{numbers[0]}"' not in page
    assert f'href="/jobs?before={numbers[1]}"' in page
    assert f'href="/jobs/{numbers[0]}"' in experimenter.get(f"/jobs?before={numbers[1]}").text
    assert experimenter.get(f"/jobs?before={10**30}").status_code == 200


def test_no_more_jobs_than_can_be_waited_for(
    app: Flask, good: Collection, experimenter: FlaskClient, unstarted: list[list[str]]
) -> None:
    for _ in range(board.MOST_GOING):
        stored(app)  # nobody waits for those whose processes are gone
    answer = experimenter.post("/prepare/small/rank", data=csrf(experimenter) | RANK)
    assert answer.status_code == 303
    unstarted.clear()
    for _ in range(board.MOST_GOING - 1):
        stored(app, created_at=now())
    answer = experimenter.post("/prepare/small/rank", data=csrf(experimenter) | RANK)
    assert answer.status_code == 400
    assert "50 jobs are waiting or running" in answer.text
    assert unstarted == []


def test_viewers_look_and_begin_nothing(
    app: Flask, good: Collection, unstarted: list[list[str]]
) -> None:
    number = stored(app, state="failed")
    said(app, "accounts", "add", "ana")
    said(app, "accounts", "add", "eve", "--role", "viewer")
    viewer = signed_in(app, "eve")
    for address in ("/jobs", f"/jobs/{number}", "/prepare/small", "/weights"):
        page = viewer.get(address)
        assert page.status_code == 200
        assert ">Resume</button>" not in page.text
        assert 'type="submit"' not in page.text
    assert viewer.get("/collections/new").status_code == 403
    token = csrf(viewer)
    posts = [f"/jobs/{number}/resume", f"/jobs/{number}/cancel", "/weights/fetch", "/weights/add"]
    posts += [f"/prepare/small/{kind}" for kind in ("compute", "rank", "sweep", "map")]
    posts += ["/collections/new", "/collections/new/import", "/uploads", f"/uploads/{'0' * 32}"]
    for address in posts:
        assert viewer.post(address, data=token).status_code == 403, address
    assert unstarted == []


def test_strangers_learn_nothing(app: Flask, client: FlaskClient, data: Path) -> None:
    number = stored(app, state="failed", message="A secret.")
    for address in ("/jobs", f"/jobs/{number}", "/jobs/status", "/prepare/small", "/weights"):
        answer = client.get(address)
        assert answer.status_code == 401
        assert "secret" not in answer.text


def test_a_kind_that_only_another_version_knows_leaves_the_list_whole(
    app: Flask, experimenter: FlaskClient
) -> None:
    other, own = stored(app, kind="dream", state="done"), stored(app, state="done")
    page = experimenter.get("/jobs")
    assert page.status_code == 200
    assert all(f'href="/jobs/{number}"' in page.text for number in (other, own))
    assert experimenter.get(f"/jobs/{other}").status_code == 200
    listed = app.test_cli_runner().invoke(args=["jobs", "list"])
    assert (listed.exit_code, "dream" in listed.output) == (0, True), listed.output


def test_every_kind_has_words_and_a_way_on() -> None:
    assert set(kinds()) == {
        "add", "compute", "deposit", "fetch", "look", "map", "rank", "sweep",
    }  # fmt: skip
