"""Tests in a forked process that has the big packages already: a fault costs its tests alone.

What the tests of one file touch is traced once, without a fault, so that a fault can be asked of
the tests that run its line first.
"""

import contextlib
import gc
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tools.trees import ROOT

ARGUMENTS = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
Lines = dict[str, dict[str, list[int]]]  # test -> file -> lines that it runs


def load_packages() -> None:
    """Import what most tests import, but nothing of the project and no plugin of pytest."""
    import flask_login  # noqa: F401
    import pandas  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.neighbors  # noqa: F401
    import soundfile  # noqa: F401
    import sqlalchemy.orm  # noqa: F401
    import statsmodels.api  # noqa: F401


class Chosen:
    """A plugin of pytest that runs the chosen tests alone, in their order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.order = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [item for item in items if item.nodeid in self.order]
        items[:] = sorted(kept, key=lambda item: self.order[item.nodeid])


class Traced:
    """A plugin of pytest that notes the lines of the watched files that each test runs."""

    def __init__(self, tree: Path, watched: Sequence[str], out: Path) -> None:
        self.names = {str(tree / file): file for file in watched}
        self.out = out
        self.lines: set[tuple[str, int]] = set()
        self.known: dict[str, dict[str, Any]] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.lines = set()
        sys.settrace(self._trace)
        threading.settrace(self._trace)
        began = time.process_time()
        yield
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        found: dict[str, list[int]] = {}
        for file, line in sorted(self.lines):
            found.setdefault(file, []).append(line)
        one = self.known.setdefault(item.nodeid, {})
        one |= {"seconds": round(time.process_time() - began, 3), "lines": found}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        one = self.known.setdefault(report.nodeid, {})
        one["outcome"] = max(one.get("outcome", "passed"), report.outcome, key=_WORST.index)

    def pytest_sessionfinish(self) -> None:
        self.out.write_text(json.dumps(self.known), encoding="utf-8")

    def _trace(self, frame: Any, event: str, _: Any) -> Any:
        return self._line if frame.f_code.co_filename in self.names else None

    def _line(self, frame: Any, event: str, _: Any) -> Any:
        self.lines.add((self.names[frame.f_code.co_filename], frame.f_lineno))
        return self._line


_WORST = ("passed", "skipped", "failed")
_ROOM = 8 << 30  # bytes that a test of a fault may have


def run_tests(
    tree: Path, files: Sequence[str], plugin: object, limit: float, log: Path, stop: bool = True
) -> int | None:
    """Run tests of a copy of the project in a process of their own; return pytest's exit code.

    Parameters
    ----------
    files : test files, relative to the copy
    limit : seconds of processor time after which it is ended; the clock has ten times as many
    log : a file for what it prints

    Returns
    -------
    None where the limit was reached.
    """
    process = os.fork()
    if process == 0:
        _become(lambda: _pytest(tree, files, plugin, stop), tree, limit, log)
    return _wait(process, 10 * limit)


def _pytest(tree: Path, files: Sequence[str], plugin: object, stop: bool) -> int:
    arguments = [one for one in ARGUMENTS if stop or one != "-x"]
    here = [file for file in files if (tree / file).is_file()]
    return int(pytest.main([*arguments, f"--rootdir={tree}", *here], plugins=[plugin]))


def _become(work: Callable[[], int], tree: Path, limit: float, log: Path) -> None:
    code = 70  # no exit code of pytest's
    gc.freeze()  # what the other process has not closed yet is not for this one to find
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
        most = _address_space() + _ROOM  # a fault can ask for anything
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8")
        os.chdir(tree)
        # A fault leaves nothing that Python would reuse: it is often as long as the line that it
        # replaces, and of the same second.
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        sys.path[:] = [str(tree), *(one for one in sys.path if one not in ("", str(ROOT)))]
        for name in [one for one in sys.modules if one.partition(".")[0] in ("tools", "tests")]:
            del sys.modules[name]
        sys.modules["__main__"] = types.ModuleType("__main__")  # nothing for workers to import
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _address_space() -> int:
    """Return how many bytes this process has mapped, which it has from the one it is a fork of."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[0]) * resource.getpagesize() if told.is_file() else 0


def _wait(process: int, seconds: float) -> int | None:
    """Return a child's exit code; None where it had to be ended. Its own children end with it."""
    until = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended or time.monotonic() > until:
            break
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    if not ended:
        os.waitpid(process, 0)
        return None
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
