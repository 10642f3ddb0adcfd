"""A study's tables from the database are those of its bundle, column by column."""

from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from evaluation.records.facts import ClipRecord, RaterRecord
from evaluation.records.frames import (
    StudyTables,
    as_frame,
    read_frame,
    read_study,
    table_csv,
)
from evaluation.records.table_columns import MOMENT
from tests.support.studies.lab import GOOD, RANDOM, SLUGS, Lab
from webapp import create_app
from webapp.bundles.export_import import import_study
from webapp.core import database
from webapp.core.database import db
from webapp.models import Judgement, Preference
from webapp.study import lifecycle
from webapp.tables.study_tables import study_tables


def same(one: StudyTables, other: StudyTables) -> None:
    """Fail where two studies differ in any column."""
    for name in StudyTables.NAMES:
        here, there = getattr(one, name), getattr(other, name)
        assert list(here.columns) == list(there.columns), name
        for column in here.columns:
            pd.testing.assert_series_equal(here[column], there[column], obj=f"{name}.{column}")
    for name in ("protocol", "systems", "collection", "state", "simulated"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_database_says_what_the_bundle_says(lab: Lab, slug: str, tmp_path: Path) -> None:
    told = read_study(lab.bundles[slug])
    with lab.app.app_context():
        same(study_tables(lifecycle.find_study(slug)), told)
    elsewhere = create_app({"TESTING": True, "DATA": tmp_path / "elsewhere"})
    with elsewhere.app_context():
        database.prepare()
        same(study_tables(import_study(lab.bundles[slug])), told)


def test_a_study_that_uses_another_one_again_says_whose_grades_they_are(lab: Lab) -> None:
    told = read_study(lab.bundles["a-graded-study-2"])
    whose = told.judgements.groupby("study")["rater"].unique()
    assert all("a-graded-study/" in one for one in whose["a-graded-study"])
    assert not any("/" in one for one in whose["a-graded-study-2"])
    assert set(whose["a-graded-study"]) <= set(told.raters["rater"])
    assert told.judgements[f"rank.{GOOD}"].notna().any()


@pytest.mark.parametrize("slug", SLUGS)
def test_the_last_answer_to_each_question_counts(lab: Lab, slug: str) -> None:
    with lab.app.app_context():
        tables = study_tables(lifecycle.find_study(slug))
        graded = sa.select(Judgement.slot_id, Judgement.facet, Judgement.client_uuid)
        chosen = sa.select(Preference.assignment_id, sa.literal(""), Preference.client_uuid)
        given = [
            *db.session.execute(graded.order_by(Judgement.id)),
            *db.session.execute(chosen.order_by(Preference.id)),
        ]
    last = set({(place, facet): uuid for place, facet, uuid in given}.values())
    told = pd.concat([tables.judgements, tables.preferences], ignore_index=True)
    assert 0 < (told["counts"] == 0).sum() < len(told)
    assert told["counts"].tolist() == [int(one in last) for one in told["uuid"]]


def test_withdrawn_raters_and_practice_are_in_no_table(lab: Lab) -> None:
    told = read_study(lab.bundles["a-graded-study"])
    assert "rater-003" not in {*told.judgements["rater"], *told.raters["rater"]}
    assert set(told.judgements["query"]) == {"hum-0", "hiss-1", "beep-2"}


def test_systems_are_told_with_titles_and_provenances(lab: Lab) -> None:
    systems = read_study(lab.bundles["a-rating-study"]).systems
    assert systems[GOOD]["provenance"] == "imported"
    assert systems[GOOD]["representation"] == "Good"
    assert systems[RANDOM]["provenance"] == "simulated"
    assert [name for name, one in systems.items() if one["anchor"]] == [
        "anchor:labels", "anchor:random",
    ]  # fmt: skip
    assert {one["trained_on"] for one in systems.values()} == {""}


@pytest.mark.parametrize("name", ["NA", "null", "", "1", "nan", "-", 'a"b,\r\nc\rd', "None"])
def test_any_text_stays_text(name: str) -> None:
    record = ClipRecord(name, name, name, "", "", 1 / 3, name, name, "x")
    table = read_frame(ClipRecord, table_csv(ClipRecord, [record]).encode())
    assert table.loc[0].to_dict() == {
        "clip": name, "labels": name, "leaf_labels": name, "families": "", "group": "",
        "seconds": 1 / 3, "licence": name, "author": name, "title": "x",
    }  # fmt: skip


def test_a_table_without_rows_has_its_kinds() -> None:
    empty = read_frame(RaterRecord, b"", {"before": ["age"]})
    assert (str(empty["invited_at"].dtype), str(empty["passed"].dtype)) == (MOMENT, "float64")
    assert (len(empty), str(empty["before.age"].dtype)) == (0, "str")
    assert empty.equals(as_frame(RaterRecord, {name: [] for name in empty}, {"before": ["age"]}))
