"""What is stored comes out as it went in, whichever database it is in."""

from pathlib import Path

import pytest
from flask import Flask

from tests.support.places import ROOT
from webapp import create_app
from webapp.core.database import db

BUNDLES = sorted((ROOT / "tests" / "instances" / "0.1.0" / "bundles").glob("*.zip"))


def through(app: Flask, bundle: Path, out: Path) -> bytes:
    """Import a bundle and export its study again; return that bundle's bytes."""
    for command in (["import", str(bundle)], ["export", bundle.stem, "-o", str(out)]):
        said = app.test_cli_runner().invoke(args=["studies", *command])
        assert said.exit_code == 0, said.output
    return out.read_bytes()


def test_bundles_of_either_database_are_the_same_bytes(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a database that had nothing in it has its tables made by the first command."""
    plain = create_app({"TESTING": True, "DATA": tmp_path / "plain"})
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", postgresql_url)
    other = create_app({"TESTING": True, "DATA": tmp_path / "other"})
    with other.app_context():
        assert db.engine.dialect.name == "postgresql"
    assert len(BUNDLES) >= 6
    for bundle in BUNDLES:
        from_sqlite = through(plain, bundle, tmp_path / f"plain-{bundle.name}")
        assert through(other, bundle, tmp_path / f"other-{bundle.name}") == from_sqlite
