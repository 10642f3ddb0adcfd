"""Whose grades a study's results are of: those whom its protocol calls primary, unless asked."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from evaluation.analysis.graded import Analysis
from evaluation.records.frames import StudyTables, read_study
from tests.support.studies.hostile_studies import HOSTILE
from tests.support.studies.lab import Lab, run
from webapp.models import Study
from webapp.results.cache import forget
from webapp.study import lifecycle
from webapp.study.extending import extend_study

GRADED = "a-graded-study-2"
CURRENT = " aria-current=true"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> StudyTables:
    """A study of a new protocol in which one rater does not pass, in place of the lab's."""
    told = HOSTILE["a new protocol, one who fails"]()
    made: dict[tuple[bool, bool], Analysis] = {}

    def analysis_of(study: Study, facet: str, *, screened: bool, alone: bool) -> Analysis:
        key = screened, alone
        return made.setdefault(key, Analysis(told, screened=screened, alone=alone))

    monkeypatch.setattr("webapp.results.asked.analysis_of", analysis_of)
    return told


def shown(client: FlaskClient, **asked: str) -> dict[str, Any]:
    """Return the results as JSON."""
    answer = client.get(f"/studies/{GRADED}/results.json", query_string={"look": "yes", **asked})
    return json.loads(answer.data)


def pairs(found: dict[str, Any]) -> list[float]:
    """Return the p values of the table of differences."""
    (section,) = [one for one in found["sections"] if one["name"] == "differences"]
    (table,) = [one for one in section["parts"] if (one["kind"], one["name"]) == ("table", "pairs")]
    return [row["p"] for row in table["rows"]]


def test_the_primary_raters_are_shown_and_the_others_are_a_switch_away(
    client: FlaskClient, told: StudyTables
) -> None:
    plain = client.get(f"/studies/{GRADED}/results").text.replace('"', "")
    assert f"{CURRENT}>raters who passed · primary</a>" in plain
    assert f"href=/studies/{GRADED}/results?raters=all>all raters</a>" in plain
    every = client.get(f"/studies/{GRADED}/results?raters=all").text.replace('"', "")
    assert f"{CURRENT}>all raters</a>" in every
    assert f"href=/studies/{GRADED}/results>raters who passed · primary</a>" in every
    for screened, asked in ((True, {}), (True, {"raters": "passed"}), (False, {"raters": "all"})):
        forget()
        of, found = Analysis(told, screened=screened), shown(client, **asked)
        assert pairs(found) == pytest.approx(of.pairs["p"].tolist())
        assert of.whose in found["about"]["Shown"]


def test_a_protocol_that_is_silent_shows_all_raters(
    client: FlaskClient, told: StudyTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = replace(told.protocol.analysis, raters=None)
    monkeypatch.setattr(Study, "terms", property(lambda _: replace(told.protocol, analysis=silent)))
    page = client.get(f"/studies/{GRADED}/results").text.replace('"', "")
    assert f"{CURRENT}>all raters</a>" in page
    assert f"href=/studies/{GRADED}/results?raters=passed>raters who passed</a>" in page
    every = Analysis(told, screened=False)
    assert pairs(shown(client)) == pytest.approx(every.pairs["p"].tolist())


def test_a_study_stores_who_is_primary_and_a_new_version_keeps_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lab.app.app_context():
        first = lifecycle.find_study(GRADED.removesuffix("-2"))
        for study in (first, lifecycle.find_study(GRADED)):
            assert json.loads(study.protocol)["analysis"]["raters"] == "passed"
            assert json.loads(study.protocol)["screening"]["heard"] == 0.2
        old = replace(
            first.terms, analysis=replace(first.terms.analysis, raters=None, comparisons=()),
            screening=replace(first.terms.screening, heard=None),
        )  # fmt: skip
        monkeypatch.setattr(Study, "terms", property(lambda _: old))
        monkeypatch.setattr(
            "webapp.study.extending.create_study", lambda protocol, parent: protocol
        )
        new: Any = extend_study(first, ["another"])
    assert (new.analysis.raters, new.analysis.comparisons, new.screening.heard) == (
        "all",
        "none",
        0,
    )


def test_the_terminal_and_notebooks_follow_the_protocol(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for options, said in (
        ((), "raters who passed the screening rule (primary by the protocol)"),
        (("--screened",), "raters who passed the screening rule (primary by the protocol)"),
        (("--all-raters",), "all raters (not primary by the protocol)"),
    ):
        done = run(lab.app, "report", GRADED, "-o", "a.html", "--force", *options)
        assert f"Shown: semantic, {said}." in done.output, done.output
        assert said in (tmp_path / "a.html").read_text()
    assert run(lab.app, "export", GRADED, "-o", "a.zip").exit_code == 0
    found = Analysis(read_study(Path("a.zip")))
    assert (found.screened, found.primary_raters) == (True, True)
