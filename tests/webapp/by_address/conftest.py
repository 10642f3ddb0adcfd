"""The demo, as scripts come to it."""

import shutil
from pathlib import Path

import pytest
from flask import Flask

from webapp import create_app


@pytest.fixture(scope="package")
def demo(first_start: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The demo's app, on a copy of its data."""
    data = tmp_path_factory.mktemp("addresses") / "data"
    shutil.copytree(first_start[0], data)
    return create_app({"TESTING": True, "DATA": data})
