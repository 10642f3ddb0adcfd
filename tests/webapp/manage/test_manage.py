"""The experimenter's pages and commands of studies: design, plan, open, watch, invite, close."""

import csv
import fcntl
import io
import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from werkzeug.datastructures import MultiDict

from embeddings.collection.clips import open_collection
from embeddings.systems.store import Ranking
from evaluation.protocol.reading import parse_protocol, ready_protocols, template
from tests.support.small import rank
from tests.support.studies.judged import PROTOCOL, answer, judge
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.core.database import db, now
from webapp.demo import demo
from webapp.manage import form as study_form
from webapp.manage import study_progress
from webapp.models import Assignment, Flag, Judgement, Listen, Query, Slot, Study
from webapp.rating import assigning, people
from webapp.study import preview, rater_lines
from webapp.study.lifecycle import create_study, find_study

SYSTEMS = ["good.l2.mcss", "random.l2.mcss"]
FIELDS: dict[str, object] = {
    "title": "Which one is it?", "slug": "which", "collection": "small", "method": "graded",
    "systems-small": SYSTEMS, "way": "clips", "clips": "hum-0\nhiss-1\nbeep-2", "depth": "3",
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path, ranked: list[Ranking]) -> Path:
    """A protocol's file, and the systems that it names."""
    (tmp_path / "which.toml").write_text(PROTOCOL)
    return tmp_path / "which.toml"


@pytest.fixture
def run(runner: FlaskCliRunner) -> Callable[..., str]:
    """Runs a command of `flask studies` that must work; returns what it prints."""

    def invoke(*arguments: object) -> str:
        done = runner.invoke(args=["studies", *map(str, arguments)])
        assert done.exit_code == 0, done.output
        return done.output

    return invoke


@pytest.fixture(scope="module")
def with_study(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an open study of three invited raters, to be copied and not changed."""
    folder = tmp_path_factory.mktemp("opened")
    shutil.copytree(imported, folder / "data")
    rank(open_collection(folder / "data", "small"))
    (folder / "which.toml").write_text(PROTOCOL)
    app = create_app({"TESTING": True, "DATA": folder / "data"})
    for command in (["create", str(folder / "which.toml")], ["open", "which"],
                    ["invite", "which", "-n", "3"]):  # fmt: skip
        done = app.test_cli_runner().invoke(args=["studies", *command])
        assert done.exit_code == 0, done.output
    with app.app_context():
        db.engine.dispose()
    return folder / "data"


@pytest.fixture
def data(request: pytest.FixtureRequest, imported: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own: with the open study, where the test asks for it."""
    opened = "opened" in request.fixturenames
    source = request.getfixturevalue("with_study") if opened else imported
    shutil.copytree(source, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def opened(data: Path) -> str:
    """The slug of an open study with three invited raters."""
    return "which"


def token(client: FlaskClient) -> str:
    """Return the CSRF token of the experimenter's pages."""
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text).group(1)


def post(client: FlaskClient, address: str, fields: dict[str, object] | None = None):
    """Post a form."""
    return client.post(address, data={"csrf_token": token(client), **(fields or {})})


def posted_fields(shown: dict[str, object]) -> list[tuple[str, str]]:
    """Return what a browser posts of a form's fields as they are shown."""
    posted = [(f"systems-{shown['collection']}", one) for one in shown["systems"]]
    for name, value in shown.items():
        if isinstance(value, bool):
            posted += [(name, "yes")] if value else []
        elif name != "systems":
            posted.append((name, str(value)))
    return posted


def form(**change: object) -> dict[str, object]:
    """Return what the form posts where nothing but `FIELDS` and `change` is filled in."""
    usual = dict(posted_fields(study_form.fields({})))
    return {"mode": "form", "action": "check", "toml": "", **usual, **FIELDS, **change}


def studies_stored(app: Flask) -> int:
    """Return how many studies there are."""
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count(Study.id)))


def given() -> int:
    """Return how many judgements are stored, without those of the practice."""
    return db.session.scalar(
        sa.select(sa.func.count(Judgement.id))
        .join(Judgement.slot)
        .join(Slot.assignment)
        .join(Assignment.query)
        .where(Query.practice.is_(False))
    )


# the form and the planner


def test_the_form_writes_the_protocol_that_the_file_has(
    experimenter: FlaskClient, app: Flask, path: Path
) -> None:
    fields = form(
        action="create", raters_per_query="2",
        **{"controls.repeat_minutes": "0", "joining.open": "yes"},
    )  # fmt: skip
    answer = post(experimenter, "/studies/new", fields)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/studies/which"
    with app.app_context():
        study = find_study("which")
        table = study_form.read_toml(PROTOCOL)
        assert study.terms == parse_protocol({"slug": "which", **table}, "test")
        assert study.state == "draft"


@pytest.mark.parametrize("name", ["template", "cbmi2024-four", "cbmi2024-three", "rich"])
def test_the_form_keeps_every_protocol(name: str) -> None:
    """Shown in the fields and read from them, by way of the full TOML too, it is the same."""
    texts = {"template": template(), "rich": RICH}
    text = texts.get(name) or ready_protocols()[name].read_text(encoding="utf-8")
    table = {"slug": "x", **study_form.read_toml(text)}
    wanted = parse_protocol(table, "test")
    for base in (table, study_form.read_toml(study_form.full_toml(table))):
        posted = MultiDict(posted_fields(study_form.fields(base)))
        assert parse_protocol(study_form.changed(base, posted), "test") == wanted


RICH = """
title = "All that the form has no field for"
collection = "small"
systems = ["b", "a", "c"]
depth = 7
ends = 2030-01-02
consent = "Yes?"
[queries]
per_class = 2
leave_out = ["Hum"]
[[scale.facets]]
name = "brightness"
question = "How bright?"
anchors = [[0, "dark"], [10, "bright"]]
[[questionnaire.before]]
id = "age"
text = "How old are you?"
kind = "number"
[analysis]
primary_measure = "ndcg"
comparisons = [["a", "b"]]
"""


def test_the_form_writes_no_more_than_was_chosen() -> None:
    """What stays at its default is left out, so that a default may depend on the method."""
    posted = MultiDict(posted_fields(study_form.fields({}) | {"title": "T", "depth": "7"}))
    written = study_form.plain_toml(study_form.changed({}, posted))
    assert written == 'title = "T"\ndepth = 7\nsystems = []\n\n[queries]\nper_family = 2\n'


def test_a_form_of_another_method_drops_what_lists_have_no_use_for() -> None:
    graded = {"slug": "x", **study_form.read_toml(RICH)}
    posted = MultiDict(posted_fields(study_form.fields(graded) | {"method": "preference"}))
    posted["analysis.primary_measure"] = ""
    table = study_form.changed(graded, posted)
    assert parse_protocol(table, "test").method == "preference"
    assert "scale" not in table
    assert table["questionnaire"] == graded["questionnaire"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"depth": "0"}, "depth must be from 1 to 150, not 0."),
        ({"depth": "many"}, "depth must be a whole number, not &#39;many&#39;."),
        ({"title": ""}, "title is missing."),
        ({"systems-small": SYSTEMS[:1]}, "systems must name 2 to 14 systems, not 1."),
        ({"clips": ""}, "queries must have exactly one of clips"),
        ({"clips": "hum-99"}, "hum-99"),
        ({"slug": "new"}, "is kept for the form that makes one; choose another slug."),
        ({"slug": demo.SLUG}, "is kept for the demo; choose another slug."),
        ({"slug": "taken"}, "slug must be another one: there is a study &#39;taken&#39; already."),
        ({"collection": "gone", "systems-gone": SYSTEMS}, "gone"),
        ({"ends": "tomorrow"}, "ends must be a date as YYYY-MM-DD, not &#39;tomorrow&#39;."),
        ({"scale.preset": "facets", "scale.question": "Really?"}, "scale.question must be left"),
        ({"listening.must_listen": "inf"}, "must_listen must be a number from 0 to 1"),
        ({"controls.distractors": "9"}, "controls.distractors asks for 9."),
        ({"mode": "toml", "toml": "title = "}, "not valid TOML"),
        ({"mode": "toml", "toml": "titel = 'x'\nslug = 'y'"}, "title is missing; is titel meant?"),
    ],
)
@pytest.mark.parametrize("action", ["check", "create"])
def test_a_bad_form_gets_its_sentence_and_nothing_is_stored(
    experimenter: FlaskClient, app: Flask, path: Path, change: dict, sentence: str, action: str
) -> None:
    if "controls.distractors" in change and action == "create":
        pytest.skip("controls are drawn when a study is checked, and when it opens")
    with app.app_context():
        taken = {"slug": "taken", **study_form.read_toml(PROTOCOL)}
        before = create_study(parse_protocol(taken, "test")).protocol_sha256
    answer = post(experimenter, "/studies/new", form(action=action, **change))
    assert answer.status_code == 400
    alerts = re.findall(r'role="alert">([^<]*)<', answer.text)
    assert len(alerts) == 1
    assert sentence in alerts[0]
    for key, value in change.items():  # what was typed stays
        if isinstance(value, str) and key not in ("collection", "mode", "scale.preset"):
            assert value.replace("'", "&#39;") in answer.text, key
    assert studies_stored(app) == 1
    with app.app_context():
        assert find_study("taken").protocol_sha256 == before


def test_a_check_shows_the_plan_and_stores_nothing(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str]
) -> None:
    answer = post(
        experimenter, "/studies/new", form(raters_per_query="2", **{"controls.repeat_minutes": "0"})
    )
    assert answer.status_code == 200
    assert "This is a good protocol" in answer.text
    assert studies_stored(app) == 0
    printed = run("check", path)
    assert "Nothing is stored." in printed
    assert studies_stored(app) == 0
    with app.app_context():
        found = preview.preview(parse_protocol({"slug": "w", **study_form.read_toml(PROTOCOL)}, ""))
        assert f"<dd>{found.plan.judgements}</dd>" in answer.text
        assert f"judgements   {found.plan.judgements} in all" in printed


def test_the_plan_is_what_opening_makes(
    app: Flask, path: Path, run: Callable[..., str], data: Path
) -> None:
    """Pools, judgements and sounds: computed before, and counted after."""
    with app.app_context():
        terms = parse_protocol({"slug": "which", **study_form.read_toml(PROTOCOL)}, "test")
        before = preview.preview(terms)
    run("create", path)
    run("open", "which")
    with app.app_context():
        study = find_study("which")
        after = preview.opened(study)
        assert after.plan == before.plan
        assert after.pools == before.pools
        for query, size in zip(study.queries, before.pools, strict=True):
            assert sum(one.kind == "result" for one in query.candidates) == size
        sounds = list((data / "studies" / "which" / "sounds").iterdir())
        checked = 1 + len(json.loads(study.trials))  # the sound check has some of its own
        assert len(sounds) - checked == before.sounds
        for rater in people.invite(study, before.plan.raters):
            judge(rater, 100)
        assert given() == before.plan.judgements


def test_form_and_toml_show_the_same(experimenter: FlaskClient, path: Path) -> None:
    asked = form(action="toml", raters_per_query="2")
    shown = post(experimenter, "/studies/new", asked).text
    toml = re.search(r'name="toml"[^>]*>(.*?)</textarea>', shown, re.DOTALL).group(1)
    toml = toml.replace("&#34;", '"').replace("&#39;", "'")
    assert study_form.read_toml(toml)["raters_per_query"] == 2
    assert study_form.read_toml(toml)["controls"]["repeats"] == 2  # every key is there
    toml = toml.replace("raters_per_query = 2", "raters_per_query = 5")
    back = post(experimenter, "/studies/new", {"mode": "toml", "action": "form", "toml": toml}).text
    assert 'name="raters_per_query" inputmode="decimal" value="5"' in back
    assert re.search(r'value="good.l2.mcss" checked', back)
    assert ">hum-0\nhiss-1\nbeep-2</textarea>" in back


def test_what_cannot_be_read_stays_as_toml(experimenter: FlaskClient) -> None:
    answer = post(experimenter, "/studies/new", {"mode": "toml", "action": "form", "toml": "[[["})
    assert answer.status_code == 400
    assert "[[[</textarea>" in answer.text


@pytest.mark.parametrize("start", ["template", "cbmi2024-four"])
def test_a_study_begins_from_what_is_there(experimenter: FlaskClient, start: str) -> None:
    page = experimenter.get("/studies/new", query_string={"start": start}).text
    assert "Which sounds are like this one?" in page


def test_a_draft_is_changed_in_place(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str]
) -> None:
    run("create", path)
    page = experimenter.get("/studies/new?edit=which").text
    assert 'name="edited" value="which"' in page
    fields = form(action="create", edited="which", depth="2")
    assert post(experimenter, "/studies/new", fields).status_code == 302
    with app.app_context():
        assert find_study("which").terms.depth == 2
    run("open", "which")
    assert experimenter.get("/studies/new?edit=which").status_code == 404
    assert post(experimenter, "/studies/new", fields).status_code == 400
    version = experimenter.get("/studies/new?start=which").text
    assert 'name="slug" type="text" value="which-2"' in version


def test_a_draft_whose_system_is_gone_says_so(
    experimenter: FlaskClient, path: Path, run: Callable[..., str], data: Path
) -> None:
    run("create", path)
    ranking = data / "collections" / "small" / "rankings" / "good.l2.mcss"
    ranking.rename(ranking.with_name("elsewhere"))
    page = experimenter.get("/studies/which").text
    assert "good.l2.mcss" in page
    assert ">Open</button>" not in page


# opening


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
    fields = form(action="create", edited="which")
    post(experimenter, "/studies/new", fields)  # another draft has no past
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


# how far it is


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


# raters


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


# the end


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
