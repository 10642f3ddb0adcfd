"""Made raters judge a study: stored as people's judgements are, and marked everywhere."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from embeddings.collection.clips import open_collection
from embeddings.errors import InputError
from evaluation.analysis.graded import Analysis
from evaluation.design.simulated_raters import Panel
from evaluation.protocol.reading import parse_protocol
from evaluation.records.frames import StudyTables, read_study
from tests.support.small import rank
from tests.support.studies.lab import GOOD, RANDOM, Lab, export, run
from webapp import create_app
from webapp.core import database
from webapp.demo.made_raters import simulate
from webapp.models import Judgement, Study
from webapp.rating import people
from webapp.results import mixed
from webapp.study import extending, lifecycle, opening
from webapp.tables.study_tables import study_tables

PANEL = Panel(raters=5, careless=1)
PROTOCOL = {
    "slug": "made",
    "title": "Made raters",
    "collection": "small",
    "systems": [GOOD, RANDOM],
    "depth": 6,
    "raters_per_query": 3,
    "largest_block": 9,
    "scale": {"facets": ["semantic", "acoustic"]},
    "queries": {"clips": ["hum-0", "hum-3", "hiss-1", "hiss-4", "beep-2", "beep-5"]},
}


@pytest.fixture(scope="module")
def made(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app with two studies that made raters have judged, alike but for their names."""
    data = tmp_path_factory.mktemp("made") / "data"
    shutil.copytree(imported, data)
    rank(open_collection(data, "small"))
    app = create_app({"TESTING": True, "DATA": data})
    with app.app_context():
        database.prepare()
        for slug in ("made", "again"):
            terms = parse_protocol(PROTOCOL | {"slug": slug}, "the test")
            study = opening.open_study(lifecycle.create_study(terms), simulated=True)
            assert simulate(study, PANEL) > 500
    return app


@pytest.fixture
def told(made: Flask) -> StudyTables:
    """The first study's tables."""
    with made.app_context():
        return study_tables(lifecycle.find_study("made"))


def test_everything_says_that_nobody_judged(made: Flask, told: StudyTables, tmp_path: Path) -> None:
    assert told.simulated
    assert told.state == "closed"
    assert set(told.judgements["rater"]) == {f"simulated-00{number}" for number in range(1, 6)}
    assert set(told.raters["rater"]) == set(told.judgements["rater"])
    assert "(simulated)" in run(made, "list").output
    assert "made: Made raters (closed, of simulated raters)" in run(made, "status", "made").output
    bundle = export(made, "made", tmp_path / "made.zip")
    assert read_study(bundle).simulated
    assert b'"simulated": true' in bundle.read_bytes()


def test_it_goes_out_and_comes_in_with_the_same_bytes(made: Flask, tmp_path: Path) -> None:
    first = export(made, "made", tmp_path / "made.zip")
    elsewhere = create_app({"TESTING": True, "DATA": tmp_path / "elsewhere"})
    with elsewhere.app_context():
        database.prepare()
    assert run(elsewhere, "import", str(first)).exit_code == 0
    assert export(elsewhere, "made", tmp_path / "b.zip").read_bytes() == first.read_bytes()


def test_blocks_are_given_as_people_get_them(made: Flask) -> None:
    with made.app_context():
        study = lifecycle.find_study("made")
        given = [one for rater in study.raters for one in rater.assignments]
        # two parts of three raters each are more than five raters can be given of one query
        assert set(Counter(one.block_id for one in given).values()) == {2, 3}
        assert len({(one.rater_id, one.query_id) for one in given}) == len(given)
        for one in given:
            places = [slot for slot in one.slots if not slot.repeat]
            wanted = {item.candidate_id for item in one.block.items}
            assert {slot.candidate_id for slot in places} == wanted
            assert sum(slot.repeat for slot in one.slots) == 2
            assert one.assigned_at < one.finished_at < one.repeated_at
        orders = {tuple(slot.candidate_id for slot in one.slots) for one in given}
        assert len(orders) == len(given)
        assert {query.sound for query in study.queries} == {""}
        assert not (lifecycle.study_folder("made") / "sounds").exists()
        assert study.opened_at < study.closed_at


def test_every_place_has_a_grade_of_each_facet(told: StudyTables) -> None:
    counting = told.judgements[told.judgements["counts"] == 1]
    places = counting.groupby(["rater", "query", "position"])["facet"].apply(sorted)
    assert all(one == ["acoustic", "semantic"] for one in places)
    assert (told.judgements["counts"] == 0).any()  # a change of mind now and then
    assert told.judgements["received_at"].is_monotonic_increasing
    assert (told.judgements["given_at"] <= told.judgements["received_at"]).all()


def test_results_are_those_of_the_systems_and_the_careless_do_not_pass(told: StudyTables) -> None:
    found = Analysis(told, screened=True)
    good, chance = (one.estimate.value for one in found.primary.systems)
    assert good > chance + 10
    assert told.raters["passed"].tolist() == [1, 1, 1, 1, 0]
    assert found.retests[""].pairs > 20
    every = Analysis(told, screened=False)
    assert found.alpha["interval"].value > every.alpha["interval"].value


def test_the_same_seed_gives_the_same_grades(made: Flask, told: StudyTables) -> None:
    with made.app_context():
        again = study_tables(lifecycle.find_study("again"))
    columns = ["rater", "query", "candidate", "facet", "grade", "position"]
    assert told.judgements[columns].equals(again.judgements[columns])
    assert set(told.judgements["uuid"]).isdisjoint(again.judgements["uuid"])


def test_people_are_kept_out(made: Flask) -> None:
    with made.app_context():
        study = lifecycle.find_study("made")
        with pytest.raises(InputError, match="judgements of 'made' are simulated; people's cannot"):
            extending.extend_study(study, ["other"])
        with pytest.raises(InputError, match="was not opened for made raters, or they have judged"):
            simulate(study, PANEL)
        terms = parse_protocol(PROTOCOL | {"slug": "open"}, "the test")
        waiting = opening.open_study(lifecycle.create_study(terms), simulated=True)
        with pytest.raises(InputError, match="'open' is simulated; nobody can be invited to it"):
            people.invite(waiting, 1)
        lifecycle.remove_study(waiting)


def test_a_study_for_people_is_not_simulated(made: Flask) -> None:
    with made.app_context():
        draft = lifecycle.create_study(parse_protocol(PROTOCOL | {"slug": "people"}, "the test"))
        draft.state = "open"
        with pytest.raises(InputError, match="The study 'people' was not opened for made raters"):
            simulate(draft, PANEL)
        assert isinstance(draft, Study)
        draft.simulated = True
        lists = parse_protocol(
            PROTOCOL | {"method": "rating", "depth": 3, "scale": {}, "largest_block": 40,
                        "slug": "people"}, "the test",
        )  # fmt: skip
        draft.protocol = lists.as_json()
        with pytest.raises(InputError, match="Made raters grade single results; 'people' asks for"):
            simulate(draft, PANEL)
        database.db.session.rollback()
        lifecycle.remove_study(lifecycle.find_study("people"))


def test_it_can_be_removed_and_holds_no_system(made: Flask, tmp_path: Path) -> None:
    copy = shutil.copytree(made.config["DATA"], tmp_path / "copy")
    app = create_app({"TESTING": True, "DATA": copy})
    with app.app_context():
        assert lifecycle.study_using("small", GOOD) is None
        assert run(app, "remove", "made").output == "Removed made.\n"
        assert not (copy / "studies" / "made").exists()
        assert len(study_tables(lifecycle.find_study("again")).judgements) > 500


def test_a_mixed_model_is_fitted_by_a_command_and_kept_for_a_page(made: Flask) -> None:
    said = run(made, "model", "again", "--all-raters")
    assert said.exit_code == 0, said.output
    assert "score ~ system + (1|query) + (1|rater)" in said.output
    assert ", simulated; statsmodels " in said.output
    assert GOOD in said.output
    assert "all raters (not primary by the protocol)" in said.output
    assert run(made, "model", "again", "--facet", "acoustic", "--screened").exit_code == 0
    assert "not for 'loudness'" in run(made, "model", "again", "--facet", "loudness").output
    with made.app_context():
        study = lifecycle.find_study("again")
        found = mixed.stored_model(study, screened=False)
        assert found["current"]
        assert found["means"][GOOD] > found["means"][RANDOM]
        assert (found["simulated"], found["raters"]) == (True, 5)
        assert mixed.stored_model(study, "acoustic")["raters"] == 4  # those who are primary
        assert mixed.stored_model(study, "acoustic", screened=False) is None
        assert mixed.stored_model(lifecycle.find_study("made")) is None
        database.db.session.delete(database.db.session.scalar(sa.select(Judgement)))
        assert len(study_tables(lifecycle.find_study("made")).judgements) == found["judgements"] - 1
        first = lifecycle.find_study("made")
        (lifecycle.study_folder("made") / mixed.FILE).write_bytes(
            (lifecycle.study_folder("again") / mixed.FILE).read_bytes()
        )
        assert not mixed.stored_model(first, screened=False)["current"]
        database.db.session.rollback()
        (lifecycle.study_folder("made") / mixed.FILE).unlink()


def test_a_model_needs_single_grades(lab: Lab) -> None:
    said = run(lab.app, "model", "a-rating-study")
    assert said.exit_code == 1
    assert "The mixed model is of single grades; the study 'a-rating-study' has none" in said.output
