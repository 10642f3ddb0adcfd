"""Why a package is not here, and which versions of those that a piece of Python imports are."""

import ast
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator

# The first Python that requirements.txt leaves a package out for, and why.
LEFT_OUT = {
    "essentia-tensorflow": ((3, 14), "has no wheel for Python {python} (3.11 to 3.13 have one)"),
    "laion-clap": (
        (3, 13),
        "wants numpy below 2, and this project has numpy 2 from Python 3.13 on: it is there on "
        "Python 3.11 and 3.12",
    ),
}


def lack_of(module: str, package: str, python: tuple[int, ...] | None = None) -> str:
    """Return why a package cannot be used, to be said after its name; "" where it is installed.

    `module` is what is imported of it. `python` is the version that runs, unless told.
    """
    if importlib.util.find_spec(module) is not None:
        return ""
    major, minor = (python or sys.version_info)[:2]
    first, why = LEFT_OUT.get(package, ((4, 0), ""))
    if (major, minor) >= first:
        return why.format(python=f"{major}.{minor}")
    return "is not installed (pip install -r requirements.txt)"


def lack_at(error: ImportError, requirement: str) -> str:
    """Return why an import failed, to be said after the package's name, and what installs it."""
    why = "is not installed" if isinstance(error, ModuleNotFoundError) else f"fails: {error}"
    return f"{why} (pip install {requirement})"


def versions_imported(code: bytes) -> dict[str, str]:
    """Return name -> version of the installed packages that Python source code imports, by name.

    Its own modules, Python's, and what is imported by a name that is made while it runs are left
    out.
    """
    brought_by = importlib.metadata.packages_distributions()
    names = {name for module in _imported(code) for name in brought_by.get(module, ())}
    return {name: importlib.metadata.version(name) for name in sorted(names, key=str.lower)}


def _imported(code: bytes) -> Iterator[str]:
    """Yield the modules at the top of what is imported, also inside functions."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
