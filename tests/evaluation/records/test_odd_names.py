"""What goes out reads back: ids, classes and families that pandas takes for something else."""

import csv
import io
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask import Flask

from embeddings.collection.clips import Clip, Collection, open_collection, write_collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import open_embedding, write_embedding
from evaluation.objective.scoreboard import class_table, family_table, sweep_table
from evaluation.objective.scoring import score_ranking
from evaluation.objective.sweep import sweep
from evaluation.objective.sweep_cells import cells
from evaluation.protocol.reading import parse_protocol
from evaluation.records.codebook import SOMETIMES, TABLES
from evaluation.study_frames import read_study
from tests.support.places import ROOT
from tests.support.studies.lab import Moments, answer_block
from webapp import create_app
from webapp.rating import assigning
from webapp.rating.people import invite
from webapp.study import lifecycle, opening

ODD = (
    "NA",
    "nan",
    "None",
    "null",
    "007",
    "7",
    "1e5",
    " x",
    "N/A",
    "-",
    "True",
    "0x1F",
    "#N/A",
    "inf",
)
PROTOCOL = {
    "slug": "odd",
    "title": "NA",
    "collection": "007",
    "systems": ["na.l2.mcss", "1e5.l2.mcss"],
    "depth": 3,
    "raters_per_query": 1,
    "queries": {"clips": list(ODD[:8])},
    "practice": False,
    "controls": {"identity": False, "distractors": 0, "repeats": 0},
    "listening": {"sound_check": False, "level": False},
}


@pytest.fixture(scope="module")
def odd_app(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app with a judged study "odd" on a collection "007" whose every name is odd."""
    data = shutil.copytree(imported, tmp_path_factory.mktemp("odd") / "data")
    sound = str(data / "collections" / "small" / "audio" / "hum-0.wav")
    clips = [
        Clip(one, sound, (ODD[row // 2], ODD[7 + row // 2]), 0.6, 16000, 1, group=one, title=one)
        for row, one in enumerate(ODD)
    ]
    families = {one: (one,) for one in ODD}
    info = {"name": "007", "title": "007", "convention": "corrected"}
    write_collection(data / "collections" / "007", info, clips, families, np.zeros((len(ODD), 200)))
    app = create_app({"TESTING": True, "DATA": data})
    collection = open_collection(data, "007")
    for seed, name in enumerate(("NA", "1e5")):
        vectors = np.random.default_rng(seed).normal(size=(len(ODD), 4))
        meta = {"provenance": "imported", "representation": name}
        write_embedding(collection, name.lower(), vectors, meta)
        embedding = open_embedding(collection, name.lower())
        score_ranking(collection, build_ranking(collection, embedding, Recipe(pca=None), "mcss"))
    with app.app_context():
        terms = parse_protocol(PROTOCOL, "the test")
        study = opening.open_study(lifecycle.create_study(terms), workers=1)
        moments = Moments(18)
        for rater in invite(study, 2):
            while assignment := assigning.next_assignment(rater):
                answer_block(assignment, moments)
        lifecycle.close_study(study)
    return app


@pytest.fixture(scope="module")
def bundle(odd_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's bundle."""
    path = tmp_path_factory.mktemp("bundle") / "odd.zip"
    done = odd_app.test_cli_runner().invoke(args=["studies", "export", "odd", "-o", str(path)])
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture
def collection(odd_app: Flask) -> Collection:
    """The collection "007"."""
    return open_collection(odd_app.config["DATA"], "007")


def lines_of(text: str) -> list[str]:
    """Return the expressions of a page by which pandas reads a table."""
    return re.findall(r"pd\.read_csv\(.*\)$", text, flags=re.MULTILINE)


def told(bundle: Path) -> dict[str, str]:
    """Return the expression that each page tells."""
    with zipfile.ZipFile(bundle) as files:
        pages = {"codebook": files.read("CODEBOOK.md").decode()}
    for page in ("howto/export-study", "tutorial", "reference/files"):
        pages[page] = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    found = {page: lines_of(text) for page, text in pages.items()}
    assert {len(lines) for lines in found.values()} == {1}, found
    return {page: lines[0] for page, lines in found.items()}


@pytest.mark.parametrize("page", ["codebook", "howto/export-study", "tutorial", "reference/files"])
def test_the_line_of_every_page_keeps_every_cell(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """The very line, and the same with the name of every other table."""
    line = told(bundle)[page]
    with zipfile.ZipFile(bundle) as files:
        files.extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    for table in (one for one in TABLES if one not in SOMETIMES):
        path = tmp_path / f"{table}.csv"
        with path.open("rb") as file:
            names = {"pd": pd, "file": file}
            found = eval(line.replace("judgements.csv", path.name), names)
        header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        assert list(found.columns) == header
        assert found.to_numpy().tolist() == rows
        if table == "judgements":
            assert set(found["query"]) == set(ODD[:8])
            assert set(found["candidate"]) >= {"NA", "nan", "007", "7", " x"}
            assert set(found["query_class"]) | set(found["query_family"]) <= set(ODD)
            assert pd.to_numeric(found["grade"]).dtype == "int64"


def test_our_own_readers_keep_every_cell(bundle: Path) -> None:
    study = read_study(bundle)
    with zipfile.ZipFile(bundle) as files:
        for table in study.NAMES:
            text = files.read(f"{table}.csv").decode()
            rows = list(csv.DictReader(io.StringIO(text, newline="")))
            found = getattr(study, table)
            texts = [name for name in found if found[name].dtype.kind in "OTU"]
            assert texts or not rows
            for name in texts:
                assert found[name].tolist() == [row[name] for row in rows], (table, name)
    assert set(study.judgements["query"]) == set(ODD[:8])


def test_in_elsewhere_and_out_again_is_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    runner = create_app({"TESTING": True, "DATA": tmp_path / "there"}).test_cli_runner()
    for command in (["import", str(bundle)], ["export", "odd", "-o", str(tmp_path / "odd.zip")]):
        done = runner.invoke(args=["studies", *command])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "odd.zip").read_bytes() == bundle.read_bytes()


def test_score_tables_keep_every_name(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = class_table(collection, "corrected")
    assert set(table["class"]) == set(ODD)
    assert set(table["family"]) == set(ODD)
    assert set(family_table(collection, "corrected")["family"]) == set(ODD)
    few = list(cells(open_embedding(collection, "1e5")))[:3]
    monkeypatch.setattr("evaluation.objective.sweep.cells", lambda embedding: few)
    sweep(collection, open_embedding(collection, "1e5"))
    swept = sweep_table(collection, "corrected")
    assert set(swept["embedding"]) == {"1e5"}
    assert set(swept["representation"]) == {"1e5"}
    assert swept["value"].dtype == "float64"
    assert swept["value"].notna().any()
