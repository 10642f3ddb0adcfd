"""The house: three rooms, arrows one way, every string translatable, nothing inline."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import nodes

from tests.support.places import ROOT
from webapp import create_app

LIBRARIES = ("embeddings", "evaluation")
WEB = ("webapp", "flask", "flask_sqlalchemy", "sqlalchemy", "click")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

IMPORT_ALL = """
import importlib, pkgutil, sys

class NoWeb:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ImportError(f"{{name}} is not installed here")

sys.meta_path.insert(0, NoWeb())
for room in {libraries}:
    package = importlib.import_module(room)
    for module in pkgutil.walk_packages(package.__path__, room + "."):
        importlib.import_module(module.name)
print(len([name for name in sys.modules if name.split(".")[0] in {libraries}]))
"""


def imports(path: Path) -> set[str]:
    """Return the top-level names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_libraries_import_without_flask_installed() -> None:
    script = IMPORT_ALL.format(blocked=WEB, libraries=LIBRARIES)
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    files = [path for room in LIBRARIES for path in (ROOT / room).rglob("*.py")]
    assert int(run.stdout) == len(files)


@pytest.mark.parametrize("room", LIBRARIES)
def test_no_library_file_imports_the_web(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    guilty = {str(path): imports(path) & set(WEB) for path in files if imports(path) & set(WEB)}
    assert guilty == {}


def test_embeddings_do_not_import_evaluation() -> None:
    files = (ROOT / "embeddings").rglob("*.py")
    assert [str(path) for path in files if "evaluation" in imports(path)] == []


def test_help_is_quick_because_heavy_libraries_wait() -> None:
    """No command's help may load what only computing needs."""
    heavy = ("torch", "essentia", "sklearn", "scipy", "pandas", "pyloudnorm", "plotly")
    script = (
        "import sys; from webapp import create_app; create_app();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_string_in_a_template_goes_through_gettext(path: Path) -> None:
    environment = create_app({"TESTING": True}).jinja_env
    parsed = environment.parse(path.read_text(encoding="utf-8"))
    text = "".join(
        part.data if isinstance(part, nodes.TemplateData) else "\N{WHITE SQUARE}"
        for output in parsed.find_all(nodes.Output)
        for part in output.nodes
    )
    attributes = re.findall(r'(?:title|alt|aria-label|placeholder)="([^"]*)"', text)
    words = re.sub(r"<[^>]*>", " ", text)
    names = ("MAP@", "MR1", "AP@", "R1", "RBO", "SVG", "PNG", "CSV", "JSON")
    for allowed in (*names, "flask signin-link"):
        words = words.replace(allowed, "")
    assert re.findall(r"[A-Za-z]{2,}", re.sub(r"&\w+;", "", words)) == []
    assert [found for found in attributes if re.search(r"[A-Za-z]{2,}", found)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_templates_have_no_inline_script_or_style(path: Path) -> None:
    # A block of data is no script: no browser runs it, and the policy lets it be.
    text = path.read_text(encoding="utf-8").replace('<script type="application/json">', "")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son\w+=", text)


def _imported(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it, also in a script it starts."""
    text = path.read_text(encoding="utf-8")
    return set(re.findall(r"(?:from|import) +(tests(?:\.\w+)+|tests import \w+)", text))


def test_no_test_imports_from_a_test() -> None:
    """What tests share lies in tests/support."""
    files = list((ROOT / "tests").rglob("*.py"))
    assert len(files) > 100
    guilty = {
        str(path.relative_to(ROOT)): found
        for path in files
        if (found := {one for one in _imported(path) if re.search(r"\btest_\w+$|conftest$", one)})
    }
    assert guilty == {}


PORTS = (
    r"(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\]):[1-9]\d*",  # an address
    r"""["'](?:127\.0\.0\.1|localhost)["'], *[1-9]\d*""",  # what a socket is bound to
    r"""--(?:port|bind)["']?[ ,=]+["']?[1-9]\d*""",  # an argument
    r"\bPORT=[1-9]\d*",
)


def test_no_test_names_a_port() -> None:
    """The system picks one: a fixed one may be taken, by the demo beside the tests for a start."""
    said = {
        (path.name, found)
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__)
        for found in re.findall("|".join(PORTS), path.read_text(encoding="utf-8"))
    }
    assert said == {
        ("places.py", "127.0.0.1:5000"),  # what links begin with unless told
        ("test_make.py", "--port 5000"),  # what make says unless told: nothing is served
        ("test_security.py", "127.0.0.1:8000"),  # what a proxy says, to the test client alone
    }
