"""Studies and raters over HTTP: blind, nothing lost, nothing twice."""

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from tests.support.studies.graded_rows import exported, judgements
from tests.support.studies.rater import Page
from webapp.core.database import db
from webapp.models import Candidate, Rater, Study


def test_a_study_is_frozen_with_its_pools_when_it_opens(
    app: Flask, links: list[str], small: Collection, ranked: list[Ranking]
) -> None:
    with app.app_context():
        study = db.session.scalar(sa.select(Study))
        assert study.state == "open"
        assert study.opened_at is not None
        assert study.protocol_sha256 == study.terms.sha256()
        for query in study.queries:
            row = small.index[query.clip]
            expected = {}
            for ranking in ranked:
                for rank, other in enumerate(ranking.neighbours[row, :3], 1):
                    expected.setdefault(small.clips[other].id, {})[ranking.system] = rank
            pool = {
                candidate.clip: {one.system.ranking: one.rank for one in candidate.sources}
                for candidate in query.candidates
            }
            assert pool == expected


def test_every_candidate_is_heard_as_the_clip_it_is(
    app: Flask, links: list[str], small: Collection
) -> None:
    from embeddings.audio.decoding import read_audio

    with app.app_context():
        for candidate in db.session.scalars(sa.select(Candidate)):
            copy = app.config["DATA"] / "studies" / "which" / "sounds" / candidate.sound
            original = small.audio_path(small.clip(candidate.clip))
            assert np.array_equal(read_audio(copy)[0], read_audio(original)[0])


def test_grades_come_back_after_a_reload(app: Flask, links: list[str]) -> None:
    client = app.test_client()
    page = Page(client, links[0])
    assert 3 <= len(page.candidates) <= 6
    assert len(page.sounds) == len(page.candidates) + 1
    assert page.shown == []
    assert f"0 of {len(page.candidates)} sounds graded" in page.text
    for sound, grade in zip(page.candidates, (0, 80, 100), strict=False):
        body = page.grade(sound, grade)
        assert page.post(body).json == {"saved": body["uuid"]}
    again = Page(client, links[0])
    assert again.candidates == page.candidates
    assert again.shown == ["0", "80", "100"]
    assert f"3 of {len(page.candidates)} sounds graded" in again.text
    elsewhere = Page(app.test_client(), links[0])
    assert elsewhere.shown == ["0", "80", "100"]
    assert set(elsewhere.candidates).isdisjoint(page.candidates)  # another sitting


def test_the_same_grade_sent_twice_is_one_row(app: Flask, links: list[str]) -> None:
    page = Page(app.test_client(), links[0])
    body = page.grade(page.candidates[0], 40)
    for _ in range(3):
        assert page.post(body).json == {"saved": body["uuid"]}
    assert [grade for *_, grade in judgements(app)] == [40]


def test_another_grade_under_a_used_id_is_not_acknowledged(app: Flask, links: list[str]) -> None:
    page, other = Page(app.test_client(), links[0]), Page(app.test_client(), links[1])
    body = page.grade(page.candidates[0], 40)
    assert page.post(body).json["saved"]
    for one, change in (
        (page, {"grade": 60}),
        (page, {"sound": page.candidates[1]}),
        (other, {"sound": other.candidates[0]}),
    ):
        answer = one.post(body | change)
        assert answer.status_code == 409
        assert "id already" in answer.json["refused"]
    assert [grade for *_, grade in judgements(app)] == [40]


def test_a_change_of_mind_is_a_new_row_and_the_last_counts(
    app: Flask, runner: FlaskCliRunner, links: list[str]
) -> None:
    page = Page(app.test_client(), links[0])
    for grade in (40, 80, 60):
        page.post(page.grade(page.candidates[1], grade))
    assert [row["grade"] for row in exported(runner)] == ["40", "80", "60"]
    assert [row["counts"] for row in exported(runner)] == ["0", "0", "1"]
    assert {row["position"] for row in exported(runner)} == {"2"}
    assert Page(app.test_client(), links[0]).shown == ["60"]


def test_a_grade_that_waited_in_a_closed_tab_is_taken(app: Flask, links: list[str]) -> None:
    page = Page(app.test_client(), links[0])
    body = page.grade(page.candidates[0], 20)
    later = Page(app.test_client(), links[0])  # another browser session, other tokens
    assert body["sound"] not in later.candidates
    assert later.post(body).json == {"saved": body["uuid"]}
    assert Page(app.test_client(), links[0]).shown == ["20"]


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"grade": 51}, 400, "The grade must be from 0 to 100 in steps of 5, not 51"),
        ({"grade": "60"}, 400, "The grade must be from 0 to 100 in steps of 5, not '60'"),
        ({"grade": True}, 400, "not True"),
        ({"uuid": "x"}, 400, "An answer must be complete: uuid cannot be 'x'"),
        ({"given_at": "yesterday"}, 400, "given_at cannot be 'yesterday'"),
        ({"given_at": "2026-01-01T00:00:00"}, 400, "given_at must have a time zone"),
        ({"listened_seconds": -1}, 400, "listened_seconds must be from 0"),
        ({"listened_seconds": 1_000_001}, 400, "listened_seconds must be from 0 to 1000000"),
        ({"listened_seconds": "nan"}, 400, "listened_seconds must be from 0"),
        ({"listened_seconds": 10**400}, 400, "listened_seconds cannot be 1000"),
        ({"given_at": "0001-01-01T00:00:00+14:00"}, 400, "given_at must be from 2000 on"),
        ({"sound": "0" * 32}, 404, "This sound is not one of yours to grade"),
        ({"sound": "\N{LATIN SMALL LETTER E WITH ACUTE}"}, 404, "not one of yours"),
        ({"sound": "\ud800"}, 404, "not one of yours"),
    ],
)
def test_a_bad_grade_is_refused_in_words(
    app: Flask, links: list[str], change: dict[str, object], status: int, sentence: str
) -> None:
    page = Page(app.test_client(), links[0])
    answer = page.post(page.grade(page.candidates[0], 60) | change)
    assert answer.status_code == status
    assert sentence in answer.json["refused"]
    assert judgements(app) == []


@pytest.mark.parametrize("body", [[], "x", 3, {}, {"sound": "x"}])
def test_a_body_that_is_no_grade_is_refused(app: Flask, links: list[str], body: object) -> None:
    answer = Page(app.test_client(), links[0]).post(body)
    assert answer.status_code == 400
    assert answer.json["refused"]


@pytest.mark.parametrize("body", ["{", "[" * 100_000 + "]" * 100_000])
def test_a_body_that_is_no_json_is_refused(app: Flask, links: list[str], body: str) -> None:
    page = Page(app.test_client(), links[0])
    headers = {"X-CSRFToken": page.csrf, "Content-Type": "application/json"}
    answer = page.client.post(f"{links[0]}/grades", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json


def test_a_raters_sounds_are_no_one_elses(app: Flask, links: list[str]) -> None:
    client = app.test_client()
    one, other = Page(client, links[0]), Page(app.test_client(), links[1])
    assert client.get(f"{links[1]}/sounds/{one.candidates[0]}").status_code == 404
    assert other.post(other.grade(one.candidates[0], 60)).status_code == 404
    assert judgements(app) == []


def test_a_link_that_was_in_use_is_known_as_gone_at_once(app: Flask, links: list[str]) -> None:
    """Whoever replaces or removes it may be another process, which tells this one nothing."""
    page = Page(app.test_client(), links[0])
    first, second, third = page.candidates[:3]
    assert page.post(page.grade(first, 20)).status_code == 200
    with app.app_context():
        db.session.execute(sa.update(Rater).values(token=Rater.token + "new"))
        db.session.commit()
    for sound in (second, third):
        answer = page.post(page.grade(sound, 20))
        assert answer.status_code == 404
        assert answer.json == {"refused": "This link is not in use any more."}
    for link in links[:2]:
        answer = page.client.get(link)
        assert answer.status_code == 404
        assert "not in use" in answer.text
    assert len(judgements(app)) == 1


def test_the_query_itself_takes_no_grade(app: Flask, links: list[str]) -> None:
    page = Page(app.test_client(), links[0])
    query = page.sounds[0].rpartition("/")[2]
    assert query not in page.candidates
    assert page.post(page.grade(query, 60)).status_code == 404


def test_grades_need_the_pages_csrf_token(app: Flask, links: list[str]) -> None:
    page = Page(app.test_client(), links[0])
    answer = page.post(page.grade(page.candidates[0], 60), **{"X-CSRFToken": "wrong"})
    assert answer.status_code == 403
    assert "load it again" in answer.json["error"]
    assert answer.json["reload"] is True
    again = page.client.post(f"{links[0]}/next")  # the page is shown once more, and nothing done
    assert (again.status_code, again.location) == (302, links[0])
    assert "That page was out of date" in page.client.get(links[0]).text
    assert judgements(app) == []
