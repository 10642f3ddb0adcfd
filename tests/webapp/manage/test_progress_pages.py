"""The pages and commands of a running study: watch, screen, invite, close, export."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from evaluation.protocol.reading import parse_protocol, ready_protocols, template
from tests.support.pages.manage_pages import (
    given,
    post,
    studies_stored,
)
from tests.support.studies.judged import PROTOCOL, answer, judge
from webapp.core.database import db, now
from webapp.manage import form as study_form
from webapp.manage import study_progress
from webapp.models import Assignment, Flag, Judgement, Listen
from webapp.rating import assigning, people
from webapp.study import rater_lines
from webapp.study.lifecycle import create_study, find_study


def test_the_list_shows_every_study(experimenter: FlaskClient, app: Flask, opened: str) -> None:
    with app.app_context():
        judge(find_study(opened).raters[0], 100)
        create_study(parse_protocol({"slug": "b", **study_form.read_toml(PROTOCOL)}, "test"))
        lines = {line.study.slug: share for line, share in study_progress.overview()}
        assert lines == {"which": study_progress.Share(3, wanted=6), "b": study_progress.Share(0)}
    page = experimenter.get("/studies").text
    assert "3 of 6" in page
    assert 'href="/studies/which"' in page
    assert 'href="/studies/which"' in experimenter.get("/").text


def test_progress_is_counted_block_by_block(app: Flask, opened: str) -> None:
    with app.app_context():
        study = find_study(opened)
        judge(study.raters[0], 100)
        judge(study.raters[1], 100, blocks=1)
        assigning.next_assignment(study.raters[1])
        found = study_progress.progress(study)
        assert found.share == study_progress.Share(4, 1, 6)
        assert sum(one.share.finished for one in found.queries) == 4
        assert sum(one.share.running for one in found.queries) == 1
        assert {one.share.wanted for one in found.queries} == {2}
        assert (found.invited, found.begun, found.active, found.done) == (3, 2, 2, 1)
        counts = [one.query.practice for one in db.session.scalars(sa.select(Assignment))]
        assert counts.count(True) == 2
        assert found.judgements == given()
        assert sum(count for _, count in found.hours) == found.judgements
        assert len(found.hours) == study_progress.HOURS


def test_who_answered_long_ago_is_not_active(app: Flask, opened: str) -> None:
    with app.app_context():
        study = find_study(opened)
        judge(study.raters[0], 100, blocks=1)
        long_ago = now() - timedelta(minutes=90)
        db.session.execute(sa.update(Judgement).values(received_at=long_ago))
        db.session.commit()
        found = study_progress.progress(study)
        assert found.active == 0
        assert found.hours[-1][1] == 0
        assert found.busiest == found.judgements
        db.session.execute(sa.update(Judgement).values(received_at=now() - timedelta(hours=30)))
        db.session.commit()
        assert study_progress.progress(study).busiest == 0


def test_reports_and_withdrawals_are_shown(
    experimenter: FlaskClient, app: Flask, opened: str, run: Callable[..., str]
) -> None:
    with app.app_context():
        study = find_study(opened)
        judge(study.raters[0], 100)
        judge(study.raters[1], 100)
        for rater in study.raters[:2]:
            main = next(one for one in rater.assignments if not one.query.practice)
            flag = {"assignment_id": main.id, "given_at": now()}
            db.session.add(Flag(slot_id=None, client_uuid=str(uuid4()), **flag))
        db.session.commit()
        people.withdraw(study.raters[0])
        found = study_progress.progress(study)
        assert found.withdrawn == 1
        assert found.removed == found.judgements  # the other rater judged as much
        assert found.share == study_progress.Share(3, wanted=6)
        assert [(one.clip, one.raters) for one in found.reported] == [(found.reported[0].query, 1)]
    page = experimenter.get("/studies/which").text
    assert "Reported as broken" in page
    assert f"with {found.removed} judgements" in page
    assert f"Reported as broken: {found.reported[0].clip}, by 1" in run("status", opened)


def test_sounds_that_fall_short_are_listed(
    experimenter: FlaskClient, opened: str, data: Path
) -> None:
    levels = data / "studies" / "which" / "levels.csv"
    levels.write_text(
        "clip,loudness_lufs,peak_dbtp,gain_db,note\n"
        'fine,-23.00,-3.00,1.00,""\n"odd, one",,-90.00,0.00,"silent, as it is"\n'
    )
    page = experimenter.get("/studies/which").text
    assert "odd, one" in page
    assert "silent, as it is" in page
    assert "fine" not in page


def test_raters_are_screened_in_words_and_nobody_is_dropped(
    experimenter: FlaskClient, app: Flask, opened: str, run: Callable[..., str]
) -> None:
    with app.app_context():
        study = find_study(opened)
        judge(study.raters[0], 100)
        judge(study.raters[1], 20)
        lines = rater_lines.rater_lines(study)
        assert [line.stage for line in lines] == ["done", "done", "invited"]
        assert [line.verdict and line.verdict.passed for line in lines] == [True, False, None]
        good, bad, _ = lines
        assert (good.finished, good.report.identity_share, good.report.auc) == (3, 1.0, 1.0)
        assert (bad.report.identity_share, bad.report.auc) == (0.2, 0.5)
        assert good.report.repeats == 6
        assert good.report.retest_close == 1.0
        assert good.heard == 0.75
    page = experimenter.get("/studies/which/raters").text
    assert "does not pass" in page
    assert "identity clips have 0.2 of the scale on average; at least 0.8 is asked" in page
    printed = run("status", opened)
    assert "rater-001  done         3 blocks  passes" in printed
    assert "rater-002  done         3 blocks  does not pass: identity" in printed


def test_time_is_counted_without_breaks(app: Flask, opened: str) -> None:
    with app.app_context():
        rater = find_study(opened).raters[0]
        slots = assigning.next_assignment(rater).slots
        assignment = slots[0].assignment_id
        for minutes in (60.0, 59.0, 57.5, 2.0):
            answer(slots[0].id, 60, minutes)
        began = now() - timedelta(minutes=1)
        db.session.add(
            Listen(assignment_id=assignment, slot_id=None, client_uuid=str(uuid4()), seconds=30,
                   started_at=began)
        )  # fmt: skip
        db.session.commit()
        (line, *_) = rater_lines.rater_lines(find_study(opened))
        assert line.minutes == pytest.approx(1 + 1.5 + 1 + 0.5, abs=0.01)


def test_the_last_grade_counts_and_a_repeat_meets_its_own_first(app: Flask, opened: str) -> None:
    with app.app_context():
        rater = find_study(opened).raters[0]
        slots = assigning.next_assignment(rater).slots
        again = next(slot for slot in slots if slot.repeat)
        first = next(one for one in slots if one.candidate is again.candidate and not one.repeat)
        answer(first.id, 0)
        answer(again.id, 60)
        answer(first.id, 80)
        report = rater_lines.rater_lines(find_study(opened))[0].report
        assert (report.repeats, report.retest_difference) == (1, 20)
        db.session.execute(sa.delete(Judgement).where(Judgement.slot_id == first.id))
        db.session.commit()
        assert rater_lines.rater_lines(find_study(opened))[0].report.repeats == 0


def test_a_block_is_recalled_for_others(
    experimenter: FlaskClient, app: Flask, opened: str, runner: FlaskCliRunner
) -> None:
    with app.app_context():
        rater = find_study(opened).raters[0]
        block = assigning.next_assignment(rater)
        answer(block.slots[0].id, 60)
        number, before = block.id, study_progress.progress(find_study(opened)).share.running
    page = experimenter.get("/studies/which/raters").text
    assert f'name="assignment" value="{number}"' in page
    address = "/studies/which/recall"
    assert post(experimenter, address, {"assignment": "999"}).status_code == 404
    assert post(experimenter, address, {"assignment": number}).status_code == 302
    with app.app_context():
        assert (before, study_progress.progress(find_study(opened)).share.running) == (1, 0)
        assert given() == 1  # what was judged stays
    assert "is recalled" in experimenter.get("/studies/which/raters").text
    post(experimenter, address, {"assignment": number})
    assert "nothing to recall any more" in experimenter.get("/studies/which/raters").text
    for name, sentence in (
        ("rater-001", "No unfinished block is kept for rater-001."),
        ("rater-077", "The study 'which' has no rater 'rater-077'."),
        ("somebody", "The study 'which' has no rater 'somebody'."),
    ):
        refused = runner.invoke(args=["studies", "recall", "which", name])
        assert refused.exit_code == 1
        assert sentence in refused.output


def test_the_command_recalls_too(app: Flask, opened: str, run: Callable[..., str]) -> None:
    with app.app_context():
        assigning.next_assignment(find_study(opened).raters[1])
    assert "Recalled the block of rater-002." in run("recall", opened, "2")
    with app.app_context():
        assert study_progress.progress(find_study(opened)).share.running == 0


def test_raters_are_invited_in_bulk(
    experimenter: FlaskClient, client: FlaskClient, opened: str
) -> None:
    answer = post(experimenter, "/studies/which/invite", {"count": "25"})
    assert answer.headers["Location"] == "/studies/which/raters?from=4"
    page = experimenter.get(answer.headers["Location"]).text
    assert "25 new raters" in page
    assert "only this machine reaches" in page
    assert "/join/which" in page
    sent = experimenter.get("/studies/which/links.csv?from=4")
    assert "attachment" in sent.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(sent.text)))
    assert [rows[0]["rater"], rows[-1]["rater"]] == ["rater-004", "rater-028"]
    assert len({row["link"] for row in rows}) == 25
    link = rows[0]["link"].removeprefix("http://localhost")
    assert client.get(link).status_code == 200
    assert client.get("/studies/which/links.csv").status_code == 401


@pytest.mark.parametrize("count", ["0", "-3", "1001", "some"])
def test_a_wrong_number_of_raters_is_said_to_be(
    experimenter: FlaskClient, opened: str, count: str
) -> None:
    answer = post(experimenter, "/studies/which/invite", {"count": count})
    page = experimenter.get(answer.headers["Location"]).text
    assert "must be from 1 to 1000" in page
    assert "rater-004" not in page


def test_invitations_go_to_a_file(
    run: Callable[..., str], runner: FlaskCliRunner, opened: str, tmp_path: Path
) -> None:
    assert "the links of 4 raters" in run("invite", opened, "-n", 4, "--csv", tmp_path / "l.csv")
    rows = list(csv.DictReader((tmp_path / "l.csv").read_text().splitlines()))
    assert [row["rater"] for row in rows] == [f"rater-00{number}" for number in (4, 5, 6, 7)]
    refused = runner.invoke(
        args=["studies", "invite", opened, "--csv", str(tmp_path / "gone" / "l.csv")]
    )
    assert refused.exit_code == 1
    assert "rater-008" not in run("status", opened)  # nobody was invited


def test_closing_needs_a_tick(experimenter: FlaskClient, app: Flask, opened: str) -> None:
    post(experimenter, "/studies/which/close")
    assert "please tick the box" in experimenter.get("/studies/which").text
    post(experimenter, "/studies/which/close", {"sure": "yes"})
    page = experimenter.get("/studies/which").text
    assert "The study is closed." in page
    assert "Close this study" not in page
    with app.app_context():
        assert find_study(opened).state == "closed"
    post(experimenter, "/studies/which/close", {"sure": "yes"})
    assert "only an open one is closed" in experimenter.get("/studies/which").text


def test_the_command_closes_once(
    run: Callable[..., str], runner: FlaskCliRunner, opened: str
) -> None:
    assert "Closed which." in run("close", opened)
    assert runner.invoke(args=["studies", "close", opened]).exit_code == 1


def test_a_draft_is_removed_and_an_open_study_is_not(
    experimenter: FlaskClient, app: Flask, opened: str, run: Callable[..., str], tmp_path: Path
) -> None:
    post(experimenter, "/studies/which/remove", {"sure": "yes"})
    assert studies_stored(app) == 1
    (tmp_path / "other.toml").write_text(PROTOCOL)
    run("create", tmp_path / "other.toml")
    post(experimenter, "/studies/other/remove")
    assert studies_stored(app) == 2
    answer = post(experimenter, "/studies/other/remove", {"sure": "yes"})
    assert answer.headers["Location"] == "/studies"
    assert studies_stored(app) == 1


@pytest.mark.parametrize("page", ["", "/raters", "/links.csv", "/opening", "/protocol.toml"])
def test_a_study_that_is_not_there_is_not_found(experimenter: FlaskClient, page: str) -> None:
    assert experimenter.get(f"/studies/nothing{page}").status_code == 404


def test_the_protocol_is_sent_as_it_is(experimenter: FlaskClient, app: Flask, opened: str) -> None:
    sent = experimenter.get("/studies/which/protocol.toml").text
    with app.app_context():
        study = find_study(opened)
        assert parse_protocol(study_form.read_toml(sent), "test") == study.terms
        assert study.protocol_sha256 in experimenter.get("/studies/which").text


def test_the_bundle_is_sent(
    experimenter: FlaskClient, opened: str, run: Callable[..., str], tmp_path: Path
) -> None:
    sent = experimenter.get("/studies/which/bundle.zip")
    assert sent.mimetype == "application/zip"
    run("export", opened, "-o", tmp_path / "which.zip")
    assert sent.data == (tmp_path / "which.zip").read_bytes()


def test_a_template_is_written_once(
    run: Callable[..., str], runner: FlaskCliRunner, tmp_path: Path
) -> None:
    assert run("template") == template()
    path = tmp_path / "mine.toml"
    run("template", "-o", path, "--ready", "cbmi2024-four")
    assert path.read_text() == ready_protocols()["cbmi2024-four"].read_text()
    refused = runner.invoke(args=["studies", "template", "-o", str(path)])
    assert refused.exit_code == 1
    assert "stays as it is" in refused.output


def test_a_bad_file_is_refused_in_a_sentence(
    runner: FlaskCliRunner, path: Path, app: Flask
) -> None:
    path.write_text(PROTOCOL.replace("depth = 3", "dept = 3"))
    refused = runner.invoke(args=["studies", "check", str(path)])
    assert refused.exit_code == 1
    assert "dept is no known key; did you mean depth?" in refused.output
