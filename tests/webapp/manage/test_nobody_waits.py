"""What an experimenter has computed keeps no rater of another study from writing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import open_embedding
from tests.support.pages.manage_pages import Writing, form
from webapp import logbook
from webapp.core.database import db
from webapp.study import lifecycle, opening, preview

pytestmark = pytest.mark.usefixtures("each_database")
Watch = Callable[[ModuleType, str], list[bool]]


@pytest.fixture
def watch(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Lets somebody write while a function of a module computes; returns whether each could."""

    def write() -> None:
        with app.app_context():
            logbook.record("closed", "another")
            db.session.commit()

    def begin(module: ModuleType, name: str) -> list[bool]:
        written, whole = [], getattr(module, name)

        def computed(*given: Any) -> Any:
            with ThreadPoolExecutor(1) as beside:
                beside.submit(write).result(timeout=5)
            written.append(True)
            return whole(*given)

        monkeypatch.setattr(module, name, computed)
        return written

    return begin


def test_while_a_study_is_opened(path: Path, run: Callable[..., str], watch: Watch) -> None:
    run("create", path)
    written = watch(opening, "study_pools")
    run("open", "which")
    assert written == [True]


def test_while_a_study_is_extended(
    path: Path, small: Collection, run: Callable[..., str], watch: Watch
) -> None:
    raw = Recipe(normalise="none", pca=None)
    added = build_ranking(small, open_embedding(small, "good"), raw, "mips").system
    run("create", path)
    run("open", "which")
    written = watch(lifecycle, "draw_queries")
    run("extend", "which", "--systems", added)
    assert written == [True]


@pytest.mark.usefixtures("path")
def test_while_a_study_is_reviewed_and_stored(experimenter: FlaskClient, watch: Watch) -> None:
    planned, stored = watch(preview, "subject"), watch(lifecycle, "draw_queries")
    new = Writing(experimenter)
    new.post("compare", "to:review", form())
    assert ">Create draft</button>" in new.page("review")
    assert planned == [True]
    assert new.post("review", "create").headers["Location"] == "/studies/which"
    assert stored == [True]
