"""make: which Python it takes, what it says where none fits, and what it installs in which order.

The Pythons are made of a few lines of shell, in a PATH that has no other: what they answer is what
Debian's and pyenv's answer.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.places import ROOT

TOOLS = ("make", "rm", "mkdir", "cp", "touch")  # what the Makefile's recipes and the fakes use
PYTHON = """#!/bin/sh
# A Python {version}; {about}.
case "$1 $2" in
  "-c "*version_info*) echo {version} ;;
  "-c "*ensurepip*) exit {ensurepip} ;;
  "-c import pip") exit {pip} ;;
  "-m venv")
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    for name in flask ruff mypy lint-imports; do
      echo "#!/bin/sh" > "$3/bin/$name"
      echo "echo $name \\$* >> '{log}'" >> "$3/bin/$name"
      chmod +x "$3/bin/$name"
    done
    exit {venv} ;;
  *) echo "python $*" >> '{log}' ;;
esac
"""

NEEDS = "Sounding Board needs Python 3.11, 3.12 or 3.13"


class Machine:
    """A machine with some Pythons, and no other program than make needs."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.venv, self.log = folder / "bin", folder / "venv", folder / "log"
        self.bin.mkdir()
        for name in (*TOOLS, "chmod"):
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)

    def add(self, name: str, version: str, **exits: int) -> Path:
        """Add a Python; `exits` are its exit states of importing ensurepip or pip, and of venv."""
        path = self.bin / name
        states = {"ensurepip": 0, "pip": 0, "venv": 0} | exits
        path.write_text(PYTHON.format(version=version, about=name, log=self.log, **states))
        path.chmod(0o755)
        return path

    def make(self, *arguments: str) -> tuple[int, str]:
        """Run make; return its exit state and all that it said."""
        done = subprocess.run(
            ["make", "--no-print-directory", f"VENV={self.venv}", *arguments],
            cwd=ROOT,
            env={"PATH": str(self.bin)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def ran(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_older_python_is_named_with_what_is_needed(machine: Machine) -> None:
    machine.add("python3", "3.10.13")
    machine.add("python", "2.7.18")
    state, said = machine.make("run")
    assert state != 0
    assert f"{NEEDS}; found python3 3.10.13, python 2.7.18." in said
    assert not machine.venv.exists()


def test_no_python_at_all(machine: Machine) -> None:
    state, said = machine.make("run")
    assert state != 0
    assert f"{NEEDS}; found no Python." in said


def test_a_newer_python_is_not_taken_for_one_that_fits(machine: Machine) -> None:
    machine.add("python3", "3.14.1")
    state, said = machine.make("run")
    assert state != 0
    assert f"{NEEDS}; found python3 3.14.1." in said


def test_debian_without_python3_venv_is_told_what_to_install(machine: Machine) -> None:
    machine.add("python3", "3.13.5", ensurepip=1)
    state, said = machine.make("run")
    assert state != 0
    assert "Found python3 3.13.5, which cannot make an environment" in said
    assert "apt install python3-venv (or python3.13-venv)" in said
    assert not machine.venv.exists()


def test_another_python_is_taken_where_the_first_has_no_venv(machine: Machine) -> None:
    machine.add("python3.12", "3.12.1", ensurepip=1)
    machine.add("python3.13", "3.13.5")
    state, said = machine.make("python")
    assert state == 0, said
    assert f"Making {machine.venv} with python3.13 3.13.5" in said


def test_nothing_is_left_of_an_environment_that_could_not_be_made(machine: Machine) -> None:
    machine.add("python3", "3.12.1", venv=1)
    state, said = machine.make("run")
    assert state != 0
    assert f"python3 -m venv {machine.venv} failed, and nothing of it was kept." in said
    assert not machine.venv.exists()


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (["3.13.0", "3.12.1", "3.11.7"], "3.11.7"),
        (["3.13.0", "3.12.1"], "3.12.1"),
        (["3.13.0"], "3.13.0"),
    ],
)
def test_the_python_with_most_packages_is_taken(
    machine: Machine, there: list[str], taken: str
) -> None:
    machine.add("python3", "3.10.13")
    for version in there:
        machine.add(f"python{version.rpartition('.')[0]}", version)
    state, said = machine.make("python")
    assert state == 0, said
    assert f"with python{taken.rpartition('.')[0]} {taken}\n" in said


def test_the_python_that_was_asked_for_is_taken_or_refused(machine: Machine) -> None:
    machine.add("python3.11", "3.11.7")
    other = machine.add("mine", "3.9.2")
    state, said = machine.make("run", f"PYTHON={other}")
    assert state != 0
    assert f"{NEEDS}; found {other} 3.9.2." in said
    state, said = machine.make("run", "PYTHON=/nowhere/python")
    assert state != 0
    assert f"{NEEDS}; PYTHON=/nowhere/python does not run." in said
    assert not machine.venv.exists()
    fits = machine.add("mine", "3.13.1")
    state, said = machine.make("python", f"PYTHON={fits}")
    assert state == 0, said
    assert f"with {fits} 3.13.1" in said


def test_an_environment_of_another_python_is_noticed(machine: Machine) -> None:
    machine.add("python3.11", "3.11.7")
    assert machine.make("python")[0] == 0
    other = machine.add("python3.13", "3.13.0")
    assert machine.make("python") == (0, "")
    state, said = machine.make("test", f"PYTHON={other}")
    assert state != 0
    assert f"{machine.venv} has Python 3.11.7 and PYTHON={other} is 3.13.0: remove it" in said
    same = machine.add("mine", "3.11.9")
    assert machine.make("python", f"PYTHON={same}") == (0, "")


@pytest.mark.parametrize(
    ("version", "exits", "said_of_it"),
    [
        ("3.10.13", {}, f"{NEEDS}; {{venv}} has Python 3.10.13: remove it (rm -r {{venv}})"),
        ("3.12.1", {"pip": 1}, "{venv} is half made, it has no pip: remove it (rm -r {venv})"),
        ("", {}, "{venv} has no Python that runs: remove it (rm -r {venv})"),
    ],
)
def test_an_environment_that_will_not_do_is_noticed_and_kept(
    machine: Machine, version: str, exits: dict[str, int], said_of_it: str
) -> None:
    machine.add("python3.11", "3.11.7")
    (machine.venv / "bin").mkdir(parents=True)
    if version:
        machine.add("python3.10", version, **exits).rename(machine.venv / "bin" / "python")
    else:  # a link to a Python that was removed since
        (machine.venv / "bin" / "python").symlink_to("/nowhere/python3.12")
    state, said = machine.make("run")
    assert state != 0
    assert said_of_it.format(venv=machine.venv) in said
    assert machine.venv.exists()
    assert not machine.log.exists()


def test_run_and_test_install_by_the_locks_and_once(machine: Machine) -> None:
    machine.add("python3.12", "3.12.1")
    pip = "python -m pip install --quiet --disable-pip-version-check --timeout 9 "
    web = f"{pip}--require-hashes -r locks/web.txt"
    serve = [f"flask {command} --host 127.0.0.1 --port 5000" for command in ("setup", "run")]
    state, said = machine.make("run", "PIP_FLAGS=--timeout 9")
    assert state == 0, said
    assert machine.ran() == [web, *serve]
    machine.log.unlink()
    state, said = machine.make("test", "PIP_FLAGS=--timeout 9")
    assert state == 0, said
    ran = machine.ran()
    assert ran[0] == f"{pip}-r requirements-test.txt -c locks/full.txt"
    assert [line for line in ran if " pip " in line] == ran[:1]
    assert ran[1].startswith("ruff")
    assert any(line.startswith("python -m pytest") for line in ran)
    machine.log.unlink()
    assert machine.make("run")[0] == 0
    assert machine.ran() == serve
