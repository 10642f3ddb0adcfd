"""Units of systemd, read and run without systemd, by nobody in a copy of the project."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.serving.unprivileged import nobody

SHIPPED = ROOT / "deploy" / "systemd"
PLACES = {
    "/opt/sounding-board": "project",
    "/var/lib/sounding-board": "data",
    "/var/backups/sounding-board": "backups",
}
"""The folders that units name, and what stands for each in a folder of a test."""


@dataclass(frozen=True)
class Unit:
    """A unit: its lines (section, key, value), in order."""

    lines: tuple[tuple[str, str, str], ...]

    def all(self, key: str) -> list[str]:
        """Return the values of a key of the section [Service], in order."""
        return [value for section, one, value in self.lines if (section, one) == ("Service", key)]

    def one(self, key: str) -> str:
        """Return the only value of a key."""
        [value] = self.all(key)
        return value

    def environment(self) -> dict[str, str]:
        """Return what Environment= sets; what the environment file adds is a machine's own."""
        pairs = [part for value in self.all("Environment") for part in shlex.split(value)]
        return dict(part.replace("%%", "%").split("=", 1) for part in pairs)

    def commands(self, key: str) -> list[list[str]]:
        """Return the command lines of ExecStart or ExecStartPre."""
        return [shlex.split(value.replace("%%", "%")) for value in self.all(key)]


def read(text: str) -> Unit:
    """Read a unit; raise ValueError at a line that is neither a section nor a setting."""
    lines, section = [], ""
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line and line[0] not in "#;":
            key, equals, value = line.partition("=")
            if not equals or not section:
                raise ValueError(f"no setting of a unit: {line}")
            lines.append((section, key, value))
    return Unit(tuple(lines))


def placed(name: str, folder: Path) -> str:
    """Return the text of a shipped unit with its places in a test's folder."""
    text = (SHIPPED / name).read_text(encoding="utf-8")
    for place, instead in PLACES.items():
        text = text.replace(place, str(folder / instead))
    return text


def copy_project(folder: Path) -> None:
    """Put what is served into `folder`/project, with an environment that nobody may use."""
    project = folder / "project"
    project.mkdir()
    for name in ("embeddings", "evaluation", "webapp", "templates", "static", "deploy"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, project / name, ignore=ignored)
    shutil.copy(ROOT / ".flaskenv", project)
    _environment(project / ".venv")


def _environment(venv: Path) -> None:
    """Make an environment of a Python that nobody may run, with the packages of this one."""
    packages = venv / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    python = venv / "bin" / "python"
    for made in (packages, python.parent):
        made.mkdir(parents=True)
    found = _python()
    python.symlink_to(found)
    (venv / "pyvenv.cfg").write_text(f"home = {found.parent}\n", encoding="ascii")
    (packages / "here.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    tried = subprocess.run(
        [python, "-c", "import flask, numpy"], cwd=venv, env={}, capture_output=True, **nobody()
    )
    assert tried.returncode == 0, tried.stderr


def _python() -> Path:
    """Return a Python of this version that nobody may run, or skip; in CI that is a failure."""
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for found in (Path(sys.executable).resolve(), Path("/usr/bin") / name):
        try:
            tried = subprocess.run([found, "-c", "import ssl"], capture_output=True, **nobody())
        except OSError:
            continue
        if tried.returncode == 0:
            return found
    if os.environ.get("CI"):
        pytest.fail(f"nobody may run {sys.executable}, and there is no /usr/bin/{name}")
    pytest.skip(f"nobody may run {sys.executable}, and there is no /usr/bin/{name}")
