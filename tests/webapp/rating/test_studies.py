"""Studies over HTTP: closed, finished, exported, refused, removed."""

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
from tests.support.studies.graded_rows import exported, judgements
from tests.support.studies.rater import PROTOCOL, Page
from webapp.core.database import db
from webapp.models import Assignment, Candidate, Query, Rater, Study


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
    assert "Round 2 of 3" in again.text
    assert "no grade yet.</p>" not in again.text


def test_each_rater_gets_each_query_once_in_an_own_order(
    app: Flask, runner: FlaskCliRunner, links: list[str]
) -> None:
    for path in links:
        client = app.test_client()
        for number in range(3):
            page = Page(client, path)
            assert f"Round {number + 1} of 3" in page.text
            page.grade_all()
        end = client.get(path)
        assert "You finished all 3 rounds" in end.text
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
            if table.name in ("log_entry", "installation"):
                continue  # that it was there, and was removed, stays
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
    client = app.test_client()
    Page(client, links[0])
    cookie = client.get_cookie("sounding_board").value
    content = app.session_interface.get_signing_serializer(app).loads(cookie)
    assert set(content) <= {"sitting", "csrf_token", "_fresh"}
