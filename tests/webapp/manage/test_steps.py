"""The steps in which a study is written: what they say, keep, offer and foresee."""

import re
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from evaluation.protocol.reading import parse_protocol
from tests.support.pages.manage_pages import (
    SYSTEMS,
    Writing,
    form,
    post,
    studies_stored,
)
from tests.support.studies.judged import PROTOCOL
from tests.support.waiting import wait_for
from webapp.demo import demo
from webapp.manage import form as study_form
from webapp.manage import side_plan
from webapp.manage.unfinished import usual_draw
from webapp.study import preview
from webapp.study.lifecycle import create_study, find_study

WRONG: list[tuple[dict[str, object], str]] = [
    ({"depth": "0"}, "Results of each system must be from 1 to 150, not 0."),
    ({"depth": "many"}, "Results of each system must be a whole number, not 'many'."),
    ({"title": ""}, "Title is missing."),
    ({"systems": SYSTEMS[:1]}, "Systems must name 2 to 14 systems, not 1."),
    ({"clips": ""}, "Which sounds are asked about must have exactly one of clips"),
    ({"clips": "hum-99"}, "hum-99"),
    ({"slug": "new"}, "Short name must not be 'new': that is kept for the form"),
    ({"slug": demo.SLUG}, "is kept for the demo."),
    ({"slug": "taken"}, "Short name must be another one: there is a study 'taken' already."),
    ({"collection": "gone"}, "Collection must be one that is here, not 'gone'."),
    ({"systems": [*SYSTEMS, "x.y"]}, "Systems must be ranked in small, which x.y is not."),
    ({"ends": "tomorrow"}, "Last day must be a date as YYYY-MM-DD, not 'tomorrow'."),
    ({"ends": "2020-01-01"}, "or later, not 2020-01-01."),
    ({"listening.must_listen": "inf"}, "Share to be heard must be a number from 0 to 1"),
    ({"controls.distractors": "9"}, "controls.distractors asks for 9."),
]


def test_what_is_wrong_is_said_in_the_fields_own_name(
    experimenter: FlaskClient, app: Flask, path: Path
) -> None:
    with app.app_context():
        taken = {"slug": "taken", **study_form.read_toml(PROTOCOL)}
        before = create_study(parse_protocol(taken, "test")).protocol_sha256
    for change, sentence in WRONG:
        written = Writing(experimenter)
        written.post("compare", "to:review", form(**change))
        (problem,) = written.problems()
        assert sentence in problem
        pages = "".join(written.page(step) for step in ("compare", "ask", "raters"))
        for key, value in change.items():  # what was typed stays
            assert not isinstance(value, str) or value in pages, key
        assert ">Create draft</button>" not in written.page("review")
        if "controls.distractors" not in change:  # controls are drawn when a study opens
            answer = written.post("review", "create")
            assert answer.headers["Location"].endswith("/review")
            assert studies_stored(app) == 1
    with app.app_context():
        assert find_study("taken").protocol_sha256 == before


def test_all_that_is_wrong_is_said_at_once_and_leads_to_its_field(
    experimenter: FlaskClient, path: Path
) -> None:
    written = Writing(experimenter)
    bad = {"title": "", "depth": "0", "clips": "", "sitting": "-1", "joining.redirect": "here"}
    answer = written.post("compare", "next", form(**bad))
    assert answer.headers["Location"].endswith("/compare?check=1")
    page = experimenter.get(answer.headers["Location"]).text
    assert "2 things are wrong" in page  # those of this step
    assert '<a href="#title">Title is missing.</a>' in page
    assert 'aria-describedby="depth-help depth-error" aria-invalid="true"' in page
    assert 'id="depth-error">Results of each system must be from 1 to 150, not 0.</p>' in page
    review = written.page("review")
    assert "5 things are wrong" in review
    for field, step in (("title", "compare"), ("way", "ask"), ("joining.redirect", "raters")):
        assert re.search(rf'href="[^"]*/{step}\?check=1#{re.escape(field)}"', review), field
        assert f'id="{field}"' in written.page(step)


def test_what_was_typed_is_there_again(experimenter: FlaskClient, app: Flask, path: Path) -> None:
    """After a reload, a way back, and for somebody who goes on with it from the list."""
    written = Writing(experimenter)
    assert "Being written" not in experimenter.get("/studies").text
    written.post("compare", "next", {"title": "Half of it", "slug": "a b"})
    for _ in range(2):
        assert 'value="Half of it"' in written.page("compare")
        assert 'value="a b"' in written.page("compare")
    assert written.post("ask", "save", {"way": "clips", "clips": "hum-0"}).json == {"stored": True}
    assert ">hum-0</textarea>" in written.page("ask")
    assert 'value="Half of it"' in written.page("compare")
    listed = experimenter.get("/studies").text
    assert f'<a href="{written.base}/compare">Half of it</a>' in listed
    assert studies_stored(app) == 0
    post(experimenter, f"{written.base}/remove")
    assert "Half of it" not in experimenter.get("/studies").text


def test_whatever_is_typed_can_be_looked_at(experimenter: FlaskClient, path: Path) -> None:
    for toml in (f"depth = 0x{'f' * 5000}", f"a{'.a' * 3000} = 1", "slug = [1]"):
        written = Writing(experimenter)
        assert written.post("toml", "next", {"toml": toml}).status_code == 302
        assert written.post("review", "create").status_code == 302
        assert experimenter.get(written.address("plan")).status_code == 200
    written = Writing(experimenter)
    long = "9" * 4000
    written.post("compare", "next", form(depth=long, questions=long + long))
    assert f"must be a whole number, not '{long[:50]}" in written.problems()[0]


def test_only_what_the_choice_has_a_use_for_is_offered(
    experimenter: FlaskClient, path: Path
) -> None:
    written = Writing(experimenter)
    written.post("compare", "next", form())
    assert 'name="page"' in written.page("ask")
    assert 'name="screening.auc"' in written.page("raters")
    written.post("ask", "next", {"shown": "controls.identity"})
    assert 'name="screening.auc"' not in written.page("raters")
    raters = written.page("raters")
    assert '<option value="ndcg"' in raters
    assert '<option value="fine"' not in raters  # of MIREX's grades alone
    written.post("compare", "next", {"method": "preference"})
    for gone in ('name="page"', 'name="controls.', "must_listen", "scale.preset"):
        assert gone not in written.page("ask"), gone
    assert "screening" not in written.page("raters")
    assert written.problems() == []


def test_another_collection_keeps_the_systems_that_rank_it(
    experimenter: FlaskClient, path: Path
) -> None:
    written = Writing(experimenter)
    written.post("compare", "stay", form())
    written.post("compare", "stay", {"collection": "gone", "systems-of": "small",
                                     "systems": SYSTEMS})  # fmt: skip
    assert "Systems must name 2 to 14 systems, not 0." in written.problems()


def test_the_plan_follows_what_is_typed(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str]
) -> None:
    written = Writing(experimenter)
    written.post("compare", "save", {"title": "T", "systems-of": "small", "systems": SYSTEMS[:1]})
    told = written.plan()
    assert "A plan needs:" in told["html"]
    assert "<li>Systems must name 2 to 14 systems, not 1.</li>" in told["html"]
    assert not told["waits"]
    # neither title nor name matters to it
    written.post("compare", "save", form(title="", slug="", raters_per_query="2",
                                         **{"controls.repeat_minutes": "0"}))  # fmt: skip
    told = written.plan()
    with app.app_context():
        terms = parse_protocol({"slug": "w", **study_form.read_toml(PROTOCOL)}, "")
        found = preview.preview(terms)
    assert f"<dd>{found.plan.judgements}</dd>" in told["html"]
    assert f"judgements   {found.plan.judgements} in all" in run("check", path)
    assert "12 or more are better: a minority with another taste can hide" in told["html"]
    assert "LUFS" in told["html"]
    last = wait_for(lambda: None if (now := written.plan())["waits"] else now)
    assert "Simulated, 500 studies each" in last["html"]
    few, many = re.findall(r"With (\d+) raters</dt><dd>\d+ %<[^>]+>([^<]+)", last["html"])
    assert few[1] == "for these raters alone"
    assert many == ("12", "for raters like them, too")
    assert studies_stored(app) == 0


def test_the_simulated_power_is_that_of_the_command(path: Path, run: Callable[..., str]) -> None:
    terms = parse_protocol({"slug": "w", **study_form.read_toml(PROTOCOL)}, "")
    asked = [(12, 3)], terms.raters_per_query, terms.sitting, 1, 500, 100.0
    (found,) = side_plan.simulate(*asked)
    printed = run("plan", path, "--raters", "12", "--queries", "3")
    assert re.search(rf"^ +3 +12 .* {found.found:.0%} ", printed, re.MULTILINE)


def test_a_study_of_a_collection_begins_with_what_is_there_to_choose(
    experimenter: FlaskClient, path: Path
) -> None:
    page = Writing(experimenter, "/studies/new?collection=small").page("compare")
    assert all(re.search(f'value="{one}" checked', page) for one in SYSTEMS)
    assert experimenter.get("/studies/new?collection=gone").status_code == 404


def test_the_draw_is_by_families_only_where_they_tell(small: Collection) -> None:
    assert usual_draw(small) == {"per_family": 2}
    few: list[dict[str, tuple[str, ...]]] = [{}, {"Things": ("Hum", "Beep", "Machine")}]
    for families in (*few, {"A": ("Hum",), "B": ("Hiss",)}):
        small.families = families
        small.__dict__.pop("family_of", None)  # it is read once
        assert usual_draw(small) == {"per_class": 1}, families


def test_nothing_to_compare_leads_to_what_is_missing(experimenter: FlaskClient, data: Path) -> None:
    page = Writing(experimenter).page("compare")
    assert 'href="/prepare/small"' in page
    (data / "collections").rename(data / "away")
    page = Writing(experimenter).page("compare")
    assert 'href="/collections/new"' in page
    assert "flask rankings" not in page
