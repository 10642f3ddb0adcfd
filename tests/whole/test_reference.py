"""docs/reference: what is committed is what the code says today."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.protocol.terms import PRIMARY_MEASURES
from evaluation.records.codebook import TABLES
from evaluation.records.csv_tables import column_names
from tests.support.places import ROOT
from tools.reference import commands, files, keys, protocol
from tools.reference.pages import COMMAND, FOLDER, pages
from webapp.bundles.raters_csv import PAYMENT_COLUMNS, Payment
from webapp.core.config import SETTINGS, variable

STALE = f"docs/reference is not what the code says: {COMMAND}"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages()


def test_what_is_committed_is_what_the_code_says(made: dict[str, str]) -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(made), STALE
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: {STALE}"


def test_it_is_the_same_in_a_narrow_terminal_and_without_a_data_folder(
    made: dict[str, str], tmp_path: Path
) -> None:
    script = "from tools.reference.pages import pages; print(*pages().values(), sep='', end='')"
    settings = {"COLUMNS": "40", "SOUNDING_BOARD_DATA": str(tmp_path / "none"), "LANG": "C"}
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", script],
        cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout == "".join(made.values())
    assert not (tmp_path / "none").exists()


def test_every_setting_key_and_measure_is_there(made: dict[str, str]) -> None:
    assert [one.name for one in SETTINGS if f"`{variable(one)}`" not in made["settings.md"]] == []
    known = {key for method in protocol.METHODS for key in protocol.rules(method)}
    assert known >= set(protocol.HELP)
    names = {key.rpartition(".")[2] for key in known}
    shown = set(re.findall(r"`\[*(\w+)\]*`", made["protocol.md"]))
    assert names - shown == set()
    primary = {name for names in PRIMARY_MEASURES.values() for name in names}
    assert [name for name in primary if f"`{name}`" not in made["measures.md"]] == []


def test_the_ranges_that_explanations_name_are_those_that_are_held() -> None:
    """What is left of "(0 to 1)" is a range that no rule has."""
    told = [protocol.rules(method) for method in protocol.METHODS]
    for key in told[0]:
        text = protocol.explanation(key, [rules[key] for rules in told if key in rules])
        assert not re.search(r"\(-?\d+ to -?\d+\)", text), key


def test_every_target_and_variable_of_the_makefile_is_explained() -> None:
    text = commands.MAKEFILE.read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", text, re.M)
    assert phony
    assert sorted(commands.targets()) == sorted(phony[1].split())
    assert set(commands.variables()) == set(re.findall(r"^(\w+) \?=", text, re.M))


def test_no_page_lists_keys_that_the_reference_does_not_know() -> None:
    templates = [path.relative_to(keys.TEMPLATES) for path in keys.TEMPLATES.rglob("*.html")]
    listing = {one.as_posix() for one in templates if any(keys.listed(one.as_posix()))}
    assert listing == set(keys.PAGES)


def test_every_column_is_explained() -> None:
    for kind, columns in [
        (Payment, PAYMENT_COLUMNS),
        *((t.kind, t.columns) for t in TABLES.values()),
    ]:
        assert column_names(kind) == list(columns)


def test_what_instances_have_is_what_the_page_of_the_files_says(
    first_start: tuple[Path, str],
) -> None:
    older = ROOT / "tests" / "instances" / "0.1.0" / "data"
    for data in (first_start[0], older):
        paths = [path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()]
        assert len(paths) > 50
        stored = [path for path in paths if not path.startswith("sounding_board.")]
        assert [path for path in stored if not files.is_known(path)] == []
    assert files.is_known("sounding_board.sqlite")
    assert not files.is_known("collections/mine/other.json")
