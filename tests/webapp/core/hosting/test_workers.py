"""What is done before gunicorn forks its workers; that they serve is in tests/deploy."""

import logging
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from webapp import create_app
from webapp.core.database import db
from webapp.core.hosting import workers


def test_a_raters_pages_are_compiled_and_no_connection_is_left(app: Flask) -> None:
    workers.before_fork(app)
    compiled = {str(key[1]) for key in app.jinja_env.cache}
    assert {"base.html", "rating/page.html", "rating/join.html", "error.html"} <= compiled
    with app.app_context():
        assert db.engine.pool.checkedin() == 0
        assert sa.inspect(db.engine).has_table("alembic_version")
        db.engine.dispose()


def test_a_database_that_is_away_is_logged_and_asked_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "sounding_board.sqlite").write_text("this is no database, however long it may be")
    app = create_app({"TESTING": True, "DATA": tmp_path})
    with caplog.at_level(logging.ERROR):
        workers.before_fork(app)
    assert "The database cannot be used yet" in caplog.text
    assert not app.extensions["sounding_board_ready"]
