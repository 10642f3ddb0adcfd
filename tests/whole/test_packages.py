"""The pins and the locks: the same packages on every Python, and a word where the two differ."""

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from embeddings.packages import LEFT_OUT, lack_of
from tests.support.places import ROOT

PYTHONS = ("3.11", "3.12", "3.13")
LOCKS = {"web.txt": "requirements-web.txt", "full.txt": "requirements-test.txt"}
LISTS = ("requirements-web.txt", "requirements.txt", "requirements-test.txt")
RENEW = "the lists and the locks differ: make locks"


def pins(name: str) -> list[tuple[str, Requirement]]:
    """Return (list, requirement) of a requirements file and of those that it names by -r."""
    found = []
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        wanted = line.partition("#")[0].strip()
        if wanted.startswith("-r "):
            found += pins(wanted.removeprefix("-r ").strip())
        elif wanted:
            found.append((name, Requirement(wanted)))
    return found


def locked(name: str) -> list[tuple[Requirement, int, str]]:
    """Return (requirement, number of hashes, what it is there for) of a lock's packages."""
    found = []
    text = (ROOT / "locks" / name).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[a-z0-9])", text)[1:]:  # the first is the head
        wanted = re.split(r" \\\n|  # ", entry)[0]
        found.append((Requirement(wanted), entry.count("--hash="), entry.partition("# via ")[2]))
    return found


def holds(requirement: Requirement, python: str) -> bool:
    """Say whether a requirement's marker holds on Linux under a Python."""
    here = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
    }
    return requirement.marker is None or requirement.marker.evaluate(dict(here))


def versions(requirements: list[Requirement], python: str) -> dict[str, str]:
    """Return package -> version under a Python; a package twice is an error."""
    found: dict[str, str] = {}
    for one in requirements:
        if holds(one, python):
            name = canonicalize_name(one.name)
            assert name not in found, f"{name} twice on {python}"
            found[name] = str(one.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_plain_pins(name: str) -> None:
    own = [one for source, one in pins(name) if source == name]
    assert own
    for one in own:
        assert re.fullmatch(r"==[^=*,]+", str(one.specifier)), f"{name}: {one} is no pin"
    assert "--hash" not in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_exactly_the_pins_of_its_list(lock: str, python: str) -> None:
    """The pins themselves, and nothing as if it were one: a pin that was taken out goes, too."""
    listed = versions([one for _, one in pins(LOCKS[lock])], python)
    direct = [one for one, _, why in locked(lock) if re.search(r"-r requirements\S*\.txt", why)]
    assert versions(direct, python) == listed, RENEW


@pytest.mark.parametrize("python", PYTHONS)
def test_locks_agree_with_each_other(python: str) -> None:
    web = versions([one for one, _, _ in locked("web.txt")], python)
    full = versions([one for one, _, _ in locked("full.txt")], python)
    assert set(web) < set(full), RENEW
    assert {name: full[name] for name in web} == web, RENEW


@pytest.mark.parametrize("lock", LOCKS)
def test_what_else_a_lock_has_is_there_for_something_in_it(lock: str) -> None:
    entries = locked(lock)
    names = {canonicalize_name(one.name) for one, _, _ in entries}
    for one, _, why in entries:
        parents = {part.strip() for part in why.split(",")} - {"-c locks/web.txt"}
        assert parents, f"{one.name}: nothing wants it"
        for parent in parents:
            assert parent.startswith("-r ") or canonicalize_name(parent) in names, (one, parent)


def test_the_web_lock_has_hashes_and_the_full_one_fits_every_build_of_torch() -> None:
    assert all(hashes >= 1 for _, hashes, _ in locked("web.txt"))
    full = {one.name: hashes for one, hashes, _ in locked("full.txt")}
    assert set(full.values()) == {0}
    assert [name for name in full if name.startswith(("nvidia", "cuda", "triton"))] == []
    assert versions([one for one, _, _ in locked("full.txt")], "3.13")["torch"] == "2.13.0"


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_index(lock: str) -> None:
    text = (ROOT / "locks" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", re.sub(r"^ +--hash=.*$", "", text, flags=re.M), re.M)


def test_numpy_is_new_where_the_old_one_has_no_wheel() -> None:
    """And laion-clap, which wants numpy below 2, is there on the other side alone."""
    everything = [one for _, one in pins("requirements.txt")]
    for python in (*PYTHONS, "3.14"):
        found = versions(everything, python)
        new = python in ("3.13", "3.14")
        assert found["numpy"].startswith("2." if new else "1.26.")
        assert ("laion-clap" in found) is not new
        assert ("essentia-tensorflow" in found) is (python != "3.14")


def test_what_a_python_lacks_is_said_where_the_list_leaves_it_out() -> None:
    left_out = {one.name: one for _, one in pins("requirements.txt") if one.marker}
    assert set(left_out) - {"numpy"} == set(LEFT_OUT)
    for package, (first, _) in LEFT_OUT.items():
        before = (first[0], first[1] - 1)
        assert not holds(left_out[package], "{}.{}".format(*first))
        assert holds(left_out[package], "{}.{}".format(*before))
        plain = "is not installed (pip install -r requirements.txt)"
        assert lack_of("no_such_module", package, before) == plain
        assert lack_of("no_such_module", package, first) != plain
    assert lack_of("no_such_module", "torch", (3, 14)) == plain
    assert lack_of("numpy", "laion-clap", (3, 13)) == ""


def test_one_range_of_pythons_is_named_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^requires-python = "(.+)"$', project, re.M)
    assert found
    wanted = SpecifierSet(found[1])
    assert [python for python in ("3.10", *PYTHONS, "3.14", "3.15") if python in wanted] == [
        *PYTHONS,
        "3.14",
    ]
    script = (ROOT / "tools" / "venv.sh").read_text(encoding="utf-8")
    assert " | ".join(f"{python}.*" for python in PYTHONS) in script
    named = "Python 3.11, 3.12 or 3.13"
    assert named in script
    assert f"You need {named}" in (ROOT / "README.md").read_text(encoding="utf-8")


IMPORTS = "import flask, numpy, pandas, scipy, sklearn, soundfile, webapp; webapp.create_app()"


@pytest.mark.long
@pytest.mark.parametrize(
    "arguments",
    [["-r", "requirements-web.txt"], ["--require-hashes", "-r", "locks/web.txt"]],
    ids=["by the list", "by the lock"],
)
def test_the_web_set_installs(tmp_path: Path, arguments: list[str]) -> None:
    """Both ways into a new environment; the app starts, and the pins are what is installed."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")

    def run(*command: str) -> str:
        done = subprocess.run([python, *command], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)
    run("-c", IMPORTS)
    run("-m", "pip", "check")
    assert "Flask 3.1.3" in run("-m", "flask", "--version")
    frozen = [Requirement(line) for line in run("-m", "pip", "freeze", "--all").splitlines()]
    here = "{}.{}".format(*sys.version_info)
    installed = versions(frozen, here)
    for name, version in versions([one for _, one in pins("requirements-web.txt")], here).items():
        assert installed[name] == version
    if "--require-hashes" in arguments:
        for name in ("pip", "setuptools", "wheel"):
            installed.pop(name, None)
        assert installed == versions([one for one, _, _ in locked("web.txt")], here)
