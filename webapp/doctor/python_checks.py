"""Python and the packages."""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from embeddings.files import read_text, read_toml
from webapp.core.config import ROOT
from webapp.doctor.patient import Patient
from webapp.doctor.registry import Said, check, fault, ok, warning

_OF_POSTGRESQL = "requirements-postgresql.txt"
_OF_FORMATS = "requirements-formats.txt"


@check("python")
def python(patient: Patient) -> Iterator[Said]:
    """Say whether this Python is one that the project runs on."""
    wanted = read_toml(ROOT / "pyproject.toml")["project"]
    here = ".".join(map(str, sys.version_info[:3]))
    if here in SpecifierSet(wanted["requires-python"]):
        yield ok(f"{here}.")
    else:
        yield fault(
            f"{here} is none of {wanted['requires-python']}.",
            "Make the environment with a Python of those: make python PYTHON=python3.12.",
        )


@check("packages")
def packages(patient: Patient) -> Iterator[Said]:
    """Say which packages are not those that the project is tested with."""
    names = ["requirements-web.txt"] + ([] if patient.is_sqlite else [_OF_POSTGRESQL])
    found = 0
    for name in names:
        for one in requirements(ROOT / name):
            found += 1
            here = installed(one.name)
            if not here:
                yield fault(f"{one} is not installed.", f"pip install -r {name}")
            elif here not in one.specifier:
                yield warning(
                    f"{one.name} is {here}, and {one.specifier} was tested.",
                    f"pip install -r {name}",
                )
    yield ok(f"{found} were looked at.")


@check("formats")
def formats(patient: Patient) -> Iterator[Said]:
    """Say whether there is what reads M4A and the like: nobody needs it without such files."""
    for one in requirements(ROOT / _OF_FORMATS):
        here = installed(one.name)
        there = f"{one.name} {here}" if here else f"M4A, WebM and WMA are not read ({_OF_FORMATS})"
        yield ok(f"{there}.")


def requirements(path: Path) -> list[Requirement]:
    """Return the pins of a requirements file that hold for this Python."""
    if not path.is_file():
        return []
    lines = (line.partition("#")[0].strip() for line in read_text(path).splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def installed(name: str) -> str:
    """Return the version of a package that is installed; "" where it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
