"""How long a block is kept for its rater, and which answers a closed study still takes, by hand."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from webapp.rating import assigning, moments, people

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TERMS: Any = SimpleNamespace(lease_minutes=60)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon."""
    for module in (assigning, moments, people):
        monkeypatch.setattr(module, "now", lambda: NOW)


def renewed(
    monkeypatch: pytest.MonkeyPatch, left: float, *, finished: bool = False, wanted: bool = False
) -> float:
    """Return how many minutes a block with `left` of them is kept for after `renew`.

    Nothing is written or counted without the study's turn.
    """
    turns: list[str] = []
    monkeypatch.setattr(assigning, "turn", turns.append)
    monkeypatch.setattr(assigning, "_wanted", lambda assignment, at: turns == ["study"] and wanted)
    until = NOW + timedelta(minutes=left)
    rater = SimpleNamespace(study="study")
    one: Any = SimpleNamespace(
        lease_until=until, finished_at=NOW if finished else None, rater=rater
    )
    assigning.renew(one, TERMS)
    assert turns or one.lease_until == until
    return (one.lease_until - NOW) / timedelta(minutes=1)


def test_a_block_is_kept_anew_once_half_of_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert renewed(monkeypatch, 59) == 59  # a grade a minute is no write a minute
    assert renewed(monkeypatch, 31) == 31
    assert renewed(monkeypatch, 30) == 60
    assert renewed(monkeypatch, 1) == 60


def test_a_finished_block_is_not_kept_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    assert renewed(monkeypatch, 1, finished=True) == 1


def test_a_block_that_was_kept_too_long_is_kept_anew_only_where_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert renewed(monkeypatch, 0) == 0
    assert renewed(monkeypatch, -5) == -5
    assert renewed(monkeypatch, -5, wanted=True) == 60


@pytest.mark.parametrize(
    ("raters_per_query", "others", "wanted"),
    [(0, 7, True), (2, 0, True), (2, 1, True), (2, 2, False), (2, 3, False)],
)
def test_a_block_is_wanted_for_as_long_as_too_few_have_it(
    monkeypatch: pytest.MonkeyPatch, raters_per_query: int, others: int, wanted: bool
) -> None:
    monkeypatch.setattr(assigning, "loads", lambda *_: [(3, 1, 9), (4, 1, others), (5, 2, 0)])
    terms = SimpleNamespace(raters_per_query=raters_per_query)
    study = SimpleNamespace(terms=terms)
    one: Any = SimpleNamespace(block_id=4, rater=SimpleNamespace(study=study, study_id=1))
    assert assigning._wanted(one, NOW) is wanted


def takes(
    state: str,
    hours_ago: float | None,
    given: float,
    imported: bool = False,
    sitting: float = -100,
    assigned: float = -100,
) -> bool:
    """Return whether an answer of `given` minutes after the end is taken; others as well."""
    closed = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    study: Any = SimpleNamespace(state=state, closed_at=closed, imported=imported)
    at = [(closed or NOW) + timedelta(minutes=one) for one in (given, sitting, assigned)]
    name: Any = SimpleNamespace(rater=1, sitting="x", since=at[1])
    thing: Any = SimpleNamespace(assignment=SimpleNamespace(assigned_at=at[2]))
    return moments.takes(study, name, thing, at[0], in_order=False)


def test_an_answer_that_waited_is_taken_for_a_day() -> None:
    assert takes("open", None, 0)
    assert takes("open", 48, 5)  # opened again
    assert not takes("draft", None, -5)
    assert takes("closed", 1, -5)
    assert takes("closed", 1, 0)
    assert not takes("closed", 1, 1)  # given after the end
    assert takes("closed", 23.9, -5)
    assert not takes("closed", 24, -5)
    assert not takes("closed", 1, -5, imported=True)


def test_no_answer_is_older_than_its_page() -> None:
    assert not takes("closed", 1, -60, sitting=-30)
    assert not takes("closed", 1, -60, assigned=-30)
    assert takes("closed", 1, -60, sitting=-60, assigned=-60)
    assert takes("closed", 1, -60.9, sitting=-60)  # clocks that are nearly right


@pytest.mark.parametrize(
    ("given", "sent", "stored"),
    [
        (-5, None, -5),
        (-5, 0, -5),
        (-5, 0.5, -5),  # as good as right
        (115, 120, -5),  # two hours ahead
        (-125, -120, -5),  # behind
        (60, None, 0),  # an hour that has not come
        (60, 0, 0),
        (-30e6, -30e6, 0),  # a clock that begins in 1970
        (30, -30, 0),  # set back in between
    ],
)
def test_a_moment_is_by_the_servers_clock_and_never_to_come(
    given: float, sent: float | None, stored: float
) -> None:
    at = [one if one is None else NOW + timedelta(minutes=one) for one in (given, sent)]
    found = moments.server_moment(at[0], at[1], NOW)
    assert found == NOW + timedelta(minutes=stored)


def test_the_last_day_of_a_date_counts() -> None:
    today = datetime.now(UTC).date()
    assert not people._is_past("")
    assert not people._is_past(str(today + timedelta(days=1)))
    assert people._is_past(str(today - timedelta(days=1)))


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        ("text", "", "This must be answered."),
        ("text", "x" * people.LONGEST_ANSWER, ""),
        ("text", "x" * (people.LONGEST_ANSWER + 1), f"may have {people.LONGEST_ANSWER} characters"),
        ("choice", "yes", ""),
        ("choice", "perhaps", "Please choose one of the answers."),
        ("number", "1.5", ""),
        ("number", "some", "This must be a number, not 'some'."),
    ],
)
def test_what_is_wrong_with_an_answer(kind: str, answer: str, words: str) -> None:
    question: Any = SimpleNamespace(required=True, kind=kind, choices=("yes", "no"))
    found = people._error(question, answer)
    assert (words in found) if words else found == ""
    question.required = False
    assert people._error(question, "") == ""
