"""The page of scores where something is missing, new, unknown or hostile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from evaluation.objective.definitions import METRICS
from evaluation.objective.scoring import score_ranking
from tests.support.pages.score_tables import lines
from tests.support.scoreboard import GOOD, RANDOM, edit, import_lists
from webapp.scores.state import PARTS


def _none(small: Collection) -> None:
    for system in (GOOD, RANDOM):
        for file in (small.folder / "rankings" / system).glob("*"):
            file.unlink()


def _none_scored(small: Collection) -> None:
    for system in (GOOD, RANDOM):
        (small.folder / "rankings" / system / "objective.json").unlink()


def _one(small: Collection) -> None:
    (small.folder / "rankings" / RANDOM / "meta.json").unlink()


def _no_families(small: Collection) -> None:
    (small.folder / "families.json").write_text("{}")
    (small.folder / "collection.json").touch()
    for system in (GOOD, RANDOM):
        for convention in ("cbmi2024", "corrected"):
            edit(
                small.folder / "rankings" / system / "objective.json",
                lambda facts, one=convention: facts["conventions"][one].update(families={}),
            )


def _damaged(small: Collection) -> None:
    (small.folder / "rankings" / GOOD / "objective.json").write_text("{")


@pytest.mark.parametrize(
    ("change", "part", "sentence"),
    [
        (
            _none,
            "",
            "No system ranks this collection yet: get it ready.",
        ),
        (_none_scored, "", "not scored yet: flask evaluate small"),
        (_one, "/compare", "There is one scored system; a comparison needs two."),
        (_no_families, "/families", "This collection has no families."),
        (_damaged, "/size", "good.l2.mcss/objective.json, line 1: not valid JSON"),
    ],
)
def test_collections_that_lack_something(
    experimenter: FlaskClient,
    small: Collection,
    ranked: list[Ranking],
    change: Callable[[Collection], None],
    part: str,
    sentence: str,
) -> None:
    assert experimenter.get("/scores/small").status_code == 200
    change(small)
    for one in ("", *(f"/{one}" for one in PARTS)):
        answer = experimenter.get(f"/scores/small{one}")
        assert answer.status_code == 200
        assert one != part or sentence in answer.text
        if one == "/families":
            assert ('id="families-table"' in answer.text) == (change in (_one, _damaged))
    for table in ("systems", "families", "classes"):
        assert experimenter.get(f"/scores/small/tables/{table}.csv").status_code == 200
    status = 200 if change is _no_families else 404
    assert experimenter.get("/scores/small/tables/comparison.csv").status_code == status


def test_new_scores_are_seen_at_once(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    before = experimenter.get("/scores/small").text
    edit(
        small.folder / "rankings" / GOOD / "objective.json",
        lambda facts: facts["conventions"]["corrected"]["macro"].update({"map@15": 0.123}),
    )
    assert "0.123" not in before
    assert ">0.123<" in experimenter.get("/scores/small").text


def test_memory_does_not_grow_without_end(
    experimenter: FlaskClient, app: Flask, ranked: list[Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.scores.views._KEPT", 3)
    for measure in ("map@15", "map@150", "mr1"):
        for convention in ("cbmi2024", "corrected"):
            experimenter.get(f"/scores/small/compare?measure={measure}&convention={convention}")
    assert len(app.extensions["sounding_board_scores"]) <= 3


def test_what_is_not_known_is_said(
    experimenter: FlaskClient, small: Collection, tmp_path: Path
) -> None:
    score_ranking(small, import_lists(small, tmp_path, 15))
    edit(
        small.folder / "rankings" / "theirs" / "objective.json",
        lambda facts: facts["conventions"]["corrected"].update(censored=2, undefined=1),
    )
    page = experimenter.get("/scores/small/systems").text
    own = lines(page, "systems-table")[2]
    assert own[:5] == ["theirs", "imported", "–", "–", "–"]
    shown = dict(zip(METRICS, own[5:], strict=True))
    assert shown["map@150"] == "–"
    assert shown["mr1"].startswith("≥ ")
    for sentence in (
        "Only 15 ranks of this ranking are known", "At least this", "1 pairs undefined",
        "2 pairs censored", "The vectors are not here", "It has no card",
    ):  # fmt: skip
        assert sentence in page


def test_a_measure_that_was_not_there_when_it_was_scored(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    edit(
        small.folder / "rankings" / GOOD / "objective.json",
        lambda facts: facts["conventions"]["corrected"]["macro"].pop("map@150"),
    )
    page = experimenter.get("/scores/small/systems").text
    assert "Scored before this measure was there: flask evaluate small" in page
    own = next(row for row in lines(page, "systems-table") if row[0].startswith("Good"))
    shown = dict(zip(METRICS, own[5:], strict=True))
    assert [name for name, text in shown.items() if text == "–"] == ["map@150"]


def test_names_that_look_like_html_are_harmless(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    def rename(meta: dict[str, Any]) -> None:
        meta["title"] = "<script>alert(1)</script> · L2"

    edit(small.folder / "rankings" / GOOD / "meta.json", rename)
    page = experimenter.get('/scores/small/classes?find="><script>').text
    assert "<script>alert" not in page
    assert '"><script>' not in page.replace('type="application/json"><script>', "")
