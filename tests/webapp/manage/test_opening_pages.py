"""The experimenter's pages: a study is opened in the background, once, or says why not."""

import fcntl
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from tests.support.pages.manage_pages import Writing, post
from tests.support.waiting import wait_for
from webapp.study.lifecycle import find_study


def told_at_last(client: FlaskClient, state: str) -> dict:
    """Return what the page that waits is told, once the study has the state or it failed."""

    def told() -> dict | None:
        found = client.get("/studies/which/opening").json
        return found if found["state"] == state and not found["running"] else None

    return wait_for(told, state)


def test_a_study_is_opened_in_the_background(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str]
) -> None:
    run("create", path)
    assert "Being opened" not in experimenter.get("/studies/which").text
    assert post(experimenter, "/studies/which/open").status_code == 302
    page = experimenter.get("/studies/which").text
    assert "Being opened" in page
    assert 'data-status="/studies/which/opening"' in page
    assert ">Open</button>" not in page
    post(experimenter, "/studies/which/open")  # a second press changes nothing
    told_at_last(experimenter, "open")
    assert "How far it is" in experimenter.get("/studies/which").text
    with app.app_context():
        assert find_study("which").protocol_sha256 == find_study("which").terms.sha256()


def test_a_study_that_cannot_be_opened_stays_a_draft_and_says_why(
    experimenter: FlaskClient, path: Path, run: Callable[..., str], data: Path
) -> None:
    run("create", path)
    audio = data / "collections" / "small" / "audio"
    for file in audio.iterdir():
        file.write_bytes(b"no sound")
    post(experimenter, "/studies/which/open")
    assert "no copy of the clip" in told_at_last(experimenter, "draft")["failed"]
    assert "It could not be opened: " in experimenter.get("/studies/which").text
    assert not (data / "studies" / "which").exists()
    Writing(experimenter, "/studies/new?edit=which").post("review", "create")  # has no past
    assert "It could not be opened" not in experimenter.get("/studies/which").text


def test_a_draft_that_is_being_opened_is_left_alone(
    experimenter: FlaskClient,
    runner: FlaskCliRunner,
    path: Path,
    run: Callable[..., str],
    data: Path,
) -> None:
    run("create", path)
    (data / "locks").mkdir(exist_ok=True)
    (data / "locks" / "opening-which.log").touch()
    with (data / "locks" / "opening-which.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        post(experimenter, "/studies/which/remove", {"sure": "yes"})
        assert "Being opened" in experimenter.get("/studies/which").text
    assert "ended without a word" in experimenter.get("/studies/which").text
    with (data / "locks" / "open-which").open("ab") as lock:  # the command holds this one
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = runner.invoke(args=["studies", "open", "which"])
        assert refused.exit_code == 1
        assert "busy with opening 'which'" in refused.output
    run("open", "which")
