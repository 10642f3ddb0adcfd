"""The floors of the house: small files and folders, one name for one thing, walls that hold."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from tests.support.docs.complaints import imports
from tests.support.docs.documents import documents
from tests.support.places import ROOT

ROOMS = ("embeddings", "evaluation", "webapp")
CODE = (*ROOMS, "benchmarks", "static", "templates", "tests", "tools")
SUFFIXES = (".py", ".js", ".html", ".css")
RECORDS = ROOT / "tests" / "instances"
REGISTRY = (
    ROOT / "embeddings" / "representations",
    ROOT / "tests" / "embeddings" / "representations",
)
"""A module each, and a test: they may be as many as there are representations."""

DOORS = {
    "embeddings.query",
    "embeddings.rankings",
    "embeddings.sounds",
    "embeddings.store",
    "evaluation.scoreboard",
    "evaluation.study_frames",
}
"""A notebook's short ways to what lies deeper; the docs import from them."""

SAME_EVERYWHERE = {"__init__", "views", "state"}
"""Modules that every feature may have: its pages, and what a page shows as its address holds it."""

NAMED_AFTER_THEIRS = ("webapp.cli.", "webapp.models.")
"""Commands and tables bear the name of what they are about."""


def code() -> Iterator[Path]:
    """Yield every file of code that is the project's own and no record of an older version."""
    for folder in CODE:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in SUFFIXES and not path.is_relative_to(RECORDS):
                yield path


def test_no_folder_has_more_than_24_files_and_no_file_more_than_400_lines() -> None:
    beside, long = defaultdict(int), {}
    for path in code():
        beside[path.parent] += 1
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > 400:
            long[str(path)] = lines
    assert sum(beside.values()) > 600
    assert long == {}
    assert {str(one): n for one, n in beside.items() if n > 24 and one not in REGISTRY} == {}


def test_nine_functions_of_ten_are_under_30_lines() -> None:
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for path in code()
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    )
    assert lengths[len(lengths) * 9 // 10] < 30


def modules() -> list[str]:
    """Return the names of all modules of the three rooms."""
    files = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]


def test_a_name_of_a_module_means_one_thing() -> None:
    named = defaultdict(list)
    for module in modules():
        name = module.rpartition(".")[2]
        exempt = module in DOORS or module.startswith((*NAMED_AFTER_THEIRS, "webapp.migrations."))
        if name not in SAME_EVERYWHERE and not exempt:
            named[name].append(module)
    assert len(named) > 200
    assert {name: found for name, found in named.items() if len(found) > 1} == {}


def test_every_door_is_there_and_nobody_inside_uses_one() -> None:
    assert set(modules()) >= DOORS
    used = {
        f"{path.relative_to(ROOT)} imports {node.module}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in DOORS
    }
    assert used == set()


@pytest.mark.parametrize("package", ROOMS)
def test_every_package_says_what_it_is_for(package: str) -> None:
    for path in (ROOT / package).rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_an_import_through_the_blind_wall_is_noticed(tmp_path: Path) -> None:
    """`make check` asks the contracts of the project; here one of a copy is broken."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "webapp" / "study" / "lifecycle.py").open("a", encoding="utf-8") as file:
        file.write("\n\ndef spy():\n    from webapp.browse import walk\n\n    return walk\n")
    lint = Path(sys.executable).with_name("lint-imports")
    told = subprocess.run([str(lint), "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 1
    assert (
        "the blind wall: a rater's pages know nothing of the experimenter's BROKEN" in told.stdout
    )
    assert "webapp.study.lifecycle -> webapp.browse.walk" in told.stdout


def test_a_raters_pages_reach_no_package_but_these() -> None:
    """So a new package of pages is behind the blind wall, whether or not a contract names it."""
    graph = grimp.build_graph(*ROOMS, cache_dir=None)
    reached = graph.find_upstream_modules("webapp.rating", as_package=True)
    packages = {".".join(one.split(".")[:2]) for one in reached if one.startswith("webapp.")}
    assert packages == {"webapp.core", "webapp.logbook", "webapp.models", "webapp.study"}


def test_every_door_is_shown_in_the_docs() -> None:
    """That what they import is there, tests/whole/test_docs.py asks."""
    shown = {module for document in documents() for module, _ in imports(document)}
    assert shown >= DOORS


def test_the_readme_is_short() -> None:
    """What it is, how it starts, and where the rest is told."""
    assert (ROOT / "README.md").stat().st_size <= 8000


def test_every_page_of_the_docs_is_in_their_list() -> None:
    docs = ROOT / "docs"
    (listing,) = (one for one in documents() if one.path == docs / "README.md")
    listed = {link.text.partition("#")[0] for link in listing.links()}
    kinds = ("howto", "reference", "explanation", "decisions")
    found = {
        path.relative_to(docs).as_posix() for one in kinds for path in docs.glob(f"{one}/*.md")
    }
    assert len(found) > 30
    assert found - listed == {"reference/README.md"}


def test_the_architecture_is_one_page_that_names_all_that_stands_on_a_floor() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert len(page) < 10_250
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    floors = {
        name
        for contract in linter["importlinter"]["contracts"]
        if "containers" in contract
        for floor in contract["layers"]
        for name in re.findall(r"\w+", floor)
    }
    assert len(floors) > 40
    assert {one for one in floors if not re.search(rf"`(?:\w+/)*{one}[`/]", page)} == set()
