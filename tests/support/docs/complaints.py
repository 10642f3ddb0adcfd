"""What is wrong with a document: each check returns lines as in "README.md:12: there is no ..."."""

import ast
import importlib
import re
import tomllib
from collections.abc import Callable, Iterator

from embeddings.errors import InputError
from evaluation.protocol.reading import parse_protocol
from evaluation.protocol.template import HELP
from tests.support.docs.command_lines import commands, fault, simple
from tests.support.docs.documents import Document, Piece
from tests.support.places import ROOT
from webapp.core.config import SETTINGS, variable

FOLDERS = (
    "benchmarks", "docs", "embeddings", "evaluation", "locks", "static", "templates", "tests",
    "tools", "webapp",
)  # fmt: skip
ROOMS = ("benchmarks", "embeddings", "evaluation", "tools", "webapp")
VARIABLES = {"SOUNDING_BOARD_DATA", *(variable(one) for one in SETTINGS)}

_PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./*-]*")
_ANY = re.compile(r"(?<![^/])(?!README\b)[A-Z][A-Z_]*(?=[/.]|$)")  # capitals stand for any name
_MINIMAL = {
    "slug": "a", "title": "a", "collection": "a", "systems": ["a", "b"],
    "queries": {"per_family": 1},
}  # fmt: skip


def of_links(document: Document) -> list[str]:
    """Links whose file or anchor is not there."""
    return _said(document, document.links(), lambda link: _of_link(document, link.text))


def of_commands(document: Document) -> list[str]:
    """Commands in blocks, and those that sentences name, that are none."""
    wrong = []
    for block in document.blocks():
        try:
            told = [(line, fault(words)) for line, words in commands(block)]
        except ValueError as error:
            told = [(block.line, f"no shell: {error}")]
        wrong += [f"{document.name}:{line}: {what}" for line, what in told if what]
    return wrong + _said(document, document.spans(), _of_span)


def of_paths(document: Document) -> list[str]:
    """Files of the project that are named and not there."""
    pieces = [*document.spans(), *(one for one in document.blocks() if one.language != "text")]
    return _said(document, pieces, lambda piece: _of_path(piece.text))


def of_variables(document: Document) -> list[str]:
    """Environment variables that are no settings."""
    known = VARIABLES | {"SOUNDING_BOARD_"}
    found = set(re.findall(r"SOUNDING_BOARD_[A-Z_]*", document.text)) - known
    return [f"{document.name}: {one} is no setting" for one in sorted(found)]


def of_python(document: Document) -> list[str]:
    """Python that does not compile, or imports what our rooms do not have."""
    return _said(document, _in(document, "python"), lambda block: _of_python(block.text))


def of_toml(document: Document) -> list[str]:
    """TOML that is none, and protocols, or parts of one, that are not good."""
    return _said(document, _in(document, "toml"), lambda block: _of_toml(block.text))


CHECKS = (of_links, of_commands, of_paths, of_variables, of_python, of_toml)


def imports(document: Document) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of what a document's Python imports; the name is "" for the module."""
    for block in _in(document, "python"):
        yield from _imports(ast.parse(block.text))


def _said(
    document: Document, pieces: "Iterator[Piece] | list[Piece]", check: Callable[[Piece], str]
) -> list[str]:
    told = ((piece.line, check(piece)) for piece in pieces)
    return [f"{document.name}:{line}: {what}" for line, what in told if what]


def _in(document: Document, language: str) -> Iterator[Piece]:
    return (block for block in document.blocks() if block.language == language)


def _of_link(document: Document, target: str) -> str:
    if re.match(r"[a-z]+:", target):
        return ""
    file, _, anchor = target.partition("#")
    path = (document.path.parent / file).resolve() if file else document.path
    if file.startswith("/") or not path.exists():
        return f"{target} leads to nothing"
    if anchor and path.suffix == ".md" and anchor not in Document(path, path.parent).anchors():
        return f"{file or document.name} has no heading #{anchor}"
    return ""


def _of_span(span: Piece) -> str:
    if not re.match(r"(?:flask|make|python[\d.]* -m) ", span.text):
        return ""
    words = next(simple(span.text))
    return fault([word for word in words if word != "..."], whole=False)


def _of_path(text: str) -> str:
    for found in _PATH.findall(text):
        path = _ANY.sub("*", found.rstrip("./"))
        if not (ROOT / path).exists() and not any(ROOT.glob(path)):
            return f"there is no {found}"
    return ""


def _of_python(text: str) -> str:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return f"no Python: {error.msg}"
    for module, name in _imports(tree):
        if module.partition(".")[0] in ROOMS and not _is_there(module, name):
            return f"there is no {name} in {module}" if name else f"there is no {module}"
    return ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def _is_there(module: str, name: str) -> bool:
    try:
        found = importlib.import_module(module)
        return not name or hasattr(found, name) or bool(importlib.import_module(f"{module}.{name}"))
    except ModuleNotFoundError:
        return False


def _of_toml(text: str) -> str:
    try:
        table = tomllib.loads(text)
        if set(table) <= {*HELP, "slug"}:
            systems = {} if "systems" in table else _named(text)
            parse_protocol(_MINIMAL | systems | table, "it")
        elif set(table) & {one.name for one in SETTINGS}:
            unknown = set(table) - {one.name for one in SETTINGS}
            return f"no settings: {', '.join(sorted(unknown))}" if unknown else ""
    except tomllib.TOMLDecodeError as error:
        return f"no TOML: {error}"
    except InputError as error:
        return str(error)
    return ""


def _named(text: str) -> dict[str, list[str]]:
    """Return the systems that a part of a protocol compares, which must be those of a whole one."""
    found = re.search(r"^comparisons *= *(.+)$", text, re.M)
    names = re.findall(r'"(?:vs:)?([^"]+)"', found[1]) if found else []
    known = list(dict.fromkeys(name for name in names if name != "all"))
    return {"systems": [*known, "a", "b"]} if known else {}
