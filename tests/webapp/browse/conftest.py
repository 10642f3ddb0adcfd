"""A collection that can be asked with a sound."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from tests.support.own_representations import (
    octaves,
)
from tests.support.small import rank


@pytest.fixture
def system(small: Collection, tmp_path: Path) -> Ranking:
    """A system of the small collection that can hear a new sound, and two that cannot."""
    rank(small)
    return octaves(small, tmp_path)


@pytest.fixture
def client(app: Flask, experimenter: FlaskClient) -> FlaskClient:
    """The experimenter's browser, without the token against forged requests."""
    app.config["WTF_CSRF_ENABLED"] = False
    return experimenter
