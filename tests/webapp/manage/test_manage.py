"""The experimenter's pages and commands of studies: design, plan, open, watch, invite, close."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from evaluation.protocol.reading import parse_protocol, ready_protocols, template
from tests.support.pages.manage_pages import (
    SYSTEMS,
    form,
    given,
    post,
    posted_fields,
    studies_stored,
)
from tests.support.studies.judged import PROTOCOL, judge
from webapp.demo import demo
from webapp.manage import form as study_form
from webapp.rating import people
from webapp.study import preview
from webapp.study.lifecycle import create_study, find_study


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
        assert found.plan.raters < 12
        for said in (answer.text, printed):
            assert "12 or more are better: a minority with another taste can hide" in said


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
