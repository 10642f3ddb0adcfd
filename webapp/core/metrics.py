"""Numbers of what this server does, in the words of Prometheus; `webapp/watch` gives them out.

Each of several processes counts for itself in files of a folder, which PROMETHEUS_MULTIPROC_DIR
names before this module is imported (deploy/gunicorn.conf.py does); who is asked adds them up. No
number has a name of a person, a key or an address in it.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import event
from sqlalchemy.pool import Pool

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_NAME = "sounding_board"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
_HEAD = 8  # bytes that a file of numbers has at least

disable_created_metrics()  # when a count began is asked by nobody here, and doubles the answer
_OWN = CollectorRegistry()
_REQUESTS = Counter(
    f"{_NAME}_requests",
    "Requests answered, by the name of their page.",
    ("endpoint", "method", "status"),
    registry=_OWN,
)
_DURATIONS = Histogram(
    f"{_NAME}_request_seconds",
    "Seconds until an answer began, by the name of its page.",
    ("endpoint", "method"),
    buckets=_SECONDS,
    registry=_OWN,
)
_ANSWERS = Counter(
    f"{_NAME}_answers_stored", "Answers of raters that were stored.", ("kind",), registry=_OWN
)
_FAILURES = Counter(
    f"{_NAME}_exceptions", "Exceptions that nobody caught.", ("kind",), registry=_OWN
)
_WAITS = Histogram(
    f"{_NAME}_database_wait_seconds",
    "Seconds that a writer waited for its turn.",
    buckets=_SECONDS,
    registry=_OWN,
)
_CONNECTIONS = Gauge(
    f"{_NAME}_database_connections",
    "Connections to the database that are in use.",
    multiprocess_mode="livesum",
    registry=_OWN,
)


def count_request(endpoint: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    _REQUESTS.labels(endpoint, method, str(status)).inc()
    _DURATIONS.labels(endpoint, method).observe(seconds)


def count_answer(kind: str) -> None:
    """Count an answer that was stored, of a kind: judgement, preference, listen or flag."""
    _ANSWERS.labels(kind).inc()


def count_failure(kind: str) -> None:
    """Count an exception that nobody caught, by its class."""
    _FAILURES.labels(kind).inc()


@contextlib.contextmanager
def database_wait() -> Iterator[None]:
    """Count the seconds that a writer waits for its turn."""
    began = time.perf_counter()
    try:
        yield
    finally:
        _WAITS.observe(time.perf_counter() - began)


@event.listens_for(Pool, "checkout")
def _taken(*_: Any) -> None:
    _CONNECTIONS.inc()


@event.listens_for(Pool, "checkin")
def _given_back(*_: Any) -> None:
    _CONNECTIONS.dec()


def registry() -> CollectorRegistry:
    """Return what the numbers of all processes of this server are collected from."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return _OWN
    fold(Path(folder))
    found = CollectorRegistry()
    MultiProcessCollector(found, path=folder)
    return found


def fold(folder: Path) -> None:
    """Add the files of processes that ended to one file a kind, however they ended.

    So a server whose workers are killed for weeks has a few files, and its counts never go back.
    """
    with FileLock(folder / "folding.lock", timeout=10):
        for path in sorted(folder.glob("*.db")):
            kind, _, process = path.stem.rpartition("_")
            if process.isdecimal() and not _runs(int(process)):
                if not kind.startswith("gauge"):  # a gauge says what is now
                    _add(path, folder / f"{kind}_ended.db")
                path.unlink()


def _add(path: Path, target: Path) -> None:
    if path.stat().st_size < _HEAD:
        return  # it was killed before it wrote anything
    new = target.with_suffix(".new")
    if target.exists():
        shutil.copyfile(target, new)
    numbers = MmapedDict(str(new))
    for key, value, when, _ in MmapedDict.read_all_values_from_file(str(path)):
        numbers.write_value(key, numbers.read_value(key)[0] + value, when)
    numbers.close()
    os.replace(new, target)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
