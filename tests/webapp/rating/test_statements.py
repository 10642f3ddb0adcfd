"""Pages ask the database as often in a large study, and of many raters, as in a small one."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from benchmarks.rating_study import SLUG, make_study
from webapp import create_app
from webapp.core.database import db
from webapp.models import Study
from webapp.study.rater_lines import rater_lines


def statements(data: Path, sitting: int) -> tuple[int, int]:
    """Return how many statements a page with a new block, and the same once more, ask."""
    token = make_study(data, 5, sitting)[0]
    app = create_app({"DATA": data, "TESTING": True})
    asked: list[str] = []
    with app.app_context():
        listen = lambda conn, cursor, text, *rest: asked.append(text)  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listen)
    client, counts = app.test_client(), []
    client.get("/signin/nothing")  # the tables are looked at, once
    for _ in range(2):
        asked.clear()
        page = client.get(f"/rate/{SLUG}/{token}")
        assert len(re.findall(r'data-sound="', page.text)) > 3
        counts.append(len([text for text in asked if not text.startswith("INSERT INTO slot")]))
    return counts[0], counts[1]


def test_a_larger_study_has_no_more_statements_a_page(tmp_path: Path) -> None:
    small, large = statements(tmp_path / "small", 2), statements(tmp_path / "large", 9)
    assert small == large


def test_a_page_that_is_loaded_again_waits_for_nobody_who_writes(tmp_path: Path) -> None:
    token = make_study(tmp_path / "data", 5, 2)[0]
    app = create_app({"DATA": tmp_path / "data", "TESTING": True})
    asked: list[str] = []
    with app.app_context():
        listen = lambda conn, cursor, text, *rest: asked.append(text)  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listen)
    client = app.test_client()
    writers = []
    for _ in range(3):
        asked.clear()
        assert client.get(f"/rate/{SLUG}/{token}").status_code == 200
        writers.append(asked.count("BEGIN IMMEDIATE"))
    assert writers == [1, 0, 0]  # the first one gives the block


def test_a_grade_asks_one_question_within_its_turn(tmp_path: Path) -> None:
    token = make_study(tmp_path / "data", 5, 2)[0]
    settings = {"DATA": tmp_path / "data", "TESTING": True, "WTF_CSRF_ENABLED": False}
    app = create_app(settings)
    client, asked = app.test_client(), []
    link = f"/rate/{SLUG}/{token}"
    sound = re.findall(r'data-sound="(\w+)"', client.get(link).text)[0]
    with app.app_context():
        listen = lambda conn, cursor, text, *rest: asked.append(text.split()[0])  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listen)
    for grade in (20, 40):
        asked.clear()
        sent = {"sound": sound, "grade": grade, "uuid": str(uuid4()), "listened_seconds": 1,
                "heard": 1.0}  # fmt: skip
        body = sent | {"given_at": datetime.now(UTC).isoformat()}
        assert client.post(f"{link}/grades", json=body).json == {"saved": sent["uuid"]}
        assert asked == ["BEGIN", "SELECT", "INSERT", "INSERT"]


@pytest.mark.parametrize("begun", [0, 3])
def test_more_raters_are_no_more_statements_for_the_experimenter(
    tmp_path: Path, begun: int
) -> None:
    counts = []
    for raters in (5, 15):
        data = tmp_path / str(raters)
        tokens = make_study(data, raters, 2)
        app = create_app({"DATA": data, "TESTING": True})
        for token in tokens[:begun]:
            assert app.test_client().get(f"/rate/{SLUG}/{token}").status_code == 200
        with app.app_context():
            asked: list[str] = []
            study = db.session.scalars(sa.select(Study)).one()
            listen = lambda conn, cursor, text, *rest: asked.append(text)  # noqa: E731, B023
            sa.event.listen(db.engine, "before_cursor_execute", listen)
            assert len(rater_lines(study)) == raters
        counts.append(len(asked))
    assert counts[0] == counts[1]
