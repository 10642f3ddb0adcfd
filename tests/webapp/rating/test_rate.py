"""Studies and raters over HTTP: blind, nothing lost, nothing twice."""

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from embeddings.collection.clips import Collection, open_collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding, write_embedding
from tests.support.places import BASE
from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.database import db
from webapp.models import Assignment, Candidate, Judgement, Query, Rater, Slot, Study


@pytest.fixture
def links(runner: FlaskCliRunner, ranked: list[Ranking], tmp_path: Path) -> list[str]:
    """The paths of three raters' links to an open study of three queries."""
    path = tmp_path / "which.toml"
    path.write_text(PROTOCOL)
    for command in (["create", str(path)], ["open", "which"]):
        result = runner.invoke(args=["studies", *command])
        assert result.exit_code == 0, result.output
    invited = runner.invoke(args=["studies", "invite", "which", "-n", "3"])
    assert invited.exit_code == 0, invited.output
    lines = [line.split() for line in invited.output.splitlines()]
    assert [name for name, _ in lines] == ["rater-001", "rater-002", "rater-003"]
    return [link.removeprefix(BASE) for _, link in lines]


def judgements(app: Flask) -> list[tuple[int, int, int]]:
    """Return (rater, candidate, grade) of every stored judgement, in order."""
    with app.app_context():
        rows = db.session.execute(
            sa.select(Assignment.rater_id, Slot.candidate_id, Judgement.grade)
            .join(Judgement.slot)
            .join(Slot.assignment)
            .join(Assignment.query)
            .where(Query.practice.is_(False))
            .order_by(Judgement.id)
        )
        return [tuple(row) for row in rows]


def exported(runner: FlaskCliRunner) -> list[dict[str, str]]:
    """Return the rows of the study's judgements.csv."""
    text = runner.invoke(args=["studies", "export", "which", "-o", "-"]).output
    return list(csv.DictReader(io.StringIO(text)))


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
    from embeddings.audio import read_audio

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
    for sound, grade in zip(page.candidates, (0, 80, 100), strict=False):
        body = page.grade(sound, grade)
        assert page.post(body).json == {"saved": body["uuid"]}
    again = Page(client, links[0])
    assert again.candidates == page.candidates
    assert again.shown == ["0", "80", "100"]
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
        ({"uuid": "x"}, 400, "badly formed hexadecimal UUID"),
        ({"given_at": "yesterday"}, 400, "Invalid isoformat string"),
        ({"given_at": "2026-01-01T00:00:00"}, 400, "given_at must have a time zone"),
        ({"listened_seconds": -1}, 400, "listened_seconds must be from 0"),
        ({"listened_seconds": "nan"}, 400, "listened_seconds must be from 0"),
        ({"listened_seconds": 10**400}, 400, "int too large to convert to float"),
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
    assert page.client.post(f"{links[0]}/next").status_code == 403
    assert judgements(app) == []


def test_a_closed_study_takes_no_grades(app: Flask, links: list[str]) -> None:
    page = Page(app.test_client(), links[0])
    with app.app_context():
        db.session.execute(sa.update(Study).values(state="closed"))
        db.session.commit()
    answer = page.post(page.grade(page.candidates[0], 60))
    assert answer.status_code == 409
    assert "closed" in answer.json["refused"]
    assert "This study is closed" in page.client.get(links[0]).text


def test_a_block_is_finished_only_when_all_is_graded(app: Flask, links: list[str]) -> None:
    client = app.test_client()
    page = Page(client, links[0])
    page.post(page.grade(page.candidates[0], 60))
    page.next()
    again = Page(client, links[0])
    assert again.candidates == page.candidates
    assert f"{len(page.candidates) - 1} sounds have no grade yet.</p>" in again.text


def test_next_sent_twice_finishes_one_block(app: Flask, links: list[str]) -> None:
    page = Page(app.test_client(), links[0])
    page.grade_all()
    page.next()  # a double click: the page's block again, and not the one that came after
    again = Page(page.client, links[0])
    assert "Query 2 of 3" in again.text
    assert "no grade yet.</p>" not in again.text


def test_each_rater_gets_each_query_once_in_an_own_order(
    app: Flask, runner: FlaskCliRunner, links: list[str]
) -> None:
    for path in links:
        client = app.test_client()
        for number in range(3):
            page = Page(client, path)
            assert f"Query {number + 1} of 3" in page.text
            page.grade_all()
        end = client.get(path)
        assert "You finished all 3 queries" in end.text
    with app.app_context():
        given = [(one.rater_id, one.query_id) for one in db.session.scalars(sa.select(Assignment))]
        assert len(given) == len(set(given)) == 9 + 3  # and each practised
        assert all(one.finished_at for one in db.session.scalars(sa.select(Assignment)))
    rows = exported(runner)
    assert len(rows) == len(judgements(app))
    orders = {}
    for row in rows:
        orders.setdefault((row["query"], row["rater"]), []).append(row["candidate"])
        assert int(row["position"]) == len(orders[row["query"], row["rater"]])
    assert len({tuple(order) for order in orders.values()}) > 3
    listed = runner.invoke(args=["studies", "list"]).output
    assert "3 queries" in listed
    assert "9 blocks finished" in listed


def test_raters_spread_over_the_queries(app: Flask, links: list[str]) -> None:
    for path in links:
        Page(app.test_client(), path)
    with app.app_context():
        given = sa.select(Assignment.query_id).join(Assignment.query)
        given = given.where(Query.practice.is_(False))
        assert len(set(db.session.scalars(given))) == 3


def test_the_export_has_a_row_a_grade_with_every_systems_rank(
    app: Flask, runner: FlaskCliRunner, links: list[str], small: Collection, ranked: list[Ranking]
) -> None:
    Page(app.test_client(), links[2]).grade_all(80)
    rows = exported(runner)
    assert len(rows) == len(judgements(app)) > 0
    assert len({row["uuid"] for row in rows}) == len(rows)
    for row in rows:
        assert (row["study"], row["rater"], row["grade"], row["counts"]) == (
            "which", "rater-003", "80", "1",
        )  # fmt: skip
        assert row["query_class"] == row["query"].partition("-")[0].capitalize()
        query, candidate = small.index[row["query"]], small.index[row["candidate"]]
        for ranking in ranked:
            top = ranking.neighbours[query, :3].tolist()
            expected = str(top.index(candidate) + 1) if candidate in top else ""
            assert row[f"rank.{ranking.system}"] == expected
        assert datetime.fromisoformat(row["received_at"]) >= datetime.fromisoformat(row["given_at"])


def test_a_sound_is_sent_without_a_trace_of_its_file(app: Flask, links: list[str]) -> None:
    client = app.test_client()
    address = Page(client, links[0]).sounds[1]
    whole = client.get(address, buffered=True)
    assert whole.headers["Content-Type"] == "audio/flac"
    assert whole.data.startswith(b"fLaC")
    assert {"Content-Disposition", "Last-Modified", "ETag"}.isdisjoint(whole.headers.keys())
    assert "private" in whole.headers["Cache-Control"]
    assert "public" not in whole.headers["Cache-Control"]
    part = client.get(address, headers={"Range": "bytes=10-19"}, buffered=True)
    assert (part.status_code, part.data) == (206, whole.data[10:20])


def invoke(runner: FlaskCliRunner, *args: str) -> str:
    """Run a studies command that must fail; return what it said."""
    result = runner.invoke(args=["studies", *args])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    return result.output


def test_what_cannot_be_done_with_a_study_is_said(
    app: Flask, runner: FlaskCliRunner, links: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "which.toml"
    assert "There is a study 'which' already, and it is open" in invoke(runner, "create", str(path))
    assert "is open; only a draft can be opened" in invoke(runner, "open", "which")
    assert "There is no study 'x'; there are: which" in invoke(runner, "export", "x")
    assert "must be from 1 to 1000, not 0" in invoke(runner, "invite", "which", "-n", "0")
    small = open_collection(app.config["DATA"], "small")
    good = open_embedding(small, "good")
    build_ranking(small, good, Recipe(normalise="none", pca=None), "mcss", top=2)
    path.write_text('slug = "next"' + PROTOCOL)
    assert runner.invoke(args=["studies", "create", str(path)]).exit_code == 0
    assert "is draft; raters are invited to an open one" in invoke(runner, "invite", "next")
    for name, change, sentence in (
        ("collection", ('"small"', '"large"'), "There is no collection 'large'; there are: small"),
        ("system", ("good.l2", "bad.l2"), "has no system 'bad.l2.mcss'; it has: good.l2.mcss"),
        ("clip", ("hum-0", "hum-99"), "has no clip 'hum-99'"),
        (
            "depth",
            ("good.l2.mcss", "good.raw.mcss"),
            "keeps 2 neighbours of each clip; a depth of 3",
        ),
        ("demo", ("A", "A"), "The name 'demo' is kept for the demo"),
    ):
        path.write_text(f'slug = "{name}"' + PROTOCOL.replace(*change))
        assert sentence in invoke(runner, "create", str(path))
    with app.app_context():
        assert set(db.session.scalars(sa.select(Study.slug))) == {"which", "next"}


def test_a_study_whose_sound_is_gone_does_not_open(
    app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], small: Collection, tmp_path: Path
) -> None:
    path = tmp_path / "which.toml"
    path.write_text(PROTOCOL)
    runner.invoke(args=["studies", "create", str(path)])
    small.audio_path(small.clip("hum-0")).unlink()
    assert "The study cannot be opened: " in invoke(runner, "open", "which")
    assert not (app.config["DATA"] / "studies" / "which" / "sounds").exists()
    with app.app_context():
        assert db.session.scalar(sa.select(Study.state)) == "draft"
        assert db.session.scalar(sa.select(sa.func.count(Candidate.id))) == 0


def test_a_query_that_a_system_has_no_results_for(
    app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], small: Collection, tmp_path: Path
) -> None:
    vectors = np.random.default_rng(1).normal(size=(17, 4))
    meta = {"provenance": "imported", "representation": "Partial"}
    write_embedding(small, "partial", vectors, meta, failed={"hum-0": "no sound"})
    build_ranking(small, open_embedding(small, "partial"), Recipe(pca=None), "mcss")
    path = tmp_path / "which.toml"
    text = PROTOCOL.replace("random.l2.mcss", "partial.l2.mcss")
    path.write_text(text)
    assert "'partial.l2.mcss' has no results for the query 'hum-0'" in invoke(
        runner, "create", str(path)
    )
    path.write_text(re.sub(r"clips = .*", "per_family = 6", text))
    runner.invoke(args=["studies", "create", str(path)])
    with app.app_context():
        assert "hum-0" not in set(db.session.scalars(sa.select(Query.clip)))


def test_a_draft_can_be_replaced_and_removed_and_judgements_cannot(
    app: Flask, runner: FlaskCliRunner, links: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "draft.toml"
    path.write_text(PROTOCOL)
    runner.invoke(args=["studies", "create", str(path)])
    path.write_text(PROTOCOL.replace('"hum-0", ', ""))
    assert "2 queries" in runner.invoke(args=["studies", "create", str(path)]).output
    assert "Removed draft." in runner.invoke(args=["studies", "remove", "draft"]).output
    Page(app.test_client(), links[0])
    assert "Removed which." in runner.invoke(args=["studies", "remove", "which"]).output
    with app.app_context():
        for table in db.metadata.tables.values():
            assert db.session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert not (app.config["DATA"] / "studies" / "which").exists()
    path.rename(tmp_path / "which.toml")
    runner.invoke(args=["studies", "create", str(tmp_path / "which.toml")])
    runner.invoke(args=["studies", "open", "which"])
    link = runner.invoke(args=["studies", "invite", "which"]).output.split()[-1]
    page = Page(app.test_client(), link.removeprefix(BASE))
    page.post(page.grade(page.candidates[0], 60))
    assert "has 1 judgements and stays" in invoke(runner, "remove", "which")
    assert len(judgements(app)) == 1


def test_others_can_write_while_the_sounds_are_copied(
    app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import sqlite3

    from webapp.study import opening

    path = tmp_path / "which.toml"
    path.write_text(PROTOCOL)
    runner.invoke(args=["studies", "create", str(path)])
    copy = opening._make_sounds
    others = []

    def write_meanwhile(*args):
        with sqlite3.connect(app.config["DATA"] / "sounding_board.sqlite", timeout=1) as other:
            other.execute("UPDATE study SET title = 'changed meanwhile'")
        other.close()
        others.append(True)
        return copy(*args)

    monkeypatch.setattr(opening, "_make_sounds", write_meanwhile)
    result = runner.invoke(args=["studies", "open", "which"])
    assert result.exit_code == 0, result.output
    assert others == [True]


def test_a_collection_that_a_study_uses_stays(runner: FlaskCliRunner, links: list[str]) -> None:
    result = runner.invoke(args=["collections", "remove", "small", "--yes"])
    assert result.exit_code == 1
    assert "is used by the study 'which' and stays" in result.output


def test_links_are_secret_and_all_different(app: Flask, links: list[str]) -> None:
    assert len(set(links)) == 3
    assert all(len(path.rpartition("/")[2]) == 24 for path in links)
    with app.app_context():
        assert [rater.number for rater in db.session.scalars(sa.select(Rater))] == [1, 2, 3]


def test_the_cookie_of_a_rater_says_no_name(app: Flask, links: list[str]) -> None:
    from itsdangerous import base64_decode

    client = app.test_client()
    Page(client, links[0])
    cookie = client.get_cookie("sounding_board").value
    content = json.loads(base64_decode(cookie.lstrip(".").split(".")[0]))
    assert set(content) <= {"sitting-1", "csrf_token", "_fresh"}
