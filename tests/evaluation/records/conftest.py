"""An app elsewhere, into which bundles are imported."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from webapp import create_app
from webapp.core import database


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Flask]:
    """An app with an empty data folder and database."""
    app = create_app({"TESTING": True, "DATA": tmp_path / "elsewhere"})
    with app.app_context():
        database.prepare()
        yield app
