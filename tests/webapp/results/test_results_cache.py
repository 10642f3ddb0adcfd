"""Analyses are kept until something is judged, and no longer."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from embeddings.errors import InputError
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from tests.support.studies.lab import START, Lab
from webapp.core.database import db
from webapp.core.kept import Kept
from webapp.models import Flag, Judgement, Rater, Study
from webapp.results import cache
from webapp.results.cache import (
    analysis_of,
    forget,
    judgement_count,
    lists_of,
    tables_of,
)
from webapp.study import lifecycle


@pytest.fixture
def study(lab: Lab) -> Iterator[Study]:
    """A graded study that others use, too: what a test does to it is taken back."""
    forget()
    with lab.app.app_context():
        yield lifecycle.find_study("a-graded-study-2")
        db.session.rollback()
    forget()


def judge(study: Study) -> None:
    """Give one grade more."""
    slot = study.raters[0].assignments[-1].slots[0]
    row = {"facet": "semantic", "grade": 40, "listened_seconds": 1.0, "given_at": START}
    db.session.add(Judgement(slot=slot, client_uuid="one-more", **row))
    db.session.flush()


def test_an_analysis_is_found_again_and_has_its_own_facet_screening_and_seed(study: Study) -> None:
    found = analysis_of(study)
    assert analysis_of(study) is found
    assert analysis_of(study, "semantic") is found
    assert found.tables is tables_of(study)
    others = [analysis_of(study, "acoustic"), analysis_of(study, screened=False),
              analysis_of(study, seed=2)]  # fmt: skip
    assert len({id(one) for one in (found, *others)}) == 4
    assert all(one.tables is found.tables for one in others)
    assert (others[0].facet.name, others[1].screened, others[2].seed) == ("acoustic", False, 2)
    assert found.screened  # as the protocol says
    assert analysis_of(study, screened=True) is found
    with pytest.raises(InputError, match="asked for semantic, acoustic, not for 'loudness'"):
        analysis_of(study, "loudness")


def test_one_grade_more_makes_it_anew(study: Study) -> None:
    before, count = analysis_of(study), judgement_count(study)
    judge(study)
    after = analysis_of(study)
    assert after is not before
    assert len(after.tables.judgements) == len(before.tables.judgements) + 1
    assert judgement_count(study) == count + 1
    assert analysis_of(study) is after


def test_the_study_that_it_extends_counts_too(study: Study) -> None:
    before = analysis_of(study)
    judge(lifecycle.find_study("a-graded-study"))
    assert analysis_of(study) is not before


def test_reports_blocks_raters_and_the_state_count_too(study: Study) -> None:
    seen = {id(before := analysis_of(study)): before}

    def is_new() -> bool:
        db.session.flush()
        found = analysis_of(study)
        new = id(found) not in seen
        seen[id(found)] = found
        return new

    assert not is_new()
    assignment = study.raters[0].assignments[-1]
    flag = {"assignment_id": assignment.id, "slot_id": assignment.slots[0].id}
    db.session.add(Flag(client_uuid="a-flag", given_at=START, **flag))
    assert is_new()
    assignment.finished_at = None if assignment.finished_at else START
    assert is_new()
    db.session.scalar(sa.select(Rater).where(Rater.study_id == study.id)).declined_at = START
    assert is_new()
    study.state = "closed"
    assert is_new()
    assert analysis_of(study).tables.state == "closed"


def test_lists_have_analyses_of_their_own(study: Study) -> None:
    rated, preferred = (
        lifecycle.find_study(f"a-{method}-study") for method in ("rating", "preference")
    )
    assert lists_of(rated) is lists_of(rated)
    assert isinstance(lists_of(rated), RatingAnalysis)
    assert isinstance(lists_of(preferred), PreferenceAnalysis)
    assert lists_of(preferred) is lists_of(preferred)
    assert lists_of(preferred, seed=2) is not lists_of(preferred)


def test_a_draft_has_no_results(study: Study) -> None:
    study.state = "draft"
    with pytest.raises(InputError, match="'a-graded-study-2' is a draft; it has results once it"):
        analysis_of(study)


def test_only_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch, study: Study) -> None:
    monkeypatch.setattr(cache, "_analyses", Kept(2))
    first, second = analysis_of(study, seed=1), analysis_of(study, seed=2)
    assert analysis_of(study, seed=1) is first
    analysis_of(study, seed=3)  # the second was not used for longest
    assert analysis_of(study, seed=1) is first
    assert analysis_of(study, seed=2) is not second


def test_what_many_ask_for_at_once_is_made_once() -> None:
    kept, made = Kept(3), []

    def make() -> int:
        time.sleep(0.05)
        made.append(1)
        return len(made)

    found: list[Any] = []
    asking = [
        threading.Thread(target=lambda: found.append(kept.get(("a",), (1,), make)))
        for _ in range(5)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert (len(made), set(found)) == (1, {1})
    assert kept.get(("a",), (2,), make) == 2


def test_a_failure_is_not_kept() -> None:
    kept = Kept(1)

    def fail() -> None:
        raise InputError("no")

    with pytest.raises(InputError):
        kept.get((), (), fail)
    assert kept.get((), (), lambda: 3) == 3


def test_numbers_are_those_of_a_fresh_analysis(study: Study) -> None:
    one = analysis_of(study)
    again = one.primary.table
    forget()
    np.testing.assert_array_equal(analysis_of(study).primary.table, again)
