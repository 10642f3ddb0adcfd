"""Tokens: sealed, opened without the database; those of 0.1.0 in a bounded number of steps."""

import hashlib
import hmac
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.studies.rater import Page
from webapp.core.database import db, now
from webapp.models import Assignment, Judgement, Rater, Sitting, Slot, Study
from webapp.rating import old_tokens, tokens


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect what the database is asked, BEGIN included."""
    found: list[str] = []
    with app.app_context():
        engine = db.engine

    def keep(connection, cursor, statement, *_: object) -> None:
        found.append(" ".join(statement.split()))

    sa.event.listen(engine, "before_cursor_execute", keep)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", keep)


def stored(app: Flask) -> dict[str, int]:
    """Return how many rows each table has."""
    with app.app_context():
        return {
            table.name: db.session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in db.metadata.sorted_tables
        }


def old_token(app: Flask, sitting: int, kind: int, number: int) -> str:
    """Return a token as 0.1.0 made it, of `number` in a stored sitting."""

    def keyed(purpose: str, message: bytes) -> bytes:
        key = app.config["SECRET_KEY"].encode()
        return hmac.digest(key, f"{purpose}:{sitting}:".encode() + message, hashlib.sha256)

    packed = struct.pack(">BQQ", kind, number, 0)
    tag = keyed("tag", packed)[:8]
    return (tag + bytes(a ^ b for a, b in zip(packed, keyed("mask", tag), strict=False))).hex()


def sit(app: Flask, count: int, closed: datetime | None = None) -> list[int]:
    """Store sittings of the first rater, as pages of 0.1.0 did; return their numbers."""
    with app.app_context():
        rater = db.session.scalar(sa.select(Rater.id).order_by(Rater.id))
        at = now() - timedelta(hours=2)
        db.session.execute(
            sa.insert(Sitting), [{"rater_id": rater, "started_at": at} for _ in range(count)]
        )
        if closed:
            db.session.execute(sa.update(Study).values(state="closed", closed_at=closed))
        db.session.commit()
        return list(db.session.scalars(sa.select(Sitting.id).order_by(Sitting.id)))


def a_slot(app: Flask) -> int:
    """Return a slot of the first rater's block."""
    with app.app_context():
        found = sa.select(Slot.id).join(Slot.assignment).order_by(Assignment.id.desc(), Slot.id)
        return db.session.scalar(found.limit(1))


def test_a_token_says_what_was_sealed_and_nothing_to_others(app: Flask) -> None:
    with app.app_context():
        rater = Rater(id=7)
        sitting = tokens.new_sitting()
        names = {tokens.check_token(sitting, rater, place) for place in range(3)}
        names |= {tokens.check_token(tokens.new_sitting(), rater, 0)}
        names |= {tokens.check_token(sitting, Rater(id=8), 0)}
        assert len(names) == 5
        assert len({name[:32] for name in names}) == len({name[32:] for name in names}) == 5
        opened = tokens.open_token(tokens.check_token(sitting, rater, 2))
        assert opened
        assert (opened.rater, opened.kind, opened.number) == (7, tokens.TONE, 2)
        assert opened.sitting == sitting
        assert timedelta(0) <= datetime.now(UTC) - opened.since < timedelta(minutes=1)
        assert tokens.find_thing(rater, opened) is None  # it is no place to answer


def test_a_token_that_was_touched_is_none(app: Flask) -> None:
    with app.app_context():
        name = tokens.check_token(tokens.new_sitting(), Rater(id=7), 1)
        for place in range(len(name)):
            other = name[:place] + ("0" if name[place] != "0" else "1") + name[place + 1 :]
            assert tokens.open_token(other) is None
        for other in (name[:-2], name + "00", name.upper(), "", "x" * len(name)):
            assert tokens.open_token(other) is None
        app.config["SECRET_KEY"] = "another" * 8
        assert tokens.open_token(name) is None


def test_page_loads_store_nothing(app: Flask, links: list[str]) -> None:
    first = Page(app.test_client(), links[0])
    before = stored(app)
    for _ in range(20):  # of as many browsers
        page = Page(app.test_client(), links[0])
        assert set(page.candidates).isdisjoint(first.candidates)
    assert stored(app) == before
    assert before["sitting"] == 0
    assert page.post(page.grade(page.candidates[0], 60)).json["saved"]


@pytest.mark.parametrize("junk", ["0" * 98, "0" * 50, "x", ""])
def test_junk_is_refused_before_it_waits_for_a_writer(
    app: Flask, links: list[str], junk: str
) -> None:
    page = Page(app.test_client(), links[0])
    body = page.grade(junk, 60)
    for path, status in ((page.path, 404), ("/rate/which/nobody", 404)):
        with statements(app) as asked:
            headers = {"X-CSRFToken": page.csrf}
            answer = page.client.post(f"{path}/grades", json=body, headers=headers)
        assert answer.status_code == status
        assert not any("IMMEDIATE" in one for one in asked), asked
        assert len(asked) < 12
    with statements(app) as asked:
        page.post(page.grade(page.candidates[0], 60))
    assert any("IMMEDIATE" in one for one in asked)  # where there is something to store


def test_ten_thousand_old_sittings_cost_a_bounded_number_of_steps(
    app: Flask, links: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(app.test_client(), links[0])
    sit(app, 10_000)
    steps = 0
    keyed = old_tokens._keyed

    def counted(*args: object) -> bytes:
        nonlocal steps
        steps += 1
        return keyed(*args)

    monkeypatch.setattr(old_tokens, "_keyed", counted)
    with statements(app) as asked:
        assert page.post(page.grade("0" * 50, 60)).status_code == 404
    # a mask for each, and a tag for those of which the first byte, by chance, is that of a kind
    assert old_tokens.MOST <= steps <= 1.1 * old_tokens.MOST
    assert len(asked) < 12
    steps = 0
    assert page.post(page.grade("0" * 98, 60)).status_code == 404
    assert steps == 0


def test_an_old_token_is_good_until_its_study_closes_and_a_day_longer(
    app: Flask, links: list[str]
) -> None:
    page, other = Page(app.test_client(), links[0]), Page(app.test_client(), links[1])
    sittings, slot = sit(app, 3), a_slot(app)
    with app.app_context():
        owner = db.session.get(Slot, slot).assignment.rater_id
        db.session.execute(sa.update(Sitting).values(rater_id=owner))
        db.session.commit()
    mine, his = (page, other) if owner == 1 else (other, page)
    names = [old_token(app, one, 1, slot) for one in sittings]
    assert len(set(names)) == 3
    for name in names:
        body = mine.grade(name, 40)
        assert mine.post(body).json == {"saved": body["uuid"]}
        assert his.post(his.grade(name, 40)).status_code == 404
    given = now()
    sit(app, 1, closed=now() + timedelta(seconds=1))
    late = mine.grade(names[0], 80, given_at=given.isoformat())
    assert mine.post(late).json == {"saved": late["uuid"]}
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Judgement.id))) >= 4
        db.session.execute(sa.update(Study).values(closed_at=now() - timedelta(days=1)))
        db.session.commit()
    assert mine.post(mine.grade(names[0], 20)).status_code == 409


def test_an_old_pages_tone_is_still_heard(app: Flask) -> None:
    with app.app_context():
        names = {}
        for place in range(7):
            names[place] = old_tokens._keyed(old_tokens._secret(), 3, "check", bytes([place]))[
                :25
            ].hex()
            assert old_tokens.old_tone(3, names[place]) == place
        assert old_tokens.old_tone(4, names[0]) is None
        assert old_tokens.old_tone(None, names[0]) is None
