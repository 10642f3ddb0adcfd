"""What checks the tests: faults can be planted where they are said to be, and evidence is whole."""

import json
import platform
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.wsgi import ClosingIterator

from tests.support import evidence
from tests.support.server import Thread
from tests.support.waiting import wait_for
from tools import forked, mutate
from tools.mutants import compiles, find
from tools.planted import FAULTS
from tools.trees import ROOT, take_back, write_fault

SOURCE = '''"""Docstring 1 < 2."""
LIMIT = 3


def some(values: "int | 4", own=True):
    """Return 5."""
    if not own and len(values) < LIMIT:
        raise ValueError(f"at least {LIMIT + 6}")
    assert 7 > 8
    values.sort(key=abs)
    return values.max(axis=0) / "name" if own else -min(values)
'''


def test_faults_are_small_changes_of_what_a_program_does() -> None:
    found = find("some.py", SOURCE)
    assert [(one.first, one.change) for one in found if one.first < 9] == [
        (2, "3 -> 4"),
        (5, "True -> False"),
        (7, "not own -> own"),
        (7, "not own and len(values) < LIMIT -> not (not own and len(values) < LIMIT)"),
        (7, "and -> or"),
        (7, "< -> <="),
        (8, 'raise ValueError(f"at least {LIMIT + 6}") -> pass'),
    ]
    assert {one.change for one in found if one.first == 10} == {
        "values.sort(key=abs) -> pass",
        "key=abs -> nothing",
    }
    last = {one.change for one in found if one.first == 11}
    assert {"max -> min", "min -> max", "0 -> 1", "axis=0 -> nothing"} < last
    assert "/ -> *" not in last  # that may join a path
    for one in found:
        assert one.applied(SOURCE) != SOURCE
        assert compiles(one.applied(SOURCE)), one


def test_a_draw_is_the_same_each_time_and_has_all_areas() -> None:
    areas = {name: mutate.read_areas()[name] for name in ("pools", "processing")}
    drawn = mutate.draw(areas, 10, seed=1)
    assert drawn == mutate.draw(areas, 10, seed=1) != mutate.draw(areas, 10, seed=2)
    assert [area for area, _ in drawn] == ["pools"] * 5 + ["processing"] * 5
    assert len({(one.file, one.first) for _, one in drawn}) == 10
    moved = {one.name for one in find("x.py", "\n\n" + SOURCE)}
    assert moved == {one.name for one in find("x.py", SOURCE)}  # a name does not hang on its place


def test_what_the_mutation_run_names_is_there() -> None:
    for modules in mutate.read_areas().values():
        for module, tests in modules.items():
            for file in (module, *tests):
                assert (ROOT / file).is_file(), file
    files = {file for modules in mutate.read_areas().values() for file in modules}
    names = {
        one.name for file in files for one in find(file, (ROOT / file).read_text(encoding="utf-8"))
    }
    assert set(mutate.equivalent()) <= names  # else a line has changed: look at it again


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.partition(":")[0])
def test_every_planted_fault_has_its_text_and_its_tests(fault) -> None:
    assert fault.problem() == ""
    assert all((ROOT / test.partition("::")[0]).is_file() for test in fault.tests)


def test_a_fault_is_killed_by_the_test_that_runs_its_line(tmp_path: Path) -> None:
    """The whole way on a project of one module and one test file, in forked processes."""
    (tmp_path / "tests").mkdir()
    source, test = tmp_path / "half.py", tmp_path / "tests" / "test_half.py"
    source.write_text("def half(n):\n    return n // 2\n\n\ndef unseen():\n    return 1 + 1\n")
    test.write_text(
        "from half import half\n\n\n"
        "def test_half():\n    assert half(8) == 4\n\n\ndef test_other():\n    assert True\n"
    )
    file, log = "tests/test_half.py", tmp_path / "log"
    traced = forked.Traced(tmp_path, ["half.py"], tmp_path / "traced.json")
    assert forked.run_tests(tmp_path, [file], traced, 60, log) == 0
    known = json.loads((tmp_path / "traced.json").read_text())
    assert known[f"{file}::test_half"]["lines"] == {"half.py": [2]}
    assert known[f"{file}::test_other"]["lines"] == {}
    worker = mutate.Worker(tmp_path, known, tmp_path / "kept")
    fates = {
        (one.first, one.change): worker.fate(one, [file])
        for one in find("half.py", source.read_text())
        if one.change in ("2 -> 3", "+ -> -")
    }
    assert fates[2, "2 -> 3"] == ("killed", f"{file}::test_half")
    assert fates[6, "+ -> -"] == ("survived", "")
    assert source.read_text().startswith("def half(n):\n    return n // 2\n")


def test_a_fault_that_lets_no_test_begin_is_killed(tmp_path: Path) -> None:
    source, tests = tmp_path / "whole.py", tmp_path / "tests"
    tests.mkdir()
    source.write_text("def some():\n    return 2 // 1\n\n\nWHOLE = 4 // some()\n")
    (tests / "conftest.py").write_text("import whole  # noqa: F401\n")
    (tests / "test_none.py").write_text("def test_none():\n    assert True\n")
    known = {"tests/test_none.py::test_none": {"seconds": 0.1, "lines": {"whole.py": [2]}}}
    worker = mutate.Worker(tmp_path, known, tmp_path / "kept")
    (fault,) = (one for one in find("whole.py", source.read_text()) if "None" in one.change)
    assert worker.fate(fault, ["tests/test_none.py"]) == ("killed", "the tests could not be begun")


def test_python_sees_a_fault_and_sees_it_gone(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text("1 < 2")
    before = path.stat()
    write_fault(path, "1 > 2", before)
    assert int(path.stat().st_mtime) != int(before.st_mtime)
    take_back(path, "1 < 2", before)
    assert (path.read_text(), path.stat().st_mtime) == ("1 < 2", before.st_mtime)


def test_evidence_names_commit_machine_and_time_and_no_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVIDENCE_FOLDER", str(tmp_path))
    evidence.note("some", "one", 1)
    evidence.note("some", "two", {"a": 2})
    text = (tmp_path / "some.json").read_text(encoding="utf-8")
    told = json.loads(text)
    assert told["figures"] == {"one": 1, "two": {"a": 2}}
    assert told["commit"] == evidence.commit()
    assert told["machine"]["python"] == platform.python_version()
    assert told["machine"]["cores"] >= 1
    assert platform.node() not in text
    assert str(ROOT) not in text
    assert sys.prefix not in text
    assert not evidence.is_current(f"{told['commit']} and changes")


def test_what_is_sent_is_closed_when_the_browser_hangs_up() -> None:
    """Else Python closes a sound's file some time later, within a test that never saw it."""
    gone, closed = threading.Event(), threading.Event()

    def sound(environ: Any, start_response: Any) -> ClosingIterator:
        def sent() -> Iterator[bytes]:
            yield b"sound\n"
            gone.wait()

        start_response("200 OK", [("Content-Length", "6")])
        return ClosingIterator(sent(), closed.set)

    served = Thread(sound)
    try:
        address = urlsplit(served.url)
        with socket.create_connection((address.hostname, address.port)) as browser:
            browser.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with browser.makefile("rb") as answer:
                wait_for(lambda: answer.readline() == b"sound\n", "no sound came")
            # with a reset, which is what makes werkzeug's own reading fail
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.set()
        wait_for(closed.is_set, "what was sent was not closed")
    finally:
        served.stop()
