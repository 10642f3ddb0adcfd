"""What a closed study takes: what a browser had before, by the server's clock, in its order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.studies.rater import Page
from webapp.core import database
from webapp.core.database import db
from webapp.models import Assignment, Judgement, Query, Slot, Study
from webapp.rating import answers, assigning, moments, people, tokens

Clock = Callable[[float], datetime]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A function that sets the server's clock to so many minutes after noon, and returns that."""
    set_to = datetime(2026, 5, 1, 12, tzinfo=UTC)
    found = [set_to]
    for module in (answers, assigning, database, moments, people, tokens):
        monkeypatch.setattr(module, "now", lambda: found[0])

    def set_clock(minutes: float) -> datetime:
        found[0] = set_to + timedelta(minutes=minutes)
        return found[0]

    return set_clock


@pytest.fixture
def page(app: Flask, links: list[str], at: Clock) -> Page:
    """A page that was loaded at noon."""
    at(0)
    page = Page(app.test_client(), links[0])
    with app.app_context():
        db.session.execute(sa.update(Assignment).values(assigned_at=at(0)))
        db.session.commit()
    return page


def close(app: Flask, moment: datetime) -> None:
    """Close the study at that moment."""
    with app.app_context():
        db.session.execute(sa.update(Study).values(state="closed", closed_at=moment))
        db.session.commit()


def send(page: Page, given: datetime, off: timedelta = timedelta(), place: int = 0):
    """Send a grade that was given then, from a browser whose clock is off."""
    body = page.grade(page.candidates[place], 40, given_at=(given + off).isoformat())
    return page.post(body | {"sent_at": (tokens.now() + off).isoformat()})


def given(app: Flask) -> list[datetime]:
    """Return when the stored grades of the study were given, practice apart."""
    found = sa.select(Judgement.given_at).join(Judgement.slot).join(Slot.assignment)
    found = found.join(Assignment.query).where(Query.practice.is_(False)).order_by(Judgement.id)
    with app.app_context():
        return list(db.session.scalars(found))


@pytest.mark.parametrize("off", [-300, -7, 0, 0.3, 5, 600])
def test_an_answer_that_waited_is_taken_whatever_its_clock(
    app: Flask, page: Page, at: Clock, off: float
) -> None:
    """Minutes: given at 50, closed at 60, sent at 90, by a clock that is off."""
    by = timedelta(minutes=off)
    close(app, at(60))
    now = at(90)
    answer = send(page, now - timedelta(minutes=40), by)
    assert answer.status_code == 200
    stored = given(app)[-1]
    assert abs(stored - (now - timedelta(minutes=40))) < timedelta(minutes=1)
    assert send(page, now - timedelta(minutes=20), by).status_code == 409  # given after the closing


def test_a_grade_dated_an_hour_back_is_not_taken_for_its_date(
    app: Flask, page: Page, at: Clock
) -> None:
    """The browser sent a grade ten minutes before the closing: it had nothing older then."""
    assert send(page, at(50)).status_code == 200
    close(app, at(60))
    now = at(65)
    answer = send(page, now - timedelta(hours=1), place=1)
    assert answer.status_code == 409
    assert "closed" in answer.json["refused"]
    assert send(page, now - timedelta(minutes=17), place=1).status_code == 409
    assert len(given(app)) == 1


def test_no_grade_is_dated_before_its_page(app: Flask, page: Page, at: Clock) -> None:
    close(app, at(10))
    now = at(15)
    assert send(page, now - timedelta(hours=1)).status_code == 409
    assert given(app) == []


def test_another_browser_of_the_rater_that_was_away_loses_nothing(
    app: Flask, page: Page, at: Clock
) -> None:
    """A phone without a network keeps what it was given, while its rater goes on at a laptop."""
    laptop = Page(app.test_client(), page.path)
    given_on_phone = at(20)
    assert send(laptop, at(50)).status_code == 200
    close(app, at(60))
    at(90)
    assert send(page, given_on_phone, place=1).status_code == 200


def test_a_queue_is_taken_in_its_order_though_the_study_closes_within(
    app: Flask, page: Page, at: Clock
) -> None:
    waiting = [at(10), at(20), at(30)]
    at(59.9)
    assert send(page, waiting[0], place=0).status_code == 200
    close(app, at(60))
    at(60.1)
    assert send(page, waiting[1], place=1).status_code == 200
    assert send(page, waiting[2], place=2).status_code == 200
    assert given(app) == waiting


def test_nothing_is_stored_for_an_hour_that_has_not_come(app: Flask, page: Page, at: Clock) -> None:
    now = at(5)
    body = page.grade(page.candidates[0], 40, given_at="2999-01-01T00:00:00+00:00")
    assert page.post(body).status_code == 200
    listen = body | {"started_at": body["given_at"], "seconds": 1, "uuid": body["uuid"]}
    assert page.post(listen, to="listens").status_code == 200
    assert given(app) == [now]


@pytest.mark.parametrize(
    "sent", ["soon", "2026-05-01T12:00:00", 5, [], "0001-01-01T00:00:00+00:00"]
)
def test_a_clock_that_is_none_is_refused_in_a_sentence(page: Page, sent: object) -> None:
    answer = page.post(page.grade(page.candidates[0], 40, sent_at=sent))
    assert answer.status_code in (200, 400)
    assert answer.json.keys() <= {"saved", "refused"}
