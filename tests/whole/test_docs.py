"""The docs: what they name is there, and what they show is what commands, protocols and code take.

Nothing that they show is run here.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.docs import complaints
from tests.support.docs.command_lines import commands
from tests.support.docs.documents import Document, documents
from tests.support.places import ROOT

DOCUMENTS = documents()
Check = Callable[[Document], list[str]]


@pytest.mark.parametrize("check", complaints.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_nothing_is_wrong(document: Document, check: Check) -> None:
    assert check(document) == []


def test_the_tests_that_show_who_can_take_part_are_there() -> None:
    told = (ROOT / "docs" / "explanation" / "accessibility.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", told))
    assert len(named) > 8
    assert named <= {path.stem for path in (ROOT / "tests").rglob("test_*.py")}


def test_there_is_much_to_check() -> None:
    assert {"README.md", "CHANGELOG.md", "docs/reference/protocol.md"} <= {
        one.name for one in DOCUMENTS
    }
    blocks = [block for one in DOCUMENTS for block in one.blocks()]
    shown = [words for block in blocks for _, words in commands(block)]
    assert len([words for words in shown if words[0] == "flask"]) > 20
    assert len([words for words in shown if words[0] == "make"]) >= 2
    for language in ("python", "toml"):
        assert any(block.language == language for block in blocks)
    assert sum(len(list(one.links())) for one in DOCUMENTS) > 30
    assert sum(len(list(one.spans())) for one in DOCUMENTS) > 300


WRONG = [
    (complaints.of_links, "See [it](missing.md).", "missing.md leads to nothing"),
    (complaints.of_links, "![it](pictures/missing.png)", "pictures/missing.png leads to nothing"),
    (complaints.of_links, "# A thing\n\n[it](#another-thing)", "page.md has no heading #another-"),
    (complaints.of_links, "[a][it]\n\n[it]: /root.md", "/root.md leads to nothing"),
    (
        complaints.of_commands,
        "```sh\nflask studies plant x.toml\n```",
        "no command flask studies p",
    ),
    (complaints.of_commands, "```sh\nflask studies open\n```", "Missing argument 'SLUG'"),
    (complaints.of_commands, "```sh\nflask studies\n```", "flask studies needs a command"),
    (complaints.of_commands, "```sh\nflask studies open a b # c\n```", "unexpected extra argument"),
    (
        complaints.of_commands,
        "```sh\nA=1 flask evaluate x --device gpu\n```",
        "'gpu' is not one of",
    ),
    (
        complaints.of_commands,
        "```console\n$ flask evaluate \\\n  x -q > y | cat\n```",
        "option '-q'",
    ),
    (complaints.of_commands, "```sh\nflask evaluate 'x\n```", "no shell: No closing quotation"),
    (complaints.of_commands, "```\nflask studies list --all\n```", "No such option '--all'"),
    (complaints.of_commands, "Use `flask studies report SLUG --latex`.", "report has no --latex"),
    (complaints.of_commands, "Use `make cake`.", "there is no target cake"),
    (complaints.of_commands, "```sh\nmake run PROT=5057\n```", "make knows no PROT"),
    (complaints.of_commands, "```sh\npython -m tools.missing\n```", "no module tools.missing"),
    (complaints.of_paths, "In `webapp/missing.py`.", "there is no webapp/missing.py"),
    (complaints.of_paths, "`tests/missing/*.py` and more", "there is no tests/missing/*.py"),
    (complaints.of_paths, "```sh\npytest tests/whole/test_missing.py\n```", "test_missing.py"),
    (
        complaints.of_variables,
        "```sh\nSOUNDING_BOARD_COLOUR=red flask run\n```",
        "_COLOUR is no set",
    ),
    (
        complaints.of_python,
        "```python\nfrom embeddings import missing\n```",
        "no missing in embedd",
    ),
    (complaints.of_python, "```python\nimport evaluation.missing\n```", "no evaluation.missing"),
    (complaints.of_python, "```python\nprint 'x'\n```", "no Python"),
    (complaints.of_toml, "```toml\ndepth = x\n```", "no TOML"),
    (complaints.of_toml, "```toml\ndepth = 0\n```", "depth must be from 1 to 150, not 0"),
    (complaints.of_toml, "```toml\n[controls]\nrepeat = 1\n```", "did you mean repeats?"),
    (complaints.of_toml, "```toml\nbase_url = ''\ncolour = ''\n```", "no settings: colour"),
]


@pytest.mark.parametrize(("check", "text", "told"), WRONG, ids=[one[1][:40] for one in WRONG])
def test_what_is_wrong_is_noticed(tmp_path: Path, check: Check, text: str, told: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text + "\n", encoding="utf-8")
    (found,) = check(Document(path, tmp_path))
    assert told in found


RIGHT = [
    "[a page](page.md#two-words-12), [the same](#two-words-12)\n\n## Two *words*, 1–2\n\n"
    "[again](#two-words-12-1)\n\n## Two words 12",
    "A comment <!-- [it](missing.md) -->, code `[it](missing.md)`, and [far](https://example.org/x).",
    "```sh\nSOUNDING_BOARD_DATA=x flask studies list | head -3 && make test WORKERS=4\n```",
    "```sh\ncat > p.toml <<'END'\nflask nothing of the sort\nEND\nflask studies check p.toml\n```",
    "```sh\npython -c 'import sys\nflask nothing'\nflask studies list\n```",
    "```text\nflask nothing of the sort\n```",
    "`flask rankings build COLLECTION ...`, `flask studies`, `make locks UPGRADE=1`",
    "`tests/instances/VERSION/data`, `webapp/cli/GROUP.py`, `tests/whole/test_*.py`, `docs/`",
    '```toml\n[analysis]\ncomparisons = "vs:beats.mean-l2.mcss"\n```',
    '```toml\nbase_url = "https://example.org"\n```\n\n```toml\n[other]\nthing = 1\n```',
    "```python\nfrom embeddings.collection import clips, open_collection\nimport numpy as np\n```",
]


@pytest.mark.parametrize("text", RIGHT, ids=[one[:40] for one in RIGHT])
def test_what_is_right_is_let_be(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text + "\n", encoding="utf-8")
    document = Document(path, tmp_path)
    assert [told for check in complaints.CHECKS for told in check(document)] == []
