"""The page of a study's results: what it shows and sends, to whom, and what waits."""

import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evaluation.analysis.graded import Analysis
from evaluation.figures.figure import Figure
from evaluation.figures.shown import Table
from evaluation.records.frames import read_study
from tests.support.browser.cells import cells
from tests.support.chosen import chosen
from tests.support.studies.hostile_studies import HOSTILE
from tests.support.studies.lab import SLUGS, Lab, run
from webapp.models import Study
from webapp.results.asked import Asked, read_asked
from webapp.results.cache import forget
from webapp.study import lifecycle

GRADED = "a-graded-study-2"
CHAPTERS = ("/systems", "/differences", "/agreement", "/labels", "/groups", "/raters", "/rated",
            "/method")  # fmt: skip


Get = Callable[..., TestResponse]


@pytest.fixture
def get(client: FlaskClient) -> Get:
    """Ask for a part of the results."""

    def get(slug: str, what: str = "", **asked: str) -> TestResponse:
        return client.get(f"/studies/{slug}/results{what}", query_string=asked)

    return get


def plain(page: str) -> str:
    """Return the words of a page as they are read."""
    return unescape(re.sub("<[^>]+>", "", page))


def asked(lab: Lab, slug: str, **words: str) -> Asked:
    """Return what an address asks for; call it inside the app's context."""
    return read_asked(lifecycle.find_study(slug), words)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_section_is_on_the_page_with_all_its_parts(lab: Lab, get: Get, slug: str) -> None:
    with lab.app.app_context():
        found = asked(lab, slug, look="yes")
        sections, chapters = {one.name: one for one in found.sections()}, found.chapters
    assert len(sections) >= 3
    shown = []
    for chapter in chapters:
        page = get(slug, f"/{chapter.name}".rstrip("/"), look="yes")
        assert page.status_code == 200
        assert "style-src-attr" in page.headers["Content-Security-Policy"]
        assert page.text.count("aria-current=page") == 1
        ways = [f"/results/{one.name}".rstrip("/") for one in chapters]
        assert all(re.search(rf'href="[^"]+{way}[?"]', page.text) for way in ways)
        shown += [name for name in chapter.sections if name in sections]
        for section in (sections[name] for name in chapter.sections if name in sections):
            assert f'<h2 id="{section.name}"' in page.text
            for part in section.parts:
                place = "figure" if isinstance(part, Figure) else "table"
                assert f'id="{place}-{part.name}"' in page.text, part.name
    assert sorted(shown) == sorted(sections)
    assert get(slug, "/nothing").status_code == 404


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_opens_with_an_answer_and_folds_all_but_a_figure_and_a_table(
    lab: Lab, get: Get, slug: str
) -> None:
    with lab.app.app_context():
        found = asked(lab, slug, look="yes")
        chapters = [(one, found.answer(one), found.named(one.sections)) for one in found.chapters]
    for chapter, answer, sections in chapters:
        page = get(slug, f"/{chapter.name}".rstrip("/"), look="yes").text
        if chapter.question:
            assert answer
            assert answer in plain(page)
        parts = [(one, part) for one in sections for part in one.parts]
        opened = [part for one, part in parts if one.leads(part)]
        assert page.count('<details class="folded">') == len(parts) - len(opened)
        assert len(opened) <= 2 * len(sections)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_csv_has_the_numbers_of_its_part(lab: Lab, get: Get, slug: str) -> None:
    with lab.app.app_context():
        parts = [part for one in asked(lab, slug, look="yes").sections() for part in one.parts]
    for kind in (Figure, Table):
        for part in (one for one in parts if isinstance(one, kind)):
            place = "figures" if kind is Figure else "tables"
            sent = get(slug, f"/{place}/{part.name}.csv", look="yes")
            assert sent.mimetype == "text/csv"
            assert sent.text == part.csv()
            file = f"figure-{part.name}" if kind is Figure else part.name
            assert f"{slug}-{file}.csv" in sent.headers["Content-Disposition"]
    assert get(slug, "/tables/nothing.csv").status_code == 404


def test_the_page_shows_what_the_bundle_says(lab: Lab, get: Get) -> None:
    """The same numbers by another way: the bundle, read and analysed without the app."""
    own = Analysis(read_study(lab.bundles[GRADED]))
    with lab.app.app_context():
        shown = next(
            part for one in asked(lab, GRADED).sections() for part in one.parts
            if isinstance(part, Table) and part.name == "mean-grades"
        )  # fmt: skip
    text = get(GRADED, "/systems").text
    rows = sorted(row[1] for row in cells(shown))
    told = [one.estimate for one in own.mean_grades.systems]
    assert rows == sorted(f"{one.value:.1f} [{one.low:.1f}, {one.high:.1f}]" for one in told)
    assert all(f">{row}<" in text for row in rows)
    sent = list(csv.DictReader(io.StringIO(get(GRADED, "/judgements.csv").text)))
    assert len(sent) == len(own.tidy)
    assert {row["use"] for row in sent} == set(own.tidy["use"])


def test_facets_and_screening_are_switched(lab: Lab, get: Get) -> None:
    usual = get(GRADED, "/systems").text
    acoustic = get(GRADED, "/systems", facet="acoustic").text
    assert "aria-current=true>semantic</a>" in usual.replace('"', "")
    assert "aria-current=true>acoustic</a>" in acoustic.replace('"', "")
    assert "results/systems?facet=acoustic" in usual
    assert "tables/mean-grades.csv?facet=acoustic" in acoustic
    assert get(GRADED, facet="loudness").status_code == 400
    said = "raters must be &#39;passed&#39;, &#39;all&#39; or nothing"
    assert said in get(GRADED, raters="some").text
    assert "asked for semantic, acoustic, not for" in get(GRADED, facet="loudness").text


@pytest.mark.parametrize("slug", SLUGS)
def test_for_whom_intervals_speak_is_switched(lab: Lab, get: Get, slug: str) -> None:
    usual, these = get(slug, "/systems"), get(slug, "/systems", speaks="these")
    assert (usual.status_code, these.status_code) == (200, 200)
    with lab.app.app_context():
        enough = asked(lab, slug).results.enough_raters
        assert asked(lab, slug, speaks="these").results.alone
    said = "speak for these raters alone: they do not allow for what other raters would say"
    assert said not in plain(usual.text)
    assert (said in plain(these.text)) == ("preference" not in slug)
    assert ("Intervals speak for" in usual.text) == enough
    files = get(slug, "/method", speaks="these").text
    assert "speaks=these" in files.partition("Downloads</h2>")[2]
    about = json.loads(get(slug, ".json", speaks="these").text)["about"]
    assert about["Shown"].endswith("intervals for these raters alone")
    sent = get(slug, ".json", speaks="these").headers["Content-Disposition"]
    assert f"{slug}-these-raters-results.json" in sent
    assert "speaks must be &#39;these&#39; or nothing" in get(slug, speaks="all").text


def test_tests_of_a_running_study_wait_until_they_are_asked_for(lab: Lab, get: Get) -> None:
    waiting, looked = (get(GRADED, "/differences", **ask).text for ask in ({}, {"look": "yes"}))
    assert "Tests wait until the study is closed" in waiting
    assert "results/differences?look=yes" in waiting
    assert 'id="table-pairs"' not in waiting
    assert get(GRADED, "/tables/pairs.csv").status_code == 404
    assert "You are looking at tests of a study that still runs" in looked
    assert 'id="table-pairs"' in looked
    assert get(GRADED, "/tables/pairs.csv", look="yes").status_code == 200
    assert "look=yes" in get(GRADED, "/method", look="yes").text.partition("Downloads</h2>")[2]
    closed = get("a-graded-study", "/differences").text
    assert 'id="table-pairs"' in closed
    assert "Tests wait" not in closed


def test_what_is_sent_as_json_and_as_one_file(lab: Lab, get: Get) -> None:
    told = json.loads(get(GRADED, ".json").text)
    assert told["about"]["Seed"] == "1"
    assert told["about"]["Study"] == f"{GRADED} (open)"
    assert len(told["about"]["Protocol (SHA-256)"]) == 64
    means = next(part for one in told["sections"] for part in one["parts"]
                 if (part["kind"], part["name"]) == ("table", "mean-grades"))  # fmt: skip
    assert means["rows"][0]["definition"] == "mean_grade@6/judged-only"
    report = get(GRADED, "/report.html")
    assert report.text.count("<section") == 1 + len(told["sections"]) + 2
    assert "http://" not in report.text.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("slug", SLUGS)
def test_what_was_found_stands_first_on_the_page_in_the_report_and_in_json(
    lab: Lab, get: Get, slug: str
) -> None:
    with lab.app.app_context():
        said = asked(lab, slug).summary()
    wanted = "The study is still open" if slug != "a-graded-study" else "judged 3 queries"
    assert wanted in said
    assert json.loads(get(slug, ".json").text)["summary"] == said
    for what in ("", "/report.html"):
        before, short, after = get(slug, what).text.partition("In short:</strong>")
        assert short
        assert plain(after.partition("</p>")[0]).strip() == said
        assert "<h2" not in before


def test_disagreements_go_out_as_graded_qrels(lab: Lab, get: Get) -> None:
    lines = get(GRADED, "/disagreements.qrels").text.splitlines()
    with lab.app.app_context():
        found = asked(lab, GRADED).results
        assert isinstance(found, Analysis)
        wrong = found.disagreements
    assert len(lines) == len(wrong)
    assert {tuple(line.split()[::2]) for line in lines} == {(one.query, one.clip) for one in wrong}
    every = get(GRADED, "/ears.qrels").text.splitlines()
    assert len(every) == int((~np.isnan(found.ratings.mean)).sum()) > len(lines)
    assert set(lines) <= set(every)
    assert get("a-preference-study", "/ears.qrels").status_code == 404
    assert get("a-rating-study", "/judgements.csv").status_code == 404


def test_no_draft_and_no_study_has_results(lab: Lab, get: Get) -> None:
    assert get("nothing").status_code == 404
    with lab.app.app_context():
        study = lifecycle.find_study(GRADED)
        study.state = "draft"
        with pytest.raises(Exception, match="is a draft; it has results once it is open"):
            read_asked(study, {})
        study.state = "open"


def test_strangers_get_nothing(lab: Lab) -> None:
    for what in ("", "/tables/mean-grades.csv", ".json", "/report.html", "/ears.qrels"):
        assert lab.app.test_client().get(f"/studies/{GRADED}/results{what}").status_code == 401


def test_a_report_is_written_once_and_is_the_same(lab: Lab, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(lab.app, "report", GRADED, "--facet", "acoustic", "--look")
    assert done.exit_code == 0, done.output
    path = tmp_path / f"{GRADED}-report.html"
    first = path.read_bytes()
    assert f"Wrote {path.name}" in done.output
    again = run(lab.app, "report", GRADED)
    assert "is there already, and stays as it is; --force replaces it." in again.output
    done = run(lab.app, "report", GRADED, "--facet", "acoustic", "--look", "--force")
    assert (done.exit_code, path.read_bytes()) == (0, first)
    done = run(lab.app, "report", GRADED, "--these-raters", "-o", "these.html")
    assert done.exit_code == 0, done.output
    assert "intervals for these raters alone" in (tmp_path / "these.html").read_text()
    both = run(lab.app, "report", GRADED, "-o", "x.html", "--paper", "x")
    assert "not both" in both.output
    assert "asked for semantic, acoustic" in run(lab.app, "report", GRADED, "--facet", "x").output


@pytest.mark.parametrize("case", chosen(HOSTILE, "nothing judged", "nobody passed", "two facets"))
def test_hostile_studies_have_a_page_and_files(
    get: Get, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    told = HOSTILE[case]()
    made: dict[tuple[bool, bool], Analysis] = {}

    def analysis_of(study: Study, facet: str, *, screened: bool, alone: bool) -> Analysis:
        if (screened, alone) not in made:
            made[screened, alone] = Analysis(told, screened=screened, alone=alone)
        return made[screened, alone]

    monkeypatch.setattr("webapp.results.asked.analysis_of", analysis_of)
    for words in ({"look": "yes", "raters": "all"}, {"look": "yes", "raters": "passed"}):
        forget()
        for chapter in ("", *(CHAPTERS if words["raters"] == "all" else ())):
            page = get(GRADED, chapter, **words)
            assert page.status_code == 200
            assert not re.search(r">\s*(nan|None)\b", page.text)
        for what in (
            "/judgements.csv",
            "/ears.qrels",
            "/disagreements.qrels",
            ".json",
            "/report.html",
        ):
            assert get(GRADED, what, **words).status_code == 200, what
