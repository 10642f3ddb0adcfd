"""A draft is tried as its raters would: nothing of it is a judgement, and opening drops it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages.manage_pages import post
from tests.support.studies.full_study import form
from tests.support.studies.rater import Page
from tests.support.waiting import wait_for
from webapp.core.database import db
from webapp.core.machines import rehearsal_tables
from webapp.models import (
    Assignment,
    Candidate,
    Flag,
    Judgement,
    Listen,
    LogEntry,
    Preference,
    Rater,
    Slot,
    Study,
)
from webapp.study.rehearsing import rehearsing

TEXT = """
title = "Which one is it?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 3
page = 4
consent = "I agree."
[queries]
clips = ["hum-0", "hiss-1", "beep-2"]
[controls]
repeats = 1
[listening]
sound_check = false
[[questionnaire.before]]
id = "age"
text = "How old are you?"
"""
OF_RATERS = (Rater, Assignment, Slot, Judgement, Preference, Listen, Flag, Candidate)


@pytest.fixture
def draft(path: Path, run: Callable[..., str]) -> str:
    """The slug of a draft that can be tried."""
    path.write_text(TEXT)
    run("create", path)
    run("rehearse", "which")
    return "/studies/which/rehearsal"


def stored(app: Flask) -> dict[str, int]:
    """Return how many rows there are of raters, among what counts."""
    with app.app_context():
        return {
            one.__tablename__: db.session.scalar(sa.select(sa.func.count()).select_from(one))
            for one in OF_RATERS
        }


def begun(client: FlaskClient, draft: str, kind: str) -> str:
    """Begin to try a draft; return the path of the rater's link."""
    answer = post(client, f"{draft}/{'preview' if kind == 'preview' else 'rehearse'}")
    assert answer.status_code == 302
    assert answer.location.startswith(f"/rate/which/{kind}.")
    return answer.location


def arrived(client: FlaskClient, link: str) -> Page:
    """Agree, answer what is asked first, and return the page of practice."""
    assert form(client, link, "consent", answer="yes").status_code == 302
    assert form(client, link, "questions/before", **{"q-age": "81"}).status_code == 302
    return Page(client, link, practise=False)


def test_a_preview_goes_the_whole_way_and_stores_no_answer(
    experimenter: FlaskClient, client: FlaskClient, app: Flask, draft: str, data: Path
) -> None:
    link = begun(experimenter, draft, "preview")
    assert "nothing that you answer is stored" in client.get(link).text
    page = arrived(client, link)
    assert page.is_practice
    kinds, number = [], 1
    for _ in range(12):
        kinds.append(re.search(r'class="progress-where">([^<]*)<', page.text)[1].strip())
        for sound in page.sounds:
            with client.get(sound) as answer:
                assert answer.mimetype == "audio/flac"
        body = page.grade(page.candidates[0], 60)
        assert page.post(body).json == {"saved": body["uuid"]}
        assert page.post(page.grade(page.candidates[0], 61)).status_code == 400
        heard = {"sound": page.candidates[0], "seconds": 0.3, "uuid": body["uuid"]}
        assert page.post({**heard, "started_at": body["given_at"]}, "listens").status_code == 200
        assert 'aria-pressed="true"' not in page.text
        answer = page.next()
        assert answer.status_code == 302
        number += 1
        text = client.get(answer.location).text
        if 'class="progress-where"' not in text:
            break
        page.text = text
        page.candidates = re.findall(r'data-sound="(\w+)"', text)
        page.sounds = re.findall(r'data-src="([^"]+)"', text)
    assert "Thank you" in text
    assert "you answered is saved" not in text
    assert "Withdraw" not in text
    assert len(kinds) >= 4  # practice, two pages of one query, its repeat
    assert set(stored(app).values()) == {0}
    with app.app_context(), rehearsing("which") as study:
        given = [db.session.scalar(sa.select(sa.func.count()).select_from(one))
                 for one in (Judgement, Listen, Flag, Preference)]  # fmt: skip
        assert given == [0, 0, 0, 0]
        assert study.raters[0].before == "{}"


@pytest.mark.usefixtures("each_database")
def test_a_rehearsal_lies_in_tables_of_its_own_and_is_dropped_at_the_opening(
    experimenter: FlaskClient,
    client: FlaskClient,
    app: Flask,
    draft: str,
    data: Path,
    run: Callable[..., str],
) -> None:
    link = begun(experimenter, draft, "rehearsal")
    page = arrived(client, link)
    while page.candidates:
        assert "Rehearsal: your answers are never among judgements" in page.text
        page.grade_all()
        page.load()
    assert "Thank you" in page.text
    assert set(stored(app).values()) == {0}
    with app.app_context():
        assert "invited" not in db.session.scalars(sa.select(LogEntry.what)).all()
        with rehearsing("which") as study:
            assert study.raters[0].finished_at
            assert db.session.scalar(sa.select(sa.func.count(Judgement.id))) > 12
        assert db.session.scalars(sa.select(Study.state)).all() == ["draft"]
    text = experimenter.get(draft).text
    assert "at the end" in text
    assert "Rehearsed so far" in text
    timeline = experimenter.get(f"{draft}/raters/rater-001").text
    assert "none of it is a judgement" in timeline
    assert "Sitting 1" in timeline
    assert experimenter.get(f"{draft}/raters/rater-009").status_code == 404
    assert "rehearsals" not in "".join(path.name for path in (data / "studies").glob("*"))
    assert (data / "rehearsals" / "which").is_dir()
    run("open", "which")
    assert not (data / "rehearsals" / "which").exists()
    assert client.get(link).status_code == 404
    assert page.post(page.grade("0" * 84, 60)).status_code == 404
    assert experimenter.get(draft).status_code == 404
    found = stored(app)
    assert found.pop("candidate") > 0
    assert set(found.values()) == {0}


def test_a_rehearsal_is_prepared_in_the_background_and_is_of_the_draft_as_it_is(
    experimenter: FlaskClient, path: Path, run: Callable[..., str], data: Path
) -> None:
    path.write_text(TEXT)
    run("create", path)
    address = "/studies/which/rehearsal"
    assert "Preview as a rater" not in experimenter.get(address).text
    assert post(experimenter, f"{address}/preview").location == address
    assert post(experimenter, f"{address}/make").location == address
    assert 'data-status="/studies/which/rehearsal/making"' in experimenter.get(address).text
    wait_for(lambda: not experimenter.get(f"{address}/making").json["running"], "prepared")
    assert "Preview as a rater" in experimenter.get(address).text
    path.write_text(TEXT.replace("depth = 3", "depth = 2"))
    run("create", path)
    assert "The draft has changed since it was prepared" in experimenter.get(address).text
    assert post(experimenter, f"{address}/rehearse").location == address
    run("remove", "which")
    assert not (data / "rehearsals" / "which").exists()


@pytest.mark.usefixtures("each_database")
def test_a_rehearsal_that_was_stopped_at_its_tables_is_none(
    experimenter: FlaskClient, app: Flask, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, app.app_context():
        patch.setattr(db.metadata, "create_all", stopped)
        with pytest.raises(KeyboardInterrupt):
            rehearsal_tables.make(db, "which")
    page = experimenter.get(draft)
    assert page.status_code == 200
    assert "Preview as a rater" not in page.text
    assert experimenter.get("/rate/which/rehearsal.nobody").status_code == 404


def test_what_cannot_be_rehearsed_says_so_and_leaves_nothing(
    experimenter: FlaskClient, client: FlaskClient, draft: str, app: Flask, data: Path
) -> None:
    assert client.get("/rate/which/rehearsal.nobody").status_code == 404
    assert client.get("/rate/other/preview.nobody").status_code == 404
    assert client.get(draft).status_code == 401
    for file in (data / "collections" / "small" / "audio").iterdir():
        file.write_bytes(b"no sound")
    failed = app.test_cli_runner().invoke(args=["studies", "rehearse", "which"])
    assert failed.exit_code == 1
    assert "no copy of the clip" in failed.output
    assert not (data / "rehearsals" / "which").exists()
    assert experimenter.get(draft).status_code == 200
