"""The experimenter's pages and commands of studies: design, plan, open, watch, invite, close."""

import html
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from evaluation.protocol.reading import parse_protocol, ready_protocols, template
from tests.support.pages.manage_pages import (
    Writing,
    form,
    given,
    posted_fields,
    studies_stored,
)
from tests.support.studies.judged import PROTOCOL, judge
from webapp import logbook
from webapp.core.database import db
from webapp.manage import form as study_form
from webapp.manage import unfinished
from webapp.rating import people
from webapp.study import preview
from webapp.study.lifecycle import find_study


def test_the_form_writes_the_protocol_that_the_file_has(
    experimenter: FlaskClient, app: Flask, path: Path
) -> None:
    fields = form(raters_per_query="2", **{"controls.repeat_minutes": "0", "joining.open": "yes"})
    written = Writing(experimenter)
    written.post("compare", "to:review", fields)
    answer = written.post("review", "create")
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


def test_a_step_changes_what_it_has_and_nothing_else() -> None:
    """Of a protocol with keys that no field has, each field alone is posted as it is shown."""
    base = {"slug": "x", **study_form.read_toml(RICH)}
    wanted = parse_protocol(base, "test")
    posted = posted_fields(study_form.fields(base))
    together = {"way", "count", "clips", "scale.preset", "systems", "systems-of", "shown"}
    for name in {name for name, _ in posted} - together:
        alone = [(key, value) for key, value in posted if key == name or value == name]
        assert parse_protocol(study_form.changed(base, MultiDict(alone)), "test") == wanted, name


def test_a_form_of_another_method_drops_what_lists_have_no_use_for() -> None:
    graded = {"slug": "x", **study_form.read_toml(RICH)}
    posted = MultiDict(posted_fields(study_form.fields(graded) | {"method": "preference"}))
    posted["analysis.primary_measure"] = ""
    table = study_form.changed(graded, posted)
    assert parse_protocol(table, "test").method == "preference"
    assert "scale" not in table
    assert table["questionnaire"] == graded["questionnaire"]


def test_a_question_is_dropped_where_the_scale_has_its_own() -> None:
    posted = MultiDict(form(**{"scale.preset": "facets", "scale.question": "Really?"}))
    table = study_form.changed({}, posted)
    assert table["scale"] == {"facets": ["semantic", "acoustic"]}


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
        # the sound check has some of its own: a tone, tones for headphones, and beeps
        checked = 1 + len(json.loads(study.trials)) + len(json.loads(study.beeps))
        assert len(sounds) - checked == before.sounds
        for rater in people.invite(study, before.plan.raters):
            judge(rater, 100)
        assert given() == before.plan.judgements


def test_steps_and_toml_show_the_same(experimenter: FlaskClient, path: Path) -> None:
    written = Writing(experimenter)
    written.post("compare", "to:toml", form(raters_per_query="2"))
    toml = shown_toml(written)
    assert study_form.read_toml(toml)["raters_per_query"] == 2
    assert study_form.read_toml(toml)["controls"]["repeats"] == 2  # every key is there
    written.post("toml", "to:review", {"toml": toml})
    assert "repeats" not in study_form.read_toml(stored_toml(written))  # as it was only shown
    toml = toml.replace("raters_per_query = 2", "raters_per_query = 5")
    written.post("toml", "to:raters", {"toml": toml})
    assert 'name="raters_per_query" inputmode="decimal" value="5"' in written.page("raters")
    assert re.search(r'value="good.l2.mcss" checked', written.page("compare"))
    assert ">hum-0\nhiss-1\nbeep-2</textarea>" in written.page("ask")


def shown_toml(written: Writing) -> str:
    """Return what the page of the TOML shows."""
    found = re.search(r'name="toml"[^>]*>(.*?)</textarea>', written.page("toml"), re.DOTALL)
    return html.unescape(found[1])


def stored_toml(written: Writing) -> str:
    """Return what is stored."""
    with written.client.application.app_context():
        return unfinished.stored(written.base.rpartition("/")[2]).toml


def test_what_cannot_be_read_stays_as_toml(experimenter: FlaskClient) -> None:
    written = Writing(experimenter)
    written.post("toml", "to:review", {"toml": "[[["})
    answer = experimenter.get(written.address("review"))
    assert answer.headers["Location"].endswith("/toml")
    assert "[[[</textarea>" in written.page("toml")
    (problem,) = written.problems("toml")
    assert "not valid TOML" in problem
    written.post("compare", "next", {"title": "x"})  # of a page that was open beside it
    assert "[[[</textarea>" in written.page("toml")
    assert "not valid TOML" in written.plan()["html"]


@pytest.mark.parametrize("start", ["template", "cbmi2024-four"])
def test_a_study_begins_from_what_is_there(experimenter: FlaskClient, start: str) -> None:
    written = Writing(experimenter, f"/studies/new?start={start}")
    page = written.page("toml" if start == "template" else "compare")
    assert "Which sounds are like this one?" in page
    assert experimenter.get("/studies/new?start=nothing").status_code == 404
    assert experimenter.get("/studies/new/short/compare").status_code == 404
    assert experimenter.get(f"{written.base}/elsewhere").status_code == 404


def test_a_draft_is_changed_in_place(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str]
) -> None:
    path.write_text(PROTOCOL + OWN_SCALE)
    run("create", path)
    written = Writing(experimenter, "/studies/new?edit=which")
    assert "Change the draft which" in written.page("compare")
    written.post("compare", "next", {"depth": "2"})
    again = Writing(experimenter, "/studies/new?edit=which")
    assert again.base == written.base  # it goes on where it was left
    answer = again.post("review", "create")
    assert answer.headers["Location"] == "/studies/which"
    with app.app_context():
        terms = find_study("which").terms
        assert terms.depth == 2
        assert terms.scale.facets[0].question == "How bright?"  # the steps have no field for it
        assert unfinished.everything() == []
    run("open", "which")
    assert experimenter.get("/studies/new?edit=which").status_code == 404


OWN_SCALE = """
[[scale.facets]]
name = "brightness"
question = "How bright?"
anchors = [[0, "dark"], [10, "bright"]]
"""


def test_a_draft_that_gets_another_name_is_not_there_twice(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str]
) -> None:
    run("create", path)
    rehearsed = Path(app.config["DATA"]) / "rehearsals" / "which"
    rehearsed.mkdir(parents=True)
    written = Writing(experimenter, "/studies/new?edit=which")
    written.post("compare", "to:review", {"slug": "other"})
    assert written.post("review", "create").headers["Location"] == "/studies/other"
    assert studies_stored(app) == 1
    assert not rehearsed.exists()
    with app.app_context():
        acts = [(one.what, one.study, one.note) for one in logbook.entries()]
        assert acts[:2] == [("changed", "other", ""), ("renamed", "other", "which")]


def test_two_tabs_of_one_study_lose_nothing(
    experimenter: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Writing(experimenter)
    first.post("compare", "save", {"title": "One"})
    changed, others = study_form.changed, [{"sitting": "7"}]

    def meanwhile(*given: object) -> dict[str, object]:
        if others:  # the other tab is quicker
            with ThreadPoolExecutor(1) as thread:
                thread.submit(first.post, "raters", "save", others.pop()).result()
        return changed(*given)

    monkeypatch.setattr(study_form, "changed", meanwhile)
    first.post("compare", "save", {"depth": "9"})
    with app.app_context():
        (written,) = unfinished.everything()
        table = study_form.read_toml(written.toml)
    assert (table["title"], table["depth"], table["sitting"]) == ("One", 9, 7)


@pytest.mark.parametrize("state", ["draft", "open", "closed"])
def test_every_study_is_duplicated(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str], state: str
) -> None:
    path.write_text(PROTOCOL + OWN_SCALE)
    run("create", path)
    if state != "draft":
        run("open", "which")
    if state == "closed":
        run("close", "which")
    listed = experimenter.get("/studies").text
    assert 'href="/studies/new?start=which">Duplicate' in listed
    written = Writing(experimenter, "/studies/new?start=which")
    assert 'name="slug" type="text" value="which-2"' in written.page("compare")
    assert written.post("review", "create").headers["Location"] == "/studies/which-2"
    with app.app_context():
        one, other = find_study("which"), find_study("which-2")
        assert other.terms == replace(one.terms, slug="which-2")
        assert (one.state, other.state) == (state, "draft")


def test_a_duplicate_of_an_older_protocol_means_what_that_meant(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str]
) -> None:
    run("create", path)
    with app.app_context():
        study = find_study("which")
        table = json.loads(study.protocol)
        del table["analysis"]["raters"], table["screening"]["heard"]
        table["analysis"]["comparisons"] = []
        study.protocol = json.dumps(table)
        db.session.commit()
    Writing(experimenter, "/studies/new?start=which").post("review", "create")
    with app.app_context():
        terms = find_study("which-2").terms
        assert (terms.analysis.raters, terms.analysis.comparisons) == ("all", "none")
        assert terms.screening.heard == 0


def test_a_draft_whose_system_is_gone_says_so(
    experimenter: FlaskClient, path: Path, run: Callable[..., str], data: Path
) -> None:
    run("create", path)
    ranking = data / "collections" / "small" / "rankings" / "good.l2.mcss"
    ranking.rename(ranking.with_name("elsewhere"))
    page = experimenter.get("/studies/which").text
    assert "good.l2.mcss" in page
    assert ">Open</button>" not in page
